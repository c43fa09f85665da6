/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libcbmem.h"

#include <string.h>

#include "base/bytes.h"
#include "libmem.h"

static uint8_t *rec64(uint8_t *p, uint32_t tag, uint64_t v)
{
	put32(p, tag);
	put32(p + 4, 16);
	put64(p + 8, v);
	return p + 16;
}

static uint8_t *rec_entry(uint8_t *p, uint64_t addr, uint32_t size, uint32_t id)
{
	put32(p, 0x31);
	put32(p + 4, 24);
	put64(p + 8, addr);
	put32(p + 16, size);
	put32(p + 20, id);
	return p + 24;
}

static void close_table(uint8_t *p, const uint8_t *end, uint32_t n)
{
	uint32_t len = (uint32_t)(end - p) - 24;

	memcpy(p, "LBIO", 4);
	put32(p + 4, 24);
	put32(p + 8, 0);
	put32(p + 12, len);
	put32(p + 16, ml_ip_sum(p + 24, len));
	put32(p + 20, n);
	put32(p + 8, ml_ip_sum(p, 24));
}

void cbmem_forward(uint8_t *p, uint64_t to)
{
	close_table(p, rec64(p + 24, 0x11, to), 1);
}

void cbmem_table(uint8_t *p, uint64_t console, uint32_t size, uint64_t self)
{
	uint8_t *at = rec64(p + 24, 0x17, console);

	if (self) {
		at = rec_entry(at, console, size, 0x434f4e53);
		at = rec_entry(at, self, CBMEM_PAGE, 0x43425442);
	}
	close_table(p, at, self ? 3 : 1);
}

void cbmem_root(uint8_t *p, int32_t start, uint32_t size)
{
	static const uint32_t ids[] = { 0xff4017ff, 0x434f4e53 };
	unsigned int i;

	put32(p, 254);
	put32(p + 4, 2);
	put32(p + 12, CBMEM_PAGE);
	for (i = 0; i < 2; i++) {
		put32(p + 20 + 16 * i, 0x3fc76b7e);
		put32(p + 24 + 16 * i, i ? (uint32_t)start : 0);
		put32(p + 28 + 16 * i, i ? size : CBMEM_PAGE);
		put32(p + 32 + 16 * i, ids[i]);
	}
	put32(p + CBMEM_PAGE - 8, 0xc0389481);
	put32(p + CBMEM_PAGE - 4, 0xfffff008);
}

void cbmem_console(uint8_t *p, uint32_t size, uint32_t cursor, const char *text)
{
	put32(p, size);
	put32(p + 4, cursor);
	memcpy(p + 8, text, strlen(text));
}
