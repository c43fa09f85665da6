/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash-ext.h - the parts of the crash extension.
 *
 * Of crash's structures only those fields are touched that lie where they lie
 * in every release from 7.2.9 on: pc->flags, namelist, dumpfile, system_map,
 * namelist_debug, debuginfo_file, stdpipe, curcmd, curcmd_flags; vt->numnodes,
 * node_table; machdep->pagesize.
 */
#ifndef CRASH_EXT_H
#define CRASH_EXT_H

#include <crash/defs.h>
#include <memlog.h>
#include <signal.h>

#include "../host/args.h"
#include "../host/arena.h"
#include "../host/file.h"
#include "../host/stream.h"

/* A kernel has hundreds of resources; a damaged list of them may be a circle. */
#define EXT_MAX_RANGES 65536

/*
 * What one command holds. crash may leave a command by longjmp, so all of it
 * hangs on one struct session, which ext_release() empties.
 */
struct session {
	bool held;
	sigset_t mask;		/* the signals that were blocked before */
	struct host_arena arena;
	struct host_own own;
	struct host_file file;	/* of --output */
	bool file_open;
	const char *inputs[6];	/* files that are read */
	struct host_stream stream;	/* without --output */
	struct memlog_query *query;
	struct memlog_image *image;	/* what the query is run on */
	struct memlog_image *dump;	/* pc->dumpfile, for its ranges */
	struct memlog_range *ranges;	/* where there is no dump */
	size_t n_ranges;
	enum memlog_space space;	/* of the wrapped reader */
	bool machine;		/* Xen: addresses are the machine's */
};

/* Ctrl-C was pressed. SIGINT is blocked while a command runs, because crash's
 * handler may longjmp out of anything, malloc included. */
bool ext_interrupted(void);

/* Ends what the library does when it was; arg is not used. */
int ext_progress(void *arg, uint64_t done, uint64_t all);

/* One line to the user, as struct memlog_query_host has it; arg is the struct
 * session. */
void ext_message(void *arg, int level, const char *line);

/* Choose what to read and open it: s->image. */
enum memlog_status ext_image_open(struct session *s, struct memlog_err *err);

/* Wrap the memory that crash reads, in the ranges of s->dump or s->ranges. */
enum memlog_status ext_reader_wrap(struct session *s, const char *name,
				   struct memlog_err *err);

/* Fill s->ranges from the kernel's own list of memory. live: only what may be
 * read without touching a device. False: there is no such list. */
bool ext_ranges_from_kernel(struct session *s, bool live);

/* Add [start, end) to s->ranges, which have room for EXT_MAX_RANGES; empty ones
 * and what is beyond that are left out. */
void ext_ranges_add(struct session *s, uint64_t start, uint64_t end);

extern const struct memlog_symbols ext_symbols;

#endif
