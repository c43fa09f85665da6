/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugin.h - internals shared by the files of the gdb plugin.
 *
 * gdb's only in-process interface for C is the JIT reader, which cannot define
 * commands. So memlog.gdb defines the command, and the plugin and gdb
 * communicate through two files in memory with fixed descriptors: gdb writes
 * arguments, connection and sections into the mailbox, the plugin writes gdb
 * commands into the script, which memlog.gdb sources. Each jit-reader-load runs
 * one step of the plugin. Memory of the target can be read only in the unwind
 * callback, whose arguments have a function for it.
 *
 *	begin:	 empty the mailbox; the script writes arguments, connection and
 *		 sections to it
 *	given:	 parse the arguments, choose the target; a core is opened by its
 *		 path, a local process by its pid, and the query is run
 *	asked:	 (remote) is it QEMU's stub? Ask for its memory ranges
 *	mapped:	 (remote) parse the ranges
 *	physical: (QEMU's stub) it now reads by physical address
 *	read:	 the unwind callback has run the query; or QEMU has written
 *		 files, and it is run on them
 *
 * In the end the script prints the output through gdb, with its pager and
 * pipes.
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

/* ---- mailbox.c -------------------------------------------------------- */

/* Create the two files, or truncate them. False: a descriptor is in use, or
 * there is no /proc; err->text says which. */
bool mailbox_open(struct memlog_err *err);

/* The content of the mailbox, NUL-terminated, from alloc. NULL: no memory. */
char *mailbox_read(const struct memlog_allocator *alloc);
void mailbox_clear(void);

/* Is the script empty? memlog.gdb truncates it at the start of a command. */
bool script_empty(void);

/* Start the next script, and add commands to it. */
void script_begin(void);
void script_add(const char *fmt, ...) MEMLOG_PRINTF(1, 2);

/* Make memlog.gdb run another step after this script. */
void script_again(void);

/* A sink whose bytes the script prints with gdb's printf. */
extern const struct memlog_sink script_sink;

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

/* Show messages up to level; see memlog_query_level(). */
void plugin_user_level(int level);

/* Was Ctrl-C pressed since the command began? */
bool plugin_interrupted(void);

/* Print a line for the user; see struct memlog_query_host. */
void plugin_message(void *arg, int level, const char *line);

#endif
