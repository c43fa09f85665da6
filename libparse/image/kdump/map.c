/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* map.c - the bitmap of stored pages: the number of a page's descriptor is the
 * number of bits set before the page's. */
#include "kdump.h"

#include "base/bytes.h"
#include "base/err.h"

#define CHUNK	   4096u /* bytes: 128 MiB of 4 KiB pages */
#define CHUNK_BITS (CHUNK * 8ull)

enum memlog_status ml_kdump_map_init(struct ml_kdump_map *m,
				     const struct ml_file *file, uint64_t at,
				     uint64_t n,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err)
{
	uint64_t chunks = n / CHUNK_BITS + 1;

	*m = (struct ml_kdump_map){
		.alloc = *alloc,
		.file = file,
		.at = at,
		.n = n,
		.chunk = UINT64_MAX,
	};
	/* 8 bytes for each 4 KiB of bitmap: at most 1/512 of the file */
	m->before = chunks < SIZE_MAX / 8 ?
			    ml_calloc(alloc, (size_t)chunks + 1, 8) :
			    NULL;
	m->bits = ml_calloc(alloc, CHUNK, 1);
	if (!m->before || !m->bits) {
		ml_kdump_map_fini(m);
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the map of pages");
	}
	m->n_before = 1; /* no bits before the first chunk */
	return MEMLOG_OK;
}

void ml_kdump_map_fini(struct ml_kdump_map *m)
{
	ml_free(&m->alloc, m->before);
	ml_free(&m->alloc, m->bits);
	m->before = NULL;
	m->bits = NULL;
}

static uint64_t kdump_map_load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8); /* byte order does not change the count */
	return v;
}

/* Set bits in [from, to) of the current chunk. */
static uint64_t kdump_map_count(const struct ml_kdump_map *m, uint64_t from,
				uint64_t to)
{
	uint64_t sum = 0;

	while (from < to && from % 64) {
		sum += m->bits[from / 8] >> from % 8 & 1;
		from++;
	}
	for (; to - from >= 64; from += 64)
		sum += (uint64_t)__builtin_popcountll(
			kdump_map_load(m->bits + from / 8));
	for (; from < to; from++)
		sum += m->bits[from / 8] >> from % 8 & 1;
	return sum;
}

/* Make chunk the current one. Bits past the end of the map or of the file are
 * 0. */
static enum memlog_status
kdump_map_fetch(struct ml_kdump_map *m, uint64_t chunk, struct memlog_err *err)
{
	uint64_t left = m->n - chunk * CHUNK_BITS;
	enum memlog_status s;
	size_t want, got;

	if (m->chunk == chunk)
		return MEMLOG_OK;
	m->chunk = UINT64_MAX;
	want = (size_t)ml_min(CHUNK, left / 8 + (left % 8 != 0));
	memset(m->bits, 0, CHUNK);
	s = ml_file_read_some(m->file, m->at + chunk * CHUNK, m->bits, want,
			      &got, err);
	if (s)
		return s;
	if (want < CHUNK && left % 8)
		m->bits[want - 1] &= (uint8_t)((1u << left % 8) - 1);
	m->chunk = chunk;
	m->last_bit = m->last_rank = 0;
	return MEMLOG_OK;
}

static enum memlog_status count_before(struct ml_kdump_map *m, uint64_t chunk,
				       struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	while (m->n_before <= chunk) {
		i = m->n_before - 1;
		s = kdump_map_fetch(m, i, err);
		if (s)
			return s;
		m->before[i + 1] =
			m->before[i] + kdump_map_count(m, 0, CHUNK_BITS);
		m->n_before++;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_kdump_map_count(struct ml_kdump_map *m, uint64_t n,
				      uint64_t *ret, struct memlog_err *err)
{
	uint64_t chunk = n / CHUNK_BITS, bit = n % CHUNK_BITS;
	enum memlog_status s;

	s = count_before(m, chunk, err);
	if (!s)
		s = kdump_map_fetch(m, chunk, err);
	if (s)
		return s;
	if (bit < m->last_bit)
		m->last_bit = m->last_rank = 0;
	m->last_rank += kdump_map_count(m, m->last_bit, bit);
	m->last_bit = bit;
	*ret = m->before[chunk] + m->last_rank;
	return MEMLOG_OK;
}

uint64_t ml_kdump_map_between(struct ml_kdump_map *m, uint64_t from,
			      uint64_t to)
{
	uint64_t before, below;

	if (from >= to || ml_kdump_map_count(m, from, &before, NULL) ||
	    ml_kdump_map_count(m, to, &below, NULL))
		return 0;
	return below - before;
}

enum memlog_status ml_kdump_map_rank(struct ml_kdump_map *m, uint64_t n,
				     uint64_t *ret, struct memlog_err *err)
{
	uint64_t bit = n % CHUNK_BITS;
	enum memlog_status s;

	if (n >= m->n)
		return MEMLOG_NO_DATA;
	s = ml_kdump_map_count(m, n, ret, err);
	if (!s && !(m->bits[bit / 8] >> bit % 8 & 1))
		return MEMLOG_NO_DATA;
	return s;
}

uint64_t ml_kdump_map_nth(struct ml_kdump_map *m, uint64_t n, uint64_t end)
{
	uint64_t lo = 0, hi = end, mid, below;

	while (lo < hi) {
		mid = lo + (hi - lo + 1) / 2;
		if (ml_kdump_map_count(m, mid, &below, NULL))
			return end;
		if (below <= n)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

/* Chunks in which no bit was found before holes are asked for: far away that costs as much as to
 * read as many. */
#define EMPTY 32u

/* n starts a chunk: the start of the first chunk at or after n that is not in a
 * hole of a sparse file. */
static uint64_t skip_hole(const struct ml_kdump_map *m, uint64_t n)
{
	struct memlog_range data;
	enum memlog_status s;
	uint64_t at = m->at + n / 8;

	s = ml_file_next_data(m->file, at, &data, NULL);
	if (s == MEMLOG_NO_DATA)
		return m->n;
	if (s || data.start - at < CHUNK)
		return n;
	return n + (data.start - at) / CHUNK * CHUNK_BITS;
}

/* The first bit in [bit, CHUNK_BITS) of the current chunk that is set (want) or
 * clear; CHUNK_BITS for none. */
static uint64_t find_in(const struct ml_kdump_map *m, uint64_t bit, bool want)
{
	const uint64_t flip = want ? 0 : UINT64_MAX;
	const uint8_t *p;
	uint64_t w;

	for (; bit < CHUNK_BITS; bit = (bit | 63) + 1) {
		p = m->bits + bit / 64 * 8;
		w = (ml_le64(p) ^ flip) >> bit % 64;
		if (w)
			return bit + (uint64_t)__builtin_ctzll(w);
	}
	return CHUNK_BITS;
}

enum memlog_status ml_kdump_map_find(struct ml_kdump_map *m, uint64_t n,
				     uint64_t end, bool want, uint64_t *ret,
				     struct memlog_err *err)
{
	enum memlog_status s;
	unsigned int empty = 0;
	uint64_t bit;

	while (n < end) {
		if (want && empty >= EMPTY && n % CHUNK_BITS == 0)
			n = skip_hole(m, n);
		if (n >= end)
			break;
		s = kdump_map_fetch(m, n / CHUNK_BITS, err);
		if (s)
			return s;
		bit = find_in(m, n % CHUNK_BITS, want);
		n += bit - n % CHUNK_BITS;
		empty++;
		if (bit < CHUNK_BITS)
			break;
	}
	*ret = ml_min(n, end);
	return MEMLOG_OK;
}
