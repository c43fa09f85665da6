/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the pieces of a file: every name that split(1) gives, and gaps among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/bytes/piecename.h"

static enum ml_piece_step step(const char *a, const char *b)
{
	return ml_piece_step(a, strlen(a), b, strlen(b));
}

/* The name with number n of split's kinds: letters, -d, -x; with what follows. */
static void name_of(char *ret, size_t len, int kind, unsigned int n)
{
	if (kind == 0)
		snprintf(ret, len, "d1/x%c%c%c", 'a' + n / 676,
			 'a' + n / 26 % 26, 'a' + n % 26);
	else if (kind == 1)
		snprintf(ret, len, "d1/dump.2.%03u.zst", n);
	else if (kind == 2)
		snprintf(ret, len, "vmcore.%04x", n);
	else
		snprintf(ret, len, "part%uof99.x", n);
}

/* One after the other, with one left out, and back. */
static void test_model(void **state)
{
	char a[40], b[40];
	unsigned int i;
	int kind;

	(void)state;
	for (kind = 0; kind < 4; kind++)
		for (i = 0; i < 900; i++) {
			name_of(a, sizeof(a), kind, i);
			name_of(b, sizeof(b), kind, i + 1);
			if (step(a, b) != ML_PIECE_NEXT ||
			    step(b, a) != ML_PIECE_BACK)
				fail_msg("%s, %s", a, b);
			name_of(b, sizeof(b), kind, i + 2);
			if (step(a, b) != ML_PIECE_GAP)
				fail_msg("gap: %s, %s", a, b);
		}
}

static void test_unknown(void **state)
{
	static const char *const t[][2] = {
		{ "a", "a" },
		{ "", "b1" },
		{ "", "" },
		{ "d1/p.0", "d2/p.1" },
		{ "one", "other" },
		{ "vmcore", "vmcore.1" },
		{ "p.g1", "p.3h" },
		{ "1.zst", "2.gz" },
		{ "x9", "xa0" },
		{ "x.1234567890123456", "x.2234567890123458" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (step(t[i][0], t[i][1]) != ML_PIECE_UNKNOWN)
			fail_msg("%s, %s", t[i][0], t[i][1]);
}

static void test_gap(void **state)
{
	struct ml_piece_gap gap;

	(void)state;
	assert_false(ml_piece_gap("p.9,p.10,p.11", &gap));
	assert_false(ml_piece_gap("p", &gap));
	assert_false(ml_piece_gap("", &gap));
	assert_false(ml_piece_gap(",", &gap));
	assert_true(ml_piece_gap("p.0,p.1,p.3,p.7", &gap));
	assert_int_equal(gap.before_len, 3);
	assert_memory_equal(gap.before, "p.1,", 4);
	assert_int_equal(gap.after_len, 3);
	assert_memory_equal(gap.after, "p.3,", 4);
	assert_true(ml_piece_gap("xaa,xac", &gap));
	assert_string_equal(gap.after, "xac");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_gap),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
