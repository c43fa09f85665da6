/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file.c - access the bytes of a file, with mmap or pread.
 *
 * A mapped file that shrinks raises SIGBUS on access: a caller that cannot rule
 * that out sets no_mmap or installs a guard (see struct memlog_open_opts).
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/fs.h>
#endif

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "far.h"

/* Of headers: more than is in most files. */
enum { FILE_HEAD = 64 << 10 };

struct fd_file {
	struct memlog_allocator alloc;
	char *name;
	const uint8_t *map; /* NULL: not mapped */
	size_t map_len;
	uint64_t size; /* UINT64_MAX: unknown */
	int fd;	       /* -1: memory */
	bool regular;
	bool seek_data;		  /* use SEEK_DATA and SEEK_HOLE */
	bool random;		  /* the kernel reads nothing ahead */
	struct memlog_range data; /* last result: a dump may have a
					 * million headers in one range */
};

/* Did a regular file shrink since it was opened? Bytes that are missing then
 * are neither a hole nor the end of the file. */
static bool file_is_shorter(const struct fd_file *f)
{
	struct stat st;

	return f->regular && f->size != UINT64_MAX && !fstat(f->fd, &st) &&
	       (uint64_t)st.st_size < f->size;
}

static enum memlog_status file_shrunk(struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_IO,
		       "the file became shorter while it was read; wait until "
		       "it is written, or copy it first");
}

static enum memlog_status read_fd(struct fd_file *f, uint64_t off, uint8_t *buf,
				  size_t len, size_t *ret,
				  struct memlog_err *err)
{
	ssize_t n;

	while (len && off <= INT64_MAX) {
		n = pread(f->fd, buf, ml_min(len, SSIZE_MAX), (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		/* what comes before it can be read */
		if (n < 0 && *ret)
			break;
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read at offset 0x%llx",
					     (unsigned long long)off);
		if (!n)
			break;
		buf += n;
		off += (uint64_t)n;
		len -= (size_t)n;
		*ret += (size_t)n;
	}
	return MEMLOG_OK;
}

/* The most that one request to read ahead is sure to be met for. */
enum { WANTED = 128 << 10 };

/* The most that is asked for before it is looked at. */
#define MOST_WANTED (UINT64_C(64) << 20)

/* Have the kernel read a part of the file at once, rather than page by page. */
static void file_want(const struct fd_file *f, uint64_t off, uint64_t len)
{
	uint64_t n;

	if (!f->random || len <= ML_PAGE)
		return;
	for (len = ml_min(len, MOST_WANTED); len; off += n, len -= n) {
		n = ml_min(len, WANTED);
		(void)posix_fadvise(f->fd, (off_t)off, (off_t)n,
				    POSIX_FADV_WILLNEED);
	}
}

static enum memlog_status file_read(void *self, uint64_t off, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct fd_file *f = self;
	enum memlog_status s;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (off < f->size) {
		len = ml_min(len, f->size - off);
		if (f->map) {
			file_want(f, off, len);
			memcpy(buf, f->map + off, len);
			*ret = len;
			return MEMLOG_OK;
		}
		s = read_fd(f, off, buf, len, ret, err);
		if (!s && *ret < len && file_is_shorter(f))
			s = file_shrunk(err);
		if (s || *ret)
			return s;
	}
	return ml_fail_at(err, MEMLOG_NO_DATA, off,
			  "the file ends before offset 0x%llx",
			  (unsigned long long)off);
}

static enum memlog_status file_next_range(void *self, uint64_t off,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	struct fd_file *f = self;

	(void)err;
	if (off >= f->size)
		return MEMLOG_NO_DATA;
	ret->start = off;
	ret->end = f->size;
	return MEMLOG_OK;
}

static enum memlog_status file_next_data(void *self, uint64_t off,
					 struct memlog_range *ret,
					 struct memlog_err *err)
{
	struct fd_file *f = self;
	off_t data, hole;

	if (off >= f->size)
		return MEMLOG_NO_DATA;
	ret->start = off;
	ret->end = f->size;
	if (!f->seek_data || off > INT64_MAX)
		return MEMLOG_OK;
	if (off >= f->data.start && off < f->data.end) {
		ret->end = f->data.end;
		return MEMLOG_OK;
	}
	data = lseek(f->fd, (off_t)off, SEEK_DATA);
	if (data < 0 && errno == ENXIO) /* a hole up to the end of file */
		return file_is_shorter(f) ? file_shrunk(err) : MEMLOG_NO_DATA;
	if (data < (off_t)off) /* unsupported: assume data */
		return MEMLOG_OK;
	hole = lseek(f->fd, data, SEEK_HOLE);
	ret->start = (uint64_t)data;
	if (hole > data)
		ret->end = ml_min((uint64_t)hole, f->size);
	if (ret->start >= ret->end)
		return file_next_range(f, off, ret, err);
	f->data = *ret;
	return MEMLOG_OK;
}

static enum memlog_status file_map(void *self, uint64_t off, size_t len,
				   const uint8_t **ret_ptr, size_t *ret,
				   struct memlog_err *err)
{
	struct fd_file *f = self;

