/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* captured.c - memory that is made of a file and what we put around it. */
#include "captured.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

struct captured {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	uint64_t at, size;
	struct ml_captured_piece *pieces;
	size_t n;
};

static enum memlog_status captured_file(const struct captured *c, uint64_t addr,
					void *buf, size_t len, size_t *ret,
					struct memlog_err *err)
{
	len = (size_t)ml_min(len, c->at + c->file->size - addr);
	return c->file->ops->read(c->file->self, addr - c->at, buf, len, ret,
				  err);
}

/* Zeros up to the next thing that is not, or the piece that is there. */
static size_t captured_around(const struct captured *c, uint64_t addr,
			      void *buf, size_t len)
{
	const struct ml_captured_piece *p;
	size_t i;

	if (addr < c->at)
		len = (size_t)ml_min(len, c->at - addr);
	len = (size_t)ml_min(len, c->size - addr);
	for (i = 0; i < c->n; i++) {
		p = &c->pieces[i];
		if (addr >= p->addr && addr - p->addr < p->len) {
			len = (size_t)ml_min(len, p->addr + p->len - addr);
			memcpy(buf, p->bytes + (addr - p->addr), len);
			return len;
		}
		if (p->addr > addr)
			len = (size_t)ml_min(len, p->addr - addr);
	}
	memset(buf, 0, len);
	return len;
}

static enum memlog_status captured_read(void *self, uint64_t addr, void *buf,
					size_t len, size_t *ret,
					struct memlog_err *err)
{
	const struct captured *c = self;
	enum memlog_status s = MEMLOG_OK;
	size_t got;

	for (*ret = 0; *ret < len && addr < c->size && !s; addr += got) {
		uint8_t *to = (uint8_t *)buf + *ret;

		if (addr >= c->at && addr - c->at < c->file->size) {
			s = captured_file(c, addr, to, len - *ret, &got, err);
			if (s || !got)
				break;
		} else {
			got = captured_around(c, addr, to, len - *ret);
		}
		*ret += got;
	}
	if (*ret && s == MEMLOG_NO_DATA)
		s = MEMLOG_OK;
	return !*ret && len && !s ? MEMLOG_NO_DATA : s;
}

static enum memlog_status captured_next(void *self, uint64_t addr,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	const struct captured *c = self;

	(void)err;
	if (addr >= c->size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr, c->size };
	return MEMLOG_OK;
}

void ml_captured_free(const struct memlog_allocator *alloc,
		      struct ml_captured_piece *pieces, size_t n)
{
	while (n)
		ml_free(alloc, pieces[--n].bytes);
	ml_free(alloc, pieces);
}

static void captured_close(void *self)
{
	struct captured *c = self;
	struct memlog_allocator alloc = c->alloc;

	ml_captured_free(&alloc, c->pieces, c->n);
	ml_free(&alloc, c);
}

static const struct memlog_reader_ops captured_ops = {
	.size = sizeof(captured_ops),
	.read = captured_read,
	.next_range = captured_next,
	.close = captured_close,
};

bool ml_captured_refused(const struct ml_file *file,
			 const struct memlog_open_opts *opts)
{
	return !file->size || file->size == UINT64_MAX ||
	       (opts && (opts->force_raw || opts->map || opts->raw_base));
}

enum memlog_status ml_captured_add(struct memlog_image *image,
				   const struct ml_file *file, uint64_t at,
				   uint64_t size,
				   struct ml_captured_piece *pieces, size_t n,
				   struct memlog_err *err)
{
	struct captured *c = ml_calloc(&image->alloc, 1, sizeof(*c));

	if (!c) {
		ml_captured_free(&image->alloc, pieces, n);
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a captured file");
	}
	*c = (struct captured){ image->alloc, file, at, size, pieces, n };
	ml_image_add_space(image, MEMLOG_PHYS, &captured_ops, c, 0, true);
	return MEMLOG_OK;
}
