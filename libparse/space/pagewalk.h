/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pagewalk.h - page tables of x86 and arm64. Source: the manuals of Intel, AMD and
 * Arm. */
#ifndef ML_SPACE_PAGEWALK_H
#define ML_SPACE_PAGEWALK_H

#include "memlog.h"

enum ml_paging { ML_PAGING_32, ML_PAGING_PAE, ML_PAGING_64 };

/*
 * Walk from cr3 (its flags are ignored) to the address that va maps to. mem has
 * the tables, and their entries are addresses in it: guest physical memory, or
 * machine memory of a Xen domain. NO_DATA: not mapped, or a table is not in the
 * image.
 */
enum memlog_status ml_pagewalk(const struct memlog_reader_ops *mem, void *self,
			       enum ml_paging paging, uint64_t cr3, uint64_t va,
			       uint64_t *ret);

/* Page tables of a 64-bit kernel: those of x86-64 with 4 or 5 levels, or those of arm64
 * for pages of 4, 16 or 64 KiB. root: their physical address, 0: not known. not_addr:
 * bits of an entry that say that memory is encrypted. va_bits: only of arm64. */
struct ml_tables {
	uint64_t root, not_addr;
	uint8_t levels, page_shift, va_bits;
	bool arm64;
};

/* Read len bytes of a table at a physical address, all or none of them. */
typedef bool ml_tables_read(void *arg, uint64_t phys, void *buf, size_t len);

/* The physical address of va; false: it is not mapped, or a table is missing. */
bool ml_tables_walk(const struct ml_tables *t, ml_tables_read *read, void *arg,
		    uint64_t va, uint64_t *ret);

#endif
