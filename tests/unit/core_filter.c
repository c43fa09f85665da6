/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters, and the newest records. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "record/filter.h"
#include "record/newest.h"

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
	assert_int_equal(ml_filter_regex(&f, NULL, re, NULL), MEMLOG_OK);
	hit = ml_filter_match(&f, &r);
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
	assert_int_equal(ml_filter_regex(&f, NULL, "(", &err), MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "regular expression"));
	assert_null(f.regex);
	/* the last one counts */
	assert_int_equal(ml_filter_regex(&f, NULL, "a", NULL), MEMLOG_OK);
	assert_int_equal(ml_filter_regex(&f, NULL, "b", NULL), MEMLOG_OK);
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
		assert_int_equal(ml_filter_regex(&f, NULL, bad[i], &err),
				 MEMLOG_INVALID);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(ml_filter_regex(&f, NULL, good[i], NULL), 0);
	memset(deep, '(', 60000);
	memset(deep + 60000, ')', 60000);
	deep[120000] = '\0';
	assert_int_equal(ml_filter_regex(&f, NULL, deep, &err), MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "1024 bytes"));
	assert_int_equal(ml_filter_regex(&f, NULL, deep + 59960, &err),
			 MEMLOG_INVALID);
	memset(text, '*', sizeof(text) - 1);
	text[1] = 'a';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(ml_filter_regex(&f, NULL, text, &err), MEMLOG_INVALID);
	assert_int_equal(ml_filter_regex(&f, NULL, text + 1, NULL), 0);
	ml_filter_fini(&f);
}

/* Memory does not grow with the text, whatever it is. */
static void regex_memory(void **state)
{
	static const char *const hard[] = { "(a|b)*a(a|b){14}c", "a.{400}c" };
	uint64_t seed = 1, before = mallinfo2().uordblks;
	struct ml_filter f = { 0 };
	struct memlog_record r;
	char line[1000];
	size_t i, k, n;

	for (k = 0; k < 2; k++) {
		assert_int_equal(ml_filter_regex(&f, NULL, hard[k], NULL), 0);
		for (n = 0; n < 70; n++) {
			for (i = 0; i < sizeof(line); i++) {
				seed = seed * 6364136223846793005u + 1;
				line[i] = seed >> 63 ? 'a' : 'b';
			}
			r = rec(line, sizeof(line));
			assert_false(ml_filter_match(&f, &r));
			assert_true(mallinfo2().uordblks < before + (96 << 20));
		}
	}
	ml_filter_fini(&f);
}

static void level(void **state)
{
	static const char *const bad[] = { "", "+", "8", "er", "errr", "err-" };
	struct ml_filter f = { 0 };
	struct memlog_record r = rec("x", 1);
	size_t i;

	assert_int_equal(ml_filter_level(&f, "err", NULL), MEMLOG_OK);
	assert_false(ml_filter_match(&f, &r));
	r.has_level = true;
	r.level = 3;
	assert_true(ml_filter_match(&f, &r));
	r.level = 2;
	assert_false(ml_filter_match(&f, &r));
	assert_int_equal(ml_filter_level(&f, "warn+", NULL), MEMLOG_OK);
	assert_true(ml_filter_match(&f, &r));
	r.level = 5;
	assert_false(ml_filter_match(&f, &r));
	assert_int_equal(ml_filter_level(&f, "5", NULL), MEMLOG_OK);
	assert_true(ml_filter_match(&f, &r));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ml_filter_level(&f, bad[i], NULL),
				 MEMLOG_INVALID);
}

static void cpus(void **state)
{
	static const char *const bad[] = {
		"",	 ",",	 "1,",
		"-1",	 "3-1",	 "1-",
		"a",	 "1,,2", "99999999999999999999",
		"1-2-3", "0x1",	 " 1",
	};
	struct ml_filter f = { 0 };
	struct memlog_record r = rec("x", 1);
	size_t i;
	int cpu;

	assert_int_equal(ml_filter_cpus(&f, "0-3,8,10-11", NULL), MEMLOG_OK);
	assert_false(ml_filter_match(&f, &r));
	for (cpu = 0; cpu < 20; cpu++) {
		r.cpu = cpu;
		assert_int_equal(ml_filter_match(&f, &r),
				 cpu <= 3 || cpu == 8 || cpu == 10 ||
					 cpu == 11);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ml_filter_cpus(&f, bad[i], NULL),
				 MEMLOG_INVALID);
}

