/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sort.h - sort large tables in place. */
#ifndef ML_BASE_SORT_H
#define ML_BASE_SORT_H

#include <stddef.h>

/*
 * Sort n elements of size bytes, at most ML_SORT_SIZE, by the uint64_t at offset first in
 * each, and those that are equal by the one at second. Unlike qsort() it allocates
 * nothing, needs 16 passes over the elements at worst, and goes through them in order, as
 * a table in a file wants. One pass if they are in order, or in the reverse one.
 */
#define ML_SORT_SIZE 64u
void ml_sort(void *table, size_t n, size_t size, size_t first, size_t second);

#endif
