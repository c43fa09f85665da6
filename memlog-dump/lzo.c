/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lzo.c - expand LZO pages of kdump-compressed dumps. liblzo2 is GPL, so the
 * library does not link it, only this program. */
#include "dump.h"

#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>

/* The largest block that the library supports, in bytes. */
#define LZO_BLOCK (1u << 20)

static void *lzo_create(const struct memlog_allocator *alloc)
{
	(void)alloc;
	return lzo_init() == LZO_E_OK ? malloc(LZO_BLOCK) : NULL;
}

/* LZO cannot stop early: expand the whole page, and return its start. */
static enum memlog_status lzo_expand(void *state, const uint8_t *in,
				     size_t in_len, uint8_t *out,
				     size_t out_len, size_t *ret)
{
	lzo_uint len = LZO_BLOCK;

	*ret = 0;
	if (lzo1x_decompress_safe(in, in_len, state, &len, NULL) != LZO_E_OK)
		return MEMLOG_CORRUPT;
	*ret = len < out_len ? len : out_len;
	memcpy(out, state, *ret);
	return MEMLOG_OK;
}

/*
 * A stream that begins with a run of literals has their number n in the first
 * byte: n + 17 if it is 18 or more, n - 3 if it is 1 to 15. After 0, each
 * further 0 adds 255, and the next byte adds itself plus 15. Source: the
 * description of the stream in Linux, Documentation/staging/lzo.rst.
 */
static size_t lzo_literal(const uint8_t *in, size_t in_len, const uint8_t **ret)
{
	size_t pos = 1, n;

	if (!in_len || in[0] == 16 || in[0] == 17)
		return 0;
	n = in[0] > 17 ? in[0] - 17u : in[0] + 3u;
	if (!in[0]) {
		for (; pos < in_len && !in[pos]; pos++)
			n += 255;
		if (pos == in_len)
			return 0;
		n += 15u + in[pos++];
	}
	*ret = in + pos;
	return n <= in_len - pos ? n : 0;
}

static const struct memlog_codec lzo_codec = {
	.size = sizeof(lzo_codec),
	.name = "lzo",
	.create = lzo_create,
	.destroy = free,
	.expand = lzo_expand,
	.literal = lzo_literal,
	.threads = true,
};

const struct memlog_codec *const dump_codecs[] = { &lzo_codec, NULL };
#else
const struct memlog_codec *const dump_codecs[] = { NULL };
#endif
