/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loads.c - merge unsorted, overlapping pieces of memory into a sorted map. */
#include "loads.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "base/range.h"

/* An entry to be merged, with its index in the file. */
struct piece {
	struct ml_load l;
	size_t order;
};

static int by_addr(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->l.addr != y->l.addr)
		return x->l.addr < y->l.addr ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* A binary heap of indices into pieces, with the first in file order on top. */
struct heap {
	const struct piece *pieces;
	size_t *v, n;
};

static bool loads_before(const struct heap *h, size_t a, size_t b)
{
	return h->pieces[h->v[a]].order < h->pieces[h->v[b]].order;
}

static void loads_swap(struct heap *h, size_t a, size_t b)
{
	size_t t = h->v[a];

	h->v[a] = h->v[b];
	h->v[b] = t;
}

static void heap_push(struct heap *h, size_t piece)
{
	size_t i = h->n++;

	for (h->v[i] = piece; i && loads_before(h, i, (i - 1) / 2);
	     i = (i - 1) / 2)
		loads_swap(h, i, (i - 1) / 2);
}

static void heap_pop(struct heap *h)
{
	size_t i = 0, kid;

	h->v[0] = h->v[--h->n];
	while ((kid = 2 * i + 1) < h->n) {
		if (kid + 1 < h->n && loads_before(h, kid + 1, kid))
			kid++;
		if (!loads_before(h, kid, i))
			break;
		loads_swap(h, i, kid);
		i = kid;
	}
}

/* Add [start, end) of a piece, or extend the last entry if it is contiguous in
 * memory and in the file. */
static void loads_emit(struct ml_loads *l, const struct ml_load *from,
		       uint64_t start, uint64_t end)
{
	struct ml_load *prev = l->n_loads ? &l->loads[l->n_loads - 1] : NULL;
	uint64_t off = from->off + (start - from->addr);

	if (prev && prev->addr + prev->len == start &&
	    prev->off + prev->len == off) {
		prev->len += end - start;
		return;
	}
	l->loads[l->n_loads++] = (struct ml_load){
		.addr = start,
		.len = end - start,
		.off = off,
		.promised = end - start,
	};
}

/*
 * Sweep over the addresses; h has the pieces that contain pos. Each iteration
 * ends or begins a piece, so there are at most 2n, and as many entries.
 */
static void loads_sweep(struct ml_loads *l, const struct piece *p, size_t n,
			struct heap *h)
{
	uint64_t pos = 0, end;
	size_t i = 0;

	for (;;) {
		while (h->n && p[h->v[0]].l.addr + p[h->v[0]].l.len <= pos)
			heap_pop(h);
		if (!h->n) {
			if (i == n)
				return;
			pos = p[i].l.addr;
		} else {
			const struct ml_load *top = &p[h->v[0]].l;

			end = top->addr + top->len;
			if (i < n)
				end = ml_min(end, p[i].l.addr);
			if (pos < end)
				loads_emit(l, top, pos, end);
			pos = end;
		}
		while (i < n && p[i].l.addr <= pos)
			heap_push(h, i++);
	}
}

/* Clip an entry to the address space and to the size of the file. */
static void loads_clip(struct ml_load *in, uint64_t file_size, uint64_t *cut)
{
	uint64_t have;

	in->promised = ml_max(in->promised, in->len);
	in->promised = ml_min(in->promised, UINT64_MAX - in->addr);
	in->len = ml_min(in->len, in->promised);
	have = in->off < file_size ? ml_min(in->len, file_size - in->off) : 0;
	have = ml_min(have, UINT64_MAX - in->off);
	if (!ml_add(*cut, in->len - have, cut))
		*cut = UINT64_MAX;
	in->len = have;
}

/* Fill in ranges: first with the memory that the headers promise, to count it,
 * then with the memory in the file. */
