/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slots.c - the slots of a ring, read a window at a time. */
#include "ring.h"

#include "base/bytes.h"

#define SLOT ML_SBUF_LOG_SLOT

static void slots_load(struct ml_acrn_ring *ring, struct ml_source *source,
		       uint32_t index)
{
	uint64_t missing = source->missing;
	size_t want, got, at = 0;
	uint32_t i;

	/* some before it too: looking back is common */
	ring->cache_first = index < ML_ACRN_NEAR ? 0 : index - ML_ACRN_NEAR;
	ring->cache_n =
		(uint32_t)ml_min(ML_ACRN_CACHE, ring->num - ring->cache_first);
	ring->absent = 0;
	want = (size_t)ring->cache_n * SLOT;
	while (at < want) {
		uint64_t gap = 0;

		if (ml_source_read(
			    source, ring->extent,
			    ML_SBUF_HEADER +
				    (uint64_t)ring->cache_first * SLOT + at,
			    ring->cache + at, want - at, &got, &gap, NULL) ||
		    !got) {
			got = gap ? (size_t)ml_min(gap, want - at) : want - at;
			memset(ring->cache + at, 0, got);
			for (i = (uint32_t)(at / SLOT);
			     i <= (at + got - 1) / SLOT; i++)
				ring->absent |= UINT64_C(1) << i;
		}
		at += got;
	}
	/* counted when the slot is returned, not when it is looked at */
	source->missing = missing;
}

const uint8_t *ml_acrn_ring_slot(struct ml_acrn_ring *ring,
				 struct ml_source *source, uint32_t index)
{
	if (index - ring->cache_first >= ring->cache_n)
		slots_load(ring, source, index);
	index -= ring->cache_first;
	if (ring->absent >> index & 1)
		return NULL;
	return ring->cache + (size_t)index * SLOT;
}
