/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* coredump.c - the coredump of Cloud Hypervisor: how it differs from dumps of QEMU, and
 * what may be wrong with it. */
#include "elf.h"

/* One PT_NOTE, right before the memory, and no virtual addresses, where QEMU has the
 * physical ones. */
static bool coredump_is_its(const struct ml_elf *elf)
{
	const struct ml_phdr *p = elf->phdrs;
	bool high = false;
	size_t i;

	if (elf->n_phdrs < 2 || elf->ehdr.shnum || p->type != ML_PT_NOTE ||
	    p->align || p->offset + p->filesz != p[1].offset)
		return false;
	for (i = 1; i < elf->n_phdrs; i++) {
		if (p[i].type != ML_PT_LOAD || p[i].vaddr || p[i].flags ||
		    p[i].align || p[i].filesz != p[i].memsz)
			return false;
		high |= p[i].paddr > 0;
	}
	return high;
}

void ml_elf_coredump(struct memlog_image *image, const struct ml_elf *elf)
{
	const struct ml_phdr *p = elf->phdrs;
	bool zones = elf->n_phdrs > 3;
	size_t i;

	if (!coredump_is_its(elf))
		return;
	image->title = "ELF dump of Cloud Hypervisor";
	for (i = 2; i < elf->n_phdrs; i++)
		zones |= p[i - 1].paddr + p[i - 1].memsz == p[i].paddr;
	if (zones)
		ml_image_warn(
			image,
			"its memory may be at other addresses than shown: "
			"Cloud Hypervisor does not write several zones in the "
			"order of the headers, and of virtio-mem only what is "
			"plugged; a snapshot has the right addresses");
}
