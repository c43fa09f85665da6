/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bulk.c - tables with as many entries as a dump says, in memory or in temporary files. */
#include "bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/image.h"
#include "spool.h"

/* Before the elements of a table. */
struct bulk {
	struct memlog_allocator alloc;
	size_t bytes; /* with this */
	bool mapped;
	max_align_t first[];
};

/* A map of a new file of that size. Its blocks are there: a page that the file system has
 * no room for would raise SIGBUS. */
static enum memlog_status bulk_map(const struct memlog_image *image,
				   size_t bytes, struct bulk **ret,
				   struct memlog_err *err)
{
	enum memlog_status s;
	struct bulk *b;
	int fd, r;

	s = ml_spool_create(image->tmpdir, &fd, err);
	if (s)
		return s;
	do {
		r = posix_fallocate(fd, 0, (off_t)bytes);
	} while (r == EINTR);
	if (r) {
		close(fd);
		return ml_fail_errno(err, MEMLOG_IO, r,
				     "no room for a temporary file of %zu "
				     "bytes (set TMPDIR to a directory with "
				     "more space)",
				     bytes);
	}
	b = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	r = errno;
	close(fd);
	if (b == MAP_FAILED)
		return ml_fail_errno(err, MEMLOG_NO_MEMORY, r,
				     "cannot map a temporary file of %zu bytes",
				     bytes);
	b->mapped = true;
	*ret = b;
	return MEMLOG_OK;
}

enum memlog_status ml_bulk_alloc(const struct memlog_image *image, size_t n,
				 size_t size, void *table,
				 struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct bulk *b = NULL;
	void *first = NULL;
	size_t bytes;

	memcpy(table, &first, sizeof(first));
	if (__builtin_mul_overflow(n, size, &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(*b), &bytes) ||
	    bytes > PTRDIFF_MAX)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu entries", n);
	if (bytes > ML_BULK_MEMORY)
		s = bulk_map(image, bytes, &b, err);
	else
		b = ml_calloc(&image->alloc, bytes, 1);
	if (!s && !b)
		s = ml_fail(err, MEMLOG_NO_MEMORY,
			    "no memory for %zu entries of %zu bytes", n, size);
	if (s)
		return s;
	b->alloc = image->alloc;
	b->bytes = bytes;
	first = b->first;
	memcpy(table, &first, sizeof(first));
	return MEMLOG_OK;
}

void ml_bulk_free(void *table)
{
	struct memlog_allocator a;
	struct bulk *b = table;

	if (!b)
		return;
	b--;
	if (b->mapped) {
		munmap(b, b->bytes);
		return;
	}
	a = b->alloc;
	ml_free(&a, b);
}

enum memlog_status ml_bulk_grow(const struct memlog_image *image, void *table,
				size_t count, size_t *cap, size_t size,
				struct memlog_err *err)
{
	enum memlog_status s;
	void *old, *new;
	size_t want;

	if (count < *cap)
		return MEMLOG_OK;
	want = *cap ? *cap * 2 : 8;
	s = ml_bulk_alloc(image, want, size, &new, err);
	if (s)
		return s;
	memcpy(&old, table, sizeof(old));
	if (old)
		memcpy(new, old, count * size);
	memcpy(table, &new, sizeof(new));
	ml_bulk_free(old);
	*cap = want;
	return MEMLOG_OK;
}
