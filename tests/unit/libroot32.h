/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libroot32.h - a root of CBMEM, read as where size_t has 32 bits. */
#ifndef LIBROOT32_H
#define LIBROOT32_H

#include <stdbool.h>
#include <stdint.h>

/* Do these bytes at addr lead to the entry with this id? *ret: where it is. */
bool root32_leads(const uint8_t *bytes, uint32_t len, uint64_t addr,
		  uint32_t id, uint64_t *ret);

#endif