	if (!f->map)
		return MEMLOG_UNSUPPORTED;
	if (off >= f->size || !len)
		return ml_fail_at(err, MEMLOG_NO_DATA, off,
				  "the file ends before offset 0x%llx",
				  (unsigned long long)off);
	*ret_ptr = f->map + off;
	*ret = ml_min(len, f->size - off);
	file_want(f, off, *ret);
	return MEMLOG_OK;
}

static void file_close(void *self)
{
	struct fd_file *f = self;
	struct memlog_allocator a = f->alloc;

	if (f->fd >= 0) {
		if (f->map)
			munmap((void *)(uintptr_t)f->map, f->map_len);
		close(f->fd);
	}
	ml_free(&a, f->name);
	ml_free(&a, f);
}

static const struct memlog_reader_ops file_ops = {
	.size = sizeof(file_ops),
	.read = file_read,
	.next_range = file_next_range,
	.map = file_map,
	.close = file_close,
	.next_data = file_next_data,
};

static void file_advise(struct fd_file *f, bool random)
{
	if (f->fd < 0 || f->random == random)
		return;
	f->random = random;
	if (f->map)
		(void)madvise((void *)(uintptr_t)f->map, f->map_len,
			      random ? MADV_RANDOM : MADV_NORMAL);
	(void)posix_fadvise(f->fd, 0, 0,
			    random ? POSIX_FADV_RANDOM : POSIX_FADV_NORMAL);
}

/* All formats look at the head of a file. What the kernel would read ahead of it may be
 * more than all that is needed. */
static void file_want_head(const struct fd_file *f)
{
	if (f->regular)
		(void)posix_fadvise(f->fd, 0, FILE_HEAD, POSIX_FADV_WILLNEED);
}

static enum memlog_status file_create(const char *name,
				      const struct memlog_allocator *alloc,
				      struct fd_file **ret,
				      struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	struct fd_file *f = ml_calloc(&a, 1, sizeof(*f));

	if (f)
		f->name = ml_strdup(&a, name);
	if (!f || !f->name) {
		ml_free(&a, f);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a file");
	}
	f->alloc = a;
	f->fd = -1;
	*ret = f;
	return MEMLOG_OK;
}

static void file_fill(struct ml_file *ret, struct fd_file *f)
{
	*ret = (struct ml_file){ &file_ops, f, f->size, f->name, NULL, NULL };
}

/* Character devices have no size. Refuse one without bytes (/dev/null), and one
 * without an end (/dev/zero), which would be searched forever. */
static enum memlog_status measure_device(struct fd_file *f,
					 struct memlog_err *err)
{
	char c;

	if (pread(f->fd, &c, 1, 0) == 0)
		return ml_fail(err, MEMLOG_NOT_MINE, "is an empty device");
	if (pread(f->fd, &c, 1, INT64_MAX - ML_PAGE) == 1)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "is an endless device, not memory");
	return MEMLOG_OK;
}

/* Set the size of a file. Devices such as /dev/mem have none (UINT64_MAX): they
 * end where a read fails. */
static enum memlog_status file_measure(struct fd_file *f,
				       struct memlog_err *err)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return ml_fail_errno(err, MEMLOG_IO, errno, "cannot stat");
	f->size = UINT64_MAX;
	if (S_ISREG(st.st_mode)) {
		f->regular = true;
		f->size = (uint64_t)st.st_size;
		f->seek_data = true;
		/* files in /proc and /sys may have bytes but size 0 */
		if (!f->size && st.st_blocks == 0) {
			char c;

			if (pread(f->fd, &c, 1, 0) == 1)
				f->size = UINT64_MAX;
		}
		return MEMLOG_OK;
	}
#ifdef BLKGETSIZE64
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(f->fd, BLKGETSIZE64, &f->size))
			f->size = UINT64_MAX;
		return MEMLOG_OK;
	}
#endif
	if (S_ISCHR(st.st_mode) && lseek(f->fd, 0, SEEK_CUR) >= 0)
		return measure_device(f, err);
	return ml_fail(err, MEMLOG_NOT_MINE, "is %s, not a file",
		       S_ISDIR(st.st_mode) ? "a directory" :
					     "a pipe, socket or terminal");
}

enum memlog_status ml_file_open_fd(int fd, const char *name,
				   const struct memlog_open_opts *opts,
				   struct ml_file *ret, struct memlog_err *err)
{
	const struct memlog_allocator *alloc = opts ? opts->allocator : NULL;
	struct ml_file file;
	struct fd_file *f;
	enum memlog_status s;
	void *p;

