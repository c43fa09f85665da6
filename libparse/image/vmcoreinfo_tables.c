/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmcoreinfo_tables.c - what VMCOREINFO says of the kernel's page tables, and of what
 * is mapped as a whole. */
#include "vmcoreinfo.h"

#include "base/bytes.h"
#include "base/limits.h"

/* x86-64: the kernel's image is mapped from here on, at a multiple of this. */
#define X86_IMAGE UINT64_C(0xffffffff80000000)
#define X86_ALIGN (UINT64_C(2) << 20)

/* The first release that puts its image anywhere in memory. */
#define X86_ANYWHERE (4u << 16 | 8)

/* From 5.4 on the direct map of arm64 is the lower half of the kernel's addresses,
 * before the upper one. */
#define ARM_LOWER (5u << 16 | 4)

static void tables_x86(const struct memlog_image *image, struct ml_tables *ret)
{
	uint64_t v;

	ret->page_shift = 12;
	ret->levels =
		ml_vmcoreinfo_number(image, "NUMBER(pgtable_l5_enabled)", &v) &&
				v ?
			5 :
			4;
	if (ml_vmcoreinfo_number(image, "NUMBER(sme_mask)", &v))
		ret->not_addr = v;
}

static bool tables_arm64(const struct memlog_image *image, uint64_t bits,
			 struct ml_tables *ret)
{
	uint64_t page, size;

	if (bits < 32 || bits > 52 ||
	    !ml_vmcoreinfo_number(image, "PAGESIZE", &page) ||
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

bool ml_vmcoreinfo_tables(const struct memlog_image *image,
			  struct ml_tables *ret)
{
	uint64_t va, bits;

	*ret = (struct ml_tables){ .root = 0 };
	if (!ml_vmcoreinfo_number(image, "NUMBER(VA_BITS)", &bits))
		tables_x86(image, ret);
	else if (!tables_arm64(image, bits, ret))
		return false;
	return (ml_vmcoreinfo_number(image, "SYMBOL(swapper_pg_dir)", &va) ||
		ml_vmcoreinfo_number(image, "SYMBOL(init_top_pgt)", &va) ||
		ml_vmcoreinfo_number(image, "SYMBOL(init_level4_pgt)", &va)) &&
	       ml_vmcoreinfo_phys(image, va, &ret->root);
}

bool ml_vmcoreinfo_direct(const struct memlog_image *image,
			  struct ml_direct *ret)
{
	uint32_t release = ml_vmcoreinfo_release(image);
	uint64_t bits;

	if (!ml_vmcoreinfo_number(image, "NUMBER(VA_BITS)", &bits) ||
	    bits < 32 || bits > 52 ||
	    !ml_vmcoreinfo_number(image, "NUMBER(PHYS_OFFSET)", &ret->phys))
		return false;
	ret->len = UINT64_C(1) << (bits - 1);
	ret->start = -(UINT64_C(1) << bits);
	if (release && release < ARM_LOWER)
		ret->start = -ret->len;
	return true;
}

/* The first address from addr on where the variable may be. */
static bool tables_next_place(uint64_t addr, uint64_t at, uint64_t *ret)
{
	return ml_add(addr, (at - addr) % X86_ALIGN, ret);
}

/* The variable has its own distance: at, where it would be for phys_base 0. Memory
 * between the places where it may be is not walked. */
static bool tables_find_base(struct memlog_image *image, uint64_t at,
			     uint64_t *ret)
{
	struct memlog_range r = { 0, 0 };
	uint64_t phys = at % X86_ALIGN;
	unsigned int tries;
	uint8_t b[8];
	size_t got;

	for (tries = 0; tries < ML_PHYS_BASE_TRIES; tries++) {
		if (ml_image_stop(image) ||
		    (phys >= r.end && memlog_image_next_data(image, MEMLOG_PHYS,
							     phys, &r, NULL)))
			return false;
		if (phys < r.start && !tables_next_place(r.start, at, &phys))
			return false;
		if (phys >= r.end)
			continue;
		*ret = phys - at;
		/* a zero says nothing */
		if (*ret &&
		    !ml_image_fill(image, MEMLOG_PHYS, phys, b, sizeof(b), &got,
				   NULL) &&
		    got == sizeof(b) && ml_le64(b) == *ret)
			return true;
		if (!ml_add(phys, X86_ALIGN, &phys))
			return false;
	}
	return false;
}

void ml_vmcoreinfo_settle(struct memlog_image *image)
{
	uint64_t v, va;

	/* what was found in memory is right with 0 */
	if (image->phys_base.settled || image->found_vmcoreinfo ||
	    ml_vmcoreinfo_number(image, "NUMBER(phys_base)", &v) ||
	    !ml_vmcoreinfo_number(image, "SYMBOL(phys_base)", &va) ||
	    va < X86_IMAGE || !memlog_image_has_space(image, MEMLOG_PHYS))
		return;
	image->phys_base.settled = true;
	if (tables_find_base(image, va - X86_IMAGE, &v)) {
		image->phys_base.value = v;
		image->phys_base.unknown = false;
		return;
	}
	/* what was stopped is not known, and is looked for again */
	image->phys_base.settled = !image->stopped;
	image->phys_base.unknown = ml_vmcoreinfo_release(image) >= X86_ANYWHERE;
}
