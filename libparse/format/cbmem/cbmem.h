/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cbmem.h - definitions shared by the files of coreboot's logs. */
#ifndef ML_FORMAT_CBMEM_H
#define ML_FORMAT_CBMEM_H

#include "format/format.h"

/* Bytes of the header of a coreboot table, and of a page with a root. */
enum { CBMEM_TABLE = 24 };

/* Entries of CBMEM. */
enum { CBMEM_CONSOLE = 0x434f4e53, CBMEM_TIMES = 0x54494d45 };

/* Hints: bytes of the entry, or ANY_SIZE; rate of the TSC in kHz, 0: not known; where
 * the coreboot table is, 0: not known. */
enum { CBMEM_HINT_SIZE, CBMEM_HINT_KHZ, CBMEM_HINT_TABLE };
enum { CBMEM_ANY_SIZE = 1 };

extern const struct ml_magic ml_cbmem_magics[];
bool ml_cbmem_glance(const uint8_t *p, size_t len);
size_t ml_cbmem_likely(struct memlog_image *image, struct ml_likely *ret,
		       size_t max);

/* For probe(): a table or a root that leads to the entry with this id. */
bool ml_cbmem_leads(const struct ml_probe *p, uint32_t id,
		    struct ml_found *ret);

/* The rate of the TSC by a coreboot table of up to len bytes; 0: it has none. */
uint32_t ml_cbmem_khz(const uint8_t *table, size_t len);

#endif
