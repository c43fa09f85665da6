/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.h - the state of one command, kept between its steps. */
#ifndef GDB_SESSION_H
#define GDB_SESSION_H

#include <gdb/jit-reader.h>

#include "../host/args.h"
#include "plugin.h"

enum step {
	STEP_BEGIN,
	STEP_GIVEN,  /* arguments and target are in the mailbox */
	STEP_ASKED,  /* the mailbox says whether it is QEMU's stub */
	STEP_MAPPED, /* the mailbox has the memory ranges */
	STEP_MEMORY, /* the script is about to make gdb call unwind() */
	STEP_READ,   /* unwind() was called, or QEMU wrote files */
};

/* Separates the arguments from gdb's description of its target. */
#define ARGS_END "--memlog-arguments-end--"

/* The most expressions of a command line. */
#define MAX_VALUES 16

/* Expressions among the arguments, which gdb evaluates one by one. */
struct expressions {
	char *values[MAX_VALUES];
	size_t n, next;	      /* known; of those, used in this parse */
	const char *asked;    /* the one to evaluate; NULL: none */
	const char *asked_as; /* the format of gdb's printf for it */
};

struct session {
	struct host_own own; /* first: HOST_OPTIONS need it there */
	enum step step;
	bool busy; /* session_end() has something to release */
	struct host_arena arena;
	struct memlog_query *query;
	struct memlog_image *image;
	struct memlog_sink script; /* script_sink, for this command */
	struct host_file file;	   /* of --output */
	bool file_open;
	const char *inputs[4]; /* files that are read */
	bool pmemsave;	       /* --pmemsave */
	const char *save_to;   /* its directory; NULL: by default */
	const char *text;      /* what gdb wrote in the first step */
	struct expressions expr;
	bool piped; /* gdb's command "pipe" runs this one */
	struct target target;
	struct memlog_range *ranges; /* where the target has memory */
	size_t n_ranges;
	enum memlog_space space;
	unsigned int flags;    /* MEMLOG_READER_* */
	gdb_target_read *read; /* only while unwind() runs */
	int status;	       /* MEMLOG_EXIT_*, for $_memlog_status */
	bool armed;	       /* unwind() is to run the query */
	char *dir;	       /* of --pmemsave, removed at the end */
	pid_t owner;	       /* gdb; a child of it has a copy of all this */
};

/* Run the next step and write the next script. If that is impossible, print why
 * and leave no script, so that memlog.gdb stops. */
void session_step(struct session *s);

/* Release everything of the command; the next step is the first one again. */
void session_end(struct session *s);

/* Called by unwind() with a function that reads memory of the target, valid
 * during the call: run the query if it waits for that. */
void session_memory(struct session *s, gdb_target_read *read);

/* args.c: parse the arguments, one per line of s->text up to ARGS_END; *ret_rest
 * is the text after that. STOP: --help was printed, or gdb has to evaluate
 * s->expr.asked first. */
enum memlog_status session_take_args(struct session *s, const char **ret_rest,
				     struct memlog_err *err);

/* args.c: take the value of s->expr.asked. False: no memory. */
bool session_take_value(struct session *s, char *text);

/* args.c: the options that gdb has in addition, or replaces; ended by one that is
 * all zero. */
extern const struct memlog_option session_options[];

/* reader.c: make s->image from a reader, whose self is s, and s->ranges. */
enum memlog_status session_wrap(struct session *s,
				const struct memlog_reader_ops *ops,
				enum memlog_space space, const char *name,
				struct memlog_err *err);

/* reader.c: make s->image from the target's memory in s->ranges of s->space. */
enum memlog_status session_wrap_target(struct session *s, const char *name,
				       struct memlog_err *err);

/* pmemsave.c: add commands to the script with which QEMU writes the physical
 * memory of s->ranges to files in s->dir, named by index. False: impossible,
 * and a message was printed. */
bool session_save_files(struct session *s);

/* Are the files complete? text is QEMU's output, and is modified. False: a
 * message was printed. */
bool session_check_files(struct session *s, char *text);

/* Make s->image from the files; addresses are physical. */
enum memlog_status session_wrap_files(struct session *s,
				      struct memlog_err *err);

void session_remove_files(struct session *s);

#endif
