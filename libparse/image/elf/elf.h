/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* elf.h - internals shared by the readers of ELF dumps. */
#ifndef ML_IMAGE_ELF_H
#define ML_IMAGE_ELF_H

#include "image/bytes/loads.h"
#include "note.h"

/* The headers of an ELF file. */
struct ml_elf {
	struct memlog_allocator alloc;
	struct ml_ehdr ehdr;
	uint64_t phnum; /* headers expected, PN_XNUM resolved */
	struct ml_phdr *phdrs;
	size_t n_phdrs; /* headers read */
	struct ml_note_facts facts;
};

/* Read the ELF header and the program headers of a file. NOT_MINE: not ELF.
 * CORRUPT: an invalid header. LIMIT: more than ML_MAX_PHDRS. Warns of truncated
 * program headers. The caller frees with ml_elf_fini. */
enum memlog_status ml_elf_init(struct ml_elf *elf, struct memlog_image *image,
			       const struct ml_file *file,
			       struct memlog_err *err);
void ml_elf_fini(struct ml_elf *elf);

/* Read section header index. False: it is not in the file. */
bool ml_elf_shdr(const struct ml_elf *elf, const struct ml_file *file,
		 uint32_t index, struct ml_shdr *ret);

/* Add the notes of all PT_NOTE headers to the image, and fill in elf->facts. */
void ml_elf_notes(struct ml_elf *elf, struct memlog_image *image,
		  const struct ml_file *file);

/* The field of the PT_LOADs that has the addresses. */
enum ml_elf_by { ML_ELF_PADDR, ML_ELF_VADDR, ML_ELF_OFFSET };

/*
 * The address space of the program headers, and which field has the addresses.
 * p_paddr cannot, if several PT_LOADs have memory and all have p_paddr 0; the
 * notes then tell a machine from a process, and p_vaddr counts if it gives each
 * byte an address of its own, otherwise p_offset. With Xen's notes p_paddr are
 * machine addresses.
 */
enum memlog_space ml_elf_space(const struct ml_elf *elf,
			       struct memlog_image *image,
			       enum ml_elf_by *ret_by);

/*
 * The memory of the PT_LOADs in a file of file_size bytes (UINT64_MAX:
 * unknown), by as returned by ml_elf_space(). For the core of a process,
 * only guest memory: see ml_core_pick(). The caller frees *ret with
 * ml_loads_fini.
 */
enum memlog_status ml_elf_loads(const struct ml_elf *elf,
				struct memlog_image *image, enum ml_elf_by by,
				uint64_t file_size, struct ml_loads *ret,
				struct memlog_err *err);

/* Warn of hidden bytes if they are other bytes than those that are read instead, and
 * set loads->hidden to 0. overlap.c */
void ml_elf_overlap(struct memlog_image *image, const struct ml_elf *elf,
		    const struct ml_file *file, struct ml_loads *loads);

/*
 * For the core of a process, keep those of the n loads, one for each PT_LOAD,
 * that are guest memory, so that constants of the monitor itself are not taken
 * for logs; if there are none, keep all. Warns of guest memory that is not in
 * the core. by is as returned by ml_elf_space(). Returns how many loads are
 * left. process_core.c
 */
size_t ml_core_pick(struct memlog_image *image, const struct ml_elf *elf,
		    enum ml_elf_by by, struct ml_load *in, size_t n);

/* If Cloud Hypervisor wrote the dump, say so, and warn where its headers may be wrong.
 * coredump.c */
void ml_elf_coredump(struct memlog_image *image, const struct ml_elf *elf);

/*
 * Add the memory of a dump that no program header covers, if any, to the image
 * as MEMLOG_FILE; see orphan.c. space is that of the program headers. image->missing is
 * reduced by memory that turns out to be in the file.
 */
enum memlog_status ml_orphan_add(struct memlog_image *image,
				 const struct ml_elf *elf,
				 const struct ml_file *file,
				 enum memlog_space space,
				 struct memlog_err *err);

/* Assumed place of a part of the file: len bytes at offset off would be at
 * physical address addr, and at vaddr according to the load before it. */
struct ml_orphan_place {
	uint64_t off, len, addr, vaddr;
};

/* Where the page tables of the CPUs begin, by the notes, sorted and each once; and how
 * many of them may still be walked. paging: enum ml_paging. */
struct ml_orphan_root {
	uint64_t cr3, paging;
};

struct ml_orphan_roots {
	struct ml_orphan_root *roots;
	size_t n, walks;
};

/* The caller frees with ml_orphan_roots_fini. */
enum memlog_status ml_orphan_roots_init(struct ml_orphan_roots *roots,
					const struct memlog_image *image,
					const struct ml_elf *elf,
					struct memlog_err *err);
void ml_orphan_roots_fini(struct ml_orphan_roots *roots);

/* Can it be there? False: a CPU's page tables in it have other mappings, or too many had
 * to be walked to tell. */
bool ml_orphan_tables_agree(struct ml_orphan_roots *roots,
			    struct memlog_image *image,
			    const struct ml_file *file,
			    const struct ml_orphan_place *at);

#endif
