/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gunzip.c - unpack gzip and zlib streams with zlib, which verifies the checksum and the
 * length at the end of each; libarchive does not.
 */
#include "gunzip.h"

#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/err.h"

#define GZIP_ONLY (MAX_WBITS + 16) /* windowBits for zlib */

struct ml_gunzip {
	struct memlog_allocator alloc;
	z_stream z;
	const struct ml_file *file;
	uint64_t consumed;
	bool ended; /* at the end of a member; more may follow */
	uint8_t in[65536];
};

enum memlog_status ml_gunzip_create(const struct ml_file *file, uint64_t from,
				    bool gzip,
				    const struct memlog_allocator *alloc,
				    struct ml_gunzip **ret,
				    struct memlog_err *err)
{
	struct ml_gunzip *g = ml_calloc(alloc, 1, sizeof(*g));

	if (!g || inflateInit2(&g->z, gzip ? GZIP_ONLY : MAX_WBITS) != Z_OK) {
		ml_free(alloc, g);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack");
	}
	g->alloc = *alloc;
	g->file = file;
	g->consumed = from;
	*ret = g;
	return MEMLOG_OK;
}

void ml_gunzip_destroy(struct ml_gunzip *g)
{
	struct memlog_allocator a;

	if (!g)
		return;
	a = g->alloc;
	inflateEnd(&g->z);
	ml_free(&a, g);
}

uint64_t ml_gunzip_consumed(const struct ml_gunzip *g)
{
	return g->consumed;
}

/* Read more of the file if the input is used up; at the end of the file
 * z.avail_in stays 0. */
static enum memlog_status gunzip_refill(struct ml_gunzip *g,
					struct memlog_err *err)
{
	enum memlog_status s;
	size_t n;

	if (g->z.avail_in)
		return MEMLOG_OK;
	s = ml_file_read_some(g->file, g->consumed, g->in, sizeof(g->in), &n,
			      err);
	if (s)
		return s;
	g->z.next_in = g->in;
	g->z.avail_in = (unsigned int)n;
	g->consumed += (uint64_t)n;
	return MEMLOG_OK;
}

/* A member is followed by another one, or by zeros up to the end, as on
 * tapes. */
static enum memlog_status gunzip_next(struct ml_gunzip *g,
				      struct memlog_err *err)
{
	enum memlog_status s;

	if (g->z.avail_in && *g->z.next_in) {
		g->ended = false;
		inflateReset(&g->z);
		return MEMLOG_OK;
	}
	do {
		while (g->z.avail_in && !*g->z.next_in) {
			g->z.next_in++;
			g->z.avail_in--;
		}
		if (g->z.avail_in)
			return ml_fail(err, MEMLOG_CORRUPT,
				       "no compressed data");
		s = gunzip_refill(g, err);
	} while (!s && g->z.avail_in);
	return s;
}

enum memlog_status ml_gunzip_read(struct ml_gunzip *g, uint8_t *buf, size_t len,
				  size_t *ret, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	int r;

	g->z.next_out = buf;
	g->z.avail_out = (unsigned int)len;
	while (!s && g->z.avail_out) {
		s = gunzip_refill(g, err);
		if (!s && g->ended && g->z.avail_in)
			s = gunzip_next(g, err);
		if (s || (g->ended && !g->z.avail_in))
			break;
		if (!g->z.avail_in) {
			s = ml_fail(err, MEMLOG_CORRUPT, "it is truncated");
			break;
		}
		r = inflate(&g->z, Z_NO_FLUSH);
		g->ended = r == Z_STREAM_END;
		if (r == Z_MEM_ERROR)
			s = ml_fail(err, MEMLOG_NO_MEMORY,
				    "no memory to unpack");
		else if (r != Z_OK && r != Z_STREAM_END)
			s = ml_fail(err, MEMLOG_CORRUPT, "%s",
				    g->z.msg ? g->z.msg : "no compressed data");
	}
	*ret = len - g->z.avail_out;
	/* the next call returns the error */
	return s == MEMLOG_CORRUPT && *ret ? MEMLOG_OK : s;
}
