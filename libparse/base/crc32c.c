/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crc32c.c - CRC-32C, bit-reversed, eight bytes per step. */
#include "crc32c.h"

#include "bytes.h"

#define POLYNOMIAL 0x82f63b78u

void ml_crc32c_init(struct ml_crc32c *c)
{
	uint32_t v, i, k;

	for (i = 0; i < 256; i++) {
		for (v = i, k = 0; k < 8; k++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		c->t[0][i] = v;
	}
	for (k = 1; k < 8; k++)
		for (i = 0; i < 256; i++) {
			v = c->t[k - 1][i];
			c->t[k][i] = v >> 8 ^ c->t[0][v & 0xff];
		}
}

uint32_t ml_crc32c(const struct ml_crc32c *c, const uint8_t *p, size_t len)
{
	uint32_t v = UINT32_MAX, w;

	for (; len >= 8; len -= 8, p += 8) {
		v ^= ml_le32(p);
		w = ml_le32(p + 4);
		v = c->t[7][v & 0xff] ^ c->t[6][v >> 8 & 0xff] ^
		    c->t[5][v >> 16 & 0xff] ^ c->t[4][v >> 24] ^
		    c->t[3][w & 0xff] ^ c->t[2][w >> 8 & 0xff] ^
		    c->t[1][w >> 16 & 0xff] ^ c->t[0][w >> 24];
	}
	for (; len; len--)
		v = v >> 8 ^ c->t[0][(v ^ *p++) & 0xff];
	return ~v;
}
