/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libwindow.c - small packed files that ask for a large window. Sources: RFC 8878; the
 * format of .xz. */
#include "libwindow.h"

#include <string.h>

#include "liblook.h"

#define BLOCK (128u << 10) /* bytes of the largest block of zstd */

static void le(uint8_t *p, uint64_t v, size_t len)
{
	for (; len; len--, v >>= 8)
		*p++ = (uint8_t)v;
}

/* A frame whose blocks are one byte each, repeated. */
size_t window_zstd(uint8_t *out, uint64_t window, uint64_t len)
{
	unsigned int log = 10;
	size_t n = 6;

	while (UINT64_C(2) << log <= window)
		log++;
	memcpy(out, "\x28\xb5\x2f\xfd\0", 5);
	out[5] = (uint8_t)((log - 10) << 3 |
			   (window - (UINT64_C(1) << log)) >> (log - 3));
	for (; len; len -= BLOCK, n += 4) {
		le(out + n, BLOCK << 3 | 1 << 1 | (len == BLOCK), 3);
		out[n + 3] = 0;
	}
	return n;
}

size_t window_zstd_late(uint8_t *out, uint64_t window, uint64_t len)
{
	size_t n = window_zstd(out, 1 << 20, BLOCK);

	return n + window_zstd(out + n, window, len);
}

#ifdef HAVE_LZMA
#include <lzma.h>

/* len zeros, or those bytes if p is not NULL, with that encoder. */
static size_t encode(lzma_stream *z, uint8_t *out, const uint8_t *p,
		     uint64_t len)
{
	static uint8_t zeros[1 << 20];
	lzma_ret r = LZMA_OK;
	size_t n;

	z->next_out = out;
	z->avail_out = 1 << 20;
	while (r == LZMA_OK) {
		if (!z->avail_in && len) {
			n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
			z->next_in = p ? p : zeros;
			z->avail_in = n;
			len -= n;
		}
		r = lzma_code(z, len || z->avail_in ? LZMA_RUN : LZMA_FINISH);
	}
	LOOK_CHECK(r == LZMA_STREAM_END);
	n = (size_t)z->total_out;
	lzma_end(z);
	return n;
}

/* A window in the byte that has it. */
static uint8_t window_bits(uint64_t window)
{
	uint8_t bits = 0;

	while (bits < 40 &&
	       (UINT64_C(2) | (bits & 1)) << (bits / 2 + 11) < window)
		bits++;
	return bits;
}

/* liblzma is asked for little; then the header of the block is changed. */
size_t window_xz(uint8_t *out, uint64_t window, uint64_t len)
{
	lzma_stream z = LZMA_STREAM_INIT;
	uint8_t *head = out + 12;
	size_t n;

	LOOK_CHECK(lzma_easy_encoder(&z, 0, LZMA_CHECK_CRC32) == LZMA_OK);
	n = encode(&z, out, NULL, len);
	/* one filter, LZMA2, with one byte of properties */
	LOOK_CHECK(!head[1] && head[2] == 0x21 && head[3] == 1);
	head[4] = window_bits(window);
	le(head + 4 * head[0], lzma_crc32(head, 4 * head[0], 0), 4);
	return n;
}

static size_t encode_raw(uint8_t *out, const uint8_t *p, uint64_t len)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	lzma_filter f[] = { { LZMA_FILTER_LZMA2, &o },
			    { LZMA_VLI_UNKNOWN, NULL } };

	LOOK_CHECK(!lzma_lzma_preset(&o, 0));
	LOOK_CHECK(lzma_raw_encoder(&z, f) == LZMA_OK);
	return encode(&z, out, p, len);
}

/* A number of four bytes. */
static size_t number(uint8_t *p, uint64_t v)
{
	p[0] = 0xe0 | (uint8_t)(v >> 24);
	le(p + 1, v, 3);
	return 4;
}

/* Streams: one of packed bytes at at, which unpack to len with that window. */
static size_t streams(uint8_t *p, uint64_t at, uint64_t packed, uint64_t len,
		      uint64_t window)
{
	size_t n = 0;

	p[n++] = 6;
	n += number(p + n, at);
	memcpy(p + n, "\1\11", 2);
	n += 2;
	n += number(p + n, packed);
	memcpy(p + n, "\0\7\13\1\0\1\x21\x21\1", 9);
	n += 9;
	p[n++] = window_bits(window);
	p[n++] = 12;
	n += number(p + n, len);
	/* one file in each block */
	memcpy(p + n, "\0\10\0\0", 4);
	return n + 4;
}

static size_t sevenzip_end(uint8_t *out, size_t at, size_t list)
{
	memcpy(out, "7z\xbc\xaf\x27\x1c\0\4", 8);
	le(out + 12, at - 32, 8);
	le(out + 20, list, 8);
	le(out + 28, lzma_crc32(out + at, list, 0), 4);
	le(out + 8, lzma_crc32(out + 12, 20, 0), 4);
	return at + list;
}

static size_t sevenzip(uint8_t *out, uint64_t window, uint64_t len,
		       uint64_t of_list, bool packed)
{
	/* a file of the name "v" */
	static const uint8_t files[] = { 5, 1, 17, 5, 0, 'v', 0, 0, 0, 0, 0 };
	size_t n = encode_raw(out + 32, NULL, len), i = 2, k;
	uint8_t list[128] = { 1, 4 };

	i += streams(list + i, 0, n, len, window);
	memcpy(list + i, files, sizeof(files));
	i += sizeof(files);
	if (!packed) {
		memcpy(out + 32 + n, list, i);
		return sevenzip_end(out, 32 + n, i);
	}
	k = encode_raw(out + 32 + n, list, i);
	out[32 + n + k] = 23;
	i = 1 + streams(out + 33 + n + k, n, k, i, of_list);
	return sevenzip_end(out, 32 + n + k, i);
}

size_t window_sevenzip(uint8_t *out, uint64_t window, uint64_t len)
{
	return sevenzip(out, window, len, 0, false);
}

size_t window_sevenzip_packed(uint8_t *out, uint64_t window, uint64_t len)
{
	return sevenzip(out, window, len, 1 << 20, true);
}

size_t window_sevenzip_list(uint8_t *out, uint64_t window, uint64_t len)
{
	(void)len;
	return sevenzip(out, 1 << 20, 1 << 20, window, true);
}

size_t window_xz_late(uint8_t *out, uint64_t window, uint64_t len)
{
	size_t n = window_xz(out, 256 << 10, 1 << 20);

	(void)len;
	return n + window_xz(out + n, window, 1 << 20);
}
#endif
