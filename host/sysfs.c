/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysfs.c - read the OVMF log that a running kernel has in
 * /sys/firmware/efi. */
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The header in OvmfPkg/Include/Library/MemDebugLogLib.h: two magics, sizes of
 * header and text, lock, offsets of the oldest byte and of the next free one,
 * truncated, and 128 bytes of version. */
#define HEADER	 192u
#define MAX_TEXT ((2u << 20) - HEADER - 1)

struct text {
	const struct memlog_allocator *alloc;
	size_t size;
	uint8_t bytes[];
};

static enum memlog_status text_read(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct text *t = self;

	(void)err;
	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (addr >= t->size)
		return MEMLOG_NO_DATA;
	*ret = len < t->size - addr ? len : t->size - (size_t)addr;
	memcpy(buf, t->bytes + addr, *ret);
	return MEMLOG_OK;
}

static enum memlog_status text_next(void *self, uint64_t addr,
				    struct memlog_range *ret,
				    struct memlog_err *err)
{
	struct text *t = self;

	(void)err;
	if (addr >= t->size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ .start = addr, .end = t->size };
	return MEMLOG_OK;
}

static void text_close(void *self)
{
	struct text *t = self;

	t->alloc->release(t->alloc->self, t);
}

static const struct memlog_reader_ops text_ops = {
	.size = sizeof(text_ops),
	.page_size = 4096,
	.read = text_read,
	.next_range = text_next,
	.close = text_close,
};

static void sysfs_put64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void fill_header(uint8_t *p, uint64_t len)
{
	memset(p, 0, HEADER);
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	sysfs_put64(p + 0x10, HEADER);
	sysfs_put64(p + 0x18, len + 1); /* one byte of a ring is never used */
	sysfs_put64(p + 0x20, 1);	/* not locked */
	sysfs_put64(p + 0x30, len);
}

/* Read up to size bytes. Returns how many, or -1. */
static ssize_t read_all(int fd, uint8_t *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = read(fd, buf + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static enum memlog_status sysfs_fail(struct memlog_err *err, const char *path)
{
	enum memlog_status s = errno == ENOENT ? MEMLOG_NO_DATA : MEMLOG_IO;

	if (err) {
		*err = (struct memlog_err){ .status = s, .sys = errno };
		snprintf(err->text, sizeof(err->text), "%s: %s", path,
			 strerror(errno));
	}
	return s;
}

enum memlog_status host_sysfs_open(const char *path,
				   const struct memlog_allocator *alloc,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	struct text *t;
	enum memlog_status s;
	ssize_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return sysfs_fail(err, path);
	t = alloc->alloc(alloc->self, sizeof(*t) + HEADER + MAX_TEXT + 1);
	if (!t) {
		close(fd);
		errno = ENOMEM;
		return sysfs_fail(err, path);
	}
	len = read_all(fd, t->bytes + HEADER, MAX_TEXT);
	if (len < 0) {
		s = sysfs_fail(err, path);
		close(fd);
		alloc->release(alloc->self, t);
		return s;
	}
	close(fd);
	fill_header(t->bytes, (uint64_t)len);
	t->bytes[HEADER + len] = 0;
	t->alloc = alloc;
	t->size = HEADER + (size_t)len + 1;
	s = memlog_image_wrap(&text_ops, t, MEMLOG_FILE, path, alloc, ret, err);
	if (s)
		alloc->release(alloc->self, t);
	return s;
}
