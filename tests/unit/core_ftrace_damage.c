/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistent ring buffers of which something is lost, missing or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libftrace.h"

static void test_lost(void **state)
{
	struct ftrace_model *m = ftrace_new(1, 4, 4096, 32);
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 2, 10);
	ftrace_store(m);
	put64(ftrace_page(m, 0, 1) + 8, m->ring[0].used[1] | 3u << 30);
	put64(ftrace_page(m, 0, 1) + 16 + m->ring[0].used[1], 9);
	t = ftrace_tell(m, false);
	assert_memory_equal(t.text, "CPU:0 [LOST 9 EVENTS]\n", 22);
	assert_true(t.any & MEMLOG_REC_LOST_BEFORE);
	assert_int_equal(t.records, 3);
	free(t.text);
	ftrace_free(m);
}

static void test_damaged_order(void **state)
{
	struct ftrace_model *m = ftrace_new(2, 6, 4096, 32);
	char *want;
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 300, 10);
	want = ftrace_truth(m, false);
	ftrace_store(m);
	put32(ftrace_at(m, m->ring[1].meta) + 32 + 8, 1); /* twice */
	t = ftrace_tell(m, false);
	assert_string_equal(t.text, want);
	assert_true(t.any & MEMLOG_REC_GUESSED);
	assert_non_null(strstr(t.note, " is guessed"));
	free(t.text);
	put32(ftrace_at(m, m->ring[1].meta) + 32 + 8, 1u << 31);
	t = ftrace_tell(m, false);
	assert_string_equal(t.text, want);
	free(t.text);
	free(want);
	ftrace_free(m);
}

/* The list of a CPU is not in the image: if its pages are, they are in the order of
 * their times, and if not, that is how much is missing. */
static void test_missing_list(void **state)
{
	struct ftrace_model *m = ftrace_new(2, 6, 4096, 32);
	struct mem_piece *p = &m->mem.piece[0];
	uint64_t cut, data;
	char *want, *reason;
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 300, 10);
	want = ftrace_truth(m, false);
	ftrace_store(m);
	cut = m->ring[1].meta + 32 + 4 - FTRACE_BASE;
	data = m->ring[1].data - FTRACE_BASE;
	memcpy(mem_add(&m->mem, FTRACE_BASE + data, FTRACE_RAM - data),
	       p->bytes + data, FTRACE_RAM - data);
	p->len = cut;
	t = ftrace_tell(m, false);
	assert_string_equal(t.text, want);
	assert_non_null(strstr(t.note, "CPU 1 is guessed"));
	assert_int_equal(t.missing, 0);
	assert_false(t.flags & MEMLOG_LOG_INCOMPLETE);
	free(t.text);
	m->mem.piece[1].addr += UINT64_C(1) << 30;
	t = ftrace_tell(m, false);
	assert_int_equal(t.records, 150);
	assert_int_equal(t.missing, 6 * 4080);
	assert_int_equal(t.absent, 6 * 4080);
	assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
	reason = strstr(t.reason, "24480 of the ");
	assert_ptr_equal(reason, t.reason);
	free(t.text);
	free(want);
	ftrace_free(m);
}

/* A page that is missing counts as the events that it has room for. */
static void test_missing_page(void **state)
{
	struct ftrace_model *m = ftrace_new(2, 6, 4096, 32);
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 300, 10);
	ftrace_store(m);
	m->mem.piece[0].len = m->ring[1].data + 4096 - FTRACE_BASE;
	t = ftrace_tell(m, false);
	assert_true(t.missing);
	assert_int_equal(t.missing, t.absent);
	assert_int_equal(t.missing % 4080, 0);
	free(t.text);
	ftrace_free(m);
}

static void test_damaged_cpu(void **state)
{
	struct ftrace_model *m = ftrace_new(3, 4, 4096, 32);
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 30, 10);
	ftrace_store(m);
	put32(ftrace_at(m, m->ring[1].meta) + 24, 4095);
	t = ftrace_tell(m, false);
	assert_int_equal(t.records, 20);
	assert_true(t.flags & MEMLOG_LOG_DAMAGED);
	assert_null(strstr(t.text, "[001]"));
	assert_non_null(strstr(t.text, "[002]"));
	free(t.text);
	ftrace_free(m);
}

/* What is not a header is not a log; what does not fit ends the search. */
static void test_not_a_log(void **state)
{
	static const struct {
		uint32_t off;
		uint64_t v;
	} bad[] = {
		{ 8, 0 },
		{ 8, UINT64_MAX },
		{ 16, UINT64_MAX },
		{ 16, 8 },
		{ 0x2030, 0 },
		{ 0x2030, UINT64_MAX },
		{ 0x2030 + 8, 1 },
		{ 0x2030 + 16, 0 },
		{ 0x2030 + 24, UINT64_MAX },
		{ 0x2030 + 24, 0 },
	};
	struct ftrace_model *m;
	struct ftrace_printed t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = ftrace_new(2, 4, 4096, 32);
		ftrace_run(m, 30, 10);
		ftrace_store(m);
		put64(m->ram + bad[i].off, bad[i].v);
		t = ftrace_tell(m, false);
		assert_int_equal(t.logs, 0);
		free(t.text);
		ftrace_free(m);
	}
}

/* A length that leads out of the page ends the page, and is counted. */
static void test_bad_length(void **state)
{
	struct ftrace_model *m = ftrace_new(1, 4, 4096, 32);
	struct ftrace_printed t;

	(void)state;
	ftrace_run(m, 3, 10);
	ftrace_store(m);
	put32(ftrace_page(m, 0, 1) + 16, 0);
	put32(ftrace_page(m, 0, 1) + 20, UINT32_MAX);
	t = ftrace_tell(m, false);
	assert_int_equal(t.records, 0);
	assert_int_equal(t.missing, 0);
	assert_int_equal(t.damaged, m->ring[0].used[1]);
	free(t.text);
	put64(ftrace_page(m, 0, 1) + 8, UINT64_MAX >> 5);
	t = ftrace_tell(m, false);
	assert_int_equal(t.records, 0);
	free(t.text);
	ftrace_free(m);
}

/* It is counted once, though other CPUs have events after it. */
static void test_damage_once(void **state)
{
	struct ftrace_model *m = ftrace_new(2, 4, 4096, 32);
	struct ftrace_printed t;
	uint32_t i;

	(void)state;
	ftrace_say(m, 0, m->now * 1000);
	for (i = 0; i < 20; i++)
		ftrace_say(m, 1, (m->now + 1 + i) * 1000);
	ftrace_store(m);
	put64(ftrace_page(m, 0, 1) + 8, m->ring[0].used[1] + 12);
	t = ftrace_tell(m, false);
	assert_int_equal(t.records, 21);
	assert_int_equal(t.damaged, 12);
	free(t.text);
	ftrace_free(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_damaged_order),
		cmocka_unit_test(test_missing_list),
		cmocka_unit_test(test_missing_page),
		cmocka_unit_test(test_damaged_cpu),
		cmocka_unit_test(test_not_a_log),
		cmocka_unit_test(test_bad_length),
		cmocka_unit_test(test_damage_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
