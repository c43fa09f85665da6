/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* far.c - files of this machine whose bytes are on another one. */
#include "far.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/bytes.h"
#include "base/err.h"
#include "remote.h"

/* Not in linux/magic.h, or not in every release of it. */
enum {
	FAR_BEEGFS = 0x19830326,
	FAR_CIFS = 0xff534d42,
	FAR_GPFS = 0x47504653,
	FAR_LUSTRE = 0x0bd00bd0,
	FAR_SMB2 = 0xfe534d42,
};

static const uint32_t far_types[] = {
	NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  FAR_CIFS,	      FAR_SMB2,
	CEPH_SUPER_MAGIC, V9FS_MAGIC,	    FUSE_SUPER_MAGIC, AFS_SUPER_MAGIC,
	AFS_FS_MAGIC,	  CODA_SUPER_MAGIC, FAR_LUSTRE,	      FAR_GPFS,
	FAR_BEEGFS,
};

bool ml_far_is(int fd)
{
	struct statfs st;
	size_t i;

	if (fstatfs(fd, &st))
		return false;
	for (i = 0; i < sizeof(far_types) / sizeof(far_types[0]); i++)
		if ((uint32_t)st.f_type == far_types[i])
			return true;
	return false;
}

struct far {
	struct memlog_allocator alloc;
	struct ml_file file;
	int fd; /* the file's */
};

/* The kernel reads it in the meantime. */
static enum memlog_status far_start(void *self, struct ml_remote_request *r,
				    struct memlog_err *err)
{
	struct far *f = self;

	(void)err;
	(void)posix_fadvise(f->fd, (off_t)r->off, (off_t)r->len,
			    POSIX_FADV_WILLNEED);
	return MEMLOG_OK;
}

static enum memlog_status far_finish(void *self, struct ml_remote_request *r,
				     struct memlog_err *err)
{
	struct far *f = self;

	return f->file.ops->read(f->file.self, r->off, r->buf, r->len, &r->got,
				 err);
}

static enum memlog_status far_next_data(void *self, uint64_t off,
					struct memlog_range *ret,
					uint64_t *requests,
					struct memlog_err *err)
{
	struct far *f = self;

	(void)requests;
	return f->file.ops->next_data(f->file.self, off, ret, err);
}

static void far_close(void *self)
{
	struct far *f = self;
	struct memlog_allocator a = f->alloc;

	f->file.ops->close(f->file.self);
	ml_free(&a, f);
}

static const struct ml_remote_ops far_ops = {
	.start = far_start,
	.finish = far_finish,
	.next_data = far_next_data,
	.close = far_close,
};

enum memlog_status ml_far_open(int fd, struct ml_file *file,
			       const struct memlog_allocator *alloc,
			       struct ml_file *ret, struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	struct far *f = ml_calloc(&a, 1, sizeof(*f));
	enum memlog_status s;

	if (!f)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a file");
	*f = (struct far){ .alloc = a, .file = *file, .fd = fd };
	s = ml_remote_open(&far_ops, f, file->size, file->size, file->name,
			   alloc, ret, err);
	if (s)
		ml_free(&a, f);
	else
		*file = (struct ml_file){ 0 };
	return s;
}