	s = file_create(name, alloc, &f, err);
	if (s)
		return s;
	f->fd = fd;
	s = file_measure(f, err);
	if (s) {
		f->fd = -1; /* the caller keeps it */
		file_close(f);
		return s;
	}
	if (f->regular && f->size != UINT64_MAX && ml_far_is(fd)) {
		file_fill(&file, f);
		s = ml_far_open(fd, &file, alloc, ret, err);
		if (s) {
			f->fd = -1;
			file_close(f);
		}
		return s;
	}
	if (!(opts && opts->no_mmap) && f->size && f->size <= SIZE_MAX / 4) {
		p = mmap(NULL, (size_t)f->size, PROT_READ, MAP_SHARED, fd, 0);
		if (p != MAP_FAILED) {
			f->map = p;
			f->map_len = (size_t)f->size;
		}
	}
	file_want_head(f);
	file_fill(ret, f);
	return MEMLOG_OK;
}

/* ENXIO is what open() says of a socket, and of a device that is gone. */
static enum memlog_status file_no_open(const char *path, int sys,
				       struct memlog_err *err)
{
	struct stat st;

	if (sys != ENXIO || stat(path, &st) || !S_ISSOCK(st.st_mode))
		return ml_fail_errno(err, MEMLOG_IO, sys, "%s", "");
	(void)ml_fail(err, MEMLOG_IO, "is a socket, not a file");
	if (err)
		err->sys = sys;
	return MEMLOG_IO;
}

enum memlog_status ml_file_open(const char *path,
				const struct memlog_open_opts *opts,
				struct ml_file *ret, struct memlog_err *err)
{
	enum memlog_status s;
	int fd, flags;

	/* O_NONBLOCK: do not wait for the writer of a FIFO */
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return file_no_open(path, errno, err);
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	s = ml_file_open_fd(fd, path, opts, ret, err);
	if (s)
		close(fd);
	return s;
}

enum memlog_status ml_file_memory(const void *bytes, size_t len,
				  const char *name,
				  const struct memlog_allocator *alloc,
				  struct ml_file *ret, struct memlog_err *err)
{
	struct fd_file *f;
	enum memlog_status s = file_create(name, alloc, &f, err);

	if (s)
		return s;
	f->map = bytes;
	f->map_len = len;
	f->size = len;
	file_fill(ret, f);
	return MEMLOG_OK;
}

void ml_file_close(struct ml_file *file)
{
	if (file && file->ops && file->ops->close)
		file->ops->close(file->self);
	if (file)
		*file = (struct ml_file){ 0 };
}

bool ml_file_is_slow(const struct ml_file *file)
{
	for (; file; file = file->lower)
		if (file->ops && file->ops->flags & MEMLOG_READER_SLOW)
			return true;
	return false;
}

void ml_file_advise(const struct ml_file *file, bool random)
{
	for (; file; file = file->lower)
		if (file->ops == &file_ops)
			file_advise(file->self, random);
}

bool ml_file_is_device(const struct ml_file *file)
{
	return file->ops == &file_ops &&
	       !((const struct fd_file *)file->self)->regular;
}

bool ml_file_is_mapped(const struct ml_file *file)
{
	return file->ops == &file_ops &&
	       ((const struct fd_file *)file->self)->map;
}

enum memlog_status ml_file_check(const struct ml_file *file,
				 struct memlog_err *err)
{
	for (; file; file = file->lower)
		if (file->ops == &file_ops && file_is_shorter(file->self))
			return file_shrunk(err);
	return MEMLOG_OK;
}

enum memlog_status ml_file_next_data(const struct ml_file *file, uint64_t off,
				     struct memlog_range *ret,
				     struct memlog_err *err)
{
	if (file->ops->next_data)
		return file->ops->next_data(file->self, off, ret, err);
	if (file->ops->next_range)
		return file->ops->next_range(file->self, off, ret, err);
	/* memory of a caller, which does not know where it is */
	if (off >= file->size)
		return ml_fail_at(err, MEMLOG_NO_DATA, off, "nothing follows");
	*ret = (struct memlog_range){ off, file->size };
	return MEMLOG_OK;
}

enum memlog_status ml_file_read_some(const struct ml_file *file, uint64_t off,
				     void *buf, size_t len, size_t *ret,
				     struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t *p = buf;
	size_t got;

	for (*ret = 0; *ret < len; *ret += got) {
		s = file->ops->read(file->self, off + *ret, p + *ret,
				    len - *ret, &got, err);
		if (s == MEMLOG_NO_DATA || (!s && !got))
			break;
		if (s)
			return s;
	}
	return MEMLOG_OK;
}
