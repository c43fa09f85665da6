/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - a sink that is a file.
 *
 * Logs hold secrets, and whoever reads dumps is often root. So a file is
 * created exclusively, with mode 0600. One that exists is replaced only with
 * force, by a rename at the end, so that there is always a whole file. A
 * symbolic link is neither followed nor replaced; nor is anything else that is
 * no regular file, nor a file that is being read, whatever its name.
 */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include <memlog.h>

/*
 * What to create.
 *
 * dir: a descriptor of the directory that name is relative to, whose own name
 *	is where; AT_FDCWD and NULL: the working directory.
 * inputs: names of files that are read, ends with NULL; as images are named:
 *	"-" is standard input, and A,B,C may be three files. What this process
 *	has open for reading is one in any case. NULL: no others.
 *
 * All but name is borrowed until the file is closed.
 */
struct host_file_opts {
	int dir;
	const char *where, *name;
	bool force;
	const char *const *inputs;
};

/* stopped: optional, set after it was opened: should a write that a signal
 * interrupted give up? */
struct host_file {
	struct memlog_sink sink;
	struct host_file_opts opts;
	int (*stopped)(void);
	int fd;
	char *name;		/* NULL: standard output */
	char *temp;		/* renamed to name at the end */
	uint64_t written;
	bool failed;		/* a write: what is there is not all */
	bool replaces;		/* there was a file of that name */
};

/* Create a file, or with force what will replace one. INVALID: it exists, or
 * what is there is never replaced. IO. The caller closes it if this is OK. */
enum memlog_status host_file_create(struct host_file *file,
				    const struct host_file_opts *opts,
				    struct memlog_err *err);

/* Write to standard output, which is closed with the file. INVALID: it is one of
 * inputs, by >> or <>. */
enum memlog_status host_file_stdout(struct host_file *file,
				    const char *const *inputs,
				    struct memlog_err *err);

/* Close it. Unless keep, or when this fails, nothing is left of a new file, and
 * one that was to be replaced stays as it was. err may be NULL. */
enum memlog_status host_file_close(struct host_file *file, bool keep,
				   struct memlog_err *err);

#endif
