/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture.c - keep parts of a stream, in memory or in a temporary file. */
#include "capture.h"

#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "spool.h"

/* Pieces are sorted and do not overlap. bytes is NULL once it is in the
 * file. */
struct piece {
	uint64_t off, len;
	uint8_t *bytes;
};

struct ml_capture {
	struct memlog_allocator alloc;
	const char *tmpdir;
	struct piece *pieces;
	size_t n, cap;
	uint64_t total;
	int fd;	       /* -1: all is in memory */
	uint64_t size; /* of the stream, once it has ended */
};

enum memlog_status ml_capture_create(const struct memlog_allocator *alloc,
				     const char *tmpdir,
				     struct ml_capture **ret,
				     struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	struct ml_capture *c = ml_calloc(&a, 1, sizeof(*c));

	if (!c)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to keep logs");
	c->alloc = a;
	c->tmpdir = tmpdir;
	c->fd = -1;
	*ret = c;
	return MEMLOG_OK;
}

void ml_capture_destroy(struct ml_capture *c)
{
	struct memlog_allocator a;
	size_t i;

	if (!c)
		return;
	a = c->alloc;
	for (i = 0; i < c->n; i++)
		ml_free(&a, c->pieces[i].bytes);
	ml_free(&a, c->pieces);
	if (c->fd >= 0)
		close(c->fd);
	ml_free(&a, c);
}

/* The first piece that ends after off. */
static size_t capture_find(const struct ml_capture *c, uint64_t off)
{
	size_t lo = 0, hi = c->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (c->pieces[mid].off + c->pieces[mid].len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool ml_capture_has(const struct ml_capture *c, uint64_t off)
{
	size_t i = capture_find(c, off);

	return i < c->n && c->pieces[i].off <= off;
}

static enum memlog_status capture_spill(struct ml_capture *c,
					struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	s = ml_spool_create(c->tmpdir, &c->fd, err);
	for (i = 0; i < c->n && !s; i++) {
		struct piece *p = &c->pieces[i];

		s = ml_spool_write(c->fd, p->off, p->bytes, (size_t)p->len,
				   err);
		if (s)
			break;
		ml_free(&c->alloc, p->bytes);
		p->bytes = NULL;
	}
	return s;
}

/* Insert a piece, which overlaps no other, before pieces[at]. */
static enum memlog_status capture_insert(struct ml_capture *c, size_t at,
					 uint64_t off, const uint8_t *bytes,
					 size_t len, struct memlog_err *err)
{
	struct piece p = { .off = off, .len = len };
	struct piece *prev = at ? &c->pieces[at - 1] : NULL;
	enum memlog_status s;

	if (c->fd < 0 && c->total + len > ML_CAPTURE_MEMORY) {
		s = capture_spill(c, err);
		if (s)
			return s;
	}
	c->total += len;
	if (c->fd >= 0) {
		s = ml_spool_write(c->fd, off, bytes, len, err);
		if (s)
			return s;
		if (prev && !prev->bytes && prev->off + prev->len == off) {
			prev->len += len;
			return MEMLOG_OK;
		}
	} else {
		p.bytes = ml_calloc(&c->alloc, len, 1);
		if (!p.bytes)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory to keep %zu byte%s", len,
				       ml_s(len));
		memcpy(p.bytes, bytes, len);
	}
	s = ml_grow(&c->alloc, &c->pieces, c->n, &c->cap, sizeof(*c->pieces),
		    err);
	if (s) {
		ml_free(&c->alloc, p.bytes);
		return s;
	}
	memmove(&c->pieces[at + 1], &c->pieces[at],
		(c->n - at) * sizeof(*c->pieces));
	c->pieces[at] = p;
	c->n++;
	return MEMLOG_OK;
}

enum memlog_status ml_capture_add(struct ml_capture *c, uint64_t off,
				  const uint8_t *bytes, size_t len,
				  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t n;
	size_t at;

	while (len && !s) {
		at = capture_find(c, off);
		if (at < c->n && c->pieces[at].off <= off) {
			/* kept already */
			n = ml_min(len,
				   c->pieces[at].off + c->pieces[at].len - off);
		} else {
			n = at < c->n ? ml_min(len, c->pieces[at].off - off) :
					len;
			s = capture_insert(c, at, off, bytes, (size_t)n, err);
		}
		off += n;
		bytes += n;
		len -= (size_t)n;
	}
	return s;
}

uint64_t ml_capture_bytes(const struct ml_capture *c)
{
	return c->total;
}

bool ml_capture_spilled(const struct ml_capture *c)
{
	return c->fd >= 0;
}

/* ---- as a file ---------------------------------------------------------- */

static enum memlog_status capture_read(void *self, uint64_t addr, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	struct ml_capture *c = self;
	const struct piece *p;
	ssize_t n;
	size_t at;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	at = capture_find(c, addr);
	if (at == c->n || c->pieces[at].off > addr)
		return ml_fail_at(err, MEMLOG_NO_DATA, addr,
				  "not kept when the input was read");
	p = &c->pieces[at];
	len = ml_min(len, p->off + p->len - addr);
	if (p->bytes) {
		memcpy(buf, p->bytes + (addr - p->off), len);
		*ret = len;
		return MEMLOG_OK;
	}
	n = pread(c->fd, buf, len, (off_t)addr);
	if (n <= 0)
		return ml_fail_at(err, MEMLOG_IO, addr,
				  "cannot read the temporary file");
	*ret = (size_t)n;
	return MEMLOG_OK;
}

static enum memlog_status capture_next_range(void *self, uint64_t addr,
					     struct memlog_range *ret,
					     struct memlog_err *err)
{
	struct ml_capture *c = self;

	if (addr >= c->size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr, c->size };
	return MEMLOG_OK;
}

static enum memlog_status capture_next_data(void *self, uint64_t addr,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	struct ml_capture *c = self;
	size_t at = capture_find(c, addr);

	if (at == c->n)
		return MEMLOG_NO_DATA;
	ret->start = ml_max(c->pieces[at].off, addr);
	ret->end = c->pieces[at].off + c->pieces[at].len;
	/* pieces that touch are one range */
	while (++at < c->n && c->pieces[at].off == ret->end)
		ret->end += c->pieces[at].len;
	return MEMLOG_OK;
}

static void capture_close(void *self)
{
	ml_capture_destroy(self);
}

static const struct memlog_reader_ops capture_ops = {
	.size = sizeof(capture_ops),
	.read = capture_read,
	.next_range = capture_next_range,
	.close = capture_close,
	.next_data = capture_next_data,
};

void ml_capture_file(struct ml_capture *c, const char *name, uint64_t size,
		     struct ml_file *ret)
{
	c->size = size;
	*ret = (struct ml_file){
		.ops = &capture_ops, .self = c, .size = size, .name = name
	};
}
