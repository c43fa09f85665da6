/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spool.h - temporary files without a name. */
#ifndef ML_IMAGE_SPOOL_H
#define ML_IMAGE_SPOOL_H

#include "file.h"

/*
 * Create an unlinked temporary file in dir (NULL or empty: /var/tmp), mode 0600, which
 * is deleted when it is closed. IO: it cannot be created. The caller closes
 * *ret_fd.
 */
enum memlog_status ml_spool_create(const char *dir, int *ret_fd,
				   struct memlog_err *err);

/* Write all of len bytes at off; handles EINTR and short writes. IO. */
enum memlog_status ml_spool_write(int fd, uint64_t off, const void *buf,
				  size_t len, struct memlog_err *err);

/* Read len bytes at off, fewer only if the file ends. *ret is how many. IO. */
enum memlog_status ml_spool_read_some(int fd, uint64_t off, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err);

/* Read all of len bytes at off. IO: also if the file ends before. */
enum memlog_status ml_spool_read(int fd, uint64_t off, void *buf, size_t len,
				 struct memlog_err *err);

#endif
