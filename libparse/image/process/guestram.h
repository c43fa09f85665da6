/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guestram.h - which mappings of a virtual machine monitor are the guest's
 * memory.
 *
 * They are not marked; but guest memory is writable, never executable, and much
 * larger than anything else that a monitor maps. This leaves out what belongs
 * to the monitor itself (code, constants, heaps, translated code), so that
 * magics in its code are not taken for logs.
 */
#ifndef ML_IMAGE_GUESTRAM_H
#define ML_IMAGE_GUESTRAM_H

#include "memlog.h"

/* One mapping of a process. file: a number that identifies the file, 0 for
 * anonymous memory; offset: of start in the file, in bytes. */
struct ml_mapping {
	uint64_t start, end;
	uint64_t file, offset;
	bool read, write, exec, shared;
	bool own;   /* the process's own: heap, stack, device */
	bool guest; /* set by ml_guest_ram */
};

/* Guest memory has at least ML_GUEST_RAM_MIN bytes; if no mapping has as many,
 * at least ML_GUEST_RAM_SMALL. */
#define ML_GUEST_RAM_MIN   (16ull << 20)
#define ML_GUEST_RAM_SMALL (1ull << 20)

/* The size of guest memory is a multiple of this; heaps grow by pages. */
#define ML_GUEST_RAM_UNIT (1ull << 20)

/* Is b the continuation of a, so that they may be one block of memory that the
 * kernel shows as two mappings? */
bool ml_mapping_joins(const struct ml_mapping *a, const struct ml_mapping *b);

/* Set guest in those of n sorted mappings that are guest memory, and return how
 * many bytes they have. Mappings that join count as one, but for the stack of a thread
 * before them, and those at the ends that would make its size odd. */
uint64_t ml_guest_ram(struct ml_mapping *m, size_t n);

#endif
