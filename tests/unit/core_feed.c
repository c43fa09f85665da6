/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scanner core, fed in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/names.h"
#include "scan/scan.h"

struct hits {
	uint64_t addr[64];
	size_t n;
};

static enum memlog_status hit(void *arg, const struct ml_format *fmt,
			      uint64_t addr)
{
	struct hits *h = arg;
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->addr[i] == addr)
			return MEMLOG_OK;
	assert_true(h->n < 64);
	h->addr[h->n++] = addr;
	return MEMLOG_OK;
}

static void feed_pieces(void **state)
{
	static uint8_t mem[8 * 4096];
	struct ml_scanner sc;
	struct hits h;
	size_t piece, at, n;

	memset(mem, 0, sizeof(mem));
	memcpy(mem + 0x1000, "ovmfmdg1", 8);
	memcpy(mem + 0x3008, "ovmfmdgl", 8);
	memcpy(mem + 0x4ff8, "ovmfmemdebugmagc", 16);
	memcpy(mem + 0x6004, "ovmfmdg1", 8);
	for (piece = 128; piece <= sizeof(mem); piece += 1000) {
		h.n = 0;
		ml_scanner_init(&sc, NULL, true, 0, hit, &h);
		assert_true(ml_scanner_needs_all(&sc));
		for (at = 0; at < sizeof(mem); at += n - ML_SCAN_OVERLAP) {
			n = sizeof(mem) - at < piece ? sizeof(mem) - at : piece;
			ml_scan_feed(&sc, 0x40000000 + at, mem + at, n);
			if (at + n == sizeof(mem))
				break;
		}
		/* the one at 0x6004 is not on a step of eight */
		assert_int_equal(h.n, 3);
		assert_int_equal(h.addr[0] + h.addr[1] + h.addr[2],
				 3ull * 0x40000000 + 0x1000 + 0x3008 + 0x4ff8);
	}
	/* with a bias, pages start elsewhere */
	h.n = 0;
	ml_scanner_init(&sc, NULL, false, 8, hit, &h);
	ml_scan_feed(&sc, 0x40000000, mem, sizeof(mem));
	assert_int_equal(h.n, 1);
	assert_int_equal(h.addr[0], 0x40003008);
}

/* Formats known by their looks are asked only where they could say yes. */
static void screens(void **state)
{
	struct ml_scanner sc;
	struct hits h = { 0 };
	size_t i;

	ml_scanner_init(&sc, NULL, false, 0, hit, &h);
	assert_int_equal(sc.eager, 0);
	/* nothing starts within a page, without a magic */
	assert_int_equal(sc.screen_mask, 0xfff);
	for (i = 0; ml_formats[i]; i++)
		if (ml_formats[i]->find.screen_eager) {
			uint64_t bit = ml_format_bit(ml_formats[i]);

			assert_false(sc.screens & bit);
			ml_scanner_expect(&sc, ml_formats[i]);
			assert_true(sc.screens & bit);
			assert_true(sc.eager & bit);
			assert_int_equal(sc.screen_mask, 0xfff);
		}
	ml_scanner_init(&sc, "xencons", false, 0, hit, &h);
	i = ml_format_bit(ml_format_find("xencons"));
	assert_int_equal(sc.screens, i);
	assert_int_equal(sc.eager, i);
}

static void names(void **state)
{
	assert_true(ml_name_in_list(NULL, "a"));
	assert_true(ml_name_in_list("a", "a"));
	assert_true(ml_name_in_list("b,a", "a"));
	assert_true(ml_name_in_list("a,b", "a"));
	assert_false(ml_name_in_list("ab", "a"));
	assert_false(ml_name_in_list("b,aa", "a"));
	assert_false(ml_name_in_list("", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feed_pieces),
		cmocka_unit_test(screens),
		cmocka_unit_test(names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
