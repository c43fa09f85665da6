/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * render.h - the contract of an output format.
 *
 * An output is one file, render/foo.c, with one struct ml_render, and one line
 * in render/table.c. Renderers get records with guest bytes as they are, and
 * every byte that may reach a terminal goes through escape.c.
 */
#ifndef ML_RENDER_RENDER_H
#define ML_RENDER_RENDER_H

#include "format/format.h"

/* What a renderer may know of the command line. */
struct ml_render_opts {
	const struct memlog_allocator *alloc;	/* never NULL */
	const char *image;	/* the image's name */
	size_t n_logs;		/* logs that will be printed in all */
	bool many;		/* several images: name them in headings */
	bool color;
	const char *time_format; /* NULL: the renderer's own */
	uint64_t tsc_hz;	/* 0: not known */
	const char *stats;	/* --stats LIST, checked; NULL: none */
	bool has_file_size;	/* of outputs that begin new files when one is
				   full: bytes of a file, 0: no end */
	uint64_t file_size;
	uint64_t max_files;	/* 0: as the output sees fit */
};

/* How --info and --list look in an output format. */
enum ml_list_style {
	ML_LIST_NONE,		/* it cannot write them */
	ML_LIST_TEXT,
	ML_LIST_JSON,
	ML_LIST_JSON_SEQ,	/* RS before each object, RFC 7464 */
};

/*
 * begin and end come once; log_begin and log_end around the records of each
 * log. state is state_size zeroed bytes. log_end gets the bytes that were
 * missing. All but record may be NULL. folder: this output is a set of files
 * and needs a sink that keeps names apart; may_folder: with such a sink it is.
 * suffix: one log after the other, each written out by its log_end, so that a
 * folder can take each as a file; NULL: one stream for all. only: it writes
 * logs of this format alone. events: it writes logs of formats that tell events
 * alone. all: it wants those of older boots as well. timed:
 * it leaves out records that have no time. list: how it writes --info and
 * --list. tables: who writes --stats in this format, itself perhaps; NULL: it
 * cannot. only_tables: it can write nothing else.
 */
struct ml_render {
	const char *name;	/* "json" */
	const char *title;
	bool binary;		/* refuse a terminal unless forced */
	bool folder, may_folder;
	const char *suffix;	/* "txt" */
	bool tells_logs;	/* several logs stay apart in one output */
	const struct ml_format *only;
	bool events;
	bool all, timed;
	enum ml_list_style list;
	const struct ml_render *tables;
	bool only_tables;
	size_t state_size;
	enum memlog_status (*begin)(void *state,
				    const struct ml_render_opts *opts,
				    const struct memlog_sink *sink,
				    struct memlog_err *err);
	enum memlog_status (*log_begin)(void *state,
					const struct memlog_log *log,
					struct memlog_err *err);
	enum memlog_status (*record)(void *state,
				     const struct memlog_record *rec,
				     struct memlog_err *err);
	enum memlog_status (*log_end)(void *state, const struct memlog_log *log,
				      uint64_t missing, struct memlog_err *err);
	enum memlog_status (*end)(void *state, struct memlog_err *err);
	/* called once after begin, also after a failure: free what is left */
	void (*close)(void *state);
	/* everything so far to the sink; NULL: what is written makes sense
	 * only when it is complete, so a live log cannot be followed with it */
	enum memlog_status (*flush)(void *state, struct memlog_err *err);
};

/* Ends with NULL; the first is the default. render/table.c */
extern const struct ml_render *const ml_renders[];

/* Those that have an option of their own. */
extern const struct ml_render ml_render_json, ml_render_raw;

/* The renderer of that name, or NULL. */
const struct ml_render *ml_render_find(const char *name);

#endif
