/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unxz.c - unpack .xz with liblzma, which libarchive calls without a limit on memory. */
#include "window.h"

#ifdef HAVE_LZMA
#include <lzma.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

/* What liblzma needs besides the window: tables, filters, and the index of blocks, which it
 * does not keep. */
#define BESIDES (1u << 20)

struct unxz {
	struct memlog_allocator alloc;
	lzma_allocator hook;
	lzma_stream z;
	const struct ml_file *file;
	uint64_t consumed, max;
	bool eof, ended;
	uint8_t in[65536];
};

static void *unxz_alloc(void *self, size_t n, size_t size)
{
	const struct memlog_allocator *a = self;
	size_t bytes;

	/* not zeroed: a window takes memory as it is filled */
	return __builtin_mul_overflow(n, size, &bytes) ?
		       NULL :
		       a->alloc(a->self, bytes ? bytes : 1);
}

static void unxz_free(void *self, void *p)
{
	ml_free(self, p);
}

static void unxz_destroy(void *self)
{
	struct unxz *x = self;
	struct memlog_allocator a = x->alloc;

	lzma_end(&x->z);
	ml_free(&a, x);
}

static enum memlog_status unxz_create(const struct ml_file *file, uint64_t from,
				      uint64_t max,
				      const struct memlog_allocator *alloc,
				      void **ret, struct memlog_err *err)
{
	struct unxz *x = ml_calloc(alloc, 1, sizeof(*x));

	if (!x)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	x->alloc = *alloc;
	x->hook = (lzma_allocator){ unxz_alloc, unxz_free, &x->alloc };
	x->z = (lzma_stream)LZMA_STREAM_INIT;
	x->z.allocator = &x->hook;
	x->file = file;
	x->consumed = from;
	x->max = max;
	if (lzma_stream_decoder(&x->z, max + ml_min(BESIDES, UINT64_MAX - max),
				LZMA_CONCATENATED) != LZMA_OK) {
		unxz_destroy(x);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	}
	*ret = x;
	return MEMLOG_OK;
}

static enum memlog_status unxz_refill(struct unxz *x, struct memlog_err *err)
{
	enum memlog_status s;
	size_t n;

	if (x->z.avail_in || x->eof)
		return MEMLOG_OK;
	s = ml_file_read_some(x->file, x->consumed, x->in, sizeof(x->in), &n,
			      err);
	if (s)
		return s;
	x->z.next_in = x->in;
	x->z.avail_in = n;
	x->consumed += n;
	x->eof = !n;
	return MEMLOG_OK;
}

static enum memlog_status unxz_fail(struct unxz *x, lzma_ret r,
				    struct memlog_err *err)
{
	uint64_t need;

	switch (r) {
	case LZMA_MEMLIMIT_ERROR:
		need = lzma_memusage(&x->z);
		return ml_window_fail(need > BESIDES ? need - BESIDES : need,
				      x->max, err);
	case LZMA_MEM_ERROR:
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	case LZMA_BUF_ERROR:
		return ml_fail(err, MEMLOG_CORRUPT, "it is truncated");
	case LZMA_OPTIONS_ERROR:
		return ml_fail(err, MEMLOG_CORRUPT,
			       "it needs a filter that is not known");
	default:
		return ml_fail(err, MEMLOG_CORRUPT, "no compressed data");
	}
}

static enum memlog_status unxz_read(void *self, uint8_t *buf, size_t len,
				    size_t *ret, struct memlog_err *err)
{
	struct unxz *x = self;
	enum memlog_status s = MEMLOG_OK;
	lzma_ret r;

	x->z.next_out = buf;
	x->z.avail_out = len;
	while (!s && x->z.avail_out && !x->ended) {
		s = unxz_refill(x, err);
		if (s)
			break;
		r = lzma_code(&x->z, x->eof ? LZMA_FINISH : LZMA_RUN);
		x->ended = r == LZMA_STREAM_END;
		if (r != LZMA_OK && r != LZMA_STREAM_END)
			s = unxz_fail(x, r, err);
	}
	*ret = len - x->z.avail_out;
	return s;
}

static uint64_t unxz_consumed(const void *self)
{
	return ((const struct unxz *)self)->consumed;
}

const struct ml_window_ops ml_unxz = {
	.create = unxz_create,
	.read = unxz_read,
	.consumed = unxz_consumed,
	.destroy = unxz_destroy,
};
#endif
