/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel.c - read the memory of the kernel, by its virtual addresses. */
#include "kernel.h"

#include <string.h>

#include "base/bytes.h"

static bool kernel_phys(struct ftrace_kernel *k, uint64_t phys, void *buf,
			size_t len, bool note)
{
	size_t got;

	if (note)
		return ml_ftrace_kernel_phys(k, phys, buf, len);
	return !ml_image_fill(k->image, MEMLOG_PHYS, phys, buf, len, &got,
			      NULL) &&
	       got == len;
}

static bool kernel_virt(struct ftrace_kernel *k, uint64_t va, void *buf,
			size_t len, bool note)
{
	uint8_t *to = buf;
	uint64_t phys;
	size_t n;

	for (; len; len -= n, va += n, to += n) {
		n = (size_t)ml_min(len, ML_PAGE - va % ML_PAGE);
		if (!ml_ftrace_walk(k, va, &phys) ||
		    !kernel_phys(k, phys, to, n, note))
			return false;
	}
	return true;
}

bool ml_ftrace_kernel_look(struct ftrace_kernel *k, uint64_t va, void *buf,
			   size_t len)
{
	return kernel_virt(k, va, buf, len, false);
}

bool ml_ftrace_kernel_read(struct ftrace_kernel *k, uint64_t va, void *buf,
			   size_t len)
{
	return kernel_virt(k, va, buf, len, true);
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

bool ml_ftrace_kernel_name(struct ftrace_kernel *k, uint64_t va, char *ret,
			   size_t size)
{
	return ml_ftrace_kernel_string(k, va, ret, size) &&
	       !strpbrk(ret, "\n\t");
}
