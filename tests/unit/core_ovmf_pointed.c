/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OVMF's log by the pointer to the EFI system table that firmware leaves for debuggers
 * below the top of low memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32.h"
#include "libmem.h"
#include "libscan.h"

#define MIB (UINT64_C(1) << 20)
#define TOP (256 * MIB)

/* No other place is likely: it is too far below the top. */
#define LOG (64 * MIB)

static const uint8_t guid[16] = { 0x39, 0x51, 0x30, 0x95, 0x0f, 0xb2,
				  0x23, 0x47, 0x84, 0x25, 0x62, 0x7c,
				  0x88, 0x8f, 0xf1, 0x21 };

/* What firmware leaves: the pointer so many steps of 4 MiB below the top, tables. */
struct firmware {
	struct mem mem;
	uint8_t *high, *pointer, *table, *config;
};

/* The checksum of len bytes with their field at off. */
static void sum(uint8_t *p, size_t len, size_t off)
{
	put32(p + off, 0);
	put32(p + off, ml_crc32(p, len));
}

static void begin(struct firmware *f, unsigned int steps)
{
	const uint64_t low = TOP - 40 * MIB;

	*f = (struct firmware){ .mem = { .n = 0 } };
	scan_plant(mem_add(&f->mem, LOG, 0x4000), "found\n");
	f->high = mem_add(&f->mem, low, 40 * MIB);
	f->pointer = f->high + 40 * MIB - steps * 4 * MIB;
	f->table = f->high + MIB + 24;
	f->config = f->high + 2 * MIB + 24;
	memcpy(f->pointer, "IBI SYST", 8);
	put64(f->pointer + 8, low + MIB + 24);
	sum(f->pointer, 24, 16);
	memcpy(f->table, "IBI SYST", 8);
	put32(f->table + 12, 120);
	put64(f->table + 104, 2);
	put64(f->table + 112, low + 2 * MIB + 24);
	sum(f->table, 120, 16);
	memcpy(f->config + 24, guid, 16);
	put64(f->config + 40, LOG);
}

/* Logs at likely places. */
static size_t end(struct firmware *f)
{
	const struct memlog_scan_opts o = { .size = sizeof(o),
					    .formats = "ovmf",
					    .mode = MEMLOG_SCAN_LIKELY };
	struct memlog_image *image = mem_image(&f->mem, MEMLOG_PHYS);
	size_t n = scan_count(image, &o, NULL);

	memlog_image_close(image);
	mem_free(&f->mem);
	return n;
}

static void boundaries(void **state)
{
	struct firmware f;
	unsigned int steps;

	(void)state;
	for (steps = 1; steps <= 9; steps++) {
		begin(&f, steps);
		assert_int_equal(end(&f), steps <= 8);
	}
}

/* Every byte of what leads there counts. */
static void verified(void **state)
{
	struct firmware f;
	size_t i;

	(void)state;
	for (i = 0; i < 24; i++) {
		begin(&f, 2);
		f.pointer[i] ^= 1;
		assert_int_equal(end(&f), 0);
	}
	for (i = 0; i < 120; i++) {
		begin(&f, 2);
		f.table[i] ^= 1;
		assert_int_equal(end(&f), 0);
	}
	for (i = 24; i < 40; i++) {
		begin(&f, 2);
		f.config[i] ^= 1;
		assert_int_equal(end(&f), 0);
	}
	/* not at a page, and no log there */
	begin(&f, 2);
	put64(f.config + 40, LOG + 8);
	assert_int_equal(end(&f), 0);
	begin(&f, 2);
	put64(f.config + 40, LOG + 0x1000);
	assert_int_equal(end(&f), 0);
}

/* A table with valid checksums that is made to cost time. */
static void hostile(void **state)
{
	static const uint32_t lengths[] = { 0, 119, 513, UINT32_MAX };
	struct firmware f;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		begin(&f, 2);
		put32(f.table + 12, lengths[i]);
		sum(f.table, 120, 16);
		assert_int_equal(end(&f), 0);
	}
	begin(&f, 2);
	put64(f.table + 104, UINT64_MAX);
	sum(f.table, 120, 16);
	assert_int_equal(end(&f), 1);
	begin(&f, 2);
	put64(f.table + 112, UINT64_MAX - 10);
	sum(f.table, 120, 16);
	assert_int_equal(end(&f), 0);
	/* all entries lead to the log: it is there once */
	begin(&f, 2);
	for (n = 0; n < 1000; n++)
		memcpy(f.config + n * 24, f.config + 24, 24);
	put64(f.table + 104, 1000);
	sum(f.table, 120, 16);
	assert_int_equal(end(&f), 1);
}

static void checksum(void **state)
{
	(void)state;
	assert_int_equal(ml_crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
	assert_int_equal(ml_crc32(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries),
		cmocka_unit_test(verified),
		cmocka_unit_test(hostile),
		cmocka_unit_test(checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
