/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* likely.c - where OVMF's logs are likely: the fixed address of the early
 * buffer, and below the top of low memory. */
#include "base/bytes.h"
#include "base/limits.h"
#include "ovmf.h"

#define MIB (1ull << 20)

static void ovmf_likely_add(struct ml_likely *ret, size_t *n, size_t max,
			    enum memlog_space space, uint64_t start,
			    uint64_t end, bool downwards)
{
	if (*n < max && start < end)
		ret[(*n)++] = (struct ml_likely){
			.space = space,
			.range = { start, end },
			.downwards = downwards,
		};
}

/* Where low memory ends in QEMU's machines. */
#define LOW_CAP 0xe0000000ull
#define SEARCH	(128 * MIB)

static void ovmf_likely_below(struct ml_likely *ret, size_t *n, size_t max,
			      enum memlog_space space, uint64_t base,
			      uint64_t top)
{
	ovmf_likely_add(ret, n, max, space,
			base + (top > SEARCH ? top - SEARCH : 0), base + top,
			true);
}

/* The early buffer, then below each possible top of low memory, in a run of
 * guest memory whose address 0 is base and that ends at base + top. */
static void ovmf_likely_add_run(struct ml_likely *ret, size_t *n, size_t max,
				enum memlog_space space, uint64_t base,
				uint64_t top)
{
	/* q35 first: OVMF usually runs on it */
	static const uint64_t tops[] = { 0x80000000, 0xc0000000, 0xb0000000,
					 LOW_CAP };
	size_t i;

	ovmf_likely_add(ret, n, max, space, base + OVMF_EARLY_FROM,
			base + ml_min(OVMF_EARLY_TO,
				      ml_max(top, OVMF_EARLY_FROM)),
			false);
	if (top <= LOW_CAP)
		ovmf_likely_below(ret, n, max, space, base, top);
	/* one run may have the memory below and above the hole */
	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (tops[i] < top)
			ovmf_likely_below(ret, n, max, space, base, tops[i]);
}

/* Where the last range that starts below LOW_CAP ends there. Guest memory is in [start,
 * LOW_CAP), in more pieces than can be walked. */
static uint64_t ovmf_low_end(struct memlog_image *image,
			     enum memlog_space space, uint64_t start)
{
	uint64_t lo = start, hi = LOW_CAP, end = start, mid;
	struct memlog_range r;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (!memlog_image_next_range(image, space, mid, &r, NULL) &&
		    r.start < LOW_CAP)
			lo = end = ml_min(r.end, LOW_CAP);
		else
			hi = mid;
	}
	return end;
}

#define LARGE_MAPPING (16 * MIB)

/* Guest physical: the run of low memory ends where the range that holds 16 MiB
 * ends; in a dump with holes, where the last range below LOW_CAP ends. */
static void likely_phys(struct memlog_image *image, enum memlog_space space,
			struct ml_likely *ret, size_t *n, size_t max)
{
	struct memlog_range r;
	uint64_t addr = 0, run = 0, last = 0, base = 0;
	size_t seen;

	for (seen = 0; seen < ML_LIKELY_RANGES; seen++, addr = r.end) {
		if (memlog_image_next_range(image, space, addr, &r, NULL))
			break;
		if (!seen)
			base = r.start;
		if (r.start <= 16 * MIB && r.end > 16 * MIB)
			run = r.end;
		if (r.start < LOW_CAP)
			last = ml_min(r.end, LOW_CAP);
	}
	if (!seen)
		return;
	if (seen == ML_LIKELY_RANGES)
		last = ovmf_low_end(image, space, last);
	if (base >= 1024 * MIB) { /* Arm: RAM starts at 1 GiB or above */
		uint64_t top = base + SEARCH,
			 early = base + OVMF_ARM_EARLY_FROM;

		ovmf_likely_add(ret, n, max, space, early,
				early + OVMF_ARM_EARLY_SIZE, false);
		ovmf_likely_add(ret, n, max, space, base,
				top > base ? top : base, true);
		return;
	}
	ovmf_likely_add_run(ret, n, max, space, 0, run ? run : last);
	if (last > run)
		ovmf_likely_below(ret, n, max, space, 0, last);
}

size_t ml_ovmf_likely(struct memlog_image *image, struct ml_likely *ret,
		      size_t max)
{
	struct memlog_range r;
	uint64_t addr;
	size_t n = 0, runs = 0, seen;

	/* of a Xen machine, on which firmware ran, too; phys is dom0's memory */
	if (memlog_image_has_space(image, MEMLOG_MACH) && image->xen)
		likely_phys(image, MEMLOG_MACH, ret, &n, max);
	likely_phys(image, MEMLOG_PHYS, ret, &n, max);
	for (addr = 0, seen = 0;
	     seen < ML_LIKELY_RANGES && runs < ML_LIKELY_RUNS &&
	     !memlog_image_next_range(image, MEMLOG_HOST, addr, &r, NULL);
	     addr = r.end, seen++) {
		if (r.end - r.start < LARGE_MAPPING)
			continue;
		ovmf_likely_add_run(ret, &n, max, MEMLOG_HOST, r.start,
				    r.end - r.start);
		runs++;
	}
	for (addr = 0, seen = 0;
	     seen < ML_LIKELY_RUNS &&
	     !memlog_image_next_range(image, MEMLOG_FILE, addr, &r, NULL);
	     addr = r.end, seen++)
		ovmf_likely_add(ret, &n, max, MEMLOG_FILE,
				r.end - r.start > SEARCH ? r.end - SEARCH :
							   r.start,
				r.end, true);
	return n;
}
