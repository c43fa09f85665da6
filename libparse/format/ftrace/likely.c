/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * likely.c - where a persistent ring buffer is likely: reserve_mem= takes memory from the
 * top of all RAM, so that only what the kernel needs before is above it.
 */
#include "base/bytes.h"
#include "base/limits.h"
#include "ftrace.h"

/* Below the top, and the least memory that can be RAM: devices have less. */
#define BELOW (UINT64_C(4) << 20)
#define LEAST (UINT64_C(32) << 20)

size_t ml_ftrace_pointed(struct memlog_image *image, struct ml_likely *ret,
			 size_t max)
{
	struct memlog_range r, top = { 0, 0 };
	uint64_t addr = 0;
	size_t seen;

	for (seen = 0;
	     seen < ML_LIKELY_RANGES &&
	     !memlog_image_next_range(image, MEMLOG_PHYS, addr, &r, NULL);
	     addr = r.end, seen++)
		if (r.end - r.start >= LEAST)
			top = r;
	if (!top.end || !max)
		return 0;
	*ret = (struct ml_likely){ .space = MEMLOG_PHYS,
				   .range = { top.end - BELOW, top.end } };
	return 1;
}
