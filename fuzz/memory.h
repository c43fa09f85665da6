/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.h - an image whose memory is the input, from an address on. */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <string.h>

#include "liblook.h"

/* Set base, p and len. */
struct fuzz_memory {
	uint64_t base;
	const uint8_t *p;
	size_t len;
	uint64_t read; /* bytes that were read, each as often as it was */
};

static enum memlog_status fuzz_memory_read(void *self, uint64_t addr, void *buf,
					   size_t len, size_t *ret,
					   struct memlog_err *err)
{
	struct fuzz_memory *m = self;
	uint64_t left;

	(void)err;
	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (addr < m->base || addr - m->base >= m->len)
		return MEMLOG_NO_DATA;
	left = m->len - (addr - m->base);
	*ret = left < len ? (size_t)left : len;
	memcpy(buf, m->p + (addr - m->base), *ret);
	m->read += *ret;
	return MEMLOG_OK;
}

static enum memlog_status fuzz_memory_next(void *self, uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct fuzz_memory *m = self;

	(void)err;
	if (!m->len || addr >= m->base + m->len)
		return MEMLOG_NO_DATA;
	ret->start = addr > m->base ? addr : m->base;
	ret->end = m->base + m->len;
	return MEMLOG_OK;
}

/* m stays until the image is closed. */
static struct memlog_image *fuzz_memory_image(struct fuzz_memory *m,
					      const struct look_memory *from)
{
	static const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.page_size = 4096,
		.read = fuzz_memory_read,
		.next_range = fuzz_memory_next,
	};
	struct memlog_image *image;

	LOOK_CHECK(!memlog_image_wrap(&ops, m, MEMLOG_PHYS, "fuzz",
				      &from->alloc, &image, NULL));
	return image;
}

#endif
