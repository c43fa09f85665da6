/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * walk.c - where a virtual address of the kernel is. Its image and the direct map are
 * contiguous; all else, such as modules, is mapped by its page tables.
 */
#include "kernel.h"

#include "base/bytes.h"
#include "image/vmcoreinfo.h"

enum {
	ENTRY = 8,
	PRESENT = 1,
	X86_LARGE = 1 << 7,
	ARM_TABLE = 1 << 1,
	LEVELS_MAX = 5,
};

#define ADDRESS UINT64_C(0x0000fffffffff000)

/* The image has 64 MiB at most, and a little before its text. */
#define IMAGE_BEFORE (UINT64_C(2) << 20)

/* The direct map of x86-64 has at least this. */
#define X86_DIRECT_LEN (UINT64_C(1) << 46)

static void walk_x86(const struct memlog_image *image,
		     struct ftrace_kernel_info *ret)
{
	uint64_t five;

	ret->page_shift = 12;
	ret->levels = ml_vmcoreinfo_number(image, "NUMBER(pgtable_l5_enabled)",
					   &five) &&
				      five ?
			      5 :
			      4;
	ret->direct_len = X86_DIRECT_LEN;
}

static bool walk_arm64(const struct memlog_image *image, uint64_t bits,
		       struct ftrace_kernel_info *ret)
{
	uint64_t page, size;

	if (bits < 32 || bits > 52)
		return false;
	ret->direct_len = UINT64_C(1) << (bits - 1);
	if (!ml_vmcoreinfo_number(image, "PAGESIZE", &page) ||
	    (page != 4096 && page != 16384 && page != 65536))
		return false;
	/* The processor may not have as many bits. With pages of 64 KiB it uses the
	 * end of the same table, with smaller ones a level is left out. */
	if ((bits < 52 || page != 65536) &&
	    ml_vmcoreinfo_number(image, "NUMBER(TCR_EL1_T1SZ)", &size) &&
	    size >= 12 && size <= 32)
		bits = 64 - size;
	ret->arm64 = true;
	ret->page_shift = (uint8_t)__builtin_ctzll(page);
	ret->levels = (uint8_t)((bits - 4) / (ret->page_shift - 3u));
	ret->va_bits = (uint8_t)bits;
	return true;
}

void ml_ftrace_walk_place(const struct memlog_image *image,
			  struct ftrace_kernel_info *ret)
{
	uint64_t va, bits;

	if (!ml_vmcoreinfo_number(image, "SYMBOL(swapper_pg_dir)", &va) ||
	    !ml_vmcoreinfo_phys(image, va, &ret->root))
		ret->root = 0;
	if (ml_vmcoreinfo_number(image, "NUMBER(VA_BITS)", &bits)) {
		if (!walk_arm64(image, bits, ret))
			ret->root = 0;
	} else {
		walk_x86(image, ret);
	}
}

static bool walk_tables(struct ftrace_kernel *k, uint64_t va, uint64_t *ret)
{
	const struct ftrace_kernel_info *i = k->info;
	unsigned int per = i->page_shift - 3u, level = i->levels, shift;
	uint64_t table = i->root, e, index, page = UINT64_C(1) << i->page_shift;
	uint8_t b[ENTRY];

	if (!table || level > LEVELS_MAX)
		return false;
	while (level--) {
		shift = i->page_shift + per * level;
		index = va >> shift & ((UINT64_C(1) << per) - 1);
		/* the first table of arm64 may be a part of a page */
		if (i->arm64 && level + 1u == i->levels && i->va_bits > shift)
			index &= (UINT64_C(1) << (i->va_bits - shift)) - 1;
		if (!ml_ftrace_kernel_phys(k, table + index * ENTRY, b,
					   sizeof(b)))
			return false;
		e = ml_le64(b);
		if (!(e & PRESENT))
			return false;
		if (!level || (i->arm64 ? !(e & ARM_TABLE) : e & X86_LARGE)) {
			page = UINT64_C(1) << shift;
			*ret = (e & ADDRESS & -page) | (va & (page - 1));
			return true;
		}
		table = e & ADDRESS & -page;
	}
	return false;
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
	return walk_tables(k, va, ret);
}
