/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of OVMF's log, whatever is done to its bytes: the text is read, and
 * times only where the entries are whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libovmfbench.h"

static uint8_t *ext(void)
{
	return bench.base + ML_RING_HEADER_WITH(bench.entries) - 0x100;
}

/* Whatever the index says, the text is the same. */
static void any_bit(void **state)
{
	static uint8_t want[ROOM], got[ROOM];
	size_t n, timed, all, bit, from, end, fewer = 0;

	(void)state;
	srand(5);
	bench_open(16, 400);
	bench_say_some(40, 50, false);
	n = bench_text(bench.image, want, &all);
	assert_true(all > 3);
	end = ML_RING_HEADER_WITH(bench.entries);
	for (from = 192; from < end; from++)
		for (bit = 0; bit < 8; bit++) {
			bench.base[from] ^= (uint8_t)(1 << bit);
			assert_int_equal(bench_text(bench.image, got, &timed),
					 n);
			assert_memory_equal(got, want, n);
			assert_true(timed <= all);
			fewer += timed < all;
			bench.base[from] ^= (uint8_t)(1 << bit);
		}
	assert_true(fewer > 1000);
	bench_close();
}

/* An index that cannot be is ignored, with a warning; no crash, no time. */
static void hostile_geometry(void **state)
{
	static const struct {
		uint32_t at;
		uint64_t value;
		const char *says;
	} bad[] = {
		{ 0x00, 0xbf00000000 | 0xbf, "is damaged" },
		{ 0x10, 5, "is damaged" },
		{ 0x10, 0, "is damaged" },
		{ 0x30, 0x2000000100, "damaged or missing" },
		{ 0x30, 0x20ffffffc0, "is damaged" },
		{ 0x30, 0x1000000200, "is damaged" },
		{ 0x38, 0, "is damaged" },
		{ 0x38, 3, "is damaged" },
		{ 0x38, 0x80000000, "is damaged" },
		{ 0x38, 32, "is damaged" },
		{ 0x40, UINT64_MAX, "damaged or missing" },
		{ 0xf0, 0xffffffffffffffc0, "is damaged" },
		{ 0xf0, 64, "is damaged" },
		{ 0xf0, 0x201, "is damaged" },
		{ 0xf0, 0x440, "is damaged" },
	};
	static uint8_t want[ROOM], got[ROOM];
	size_t i, n, timed;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		srand(6);
		bench_open(16, 400);
		bench_say_some(40, 50, false);
		n = bench_text(bench.image, want, &timed);
		assert_true(timed);
		assert_null(bench_warning());
		put64(ext() + bad[i].at, bad[i].value);
		assert_int_equal(bench_text(bench.image, got, &timed), n);
		assert_memory_equal(got, want, n);
		if (timed || !bench_warning() ||
		    !strstr(bench_warning(), bad[i].says))
			fail_msg("0x%x: %s", bad[i].at, bench_warning());
		bench_close();
	}
}

/* The pages of the log, in a larger one, are looked at: what cannot be in an index
 * is other memory. */
static void scattered(void **state)
{
	static uint8_t page[4096], got[ROOM];
	size_t i, timed, n;

	(void)state;
	srand(9);
	bench_open(256, 4096);
	for (i = 0; i < 200; i++)
		bench_say("one message, one line\r\n", 23, false);
	n = bench_text(bench.image, got, &timed);
	assert_int_equal(n, 4095);
	/* a few entries, and even the locator, may be damaged */
	for (i = 0; i < 5; i++)
		bench.base[0x1000 + i * 64]++;
	assert_int_equal(bench_text(bench.image, got, &timed), n);
	memcpy(page, ext(), 0x100);
	memset(ext(), 0, 0x100);
	assert_int_equal(bench_text(bench.image, got, &timed), n);
	assert_int_equal(timed, 0);
	memcpy(ext(), page, 0x100);
	/* another page in its place: text, numbers, zeros */
	memcpy(page, bench.base + 0x1000, sizeof(page));
	for (i = 0; i < 3; i++) {
		memset(bench.base + 0x1000, i == 0 ? 'x' : 0, sizeof(page));
		for (timed = 0; i == 1 && timed < sizeof(page); timed++)
			bench.base[0x1000 + timed] = (uint8_t)rand();
		assert_int_equal(bench_text(bench.image, got, &timed), 0);
	}
	memcpy(bench.base + 0x1000, page, sizeof(page));
	assert_int_equal(bench_text(bench.image, got, &timed), n);
	bench_close();
}

