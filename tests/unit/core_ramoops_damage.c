/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones of ramoops that are damaged, lost, planted or cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "format/format.h"
#include "libramoops.h"

/* Any header of a zone may be lost; the records of dmesg are still found. */
static void lost(void **state)
{
	uint8_t *p = oops_lay_small();
	size_t i;

	(void)state;
	for (i = 1; i < 3; i++)
		memset(p + i * oops_small.record, (int)(0x5a * (i - 1)),
		       OOPS_HEADER);
	oops_finds(OOPS_SMALL);
	memset(p + 4, 0xff, 8);
	oops_finds(OOPS_SMALL);
}

/* A ring that is not full has not wrapped. */
static void inconsistent(void **state)
{
	uint8_t *p = mem_add(&oops_mem, OOPS_AT, 2 * OOPS_PAGE);

	(void)state;
	oops_zone(p, 2048, OOPS_SIG, 0, "", 0);
	oops_zone(p + 2048, 2048, OOPS_SIG, 0, "hello\nworld\n", 12);
	oops_zone(p + 4096, 2048, OOPS_SIG, 0, "", 0);
	oops_finds("console 800\nhello\nworld\n");
	put32(p + 2048 + 4, 6);
	oops_finds("console 800 wrapped damaged\nworld\nhello\n");
}

/* Headers that codes were made for, and that are lost: other zones tell how long codes
 * are. */
static void codes(void **state)
{
	static const char record[] = "====1795828273.896700-D\n";
	struct oops_layout l = { .dmesg = 3, .record = 3001, .ecc = 16 };
	char text[3000], want[3100];
	size_t cap = 3001 - OOPS_HEADER - oops_all_ecc(3001, 16);
	uint8_t *p = oops_lay(&l);

	(void)state;
	memset(text, 'a', cap);
	memcpy(text, record, strlen(record));
	text[cap] = '\0';
	oops_zone(p + 3001, 3001, OOPS_SIG, 16, text, cap);
	memset(p + 3001, 0, OOPS_HEADER);
	snprintf(want, sizeof(want), "dmesg bb9\n%s", text + strlen(record));
	oops_finds(want);
}

/* A zone that would end after the last address is none, and hides no other. */
static void beyond(void **state)
{
	uint64_t at = 0 - (uint64_t)2 * OOPS_PAGE;
	uint8_t *p = mem_add(&oops_mem, at, OOPS_PAGE);
	char want[80];

	(void)state;
	oops_zone(p, 2048, OOPS_SIG, 0, OOPS_ONE, strlen(OOPS_ONE));
	oops_zone(p + 2048, 2048, OOPS_SIG, 0, "hello\n", 6);
	put32(p + 2048 + 4, 4 * OOPS_PAGE);
	put32(p + 2048 + 8, 4 * OOPS_PAGE);
	snprintf(want, sizeof(want),
		 "dmesg %llx\nPanic#1 Part1\n<0>[   21.614389] no\n",
		 (unsigned long long)(at - OOPS_AT));
	oops_finds(want);
}

