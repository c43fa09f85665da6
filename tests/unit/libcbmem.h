/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcbmem.h - what coreboot writes into memory: tables that lead to its console. */
#ifndef LIBCBMEM_H
#define LIBCBMEM_H

#include <stdint.h>

#define CBMEM_PAGE 4096u

/* A table that points to the one at to. */
void cbmem_forward(uint8_t *p, uint64_t to);

/* The table at self, of a console of size bytes. self 0: an old one, without the entries
 * of CBMEM. */
void cbmem_table(uint8_t *p, uint64_t console, uint32_t size, uint64_t self);

/* The root of CBMEM in a page, with a console of size bytes at start from its end. */
void cbmem_root(uint8_t *p, int32_t start, uint32_t size);

/* A console whose ring has size bytes, with this text. */
void cbmem_console(uint8_t *p, uint32_t size, uint32_t cursor,
		   const char *text);

#endif
