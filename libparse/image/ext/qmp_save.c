/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp_save.c - pmemsave into a private file.
 *
 * QEMU opens the file by its path, so the file is in a directory made for it.
 * If QEMU runs as another user, the directory can be entered by everybody, but
 * the name of the file cannot be guessed; others can write it, only we can read
 * it.
 */
#include "qmp_save.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"

#ifdef HAVE_JSON_C
#include <json-c/json.h>

/* Create the file. False: errno is set, also if the caller's allocator did not
 * set it. */
static bool make_file(struct ml_qmp_save *s, bool other_user)
{
	uint64_t name[2];
	size_t size = strlen(s->directory) + 40;

	s->path = ml_calloc(&s->q->alloc, size, 1);
	errno = s->path ? EIO : ENOMEM;
	if (!s->path || getrandom(name, sizeof(name), 0) != sizeof(name))
		return false;
	snprintf(s->path, size, "%s/%016" PRIx64 "%016" PRIx64, s->directory,
		 name[0], name[1]);
	s->fd = open(s->path,
		     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return s->fd >= 0 && (!other_user || (!fchmod(s->fd, 0602) &&
					      !chmod(s->directory, 0711)));
}

enum memlog_status ml_qmp_save_init(struct ml_qmp_save *s, struct ml_qmp *q,
				    const char *tmpdir, struct memlog_err *err)
{
	bool other = q->uid && q->uid != geteuid();
	const char *in = tmpdir && *tmpdir ? tmpdir : "/var/tmp";
	size_t size = strlen(in) + sizeof("/memlog-XXXXXX");
	char *made = NULL;
	int sys;

	*s = (struct ml_qmp_save){ .q = q, .fd = -1 };
	s->directory = ml_calloc(&q->alloc, size, 1);
	errno = ENOMEM;
	if (s->directory) {
		snprintf(s->directory, size, "%s/memlog-XXXXXX", in);
		made = mkdtemp(s->directory);
	}
	if (made && make_file(s, other))
		return MEMLOG_OK;
	sys = errno;
	s->q = NULL;
	if (made) {
		if (s->fd >= 0) {
			unlink(s->path);
			close(s->fd);
		}
		rmdir(s->directory);
	}
	ml_free(&q->alloc, s->path);
	ml_free(&q->alloc, s->directory);
	return ml_fail_errno(err, sys == ENOMEM ? MEMLOG_NO_MEMORY : MEMLOG_IO,
			     sys, "cannot create a temporary file");
}

void ml_qmp_save_fini(struct ml_qmp_save *s)
{
	if (!s->q)
		return;
	unlink(s->path);
	close(s->fd);
	rmdir(s->directory);
	ml_free(&s->q->alloc, s->path);
	ml_free(&s->q->alloc, s->directory);
	ml_qmp_close(s->q);
	s->q = NULL;
}

enum memlog_status ml_qmp_save_range(struct ml_qmp_save *s, uint64_t addr,
				     size_t len, struct memlog_err *err)
{
	json_object *args, *answer;
	enum memlog_status st;
	struct stat now;

	if (ftruncate(s->fd, 0))
		return ml_fail_errno(err, MEMLOG_IO, errno,
				     "cannot truncate a temporary file");
	args = json_object_new_object();
	json_object_object_add(args, "val",
			       json_object_new_int64((int64_t)addr));
	json_object_object_add(args, "size",
			       json_object_new_int64((int64_t)len));
	json_object_object_add(args, "filename",
			       json_object_new_string(s->path));
	st = ml_qmp_command(s->q, "pmemsave", args, ML_QMP_SAVE_MS, &answer,
			    err);
	if (st == MEMLOG_NO_DATA || st == MEMLOG_UNSUPPORTED)
		return ml_prefix(err, MEMLOG_IO,
				 "cannot read memory through "
				 "QEMU");
	if (st)
		return st;
	json_object_put(answer);
	if (fstat(s->fd, &now) || now.st_size < (off_t)len)
		return ml_fail_at(err, MEMLOG_IO, addr,
				  "QEMU reports that it saved memory, but not "
				  "to our file: it may run in a container or "
				  "chroot; try pid:N, as root");
	return MEMLOG_OK;
}

#endif
