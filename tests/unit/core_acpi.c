/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_acpi.c - physical addresses of a guest in a process, confirmed by its ACPI
 * tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "image/acpi.h"
#include "libmem.h"
#include "scan/scan.h"

#define HOST  UINT64_C(0x7f0000000000)
#define SIZE  (16u << 20)
#define GIB   (1u << 30)
#define AT    0x357000u /* of the pointer */
#define TABLE 0x3560e8u /* of the table */

static void checksum(uint8_t *p, size_t len, size_t where)
{
	uint8_t sum = 0;
	size_t i;

	p[where] = 0;
	for (i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	p[where] = (uint8_t)-sum;
}

/* A pointer to an address, of revision 0 or 2. */
static void put_pointer(uint8_t *p, int revision, uint64_t table)
{
	memcpy(p, "RSD PTR ", 8);
	p[15] = (uint8_t)revision;
	if (revision) {
		put32(p + 20, 36);
		put64(p + 24, table);
	} else {
		put32(p + 16, (uint32_t)table);
	}
	checksum(p, 20, 8);
	if (revision)
		checksum(p, 36, 32);
}

static void put_table(uint8_t *p, const char *signature, uint32_t len)
{
	memcpy(p, signature, 4);
	put32(p + 4, len);
	checksum(p, len < 8192 ? len : 36, 9);
}

/* Memory of which the guest says nothing. */
struct guest {
	struct mem m;
	uint8_t *ram;
};

static struct guest empty(void)
{
	struct guest g = { .m = { .n = 0 } };

	g.ram = mem_add(&g.m, HOST, SIZE);
	return g;
}

/* Where does its physical memory begin? UINT64_MAX: it is not known. */
static uint64_t begins(struct guest *g, unsigned int flags)
{
	struct memlog_reader_ops ops = mem_ops;
	const struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_image *image;
	struct memlog_range r;
	enum memlog_space space;
	uint64_t ret = UINT64_MAX, addr;

	ops.flags = flags;
	assert_int_equal(memlog_image_wrap(&ops, &g->m, MEMLOG_HOST, "guest",
					   NULL, &image, NULL),
			 0);
	assert_int_equal(ml_scan_guest_phys(image, &opts, NULL), 0);
	if (memlog_image_has_space(image, MEMLOG_PHYS)) {
		assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, 0,
							 &r, NULL),
				 0);
		assert_int_equal(r.end - r.start, SIZE);
		ret = r.start;
		assert_int_equal(ml_image_alias(image, MEMLOG_HOST, HOST + 5,
						&space, &addr),
				 0);
		assert_int_equal(space, MEMLOG_PHYS);
		assert_int_equal(addr, ret + 5);
	}
	memlog_image_close(image);
	mem_free(&g->m);
	return ret;
}

static void test_confirmed(void **state)
{
	struct guest g;

	(void)state;
	g = empty();
	put_table(g.ram + TABLE, "XSDT", 76);
	put_pointer(g.ram + AT, 2, TABLE);
	assert_int_equal(begins(&g, 0), 0);

	g = empty();
	put_table(g.ram + TABLE, "RSDT", 56);
	put_pointer(g.ram + AT, 0, TABLE);
	assert_int_equal(begins(&g, 0), 0);

	g = empty();
	put_table(g.ram + TABLE, "XSDT", 4096);
	put_pointer(g.ram + AT, 2, GIB + TABLE);
	assert_int_equal(begins(&g, 0), GIB);

	/* a BIOS does not put it at a page */
	g = empty();
	put_table(g.ram + SIZE - 64, "RSDT", 64);
	put_pointer(g.ram + 0xf5ad0, 0, SIZE - 64);
	assert_int_equal(begins(&g, 0), 0);
	g = empty();
	put_table(g.ram + TABLE, "RSDT", 64);
	put_pointer(g.ram + 0xffff0 - 16, 0, TABLE);
	assert_int_equal(begins(&g, 0), 0);

	/* slow, but pages can be looked at; and slow as a debugger's stub */
	g = empty();
	put_table(g.ram + TABLE, "XSDT", 76);
	put_pointer(g.ram + AT, 2, TABLE);
	assert_int_equal(begins(&g, MEMLOG_READER_SLOW | MEMLOG_READER_PEEK),
			 0);
	g = empty();
	put_table(g.ram + TABLE, "XSDT", 76);
	put_pointer(g.ram + AT, 2, TABLE);
	assert_int_equal(begins(&g, MEMLOG_READER_SLOW), UINT64_MAX);
}

/* Whatever does not fit together confirms nothing. */
static void test_refused(void **state)
{
	static const uint64_t nowhere[] = {
		0,
		1,
		TABLE + 1,
		SIZE - 35,
		SIZE,
		HOST + TABLE,
		GIB - 1,
		GIB + SIZE - 8,
		UINT64_MAX,
		UINT64_MAX - 40,
		2 * (uint64_t)GIB + TABLE,
	};
	static const uint32_t lengths[] = { 0, 35, 4097, 0x80000000,
					    UINT32_MAX };
	struct guest g;
	size_t i;

	(void)state;
	g = empty();
	assert_int_equal(begins(&g, 0), UINT64_MAX);
	for (i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		g = empty();
		put_table(g.ram + TABLE, "XSDT", 76);
		put_pointer(g.ram + AT, 2, nowhere[i]);
		assert_int_equal(begins(&g, 0), UINT64_MAX);
	}
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		g = empty();
		put_table(g.ram + TABLE, "XSDT", 76);
		put32(g.ram + TABLE + 4, lengths[i]);
		put_pointer(g.ram + AT, 2, TABLE);
		assert_int_equal(begins(&g, 0), UINT64_MAX);
	}
	/* both checksums, and the table's */
	for (i = 0; i < 3; i++) {
		g = empty();
		put_table(g.ram + TABLE, "XSDT", 76);
		put_pointer(g.ram + AT, 2, TABLE);
		g.ram[i == 2 ? TABLE + 70 : AT + (i ? 33 : 10)] ^= 1;
		assert_int_equal(begins(&g, 0), UINT64_MAX);
	}
	/* the wrong table; and not at a page */
	g = empty();
	put_table(g.ram + TABLE, "RSDT", 76);
	put_pointer(g.ram + AT, 2, TABLE);
	assert_int_equal(begins(&g, 0), UINT64_MAX);
	g = empty();
	put_table(g.ram + TABLE, "XSDT", 76);
	put_pointer(g.ram + AT + 16, 2, TABLE);
	assert_int_equal(begins(&g, 0), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confirmed),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
