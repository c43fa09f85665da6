/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alloc.h - memory from the caller's allocator. */
#ifndef ML_BASE_ALLOC_H
#define ML_BASE_ALLOC_H

#include "memlog.h"

/* The caller's allocator, or malloc if it is NULL. Copied by value into every
 * object that frees later. */
struct memlog_allocator ml_allocator(const struct memlog_allocator *alloc);

/* count * size zeroed bytes; NULL when out of memory or if the product
 * overflows. The caller frees with ml_free. */
void *ml_calloc(const struct memlog_allocator *alloc, size_t count,
		size_t size);
void ml_free(const struct memlog_allocator *alloc, void *ptr);

/* A copy of a string, owned by the caller. */
char *ml_strdup(const struct memlog_allocator *alloc, const char *s);

/*
 * Make room for one more element in an array: *array has *cap elements of size
 * bytes, of which count are used. It grows by doubling and may move. On
 * NO_MEMORY nothing changes. *array NULL with *cap 0 is an empty array.
 */
enum memlog_status ml_grow(const struct memlog_allocator *alloc, void *array,
			   size_t count, size_t *cap, size_t size,
			   struct memlog_err *err);

#endif
