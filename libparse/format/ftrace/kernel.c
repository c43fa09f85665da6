/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel.c - read the memory of the kernel, by its virtual addresses. */
#include "kernel.h"

#include <string.h>

#include "base/bytes.h"

/* The image is mapped in one piece of less than this. */
#define IMAGE (UINT64_C(1) << 30)

static uint64_t kernel_phys(const struct ftrace_kernel_info *i, uint64_t va)
{
	bool image = va - i->anchor + IMAGE < 2 * IMAGE;

	return va - (image ? i->image : i->direct);
}

/* Note a page; false: there are too many. */
static bool kernel_note(struct ftrace_kernel *k, uint64_t page)
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
	if (k->n == ML_FTRACE_KERNEL ||
	    ml_grow(&k->alloc, &k->page, k->n, &k->cap, sizeof(*k->page), NULL))
		return false;
	memmove(k->page + low + 1, k->page + low,
		(k->n - low) * sizeof(*k->page));
	k->page[low] = page;
	k->n++;
	return true;
}

/* The extents of the kernel are sorted. */
static bool kernel_of_log(struct ftrace_kernel *k, uint64_t phys, void *buf,
			  size_t len)
{
	const struct ml_log *log = k->source->log;
	size_t low = k->first, high = log->pub.n_extents, mid, got;
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
	ok = !ml_source_read(k->source, low, phys - e->addr, buf, len, &got,
			     NULL, NULL) &&
	     got == len;
	k->source->missing = missing;
	return ok;
}

/* Bytes of one page. */
static bool kernel_bytes(struct ftrace_kernel *k, uint64_t phys, void *buf,
			 size_t len)
{
	size_t got;

	if (k->source)
		return kernel_of_log(k, phys, buf, len);
	return !ml_image_fill(k->image, MEMLOG_PHYS, phys, buf, len, &got,
			      NULL) &&
	       got == len && kernel_note(k, phys & -(uint64_t)ML_PAGE);
}

bool ml_ftrace_kernel_read(struct ftrace_kernel *k, uint64_t va, void *buf,
			   size_t len)
{
	uint8_t *to = buf;
	uint64_t phys;
	size_t n;

	for (; len; len -= n, va += n, to += n) {
		phys = kernel_phys(k->info, va);
		n = (size_t)ml_min(len, ML_PAGE - phys % ML_PAGE);
		if (!kernel_bytes(k, phys, to, n))
			return false;
	}
	return true;
}

bool ml_ftrace_kernel_string(struct ftrace_kernel *k, uint64_t va, char *ret,
			     size_t size)
{
	size_t at = 0, n, i;

	while (at < size) {
		n = (size_t)ml_min(size - at, ML_PAGE - (va + at) % ML_PAGE);
		n = ml_min(n, 256);
		if (!ml_ftrace_kernel_read(k, va + at, ret + at, n))
			return false;
		for (i = 0; i < n; i++, at++) {
			if (!ret[at])
				return true;
			if ((ret[at] < ' ' && ret[at] != '\n' &&
			     ret[at] != '\t') ||
			    ret[at] > '~')
				return false;
		}
	}
	return false;
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
