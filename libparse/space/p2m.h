/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * p2m.h - pseudo-physical memory of a Xen PV domain, over machine memory.
 *
 * The pages of a PV domain can be anywhere in machine memory. Two trees in its
 * memory say where, and both have the same shape, a page of frame numbers that
 * point to pages of frame numbers that point to the leaves:
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
	ML_P2M_TABLE64, /* page tables of 512 8-byte entries (4 levels, PAE) */
	ML_P2M_TABLE32, /* page tables of 1024 4-byte entries */
};

/*
 * mach, mach_self: machine memory. The caller owns it, and it must outlive the
 *	map.
 * root: the frame number of the tree's first page; with ML_P2M_LIST* it is what
 *	the dump calls dom0_pfn_to_mfn_frame_list_list, with ML_P2M_TABLE* it is
 *	a page two levels above the leaves.
 * mid: root is a page one level above the leaves, whose entries are used from
 *	from on up to the first that leads nowhere: the direct map in the short
 *	page tables of a 32-bit domain, which other mappings follow.
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

/* What was found in a tree. damaged and repeated pages were not followed. */
struct ml_p2m_stats {
	uint64_t leaves;   /* pages of entries used */
	uint64_t damaged;  /* pages that are not in the image */
	uint64_t repeated; /* pages that are in the tree twice */
};

struct ml_p2m;

/*
 * Read the upper levels. INVALID: root is 0 or ~0, by which a domain says that
 * it has no such tree. NO_DATA: the root is not in the image. CORRUPT: nothing
 * in it leads anywhere. The caller closes *ret.
 */
enum memlog_status ml_p2m_open(const struct ml_p2m_opts *opts,
			       struct ml_p2m **ret, struct memlog_err *err);
void ml_p2m_close(struct ml_p2m *p2m);
const struct ml_p2m_stats *ml_p2m_stats(const struct ml_p2m *p2m);

/* The machine address of a pseudo-physical one; NO_DATA: not mapped. */
enum memlog_status ml_p2m_mach(struct ml_p2m *p2m, uint64_t phys,
			       uint64_t *ret);

/*
 * The pseudo-physical address of a machine one; NO_DATA if the page is not the
 * domain's (foreign and identity entries do not count). Reads every leaf once
 * and later only a few; LIMIT after ML_P2M_REVERSE_READS reads.
 */
enum memlog_status ml_p2m_phys(struct ml_p2m *p2m, uint64_t mach,
			       uint64_t *ret);

/* With these, a struct ml_p2m is a reader of MEMLOG_PHYS. close closes it. */
extern const struct memlog_reader_ops ml_p2m_ops;

/* Is no page of the tree at addr? */
bool ml_p2m_hole(void *self, uint64_t addr);

#endif
