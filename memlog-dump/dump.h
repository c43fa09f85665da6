/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump.h - the parts of memlog-dump. It knows only memlog.h of the library. */
#ifndef MEMLOG_DUMP_H
#define MEMLOG_DUMP_H

#include <memlog.h>

#include <signal.h>
#include <stdio.h>

#include "../host/file.h"

#define PROGRAM "memlog-dump"

/* What it ends with. Over several images the worst in the order of
 * EXIT_UNREADABLE, EXIT_DAMAGED, EXIT_PRINTED, EXIT_NONE. */
enum {
	EXIT_PRINTED = 0,
	EXIT_NONE = 1,
	EXIT_USAGE = 2,
	EXIT_UNREADABLE = 3,
	EXIT_DAMAGED = 4,
};

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* The command line; opts.c. */
struct opts {
	struct memlog_query *query;
	const char *output;	/* NULL: standard output */
	bool extract, force, strict;
	enum when progress, color;
	bool mapped;		/* --map was given */
	enum memlog_map map;
	uint64_t raw_base;
	bool via_qemu;
	const char *symbols;	/* NULL: none */
	char **images;
	int n_images;
};

/* Fill in *o and return -1, or the exit code of a program that is done:
 * --help, --version, and errors, which have been told. */
int opts_parse(struct opts *o, int argc, char **argv);
void opts_fini(struct opts *o);

/* Codecs that the library does not have, up to a NULL; lzo.c. */
extern const struct memlog_codec *const dump_codecs[];

/* Messages on standard error; message.c. image may be NULL. Level as in struct
 * memlog_query_host. All text is made safe for a terminal. */
/* Show messages up to that level. */
void message_init(int level);
void message(int level, const char *image, const char *fmt, ...)
	MEMLOG_PRINTF(3, 4);
/* What the library said: its text may begin with the image's name itself. */
void message_err(const char *image, const struct memlog_err *err);
/* How messages call an image: "-" is standard input. */
const char *message_name(const char *image);

struct directory;

/* Where output goes; output.c. */
struct output {
	struct memlog_sink sink;
	struct host_file file;	/* the one, or that of a directory's */
	struct directory *directory; /* NULL: one file */
	const char **inputs;	/* names of what is read */
	bool written;		/* anything */
	bool failed;		/* what was written is not all */
};

/* Open it before anything is read, so that an unusable name is reported
 * first. 0, or an exit code after a message. */
int output_open(struct output *out, const struct opts *o);
/* Finish. keep false: leave nothing behind. 0, or an exit code. */
int output_close(struct output *out, bool keep);

/* The same for a directory of files, made when it is not there; directory.c. keep
 * false: what was replaced stays replaced. */
enum memlog_status directory_open(struct output *out, const struct opts *o,
				  struct memlog_err *err);
void directory_close(struct output *out, bool keep);

/* The image of that name, as the options say; source.c. */
enum memlog_status source_open(const char *name, const struct opts *o,
			       struct memlog_image **ret,
			       struct memlog_err *err);

/* Progress on a terminal; progress.c. progress_poll() is the library's
 * callback: it says stop after a signal. */
void progress_init(enum when when);
/* image: its name in messages. */
void progress_begin(const char *image);
int progress_poll(void *arg, uint64_t done, uint64_t all);
/* Wipe the line before something else is written. */
void progress_clear(void);

/* Signals; guard.c. */
void guard_init(void);
/* The signal that asks to stop, or 0. */
int guard_stop(void);
/* Did memory of a mapped file turn out to be gone since the last call of
 * guard_reset()? It reads as zeros then. */
bool guard_shrunk(void);
void guard_reset(void);
/* Die of the signal that asked to stop, as if it had never been caught. */
void guard_die(void);

#endif