static void make_ranges(struct ml_loads *l, const struct ml_load *in, size_t n)
{
	uint64_t promised;
	size_t i;

	for (i = 0; i < n; i++) {
		l->ranges[i].start = in[i].addr;
		l->ranges[i].end = in[i].addr + in[i].promised;
	}
	l->n_whole = ml_ranges_merge(l->ranges, n);
	promised = ml_ranges_bytes(l->ranges, l->n_whole);
	memcpy(l->whole, l->ranges, l->n_whole * sizeof(*l->whole));
	for (i = 0; i < l->n_loads; i++) {
		l->ranges[i].start = l->loads[i].addr;
		l->ranges[i].end = l->loads[i].addr + l->loads[i].len;
	}
	l->n_ranges = ml_ranges_merge(l->ranges, l->n_loads);
	l->missing = promised - ml_ranges_bytes(l->ranges, l->n_ranges);
}

static enum memlog_status loads_build(struct ml_loads *l, struct ml_load *in,
				      size_t n, uint64_t file_size,
				      const struct memlog_allocator *alloc,
				      struct memlog_err *err)
{
	struct piece *pieces = NULL;
	struct heap h = { 0 };
	size_t i, m = 0;

	*l = (struct ml_loads){ .alloc = ml_allocator(alloc) };
	l->loads = ml_calloc(&l->alloc, 2 * n, sizeof(*l->loads));
	l->ranges = ml_calloc(&l->alloc, 2 * n, sizeof(*l->ranges));
	l->whole = ml_calloc(&l->alloc, n, sizeof(*l->whole));
	pieces = ml_calloc(&l->alloc, n, sizeof(*pieces));
	h.v = ml_calloc(&l->alloc, n, sizeof(*h.v));
	h.pieces = pieces;
	if (!l->loads || !l->ranges || !l->whole || !pieces || !h.v) {
		ml_free(&l->alloc, pieces);
		ml_free(&l->alloc, h.v);
		ml_loads_fini(l);
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu piece%s of memory", n,
			       ml_s(n));
	}
	for (i = 0; i < n; i++) {
		loads_clip(&in[i], file_size, &l->cut);
		if (in[i].len)
			pieces[m++] = (struct piece){ in[i], i };
	}
	qsort(pieces, m, sizeof(*pieces), by_addr);
	loads_sweep(l, pieces, m, &h);
	make_ranges(l, in, n);
	ml_free(&l->alloc, pieces);
	ml_free(&l->alloc, h.v);
	return MEMLOG_OK;
}

/* Is a byte of the file in two entries? in is what loads_fresh() makes of l. */
static bool loads_repeat(const struct ml_loads *l, struct ml_load *in)
{
	uint64_t end = 0;
	bool sorted = true;
	size_t i;

	for (i = 0; i < l->n_loads; i++) {
		in[i].addr = l->loads[i].off;
		in[i].off = l->loads[i].addr;
		in[i].len = in[i].promised = l->loads[i].len;
		sorted &= in[i].addr >= end;
		end = in[i].addr + in[i].len;
	}
	return !sorted;
}

/* Which memory shows bytes of the file that no memory below it does: the same
 * sweep over the file, where the lowest address wins. */
static enum memlog_status loads_fresh(struct ml_loads *l,
				      struct memlog_err *err)
{
	struct ml_loads by_file = { .alloc = l->alloc };
	enum memlog_status s = MEMLOG_OK;
	struct ml_load *in;
	uint64_t all, n;
	size_t i;

	if (l->n_loads < 2)
		return MEMLOG_OK;
	in = ml_calloc(&l->alloc, l->n_loads, sizeof(*in));
	if (!in)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu piece%s of memory",
			       l->n_loads, ml_s(l->n_loads));
	if (loads_repeat(l, in))
		s = loads_build(&by_file, in, l->n_loads, UINT64_MAX, &l->alloc,
				err);
	ml_free(&l->alloc, in);
	if (s || !by_file.n_loads)
		return s;
	for (i = 0; i < by_file.n_loads; i++) {
		by_file.ranges[i].start = by_file.loads[i].off;
		by_file.ranges[i].end =
			by_file.loads[i].off + by_file.loads[i].len;
	}
	by_file.n_ranges = ml_ranges_merge(by_file.ranges, by_file.n_loads);
	all = ml_ranges_bytes(l->ranges, l->n_ranges);
	n = ml_ranges_bytes(by_file.ranges, by_file.n_ranges);
	if (n < all) {
		l->repeated = all - n;
		l->fresh = by_file.ranges;
		l->n_fresh = by_file.n_ranges;
		by_file.ranges = NULL;
	}
	ml_loads_fini(&by_file);
	return MEMLOG_OK;
}

