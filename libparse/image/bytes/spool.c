/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spool.c - temporary files without a name, and reading from pipes. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define COPY_SIZE 65536u

enum memlog_status ml_spool_create(const char *dir, int *ret_fd,
				   struct memlog_err *err)
{
	char path[4096];
	int fd, n;

	if (!dir)
		dir = "/var/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd < 0) {
		/* the file system does not support O_TMPFILE */
		n = snprintf(path, sizeof(path), "%s/memlog.XXXXXX", dir);
		if (n < 0 || (size_t)n >= sizeof(path))
			return ml_fail(err, MEMLOG_INVALID,
				       "the name of the directory for "
				       "temporary files is too long");
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot create a temporary file "
					     "in %s (set TMPDIR to another "
					     "directory)",
					     dir);
		unlink(path);
	}
	*ret_fd = fd;
	return MEMLOG_OK;
}

enum memlog_status ml_spool_write(int fd, uint64_t off, const void *buf,
				  size_t len, struct memlog_err *err)
{
	const uint8_t *p = buf;
	ssize_t n;

	while (len) {
		n = pwrite(fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ml_fail_errno(err, MEMLOG_IO, n ? errno : ENOSPC,
					     "cannot write the temporary file "
					     "(set TMPDIR to a directory with "
					     "more space)");
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_spool_read(int fd, uint64_t off, void *buf, size_t len,
				 struct memlog_err *err)
{
	uint8_t *p = buf;
	ssize_t n;

	while (len) {
		n = pread(fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ml_fail_errno(err, MEMLOG_IO, n ? errno : EIO,
					     "cannot read the temporary file");
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_pipe_read(int pipe, void *buf, size_t len,
				const struct memlog_open_opts *opts,
				size_t *ret, struct memlog_err *err)
{
	uint8_t *p = buf;
	ssize_t n;

	*ret = 0;
	while (*ret < len) {
		n = read(pipe, p + *ret, len - *ret);
		if (n < 0 && errno == EINTR) {
			if (opts && opts->progress &&
			    opts->progress(opts->progress_arg, 0, 0))
				return ml_fail(err, MEMLOG_STOP, "stopped");
			continue;
		}
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read the input");
		if (!n)
			break;
		*ret += (size_t)n;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_spool_copy(int fd, uint64_t off, int pipe,
				 const struct memlog_open_opts *opts,
				 uint64_t *ret_end, struct memlog_err *err)
{
	uint8_t buf[COPY_SIZE];
	enum memlog_status s;
	size_t got;

	do {
		s = ml_pipe_read(pipe, buf, COPY_SIZE, opts, &got, err);
		if (!s)
			s = ml_spool_write(fd, off, buf, got, err);
		off += got;
		if (!s && opts && opts->progress &&
		    opts->progress(opts->progress_arg, off, 0))
			s = ml_fail(err, MEMLOG_STOP, "stopped");
	} while (!s && got == COPY_SIZE);
	*ret_end = off;
	return s;
}
