/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * p2m_tree.c - read the upper levels of a tree that may be damaged or hostile.
 *
 * Every page is read once. A domain points everything absent to one shared page
 * of the middle level, whose entries all point to one shared leaf: a walk that
 * follows each of them reads 134 million entries. So frames that are in the
 * tree more than once are read once: leaves that map nothing are left out, and
 * others count as damage.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sort.h"
#include "p2m_tree.h"

bool ml_p2m_read_page(struct ml_p2m *p, uint64_t frame, uint64_t *ret)
{
	uint8_t page[ML_PAGE];
	size_t got, n = 0, i;
	uint64_t addr;

	if (!ml_mul(frame, ML_PAGE, &addr))
		return false;
	for (; n < sizeof(page); n += got)
		if (p->mach->read(p->mach_self, addr + n, page + n,
				  sizeof(page) - n, &got, NULL) ||
		    !got)
			return false;
	for (i = 0; i < p->per_page; i++)
		ret[i] = p->per_page == 512 ? ml_le64(page + 8 * i) :
					      ml_le32(page + 4 * i);
	return true;
}

/* Most trees are nearly empty. */
uint64_t ml_p2m_next_leaf(const struct ml_p2m *p, uint64_t leaf)
{
	size_t i = leaf / p->per_page, k = leaf % p->per_page;

	for (; i < p->n_mids; i++, k = 0) {
		const uint64_t *mid = p->mids[i];

		if (!mid)
			continue;
		for (; k < p->per_page; k++)
			if (mid[k])
				return i * p->per_page + k;
	}
	return p->n_leaves;
}

/* The frame that an entry of an upper level points to, 0 for none. */
static uint64_t upper_frame(const struct ml_p2m *p, uint64_t e)
{
	switch (p->kind) {
	case ML_P2M_LIST64:
		return e == UINT64_MAX ? 0 : e;
	case ML_P2M_LIST32:
		return e == UINT32_MAX ? 0 : e;
	case ML_P2M_TABLE64:
		/* present, and not a large page */
		return (e & 0x81) == 1 ? (e & ML_PTE64_ADDR) >> 12 : 0;
	case ML_P2M_TABLE32:
		return (e & 0x81) == 1 ? e >> 12 : 0;
	}
	return 0;
}

/* A frame and its place in the tree. */
struct place {
	uint64_t frame, index;
};

/* In place: there may be a million leaves, and qsort() would take as much again. */
static void sort_by_frame(struct place *at, size_t n)
{
	ml_sort(at, n, sizeof(*at), offsetof(struct place, frame),
		offsetof(struct place, index));
}

static enum memlog_status load_mid(struct ml_p2m *p, size_t i,
				   const uint64_t *page, unsigned int from,
				   struct memlog_err *err)
{
	size_t k;

	p->mids[i] = ml_calloc(&p->alloc, p->per_page, sizeof(uint64_t));
	if (!p->mids[i])
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the p2m tree");
	for (k = from; k < p->per_page; k++)
		p->mids[i][k - from] = upper_frame(p, page[k]);
	return MEMLOG_OK;
}

/* What follows the first gap is no longer the direct map. */
static void cut_at_gap(struct ml_p2m *p)
{
	bool gap = false;
	size_t k;

	for (k = 0; k < p->per_page; k++) {
		gap |= !p->mids[0][k];
		if (gap)
			p->mids[0][k] = 0;
	}
}

/* The middle level, and where its pages are. A repeated page is used at its
 * first place. */
static enum memlog_status load_mids(struct ml_p2m *p, const uint64_t *top,
				    struct place *at, size_t *ret_n,
				    struct memlog_err *err)
{
	enum memlog_status s;
	size_t i, n = 0;

