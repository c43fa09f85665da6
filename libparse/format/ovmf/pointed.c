/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pointed.c - from the firmware's pointer for debuggers to the log.
 *
 * UEFI firmware puts a pointer to the system table at a multiple of 4 MiB, as near to
 * the top of low memory as it can. The system table has the configuration table, and
 * that has the log's GUID. The pointer is in boot services memory: until the operating
 * system uses that.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/limits.h"
#include "ovmf.h"

#define STEP (UINT64_C(4) << 20)

/* Where it is looked for: below each top of low memory, and below all of them. */
enum { POINTED_STEPS = 8, POINTED_TRIES = 16 };

#define POINTED_MAGIC "IBI SYST"

/* Of the pointer: the magic, the system table's address, its own CRC, 4 bytes. */
enum { POINTER_TABLE = 8, POINTER_CRC = 16, POINTER_SIZE = 24 };

/* Of the system table. */
enum {
	TABLE_LEN = 12,
	TABLE_CRC = 16,
	TABLE_N = 104,
	TABLE_CONFIG = 112,
	TABLE_SIZE = 120,
	TABLE_MOST = 512,
};

static bool pointed_read(struct memlog_image *image, uint64_t addr,
			 uint8_t *buf, size_t len)
{
	size_t got;

	return !ml_image_fill(image, MEMLOG_PHYS, addr, buf, len, &got, NULL) &&
	       got == len;
}

/* Has it the magic, and the checksum at offset crc? That is of all but itself. */
static bool pointed_is_whole(uint8_t *p, size_t len, size_t crc)
{
	uint32_t want = ml_le32(p + crc);

	memset(p + crc, 0, 4);
	return !memcmp(p, POINTED_MAGIC, 8) && ml_crc32(p, len) == want;
}

/* The system table that a pointer at addr leads to. */
static bool pointed_table(struct memlog_image *image, uint64_t addr,
			  uint8_t table[TABLE_MOST])
{
	uint8_t p[POINTER_SIZE];
	uint32_t len;
	uint64_t at;

	if (!pointed_read(image, addr, p, sizeof(p)) ||
	    !pointed_is_whole(p, sizeof(p), POINTER_CRC))
		return false;
	at = ml_le64(p + POINTER_TABLE);
	if (!pointed_read(image, at, table, TABLE_SIZE))
		return false;
	len = ml_le32(table + TABLE_LEN);
	return len >= TABLE_SIZE && len <= TABLE_MOST &&
	       pointed_read(image, at, table, len) &&
	       pointed_is_whole(table, len, TABLE_CRC);
}

size_t ml_ovmf_pointed(struct memlog_image *image, struct ml_likely *ret,
		       size_t max)
{
	struct ml_likely likely[ML_LIKELY_PLACES];
	size_t places = ml_ovmf_likely(image, likely, ML_LIKELY_PLACES);
	uint8_t table[TABLE_MOST];
	size_t n = 0, tries = 0, i;
	uint64_t at;
	int step;

	for (i = 0; i < places; i++) {
		if (likely[i].space != MEMLOG_PHYS || !likely[i].downwards)
			continue;
		at = likely[i].range.end / STEP * STEP;
		at -= at == likely[i].range.end ? STEP : 0;
		for (step = 0; step < POINTED_STEPS; step++, at -= STEP) {
			if (!at || at < likely[i].range.start ||
			    tries == POINTED_TRIES)
				break;
			tries++;
			if (!pointed_table(image, at, table))
				continue;
			ml_ovmf_walk_table(image, ml_le64(table + TABLE_CONFIG),
					   ml_le64(table + TABLE_N), ret, &n,
					   max);
			return n;
		}
	}
	return 0;
}
