/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slots.c - the slots of a ring, read a window at a time. */
#include "ring.h"

#include <string.h>

#include "base/bytes.h"

#define SLOT ML_SBUF_LOG_SLOT

/* Bytes [from, to) of the window are not in the image. */
static void slots_lack(struct ml_acrn_ring *ring, size_t from, size_t to)
{
	size_t i, next;

	for (; from < to; from = next) {
		i = from / SLOT;
		next = ml_min((i + 1) * SLOT, to);
		ring->lacks[i] = (uint8_t)(ring->lacks[i] + (next - from));
	}
}

static void slots_load(struct ml_acrn_ring *ring, struct ml_source *source,
		       uint32_t index)
{
	uint64_t missing = source->missing;
	size_t want, got, at = 0;

	/* some before it too: looking back is common */
	ring->cache_first = index < ML_ACRN_NEAR ? 0 : index - ML_ACRN_NEAR;
	ring->cache_n =
		(uint32_t)ml_min(ML_ACRN_CACHE, ring->num - ring->cache_first);
	memset(ring->lacks, 0, sizeof(ring->lacks));
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
			slots_lack(ring, at, at + got);
		}
		at += got;
	}
	/* counted when the slot is returned, not when it is looked at */
	source->missing = missing;
}

static uint32_t slots_index(struct ml_acrn_ring *ring, struct ml_source *source,
			    uint32_t index)
{
	if (index - ring->cache_first >= ring->cache_n)
		slots_load(ring, source, index);
	return index - ring->cache_first;
}

const uint8_t *ml_acrn_ring_slot(struct ml_acrn_ring *ring,
				 struct ml_source *source, uint32_t index)
{
	index = slots_index(ring, source, index);
	return ring->lacks[index] ? NULL : ring->cache + (size_t)index * SLOT;
}

uint32_t ml_acrn_ring_lacks(struct ml_acrn_ring *ring, struct ml_source *source,
			    uint32_t index)
{
	return ring->lacks[slots_index(ring, source, index)];
}