static void times(void **state)
{
	static const char *const bad[] = { "", ".", "1s", "-1", "1e3", "1,5" };
	struct ml_filter f = { .has_since = true, .has_until = true };
	struct memlog_record r = rec("x", 1);
	size_t i;

	assert_int_equal(ml_filter_time("1.5", &f.since, NULL), MEMLOG_OK);
	assert_int_equal(ml_filter_time("2", &f.until, NULL), MEMLOG_OK);
	assert_false(ml_filter_match(&f, &r));
	r.has_time = true;
	r.time = 15;
	assert_false(ml_filter_match(&f, &r));
	r.time_hz = 10;
	assert_true(ml_filter_match(&f, &r));
	r.time = 14;
	assert_false(ml_filter_match(&f, &r));
	r.time = 20;
	assert_true(ml_filter_match(&f, &r));
	r.time = 21;
	assert_false(ml_filter_match(&f, &r));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ml_filter_time(bad[i], &f.since, NULL),
				 MEMLOG_INVALID);
}

static void component(void **state)
{
	struct ml_filter f = { .component = "vmx" };
	struct memlog_record r = rec("x", 1);

	assert_true(ml_filter_active(&f));
	assert_false(ml_filter_match(&f, &r));
	r.component = "vmx";
	assert_true(ml_filter_match(&f, &r));
	r.component = "vmxx";
	assert_false(ml_filter_match(&f, &r));
}

static void newest(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	const struct memlog_record *got;
	struct ml_newest *n;
	char text[16];
	uint64_t want, i;

	for (want = 0; want < 12; want++) {
		assert_int_equal(ml_newest_create(&a, want, &n, NULL),
				 MEMLOG_OK);
		for (i = 0; i < 8; i++) {
			struct memlog_record r;

			snprintf(text, sizeof(text), "line %d", (int)i);
			r = rec(text, strlen(text));
			r.raw = r.text;
			r.raw_len = r.text_len + 1;
			r.component = text;
			r.phase = "PEI";
			r.n_fields = 1;
			r.fields[0] = (struct memlog_field){
				"f", MEMLOG_FIELD_TEXT, { 0 }, text, 4
			};
			r.seq = i;
			assert_int_equal(ml_newest_add(n, &r, NULL), MEMLOG_OK);
			memset(text, 'z', sizeof(text));
		}
		for (i = want < 8 ? 8 - want : 0; i < 8; i++) {
			got = ml_newest_take(n);
			assert_non_null(got);
			snprintf(text, sizeof(text), "line %d", (int)i);
			assert_int_equal(got->seq, i);
			assert_int_equal(got->text_len, 6);
			assert_memory_equal(got->text, text, 6);
			assert_int_equal(got->raw_len, 7);
			assert_memory_equal(got->raw, text, 7);
			assert_string_equal(got->component, text);
			assert_string_equal(got->phase, "PEI");
			assert_memory_equal(got->fields[0].text, "line", 4);
		}
		assert_null(ml_newest_take(n));
		assert_int_equal(ml_newest_dropped(n), 0);
		ml_newest_destroy(n);
	}
	ml_newest_destroy(NULL);
}

/* Memory is bounded, and what had to go is counted. */
static void newest_bounded(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	size_t len = 1 << 20, kept = 0, i, n_add = 2 * (ML_MAX_NEWEST >> 20);
	char *big = calloc(1, len);
	struct memlog_record r;
	struct ml_newest *n;

	assert_non_null(big);
	assert_int_equal(ml_newest_create(&a, UINT64_MAX, &n, NULL), MEMLOG_OK);
	r = rec(big, len);
	r.raw = r.text;
	r.raw_len = len;
	for (i = 0; i < n_add; i++)
		assert_int_equal(ml_newest_add(n, &r, NULL), MEMLOG_OK);
	while (ml_newest_take(n))
		kept++;
	assert_true(kept * len <= ML_MAX_NEWEST && kept > 2);
	assert_int_equal(ml_newest_dropped(n), n_add - kept);
	ml_newest_destroy(n);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regex),
		cmocka_unit_test(regex_limits),
		cmocka_unit_test(regex_memory),
		cmocka_unit_test(level),
		cmocka_unit_test(cpus),
		cmocka_unit_test(times),
		cmocka_unit_test(component),
		cmocka_unit_test(newest),
		cmocka_unit_test(newest_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
