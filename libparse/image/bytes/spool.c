/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spool.c - temporary files without a name. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"

enum memlog_status ml_spool_create(const char *dir, int *ret_fd,
				   struct memlog_err *err)
{
	char path[4096];
	int fd, n;

	if (!dir || !*dir)
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

enum memlog_status ml_spool_read_some(int fd, uint64_t off, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	uint8_t *p = buf;
	ssize_t n;

	for (*ret = 0; *ret < len; *ret += (size_t)n) {
		n = pread(fd, p + *ret, len - *ret, (off_t)(off + *ret));
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read the temporary file");
		if (!n)
			break;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_spool_read(int fd, uint64_t off, void *buf, size_t len,
				 struct memlog_err *err)
{
	size_t got;
	enum memlog_status s = ml_spool_read_some(fd, off, buf, len, &got, err);

	return s || got == len ?
		       s :
		       ml_fail_errno(err, MEMLOG_IO, EIO,
				     "cannot read the temporary file");
}
