/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unlzop.c - unpack files of lzop. libarchive would run a program for that, and liblzo2
 * is GPL, so that programs bring the codec (memlog_codec).
 *
 * Big endian: a magic; version, that of the library and the one that is needed, 16 bits
 * each; method and level, one byte each; flags, mode, and two words of time; the name
 * after its length in a byte; a checksum. Then blocks: the length of the bytes, 0 at the
 * end, and the length that they have in the file; checksums of either, as flags say;
 * the bytes, which are stored if both are equal. Source: files that lzop 1.04 wrote, and
 * its manual for what the options do.
 */
#include "unlzop.h"

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/codec.h"

#define MAGIC	   9u	      /* bytes of it */
#define HEADER	   34u	      /* up to the length of the name */
#define BLOCK_MAX  (1u << 20) /* lzop writes 256 KiB */
#define NEEDS_0940 0x0940u    /* versions before have a shorter header */

enum {
	ADLER_OUT = 0x1,
	ADLER_IN = 0x2,
	EXTRA = 0x40,
	CRC_OUT = 0x100,
	CRC_IN = 0x200,
	FILTER = 0x800,
	CRC_HEADER = 0x1000,
};

static const uint8_t lzop_magic[MAGIC] = { 0x89, 'L',  'Z',  'O', 0,
					   '\r', '\n', 0x1a, '\n' };

struct ml_unlzop {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	struct memlog_codec codec;
	void *state;
	uint64_t at;
	uint32_t flags;
	bool begun, ended; /* a header was read; no more files */
	size_t n, taken;   /* bytes in out, and those that were read */
	uint8_t in[BLOCK_MAX], out[BLOCK_MAX + 1];
};

enum memlog_status ml_unlzop_create(const struct ml_file *file, uint64_t from,
				    const struct memlog_open_opts *opts,
				    const struct memlog_allocator *alloc,
				    struct ml_unlzop **ret,
				    struct memlog_err *err)
{
	struct memlog_codec codec = ml_codec_find(opts, "lzo");
	struct ml_unlzop *l;

	if (!codec.expand)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "compressed with lzop, which this program does "
			       "not unpack; unpack it: lzop -dc <FILE >NEW");
	l = ml_calloc(alloc, 1, sizeof(*l));
	if (l && codec.create)
		l->state = codec.create(alloc);
	if (!l || (codec.create && !l->state)) {
		ml_free(alloc, l);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	}
	l->alloc = *alloc;
	l->file = file;
	l->codec = codec;
	l->at = from;
	*ret = l;
	return MEMLOG_OK;
}

void ml_unlzop_destroy(struct ml_unlzop *l)
{
	struct memlog_allocator a;

	if (!l)
		return;
	a = l->alloc;
	if (l->codec.destroy)
		l->codec.destroy(l->state);
	ml_free(&a, l);
}

uint64_t ml_unlzop_consumed(const struct ml_unlzop *l)
{
	return l->at;
}

/* Read len bytes of the file. */
static enum memlog_status unlzop_take(struct ml_unlzop *l, uint8_t *buf,
				      size_t len, struct memlog_err *err)
{
	size_t got;
	enum memlog_status s =
		ml_file_read_some(l->file, l->at, buf, len, &got, err);

	if (s)
		return s;
	l->at += got;
	return got < len ? ml_fail(err, MEMLOG_CORRUPT, "it is truncated") :
			   MEMLOG_OK;
}

static enum memlog_status unlzop_u32(struct ml_unlzop *l, uint32_t *ret,
				     struct memlog_err *err)
{
	uint8_t b[4];
	enum memlog_status s = unlzop_take(l, b, sizeof(b), err);

	*ret = s ? 0 : ml_be32(b);
	return s;
}

static uint32_t unlzop_sum(const uint8_t *p, size_t len, bool crc)
{
	return (uint32_t)(crc ? crc32(crc32(0, NULL, 0), p, (uInt)len) :
				adler32(adler32(0, NULL, 0), p, (uInt)len));
}

/* The header has its own checksum, of what comes after the magic. */
static enum memlog_status unlzop_header(struct ml_unlzop *l,
					struct memlog_err *err)
{
	uint8_t h[HEADER + 255 + 4];
	enum memlog_status s = unlzop_take(l, h, HEADER, err);
	uint32_t sum;
	size_t n;

