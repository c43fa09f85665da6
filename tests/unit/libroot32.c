/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that reads a root, compiled with a size_t of 32 bits. It passes none to other
 * files but lengths that are constants.
 */
#undef __SIZE_TYPE__
#define __SIZE_TYPE__ unsigned int

#define ml_cbmem_magics root32_magics
#define ml_cbmem_glance root32_glance
#define ml_cbmem_khz	root32_khz
#define ml_cbmem_likely root32_likely
#define ml_cbmem_leads	root32_by_probe

#include "format/cbmem/root.c" /* NOLINT */

#include "libroot32.h"

_Static_assert(sizeof(size_t) == 4, "as on a machine of 32 bits");

bool root32_leads(const uint8_t *bytes, uint32_t len, uint64_t addr,
		  uint32_t id, uint64_t *ret)
{
	struct ml_probe probe = { .bytes = bytes, .len = len, .addr = addr };
	struct ml_found found = { .points = false };

	if (!root32_by_probe(&probe, id, &found))
		return false;
	*ret = found.extent.addr;
	return true;
}