	for (i = 0; i < p->per_page; i++)
		if (upper_frame(p, top[i]))
			at[n++] = (struct place){ upper_frame(p, top[i]), i };
	sort_by_frame(at, n);
	*ret_n = n;
	for (i = 0; i < n; i++) {
		if (i && at[i].frame == at[i - 1].frame)
			continue;
		if (!ml_p2m_read_page(p, at[i].frame, p->cache)) {
			p->stats.damaged++;
			continue;
		}
		s = load_mid(p, at[i].index, p->cache, 0, err);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

static uint64_t *leaf_slot(struct ml_p2m *p, uint64_t leaf)
{
	return &p->mids[leaf / p->per_page][leaf % p->per_page];
}

/* n places that point to one leaf: keep the first if it maps anything. */
static void one_leaf(struct ml_p2m *p, const struct place *at, size_t n)
{
	bool there = ml_p2m_read_page(p, at->frame, p->cache);
	bool mapped = there && ml_p2m_any_mapped(p, p->cache);
	size_t i;

	if (!there)
		p->stats.damaged++;
	else if (mapped)
		p->stats.repeated += n - 1;
	p->stats.leaves += mapped;
	for (i = mapped ? 1 : 0; i < n; i++)
		*leaf_slot(p, at[i].index) = 0;
}

/* Is a frame one of the upper levels? Then it cannot be a leaf. */
static bool is_upper(const struct place *upper, size_t n, uint64_t frame)
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (upper[mid].frame < frame)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && upper[lo].frame == frame;
}

/* n places that point to an upper level. */
static void no_leaf(struct ml_p2m *p, const struct place *at, size_t n)
{
	size_t i;

	p->stats.repeated += n;
	for (i = 0; i < n; i++)
		*leaf_slot(p, at[i].index) = 0;
}

static enum memlog_status check_leaves(struct ml_p2m *p,
				       const struct place *upper,
				       size_t n_upper, struct memlog_err *err)
{
	struct place *at;
	uint64_t leaf;
	size_t n = 0, i, k;

	for (leaf = ml_p2m_next_leaf(p, 0); leaf < p->n_leaves;
	     leaf = ml_p2m_next_leaf(p, leaf + 1))
		n++;
	if (!n)
		return MEMLOG_OK;
	at = ml_calloc(&p->alloc, n, sizeof(*at));
	if (!at)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the p2m tree");
	for (n = 0, leaf = ml_p2m_next_leaf(p, 0); leaf < p->n_leaves;
	     leaf = ml_p2m_next_leaf(p, leaf + 1))
		at[n++] = (struct place){ ml_p2m_leaf(p, leaf), leaf };
	sort_by_frame(at, n);
	for (i = 0; i < n; i = k) {
		for (k = i + 1; k < n && at[k].frame == at[i].frame; k++)
			;
		if (is_upper(upper, n_upper, at[i].frame))
			no_leaf(p, at + i, k - i);
		else
			one_leaf(p, at + i, k - i);
	}
	p->cached = 0;
	ml_free(&p->alloc, at);
	return MEMLOG_OK;
}

/* Remove parts of the middle level without a leaf, so that walks skip them. */
static void drop_empty(struct ml_p2m *p)
{
	size_t i, k;

	for (i = 0; i < p->n_mids; i++) {
		for (k = 0; p->mids[i] && k < p->per_page; k++)
			if (p->mids[i][k])
				break;
		if (k < p->per_page)
			continue;
		ml_free(&p->alloc, p->mids[i]);
		p->mids[i] = NULL;
	}
}

/* A shared page of the middle level is valid as long as it maps nothing. */
static void repeated_mids(struct ml_p2m *p, const struct place *upper, size_t n)
{
	size_t i, first = 0;

	for (i = 1; i < n; i++)
		if (upper[i].frame != upper[first].frame)
			first = i;
		else if (upper[first].index < p->n_mids &&
			 p->mids[upper[first].index])
			p->stats.repeated++;
}

static enum memlog_status p2m_tree_load(struct ml_p2m *p,
					const struct ml_p2m_opts *o,
					struct memlog_err *err)
{
	struct place upper[ML_P2M_ENTRIES + 1];
	uint64_t top[ML_P2M_ENTRIES];
	enum memlog_status s;
	size_t n = 0;

	if (!ml_p2m_read_page(p, o->root, top))
		return ml_fail(
			err, MEMLOG_NO_DATA,
			"the p2m root, frame 0x%llx, is not in the image",
			(unsigned long long)o->root);
	p->n_mids = o->mid ? 1 : p->per_page;
	p->n_leaves = p->n_mids * p->per_page;
	s = o->mid ? load_mid(p, 0, top, o->from, err) :
		     load_mids(p, top, upper, &n, err);
	if (s)
		return s;
	if (o->mid)
		cut_at_gap(p);
	upper[n++] = (struct place){ o->root, UINT64_MAX };
	sort_by_frame(upper, n);
	s = check_leaves(p, upper, n, err);
	if (s)
		return s;
	drop_empty(p);
	repeated_mids(p, upper, n);
	if (!p->stats.leaves)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the p2m tree at frame 0x%llx maps nothing",
			       (unsigned long long)o->root);
	return MEMLOG_OK;
}

enum memlog_status ml_p2m_open(const struct ml_p2m_opts *opts,
			       struct ml_p2m **ret, struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	bool wide = opts->kind == ML_P2M_LIST64 || opts->kind == ML_P2M_TABLE64;
	enum memlog_status s;
	struct ml_p2m *p;

	if (!opts->root || opts->root == (wide ? UINT64_MAX : UINT32_MAX))
		return ml_fail(err, MEMLOG_INVALID,
			       "the domain has no p2m tree (root frame 0x%llx)",
			       (unsigned long long)opts->root);
	p = ml_calloc(&a, 1, sizeof(*p));
	if (!p)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the p2m tree");
	p->alloc = a;
	p->mach = opts->mach;
	p->mach_self = opts->mach_self;
	p->kind = opts->kind;
	p->per_page = wide ? 512 : 1024;
	s = p2m_tree_load(p, opts, err);
	if (s) {
		ml_p2m_close(p);
		return s;
	}
	*ret = p;
	return MEMLOG_OK;
}

void ml_p2m_close(struct ml_p2m *p)
{
	struct memlog_allocator a;
	size_t i;

	if (!p)
		return;
	a = p->alloc;
	for (i = 0; i < p->n_mids; i++)
		ml_free(&a, p->mids[i]);
	ml_free(&a, p->spans);
	ml_free(&a, p);
}

const struct ml_p2m_stats *ml_p2m_stats(const struct ml_p2m *p)
{
	return &p->stats;
}
