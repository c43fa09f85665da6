/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* elf.h - what the files that read ELF dumps share. */
#ifndef ML_IMAGE_ELF_H
#define ML_IMAGE_ELF_H

#include "image/bytes/loads.h"
#include "note.h"

/* The headers of an ELF file, read and kept as they are. */
struct ml_elf {
	struct memlog_allocator alloc;
	struct ml_ehdr ehdr;
	uint64_t phnum;		/* what PN_XNUM stands for, too */
	struct ml_phdr *phdrs;
	size_t n_phdrs;		/* those that are in the file */
	struct ml_note_facts facts;
};

/* Read ELF header and program headers of a file. NOT_MINE: not ELF. What is
 * cut off becomes a warning. The caller frees with ml_elf_fini. */
enum memlog_status ml_elf_init(struct ml_elf *elf, struct memlog_image *image,
			       const struct ml_file *file,
			       struct memlog_err *err);
void ml_elf_fini(struct ml_elf *elf);

/* Read the index-th section header; false when it is not there. */
bool ml_elf_shdr(const struct ml_elf *elf, const struct ml_file *file,
		 uint32_t index, struct ml_shdr *ret);

/* Give the image the notes of all PT_NOTE headers, and fill in elf->facts. */
void ml_elf_notes(struct ml_elf *elf, struct memlog_image *image,
		  const struct ml_file *file);

/*
 * Which addresses the program headers mean, and which field holds them:
 * p_paddr unless it is 0 in all of many, then p_vaddr. Xen notes make them
 * machine addresses.
 */
enum memlog_space ml_elf_space(const struct ml_elf *elf, bool *ret_use_vaddr);

/*
 * The memory of the PT_LOADs, use_vaddr as ml_elf_space() told, in a file of
 * file_size bytes (UINT64_MAX: not known). Of the core of a process only what
 * is guest memory: ml_core_pick(). The caller frees with ml_loads_fini.
 */
enum memlog_status ml_elf_loads(const struct ml_elf *elf,
				struct memlog_image *image, bool use_vaddr,
				uint64_t file_size, struct ml_loads *ret,
				struct memlog_err *err);

/*
 * A core of a process, use_vaddr and space as ml_elf_space() told: of the n
 * loads, one for each PT_LOAD, keep those that are guest memory, so that the
 * monitor's own constants are not taken for logs; all when none is. Warns of
 * guest memory that the core does not have. Returns how many are left.
 * process_core.c
 */
size_t ml_core_pick(struct memlog_image *image, const struct ml_elf *elf,
		    bool use_vaddr, struct ml_load *in, size_t n);

/*
 * The memory of a dump that no header covers, as MEMLOG_FILE; see orphan.c.
 * Adds the space to the image when there is any. *missing is lowered by what
 * turns out to be there after all.
 */
enum memlog_status ml_orphan_add(struct memlog_image *image,
				 const struct ml_elf *elf,
				 const struct ml_file *file,
				 struct memlog_err *err);

/* Where a part of the file would lie in the guest, and which virtual address
 * the load before it gives that. */
struct ml_orphan_place {
	uint64_t off, len, addr, vaddr;
};

/* May it? False when page tables that lie in it do not say so. */
bool ml_orphan_tables_agree(struct memlog_image *image,
			    const struct ml_elf *elf,
			    const struct ml_file *file,
			    const struct ml_orphan_place *at);

#endif
