/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* head.c - read the headers and notes of an ELF file and locate its memory. */
#include "elf.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "base/range.h"
#include "image/bytes/bulk.h"

/* Program headers are read in pieces of this size. */
#define CHUNK 65536u

bool ml_elf_shdr(const struct ml_elf *elf, const struct ml_file *file,
		 uint32_t index, struct ml_shdr *ret)
{
	size_t step = ml_ehdr_shdr_size(&elf->ehdr), len;
	uint8_t buf[ML_SHDR_MAX];
	uint64_t off;

	if (!elf->ehdr.shoff ||
	    !ml_add(elf->ehdr.shoff, (uint64_t)index * step, &off))
		return false;
	if (ml_file_read_some(file, off, buf, sizeof(buf), &len, NULL))
		return false;
	return ml_shdr_parse(&elf->ehdr, buf, len, ret);
}

/* The number of program headers; if it is above 0xfffe, section header 0 has
 * it. */
static uint64_t count_phdrs(const struct ml_elf *elf,
			    struct memlog_image *image,
			    const struct ml_file *file)
{
	struct ml_shdr first;

	if (elf->ehdr.phnum != ML_PN_XNUM)
		return elf->ehdr.phnum;
	if (ml_elf_shdr(elf, file, 0, &first) && first.info)
		return first.info;
	ml_image_warn_cut(image,
			  "the number of program headers is missing: it "
			  "should be in section header 0, at offset 0x%" PRIx64,
			  elf->ehdr.shoff);
	return ML_PN_XNUM;
}

static enum memlog_status read_phdrs(struct ml_elf *elf,
				     struct memlog_image *image,
				     const struct ml_file *file,
				     struct memlog_err *err)
{
	size_t step = ml_ehdr_phdr_size(&elf->ehdr), len, used;
	size_t per = step < CHUNK ? CHUNK / step : 1;
	uint64_t off = elf->ehdr.phoff, left = elf->phnum, n;
	uint8_t *buf = ml_calloc(&elf->alloc, per, step);
	enum memlog_status s = MEMLOG_OK;

	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for program headers");
	while (left && !s) {
		n = ml_min(left, per);
		s = ml_file_read_some(file, off, buf, (size_t)n * step, &len,
				      err);
		for (used = 0; !s && used + step <= len; used += step)
			ml_phdr_parse(&elf->ehdr, buf + used, step,
				      &elf->phdrs[elf->n_phdrs++]);
		left -= used / step;
		if (used < n * step || !ml_add(off, used, &off))
			break;
	}
	ml_free(&elf->alloc, buf);
	if (!s && left)
		ml_image_warn_cut(image,
				  "the file ends within its program headers:"
				  " %" PRIu64 " of %" PRIu64 " are missing",
				  left, elf->phnum);
	return s;
}

enum memlog_status ml_elf_init(struct ml_elf *elf, struct memlog_image *image,
			       const struct ml_file *file,
			       struct memlog_err *err)
{
	uint8_t buf[ML_EHDR_MAX];
	uint64_t room;
	enum memlog_status s;
	size_t len;

	*elf = (struct ml_elf){ .alloc = image->alloc };
	s = ml_file_read_some(file, 0, buf, sizeof(buf), &len, err);
	if (!s)
		s = ml_ehdr_parse(buf, len, &elf->ehdr, err);
	if (s)
		return s;
	elf->phnum = count_phdrs(elf, image, file);
	if (elf->phnum > ML_MAX_PHDRS)
		return ml_fail(err, MEMLOG_LIMIT,
			       "%" PRIu64 " program headers,"
			       " more than %u",
			       elf->phnum, ML_MAX_PHDRS);
	/* allocate no more than the file has room for */
	room = file->size > elf->ehdr.phoff ? file->size - elf->ehdr.phoff : 0;
	room = ml_min(room / ml_ehdr_phdr_size(&elf->ehdr), elf->phnum);
	s = ml_bulk_alloc(image, (size_t)room, sizeof(*elf->phdrs), &elf->phdrs,
			  err);
	if (s)
		return s;
	if (room < elf->phnum)
		ml_image_warn_cut(image,
				  "the file ends within its program headers:"
				  " %" PRIu64 " of %" PRIu64 " are missing",
				  elf->phnum - room, elf->phnum);
	elf->phnum = room;
	s = read_phdrs(elf, image, file, err);
	if (s)
		ml_elf_fini(elf);
	return s;
}

