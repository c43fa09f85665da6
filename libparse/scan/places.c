/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* places.c - where logs were found. */
#include "places.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void ml_places_fini(struct ml_places *p)
{
	ml_free(&p->alloc, p->at);
	p->at = NULL;
	p->n = p->cap = p->n_new = 0;
}

static int places_compare(const void *a, const void *b)
{
	const struct ml_place *x = a, *y = b;

	if (x->fmt != y->fmt)
		return (uintptr_t)x->fmt < (uintptr_t)y->fmt ? -1 : 1;
	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool same_kind(const struct ml_place *a, const struct ml_place *b)
{
	return a->fmt == b->fmt && a->space == b->space;
}

/* Merge the new ones in from the end; what comes before the first of them is
 * not touched. */
static void places_sort(struct ml_places *p)
{
	struct ml_place new[ML_PLACES_NEW];
	size_t n_new = p->n_new, i = p->n - n_new, at = p->n;

	memcpy(new, p->at + i, n_new * sizeof(*new));
	qsort(new, n_new, sizeof(*new), places_compare);
	while (n_new)
		if (i && places_compare(&p->at[i - 1], &new[n_new - 1]) > 0)
			p->at[--at] = p->at[--i];
		else
			p->at[--at] = new[--n_new];
	for (; at < p->n; at++) {
		p->at[at].reach = p->at[at].end;
		if (at && same_kind(&p->at[at - 1], &p->at[at]))
			p->at[at].reach =
				ml_max(p->at[at - 1].reach, p->at[at].end);
	}
	p->n_new = 0;
}

enum memlog_status ml_places_add(struct ml_places *p,
				 const struct ml_format *fmt,
				 enum memlog_space space, uint64_t start,
				 uint64_t len, struct memlog_err *err)
{
	struct ml_place at = { .fmt = fmt, .space = space, .start = start };
	enum memlog_status s =
		ml_grow(&p->alloc, &p->at, p->n, &p->cap, sizeof(*p->at), err);

	if (s)
		return s;
	if (!ml_add(start, len, &at.end))
		at.end = UINT64_MAX;
	p->at[p->n++] = at;
	if (++p->n_new == ML_PLACES_NEW)
		places_sort(p);
	return MEMLOG_OK;
}

/* The last sorted place of that kind that starts at or before addr. */
static const struct ml_place *places_before(const struct ml_places *p,
					    const struct ml_place *key)
{
	size_t lo = 0, hi = p->n - p->n_new;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (places_compare(&p->at[mid], key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && same_kind(&p->at[lo - 1], key) ? &p->at[lo - 1] : NULL;
}

bool ml_places_start(const struct ml_places *p, const struct ml_format *fmt,
		     enum memlog_space space, uint64_t addr)
{
	const struct ml_place key = { .fmt = fmt,
				      .space = space,
				      .start = addr };
	const struct ml_place *at = places_before(p, &key);
	size_t i;

	if (at && at->start == addr)
		return true;
	for (i = p->n - p->n_new; i < p->n; i++)
		if (!places_compare(&p->at[i], &key))
			return true;
	return false;
}

bool ml_places_hold(const struct ml_places *p, const struct ml_format *fmt,
		    enum memlog_space space, uint64_t addr)
{
	const struct ml_place key = { .fmt = fmt,
				      .space = space,
				      .start = addr };
	const struct ml_place *at = places_before(p, &key);
	size_t i;

	if (at && at->reach > addr)
		return true;
	for (i = p->n - p->n_new; i < p->n; i++)
		if (same_kind(&p->at[i], &key) && p->at[i].start <= addr &&
		    p->at[i].end > addr)
			return true;
	return false;
}