/* Count hidden: the bytes of the file that are in an entry, less those that are
 * in what was made of them. */
static enum memlog_status loads_hidden(struct ml_loads *l,
				       const struct ml_load *in, size_t n,
				       struct memlog_err *err)
{
	size_t i, max = n > l->n_loads ? n : l->n_loads;
	struct memlog_range *r = ml_calloc(&l->alloc, max, sizeof(*r));

	if (!r)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu piece%s of memory", max,
			       ml_s(max));
	for (i = 0; i < n; i++)
		r[i] = (struct memlog_range){ in[i].off,
					      in[i].off + in[i].len };
	n = ml_ranges_merge(r, n);
	l->hidden = ml_ranges_bytes(r, n);
	for (i = 0; i < l->n_loads; i++)
		r[i] = (struct memlog_range){
			l->loads[i].off, l->loads[i].off + l->loads[i].len
		};
	n = ml_ranges_merge(r, l->n_loads);
	l->hidden -= ml_ranges_bytes(r, n);
	ml_free(&l->alloc, r);
	return MEMLOG_OK;
}

enum memlog_status ml_loads_init(struct ml_loads *l, struct ml_load *in,
				 size_t n, uint64_t file_size,
				 const struct memlog_allocator *alloc,
				 struct memlog_err *err)
{
	enum memlog_status s;

	*l = (struct ml_loads){ .alloc = ml_allocator(alloc) };
	if (n > ML_MAX_PHDRS)
		return ml_fail(err, MEMLOG_LIMIT,
			       "%zu pieces of memory, more than %u", n,
			       ML_MAX_PHDRS);
	s = loads_build(l, in, n, file_size, alloc, err);
	if (!s)
		s = loads_fresh(l, err);
	if (!s)
		s = loads_hidden(l, in, n, err);
	if (s)
		ml_loads_fini(l);
	return s;
}

void ml_loads_fini(struct ml_loads *l)
{
	ml_free(&l->alloc, l->loads);
	ml_free(&l->alloc, l->ranges);
	ml_free(&l->alloc, l->fresh);
	ml_free(&l->alloc, l->whole);
	l->loads = NULL;
	l->ranges = l->fresh = l->whole = NULL;
	l->n_loads = l->n_ranges = l->n_fresh = l->n_whole = 0;
}

uint64_t ml_loads_promised(const struct ml_loads *l, struct memlog_range range)
{
	uint64_t at = range.start, sum = 0;
	struct memlog_range r;

	for (; !ml_ranges_next(l->whole, l->n_whole, at, &r) &&
	       r.start < range.end;
	     at = r.end)
		sum += ml_min(r.end, range.end) - r.start;
	return sum;
}

uint64_t ml_loads_repeated(const struct ml_loads *l, struct memlog_range range)
{
	uint64_t n = range.end - range.start;
	struct memlog_range r;
	size_t i;

	if (!l->fresh)
		return 0;
	i = ml_ranges_find(l->fresh, l->n_fresh, range.start);
	for (; i < l->n_fresh && ml_range_intersect(l->fresh[i], range, &r);
	     i++)
		n -= r.end - r.start;
	return n;
}

size_t ml_loads_after(const struct ml_loads *l, uint64_t addr)
{
	size_t lo = 0, hi = l->n_loads;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->loads[mid].addr + l->loads[mid].len <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool loads_holds(const struct ml_load *l, uint64_t addr)
{
	return addr >= l->addr && addr - l->addr < l->len;
}

const struct ml_load *ml_loads_find(struct ml_loads *l, uint64_t addr)
{
	/* several threads may store it: any value is valid */
	size_t i = __atomic_load_n(&l->last, __ATOMIC_RELAXED);

	if (i < l->n_loads && loads_holds(&l->loads[i], addr))
		return &l->loads[i];
	i = ml_loads_after(l, addr);
	if (i == l->n_loads || !loads_holds(&l->loads[i], addr))
		return NULL;
	__atomic_store_n(&l->last, i, __ATOMIC_RELAXED);
	return &l->loads[i];
}
