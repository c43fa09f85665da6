/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * near.c - where the console ring is likely if no pointer leads to it, because page tables
 * are not in the image. Xen allocates it while it boots, like the stack, TSS and IDT
 * of each CPU, and from the same free memory: in dumps of Xen 4.17 on two CPUs it is 16 and
 * 336 KiB from one of them. QEMU's notes have their addresses.
 */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/range.h"
#include "image/elf/qemu_cpu.h"
#include "image/xen/xen.h"

/* So far on either side of them, and so much in all: a machine may have hundreds of CPUs. */
#define NEAR_EACH (UINT64_C(2) << 20)
#define NEAR_ALL  (UINT64_C(16) << 20)

static bool near_has(struct memlog_image *image, uint64_t mach)
{
	struct memlog_range r;

	return !memlog_image_next_range(image, image->xen->space, mach, &r,
					NULL) &&
	       r.start <= mach;
}

/* The memory around va, if that is in the direct map. Nothing is read for it: what the notes
 * say may lead anywhere. */
static bool near_range(struct memlog_image *image, uint64_t va,
		       struct memlog_range *ret)
{
	uint64_t mach = va - ML_XEN_DIRECTMAP;

	if (va < ML_XEN_DIRECTMAP || va >= ML_XEN_VIRT_HIGH)
		return false;
	if (va >= ML_XEN_DIRECTMAP_BIG && !near_has(image, mach))
		mach = va - ML_XEN_DIRECTMAP_BIG;
	if (!near_has(image, mach))
		return false;
	ret->start = mach - ml_min(mach, NEAR_EACH);
	ret->end = mach + NEAR_EACH;
	return true;
}

/* Add what is around the stack and the tables of a CPU to the n ranges. Returns their number,
 * merged; those that would be too many, or too large, are left out. */
static size_t near_cpu(struct memlog_image *image,
		       const struct ml_qemu_cpu *cpu, struct memlog_range *r,
		       size_t n)
{
	const uint64_t va[] = { cpu->rsp, cpu->seg[ML_QEMU_TR].base,
				cpu->seg[ML_QEMU_IDT].base };
	struct memlog_range more[ML_LIKELY_PLACES + 1];
	size_t i, m;

	for (i = 0; i < sizeof(va) / sizeof(va[0]); i++) {
		memcpy(more, r, n * sizeof(*r));
		if (!near_range(image, va[i], &more[n]))
			continue;
		m = ml_ranges_merge(more, n + 1);
		if (m > ML_LIKELY_PLACES || ml_ranges_bytes(more, m) > NEAR_ALL)
			continue;
		memcpy(r, more, m * sizeof(*r));
		n = m;
	}
	return n;
}

size_t ml_xen_console_near(struct memlog_image *image, struct ml_likely *ret,
			   size_t max)
{
	struct memlog_range r[ML_LIKELY_PLACES];
	struct ml_qemu_cpu cpu;
	size_t n = 0, i;

	if (!image->xen || !image->xen->is64)
		return 0;
	for (i = 0; i < image->n_notes; i++)
		if (ml_qemu_cpu_note(&image->notes[i], &cpu))
			n = near_cpu(image, &cpu, r, n);
	n = ml_min(n, max);
	for (i = 0; i < n; i++)
		ret[i] = (struct ml_likely){ .space = image->xen->space,
					     .range = r[i] };
	return n;
}