/* Codes that leave less than the line that a record begins with: the record has that. */
static void short_record(void **state)
{
	static const char record[] = "====1795828273.896700-C\n";
	enum { LEN = 76, CODES = 21 };
	struct memlog_scan_opts o = { .size = sizeof(o) };
	uint8_t *p = mem_add(&oops_mem, OOPS_AT, OOPS_PAGE);
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;

	(void)state;
	oops_zone(p + LEN, 80, OOPS_SIG, 0, OOPS_ONE, 40);
	put32(p, OOPS_SIG);
	memcpy(p + OOPS_HEADER, record, strlen(record));
	oops_parity(p, OOPS_HEADER, p + LEN - CODES, CODES);
	oops_finds("dmesg 0\n====1795828273.896700-C\n"
		   "(it is compressed with lzo, lz4 or 842, or damaged)\n"
		   "dmesg 4c\nPanic#1 Part1\n<0");
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	log = memlog_logs_get(logs, 0);
	assert_int_equal(log->capacity, strlen(record));
	assert_int_equal(log->extents->len, OOPS_HEADER + log->capacity);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* Only the signature is in the code of the module. */
static void refused(void **state)
{
	uint8_t *p = mem_add(&oops_mem, OOPS_AT, 3 * OOPS_PAGE);

	(void)state;
	put32(p, OOPS_SIG);
	oops_finds("");
	put32(p + 4, 6);
	put32(p + 8, 6);
	memcpy(p + OOPS_HEADER, "hello\n", 6);
	oops_finds("");
	put32(p + 4, 7);
	put32(p + 2 * OOPS_PAGE, OOPS_SIG);
	oops_finds("");
	/* an empty region is one if it has two zones */
	put32(p + 4, 0);
	put32(p + 8, 0);
	oops_finds("dmesg 0 empty\n");
	/* traces do not begin one */
	put32(p, OOPS_SIG ^ OOPS_VERSION);
	put32(p + 2 * OOPS_PAGE, 0);
	oops_finds("");
}

/* Every bit of each header and of the lines after it: no crash, and no text that is
 * nowhere. */
static void flips(void **state)
{
	static const char *const texts[] = { "old\n", "Panic#1 Part1\n",
					     "Oops#1 Part1\n", "hello\n" };
	struct memlog_image *image;
	uint8_t *p = oops_lay_small();
	size_t i, k, bit, left, n = 4;
	char *got;

	(void)state;
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	for (k = 0; k < n; k++)
		for (bit = 0; bit < 8 * (OOPS_HEADER + 40); bit++) {
			uint8_t *at = p + k * oops_small.record + bit / 8;

			*at ^= (uint8_t)(1 << bit % 8);
			got = oops_tell(image, true);
			for (i = left = 0; i < n; i++)
				left += i != k && strstr(got, texts[i]);
			/* the other records are found wherever one is lost, but
			 * for the first, which leads to them */
			if (k)
				assert_int_equal(left, n - 1);
			free(got);
			*at ^= (uint8_t)(1 << bit % 8);
		}
	memlog_image_close(image);
}

/* All prefixes: what is found is found with the same text, or less of it. */
static void prefixes(void **state)
{
	uint8_t *p = oops_lay_small(), *all = malloc(oops_small.all);
	struct memlog_image *image;
	size_t len, i, n;
	char *got;

	(void)state;
	assert_non_null(all);
	memcpy(all, p, oops_small.all);
	for (len = 1; len < oops_small.all; len += len < 100 ? 1 : 13) {
		mem_free(&oops_mem);
		memcpy(mem_add(&oops_mem, OOPS_AT, len), all, len);
		image = mem_image(&oops_mem, MEMLOG_PHYS);
		got = oops_tell(image, true);
		n = 0;
		for (i = 0; i < 3; i++)
			n += len >= i * oops_small.record + OOPS_HEADER + 40;
		for (i = 0; got[i]; i++)
			n -= !strncmp(got + i, "dmesg ", 6) && n;
		assert_int_equal(n, 0);
		free(got);
		memlog_image_close(image);
	}
	free(all);
}

/* Zones by the thousand, each of which claims all that follows. */
static void planted(void **state)
{
	struct memlog_image *image;
	uint8_t *p = mem_add(&oops_mem, OOPS_AT, 4096 * OOPS_PAGE);
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < 4096; i++) {
		put32(p + i * OOPS_PAGE, OOPS_SIG);
		put32(p + i * OOPS_PAGE + 4, (uint32_t)(i * 4001));
		put32(p + i * OOPS_PAGE + 8, ML_RAMOOPS_REGION - OOPS_HEADER);
		if (i % 3 == 0)
			memcpy(p + i * OOPS_PAGE + OOPS_HEADER, OOPS_ONE, 40);
	}
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	got = oops_tell(image, true);
	free(got);
	memlog_image_close(image);
}

/* What is refused is not looked at for codes: a zone that is too short for them takes as
 * many reads. */
static void refused_reads(void **state)
{
	char text[240];
	uint32_t size;
	size_t i, reads = 0;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size = 40; size <= 240; size += 200) {
		for (i = 0; i < 20; i++)
			oops_zone(mem_add(&oops_mem, OOPS_AT + (i << 24),
					  OOPS_PAGE),
				  OOPS_HEADER + size, OOPS_SIG, 0, text, size);
		oops_mem.reads = 0;
		oops_finds("");
		if (size == 40)
			reads = oops_mem.reads;
		assert_int_equal(oops_mem.reads, reads);
		mem_free(&oops_mem);
	}
}

/* Looking for codes is part of what all searches around logs may take. */
static void codes_budget(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o) };
	struct memlog_image *image;
	struct memlog_logs *logs;

	(void)state;
	oops_lay_small();
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	/* of six zones, none of which has codes */
	assert_in_range(logs->around, 6 * 65536, 7 * 65536);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* A region does not go on at address 0 after the last one. */
static void around_the_end(void **state)
{
	const uint64_t last = 0 - (uint64_t)OOPS_PAGE;
	struct memlog_scan_opts o = { .size = sizeof(o) };
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;

	(void)state;
	oops_zone(mem_add(&oops_mem, last, OOPS_PAGE), OOPS_PAGE, OOPS_SIG, 0,
		  OOPS_ONE, strlen(OOPS_ONE));
	oops_zone(mem_add(&oops_mem, 0, OOPS_PAGE), OOPS_PAGE, OOPS_SIG, 0,
		  OOPS_TWO, strlen(OOPS_TWO));
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	assert_int_equal(
		memlog_scan_at(image, MEMLOG_PHYS, last, &o, &logs, NULL), 0);
	log = memlog_logs_get(logs, 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	/* nothing says where its zone ends */
	assert_int_equal(log->capacity, strlen(OOPS_ONE));
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lost, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(inconsistent, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(codes, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(beyond, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(short_record, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(refused, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(flips, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(prefixes, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(planted, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(refused_reads, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(codes_budget, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(around_the_end, oops_setup,
						oops_teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
