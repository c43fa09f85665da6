/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain.h - which rings belong together.
 *
 * Each half of the region is divided into equal parts, one per CPU, and each
 * part starts with its ring's header. Parts are not aligned: with 3 CPUs in 2
 * MiB they are 349525 bytes. The size that a ring gives for itself says where
 * the next one can be, up to the 79 bytes that do not fill another slot.
 */
#ifndef ML_FORMAT_ACRN_CHAIN_H
#define ML_FORMAT_ACRN_CHAIN_H

#include "sbuf.h"

struct ml_acrn_chain {
	size_t first; /* index of its first ring */
	size_t n;
	uint64_t part;	/* from ring to ring; 0: unknown */
	bool from_base; /* starts a page, with CPU 0 if it says so */
	bool inside;	/* is in the slots of another chain */
};

struct ml_acrn_chains {
	const struct memlog_allocator *alloc;
	struct ml_sbuf_list rings;
	uint32_t *chain; /* the chain of each ring */
	struct ml_acrn_chain *at;
	size_t n;
	uint64_t budget; /* bytes that may still be searched */
	bool curtailed;	 /* not all was searched, for want of them */
	bool looked_low; /* everything below 4 GiB was searched */
	bool old_text;	 /* a message without a name was seen: v1.4 or
				   earlier */
};

/*
 * Find the rings around a known one at addr, and sort them into chains. The
 * caller zeroes *ret except alloc and budget, and calls fini also after an
 * error. low: search everything below 4 GiB if the text is old enough for rings
 * in the hypervisor's own memory.
 */
enum memlog_status ml_acrn_chains_find(struct ml_acrn_chains *ret,
				       struct memlog_image *image,
				       enum memlog_space space, uint64_t addr,
				       const struct ml_sbuf *h, bool low,
				       struct memlog_err *err);
void ml_acrn_chains_fini(struct ml_acrn_chains *c);

#endif
