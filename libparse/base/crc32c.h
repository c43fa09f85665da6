/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crc32c.h - CRC-32C (Castagnoli), the checksum of Snappy frames. */
#ifndef ML_BASE_CRC32C_H
#define ML_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Tables for eight bytes at a time; filled in once. */
struct ml_crc32c {
	uint32_t t[8][256];
};

void ml_crc32c_init(struct ml_crc32c *c);
uint32_t ml_crc32c(const struct ml_crc32c *c, const uint8_t *p, size_t len);

#endif
