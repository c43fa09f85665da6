/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen.h - what is known about the Xen machine that an image was taken from.
 *
 * Sources: Xen's public header arch-x86/xen.h; asm-x86/config.h for the virtual
 * layout.
 */
#ifndef ML_IMAGE_XEN_H
#define ML_IMAGE_XEN_H

#include "image/image.h"
#include "note.h"

/* The hypervisor of an image. cr3: machine addresses of page tables that map
 * it. */
#define ML_XEN_CR3S 16
struct ml_xen {
	enum memlog_space space; /* of machine addresses */
	bool is64;
	bool has_version;
	uint64_t major, minor;
	bool has_phys_start;
	uint64_t phys_start;
	uint64_t virt_start; /* of Xen's image; 0: unknown */
	uint64_t cr3[ML_XEN_CR3S];
	size_t n_cr3;
	uint64_t dom0_cr3[ML_XEN_CR3S]; /* frame numbers */
	size_t n_dom0_cr3;
};

/* Do the CPU states in QEMU's notes show that the machine runs Xen? */
bool ml_xen_runs(const struct memlog_image *image);

/*
 * Check whether an image that has just been opened is of a Xen machine. If so,
 * set image->xen, describe Xen's notes as text, and add dom0's memory as
 * MEMLOG_PHYS if the notes lead to it. Does not fail: whatever is missing or
 * damaged becomes a warning.
 */
void ml_xen_attach(struct memlog_image *image);

struct ml_elf;

/* Open an ELF file without program headers as output of `xl dump-core`.
 * CORRUPT: it is not that either. */
enum memlog_status ml_xen_dumpcore_open(struct memlog_image *image,
					const struct ml_file *file,
					struct ml_elf *elf,
					struct memlog_err *err);

/* Translate a virtual address of the hypervisor to a machine address, by its
 * page tables, its direct map or its load address. False: not mapped, or
 * unknown. */
bool ml_xen_mach(struct memlog_image *image, uint64_t va, uint64_t *ret);

/*
 * Prepare to translate the hypervisor's virtual addresses, from its symbols.
 * symbol is the address of any of its variables, start_symbol that of
 * xen_phys_start (0: none), for which memory is searched if nothing else leads
 * to the load address. The user says that this is Xen, so image->xen is made if
 * the image does not have it. False: out of memory, or no memory to search.
 */
bool ml_xen_assume(struct memlog_image *image, uint64_t symbol,
		   uint64_t start_symbol);

/* Read len bytes of machine memory; false unless all could be read. */
bool ml_xen_read(struct memlog_image *image, uint64_t mach, void *buf,
		 size_t len);

/* Xen's direct map on x86-64, and that of a BIGMEM build. */
#define ML_XEN_DIRECTMAP     0xffff830000000000ull
#define ML_XEN_DIRECTMAP_BIG 0xffff848000000000ull
/* The part of the upper half reserved for Xen; Linux does not use it. */
#define ML_XEN_VIRT_LOW	 0xffff800000000000ull
#define ML_XEN_VIRT_HIGH 0xffff880000000000ull
/* Its image is between ML_XEN_IMAGES and the direct map in all versions; at
 * ML_XEN_PERDOMAIN it maps data of the domain that runs. */
#define ML_XEN_IMAGES	 0xffff828000000000ull
#define ML_XEN_PERDOMAIN 0xffff820000000000ull
/* The image is at the start of a GiB of its own. */
#define ML_XEN_IMAGE_SPAN (1ull << 30)

#endif
