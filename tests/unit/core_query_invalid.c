/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries that are refused: options, hosts and sinks that are invalid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"
#include "libquery.h"

/* A host or a sink that is not filled in, or is shorter than ours. */
static void odd_hosts(void **state)
{
	static const size_t sizes[] = {
		0,
		offsetof(struct memlog_sink, write),
		offsetof(struct memlog_sink, end),
		sizeof(struct memlog_sink),
	};
	struct memlog_query_host host = { .size = sizeof(host) };
	struct memlog_query *q = query_new();
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_option option = { .size = sizeof(option) };
	char line[8];
	void *copy;
	size_t i;

	query_put_log(mem_add(&m, 0x1000000, 0x2000), 0x2000, "one\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_query_run(q, image, &host, NULL, &query_err),
			 MEMLOG_INVALID);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		/* of that size, so that a read beyond it is seen */
		copy = malloc(sizes[i] ? sizes[i] : sizeof(size_t));
		assert_non_null(copy);
		memcpy(copy, &sink.sink, sizes[i] ? sizes[i] : sizeof(size_t));
		memcpy(copy, &sizes[i], sizeof(sizes[i]));
		host.sink = copy;
		text_sink_clear(&sink);
		assert_int_equal(memlog_query_run(q, image, &host, NULL,
						  &query_err),
				 i < 2 ? MEMLOG_INVALID : MEMLOG_OK);
		assert_string_equal(sink.text, i < 2 ? "" : "one\n");
		free(copy);
	}
	host.size = 0;
	assert_int_equal(memlog_query_run(q, image, &host, NULL, &query_err),
			 MEMLOG_INVALID);
	memlog_query_destroy(q);
	assert_int_equal(memlog_query_create(NULL, (enum memlog_host)77, &q,
					     &query_err),
			 MEMLOG_INVALID);
	assert_false(memlog_query_option_get((enum memlog_host)77, 0, &option));
	assert_false(memlog_query_help((enum memlog_host)77, NULL, 0, line,
				       sizeof(line)));
	memlog_image_close(image);
	mem_free(&m);
}

/* What was typed comes back in an error escaped, on one line. */
static void typed(void **state)
{
	static const char *const names[] = {
		"format",      "output-format", "scan",	 "at",
		"range",       "lines",		"level", "cpu",
		"since",       "limit",		"stats", "tsc-mhz",
		"time-format", "threads",	"color", "x\x1b\n",
	};
	struct memlog_query *q = query_new();
	size_t i, k;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_not_equal(memlog_query_option(q, names[i],
							 "x\x1b[2J\n\x9by",
							 &query_err),
				     MEMLOG_OK);
		assert_true(query_err.text[0]);
		for (k = 0; query_err.text[k]; k++)
			assert_true((unsigned char)query_err.text[k] >= ' ' &&
				    (unsigned char)query_err.text[k] < 0x7f);
	}
	memlog_query_destroy(q);
}

/* Options that do not fit each other are refused by the parser, whatever their
 * order, and again by a run of a query that was set up without it. */
static void invalid(void **state)
{
	static const struct {
		const char *one, *other, *says;
	} bad[] = {
		{ "info", "list", "--info cannot be combined with --list: " },
		{ "list", "raw",
		  "--list is written as text, json or json-seq, "
		  "not as raw" },
		{ "info", "output-format=raw", "--info is written as text" },
		{ "info", "at=0x1000", "--info cannot be combined with --at" },
		{ "info", "format=ovmf", "--info cannot be combined with -F" },
		{ "info", "all", "--info cannot be combined with -a" },
		{ "at=0x1000", "range=1-2",
		  "--at cannot be combined with --range: it does not search" },
		{ "at=0x1000", "scan=pages", "--at cannot be combined with" },
		{ "list", "grep=x",
		  "--list cannot be combined with -g: it prints no lines" },
		{ "all", "lines=0", "-n 0 prints nothing" },
		{ "list", "lines=0", "--list cannot be combined with -n: " },
		{ "list", "consumed", "--list cannot be combined with" },
		{ "list", "stats=irq", "--list cannot be combined with" },
		{ "list", "follow", "--list cannot be combined with -w: " },
		{ "list", "extract", "--list cannot be combined with" },
		{ "extract", "json", "--extract cannot be combined with -J: " },
		{ "extract", "level=err", "--extract cannot be combined with" },
		{ "follow", "stats=irq", "-w cannot be combined with --stats" },
		{ "follow", "at=0", "-w cannot be combined with --at: " },
		{ "follow", "all", "-w cannot be combined with -a: " },
		{ "follow", "since=-5",
		  "-w cannot be combined with a --since "
		  "that counts from the end" },
		{ "follow", "until=10:00",
		  "-w cannot be combined with a "
		  "--until that counts" },
		{ "follow", "output-format=perfetto",
		  "-w is written as text, raw, json or json-seq, not as " },
		{ "stats=irq", "raw", "--stats is written as text" },
		{ "stats=irq", "time-format=ticks",
		  "--stats cannot be combined with --time-format" },
		{ "json", "time-format=ticks",
		  "--time-format cannot be combined with -O json: " },
		{ "limit=acrnlog-size=1", "raw",
		  "--limit=acrnlog-size needs -O acrnlog" },
		{ "since=5", "until=4.9", "--since is after --until" },
		{ "since=-4", "until=-5", "--since is after --until" },
		{ "since=2026-11-29", "until=2026-11-28", "--since is after" },
	};
	char one[40], other[40], name[] = "memlog";
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_query_host host = { .size = sizeof(host),
					  .sink = &sink.sink };
	size_t i, k;

	mem_add(&m, 0, 0x1000);
	image = mem_image(&m, MEMLOG_PHYS);
	text_sink_clear(&sink);
	for (i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const words[] = { bad[i / 2].one,
					      bad[i / 2].other };
		char *argv[] = { name, i % 2 ? other : one, i % 2 ? one : other,
				 NULL };
		struct memlog_query *q = query_new();
		struct memlog_err err;

		snprintf(one, sizeof(one), "--%s", words[0]);
		snprintf(other, sizeof(other), "--%s", words[1]);
		assert_int_equal(memlog_query_parse(q, 3, argv, NULL, NULL,
						    &err),
				 MEMLOG_INVALID);
		assert_non_null(strstr(err.text, bad[i / 2].says));
		memlog_query_destroy(q);
		q = query_new();
		for (k = 0; k < 2; k++) {
			char *value = strchr(argv[k + 1], '=');

			if (value)
				*value++ = '\0';
			assert_int_equal(memlog_query_option(q, argv[k + 1] + 2,
							     value, NULL),
					 MEMLOG_OK);
		}
		assert_int_equal(memlog_query_run(q, image, &host, NULL, &err),
				 MEMLOG_INVALID);
		assert_non_null(strstr(err.text, bad[i / 2].says));
		assert_string_equal(sink.text, "");
		memlog_query_destroy(q);
	}
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_hosts),
		cmocka_unit_test(typed),
		cmocka_unit_test(invalid),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
