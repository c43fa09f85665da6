/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash-ext.h - internals shared by the files of the crash extension.
 *
 * Only those fields of crash's structures are used that have the same offset in
 * every release since 7.2.9: pc->flags, namelist, dumpfile, system_map,
 * namelist_debug, debuginfo_file, command_line, orig_line, stdpipe, curcmd,
 * curcmd_flags; vt->numnodes, node_table; machdep->pagesize.
 */
#ifndef CRASH_EXT_H
#define CRASH_EXT_H

#include <crash/defs.h>
#include <memlog.h>

#include "../host/args.h"
#include "../host/arena.h"
#include "../host/file.h"
#include "../host/hold.h"
#include "../host/progress.h"
#include "../host/stream.h"

/* A kernel has hundreds of resources; a damaged list may be circular. */
#define EXT_MAX_RANGES 65536

/*
 * All that one command allocates and opens. crash may leave a command by
 * longjmp, so ext_release() must be able to release it later.
 */
struct session {
	struct host_own own; /* first: HOST_OPTIONS need it there */
	bool held;
	sigset_t mask; /* the signal mask before the command */
	struct host_arena arena;
	bool help;	/* -h */
	enum when when; /* --progress */
	struct host_progress progress;
	struct host_file file; /* of --output */
	bool file_open;
	const char *inputs[7];	   /* files that are read */
	struct host_stream stream; /* without --output */
	struct memlog_sink sink;   /* to the file or the stream */
	struct memlog_query *query;
	struct memlog_image *image;  /* that the query runs on */
	struct memlog_image *dump;   /* pc->dumpfile, for its ranges */
	struct memlog_range *ranges; /* used if dump is NULL */
	size_t n_ranges;
	enum memlog_space space; /* of the wrapped reader */
	bool machine;		 /* Xen: use machine addresses */
	char line[BUFSIZE];	 /* the command line, of which words are */
	char *words[MAXARGS + 1];
};

/* Was Ctrl-C pressed? SIGINT is blocked while a command runs, because crash's
 * handler may longjmp out of anything, even malloc. */
bool ext_interrupted(void);

/* The progress callback: shows it, and stops the library after Ctrl-C. arg is the
 * struct session. */
int ext_progress(void *arg, uint64_t done, uint64_t all);

/* Print a line for the user; see struct memlog_query_host. arg is the struct
 * session. */
void ext_message(void *arg, int level, const char *line);

/* Fill s->words with the words of the command, in which quotes and backslashes work as
 * in a shell. INVALID: a closing quote is missing, or there are too many words. */
enum memlog_status ext_words(struct session *s, int *ret,
			     struct memlog_err *err);

/* Choose what to read, and open it as s->image. */
enum memlog_status ext_image_open(struct session *s, struct memlog_err *err);

/* Make s->image from the memory that crash reads, with the ranges of s->dump or
 * s->ranges. */
enum memlog_status ext_reader_wrap(struct session *s, const char *name,
				   struct memlog_err *err);

/* Fill s->ranges from the kernel's list of memory. live: only System RAM, which
 * can be read without touching a device. False: there is no such list. */
bool ext_ranges_from_kernel(struct session *s, bool live);

/* Add [start, end) to s->ranges, unless it is empty or there are EXT_MAX_RANGES
 * already. */
void ext_ranges_add(struct session *s, uint64_t start, uint64_t end);

extern const struct memlog_symbols ext_symbols;

/* Does the kernel say that it was not booted by EFI? */
bool ext_no_efi(void);

#endif
