/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions: what they match, and how much memory that takes. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "record/filter.h"

static struct memlog_record rec(const char *text, size_t len)
{
	struct memlog_record r = {
		.size = sizeof(r),
		.cpu = -1,
		.text = (const uint8_t *)text,
		.text_len = len,
	};

	return r;
}

static bool grep(const char *re, const char *text, size_t len)
{
	/* exactly as long as it is, so that a read beyond it is seen */
	char *copy = malloc(len ? len : 1);
	struct ml_filter f = { 0 };
	struct memlog_record r;
	bool hit;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = rec(copy, len);
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, re, NULL),
			 MEMLOG_OK);
	hit = ml_filter_match(&f, &r, NULL);
	ml_filter_fini(&f);
	free(copy);
	return hit;
}

static void regex(void **state)
{
	struct ml_filter f = { 0 };
	struct memlog_err err;

	assert_true(grep("b+c$", "abbc\r\n", 6));
	assert_true(grep("^abbc$", "abbc\n", 5));
	assert_true(grep("^abbc$", "abbc", 4));
	assert_false(grep("d", "abbc", 4));
	assert_false(grep("\r", "abbc\r\n", 6));
	assert_true(grep("(ASSERT|Error)", "x ASSERT y\n", 11));
	/* NUL is a byte like others */
	assert_true(grep("^a.c$", "a\0c\n", 4));
	assert_true(grep("tail", "\0\0\0tail", 7));
	assert_true(grep("^a.b$",
			 "a\xff"
			 "b\n",
			 4));
	assert_true(grep("^$", "\r\n", 2));
	assert_true(grep("^$", "", 0));
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "(", &err),
			 MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "regular expression"));
	assert_int_equal(f.patterns.n, 0);
}

static bool matches(struct ml_filter *f, const char *text)
{
	struct memlog_record r = rec(text, strlen(text));

	return ml_filter_match(f, &r, NULL);
}

static void patterns(void **state)
{
	struct ml_filter f = { 0 };
	struct memlog_err err;
	size_t i;

	/* any of them; -v is not grep's here, but its inverse is */
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "^ab", NULL), 0);
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "z$", NULL), 0);
	assert_true(matches(&f, "abc\n"));
	assert_true(matches(&f, "xyz\r\n"));
	assert_false(matches(&f, "xab\n"));
	f.patterns.invert = true;
	assert_false(matches(&f, "abc\n"));
	assert_false(matches(&f, "xyz\r\n"));
	assert_true(matches(&f, "xab\n"));
	/* with another filter it still takes away */
	f.has_level = true;
	assert_false(matches(&f, "xab\n"));
	for (i = f.patterns.n; i < ML_MAX_PATTERNS; i++)
		assert_int_equal(ml_patterns_add(&f.patterns, NULL, "x", NULL),
				 0);
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "x", &err),
			 MEMLOG_LIMIT);
	ml_filter_fini(&f);
	f.has_level = false;
	assert_false(ml_filter_active(&f));
}

static void letter_case(void **state)
{
	static const struct {
		const char *re, *text;
		bool smart, exact;
	} cases[] = {
		{ "assert", "ASSERT x", true, false },
		{ "Assert", "ASSERT x", false, false },
		{ "Assert", "Assert x", true, true },
		{ "ASSERT", "assert", false, false },
		/* after a backslash it is no letter */
		{ "a\\Bs\\Wx", "AS X", true, false },
		{ "[a-f]", "D", true, false },
		{ "[A-F]", "d", false, false },
	};
	struct ml_filter f = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ml_patterns_add(&f.patterns, NULL, cases[i].re,
						 NULL),
				 0);
		assert_int_equal(matches(&f, cases[i].text), cases[i].smart);
		ml_patterns_case(&f.patterns, ML_REGEX_EXACT, NULL);
		assert_int_equal(matches(&f, cases[i].text), cases[i].exact);
		ml_patterns_case(&f.patterns, ML_REGEX_IGNORE, NULL);
		assert_true(matches(&f, cases[i].text));
		ml_filter_fini(&f);
		/* the option may come first */
		assert_int_equal(ml_patterns_add(&f.patterns, NULL, cases[i].re,
						 NULL),
				 0);
		assert_true(matches(&f, cases[i].text));
		ml_filter_fini(&f);
		f.patterns.how = ML_REGEX_SMART;
	}
}

/* A line in several records: from the piece that matches on, or up to it. */
static void line_pieces(void **state)
{
	static const char *const pieces[] = { "one", "two", "three", "two\n" };
	static const bool want[2][4] = { { false, true, true, true },
					 { true, false, false, false } };
	struct ml_filter f = { 0 };
	struct memlog_record r;
	bool passed = false;
	size_t i, k;

	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "two", NULL), 0);
	for (k = 0; k < 2; k++) {
		f.patterns.invert = k;
		for (i = 0; i < 4; i++) {
			r = rec(pieces[i], strlen(pieces[i]));
			passed = i ? ml_filter_goes_on(&f, &r, NULL, passed) :
				     ml_filter_match(&f, &r, NULL);
			assert_int_equal(passed, want[k][i]);
		}
	}
	ml_filter_fini(&f);
}

