/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sevenzip.c - how much memory a 7z archive asks for.
 *
 * A header of 32 bytes tells where the list of the archive is: its streams, the blocks in
 * which these are compressed, and its files. The list may be compressed, too; a list of how
 * is then in its place. Of each block the windows of its coders are added up. Source:
 * 7zFormat.txt of the LZMA SDK.
 */
#include "sevenzip.h"

#ifdef HAVE_LZMA
#include <lzma.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "window.h"

#define START 32u /* bytes of the header */

/* Numbers in the list that tell what follows. */
enum {
	END,
	HEADER,
	PROPERTIES,
	MAIN_STREAMS = 4,
	FILES,
	PACKED,
	BLOCKS,
	PARTS,
	SIZES,
	CHECKSUMS,
	BLOCK,
	UNPACKED_SIZES,
	PARTS_OF_BLOCKS,
	PACKED_LIST = 0x17,
};

/* Coders whose memory depends on their properties. */
enum { LZMA = 0x030101, LZMA2 = 0x21, PPMD = 0x030401 };

/* Coders of a block, and what goes into them: libarchive takes no more. */
#define CODERS 32u

struct coder {
	uint64_t id, in, out;
	const uint8_t *props;
	size_t props_len;
};

/* first: of the first block; pack_at: where the streams begin, after the header, and how
 * long the first is; unpacked: bytes of the first block. */
struct list {
	struct ml_cursor c;
	const uint8_t *bytes;
	uint64_t blocks, most, pack_at, pack_len, unpacked;
	struct coder first;
	size_t n_first;
	size_t sums_at, parts_at; /* offsets in the list, 0: none */
	bool all_sums;
};

static uint64_t sevenzip_number(struct ml_cursor *c)
{
	uint8_t first = ml_cursor_u8(c), mask = 0x80;
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < 8 && first & mask; i++, mask >>= 1)
		v |= (uint64_t)ml_cursor_u8(c) << 8 * i;
	return i < 8 ? v | (uint64_t)(first & (mask - 1)) << 8 * i : v;
}

/* Step over n bytes. */
static void sevenzip_skip(struct ml_cursor *c, uint64_t n)
{
	if (n > c->len - c->pos)
		c->failed = true;
	if (!c->failed)
		c->pos += (size_t)n;
}

static void sevenzip_expect(struct ml_cursor *c, unsigned int what)
{
	if (ml_cursor_u8(c) != what)
		c->failed = true;
}

static uint64_t sevenzip_window(const struct coder *k)
{
	unsigned int bits;

	if ((k->id == LZMA || k->id == PPMD) && k->props_len == 5)
		return ml_le32(k->props + 1);
	if (k->id != LZMA2 || k->props_len != 1)
		return 0;
	bits = k->props[0];
	return bits >= 40 ? UINT32_MAX :
			    (UINT64_C(2) | (bits & 1)) << (bits / 2 + 11);
}

static void sevenzip_coder(struct list *l, struct coder *ret)
{
	struct ml_cursor *c = &l->c;
	uint8_t flags = ml_cursor_u8(c), len = flags & 15;

	*ret = (struct coder){ .in = 1, .out = 1 };
	c->failed |= flags & 0xc0 || len > 8;
	while (len-- && !c->failed)
		ret->id = ret->id << 8 | ml_cursor_u8(c);
	if (flags & 0x10) {
		ret->in = sevenzip_number(c);
		ret->out = sevenzip_number(c);
	}
	if (flags & 0x20) {
		ret->props_len = (size_t)ml_min(sevenzip_number(c), SIZE_MAX);
		ret->props = l->bytes + c->pos;
		sevenzip_skip(c, ret->props_len);
	}
	c->failed |= ret->in > CODERS || ret->out > CODERS;
}

/* Returns how many sizes the block has. */
static uint64_t sevenzip_block(struct list *l)
{
	uint64_t n = sevenzip_number(&l->c), in = 0, out = 0, all = 0, i;
	struct coder k;

	if (!n || n > CODERS)
		l->c.failed = true;
	for (i = 0; i < n && !l->c.failed; i++) {
		sevenzip_coder(l, &k);
		if (!l->n_first)
			l->first = k;
		in += k.in;
		out += k.out;
		if (!l->c.failed)
			all += sevenzip_window(&k);
	}
	if (!l->n_first)
		l->n_first = (size_t)n;
	if (!out || in < out)
		l->c.failed = true;
	/* which goes into which, and what is not from another one */
	for (i = 1; i < out && !l->c.failed; i++) {
		sevenzip_number(&l->c);
		sevenzip_number(&l->c);
	}
	for (i = out; in > out && i <= in && !l->c.failed; i++)
		sevenzip_number(&l->c);
	l->most = ml_max(l->most, all);
	return out;
}

