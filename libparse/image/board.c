/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* board.c - where QEMU's machines map RAM of a given size. */
#include "board.h"

#include "base/bytes.h"
#include "base/err.h"

#define GIB (1ull << 30)

/*
 * How many of size bytes of RAM are below the hole that ends at 4 GiB; the rest
 * is above. Source: QEMU's hw/i386 boards (max-ram-below-4g unset).
 */
static uint64_t below_4g(enum memlog_map map, uint64_t size)
{
	switch (map) {
	case MEMLOG_MAP_Q35:
		return size >= 0xb0000000 ? 2 * GIB : size;
	case MEMLOG_MAP_PC:
		return size >= 0xe0000000 ? 3 * GIB : size;
	case MEMLOG_MAP_MICROVM:
		return ml_min(size, 3 * GIB);
	default:
		return size;
	}
}

enum memlog_status ml_board_loads(enum memlog_map map, uint64_t base,
				  uint64_t size, struct ml_load loads[2],
				  size_t *ret, struct memlog_err *err)
{
	uint64_t low = below_4g(map, size);

	if (map == MEMLOG_MAP_VIRT && !ml_add(base, GIB, &base))
		return ml_fail(err, MEMLOG_INVALID, "the base is too high");
	loads[0] = (struct ml_load){ base, low, 0, 0 };
	loads[1] = (struct ml_load){ 0, size - low, low, 0 };
	if (loads[1].len && !ml_add(base, 4 * GIB, &loads[1].addr))
		return ml_fail(err, MEMLOG_INVALID, "the base is too high");
	*ret = loads[1].len ? 2 : 1;
	return MEMLOG_OK;
}

bool ml_board_of(const char *machine, enum memlog_map *ret)
{
	/* vendors append their own version: pc-q35-rhel9.2.0 */
	static const struct {
		const char *prefix;
		enum memlog_map map;
	} t[] = {
		{ "pc-q35-", MEMLOG_MAP_Q35 },
		{ "pc-i440fx-", MEMLOG_MAP_PC },
		{ "microvm", MEMLOG_MAP_MICROVM },
		{ "virt-", MEMLOG_MAP_VIRT },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (!strncmp(machine, t[i].prefix, strlen(t[i].prefix))) {
			*ret = t[i].map;
			return true;
		}
	return false;
}
