/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain.h - which rings belong together.
 *
 * A half of the region is cut into equal parts, one a CPU, and each part begins
 * with its ring's header. Parts are not aligned: with 3 CPUs in 2 MiB they are
 * 349525 bytes. What a ring says of its own size tells where the next one can
 * be, up to the 79 bytes that a slot less would have filled.
 */
#ifndef ML_FORMAT_ACRN_CHAIN_H
#define ML_FORMAT_ACRN_CHAIN_H

#include "sbuf.h"

struct ml_acrn_chain {
	size_t first;		/* index of its first ring */
	size_t n;
	uint64_t part;		/* from ring to ring; 0: not known */
	bool from_base;		/* begins at a page, with CPU 0 if it tells */
	bool inside;		/* lies in the slots of another chain */
};

struct ml_acrn_chains {
	const struct memlog_allocator *alloc;
	struct ml_sbuf_list rings;
	uint32_t *chain;	/* of each ring: which chain it is in */
	struct ml_acrn_chain *at;
	size_t n;
	uint64_t budget;	/* bytes that may be gone through; what is left */
	bool looked_low;	/* everything below 4 GiB was */
	bool old_text;		/* a message without a name was seen: v1.4 or
				   before */
};

/*
 * Find the rings around a known one at addr, and sort them into chains. *ret is
 * zeroed by the caller but for alloc and budget; fini also after an error. low: look
 * through everything below 4 GiB when the text is old enough for rings that lie
 * in the hypervisor's own memory.
 */
enum memlog_status ml_acrn_chains_find(struct ml_acrn_chains *ret,
				       struct memlog_image *image,
				       enum memlog_space space, uint64_t addr,
				       const struct ml_sbuf *h, bool low,
				       struct memlog_err *err);
void ml_acrn_chains_fini(struct ml_acrn_chains *c);

#endif
