/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * walk.c - where a virtual address of the kernel is. Its image and the direct map are
 * contiguous; all else, such as modules, is mapped by its page tables.
 */
#include "kernel.h"

#include "image/vmcoreinfo.h"

/* The image has 64 MiB at most, and a little before its text. */
#define IMAGE_BEFORE (UINT64_C(2) << 20)

/* The direct map of x86-64 has at least this. */
#define X86_DIRECT_LEN (UINT64_C(1) << 46)

void ml_ftrace_walk_place(const struct memlog_image *image,
			  struct ftrace_kernel_info *ret)
{
	struct ml_direct direct;
	uint64_t bits;

	if (!ml_vmcoreinfo_tables(image, &ret->tables))
		ret->tables.root = 0;
	if (!ml_vmcoreinfo_number(image, "NUMBER(VA_BITS)", &bits))
		ret->direct_len = X86_DIRECT_LEN;
	else if (ml_vmcoreinfo_direct(image, &direct))
		ret->direct_len = direct.len;
}

/* For ml_tables_walk(). */
static bool walk_read(void *arg, uint64_t phys, void *buf, size_t len)
{
	return ml_ftrace_kernel_phys(arg, phys, buf, len);
}

bool ml_ftrace_walk(struct ftrace_kernel *k, uint64_t va, uint64_t *ret)
{
	const struct ftrace_kernel_info *i = k->info;
	uint64_t from = i->anchor - IMAGE_BEFORE;

	if (va - from < i->image_end - from) {
		*ret = va - i->image;
		return true;
	}
	if (i->direct_len && va - i->direct_start < i->direct_len) {
		*ret = va - i->direct;
		return true;
	}
	return ml_tables_walk(&i->tables, walk_read, k, va, ret);
}
