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

#include <stddef.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/sort.h"
#include "image/bytes/bulk.h"
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

static bool orphan_maps(struct supposed *m, const struct ml_orphan_root *root,
			uint64_t skip)
{
	uint64_t addr;

	return !ml_pagewalk(&supposed_ops, m, root->paging, root->cr3,
			    m->at.vaddr + skip, &addr) &&
	       addr == m->at.addr + skip;
}

/* How the CPU of a note translates addresses. False: it is none, or does not. */
static bool orphan_root(const struct ml_elf *elf, const struct ml_note *note,
			struct ml_orphan_root *ret)
{
	struct ml_qemu_cpu cpu;

	if (elf->ehdr.big_endian || !ml_qemu_cpu_note(note, &cpu) ||
	    !(cpu.cr[0] & CR0_PG) || (cpu.cr[4] & CR4_LA57))
		return false;
	ret->cr3 = cpu.cr[3];
	ret->paging = elf->ehdr.machine == ML_EM_X86_64 ? ML_PAGING_64 :
		      cpu.cr[4] & CR4_PAE		? ML_PAGING_PAE :
							  ML_PAGING_32;
	return true;
}

enum memlog_status ml_orphan_roots_init(struct ml_orphan_roots *roots,
					const struct memlog_image *image,
					const struct ml_elf *elf,
					struct memlog_err *err)
{
	struct ml_orphan_root *r;
	enum memlog_status s;
	size_t i, n = 0;

	*roots = (struct ml_orphan_roots){ .walks = ML_ORPHAN_WALKS };
	s = ml_bulk_alloc(image, image->n_notes, sizeof(*r), &roots->roots,
			  err);
	if (s)
		return s;
	r = roots->roots;
	for (i = 0; i < image->n_notes; i++)
		n += orphan_root(elf, &image->notes[i], &r[n]);
	ml_sort(r, n, sizeof(*r), offsetof(struct ml_orphan_root, cr3),
		offsetof(struct ml_orphan_root, paging));
	for (i = 0; i < n; i++)
		if (!i || r[i].cr3 != r[i - 1].cr3 ||
		    r[i].paging != r[i - 1].paging)
			r[roots->n++] = r[i];
	return MEMLOG_OK;
}

void ml_orphan_roots_fini(struct ml_orphan_roots *roots)
{
	ml_bulk_free(roots->roots);
	*roots = (struct ml_orphan_roots){ 0 };
}

/* Is a CPU's top table in the part? */
static bool orphan_has_root(const struct ml_orphan_roots *roots,
			    const struct ml_orphan_place *at)
{
	size_t lo = 0, hi = roots->n;

	while (lo < hi) { /* the first that is not below it */
		size_t mid = lo + (hi - lo) / 2;

		if (roots->roots[mid].cr3 < at->addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < roots->n && roots->roots[lo].cr3 - at->addr < at->len;
}

bool ml_orphan_tables_agree(struct ml_orphan_roots *roots,
			    struct memlog_image *image,
			    const struct ml_file *file,
			    const struct ml_orphan_place *at)
{
	struct supposed m = { image, file, *at };
	uint64_t last = at->len - 1;
	size_t i;

	if (!orphan_has_root(roots, at))
		return true;
	last -= last % ML_PAGE;
	for (i = 0; i < roots->n && roots->walks; i++, roots->walks--)
		if (orphan_maps(&m, &roots->roots[i], 0) &&
		    orphan_maps(&m, &roots->roots[i], last))
			return true;
	return false;
}
