/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmcoreinfo.h - the lines of the VMCOREINFO note of a Linux kernel. */
#ifndef ML_IMAGE_VMCOREINFO_H
#define ML_IMAGE_VMCOREINFO_H

#include "image.h"
#include "space/pagewalk.h"

/* The value of a line "KEY=VALUE", borrowed from the image: guest bytes up to
 * the end of the line, *ret_len of them. NULL: no such line. */
const char *ml_vmcoreinfo(const struct memlog_image *image, const char *key,
			  size_t *ret_len);

/* The same as a number: SYMBOL() has hexadecimal digits, others are decimal, may
 * be negative, or begin with 0x. */
bool ml_vmcoreinfo_number(const struct memlog_image *image, const char *key,
			  uint64_t *ret);

/* Bytes at the start of a page that ml_vmcoreinfo_take() looks at. */
#define ML_VMCOREINFO_PEEK 40

/* Does the page at phys, which begins with these bytes, hold the text of the kernel
 * whose memory this is, and whose symbols these are, unless they are NULL? Then it
 * becomes a note of the image. */
bool ml_vmcoreinfo_take(struct memlog_image *image,
			const struct memlog_symbols *symbols, uint64_t phys,
			const uint8_t *p);

/* The text that the kernel logs first as its symbol file has it, at least 64
 * characters, and the address that it is linked to. */
#define ML_BANNER 512
bool ml_vmcoreinfo_banner(const struct memlog_symbols *symbols,
			  char ret[ML_BANNER], uint64_t *ret_va);

/* Is it at phys, and is that kernel running there? Then the image gets a note with
 * what VMCOREINFO would say. */
bool ml_vmcoreinfo_make(struct memlog_image *image,
			const struct memlog_symbols *symbols, uint64_t phys);

/* The symbols, or NULL if they are of another kernel than the image; then it has a
 * warning that says so. symbols may be NULL. */
const struct memlog_symbols *
ml_vmcoreinfo_checked(struct memlog_image *image,
		      const struct memlog_symbols *symbols);

/* Have the symbols and VMCOREINFO different build IDs? ret: that of the symbols. */
#define ML_BUILD_ID 41
bool ml_vmcoreinfo_differs(const struct memlog_image *image,
			   const struct memlog_symbols *symbols,
			   char ret[ML_BUILD_ID]);

/* The release as two numbers, major << 16 | minor; 0: not known. */
uint32_t ml_vmcoreinfo_release(const struct memlog_image *image);

/* The kernel's page tables; false: VMCOREINFO does not say where or what they are. */
bool ml_vmcoreinfo_tables(const struct memlog_image *image,
			  struct ml_tables *ret);

/* What all addresses in the image of the kernel have more than the physical ones, on
 * arm64 and x86-64. */
bool ml_vmcoreinfo_shift(const struct memlog_image *image, uint64_t *ret);

/* Kernels before 4.10 on x86-64 have a variable with that, phys_base, and name only its
 * address: find it in memory. It is 0 if it is not found, up to 4.7; then it is not
 * known. To be called before the others, once VMCOREINFO is a note of the image. */
void ml_vmcoreinfo_settle(struct memlog_image *image);

/* The direct map of arm64: len bytes of virtual addresses from start on, and the
 * physical address of the first. */
struct ml_direct {
	uint64_t start, len, phys;
};
bool ml_vmcoreinfo_direct(const struct memlog_image *image,
			  struct ml_direct *ret);

/* The physical address of something in the image of the kernel, on arm64 and
 * x86-64. */
bool ml_vmcoreinfo_phys(const struct memlog_image *image, uint64_t va,
			uint64_t *ret);

/* The same for a symbol; the kernel may have been moved after it was linked. va:
 * where it runs; may be NULL. */
bool ml_vmcoreinfo_symbol(const struct memlog_image *image,
			  const struct memlog_symbols *symbols,
			  const char *name, uint64_t *ret_va, uint64_t *ret);

#endif
