/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loads.c - merge unsorted, overlapping pieces of memory into a sorted map. */
#include "loads.h"

#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "base/sort.h"
#include "bulk.h"

/*
 * What is merged. While it is sorted and swept, promised of an entry is its number in the
 * order of the headers.
 *
 * heap: numbers of the entries that contain pos, the first by that order on top.
 * out: NULL: only count. last: not in out yet, as it may be extended.
 */
struct sweep {
	const struct memlog_image *image;
	const struct ml_load *in;
	size_t n;
	size_t *heap, n_heap, cap_heap;
	struct ml_load *out, last;
	size_t n_out;
};

static bool loads_before(const struct sweep *w, size_t a, size_t b)
{
	return w->in[w->heap[a]].promised < w->in[w->heap[b]].promised;
}

static void loads_swap(struct sweep *w, size_t a, size_t b)
{
	size_t t = w->heap[a];

	w->heap[a] = w->heap[b];
	w->heap[b] = t;
}

static enum memlog_status heap_push(struct sweep *w, size_t entry,
				    struct memlog_err *err)
{
	enum memlog_status s = ml_bulk_grow(w->image, &w->heap, w->n_heap,
					    &w->cap_heap, sizeof(*w->heap),
					    err);
	size_t i;

	if (s)
		return s;
	i = w->n_heap++;
	for (w->heap[i] = entry; i && loads_before(w, i, (i - 1) / 2);
	     i = (i - 1) / 2)
		loads_swap(w, i, (i - 1) / 2);
	return MEMLOG_OK;
}

static void heap_pop(struct sweep *w)
{
	size_t i = 0, kid;

	w->heap[0] = w->heap[--w->n_heap];
	while ((kid = 2 * i + 1) < w->n_heap) {
		if (kid + 1 < w->n_heap && loads_before(w, kid + 1, kid))
			kid++;
		if (!loads_before(w, kid, i))
			break;
		loads_swap(w, i, kid);
		i = kid;
	}
}

static void loads_flush(struct sweep *w)
{
	if (!w->last.len)
		return;
	if (w->out)
		w->out[w->n_out] = w->last;
	w->n_out++;
	w->last.len = 0;
}

/* Add [start, end) of an entry, or extend the last one if it is contiguous in memory and
 * in the file. */
static void loads_emit(struct sweep *w, const struct ml_load *from,
		       uint64_t start, uint64_t end)
{
	struct ml_load *last = &w->last;
	uint64_t off = from->off + (start - from->addr);

	if (!last->len || last->addr + last->len != start ||
	    last->off + last->len != off) {
		loads_flush(w);
		*last = (struct ml_load){ .addr = start, .off = off };
	}
	last->len += end - start;
	last->promised = last->len;
}

/*
 * Sweep over the addresses. Each iteration ends or begins an entry, so there are at most
 * 2n, and as many are made.
 */
static enum memlog_status loads_sweep(struct sweep *w, struct memlog_err *err)
{
	const struct ml_load *in = w->in;
	enum memlog_status s = MEMLOG_OK;
	uint64_t pos = 0, end;
	size_t i = 0;

	w->n_out = w->n_heap = 0;
	for (;;) {
		while (w->n_heap &&
		       in[w->heap[0]].addr + in[w->heap[0]].len <= pos)
			heap_pop(w);
		if (!w->n_heap) {
			if (i == w->n)
				break;
			pos = in[i].addr;
		} else {
			const struct ml_load *top = &in[w->heap[0]];

			end = top->addr + top->len;
			if (i < w->n)
				end = ml_min(end, in[i].addr);
			if (pos < end)
				loads_emit(w, top, pos, end);
			pos = end;
		}
		while (i < w->n && in[i].addr <= pos && !s)
			s = heap_push(w, i++, err);
		if (s)
			return s;
	}
	loads_flush(w);
	return MEMLOG_OK;
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

static struct memlog_range loads_by_addr(const struct ml_load *l)
{
	return (struct memlog_range){ l->addr, l->addr + l->len };
}

static struct memlog_range loads_by_off(const struct ml_load *l)
{
	return (struct memlog_range){ l->off, l->off + l->len };
}

static struct memlog_range loads_as_promised(const struct ml_load *l)
{
	return (struct memlog_range){ l->addr, l->addr + l->promised };
}

/* Merge what of() says of each entry. The caller frees *ret. */
static enum memlog_status
loads_merge(const struct memlog_image *image, const struct ml_load *in,
	    size_t n, struct memlog_range (*of)(const struct ml_load *l),
	    struct memlog_range **ret, size_t *ret_n, struct memlog_err *err)
{
	struct memlog_range *r;
	enum memlog_status s;
	size_t i, m;

