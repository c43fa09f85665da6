/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unzstd.c - unpack .zst with libzstd, for windows that libarchive does not allow. Source
 * of what is said of one: RFC 8878. */
#include "window.h"

#ifdef HAVE_ZSTD
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

#define HEADER 18u /* bytes of the longest header of a frame */

struct unzstd {
	struct memlog_allocator alloc;
	ZSTD_DStream *z;
	const struct ml_file *file;
	uint64_t consumed, max;
	ZSTD_inBuffer left;
	bool within, eof; /* within: a frame has begun and not ended */
	uint64_t window;  /* that this frame asks for; 0: unknown */
	uint8_t in[65536];
};

static void unzstd_destroy(void *self)
{
	struct unzstd *u = self;
	struct memlog_allocator a = u->alloc;

	ZSTD_freeDStream(u->z);
	ml_free(&a, u);
}

/* The smallest power of two that is not less, as an exponent that libzstd takes. */
static int unzstd_log(uint64_t max)
{
	const ZSTD_bounds b = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	int n = b.lowerBound;

	while (n < b.upperBound && UINT64_C(1) << n < max)
		n++;
	return n;
}

static enum memlog_status unzstd_create(const struct ml_file *file,
					uint64_t from, uint64_t max,
					const struct memlog_allocator *alloc,
					void **ret, struct memlog_err *err)
{
	struct unzstd *u = ml_calloc(alloc, 1, sizeof(*u));

	if (!u)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	u->alloc = *alloc;
	u->z = ZSTD_createDStream();
	u->file = file;
	u->consumed = from;
	u->max = max;
	if (!u->z || ZSTD_isError(ZSTD_DCtx_setParameter(
			     u->z, ZSTD_d_windowLogMax, unzstd_log(max)))) {
		unzstd_destroy(u);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	}
	*ret = u;
	return MEMLOG_OK;
}

/* The window of the frame whose first len bytes these are; 0: they do not tell. */
static uint64_t unzstd_window(const uint8_t *p, size_t len)
{
	static const uint8_t ids[] = { 0, 1, 2, 4 };
	static const char magic[] = "\x28\xb5\x2f\xfd";
	uint64_t base;
	size_t at = 5;

	if (len < HEADER || memcmp(p, magic, 4) != 0)
		return 0;
	if (!(p[4] & 0x20)) {
		base = UINT64_C(1) << (10 + (p[5] >> 3));
		return base + base / 8 * (p[5] & 7);
	}
	/* all of the content, whose size follows */
	at += ids[p[4] & 3];
	switch (p[4] >> 6) {
	case 0:
		return p[at];
	case 1:
		return 256u + ml_le16(p + at);
	case 2:
		return ml_le32(p + at);
	}
	return ml_le64(p + at);
}

static enum memlog_status unzstd_refill(struct unzstd *u,
					struct memlog_err *err)
{
	size_t rest = u->left.size - u->left.pos, n = 0;
	enum memlog_status s;

	/* as much as the header of a frame */
	if (rest >= HEADER || u->eof || (u->within && rest))
		return MEMLOG_OK;
	memmove(u->in, u->in + u->left.pos, rest);
	s = ml_file_read_some(u->file, u->consumed, u->in + rest,
			      sizeof(u->in) - rest, &n, err);
	if (s)
		return s;
	u->left = (ZSTD_inBuffer){ u->in, rest + n, 0 };
	u->consumed += n;
	u->eof = !n;
	return MEMLOG_OK;
}

static enum memlog_status unzstd_fail(const struct unzstd *u, size_t r,
				      struct memlog_err *err)
{
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return ml_window_fail(u->window, u->max, err);
	case ZSTD_error_memory_allocation:
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	default:
		return ml_fail(err, MEMLOG_CORRUPT, "%s", ZSTD_getErrorName(r));
	}
}

/* Unpack some more, or begin the next frame. */
static enum memlog_status unzstd_step(struct unzstd *u, ZSTD_outBuffer *out,
				      struct memlog_err *err)
{
	size_t r;

	if (!u->within) {
		u->window = unzstd_window(u->in + u->left.pos,
					  u->left.size - u->left.pos);
		if (u->window > u->max)
			return ml_window_fail(u->window, u->max, err);
	}
	r = ZSTD_decompressStream(u->z, out, &u->left);
	if (ZSTD_isError(r))
		return unzstd_fail(u, r, err);
	u->within = r != 0;
	return MEMLOG_OK;
}

static enum memlog_status unzstd_read(void *self, uint8_t *buf, size_t len,
				      size_t *ret, struct memlog_err *err)
{
	ZSTD_outBuffer out = { buf, len, 0 };
	struct unzstd *u = self;
	enum memlog_status s = MEMLOG_OK;
	size_t before;

	while (!s && out.pos < len) {
		s = unzstd_refill(u, err);
		if (s || (u->left.pos == u->left.size && !u->within))
			break;
		before = out.pos + u->left.pos;
		s = unzstd_step(u, &out, err);
		if (!s && u->within && u->eof &&
		    out.pos + u->left.pos == before)
			s = ml_fail(err, MEMLOG_CORRUPT, "it is truncated");
	}
	*ret = out.pos;
	return s;
}

static uint64_t unzstd_consumed(const void *self)
{
	return ((const struct unzstd *)self)->consumed;
}

const struct ml_window_ops ml_unzstd = {
	.create = unzstd_create,
	.read = unzstd_read,
	.consumed = unzstd_consumed,
	.destroy = unzstd_destroy,
};
#endif