	if (s)
		return s;
	l->flags = ml_be32(h + 17);
	if (ml_be16(h + MAGIC) < NEEDS_0940 || l->flags & (FILTER | EXTRA) ||
	    !h[15] || h[15] > 3)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "not as lzop writes it by default");
	n = HEADER + h[HEADER - 1];
	s = unlzop_take(l, h + HEADER, n - HEADER, err);
	if (!s)
		s = unlzop_u32(l, &sum, err);
	if (s)
		return s;
	if (sum != unlzop_sum(h + MAGIC, n - MAGIC, l->flags & CRC_HEADER))
		return ml_fail(err, MEMLOG_CORRUPT, "the header is damaged");
	l->begun = true;
	return MEMLOG_OK;
}

/* Take the checksums that are there; *ret: of the bytes in the file, if packed, and of those
 * unpacked. */
static enum memlog_status unlzop_sums(struct ml_unlzop *l, bool packed,
				      uint32_t ret[4], struct memlog_err *err)
{
	static const uint32_t flags[4] = { ADLER_OUT, CRC_OUT, ADLER_IN,
					   CRC_IN };
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; i < 4 && !s; i++)
		if ((i < 2 || packed) && l->flags & flags[i])
			s = unlzop_u32(l, &ret[i], err);
	return s;
}

static bool unlzop_right(const struct ml_unlzop *l, const uint32_t sums[4],
			 size_t in, size_t out)
{
	bool packed = in < out;

	return (!(l->flags & ADLER_OUT) ||
		sums[0] == unlzop_sum(l->out, out, false)) &&
	       (!(l->flags & CRC_OUT) ||
		sums[1] == unlzop_sum(l->out, out, true)) &&
	       (!packed || !(l->flags & ADLER_IN) ||
		sums[2] == unlzop_sum(l->in, in, false)) &&
	       (!packed || !(l->flags & CRC_IN) ||
		sums[3] == unlzop_sum(l->in, in, true));
}

/* After the last block: nothing, another file (lzop puts several into one), or zeros, as on
 * tapes. Anything else means that the length of a block is damaged. */
static enum memlog_status unlzop_end(struct ml_unlzop *l,
				     struct memlog_err *err)
{
	uint64_t from = l->at;
	enum memlog_status s;
	uint8_t b[4096];
	size_t got, i;

	do {
		s = ml_file_read_some(l->file, l->at, b, sizeof(b), &got, err);
		if (s)
			return s;
		if (l->at == from && got > MAGIC &&
		    !memcmp(b, lzop_magic, MAGIC)) {
			l->begun = false;
			return MEMLOG_OK;
		}
		for (i = 0; i < got; i++)
			if (b[i])
				return ml_fail(err, MEMLOG_CORRUPT,
					       "it has more after its end");
		l->at += got;
	} while (got);
	l->ended = true;
	return MEMLOG_OK;
}

static enum memlog_status unlzop_block(struct ml_unlzop *l,
				       struct memlog_err *err)
{
	uint32_t out, in, sums[4] = { 0 };
	enum memlog_status s = unlzop_u32(l, &out, err);
	size_t n;

	l->n = l->taken = 0;
	if (!s && !out)
		return unlzop_end(l, err);
	if (!s)
		s = unlzop_u32(l, &in, err);
	if (s)
		return s;
	if (in > out || out > BLOCK_MAX)
		return ml_fail(err, MEMLOG_CORRUPT, "a block is damaged");
	s = unlzop_sums(l, in < out, sums, err);
	if (!s)
		s = unlzop_take(l, in < out ? l->in : l->out, in, err);
	if (s)
		return s;
	n = out;
	if (in < out)
		s = l->codec.expand(l->state, l->in, in, l->out, out + 1u, &n);
	if (s || n != out || !unlzop_right(l, sums, in, out))
		return ml_fail(err, MEMLOG_CORRUPT, "a block is damaged");
	l->n = out;
	return MEMLOG_OK;
}

enum memlog_status ml_unlzop_read(struct ml_unlzop *l, uint8_t *buf, size_t len,
				  size_t *ret, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	*ret = 0;
	while (!s && l->taken == l->n && !l->ended)
		s = l->begun ? unlzop_block(l, err) : unlzop_header(l, err);
	if (s)
		return s;
	*ret = ml_min(len, l->n - l->taken);
	memcpy(buf, l->out + l->taken, *ret);
	l->taken += *ret;
	return MEMLOG_OK;
}
