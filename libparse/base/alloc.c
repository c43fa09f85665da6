/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alloc.c - allocation through the caller's allocator, with overflow checks. */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

static void *libc_alloc(void *self, size_t size)
{
	(void)self;
	return malloc(size);
}

static void libc_release(void *self, void *ptr)
{
	(void)self;
	free(ptr);
}

struct memlog_allocator ml_allocator(const struct memlog_allocator *alloc)
{
	static const struct memlog_allocator libc = {
		.alloc = libc_alloc,
		.release = libc_release,
	};

	return alloc ? *alloc : libc;
}

void *ml_calloc(const struct memlog_allocator *alloc, size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	/* pages of it that are not used need no memory */
	if (alloc->alloc == libc_alloc)
		return calloc(bytes ? bytes : 1, 1);
	p = alloc->alloc(alloc->self, bytes ? bytes : 1);
	if (p)
		memset(p, 0, bytes ? bytes : 1);
	return p;
}

void ml_free(const struct memlog_allocator *alloc, void *ptr)
{
	if (ptr)
		alloc->release(alloc->self, ptr);
}

char *ml_strdup(const struct memlog_allocator *alloc, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = ml_calloc(alloc, n, 1);

	if (p)
		memcpy(p, s, n);
	return p;
}

enum memlog_status ml_grow(const struct memlog_allocator *alloc, void *array,
			   size_t count, size_t *cap, size_t size,
			   struct memlog_err *err)
{
	void *old, *new;
	size_t want;

	if (count < *cap)
		return MEMLOG_OK;
	want = *cap ? *cap * 2 : 8;
	new = want > *cap ? ml_calloc(alloc, want, size) : NULL;
	if (!new)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu entries of %zu bytes", want,
			       size);
	memcpy(&old, array, sizeof(old));
	if (old)
		memcpy(new, old, count * size);
	memcpy(array, &new, sizeof(new));
	ml_free(alloc, old);
	*cap = want;
	return MEMLOG_OK;
}
