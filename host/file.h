/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - write the output to a file.
 *
 * Logs may contain secrets, and dumps are often read by root. So a file is
 * created exclusively, with mode 0600. An existing file is replaced only with
 * force, by a rename at the end, so that the file is complete at any time.
 * Symbolic links are not followed. Links, other files that are not regular, and
 * files that are being read, by whatever name, are never replaced.
 */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include <memlog.h>

/*
 * What to create.
 *
 * dir, where: descriptor and name of the directory that name is relative to;
 *	AT_FDCWD and NULL: the working directory.
 * inputs: names of files that are read, ended by NULL; names of images: "-" is
 *	standard input, and A,B,C may be three files. Files that this process has
 *	open for reading count, too. NULL: no others.
 *
 * name is copied, the others are borrowed until the file is closed.
 */
struct host_file_opts {
	int dir;
	const char *where, *name;
	bool force;
	const char *const *inputs;
};

/* stopped: optional, may be set once the file is open: a write that a signal
 * interrupts fails if it returns true. */
struct host_file {
	struct memlog_sink sink;
	struct host_file_opts opts;
	int (*stopped)(void);
	int fd;
	char *name; /* NULL: standard output */
	char *temp; /* renamed to name at the end */
	uint64_t written;
	bool pipe;     /* others may write to it, too */
	bool failed;   /* a write failed: the file is incomplete */
	bool replaces; /* a file of that name existed */
};

/* Is it the name of an output format, which an option other than -o takes?
 * INVALID: the text says which. */
enum memlog_status host_file_check_name(const char *name,
					struct memlog_err *err);

/* Create a file, or with force a temporary file that is to replace one.
 * INVALID: it exists, or must not be replaced. IO. After OK the caller closes
 * it. */
enum memlog_status host_file_create(struct host_file *file,
				    const struct host_file_opts *opts,
				    struct memlog_err *err);

/* Write to standard output, which is closed with the file. INVALID: it is one
 * of inputs, opened by the shell with >> or <>. */
enum memlog_status host_file_stdout(struct host_file *file,
				    const char *const *inputs,
				    struct memlog_err *err);

/* Close the file. If !keep, or on failure, it is deleted, and a file that it
 * was to replace is left as it was. err may be NULL. */
enum memlog_status host_file_close(struct host_file *file, bool keep,
				   struct memlog_err *err);

#endif
