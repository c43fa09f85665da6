/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec.c - expand the pages of a dump with zlib, zstd and snappy. */
#include "codec.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/open.h"

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif

/* ---- zlib --------------------------------------------------------------- */

struct zlib_state {
	struct memlog_allocator alloc;
	z_stream z;
};

static void *z_alloc(void *self, unsigned int count, unsigned int size)
{
	return ml_calloc(self, count, size);
}

static void z_release(void *self, void *p)
{
	ml_free(self, p);
}

static void *zlib_new(const struct memlog_allocator *alloc, int window)
{
	struct zlib_state *st = ml_calloc(alloc, 1, sizeof(*st));

	if (!st)
		return NULL;
	st->alloc = *alloc;
	st->z.zalloc = z_alloc;
	st->z.zfree = z_release;
	st->z.opaque = &st->alloc;
	/* zlib allocates the window when it needs it, which may be in another thread;
	 * a dictionary, which is forgotten at once, needs it now */
	if (inflateInit2(&st->z, -MAX_WBITS) == Z_OK) {
		if (inflateSetDictionary(&st->z, (const uint8_t *)"", 1) ==
			    Z_OK &&
		    inflateReset2(&st->z, window) == Z_OK)
			return st;
		inflateEnd(&st->z);
	}
	ml_free(alloc, st);
	return NULL;
}

static void *zlib_create(const struct memlog_allocator *alloc)
{
	return zlib_new(alloc, MAX_WBITS);
}

/* Without a header, or with one. */
static void *deflate_create(const struct memlog_allocator *alloc)
{
	return zlib_new(alloc, -MAX_WBITS);
}

static void zlib_destroy(void *state)
{
	struct zlib_state *st = state;
	struct memlog_allocator a = st->alloc;

	inflateEnd(&st->z);
	ml_free(&a, st);
}

static enum memlog_status zlib_expand(void *state, const uint8_t *in,
				      size_t in_len, uint8_t *out,
				      size_t out_len, size_t *ret)
{
	z_stream *z = &((struct zlib_state *)state)->z;
	int r;

	inflateReset(z);
	z->next_in = (uint8_t *)(uintptr_t)in;
	z->avail_in = (unsigned int)in_len;
	z->next_out = out;
	z->avail_out = (unsigned int)out_len;
	r = inflate(z, Z_SYNC_FLUSH);
	*ret = out_len - z->avail_out;
	/* zlib verifies the checksum only at the end of the stream */
	if (z->avail_out)
		return r == Z_STREAM_END ? MEMLOG_OK : MEMLOG_CORRUPT;
	return r == Z_OK || r == Z_BUF_ERROR || r == Z_STREAM_END ?
		       MEMLOG_OK :
		       MEMLOG_CORRUPT;
}

/* A zlib header begins with 8 in the low four bits. Raw deflate would have a stored block
 * there, with a one in its padding, which nobody writes. RFC 1950, RFC 1951. */
static bool deflate_has_header(const uint8_t *in, size_t len)
{
	return len >= 2 && (in[0] & 15) == 8 && in[0] >> 4 <= 7 &&
	       ml_be16(in) % 31 == 0;
}

static enum memlog_status deflate_expand(void *state, const uint8_t *in,
					 size_t in_len, uint8_t *out,
					 size_t out_len, size_t *ret)
{
	inflateReset2(&((struct zlib_state *)state)->z,
		      deflate_has_header(in, in_len) ? MAX_WBITS : -MAX_WBITS);
	return zlib_expand(state, in, in_len, out, out_len, ret);
}

static const struct memlog_codec zlib_codec = {
	.size = sizeof(zlib_codec),
	.name = "zlib",
	.create = zlib_create,
	.destroy = zlib_destroy,
	.expand = zlib_expand,
	.threads = true,
};

static const struct memlog_codec deflate_codec = {
	.size = sizeof(deflate_codec),
	.name = "deflate",
	.create = deflate_create,
	.destroy = zlib_destroy,
	.expand = deflate_expand,
};

const struct memlog_codec *memlog_codec_deflate(void)
{
	return &deflate_codec;
}

/* ---- zstd --------------------------------------------------------------- */

#ifdef HAVE_ZSTD
static void *zstd_create(const struct memlog_allocator *alloc)
{
	(void)alloc;
	return ZSTD_createDStream();
}

static void zstd_destroy(void *state)
{
	ZSTD_freeDStream(state);
}

/* A page is one block, and zstd returns nothing of a block before all of it is
 * expanded: the start of a page costs as much as the whole page. */
