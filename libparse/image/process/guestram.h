/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guestram.h - which mappings of a virtual machine monitor are the guest's
 * memory.
 *
 * Nothing says so; but a guest's memory is writable, never executable, and
 * much larger than anything else that a monitor maps. What the monitor itself
 * holds (code, constants, heaps, translated code) is thereby left out, so that
 * the magics in its own code are not taken for logs.
 */
#ifndef ML_IMAGE_GUESTRAM_H
#define ML_IMAGE_GUESTRAM_H

#include "memlog.h"

/* One mapping of a process. file: some number that is the same for all
 * mappings of one file, 0 for anonymous memory; offset is where in it. */
struct ml_mapping {
	uint64_t start, end;
	uint64_t file, offset;
	bool read, write, exec, shared;
	bool own;	/* named by the kernel: a heap, a stack */
	bool guest;	/* set by ml_guest_ram */
};

/* Guest memory is at least this large. Smaller guests are found when nothing
 * else is larger than ML_GUEST_RAM_SMALL. */
#define ML_GUEST_RAM_MIN	(16ull << 20)
#define ML_GUEST_RAM_SMALL	(1ull << 20)

/* Guests are given whole MiBs; heaps grow by pages. */
#define ML_GUEST_RAM_UNIT	(1ull << 20)

/* Could these two, the second after the first, be one piece of memory that the
 * kernel keeps as two mappings? */
bool ml_mapping_joins(const struct ml_mapping *a, const struct ml_mapping *b);

/* Set guest in those of n sorted mappings that are guest memory, and return
 * how many bytes that is. Mappings that join count as one. */
uint64_t ml_guest_ram(struct ml_mapping *m, size_t n);

#endif
