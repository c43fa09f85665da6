/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crc32.c - CRC-32. The core has no zlib. */
#include "crc32.h"

#define POLYNOMIAL UINT32_C(0xedb88320) /* bits reversed */

uint32_t ml_crc32(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;
	int bit;

	for (; len; p++, len--) {
		crc ^= *p;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	}
	return ~crc;
}
