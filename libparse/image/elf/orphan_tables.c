/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * orphan_tables.c - check with the guest's page tables that a part of the file
 * is at the address that orphan.c assumes.
 *
 * A program header of a dump with paging=true is a mapping of some CPU. If that
 * CPU's page tables are in the part in question, they are found only if the
 * address is right, and then they must have the mapping of the header.
 */
#include "elf.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "qemu_cpu.h"
#include "space/pagewalk.h"

enum { CR0_PG = 1u << 31, CR4_PAE = 1u << 5, CR4_LA57 = 1u << 12 };

/* Guest memory with the part at its assumed address. */
struct supposed {
	struct memlog_image *image;
	const struct ml_file *file;
	struct ml_orphan_place at;
};

static enum memlog_status supposed_read(void *self, uint64_t addr, void *buf,
					size_t len, size_t *ret,
					struct memlog_err *err)
{
	struct supposed *m = self;

	if (addr < m->at.addr || addr - m->at.addr >= m->at.len)
		return memlog_image_read(m->image, MEMLOG_PHYS, addr, buf, len,
					 ret, err);
	len = ml_min(len, m->at.len - (addr - m->at.addr));
	return ml_file_read_some(m->file, m->at.off + (addr - m->at.addr), buf,
				 len, ret, err);
}

static const struct memlog_reader_ops supposed_ops = {
	.size = sizeof(supposed_ops),
	.read = supposed_read,
};

static bool orphan_maps(struct supposed *m, enum ml_paging paging, uint64_t cr3,
			uint64_t skip)
{
	uint64_t addr;

	return !ml_pagewalk(&supposed_ops, m, paging, cr3, m->at.vaddr + skip,
			    &addr) &&
	       addr == m->at.addr + skip;
}

bool ml_orphan_tables_agree(struct memlog_image *image,
			    const struct ml_elf *elf,
			    const struct ml_file *file,
			    const struct ml_orphan_place *at)
{
	struct supposed m = { image, file, *at };
	bool asked = false;
	uint64_t cr3, cr4, last = at->len - 1;
	enum ml_paging paging;
	struct ml_qemu_cpu cpu;
	size_t i;

	last -= last % ML_PAGE;
	for (i = 0; i < image->n_notes; i++) {
		if (elf->ehdr.big_endian ||
		    !ml_qemu_cpu_note(&image->notes[i], &cpu))
			continue;
		cr3 = cpu.cr[3];
		cr4 = cpu.cr[4];
		if (!(cpu.cr[0] & CR0_PG) || (cr4 & CR4_LA57))
			continue;
		paging = elf->ehdr.machine == ML_EM_X86_64 ? ML_PAGING_64 :
			 cr4 & CR4_PAE			   ? ML_PAGING_PAE :
							     ML_PAGING_32;
		if (orphan_maps(&m, paging, cr3, 0) &&
		    orphan_maps(&m, paging, cr3, last))
			return true;
		asked |= cr3 >= at->addr && cr3 - at->addr < at->len;
	}
	return !asked;
}
