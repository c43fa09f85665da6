/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spool.h - a place for bytes that must be gone through more than once. */
#ifndef ML_IMAGE_SPOOL_H
#define ML_IMAGE_SPOOL_H

#include "file.h"

/*
 * An unlinked temporary file in dir (NULL: /var/tmp), mode 0600: nobody else
 * ever sees a name of it, and it goes when it is closed. *ret_fd is the
 * caller's.
 */
enum memlog_status ml_spool_create(const char *dir, int *ret_fd,
				   struct memlog_err *err);

/* Write all of len bytes at off; EINTR and short writes are gone on with. */
enum memlog_status ml_spool_write(int fd, uint64_t off, const void *buf,
				  size_t len, struct memlog_err *err);

/* Read len bytes at off of what was written; IO when they are not there. */
enum memlog_status ml_spool_read(int fd, uint64_t off, void *buf, size_t len,
				 struct memlog_err *err);

/* Append what is left of a pipe to a spool file, from offset off on; *ret_end
 * is where it ended. progress as in struct memlog_open_opts. */
enum memlog_status ml_spool_copy(int fd, uint64_t off, int pipe,
				 const struct memlog_open_opts *opts,
				 uint64_t *ret_end, struct memlog_err *err);

/* read(2) until len bytes came or the pipe ended. A signal makes it ask
 * opts->progress whether to stop; opts may be NULL. */
enum memlog_status ml_pipe_read(int pipe, void *buf, size_t len,
				const struct memlog_open_opts *opts,
				size_t *ret, struct memlog_err *err);

#endif
