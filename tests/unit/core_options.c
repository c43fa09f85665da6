/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of a query: numbers, ranges, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "libquery.h"
#include "query/query.h"

static void numbers(void **state)
{
	static const struct {
		const char *text, *rest;
		uint64_t want;
		bool ok;
	} cases[] = {
		{ "0", "", 0, true },
		{ "0x7e9b2000", "", 0x7e9b2000, true },
		{ "0XfF", "", 255, true },
		{ "2G", "", 2ull << 30, true },
		{ "0x10k", "", 16384, true },
		{ "3M-", "-", 3 << 20, true },
		{ "1T", "", 1ull << 40, true },
		{ "18446744073709551615", "", UINT64_MAX, true },
		{ "18446744073709551616", "", 0, false },
		{ "0x10000000000000000", "", 0, false },
		{ "16777216T", "", 0, false },
		{ "0x", "", 0, false },
		{ "", "", 0, false },
		{ "G", "", 0, false },
		{ "1_000", "_000", 1, true },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *s = cases[i].text;
		uint64_t v = 0;

		assert_int_equal(ml_take_number(&s, &v), cases[i].ok);
		if (!cases[i].ok)
			continue;
		assert_int_equal(v, cases[i].want);
		assert_string_equal(s, cases[i].rest);
	}
}

static void addresses(void **state)
{
	static const char *const bad[] = {
		"", "phys:", "7e9b", "foo:1", "phys:1-2", "-1", "0x1 ", "1:2",
	};
	struct memlog_query *q = query_new();
	struct memlog_err err;
	struct ml_query_at at;
	size_t i;

	assert_int_equal(ml_parse_at(q, "0x1000", &at, NULL), MEMLOG_OK);
	assert_false(at.has_space);
	assert_int_equal(at.addr, 0x1000);
	assert_int_equal(ml_parse_at(q, "file:4K", &at, NULL), MEMLOG_OK);
	assert_true(at.has_space);
	assert_int_equal(at.space, MEMLOG_FILE);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ml_parse_at(q, bad[i], &at, &err),
				 MEMLOG_INVALID);
	memlog_query_destroy(q);
}

/* crash reads addresses and sizes as hexadecimal. */
static void hexadecimal(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
	} at[] = {
		{ "fec8000", 0xfec8000 }, { "10000000", 0x10000000 },
		{ "phys:FEC8", 0xfec8 },  { "0x10", 0x10 },
		{ "16M", 16u << 20 },	  { "10k", 10u << 10 },
		{ "10=file:20+3", 0x10 }, { "b", 0xb },
	};
	struct memlog_query *q;
	struct ml_query_at got;
	size_t i;

	(void)state;
	assert_int_equal(memlog_query_create(NULL, MEMLOG_HOST_CRASH, &q, NULL),
			 MEMLOG_OK);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		assert_int_equal(ml_parse_at(q, at[i].text, &got, NULL),
				 MEMLOG_OK);
		assert_int_equal(got.addr, at[i].want);
	}
	assert_int_equal(memlog_query_option(q, "range", "10-20", NULL), 0);
	assert_int_equal(memlog_query_option(q, "range", "100+1a", NULL), 0);
	assert_int_equal(memlog_query_option(q, "range", "1M+xyz", NULL),
			 MEMLOG_INVALID);
	assert_int_equal(q->ranges[0].end, 0x20);
	assert_int_equal(q->ranges[1].end, 0x11a);
	assert_int_equal(memlog_query_option(q, "n", "10", NULL), 0);
	assert_int_equal(q->count, 10);
	memlog_query_destroy(q);
}

static void ranges(void **state)
{
	static const char *const bad[] = {
		"",	   "1",	 "2-1", "1-1",	 "1+0",
		"1-",	   "1+", "a-b", "1-2-3", "0xffffffffffffffff+2",
		"1-2,3-4",
	};
	struct memlog_query *q = query_new();
	size_t i;

	assert_int_equal(memlog_query_option(q, "range", "1M-2M", NULL), 0);
	assert_int_equal(
		memlog_query_option(q, "range", "0x80000000+64M", NULL), 0);
	assert_int_equal(q->n_ranges, 2);
	assert_int_equal(q->ranges[1].start, 0x80000000);
	assert_int_equal(q->ranges[1].end, 0x84000000);
	assert_int_equal(memlog_query_option(q, "range", "file:1-2", NULL),
			 MEMLOG_INVALID);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(memlog_query_option(q, "range", bad[i], NULL),
				 MEMLOG_INVALID);
	for (i = 2; i < ML_QUERY_RANGES; i++)
		assert_int_equal(memlog_query_option(q, "range", "1-2", NULL),
				 0);
	assert_int_equal(memlog_query_option(q, "range", "1-2", NULL),
			 MEMLOG_LIMIT);
	memlog_query_destroy(q);
}

