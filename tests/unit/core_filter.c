/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters, and the newest records. */
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

/* The levels that -l TEXT lets pass, as digits. */
static const char *levels_of(const char *text)
{
	static char passed[9];
	struct ml_filter f = { 0 };
	struct memlog_record r = rec("x", 1);
	size_t n = 0;

	assert_int_equal(ml_filter_level(&f, text, NULL), MEMLOG_OK);
	assert_false(ml_filter_match(&f, &r, NULL));
	r.has_level = true;
	for (r.level = 0; r.level < 40; r.level++)
		if (ml_filter_match(&f, &r, NULL))
			passed[n++] = (char)('0' + r.level);
	passed[n] = '\0';
	return passed;
}

static void level(void **state)
{
	static const struct {
		const char *text, *levels;
	} good[] = {
		{ "err", "3" },
		{ "error", "3" },
		{ "5", "5" },
		{ "warn+", "01234" },
		{ "0+", "0" },
		{ "err,warn", "34" },
		{ "debug,0", "07" },
		{ "crit..warn", "234" },
		{ "warn..crit", "234" },
		{ "3..3", "3" },
		{ "err+,info..debug", "012367" },
		{ "emerg..debug", "01234567" },
	};
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "unknown level \"\"; there are emerg, " },
		{ "+", "unknown level \"+\"; " },
		{ "8", "unknown level \"8\"; " },
		{ "err-", "unknown level \"err-\"; did you mean err?" },
		{ "err,wran", "unknown level \"wran\"; did you mean warn?" },
		{ "err,", "unknown level \"\"; " },
		{ "err..", "unknown level \"err..\"; " },
		{ "..err", "unknown level \"..err\"; " },
		{ "err..warn+", "unknown level \"err..warn+\"; " },
		{ "1..2..3", "unknown level \"1..2..3\"; " },
	};
	struct ml_filter f = { 0 };
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_string_equal(levels_of(good[i].text), good[i].levels);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ml_filter_level(&f, bad[i].text, &err),
				 MEMLOG_INVALID);
		assert_memory_equal(err.text, bad[i].says, strlen(bad[i].says));
	}
	assert_false(f.has_level);
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
	assert_false(ml_filter_match(&f, &r, NULL));
	for (cpu = 0; cpu < 20; cpu++) {
		r.cpu = cpu;
		assert_int_equal(ml_filter_match(&f, &r, NULL),
				 cpu <= 3 || cpu == 8 || cpu == 10 ||
					 cpu == 11);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ml_filter_cpus(&f, bad[i], NULL),
				 MEMLOG_INVALID);
}

static void times(void **state)
{
	static const struct {
		const char *text;
		enum ml_when_from from;
		double s;
	} good[] = {
		{ "1.5", ML_WHEN_CLOCK, 1.5 },
		{ "12", ML_WHEN_CLOCK, 12 },
		{ ".25s", ML_WHEN_CLOCK, .25 },
		{ "500ms", ML_WHEN_CLOCK, .5 },
		{ "10us", ML_WHEN_CLOCK, 10e-6 },
		{ "2m", ML_WHEN_CLOCK, 120 },
		{ "1.5min", ML_WHEN_CLOCK, 90 },
		{ "2h", ML_WHEN_CLOCK, 7200 },
		{ "1d", ML_WHEN_CLOCK, 86400 },
		{ "-5", ML_WHEN_END, 5 },
		{ "-0", ML_WHEN_END, 0 },
		{ "-500ms", ML_WHEN_END, .5 },
		{ "1970-01-01", ML_WHEN_EPOCH, 0 },
		{ "@1582970401.5", ML_WHEN_EPOCH, 1582970401.5 },
		{ "2000-03-01", ML_WHEN_EPOCH, 951868800 },
		{ "2026-11-28 10:00:03", ML_WHEN_EPOCH, 1795860003 },
		{ "2026-11-28T10:00", ML_WHEN_EPOCH, 1795860000 },
		{ "2026-11-28 10:00:03.5", ML_WHEN_EPOCH, 1795860003.5 },
		{ "10:00:03", ML_WHEN_DAY, 36003 },
		{ "00:00", ML_WHEN_DAY, 0 },
	};
	static const char *const bad[] = {
		"",	    ".",	  "-",	      "--5",
		"+5",	    "1e3",	  "1,5",      "5 s",
		"5sm",	    "1:00",	  "24:00",    "10:60",
		"10:00:61", "10:00:3",	  "10:00:",   "-10:00",
		"10:00x",   "2026-13-01", "2026-1-1", "2026-11-28 ",
		"now",	    "1969-12-31", "26-11-28", "2026-11-28 10:00:03Zx",
		"1s-",	    "@1s",	  "@",	      "2026-00-01",
		"x",	    "2026-11-32",
	};
	struct ml_when w;
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ml_when_parse(good[i].text, &w, NULL),
				 MEMLOG_OK);
		assert_int_equal(w.from, good[i].from);
		if (w.s <= good[i].s - 1e-6 || w.s >= good[i].s + 1e-6)
			fail_msg("%s: %f", good[i].text, w.s);
	}
	w.from = ML_WHEN_NOT_SET;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ml_when_parse(bad[i], &w, &err),
				 MEMLOG_INVALID);
		assert_non_null(strstr(err.text, " is not a time: "));
		assert_memory_equal(err.text + 1, bad[i], strlen(bad[i]));
	}
	assert_int_equal(w.from, ML_WHEN_NOT_SET);
}

