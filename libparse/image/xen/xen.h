/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen.h - what an image says of the Xen machine that it was taken from.
 *
 * Sources: Xen's public header arch-x86/xen.h; asm-x86/config.h for the virtual
 * layout.
 */
#ifndef ML_IMAGE_XEN_H
#define ML_IMAGE_XEN_H

#include "image/image.h"
#include "note.h"

/* The hypervisor of an image. cr3s are page tables that map it. */
#define ML_XEN_CR3S 16
struct ml_xen {
	enum memlog_space space;	/* the one of machine addresses */
	bool is64;
	bool has_version;
	uint64_t major, minor;
	bool has_phys_start;
	uint64_t phys_start;
	uint64_t virt_start;		/* of the hypervisor's image, 0: unknown */
	uint64_t cr3[ML_XEN_CR3S];
	size_t n_cr3;
	uint64_t dom0_cr3[ML_XEN_CR3S];	/* frames */
	size_t n_dom0_cr3;
};

/* Do the CPU states of QEMU's notes say that the machine runs Xen? */
bool ml_xen_runs(const struct memlog_image *image);

/*
 * Look at the notes and memory of an image that has been opened. For the dump
 * of a Xen machine: say in words what its notes say, give it image->xen, and
 * dom0's memory as MEMLOG_PHYS where the notes lead to it. Nothing here fails:
 * what is missing or damaged becomes a warning.
 */
void ml_xen_attach(struct memlog_image *image);

struct ml_elf;

/* Open an ELF file without program headers as what `xl dump-core` writes.
 * CORRUPT when it is not that either. */
enum memlog_status ml_xen_dumpcore_open(struct memlog_image *image,
					const struct ml_file *file,
					struct ml_elf *elf,
					struct memlog_err *err);

/* The machine address behind a virtual one of the hypervisor: by where its
 * image was loaded, its direct map, or its page tables. */
bool ml_xen_mach(struct memlog_image *image, uint64_t va, uint64_t *ret);

/*
 * Be sure of how virtual addresses lead to machine ones: symbol is the address
 * of any of the hypervisor's variables, start_symbol that of xen_phys_start
 * (0: none), which is looked for in memory, holding its own place, when nothing
 * else is known. Makes image->xen when the image did not say that it is of a
 * Xen machine: the user did. False: out of memory, or no memory to look in.
 */
bool ml_xen_assume(struct memlog_image *image, uint64_t symbol,
		   uint64_t start_symbol);

/* Read len bytes of machine memory; false unless all are there. */
bool ml_xen_read(struct memlog_image *image, uint64_t mach, void *buf,
		 size_t len);

/* Xen's direct map on x86-64, and that of a BIGMEM build. */
#define ML_XEN_DIRECTMAP	0xffff830000000000ull
#define ML_XEN_DIRECTMAP_BIG	0xffff848000000000ull
/* What Xen has to itself of the upper half; Linux leaves it free. */
#define ML_XEN_VIRT_LOW		0xffff800000000000ull
#define ML_XEN_VIRT_HIGH	0xffff880000000000ull
/* Its images have been in what is between here and the direct map; from the
 * other one on is what it maps for the domain that runs. */
#define ML_XEN_IMAGES		0xffff828000000000ull
#define ML_XEN_PERDOMAIN	0xffff820000000000ull
/* The image is at the start of a GiB that is its own. */
#define ML_XEN_IMAGE_SPAN	(1ull << 30)

#endif
