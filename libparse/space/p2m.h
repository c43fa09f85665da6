/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * p2m.h - pseudo-physical memory of a Xen PV domain, over machine memory.
 *
 * The pages of a PV domain lie anywhere in the machine. Two trees in its memory
 * say where, and both have the same shape, a page of frame numbers that lead to
 * pages of frame numbers that lead to the leaves:
 *  - pfn_to_mfn_frame_list_list, which the domain publishes for its host;
 *  - the page table, whose direct map has the pages in pseudo-physical order.
 * Sources: Xen's public headers (arch-x86/xen.h); the x86 manuals.
 */
#ifndef ML_SPACE_P2M_H
#define ML_SPACE_P2M_H

#include "memlog.h"

enum ml_p2m_kind {
	ML_P2M_LIST64,	/* frame lists of 512 8-byte entries */
	ML_P2M_LIST32,	/* frame lists of 1024 4-byte entries */
	ML_P2M_TABLE64,	/* page tables of 512 8-byte entries (4 levels, PAE) */
	ML_P2M_TABLE32,	/* page tables of 1024 4-byte entries */
};

/*
 * mach, mach_self: machine memory. It stays the caller's and outlives the map.
 * root: the frame number of the tree's first page; with ML_P2M_LIST* it is what
 *	the dump calls dom0_pfn_to_mfn_frame_list_list, with ML_P2M_TABLE* it is
 *	a page two levels above the leaves.
 * mid: root is a page one level above the leaves, of which the entries from
 *	from on are taken up to the first that leads nowhere: the direct map in
 *	the short page tables of a 32-bit domain, which other mappings follow.
 */
struct ml_p2m_opts {
	const struct memlog_reader_ops *mach;
	void *mach_self;
	enum ml_p2m_kind kind;
	uint64_t root;
	bool mid;
	unsigned int from;
	const struct memlog_allocator *allocator;
};

/* What was found of a tree. damaged and repeated were not followed. */
struct ml_p2m_stats {
	uint64_t leaves;	/* pages of entries that are used */
	uint64_t damaged;	/* pages that are not in the image */
	uint64_t repeated;	/* pages that stand in the tree twice */
};

struct ml_p2m;

/*
 * Read the upper levels. INVALID: root is 0 or ~0, which is how a domain says
 * that it has no such tree. NO_DATA: the root is not in the image. CORRUPT:
 * nothing in it leads anywhere. The caller closes *ret.
 */
enum memlog_status ml_p2m_open(const struct ml_p2m_opts *opts,
			       struct ml_p2m **ret, struct memlog_err *err);
void ml_p2m_close(struct ml_p2m *p2m);
const struct ml_p2m_stats *ml_p2m_stats(const struct ml_p2m *p2m);

/* The machine address of a pseudo-physical one; NO_DATA: not mapped. */
enum memlog_status ml_p2m_mach(struct ml_p2m *p2m, uint64_t phys,
			       uint64_t *ret);

/*
 * The pseudo-physical address of a machine one; NO_DATA when the page is not
 * the domain's (foreign and identity entries do not count). Reads every leaf
 * once and then few; after ML_P2M_REVERSE_READS the answer is LIMIT.
 */
enum memlog_status ml_p2m_phys(struct ml_p2m *p2m, uint64_t mach,
			       uint64_t *ret);

/* A struct ml_p2m is a reader of MEMLOG_PHYS with these. close closes it. */
extern const struct memlog_reader_ops ml_p2m_ops;

#endif