/* Every option takes a value or none as it says, and survives anything. */
static void every_option(void **state)
{
	static const char *const values[] = {
		"",	"x",	  "1",	     "-1",   "ovmf",
		"json", "0x1000", "1-2",     "err+", "99999999999999999999999",
		"(",	"always", "\x1b[2J",
	};
	struct memlog_option o = { .size = sizeof(o) };
	struct memlog_query *q = query_new();
	struct memlog_err err;
	char letter[2] = "";
	size_t i, k;

	for (i = 0; memlog_query_option_get(MEMLOG_HOST_LIBRARY, i, &o); i++) {
		assert_non_null(o.help);
		assert_int_equal(memlog_query_option(
					 q, o.name, o.value ? NULL : "x", &err),
				 MEMLOG_INVALID);
		assert_non_null(strstr(err.text, o.name));
		letter[0] = o.letter;
		for (k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			enum memlog_status s, t;

			s = memlog_query_option(
				q, o.name, o.value ? values[k] : NULL, &err);
			assert_true(!s || s == MEMLOG_INVALID ||
				    s == MEMLOG_LIMIT);
			if (!o.letter)
				continue;
			t = memlog_query_option(
				q, letter, o.value ? values[k] : NULL, NULL);
			assert_int_equal(s, t);
		}
	}
	assert_int_equal(memlog_query_option(q, "nonsense", NULL, &err),
			 MEMLOG_NOT_MINE);
	assert_int_equal(memlog_query_option(q, "F", "ovmf,nonsense", &err),
			 MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "--help lists them"));
	memlog_query_destroy(q);
	memlog_query_destroy(NULL);
}

static void stats_lists(void **state)
{
	static const char *const good[] = { "vm_exit",
					    "irq",
					    "cpu_usage",
					    "boot",
					    "boot,irq",
					    "irq,irq",
					    "cpu_usage,irq,vm_exit" };
	static const char *const bad[] = { "",		 ",",	     "irq,",
					   ",irq",	 "irq,,irq", "ir",
					   "irqs",	 "irq ",     "IRQ",
					   "vm_exit;irq" };
	struct memlog_query *q = query_new();
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(memlog_query_option(q, "stats", good[i], NULL),
				 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(memlog_query_option(q, "stats", bad[i], NULL),
				 MEMLOG_INVALID);
	memlog_query_destroy(q);
}

/* -f is -w, unless a front end has its own. */
static void follow_letter(void **state)
{
	char program[] = "x", option[] = "-f",
	     *argv[] = { program, option, NULL };
	struct memlog_query *q = query_new();

	assert_int_equal(memlog_query_parse(q, 2, argv, NULL, NULL, NULL), 0);
	assert_true(q->follow);
	memlog_query_destroy(q);
	/* crash and gdb cannot follow */
	assert_int_equal(memlog_query_create(NULL, MEMLOG_HOST_GDB, &q, NULL),
			 0);
	assert_int_equal(memlog_query_parse(q, 2, argv, NULL, NULL, NULL),
			 MEMLOG_INVALID);
	memlog_query_destroy(q);
}

/* What an option says of a value that will not do, and what is done with one
 * that will. */
static void values(void **state)
{
	static const struct {
		const char *name, *value, *says;
	} bad[] = {
		{ "lines", "-", "\"-\" is not a number of lines" },
		{ "lines", "five", "\"five\" is not a number of lines" },
		{ "lines", "+-1", "\"+-1\" is not a number of lines" },
		{ "threads", "17", "17 is out of range (1 to 16 threads)" },
		{ "limit", "logs=0",
		  "0 is out of range (1 to 4294967295 logs)" },
		{ "limit", "window=0", "0 is out of range (1 to " },
		{ "limit", "window=", "\"\" is not a number of bytes" },
		{ "tsc-mhz", "0.0000001", "is not a rate in MHz" },
		{ "color", "auto", "there are always, never" },
	};
	struct memlog_query *q = query_new();
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(memlog_query_option(q, bad[i].name,
						     bad[i].value, &err),
				 MEMLOG_INVALID);
		assert_non_null(strstr(err.text, bad[i].says));
	}
	/* what is refused changes nothing */
	assert_int_equal(memlog_query_option(q, "lines", "3", NULL), 0);
	assert_int_equal(memlog_query_option(q, "since", "2", NULL), 0);
	assert_int_equal(memlog_query_option(q, "threads", "3", NULL), 0);
	assert_int_equal(memlog_query_option(q, "color", "always", NULL), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		memlog_query_option(q, bad[i].name, bad[i].value, NULL);
	memlog_query_option(q, "since", "x", NULL);
	memlog_query_option(q, "lines", "9999999999999999999999", NULL);
	assert_true(q->newest && q->has_count && q->count == 3);
	assert_true(q->filter.since.from == ML_WHEN_CLOCK &&
		    q->filter.since.s == 2);
	assert_true(q->color && q->threads == 3);
	/* not 1000999, as the double below would have it */
	assert_int_equal(memlog_query_option(q, "tsc-mhz", "1.001", NULL), 0);
	assert_int_equal(q->tsc_hz, 1001000);
	memlog_query_destroy(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),	cmocka_unit_test(addresses),
		cmocka_unit_test(hexadecimal),	cmocka_unit_test(ranges),
		cmocka_unit_test(every_option), cmocka_unit_test(follow_letter),
		cmocka_unit_test(values),	cmocka_unit_test(stats_lists),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
