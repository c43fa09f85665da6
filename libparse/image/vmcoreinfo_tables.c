/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmcoreinfo_tables.c - what VMCOREINFO says of the kernel's page tables. */
#include "vmcoreinfo.h"

#include "base/limits.h"

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