	*ret = NULL;
	*ret_n = 0;
	s = ml_bulk_alloc(image, n, sizeof(*r), &r, err);
	if (s)
		return s;
	for (i = 0; i < n; i++)
		r[i] = of(&in[i]);
	m = ml_ranges_merge(r, n);
	/* often there are far fewer */
	if (m < n) {
		s = ml_bulk_alloc(image, m, sizeof(*r), ret, err);
		if (!s)
			memcpy(*ret, r, m * sizeof(*r));
		ml_bulk_free(r);
	} else {
		*ret = r;
	}
	*ret_n = s ? 0 : m;
	return s;
}

/* How many bytes the entries have that of() says. */
static enum memlog_status
loads_bytes(const struct memlog_image *image, const struct ml_load *in,
	    size_t n, struct memlog_range (*of)(const struct ml_load *l),
	    uint64_t *ret, struct memlog_err *err)
{
	struct memlog_range *r;
	enum memlog_status s = loads_merge(image, in, n, of, &r, &n, err);

	*ret = s ? 0 : ml_ranges_bytes(r, n);
	ml_bulk_free(r);
	return s;
}

/* Number, sort and sweep n entries, none of which is empty. */
static enum memlog_status loads_build(struct ml_loads *l, struct ml_load *in,
				      size_t n,
				      const struct memlog_image *image,
				      struct memlog_err *err)
{
	struct sweep w = { .image = image, .in = in, .n = n };
	enum memlog_status s;
	size_t i;

	for (i = 0; i < n; i++)
		in[i].promised = i;
	ml_sort(in, n, sizeof(*in), offsetof(struct ml_load, addr),
		offsetof(struct ml_load, promised));
	s = loads_sweep(&w, err);
	if (!s)
		s = ml_bulk_alloc(image, w.n_out, sizeof(*w.out), &w.out, err);
	if (!s)
		s = loads_sweep(&w, err);
	ml_bulk_free(w.heap);
	l->loads = w.out;
	l->n_loads = w.n_out;
	return s ? s :
		   loads_merge(image, l->loads, l->n_loads, loads_by_addr,
			       &l->ranges, &l->n_ranges, err);
}

/* Which memory shows bytes of the file that no memory below it does: the same
 * sweep over the file, where the lowest address wins. */
static enum memlog_status loads_fresh(struct ml_loads *l,
				      const struct memlog_image *image,
				      struct memlog_err *err)
{
	struct ml_loads by_file = { 0 };
	enum memlog_status s;
	struct ml_load *in;
	size_t i;

	s = ml_bulk_alloc(image, l->n_loads, sizeof(*in), &in, err);
	if (s)
		return s;
	for (i = 0; i < l->n_loads; i++) {
		in[i].addr = l->loads[i].off;
		in[i].off = l->loads[i].addr;
		in[i].len = l->loads[i].len;
	}
	s = loads_build(&by_file, in, l->n_loads, image, err);
	ml_bulk_free(in);
	if (!s)
		s = loads_merge(image, by_file.loads, by_file.n_loads,
				loads_by_off, &l->fresh, &l->n_fresh, err);
	ml_loads_fini(&by_file);
	return s;
}

/* Count hidden and repeated, and find fresh if it is needed. n entries of all bytes were
 * merged. */
static enum memlog_status loads_compare(struct ml_loads *l,
					const struct ml_load *in, size_t n,
					uint64_t all,
					const struct memlog_image *image,
					struct memlog_err *err)
{
	uint64_t memory = ml_ranges_bytes(l->ranges, l->n_ranges), shown;
	enum memlog_status s;

	s = loads_bytes(image, l->loads, l->n_loads, loads_by_off, &shown, err);
	/* without overlaps nothing is hidden */
	if (!s && memory != all) {
		s = loads_bytes(image, in, n, loads_by_off, &l->hidden, err);
		l->hidden -= shown;
	}
	if (s || shown == memory)
		return s;
	l->repeated = memory - shown;
	return loads_fresh(l, image, err);
}

enum memlog_status ml_loads_init(struct ml_loads *l, struct ml_load *in,
				 size_t n, uint64_t file_size,
				 const struct memlog_image *image,
				 struct memlog_err *err)
{
	uint64_t all = 0;
	enum memlog_status s;
	size_t i, m = 0;

	*l = (struct ml_loads){ 0 };
	if (n > ML_MAX_LOADS)
		return ml_fail(err, MEMLOG_LIMIT,
			       "%zu pieces of memory, more than %u", n,
			       ML_MAX_LOADS);
	for (i = 0; i < n; i++)
		loads_clip(&in[i], file_size, &l->cut);
	s = loads_merge(image, in, n, loads_as_promised, &l->whole, &l->n_whole,
			err);
	for (i = 0; i < n; i++)
		if (in[i].len) {
			if (!ml_add(all, in[i].len, &all))
				all = UINT64_MAX;
			in[m++] = in[i];
		}
	if (!s)
		s = loads_build(l, in, m, image, err);
	if (!s)
		s = loads_compare(l, in, m, all, image, err);
	if (s) {
		ml_loads_fini(l);
		return s;
	}
	l->missing = ml_ranges_bytes(l->whole, l->n_whole) -
		     ml_ranges_bytes(l->ranges, l->n_ranges);
	return MEMLOG_OK;
}

void ml_loads_fini(struct ml_loads *l)
{
	ml_bulk_free(l->loads);
	ml_bulk_free(l->ranges);
	ml_bulk_free(l->fresh);
	ml_bulk_free(l->whole);
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
