/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugin.h - the parts of the gdb plugin.
 *
 * gdb's one in-process interface in C is the JIT reader, which knows nothing of
 * commands. So memlog.gdb defines the command, and plugin and gdb talk through
 * two files in memory under fixed numbers: gdb writes what it knows (arguments,
 * connection, sections) into the mailbox, the plugin writes gdb commands into
 * the script, which memlog.gdb sources. Each jit-reader-load is one step of the
 * plugin; memory of the target is read in the unwind callback, the only one
 * that is handed a function for it.
 *
 *	begin:	 empty mailbox; script: tell arguments, connection, sections
 *	told:	 take the arguments apart, choose the target; a core is reopened
 *		 by its path, a process of this machine by its number, and
 *		 answered at once
 *	asked:	 (remote) what the stub said of itself and of its memory
 *	physical: (QEMU's stub) it reads by physical address now
 *	read:	 what the unwind callback has read, or files that QEMU wrote
 *	then:	 the script prints the answer through gdb, pager and pipe included
 */
#ifndef GDB_PLUGIN_H
#define GDB_PLUGIN_H

#include <memlog.h>
#include <signal.h>
#include <stdio.h>

#include "../host/arena.h"
#include "../host/file.h"

/* In memlog.gdb as well. High, so that gdb's own files do not get there, and
 * below the usual limit of 1024. */
#define MAILBOX_FD 900
#define SCRIPT_FD 901

/* ---- mailbox.c -------------------------------------------------------- */

/* Make the two files, or empty them. False with a text: a number is taken, or
 * there is no /proc. */
bool mailbox_open(struct memlog_err *err);

/* All that gdb has written, NUL-terminated; from alloc, NULL without memory. */
char *mailbox_read(const struct memlog_allocator *alloc);
void mailbox_clear(void);

/* memlog.gdb empties the script where a command begins. */
bool script_empty(void);

/* Start the next script, add commands to it. */
void script_begin(void);
void script_add(const char *fmt, ...) MEMLOG_PRINTF(1, 2);

/* memlog.gdb goes round once more after this script. */
void script_again(void);

/* A sink whose bytes the script prints with gdb's own printf. */
extern const struct memlog_sink script_sink;

/* ---- target.c --------------------------------------------------------- */

enum target_kind {
	TARGET_NONE,
	TARGET_CORE,
	TARGET_NATIVE,		/* a process on this machine */
	TARGET_REMOTE,
};

struct target {
	enum target_kind kind;
	long pid;
	char *core;		/* path of the core file, NULL if not known */
	char *exec;		/* and of the program that gdb debugs */
	bool frames;		/* there is a thread that is not running */
};

/* What gdb told of its target; strings are from alloc. */
void target_parse(struct target *ret, const char *text,
		  const struct memlog_allocator *alloc);

/* No more ranges than this are in text: it has one in a line, if any. */
size_t target_lines(const char *text);

/* Memory of `maint info sections`: the loadN ones of a core. At most max ranges
 * are written to ret, in any order; returns how many. */
size_t target_sections(const char *text, struct memlog_range *ret, size_t max);

/* Memory of `info proc mappings` of a remote process, in the same way. */
size_t target_mappings(const char *text, struct memlog_range *ret, size_t max);

/* ---- user.c ----------------------------------------------------------- */

/* Before a command and after it: no Ctrl-C was seen, messages up to level 2 are
 * shown. */
void plugin_user_reset(void);

/* Messages above level are not shown; see memlog_query_level(). */
void plugin_user_level(int level);

/* Ctrl-C was pressed in this command. */
bool plugin_interrupted(void);

/* One line to the user, as struct memlog_query_host has it. */
void plugin_message(void *arg, int level, const char *line);

#endif