static void spans(void **state)
{
	static char text[2 * ML_MAX_LINE + 3];
	struct ml_span s[ML_MAX_HIGHLIGHTS];
	struct ml_filter f = { 0 };
	const struct ml_patterns *p = &f.patterns;
	size_t n;

	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "b+|^a", NULL), 0);
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "\\<bbc*", NULL),
			 0);
	n = ml_patterns_spans(p, (const uint8_t *)"abab bbccb\n", 11, s, 9);
	assert_int_equal(n, 5);
	/* the anchor only at the start of the line, the longer of two */
	assert_true(s[0].first == 0 && s[0].end == 1);
	assert_true(s[1].first == 1 && s[1].end == 2);
	assert_true(s[2].first == 3 && s[2].end == 4);
	assert_true(s[3].first == 5 && s[3].end == 9);
	assert_true(s[4].first == 9 && s[4].end == 10);
	assert_int_equal(ml_patterns_spans(p, (const uint8_t *)"bab", 3, s, 1),
			 1);
	ml_filter_fini(&f);
	/* nothing, NUL, and more than one piece */
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, "x*", NULL), 0);
	assert_int_equal(ml_patterns_spans(p, (const uint8_t *)"aaa", 3, s, 9),
			 0);
	assert_int_equal(ml_patterns_spans(p, (const uint8_t *)"", 0, s, 9), 0);
	text[sizeof(text) - 2] = 'x';
	text[sizeof(text) - 1] = '\n';
	n = ml_patterns_spans(p, (const uint8_t *)text, sizeof(text), s, 9);
	assert_int_equal(n, 1);
	assert_int_equal(s[0].first, sizeof(text) - 2);
	assert_int_equal(s[0].end, sizeof(text) - 1);
	ml_filter_fini(&f);
}

/* What the C library would run out of stack or memory for is refused. */
static void regex_limits(void **state)
{
	static const char *const bad[] = {
		"(((((a{1,255}){1,255}){1,255}){1,255}){1,255})",
		"((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)",
		"a++++++++++++",
		"(a{32}){17}",
		"[[:alpha:]]{513}",
		"a{512,}",
		"(a)\\1",
	};
	static const char *const good[] = {
		"(a{15}){32}",	   "a{1,255}",	  "[]+]{500}", "[^]a{]b",
		"[[.-.]{9}]{500}", "x\\{1,9999}", "(|a)*b?",
	};
	char deep[2 * 60000 + 1], text[ML_MAX_REGEX + 2];
	struct ml_filter f = { 0 };
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ml_patterns_add(&f.patterns, NULL, bad[i],
						 &err),
				 MEMLOG_INVALID);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(
			ml_patterns_add(&f.patterns, NULL, good[i], NULL), 0);
	memset(deep, '(', 60000);
	memset(deep + 60000, ')', 60000);
	deep[120000] = '\0';
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, deep, &err),
			 MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "1024 bytes"));
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, deep + 59960, &err),
			 MEMLOG_INVALID);
	memset(text, '*', sizeof(text) - 1);
	text[1] = 'a';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, text, &err),
			 MEMLOG_INVALID);
	assert_int_equal(ml_patterns_add(&f.patterns, NULL, text + 1, NULL), 0);
	ml_filter_fini(&f);
}

/* Memory does not grow with the text, whatever it is. */
static void regex_memory(void **state)
{
	static const char *const hard[] = { "(a|b)*a(a|b){14}c", "a.{400}c" };
	uint64_t seed = 1, before = mallinfo2().uordblks;
	struct ml_filter f = { 0 };
	struct memlog_record r;
	struct ml_span span;
	char line[1000];
	size_t i, k, n;

	for (k = 0; k < 2; k++) {
		assert_int_equal(
			ml_patterns_add(&f.patterns, NULL, hard[k], NULL), 0);
		for (n = 0; n < 70; n++) {
			for (i = 0; i < sizeof(line); i++) {
				seed = seed * 6364136223846793005u + 1;
				line[i] = seed >> 63 ? 'a' : 'b';
			}
			r = rec(line, sizeof(line));
			assert_false(ml_filter_match(&f, &r, NULL));
			ml_patterns_spans(&f.patterns, r.text, r.text_len,
					  &span, 1);
			assert_true(mallinfo2().uordblks < before + (96 << 20));
		}
		ml_filter_fini(&f);
	}
	for (k = 0; k < ML_MAX_PATTERNS; k++)
		assert_int_equal(ml_patterns_add(&f.patterns, NULL, hard[k % 2],
						 NULL),
				 0);
	for (n = 0; n < 2; n++) {
		assert_false(ml_filter_match(&f, &r, NULL));
		ml_patterns_spans(&f.patterns, r.text, r.text_len, &span, 1);
		assert_true(mallinfo2().uordblks < before + (160 << 20));
	}
	ml_filter_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regex),	cmocka_unit_test(patterns),
		cmocka_unit_test(letter_case),	cmocka_unit_test(line_pieces),
		cmocka_unit_test(spans),	cmocka_unit_test(regex_limits),
		cmocka_unit_test(regex_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