/* A bit for each of n, or one byte for all. Returns how many are set. */
static uint64_t sevenzip_bits(struct ml_cursor *c, uint64_t n, size_t *ret_at)
{
	uint64_t i, set = 0;
	uint8_t byte = 0;

	*ret_at = 0;
	if (ml_cursor_u8(c))
		return n;
	*ret_at = c->pos;
	for (i = 0; i < n && !c->failed; i++) {
		if (i % 8 == 0)
			byte = ml_cursor_u8(c);
		set += byte >> (7 - i % 8) & 1;
	}
	return set;
}

static void sevenzip_sums(struct ml_cursor *c, uint64_t n)
{
	size_t at;

	n = sevenzip_bits(c, n, &at);
	sevenzip_skip(c, ml_min(n, UINT64_MAX / 4) * 4);
}

static void sevenzip_packed(struct list *l)
{
	struct ml_cursor *c = &l->c;
	uint64_t n, i, len;
	uint8_t what;

	l->pack_at = sevenzip_number(c);
	n = sevenzip_number(c);
	while ((what = ml_cursor_u8(c)) != END && !c->failed) {
		if (what == CHECKSUMS) {
			sevenzip_sums(c, n);
			continue;
		}
		c->failed |= what != SIZES;
		for (i = 0; i < n && !c->failed; i++) {
			len = sevenzip_number(c);
			if (!i)
				l->pack_len = len;
		}
	}
}

static void sevenzip_blocks(struct list *l)
{
	struct ml_cursor *c = &l->c;
	uint64_t i, sizes = 0, size, n;
	uint8_t what;

	sevenzip_expect(c, BLOCK);
	l->blocks = sevenzip_number(c);
	sevenzip_expect(c, 0); /* they are here, not elsewhere */
	for (i = 0; i < l->blocks && !c->failed; i++)
		sizes += sevenzip_block(l);
	sevenzip_expect(c, UNPACKED_SIZES);
	for (i = 0; i < sizes && !c->failed; i++) {
		size = sevenzip_number(c);
		if (!i)
			l->unpacked = size;
	}
	what = ml_cursor_u8(c);
	if (what == CHECKSUMS && !c->failed) {
		n = sevenzip_bits(c, l->blocks, &l->sums_at);
		l->all_sums = !l->sums_at;
		sevenzip_skip(c, ml_min(n, UINT64_MAX / 4) * 4);
		what = ml_cursor_u8(c);
	}
	c->failed |= what != END;
}

/* Has block i a checksum of its own? */
static bool sevenzip_has_sum(const struct list *l, uint64_t i)
{
	return l->all_sums ||
	       (l->sums_at && l->bytes[l->sums_at + i / 8] >> (7 - i % 8) & 1);
}

/* The files in each block. */
static void sevenzip_parts(struct list *l)
{
	struct ml_cursor *c = &l->c, counts = *c;
	uint8_t what = ml_cursor_u8(c);
	bool listed = what == PARTS_OF_BLOCKS;
	uint64_t i, k, n, sums = 0, all = 0;

	for (i = 0; listed && i < l->blocks && !c->failed; i++)
		sevenzip_number(c);
	if (listed)
		what = ml_cursor_u8(c);
	ml_cursor_u8(&counts);
	for (i = 0; i < l->blocks && !c->failed; i++) {
		n = listed ? sevenzip_number(&counts) : 1;
		/* one byte of the list for each size but the last */
		for (k = 1; what == SIZES && k < n && !c->failed; k++)
			sevenzip_number(c);
		if (n != 1 || !sevenzip_has_sum(l, i))
			sums += n;
		all += n;
		c->failed |= n > c->len || all > c->len || sums > c->len;
	}
	if (what == SIZES)
		what = ml_cursor_u8(c);
	for (; what != END && !c->failed; what = ml_cursor_u8(c)) {
		c->failed |= what != CHECKSUMS;
		sevenzip_sums(c, sums);
	}
}

static void sevenzip_streams(struct list *l)
{
	uint8_t what;

	while ((what = ml_cursor_u8(&l->c)) != END && !l->c.failed) {
		if (what == PACKED)
			sevenzip_packed(l);
		else if (what == BLOCKS)
			sevenzip_blocks(l);
		else if (what == PARTS)
			sevenzip_parts(l);
		else
			l->c.failed = true;
	}
}

/* The list itself. */
static void sevenzip_list(struct list *l)
{
	struct ml_cursor *c = &l->c;
	uint8_t what;

	sevenzip_expect(c, HEADER);
	what = ml_cursor_u8(c);
	if (what == PROPERTIES) {
		while (ml_cursor_u8(c) && !c->failed)
			sevenzip_skip(c, sevenzip_number(c));
		what = ml_cursor_u8(c);
	}
	if (what == MAIN_STREAMS && !c->failed) {
		sevenzip_streams(l);
		what = ml_cursor_u8(c);
	}
	/* each has a name in the list */
	if (what == FILES && sevenzip_number(c) > c->len)
		c->failed = true;
}

