/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* p2m_tree.h - the internals of struct ml_p2m, only for the p2m*.c files. */
#ifndef ML_SPACE_P2M_TREE_H
#define ML_SPACE_P2M_TREE_H

#include "base/alloc.h"
#include "p2m.h"

/* Entries of the largest page. */
#define ML_P2M_ENTRIES 1024

/* The frame number in an 8-byte page table entry. */
#define ML_PTE64_ADDR 0x000ffffffffff000ull

/* A leaf, and the lowest and highest frame in it. */
struct ml_p2m_span {
	uint64_t leaf, min, max;
};

/*
 * mids[i] has the frames of per_page leaves, 0 for one that leads nowhere;
 * NULL: all of them lead nowhere. cached is 1 + the leaf in cache, 0: none. next is the
 * first range from asked on, or starts at UINT64_MAX if there is none: it may be large, and
 * is asked for again and again.
 */
struct ml_p2m {
	struct memlog_allocator alloc;
	const struct memlog_reader_ops *mach;
	void *mach_self;
	enum ml_p2m_kind kind;
	size_t per_page;
	uint64_t *mids[ML_P2M_ENTRIES];
	size_t n_mids;
	uint64_t n_leaves;
	struct ml_p2m_stats stats;
	struct ml_p2m_span *spans; /* NULL until requested */
	size_t n_spans;
	uint64_t reverse_reads;
	uint64_t asked;
	struct memlog_range next;
	uint64_t cached;
	uint64_t cache[ML_P2M_ENTRIES];
};

/* Read the entries of a page of the tree; false if part of it is missing. */
bool ml_p2m_read_page(struct ml_p2m *p, uint64_t frame, uint64_t *ret);

/* Parse one entry of a leaf; *mfn is its frame. p2m_entry.c */
enum ml_p2m_what {
	ML_P2M_ABSENT,
	ML_P2M_OWN,
	ML_P2M_FOREIGN,
	ML_P2M_IDENTITY,
};

enum ml_p2m_what ml_p2m_entry(const struct ml_p2m *p, uint64_t e,
			      uint64_t *mfn);

/* Does a leaf map anything of the domain's? Shared pages of absent or identity
 * entries do not. p2m_entry.c */
bool ml_p2m_any_mapped(const struct ml_p2m *p, const uint64_t *entries);

static inline uint64_t ml_p2m_leaf(const struct ml_p2m *p, uint64_t leaf)
{
	const uint64_t *mid = p->mids[leaf / p->per_page];

	return mid ? mid[leaf % p->per_page] : 0;
}

/* The first leaf from that one on that leads somewhere, or n_leaves. */
uint64_t ml_p2m_next_leaf(const struct ml_p2m *p, uint64_t leaf);

#endif
