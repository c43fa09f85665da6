/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* range.h - arithmetic on half-open ranges, and lists of them. */
#ifndef ML_BASE_RANGE_H
#define ML_BASE_RANGE_H

#include "memlog.h"

/* Sort by start and join ranges that overlap or touch; empty ranges are
 * removed. Returns the new count. In place, n log n. */
size_t ml_ranges_merge(struct memlog_range *r, size_t n);

/* The index of the first range that ends after addr, n if there is none. r is
 * sorted, without overlaps. Binary search. */
size_t ml_ranges_find(const struct memlog_range *r, size_t n, uint64_t addr);

/* next_range of struct memlog_reader_ops over a sorted list. */
enum memlog_status ml_ranges_next(const struct memlog_range *r, size_t n,
				  uint64_t addr, struct memlog_range *ret);

/* The total of their bytes; they do not overlap. */
uint64_t ml_ranges_bytes(const struct memlog_range *r, size_t n);

/* The overlap of a and b; false if there is none. */
bool ml_range_intersect(struct memlog_range a, struct memlog_range b,
			struct memlog_range *ret);

#endif