/* Its pages are not in the image, or the log ends in it. */
static void cut_short(void **state)
{
	struct mem whole;
	struct memlog_logs *logs;
	uint8_t *bytes;
	size_t cut, timed;
	static uint8_t got[ROOM];

	(void)state;
	srand(7);
	bench_open(128, 4096);
	bench_say_some(100, 90, false);
	for (cut = 1; cut <= bench.bytes; cut += cut < 5200 ? 13 : 1) {
		struct memlog_image *image;

		memset(&whole, 0, sizeof(whole));
		bytes = mem_add(&whole, ADDR, cut);
		memcpy(bytes, bench.base, cut);
		image = mem_image(&whole, MEMLOG_PHYS);
		if (!memlog_scan_at(image, MEMLOG_PHYS, ADDR, NULL, &logs,
				    NULL)) {
			memlog_logs_destroy(logs);
			bench_text(image, got, &timed);
		}
		memlog_image_close(image);
		mem_free(&whole);
	}
	bench_close();
}

/* A page of it is missing: the lines of its 128 entries have no time, all others do. */
static void page_missing(void **state)
{
	static uint8_t want[ROOM], got[ROOM];
	struct mem part = { .n = 0 };
	struct memlog_image *image;
	size_t all, timed, n, i;
	char line[32];

	(void)state;
	bench_open(256, 4096);
	for (i = 0; i < 250; i++) {
		snprintf(line, sizeof(line), "message %03zu\r\n", i);
		bench_say(line, strlen(line), false);
	}
	n = bench_text(bench.image, want, &all);
	assert_int_equal(all, 250);
	/* the entries begin at 0x200 and have 32 bytes each */
	memcpy(mem_add(&part, ADDR, 0x1000), bench.base, 0x1000);
	memcpy(mem_add(&part, ADDR + 0x2000, ROOM - 0x2000),
	       bench.base + 0x2000, ROOM - 0x2000);
	image = mem_image(&part, MEMLOG_PHYS);
	assert_int_equal(bench_text(image, got, &timed), n);
	assert_memory_equal(got, want, n);
	assert_int_equal(timed, 250 - 0x1000 / 32);
	assert_non_null(strstr(memlog_image_warning(image, 0), "128 entries"));
	memlog_image_close(image);
	mem_free(&part);
	bench_close();
}

/* An entry that is damaged costs the time of its own lines only. */
static void damaged_entries(void **state)
{
	static uint8_t got[ROOM];
	size_t timed, all, i;

	(void)state;
	bench_open(16, 4000);
	for (i = 0; i < 10; i++)
		bench_say("one message, one line\r\n", 23, false);
	bench_text(bench.image, got, &all);
	assert_int_equal(all, 10);
	bench.base[0x200 + 3 * 32]++;
	bench_text(bench.image, got, &timed);
	assert_int_equal(timed, 9);
	assert_null(bench_warning());
	bench.base[0x200 + 7 * 32 + 31]++;
	bench_text(bench.image, got, &timed);
	assert_int_equal(timed, 8);
	assert_non_null(strstr(bench_warning(), "2 entries"));
	bench_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bit),
		cmocka_unit_test(hostile_geometry),
		cmocka_unit_test(scattered),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(page_missing),
		cmocka_unit_test(damaged_entries),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