static void sevenzip_begin(struct list *l, const uint8_t *bytes, size_t len)
{
	*l = (struct list){ .bytes = bytes };
	ml_cursor_init(&l->c, bytes, len, false);
}

static enum memlog_status sevenzip_damaged(struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_CORRUPT,
		       "the list of files in the archive is damaged");
}

/* Unpack the list that l tells of. */
static enum memlog_status sevenzip_unpack(const struct list *l,
					  const uint8_t *in, uint8_t *out,
					  struct memlog_err *err)
{
	const struct coder *k = &l->first;
	size_t in_pos = 0, out_pos = 0;
	lzma_filter f[2] = {
		{ .id = k->id == LZMA ? LZMA_FILTER_LZMA1 : LZMA_FILTER_LZMA2 },
		{ .id = LZMA_VLI_UNKNOWN },
	};

	if (k->id != LZMA && k->id != LZMA2)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "the list of files in the archive is encrypted "
			       "or packed in a way that is not known");
	if (lzma_properties_decode(f, NULL, k->props, k->props_len) != LZMA_OK)
		return sevenzip_damaged(err);
	/* without an end mark it does not know that it has ended */
	lzma_raw_buffer_decode(f, NULL, in, &in_pos, (size_t)l->pack_len, out,
			       &out_pos, (size_t)l->unpacked);
	free(f[0].options);
	return out_pos == l->unpacked ? MEMLOG_OK : sevenzip_damaged(err);
}

/* What is unpacked for the list, and then of the list. */
static enum memlog_status sevenzip_read(const struct ml_file *file, uint64_t at,
					uint64_t max, struct list *l,
					uint8_t *in, uint8_t *out,
					struct memlog_err *err)
{
	enum memlog_status s;

	ml_cursor_u8(&l->c);
	sevenzip_streams(l);
	if (l->c.failed || l->blocks != 1 || l->n_first != 1 ||
	    !ml_add(at + START, l->pack_at, &at))
		return sevenzip_damaged(err);
	if (l->most > max)
		return ml_window_fail(l->most, max, err);
	if (l->pack_len > ML_MAX_SEVENZIP || l->unpacked > ML_MAX_SEVENZIP)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the list of files in the archive is too large; "
			       "unpack it first");
	s = ml_file_read(file, at, in, (size_t)l->pack_len, err);
	if (s)
		return s == MEMLOG_NO_DATA ? sevenzip_damaged(err) : s;
	return sevenzip_unpack(l, in, out, err);
}

static enum memlog_status sevenzip_look(const struct ml_file *file, uint64_t at,
					uint64_t max, uint8_t *bytes,
					size_t len, uint8_t *other,
					struct memlog_err *err)
{
	/* first.props are in bytes until they are used */
	uint8_t *in = other, *out = other + ML_MAX_SEVENZIP;
	enum memlog_status s;
	struct list l;

	sevenzip_begin(&l, bytes, len);
	if (bytes[0] == PACKED_LIST) {
		s = sevenzip_read(file, at, max, &l, in, out, err);
		if (s)
			return s;
		sevenzip_begin(&l, out, (size_t)l.unpacked);
	}
	sevenzip_list(&l);
	if (l.c.failed)
		return sevenzip_damaged(err);
	return l.most > max ? ml_window_fail(l.most, max, err) : MEMLOG_OK;
}

enum memlog_status ml_sevenzip_check(const struct ml_file *file, uint64_t at,
				     uint64_t max,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err)
{
	uint64_t from, len;
	uint8_t h[START], *buf;
	enum memlog_status s;

	s = ml_file_read(file, at, h, sizeof(h), err);
	if (s)
		return s == MEMLOG_NO_DATA ? sevenzip_damaged(err) : s;
	from = ml_le64(h + 12);
	len = ml_le64(h + 20);
	if (!len)
		return MEMLOG_OK;
	if (!ml_add(from, at + START, &from))
		return sevenzip_damaged(err);
	if (len > ML_MAX_SEVENZIP)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the list of files in the archive is too large; "
			       "unpack it first");
	buf = ml_calloc(alloc, 3, ML_MAX_SEVENZIP);
	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	s = ml_file_read(file, from, buf, (size_t)len, err);
	if (s == MEMLOG_NO_DATA)
		s = sevenzip_damaged(err);
	if (!s)
		s = sevenzip_look(file, at, max, buf, (size_t)len,
				  buf + ML_MAX_SEVENZIP, err);
	ml_free(alloc, buf);
	return s;
}
#else
#include "base/err.h"

enum memlog_status ml_sevenzip_check(const struct ml_file *file, uint64_t at,
				     uint64_t max,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err)
{
	(void)file, (void)at, (void)max, (void)alloc;
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "this build cannot unpack 7z: unpack it first");
}
#endif
