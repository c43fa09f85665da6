/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf.c - ELF dumps: QEMU, cloud-hypervisor, virsh dump --memory-only, kdump,
 * gcore and kernel cores, Xen's vmcore.
 */
#include "elf.h"
#include "image/xen/xen.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

/* Programs, libraries and object files are ELF, too. A dump has no entry point,
 * interpreter or dynamic section, whatever its type is. */
static enum memlog_status refuse_program(const struct ml_elf *elf,
					 struct memlog_err *err)
{
	bool program = elf->ehdr.entry != 0;
	size_t i;

	for (i = 0; i < elf->n_phdrs; i++)
		program |= elf->phdrs[i].type == ML_PT_INTERP ||
			   elf->phdrs[i].type == ML_PT_DYNAMIC;
	if (elf->ehdr.type == ML_ET_REL ||
	    ((elf->ehdr.type == ML_ET_EXEC || elf->ehdr.type == ML_ET_DYN) &&
	     program))
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "this ELF file is a "
			       "program, not a dump of memory");
	return MEMLOG_OK;
}

static void elf_describe(struct memlog_image *image, const struct ml_elf *elf,
			 const struct ml_loads *loads, enum memlog_space space)
{
	image->machine = ml_elf_machine(elf->ehdr.machine);
	image->title = space == MEMLOG_HOST ? "ELF core of a process" :
		       space == MEMLOG_MACH ? "ELF dump of a Xen machine" :
					      "ELF dump of a machine";
	if (space == MEMLOG_PHYS)
		ml_elf_coredump(image, elf);
	/* the rest has no bytes in the file by its headers */
	image->missing = ml_min(loads->missing, loads->cut);
	image->left_out = loads->missing - image->missing;
	if (!elf->facts.named && (space == MEMLOG_VIRT || space == MEMLOG_FILE))
		ml_image_warn(image,
			      "all program headers have the physical address "
			      "0, which cannot be right: addresses are %s",
			      space == MEMLOG_VIRT ?
				      "the virtual ones of the headers" :
				      "offsets in the file");
	if (loads->cut)
		ml_image_warn(image,
			      "the file is truncated: %" PRIu64 " byte%s "
			      "described by its headers %s missing",
			      loads->cut, ml_s(loads->cut), ml_are(loads->cut));
}

static enum memlog_status open_elf(struct memlog_image *image,
				   const struct ml_file *file,
				   const struct ml_elf *elf,
				   struct memlog_err *err)
{
	struct ml_loads loads;
	enum memlog_space space;
	enum memlog_status s;
	enum ml_elf_by by;
	uint32_t bias;

	space = ml_elf_space(elf, image, &by);
	s = ml_elf_loads(elf, image, by, file->size, &loads, err);
	if (s)
		return s;
	elf_describe(image, elf, &loads, space);
	if (by == ML_ELF_PADDR)
		ml_elf_overlap(image, elf, file, &loads);
	bias = elf->facts.bias;
	if (by == ML_ELF_OFFSET && loads.n_loads)
		bias = (uint32_t)(loads.loads[0].off % ML_PAGE);
	s = ml_loads_add_space(image, space, file, false, &loads, err);
	if (s)
		return s;
	image->spaces[space].bias = bias;
	image->unplaced = ml_image_named_word(image, ML_NAMED_UNPLACED);
	/* a process has no other memory */
	if (space == MEMLOG_HOST || space == MEMLOG_FILE)
		return MEMLOG_OK;
	return ml_orphan_add(image, elf, file, space, err);
}

static enum memlog_status elf_open(struct memlog_image *image,
				   const struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err)
{
	struct ml_elf elf;
	enum memlog_status s;

	(void)opts;
	s = ml_elf_init(&elf, image, file, err);
	if (s)
		return s;
	s = refuse_program(&elf, err);
	if (!s && !elf.n_phdrs) {
		s = ml_xen_dumpcore_open(image, file, &elf, err);
	} else if (!s) {
		ml_elf_notes(&elf, image, file);
		s = open_elf(image, file, &elf, err);
		if (!s)
			ml_xen_attach(image);
	}
	ml_elf_fini(&elf);
	return s;
}

const struct ml_image_format ml_image_elf = {
	.name = "elf",
	.title = "ELF dump",
	.traits = MEMLOG_IMAGE_RANGES | MEMLOG_IMAGE_PLAIN,
	.streams = true,
	.open = elf_open,
};