void ml_elf_fini(struct ml_elf *elf)
{
	ml_bulk_free(elf->phdrs);
	elf->phdrs = NULL;
	elf->n_phdrs = 0;
}

void ml_elf_notes(struct ml_elf *elf, struct memlog_image *image,
		  const struct ml_file *file)
{
	uint64_t budget = ML_MAX_NOTES_READ, len;
	size_t i;

	for (i = 0; i < elf->n_phdrs; i++) {
		const struct ml_phdr *p = &elf->phdrs[i];

		if (p->type != ML_PT_NOTE || !p->filesz)
			continue;
		len = p->offset < file->size ?
			      ml_min(p->filesz, file->size - p->offset) :
			      0;
		len = ml_min(len, budget);
		budget -= len;
		if (len < p->filesz)
			ml_image_warn(image,
				      "only %" PRIu64 " of %" PRIu64 " byte%s "
				      "of notes could be read",
				      len, p->filesz, ml_s(p->filesz));
		ml_notes_add(image, &elf->ehdr, file, p->offset, len, p->align,
			     &elf->facts);
	}
}

/* Does p_vaddr give each byte of the PT_LOADs an address of its own? */
static bool elf_head_vaddr_unique(const struct ml_elf *elf,
				  struct memlog_image *image)
{
	struct memlog_range *r;
	uint64_t all = 0;
	size_t i, n = 0;
	bool unique = !ml_bulk_alloc(image, elf->n_phdrs, sizeof(*r), &r, NULL);

	image->starved |= !unique;
	for (i = 0; i < elf->n_phdrs && unique; i++) {
		const struct ml_phdr *p = &elf->phdrs[i];

		if (p->type != ML_PT_LOAD || !p->filesz)
			continue;
		r[n].start = p->vaddr;
		unique = ml_add(p->vaddr, p->filesz, &r[n].end) &&
			 ml_add(all, p->filesz, &all);
		n++;
	}
	if (unique) {
		n = ml_ranges_merge(r, n);
		unique = ml_ranges_bytes(r, n) == all;
	}
	ml_bulk_free(r);
	return unique;
}

enum memlog_space ml_elf_space(const struct ml_elf *elf,
			       struct memlog_image *image,
			       enum ml_elf_by *ret_by)
{
	const struct ml_note_facts *f = &elf->facts;
	bool paddr = false, vaddr = false, machine;
	size_t i, full = 0;

	for (i = 0; i < elf->n_phdrs; i++) {
		if (elf->phdrs[i].type != ML_PT_LOAD)
			continue;
		full += elf->phdrs[i].filesz > 0;
		paddr |= elf->phdrs[i].paddr != 0;
		vaddr |= elf->phdrs[i].vaddr != 0;
	}
	if (f->named) {
		*ret_by = f->space == MEMLOG_FILE ? ML_ELF_PADDR : ML_ELF_VADDR;
		return f->space;
	}
	machine = !f->process && (f->qemu || f->vmcoreinfo || !vaddr);
	if (paddr || f->xen || (machine && full < 2)) {
		*ret_by = ML_ELF_PADDR; /* or one block of memory, at 0 */
		return f->xen ? MEMLOG_MACH : MEMLOG_PHYS;
	}
	*ret_by = ML_ELF_VADDR;
	if (!machine)
		return MEMLOG_HOST;
	if (elf_head_vaddr_unique(elf, image))
		return MEMLOG_VIRT;
	*ret_by = ML_ELF_OFFSET;
	return MEMLOG_FILE;
}

enum memlog_status ml_elf_loads(const struct ml_elf *elf,
				struct memlog_image *image, enum ml_elf_by by,
				uint64_t file_size, struct ml_loads *ret,
				struct memlog_err *err)
{
	struct ml_load *in;
	enum memlog_status s;
	size_t i, n = 0;

	s = ml_bulk_alloc(image, elf->n_phdrs, sizeof(*in), &in, err);
	if (s)
		return s;
	for (i = 0; i < elf->n_phdrs; i++) {
		const struct ml_phdr *p = &elf->phdrs[i];

		if (p->type != ML_PT_LOAD)
			continue;
		in[n++] = (struct ml_load){
			.addr = by == ML_ELF_VADDR ? p->vaddr :
				by == ML_ELF_PADDR ? p->paddr :
						     p->offset,
			.len = p->filesz,
			.off = p->offset,
			.promised = p->memsz,
		};
	}
	n = ml_core_pick(image, elf, by, in, n);
	s = ml_loads_init(ret, in, n, file_size, image, err);
	ml_bulk_free(in);
	return s;
}
