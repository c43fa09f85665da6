/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump.h - internals shared by the files of memlog-dump, which uses only
 * memlog.h of the library. */
#ifndef MEMLOG_DUMP_H
#define MEMLOG_DUMP_H

#include <memlog.h>

#include <signal.h>
#include <stdio.h>

#include "../host/file.h"
#include "../host/progress.h"
#include "sandbox.h"

#define PROGRAM "memlog-dump"

/* The command line; opts.c. */
struct opts {
	struct memlog_query *query;
	const char *output; /* NULL: standard output */
	bool extract, force;
	enum when progress, color;
	bool mapped; /* --map was given */
	enum memlog_map map;
	uint64_t raw_base;
	bool via_qemu;
	const char *symbols; /* NULL: none */
	enum sandbox_mode sandbox;
	char **images;
	int n_images;
	int attach; /* the last image that is not a file or a port; -1: all are */
};

/* Fill in *o. Returns -1, or the exit code: after --help, --version, and
 * errors, which have been printed. */
int opts_parse(struct opts *o, int argc, char **argv);
void opts_fini(struct opts *o);

/* Codecs that the library does not have, ended by NULL; lzo.c. */
extern const struct memlog_codec *const dump_codecs[];

/* Messages on standard error; message.c. image may be NULL. level as in struct
 * memlog_query_host; those up to the level of message_init() are shown. All
 * text is escaped for a terminal. */
void message_init(int level);
void message(int level, const char *image, const char *fmt, ...)
	MEMLOG_PRINTF(3, 4);
/* Print an error of the library. image: NULL if the text names it already, as
 * the errors of opening do, or if the error is not about an image. */
void message_err(const char *image, const struct memlog_err *err);
/* The name of an image in messages: "standard input" for "-". */
const char *message_name(const char *image);

struct directory;

/* Where output goes; output.c. */
struct output {
	struct memlog_sink sink;
	struct host_file file; /* the output, or the current one of a directory */
	struct directory *directory; /* NULL: one file */
	const char **inputs;	     /* names of all files that are read */
	bool written;		     /* at least one byte */
	bool failed;		     /* the output is incomplete */
};

/* Open it before anything is read, so that an unusable name is reported
 * first. 0, or an exit code after a message. */
int output_open(struct output *out, const struct opts *o);
/* Finish. keep false: remove what was written. 0, or an exit code. */
int output_close(struct output *out, bool keep);

/* The same for a directory of files, which is created if necessary;
 * directory.c. keep false: files that were replaced are not restored. */
enum memlog_status directory_open(struct output *out, const struct opts *o,
				  struct memlog_err *err);
void directory_close(struct output *out, bool keep);

/* See struct memlog_open_opts; arg is the struct opts. */
typedef enum memlog_status source_attached(void *arg, struct memlog_err *err);

/* Open an image by name, with the user's options; several debug ports, which are n names,
 * are one. attached may be NULL. source.c. */
enum memlog_status source_open(char **names, int n, const struct opts *o,
			       source_attached *attached,
			       struct memlog_image **ret,
			       struct memlog_err *err);
/* Which paths the sandbox has to leave: for what is read and for temporary files, for a
 * file of -o, which may be to replace another, and for a directory, which we may have
 * made; allow.c. False: no image is there that could be read. */
bool allow_inputs(const struct opts *o);
/* What libnbd removes when it is closed, once that is there. */
void allow_served(void);
void allow_output_file(const char *name, bool force);
void allow_output_directory(const char *path, bool made);

/* Is it the name of a debug port? */
bool source_is_port(const char *name);
/* The file that is read if the image has that name. */
const char *source_file(const char *name);

/* Progress on a terminal; progress.c. progress_poll() is the library's
 * callback: it stops the library after a signal. */
void progress_init(enum when when);
/* image: its name in messages. */
void progress_begin(const char *image);
int progress_poll(void *arg, uint64_t done, uint64_t all);
/* Erase the line; call it before other output. */
void progress_clear(void);

/* Signals; guard.c. */
void guard_init(void);
/* The signal that asks to stop, or 0. */
int guard_stop(void);
/* Forget that signal: it ended what it should end. The next one counts again. */
void guard_forget(void);
/* Did a mapped file shrink since the last call of guard_reset()? Its missing
 * pages read as zeros. */
bool guard_shrunk(void);
void guard_reset(void);
/* Terminate by the signal that asked to stop, so that the parent sees it. */
void guard_die(void);

#endif
