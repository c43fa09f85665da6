// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * What is known of a whole ring: its size, its clock, and whether it is still in
 * use.
 */
#include <MemLogRing.h>
#include "Words.h"

/* The mark in the upper half of the second magic */
#define MARK_SHIFT	24
#define MARK_MASK	0x00ffffffU

/* Bytes of text that have an entry of the index, at the least */
#define TEXT_PER_ENTRY	40U

u32 ml_ring_entries(u32 text)
{
	u32 entries = 2;

	while (entries < text / TEXT_PER_ENTRY)
		entries *= 2;
	return entries;
}

/* What the index does not need of its last page is for text. */
u32 ml_ring_pages(u32 pages)
{
	u32 index = ml_ring_entries(pages * 4096U) *
		    (u32)sizeof(struct ml_ring_entry);

	return pages ? pages + (index + 4095) / 4096 : 0;
}

void ml_ring_clock(struct ml_ring *ring, enum ml_ring_moment moment, u64 time,
		   u32 pm_timer)
{
	struct ml_ring_clock *clock;

	if (!ring->ext || !moment || (u32)moment > ML_RING_MOMENTS)
		return;
	clock = &ring->ext->clock[moment - 1];
	store(&clock->moment, 0);
	store_word(&clock->time, time);
	store(&clock->pm_timer, pm_timer);
	store(&clock->moment, (u32)moment);
	if (load(&ring->ext->flags) & ML_RING_PREFIXED)
		ml_ring_prefix(ring);
}

void ml_ring_wall_clock(struct ml_ring *ring, const void *efi_time, u64 time)
{
	if (!ring->ext)
		return;
	store_word(&ring->ext->wall_clock_time, time);
	ml_copy(ring->ext->wall_clock, efi_time, sizeof(ring->ext->wall_clock));
}

void ml_ring_hz(struct ml_ring *ring, u64 hz, u32 flags)
{
	if (!ring->ext)
		return;
	store_word(&ring->ext->hz, hz);
	store(&ring->ext->flags,
	      load(&ring->ext->flags) | ML_RING_HZ_CERTAIN | flags);
}

void ml_ring_retire(void *base)
{
	struct ml_ring_header *header = base;

	store(&header->magic1.low, 0);
	store(&header->magic1.high, 0);
	store(&header->magic2.low, 0);
	store(&header->magic2.high, 0);
}

enum ml_ring_mark ml_ring_mark(const void *base)
{
	const struct ml_ring_header *header = base;
	u32 high = load(&header->magic2.high);

	if (load(&header->magic1.low) != ML_RING_MAGIC1_LOW ||
	    load(&header->magic1.high) != ML_RING_MAGIC1_HIGH ||
	    load(&header->magic2.low) != ML_RING_MAGIC2_LOW ||
	    (high & MARK_MASK) != (ML_RING_MAGIC2_HIGH & MARK_MASK))
		return ML_RING_UNMARKED;
	switch (high >> MARK_SHIFT) {
	case ML_RING_CURRENT:
		return ML_RING_CURRENT;
	case ML_RING_RESUME:
		return ML_RING_RESUME;
	case ML_RING_KEPT:
		return ML_RING_KEPT;
	default:
		return ML_RING_UNMARKED;
	}
}

void ml_ring_set_mark(void *base, enum ml_ring_mark mark)
{
	struct ml_ring_header *header = base;

	if (ml_ring_mark(base) != ML_RING_UNMARKED)
		store(&header->magic2.high,
		      (ML_RING_MAGIC2_HIGH & MARK_MASK) |
		      (u32)mark << MARK_SHIFT);
}
