/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistent ring buffers, as a model of the kernel's writer and reader leaves
 * them, in both layouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libftrace.h"

static void test_both_layouts(void **state)
{
	struct ftrace_model *m;
	struct ftrace_printed t;
	size_t i;

	(void)state;
	EACH_LAYOUT(i)
	{
		m = ftrace_new(3, 6, 4096, ftrace_headers[i]);
		ftrace_run(m, 200, 100);
		t = ftrace_equals(m, false);
		assert_false(t.flags & MEMLOG_LOG_WRAPPED);
		assert_false(t.flags & MEMLOG_LOG_EMPTY);
		assert_false(t.any & MEMLOG_REC_CONSUMED);
		free(t.text);
		ftrace_free(m);
	}
}

static void test_long_pauses_and_pages(void **state)
{
	uint32_t size;

	(void)state;
	for (size = 4096; size <= 65536; size *= 4) {
		struct ftrace_model *m = ftrace_new(2, 4, size, 32);
		struct ftrace_printed t;

		/* more than 27 bits of ns */
		ftrace_run(m, size / 55, 400000);
		t = ftrace_equals(m, false);
		free(t.text);
		ftrace_free(m);
	}
}

static void test_cpus(void **state)
{
	static const uint32_t cpus[] = { 1, 2, 17, 64 };
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cpus) / sizeof(*cpus); i++)
		EACH_LAYOUT(k)
		{
			struct ftrace_model *m =
				ftrace_new(cpus[i], 4, 4096, ftrace_headers[k]);
			struct ftrace_printed t;

			ftrace_run(m, 1000, 10);
			t = ftrace_equals(m, false);
			assert_true(t.records > 100);
			free(t.text);
			ftrace_free(m);
		}
}

static void test_wrapped(void **state)
{
	struct ftrace_model *m;
	struct ftrace_printed t;
	size_t i;

	(void)state;
	EACH_LAYOUT(i)
	{
		m = ftrace_new(2, 5, 4096, ftrace_headers[i]);
		ftrace_run(m, 2000, 10);
		t = ftrace_equals(m, false);
		assert_true(t.flags & MEMLOG_LOG_WRAPPED);
		assert_true(t.records < 2000);
		free(t.text);
		ftrace_free(m);
	}
}

static void test_reader(void **state)
{
	struct ftrace_model *m = ftrace_new(1, 6, 4096, 32);
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 400, 10);
	ftrace_swap(m, 0);
	t = ftrace_equals(m, false);
	assert_true(t.any & MEMLOG_REC_CONSUMED);
	free(t.text);
	ftrace_swap(m, 0);
	t = ftrace_equals(m, false);
	free(t.text);
	t = ftrace_equals(m, true);
	free(t.text);
	/* the writer comes round to the pages that were read */
	ftrace_run(m, 300, 10);
	t = ftrace_equals(m, true);
	free(t.text);
	t = ftrace_equals(m, false);
	free(t.text);
	ftrace_free(m);
}

/* The writer goes on on the page that the reader has taken. */
static void test_writer_on_readers_page(void **state)
{
	struct ftrace_model *m = ftrace_new(1, 4, 4096, 56);
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 10, 10);
	ftrace_swap(m, 0);
	ftrace_run(m, 1, 10);
	t = ftrace_equals(m, false);
	assert_int_equal(t.records, 11);
	free(t.text);
	ftrace_free(m);
}

static void test_long_event(void **state)
{
	struct ftrace_model *m = ftrace_new(1, 4, 4096, 32);
	struct ftrace_printed t;
	char words[64];

	(void)state;
	memset(words, 'x', sizeof(words));
	words[63] = 0;
	ftrace_write(m, 0, 1000000000, false, words);
	/* more than 112 bytes have their length in the next word */
	ftrace_store(m);
	put32(ftrace_page(m, 0, 1) + 16, 0);
	put32(ftrace_page(m, 0, 1) + 20, 200);
	put16(ftrace_page(m, 0, 1) + 24, 77);
	put64(ftrace_page(m, 0, 1) + 8, 204);
	t = ftrace_tell(m, false);
	assert_int_equal(t.records, 1);
	assert_non_null(strstr(t.text, ": 77: "));
	assert_int_equal(strlen(strstr(t.text, ": 77: ") + 6), 2 * 188 + 1);
	free(t.text);
	ftrace_free(m);
}

/* Headers that promise more pages than there can be cost nothing. */
static void test_many_pages(void **state)
{
	struct ftrace_model *m = ftrace_new(2, 4, 4096, 32);
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 30, 10);
	ftrace_store(m);
	put64(m->ram + 8, UINT64_MAX >> 2);
	put32(ftrace_at(m, m->ring[1].meta) + 28, 1u << 18);
	m->mem.reads = 0;
	t = ftrace_tell(m, false);
	assert_int_equal(t.records, 15);
	assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
	assert_true(m->mem.reads < 2000);
	free(t.text);
	ftrace_free(m);
}

static void test_never_used(void **state)
{
	struct ftrace_model *m = ftrace_new(2, 4, 4096, 32);
	struct ftrace_printed t;

	(void)state;
	ftrace_store(m);
	put64(ftrace_at(m, m->ring[1].meta) + 8, 0);
	put64(ftrace_at(m, m->ring[1].meta) + 16, 0);
	t = ftrace_tell(m, false);
	assert_int_equal(t.logs, 1);
	assert_true(t.flags & MEMLOG_LOG_EMPTY);
	assert_int_equal(t.records, 0);
	free(t.text);
	ftrace_free(m);
}

/* The clock that the kernel had set, before the address of its text. Those with the numbers 2
 * (counter), 3 (uptime) and from 9 on (of the architecture) do not count ns. */
static void test_clock(void **state)
{
	struct ftrace_model *m = ftrace_new(1, 4, 4096, 32);
	struct ftrace_printed t;
	char seconds[32], count[32];
	uint32_t id;
	bool ns;

	(void)state;
	ftrace_run(m, 3, 10);
	ftrace_store(m);
	put64(m->ram + 32, FTRACE_KERNEL);
	snprintf(seconds, sizeof(seconds), "%5llu.%06llu: ",
		 (unsigned long long)(m->line[0].time / 1000000000),
		 (unsigned long long)(m->line[0].time % 1000000000 / 1000));
	snprintf(count, sizeof(count),
		 " %12llu: ", (unsigned long long)m->line[0].time);
	for (id = 0; id < 12; id++) {
		put32(m->ram + 24, id);
		ns = id != 2 && id != 3 && id < 9;
		t = ftrace_tell(m, false);
		assert_int_equal(t.records, 3);
		assert_true(!strstr(t.text, seconds) == !ns);
		assert_true(!strstr(t.text, count) == ns);
		free(t.text);
	}
	ftrace_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_layouts),
		cmocka_unit_test(test_long_pauses_and_pages),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_writer_on_readers_page),
		cmocka_unit_test(test_long_event),
		cmocka_unit_test(test_many_pages),
		cmocka_unit_test(test_never_used),
		cmocka_unit_test(test_clock),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