static enum memlog_status zstd_expand(void *state, const uint8_t *in,
				      size_t in_len, uint8_t *out,
				      size_t out_len, size_t *ret)
{
	ZSTD_inBuffer from = { in, in_len, 0 };
	ZSTD_outBuffer to = { out, out_len, 0 };
	size_t r, before;

	ZSTD_DCtx_reset(state, ZSTD_reset_session_only);
	/* pages are small: allow no window of more than 8 MiB */
	ZSTD_DCtx_setParameter(state, ZSTD_d_windowLogMax, 23);
	do {
		before = to.pos;
		r = ZSTD_decompressStream(state, &to, &from);
	} while (!ZSTD_isError(r) && r && to.pos < to.size &&
		 (from.pos < from.size || to.pos > before));
	*ret = to.pos;
	if (ZSTD_isError(r))
		return MEMLOG_CORRUPT;
	/* few frames have a checksum, but all must have an end */
	return to.pos == to.size || (!r && from.pos == from.size) ?
		       MEMLOG_OK :
		       MEMLOG_CORRUPT;
}

static const struct memlog_codec zstd_codec = {
	.size = sizeof(zstd_codec),
	.name = "zstd",
	.create = zstd_create,
	.destroy = zstd_destroy,
	.expand = zstd_expand,
	.threads = true,
};
#endif

/* ---- snappy ------------------------------------------------------------- */

#ifdef HAVE_SNAPPY
/* A page has at most ML_MAX_KDUMP_BLOCK bytes. snappy cannot stop early, so for
 * the start of a page the whole page is expanded. */
static enum memlog_status snappy_expand(void *state, const uint8_t *in,
					size_t in_len, uint8_t *out,
					size_t out_len, size_t *ret)
{
	const char *from = (const char *)in;
	enum memlog_status s = MEMLOG_CORRUPT;
	size_t len;
	char *all;

	(void)state;
	*ret = 0;
	if (snappy_uncompressed_length(from, in_len, &len) != SNAPPY_OK ||
	    len > ML_MAX_KDUMP_BLOCK)
		return MEMLOG_CORRUPT;
	if (len <= out_len) {
		if (snappy_uncompress(from, in_len, (char *)out, &len) !=
		    SNAPPY_OK)
			return MEMLOG_CORRUPT;
		*ret = len;
		return MEMLOG_OK;
	}
	all = malloc(len);
	if (!all)
		return MEMLOG_NO_MEMORY;
	if (snappy_uncompress(from, in_len, all, &len) == SNAPPY_OK) {
		memcpy(out, all, out_len);
		*ret = out_len;
		s = MEMLOG_OK;
	}
	free(all);
	return s;
}

/* The length of the page (a varint) is followed by a tag. In a tag of literals
 * the low two bits are 0, and the others are their number - 1; if that is 60 or
 * more, one to four bytes with the number follow. Source: snappy's
 * format_description. */
static size_t snappy_literal(const uint8_t *in, size_t in_len,
			     const uint8_t **ret)
{
	size_t pos = 0, n, more, i;

	while (pos < in_len && pos < 5 && in[pos] & 0x80)
		pos++;
	pos++;
	if (pos >= in_len || in[pos] & 3)
		return 0;
	n = in[pos++] >> 2;
	if (n >= 60) {
		more = n - 59;
		if (more > in_len - pos)
			return 0;
		for (n = 0, i = 0; i < more; i++)
			n |= (size_t)in[pos + i] << 8 * i;
		pos += more;
	}
	*ret = in + pos;
	return n + 1 <= in_len - pos ? n + 1 : 0;
}

static const struct memlog_codec snappy_codec = {
	.size = sizeof(snappy_codec),
	.name = "snappy",
	.expand = snappy_expand,
	.literal = snappy_literal,
	.threads = true,
};
#endif

const struct memlog_codec *const ml_codecs[] = {
	&zlib_codec,
#ifdef HAVE_ZSTD
	&zstd_codec,
#endif
#ifdef HAVE_SNAPPY
	&snappy_codec,
#endif
	NULL,
};

const struct memlog_codec *const *memlog_codecs(void)
{
	return ml_codecs;
}

struct memlog_open_opts
ml_with_codecs(const struct memlog_open_opts *opts,
	       const struct memlog_codec *list[ML_CODECS_MAX])
{
	struct memlog_open_opts o = ml_open_opts(opts);
	size_t i, n = 0;

	for (i = 0; ml_codecs[i]; i++)
		list[n++] = ml_codecs[i];
	for (i = 0; i < o.n_codecs && n < ML_CODECS_MAX; i++)
		list[n++] = o.codecs[i];
	o.codecs = list;
	o.n_codecs = n;
	return o;
}

enum memlog_status ml_codecs_check(const struct memlog_open_opts *opts,
				   struct memlog_err *err)
{
	struct memlog_open_opts o = ml_open_opts(opts);
	size_t own = sizeof(ml_codecs) / sizeof(ml_codecs[0]) - 1;

	if (o.n_codecs <= ML_CODECS_MAX - own)
		return MEMLOG_OK;
	return ml_fail(err, MEMLOG_LIMIT,
		       "%zu codecs are too many, %zu are allowed", o.n_codecs,
		       ML_CODECS_MAX - own);
}
