/* SPDX-License-Identifier: GPL-2.0-or-later */
/* landlock.h - which files this process may open from now on. */
#ifndef MEMLOG_DUMP_LANDLOCK_H
#define MEMLOG_DUMP_LANDLOCK_H

#include <stdbool.h>

/* What may be done at a path, and below it if it is a directory. */
enum {
	LANDLOCK_READ = 1,	  /* open files for reading */
	LANDLOCK_LIST = 2,	  /* list directories */
	LANDLOCK_WRITE = 4,	  /* open files for writing */
	LANDLOCK_CREATE = 8,	  /* create files, rename one to a new name */
	LANDLOCK_REMOVE = 16,	  /* remove files, rename one to an old name */
	LANDLOCK_REMOVE_DIR = 32, /* remove directories that are empty */
	LANDLOCK_LISTEN = 64,	  /* create sockets */
};

/* The version of the kernel's Landlock, from 1; negative: errno, why there is none. */
int landlock_version(void);

/* A set of rules for that version, by which nothing is allowed yet; negative: errno.
 * signals: they may be sent to other processes. The caller closes it. */
int landlock_create(int version, bool signals);

/* Allow it for an existing file or directory. What does not exist, or is not at a path,
 * as a pipe, needs no rule and gets none. pinned: the path is in /proc, where a rule
 * holds only as long as a descriptor keeps the file; that one is not closed. */
void landlock_allow(int rules, int version, const char *path, unsigned int use,
		    bool pinned);

/* From now on this thread and those that it starts keep to the rules. 0 or errno. It
 * needs no_new_privs. */
int landlock_enter(int rules);

#endif
