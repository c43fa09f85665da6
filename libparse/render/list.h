/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list.h - the output of --list, --info and --extract. */
#ifndef ML_RENDER_LIST_H
#define ML_RENDER_LIST_H

#include "base/alloc.h"
#include "memlog.h"
#include "render.h"

/* The layout of a list. style: not ML_LIST_NONE. */
struct ml_list_opts {
	const struct memlog_allocator *alloc; /* NULL: objects may be split */
	const char *image;
	enum ml_list_style style;
	bool many, color, verbose;
};

/* A boot of one format: log is the first of its logs, last the last. */
struct ml_boot {
	const struct memlog_log *log, *last;
	bool known;
	int32_t boot;
	size_t logs;
	size_t turn; /* of log among all */
};

struct ml_boots {
	struct ml_boot *at;
	size_t n, cap;
	bool cut; /* the oldest were too many */
};

/* A line for each boot, or an object. */
enum memlog_status ml_boots_write(const struct memlog_sink *sink,
				  const struct ml_boots *boots,
				  const struct ml_list_opts *opts,
				  struct memlog_err *err);

/* A table of logs with a note below each, 80 columns wide where words allow it,
 * or one object each. */
enum memlog_status ml_list_write(const struct memlog_sink *sink,
				 const struct memlog_log *const *logs, size_t n,
				 const struct ml_list_opts *opts,
				 struct memlog_err *err);

/* Describe the image. */
enum memlog_status ml_info_write(const struct memlog_sink *sink,
				 struct memlog_image *image,
				 const struct ml_list_opts *opts,
				 struct memlog_err *err);

/*
 * A small ELF core with the logs and no other memory: the notes of the image,
 * one that says what the file is, and a PT_LOAD for each run of pages of the
 * logs. some: the image may have more. *ret_missing: bytes of the logs that the
 * image does not have.
 * UNSUPPORTED: the logs are in several address spaces.
 */
enum memlog_status
ml_extract_write(const struct memlog_sink *sink, struct memlog_image *image,
		 const struct memlog_log *const *logs, size_t n, bool some,
		 const struct memlog_allocator *alloc, uint64_t *ret_missing,
		 struct memlog_err *err);

#endif
