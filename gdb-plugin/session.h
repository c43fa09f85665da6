/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.h - one command, over its steps. */
#ifndef GDB_SESSION_H
#define GDB_SESSION_H

#include <gdb/jit-reader.h>

#include "../host/args.h"
#include "plugin.h"

enum step {
	STEP_BEGIN,
	STEP_TOLD,		/* arguments and target are in the mailbox */
	STEP_ASKED,		/* a remote stub said whether it is QEMU's */
	STEP_MAPPED,		/* ... and where memory is */
	STEP_PHYSICAL,		/* ... and reads physical addresses from now on */
	STEP_READ,		/* unwind() had its turn, or QEMU wrote files */
};

/* Between the arguments and what gdb says of itself. */
#define ARGS_END "--memlog-arguments-end--"

struct session {
	struct host_own own;	/* first: HOST_OPTIONS find it there */
	enum step step;
	bool busy;		/* holds what session_end() frees */
	struct host_arena arena;
	struct memlog_query *query;
	struct memlog_image *image;
	struct memlog_sink script;	/* script_sink, for this command */
	struct host_file file;		/* of --output */
	bool file_open;
	const char *inputs[3];		/* files that are read */
	bool pmemsave;		/* --pmemsave */
	struct target target;
	struct memlog_range *ranges;	/* where the target has memory */
	size_t n_ranges;
	enum memlog_space space;
	unsigned int flags;	/* MEMLOG_READER_* */
	gdb_target_read *read;	/* only while unwind() runs */
	bool armed;		/* unwind() has something to do */
	char *dir;		/* of --pmemsave, removed in the end */
};

/* Do the next step and write the next script. Where there can be no script a
 * message says why, and memlog.gdb does not go on. */
void session_step(struct session *s);

/* Let go of all that the command held; the next step is the first again. */
void session_end(struct session *s);

/* The memory of the target can be read, now. */
void session_memory(struct session *s, gdb_target_read *read);

/* args.c: take the lines of text before ARGS_END, which are words of the
 * command; *ret_rest is what follows. STOP: that was --help, and is answered. */
enum memlog_status session_take_args(struct session *s, char *text,
				     char **ret_rest, struct memlog_err *err);

/* reader.c: s->image, a reader whose self is s, in s->ranges. */
enum memlog_status session_wrap(struct session *s,
				const struct memlog_reader_ops *ops,
				enum memlog_space space, const char *name,
				struct memlog_err *err);

/* reader.c: wrap the target's memory, in s->ranges of s->space. */
enum memlog_status session_wrap_target(struct session *s, const char *name,
				       struct memlog_err *err);

/* pmemsave.c: let the script have QEMU write s->ranges, its physical memory, to
 * files in s->dir, named by their number. False: a message said why not. */
bool session_save_files(struct session *s);

/* Are they there, whole? text is what QEMU said when it wrote them, and may be
 * changed. False: a message said what is missing. */
bool session_check_files(struct session *s, char *text);

/* Wrap them; addresses are physical. */
enum memlog_status session_wrap_files(struct session *s,
				      struct memlog_err *err);

void session_remove_files(struct session *s);

#endif