/* Does a record of that time pass --since and --until? */
static bool in_span(const char *since, const char *until, uint64_t ms,
		    uint32_t flags, const struct ml_last *last)
{
	struct ml_filter f = { 0 };
	struct memlog_record r = rec("x", 1);

	if (since)
		assert_int_equal(ml_when_parse(since, &f.since, NULL), 0);
	if (until)
		assert_int_equal(ml_when_parse(until, &f.until, NULL), 0);
	assert_true(ml_filter_active(&f));
	assert_int_equal(ml_filter_needs_last(&f), last != NULL);
	/* without a time, or one of unknown rate, none passes */
	assert_false(ml_filter_match(&f, &r, last));
	r.has_time = true;
	r.time = ms;
	assert_false(ml_filter_match(&f, &r, last));
	r.time_hz = 1000;
	r.flags = flags;
	return ml_filter_match(&f, &r, last);
}

static void spans(void **state)
{
	struct ml_last end = { .known = true, .s = 60 }, none = { 0 };
	/* 2026-11-28 10:00:03 */
	struct ml_last date = { .known = true, .date = true, .s = 1795860003 };

	assert_true(in_span("1.5", "2", 1500, 0, NULL));
	assert_true(in_span("1.5", "2", 2000, 0, NULL));
	assert_false(in_span("1.5", "2", 1499, 0, NULL));
	assert_false(in_span("1.5", "2", 2001, 0, NULL));
	assert_true(in_span(NULL, "500ms", 500, 0, NULL));
	assert_true(in_span("-5", NULL, 55000, 0, &end));
	assert_false(in_span("-5", NULL, 54999, 0, &end));
	assert_true(in_span("-5", "-2", 58000, 0, &end));
	assert_false(in_span("-5", "-2", 58001, 0, &end));
	assert_true(in_span("-2m", NULL, 0, 0, &end));
	assert_false(in_span("-5", NULL, 55000, 0, &none));
	/* the record's time and the filter's are of different clocks */
	assert_false(in_span("-5", NULL, 55000, MEMLOG_REC_DATE, &end));
	assert_false(in_span("1", NULL, 55000, MEMLOG_REC_DATE, NULL));
	assert_false(in_span("2026-11-28", NULL, 1795860003000, 0, NULL));
	assert_true(in_span("2026-11-28", "2026-11-28 10:00:03", 1795860003000,
			    MEMLOG_REC_DATE, NULL));
	assert_false(in_span("2026-11-28", "2026-11-28 10:00:03", 1795860003001,
			     MEMLOG_REC_DATE, NULL));
	assert_true(in_span("10:00:02", NULL, 1795860002000, MEMLOG_REC_DATE,
			    &date));
	assert_false(in_span("10:00:02", NULL, 1795860001999, MEMLOG_REC_DATE,
			     &date));
	assert_true(in_span("-1", NULL, 1795860002000, MEMLOG_REC_DATE, &date));
	assert_false(in_span("10:00:02", NULL, 1795860002000, 0, &end));
}

/* The clock starts again with every boot: an older one is before the end. */
static void spans_of_boots(void **state)
{
	struct ml_last end = { .known = true, .s = 60, .has_boot = true };
	struct memlog_record r = rec("x", 1);
	struct ml_filter f = { 0 };

	r.has_time = r.has_boot = true;
	r.time_hz = 1;
	r.time = 58;
	assert_int_equal(ml_when_parse("-5", &f.since, NULL), 0);
	assert_true(ml_filter_match(&f, &r, &end));
	r.boot = -1;
	assert_false(ml_filter_match(&f, &r, &end));
	f.until = f.since;
	f.since.from = ML_WHEN_NOT_SET;
	r.time = 80;
	assert_true(ml_filter_match(&f, &r, &end));
}

static void component(void **state)
{
	struct ml_filter f = { .component = "vmx" };
	struct memlog_record r = rec("x", 1);

	assert_true(ml_filter_active(&f));
	assert_false(ml_filter_match(&f, &r, NULL));
	r.component = "vmx";
	assert_true(ml_filter_match(&f, &r, NULL));
	r.component = "vmxx";
	assert_false(ml_filter_match(&f, &r, NULL));
}

static void newest(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	const struct memlog_record *got;
	struct ml_newest *n;
	char text[16];
	uint64_t want, i, number;

	for (want = 0; want < 12; want++) {
		assert_int_equal(ml_newest_create(&a, want, 0, &n, NULL),
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
			assert_int_equal(ml_newest_add(n, &r, i, NULL),
					 MEMLOG_OK);
			memset(text, 'z', sizeof(text));
		}
		for (i = want < 8 ? 8 - want : 0; i < 8; i++) {
			got = ml_newest_take(n, &number);
			assert_non_null(got);
			assert_int_equal(number, i);
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
		assert_null(ml_newest_take(n, &number));
		assert_int_equal(ml_newest_dropped(n, NULL), 0);
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
	uint64_t number;

	assert_non_null(big);
	assert_int_equal(ml_newest_create(&a, UINT64_MAX, 0, &n, NULL),
			 MEMLOG_OK);
	r = rec(big, len);
	r.raw = r.text;
	r.raw_len = len;
	for (i = 0; i < n_add; i++)
		assert_int_equal(ml_newest_add(n, &r, i, NULL), MEMLOG_OK);
	while (ml_newest_take(n, &number))
		kept++;
	assert_true(kept * len <= ML_MAX_NEWEST && kept > 2);
	assert_int_equal(ml_newest_dropped(n, NULL), n_add - kept);
	ml_newest_destroy(n);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level),
		cmocka_unit_test(cpus),
		cmocka_unit_test(times),
		cmocka_unit_test(spans),
		cmocka_unit_test(spans_of_boots),
		cmocka_unit_test(component),
		cmocka_unit_test(newest),
		cmocka_unit_test(newest_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
