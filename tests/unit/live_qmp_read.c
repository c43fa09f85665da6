/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests by their monitor: their memory, and the log that QEMU finds in it. */
#ifndef HAVE_JSON_C
#include <stdio.h>

int main(void)
{
	puts("1..1\nok 1 - qmp # SKIP built without json-c");
	return 0;
}
#else
#include "libconform.h"
#include "qmp_bench.h"

#define LOG_AT (40 * MIB)

/* A log of "one\ntwo\n" as the firmware leaves it. */
static void put_log(void)
{
	uint8_t *p = peer.ram + LOG_AT;
	uint64_t v[] = { 192, 8192 - 192, 1, 0, 8 };

	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	memcpy(p + 16, v, sizeof(v));
	memcpy(p + 192, "one\ntwo\n", 8);
}

static void check_log(struct memlog_image *image, enum memlog_space space,
		      uint64_t addr)
{
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;

	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_logs_get(logs, 0)->extents->space, space);
	assert_true(memlog_logs_get(logs, 0)->extents->addr == addr);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_memory_equal(rec->text, "one\n", 4);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_memory_equal(rec->text, "two\n", 4);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
}

static void conform(struct memlog_image *image, bool alias)
{
	const struct conform_piece pieces[] = {
		{ 0, LOW, peer.ram, alias, MEMLOG_HOST, (uintptr_t)peer.ram },
		{ HIGH_AT, HIGH, peer.ram + LOW, alias, MEMLOG_HOST,
		  (uintptr_t)peer.ram + LOW },
	};

	conform_image(image, MEMLOG_PHYS, pieces, 2);
}

static void true_guest(enum lie lie)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	start(lie);
	for (i = 0; i < MIB; i++)
		peer.ram[LOW - MIB / 2 + i] = (uint8_t)(i * 7 + i / 4096);
	put_log();
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_true(info.flags & MEMLOG_READER_LIVE);
	assert_true(info.present == LOW + HIGH);
	check_log(image, MEMLOG_PHYS, LOG_AT);
	conform(image, true);
	assert_int_equal(peer.saves, 0);
	memlog_image_close(image);
	stop();
}

static void test_true(void **state)
{
	true_guest(TRUTH);
	true_guest(PRETTY);
	true_guest(STRAYS);
}

/* The addresses are a lie: the peer is asked for the memory itself. */
static void test_saved(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	start(BAD_HVA);
	for (i = 0; i < MIB; i++)
		peer.ram[LOW - MIB / 2 + i] = (uint8_t)(i * 7 + i / 4096);
	put_log();
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_non_null(memlog_image_warning(image, 0));
	assert_non_null(
		strstr(memlog_image_warning(image, 0), "piece by piece"));
	check_log(image, MEMLOG_PHYS, LOG_AT);
	assert_true(peer.saves > 0);
	conform(image, false);
	memlog_image_close(image);
	stop();
}

static void test_not_saved(void **state)
{
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;

	start(BAD_HVA_NO_FILE);
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "container"));
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	stop();
	start(BAD_HVA_ERROR);
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "QEMU rejected pmemsave: "
					 "no ?[31mred"));
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	stop();
}

/* ---- query-firmware-log ------------------------------------------------- */

static enum memlog_status ask(const char *answer, enum lie lie,
			      struct memlog_image **ret, struct memlog_err *err)
{
	enum memlog_status s;

	start(lie);
	peer.log = answer;
	s = open_it(ret, err, NULL, true);
	stop();
	return s;
}

static void test_via_qemu(void **state)
{
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	char *large;

	assert_int_equal(
		ask("{\"version\":\"edk2 1\",\"log\":\"b25lCnR3bwo=\"}", TRUTH,
		    &image, &err),
		0);
	check_log(image, MEMLOG_FILE, 0);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_string_equal(memlog_logs_get(logs, 0)->version, "edk2 1");
	memlog_logs_destroy(logs);
	memlog_image_close(image);

	assert_int_equal(ask(NULL, TRUTH, &image, &err), MEMLOG_UNSUPPORTED);
	assert_non_null(strstr(err.text, "QEMU 9.2.1 has no "
					 "query-firmware-log"));
	/* QEMU found none: an image without a log, which says so */
	assert_int_equal(ask(NULL, STRAYS, &image, &err), 0);
	assert_non_null(
		strstr(memlog_image_warning(image, 0), "QEMU rejected"));
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 0);
	memlog_logs_destroy(logs);
	memlog_image_close(image);

	assert_int_equal(ask("{\"log\":7}", TRUTH, &image, &err), MEMLOG_IO);
	assert_int_equal(ask("{\"log\":\"b25l*\"}", TRUTH, &image, &err),
			 MEMLOG_IO);
	large = malloc(3 * MIB);
	assert_non_null(large);
	memset(large, 'A', 3 * MIB);
	memcpy(large, "{\"log\":\"", 8);
	strcpy(large + 2 * MIB, "\"}");
	assert_int_equal(ask(large, TRUTH, &image, &err), MEMLOG_LIMIT);
	free(large);
	assert_int_equal(
		memlog_image_open(
			"pid:1",
			&(struct memlog_open_opts){
				.size = sizeof(struct memlog_open_opts),
				.via_qemu = true },
			&image, &err),
		MEMLOG_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_true),
		cmocka_unit_test(test_saved),
		cmocka_unit_test(test_not_saved),
		cmocka_unit_test(test_via_qemu),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
