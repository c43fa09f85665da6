/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pagewalk.h - x86 page tables. Source: the manuals of Intel and AMD. */
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

#endif
