/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* place.h - what a stream says of where the guest's memory is. */
#ifndef ML_IMAGE_QEVM_PLACE_H
#define ML_IMAGE_QEVM_PLACE_H

#include "vote.h"

/*
 * The memory that the machine was started with: bytes of each NUMA node that has some,
 * in the order of their addresses, where that below 4 GiB ends, and where it goes on.
 * window: memory can be plugged in there; empty if not.
 */
struct ml_qevm_srat {
	uint64_t node[ML_QEVM_NODES];
	size_t n;
	uint64_t low, high, end;
	struct memlog_range window;
};

/* Read it from the ACPI tables; base: where the machine's RAM starts. False: there is no
 * such table, or it is invalid. */
bool ml_qevm_srat(struct ml_qevm *q, uint64_t base, struct ml_qevm_srat *ret);

/* The blocks that names put in order; returns how many, 0: names say nothing. */
size_t ml_qevm_by_name(const struct ml_qevm *q, size_t order[ML_QEVM_NODES]);

/* What names suggest, where nothing tells: mem0, mem1, and none called dimm2. Returns how
 * many, 0: nothing. */
size_t ml_qevm_guess_order(const struct ml_qevm *q,
			   size_t order[ML_QEVM_ORDER]);

/* The sum of their lengths. */
uint64_t ml_qevm_bytes(const struct ml_qevm *q, const size_t *order, size_t n);

/* The addresses of n blocks one after another; ret has room for n. low: bytes below 4 GiB,
 * 0: by the rule of the board. False: low is the board's rule, too. */
bool ml_qevm_order(const struct ml_qevm *q, const size_t *order, size_t n,
		   uint64_t low, struct ml_qevm_spot *ret);

/* The same where the table has the end of memory below 4 GiB. */
bool ml_qevm_order_by_table(const struct ml_qevm *q, const size_t *order,
			    size_t n, const struct ml_qevm_srat *t,
			    struct ml_qevm_spot *ret);

/* The blocks that have the sizes of the nodes, in this order; those of one size in the
 * order of their names. Returns how many, 0: a node has none. *ret_sure: no other order
 * is possible; *ret_named: or the names tell. */
size_t ml_qevm_by_size(const struct ml_qevm *q, const struct ml_qevm_srat *t,
		       size_t order[ML_QEVM_NODES], bool *ret_sure,
		       bool *ret_named);

/* Does an order have the sizes of the nodes, or one block all of them? */
bool ml_qevm_fits(const struct ml_qevm *q, const size_t *order, size_t n,
		  const struct ml_qevm_srat *t);

/* Put blocks that have no place into the window in the way that QEMU does, if their
 * order is known; spots has one for each block of q. Sets guessed. */
void ml_qevm_plug_in(struct ml_qevm *q, struct memlog_range window,
		     struct ml_qevm_spot *spots);

/* Is the block a before b? Their names have the same letters and then a number. False,
 * and *ok is cleared: nothing tells. */
bool ml_qevm_before(const struct ml_qevm_block *a,
		    const struct ml_qevm_block *b, bool *ok);

#endif
