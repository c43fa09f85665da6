/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugin.h - internals shared by the files of the gdb plugin.
 *
 * gdb's only in-process interface for C is the JIT reader, which cannot define
 * commands. So memlog.gdb defines the command, and the plugin and gdb
 * communicate through two files in memory with fixed descriptors: gdb writes
 * arguments, connection and sections into the mailbox, the plugin writes gdb
 * commands into the script, which memlog.gdb sources. Each jit-reader-load runs
 * one step of the plugin; memlog.gdb then unloads it and selects the user's frame
 * again, which gdb forgets. Memory of the target can be read only in the unwind
 * callback, whose arguments have a function for it: for this the script loads the
 * plugin itself.
 *
 *	begin:	 empty the mailbox; the script writes arguments, connection and
 *		 sections to it
 *	given:	 parse the arguments; if one is an expression, gdb evaluates it,
 *		 and this step comes again
 *		 choose the target; a core is opened by its path, a local process
 *		 by its pid, and the query is run
 *	asked:	 (remote) is it QEMU's stub? Ask for its memory ranges
 *	mapped:	 (remote) parse the ranges; QEMU's stub is to read by physical
 *		 address
 *	memory:	 (in the script) the unwind callback runs the query
 *	read:	 it has; or QEMU has written files, and it is run on them
 *
 * The output is in a third file, the text. It has printf commands, which
 * memlog.gdb sources at the end, when no plugin is loaded: q in gdb's pager and
 * Ctrl-C end a command at once.
 */
#ifndef GDB_PLUGIN_H
#define GDB_PLUGIN_H

#include <memlog.h>
#include <signal.h>
#include <stdio.h>

#include "../host/arena.h"
#include "../host/file.h"

/* Also in memlog.gdb. High, so that gdb does not use them for its own files,
 * and below the usual limit of 1024. */
#define MAILBOX_FD 900
#define SCRIPT_FD  901
#define TEXT_FD	   902

/* ---- mailbox.c -------------------------------------------------------- */

/* Create the three files, or truncate them. False: a descriptor is in use, or
 * there is no /proc; err->text says which. */
bool mailbox_open(struct memlog_err *err);

/* The content of the mailbox, NUL-terminated, from alloc. NULL: no memory. */
char *mailbox_read(const struct memlog_allocator *alloc);
/* Empty one of the files. */
void mailbox_empty(int fd);

/* Is the descriptor one of these files? */
bool mailbox_is_ours(int fd);

/* ---- script.c --------------------------------------------------------- */

/* Is the script empty? memlog.gdb truncates it at the start of a command. */
bool script_empty(void);

/* Start the next script, and add commands to it. */
void script_begin(void);
void script_add(const char *fmt, ...) MEMLOG_PRINTF(1, 2);

/* Make memlog.gdb run another step after this script. */
void script_again(void);

/* A sink of the text, which gdb prints at the end. */
extern const struct memlog_sink script_sink;

/* Print a line through gdb: at the end, or in this step. */
void script_line(bool now, const char *line);

/* Set gdb's $_memlog_NAME to a string, truncated if long. */
void script_set(const char *name, const char *value);

/* Does text begin with what gdb replaces in a command that a script defines: $argc,
 * $arg0, or a longer name? */
bool script_is_argument(const char *text);

/* Make memlog.gdb fail with an error, after the text. */
void script_fail(const char *text);

/* ---- target.c --------------------------------------------------------- */

enum target_kind {
	TARGET_NONE,
	TARGET_CORE,
	TARGET_NATIVE, /* a local process */
	TARGET_REMOTE,
};

struct target {
	enum target_kind kind;
	long pid;
	char *core;  /* path of the core file; NULL: unknown */
	char *exec;  /* path of the program; NULL: unknown */
	bool frames; /* the selected thread is stopped */
};

/* Parse gdb's description of its target. Strings are from alloc. */
void target_parse(struct target *ret, const char *text,
		  const struct memlog_allocator *alloc);

/* The number of lines of text, and so the most ranges in it. */
size_t target_lines(const char *text);

/* Parse `maint info sections`: the loadN sections of a core. Writes at most max
 * ranges to ret, in any order, and returns how many. */
size_t target_sections(const char *text, struct memlog_range *ret, size_t max);

/* The same for `info proc mappings` of a remote process. */
size_t target_mappings(const char *text, struct memlog_range *ret, size_t max);

/* ---- user.c ----------------------------------------------------------- */

/* Reset, before and after a command: no Ctrl-C, and messages up to level 2. */
void plugin_user_reset(void);

/* Is gdb's output in a pipe of the command? If so, messages go to stderr, as
 * those of any program in a pipe. */
void plugin_user_pipe(bool piped);

/* Show messages up to level; see memlog_query_level(). */
void plugin_user_level(int level);

/* From here on the script prints messages with the text, not in this step. */
void plugin_user_text(void);

/* Was Ctrl-C pressed since the command began? */
bool plugin_interrupted(void);

/* Print a line for the user; see struct memlog_query_host. The last error is kept
 * until plugin_user_finish(). */
void plugin_message(void *arg, int level, const char *line);

/* The command has failed, and the last error becomes gdb's; or it has not, and
 * that is a message like others. */
void plugin_user_finish(bool failed);

/* ---- pipe.c ----------------------------------------------------------- */

/* Does gdb's command "pipe" run this command? */
bool plugin_in_pipe(void);

#endif
