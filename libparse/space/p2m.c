/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* p2m.c - lookups in the tree, and the reader on top. */
#include "p2m_tree.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define SHIFT 12

/* The entries of a leaf, cached until another one is requested. */
static const uint64_t *leaf_entries(struct ml_p2m *p, uint64_t leaf)
{
	uint64_t frame = ml_p2m_leaf(p, leaf);

	if (!frame)
		return NULL;
	if (p->cached != leaf + 1) {
		p->cached = 0;
		if (!ml_p2m_read_page(p, frame, p->cache))
			return NULL;
		p->cached = leaf + 1;
	}
	return p->cache;
}

static enum ml_p2m_what p2m_lookup(struct ml_p2m *p, uint64_t pfn,
				   uint64_t *mfn)
{
	const uint64_t *e;

	if (pfn >= p->n_leaves * p->per_page)
		return ML_P2M_ABSENT;
	e = leaf_entries(p, pfn / p->per_page);
	return e ? ml_p2m_entry(p, e[pfn % p->per_page], mfn) : ML_P2M_ABSENT;
}

enum memlog_status ml_p2m_mach(struct ml_p2m *p, uint64_t phys, uint64_t *ret)
{
	uint64_t mfn;

	if (p2m_lookup(p, phys >> SHIFT, &mfn) == ML_P2M_ABSENT)
		return MEMLOG_NO_DATA;
	*ret = mfn << SHIFT | (phys & (ML_PAGE - 1));
	return MEMLOG_OK;
}

/* ---- machine to pseudo-physical ---------------------------------------- */

static uint64_t count_leaves(const struct ml_p2m *p)
{
	uint64_t leaf, n = 0;

	for (leaf = ml_p2m_next_leaf(p, 0); leaf < p->n_leaves;
	     leaf = ml_p2m_next_leaf(p, leaf + 1))
		n++;
	return n;
}

/* The lowest and highest frame of every leaf: few leaves have to be read for
 * one lookup, and memory does not grow with the fragmentation of the domain. */
static enum memlog_status reverse_init(struct ml_p2m *p, struct memlog_err *err)
{
	const uint64_t *e;
	uint64_t leaf, mfn;
	size_t i;

	p->spans = ml_calloc(&p->alloc, count_leaves(p), sizeof(*p->spans));
	if (!p->spans)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a reverse map");
	for (leaf = ml_p2m_next_leaf(p, 0); leaf < p->n_leaves;
	     leaf = ml_p2m_next_leaf(p, leaf + 1)) {
		struct ml_p2m_span *s = &p->spans[p->n_spans++];

		s->leaf = leaf;
		s->min = UINT64_MAX;
		e = leaf_entries(p, leaf);
		for (i = 0; e && i < p->per_page; i++) {
			if (ml_p2m_entry(p, e[i], &mfn) != ML_P2M_OWN)
				continue;
			s->min = ml_min(s->min, mfn);
			s->max = ml_max(s->max, mfn);
		}
	}
	return MEMLOG_OK;
}

enum memlog_status ml_p2m_phys(struct ml_p2m *p, uint64_t mach, uint64_t *ret)
{
	uint64_t want = mach >> SHIFT, leaf, mfn;
	enum memlog_status s;
	const uint64_t *e;
	size_t i, k;

	if (!p->spans) {
		s = reverse_init(p, NULL);
		if (s)
			return s;
	}
	for (k = 0; k < p->n_spans; k++) {
		if (want < p->spans[k].min || want > p->spans[k].max)
			continue;
		leaf = p->spans[k].leaf;
		if (p->cached != leaf + 1 &&
		    p->reverse_reads++ >= ML_P2M_REVERSE_READS)
			return MEMLOG_LIMIT;
		e = leaf_entries(p, leaf);
		for (i = 0; e && i < p->per_page; i++) {
			if (ml_p2m_entry(p, e[i], &mfn) != ML_P2M_OWN ||
			    mfn != want)
				continue;
			*ret = (leaf * p->per_page + i) << SHIFT |
			       (mach & (ML_PAGE - 1));
			return MEMLOG_OK;
		}
	}
	return MEMLOG_NO_DATA;
}

/* ---- the reader --------------------------------------------------------- */

static enum memlog_status p2m_read(void *self, uint64_t addr, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err)
{
	struct ml_p2m *p = self;
	uint8_t *out = buf;
	enum memlog_status s;
	uint64_t mach;
	size_t n, got;

	*ret = 0;
	while (*ret < len) {
		n = ml_min(len - *ret, ML_PAGE - addr % ML_PAGE);
		if (ml_p2m_mach(p, addr, &mach))
			break;
		s = p->mach->read(p->mach_self, mach, out + *ret, n, &got, err);
		if (s && s != MEMLOG_NO_DATA) {
			*ret += got;
			return s;
		}
		*ret += got;
		if (s || got < n || !ml_add(addr, n, &addr))
			break;
	}
	return *ret || !len ? MEMLOG_OK : MEMLOG_NO_DATA;
}

/* Parts of the tree that lead nowhere are skipped at once. */
static uint64_t next_mapped(struct ml_p2m *p, uint64_t pfn)
{
	uint64_t n = p->n_leaves * p->per_page, leaf, mfn;

	while (pfn < n) {
		leaf = ml_p2m_next_leaf(p, pfn / p->per_page);
		if (leaf > pfn / p->per_page)
			pfn = leaf * p->per_page;
		else if (!leaf_entries(p, leaf))
			pfn = (leaf + 1) * p->per_page;
		else if (p2m_lookup(p, pfn, &mfn) == ML_P2M_ABSENT)
			pfn++;
		else
			return pfn;
	}
	return n;
}

static enum memlog_status p2m_next(void *self, uint64_t addr,
				   struct memlog_range *ret,
				   struct memlog_err *err)
{
	struct ml_p2m *p = self;
	uint64_t n = p->n_leaves * p->per_page, mfn, start, end;

	if (addr < p->asked || addr >= p->next.end) {
		start = next_mapped(p, ml_min(addr >> SHIFT, n));
		for (end = start + 1; end < n; end++)
			if (p2m_lookup(p, end, &mfn) == ML_P2M_ABSENT)
				break;
		p->asked = addr;
		p->next.start = start < n ? start << SHIFT : UINT64_MAX;
		p->next.end = start < n ? end << SHIFT : UINT64_MAX;
	}
	if (p->next.start == UINT64_MAX)
		return MEMLOG_NO_DATA;
	ret->start = ml_max(addr, p->next.start);
	ret->end = p->next.end;
	return MEMLOG_OK;
}

bool ml_p2m_hole(void *self, uint64_t addr)
{
	uint64_t mach;

	return ml_p2m_mach(self, addr, &mach) == MEMLOG_NO_DATA;
}

static enum memlog_status p2m_alias(void *self, uint64_t addr,
				    enum memlog_space *ret_space,
				    uint64_t *ret_addr)
{
	*ret_space = MEMLOG_MACH;
	return ml_p2m_mach(self, addr, ret_addr);
}

static void p2m_close(void *self)
{
	ml_p2m_close(self);
}

const struct memlog_reader_ops ml_p2m_ops = {
	.size = sizeof(ml_p2m_ops),
	.page_size = ML_PAGE,
	.read = p2m_read,
	.next_range = p2m_next,
	.alias = p2m_alias,
	.close = p2m_close,
};
