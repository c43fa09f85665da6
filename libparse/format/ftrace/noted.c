/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* noted.c - read pages of the kernel from an image and note them, or from the extents
 * of a log that these became. */
#include "kernel.h"

#include <string.h>

#include "base/bytes.h"

/* Note a page; false: there are too many. */
static bool noted_add(struct ftrace_kernel *k, uint64_t page)
{
	size_t low = 0, high = k->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (k->page[mid] == page)
			return true;
		if (k->page[mid] < page)
			low = mid + 1;
		else
			high = mid;
	}
	if (k->n == ML_FTRACE_KERNEL)
		return false;
	if (ml_grow(&k->alloc, &k->page, k->n, &k->cap, sizeof(*k->page),
		    NULL)) {
		k->starved = true;
		return false;
	}
	memmove(k->page + low + 1, k->page + low,
		(k->n - low) * sizeof(*k->page));
	k->page[low] = page;
	k->n++;
	return true;
}

/* The extents of the kernel are sorted. */
static bool noted_of_log(struct ftrace_kernel *k, uint64_t phys, void *buf,
			 size_t len)
{
	const struct ml_log *log = k->source->log;
	size_t low = k->first, high = log->pub.n_extents, mid;
	uint64_t missing = k->source->missing;
	const struct memlog_extent *e;
	bool ok;

	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (log->extents[mid].addr <= phys)
			low = mid;
		else
			high = mid;
	}
	if (low >= high)
		return false;
	e = &log->extents[low];
	if (phys < e->addr || len > e->len || phys - e->addr > e->len - len)
		return false;
	ok = ml_source_fill(k->source, low, phys - e->addr, buf, len) == len;
	k->source->missing = missing;
	return ok;
}

bool ml_ftrace_kernel_phys(struct ftrace_kernel *k, uint64_t phys, void *buf,
			   size_t len)
{
	size_t got;

	if (k->source)
		return noted_of_log(k, phys, buf, len);
	return !ml_image_fill(k->image, MEMLOG_PHYS, phys, buf, len, &got,
			      NULL) &&
	       got == len && noted_add(k, phys & -(uint64_t)ML_PAGE);
}

void ml_ftrace_kernel_open(struct ftrace_kernel *k)
{
	const struct ml_log *log = k->source->log;

	k->first = log->pub.n_extents;
	while (k->first &&
	       log->extents[k->first - 1].role == FTRACE_ROLE_KERNEL)
		k->first--;
}

void ml_ftrace_kernel_close(struct ftrace_kernel *k)
{
	ml_free(&k->alloc, k->page);
}
