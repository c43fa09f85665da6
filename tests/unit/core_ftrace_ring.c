/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_ftrace_ring.c - ordinary ring buffers: all that the kernel's file trace has, with the
 * structs of several kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "librings.h"

#define EACH_KERNEL(i) for (i = 0; i < RINGS_LAYOUTS; i++)

/* A buffer that is filled by some events, which the reader has read in part. */
static void expect(const struct rings_layout *l, uint32_t size, uint32_t events,
		   uint32_t swaps, uint32_t read)
{
	struct rings *r = rings_new(l, 3, 6, size);
	uint32_t i, cpu;

	ftrace_run(r->m, events, 10);
	for (cpu = 0; cpu < 2; cpu++) {
		for (i = 0; i < swaps; i++)
			rings_swap(r, cpu);
		rings_consume(r, cpu, read);
	}
	free(rings_equals(r, false).text);
	free(rings_equals(r, true).text);
	/* and goes on */
	ftrace_run(r->m, events / 3, 10);
	free(rings_equals(r, false).text);
	rings_free(r);
}

static void test_layouts(void **state)
{
	static const uint32_t events[] = { 3, 300, 2500 };
	static const uint32_t reads[][2] = {
		{ 0, 0 }, { 1, 0 }, { 1, 7 }, { 3, 2 }, { 5, 1 },
	};
	uint32_t i, k, n;

	(void)state;
	EACH_KERNEL(i)
	for (k = 0; k < 3; k++)
		for (n = 0; n < 5; n++)
			expect(&rings_layouts[i], 4096, events[k], reads[n][0],
			       reads[n][1]);
}

/* Sub-buffers of order 2. */
static void test_sub_buffers(void **state)
{
	(void)state;
	expect(&rings_layouts[2], 16384, 2500, 0, 0);
	expect(&rings_layouts[3], 16384, 2800, 2, 9);
}

/* Events that were overwritten are counted where they are missing. */
static void test_lost(void **state)
{
	struct rings *r = rings_new(&rings_layouts[3], 1, 3, 4096);
	struct rings_printed t;
	uint64_t lost;
	char want[64];

	(void)state;
	ftrace_run(r->m, 600, 10);
	t = rings_equals(r, false);
	assert_true(t.flags & MEMLOG_LOG_WRAPPED);
	assert_true(t.any & MEMLOG_REC_LOST_BEFORE);
	lost = 600 - t.records;
	snprintf(want, sizeof(want), "CPU:0 [LOST %lu EVENTS]\n", lost);
	assert_string_equal(t.lost, want);
	free(t.text);
	/* the reader's page comes after them */
	rings_swap(r, 0);
	t = rings_equals(r, false);
	assert_string_equal(t.lost, want);
	free(t.text);
	/* once an event was read they were reported */
	rings_consume(r, 0, 1);
	t = rings_equals(r, false);
	assert_string_equal(t.lost, "");
	free(t.text);
	/* now they are between that page and the ring */
	ftrace_run(r->m, 600, 10);
	t = rings_equals(r, false);
	assert_int_equal(sscanf(t.lost, "CPU:0 [LOST %lu EVENTS]", &lost), 1);
	/* one was read, those before the reader's page were lost before */
	assert_int_equal(lost + r->last[0] + t.records + 1, 1200);
	free(t.text);
	rings_free(r);
}

/* Where nothing says how many CPUs there are, and with one that is not there. */
static void test_cpus(void **state)
{
	struct rings *r = rings_new(&rings_layouts[3], 4, 4, 4096);
	struct rings_printed t;
	uint32_t i;

	(void)state;
	ftrace_run(r->m, 200, 10);
	for (i = 0; i < r->m->n; i++)
		if (r->m->line[i].cpu == 2)
			r->m->line[i].lost = true;
	rings_store(r);
	put64(rings_at(r, RINGS_STRUCTS + RINGS_POINTERS + 16), 0);
	t = rings_tell(r, true, false);
	assert_int_equal(t.records, 150);
	assert_null(strstr(t.text, "[002]"));
	assert_non_null(strstr(t.text, "[003]"));
	assert_int_equal(t.flags & MEMLOG_LOG_DAMAGED, 0);
	assert_string_equal(t.reason, "3 CPUs, pages of 4096 bytes");
	free(t.text);
	/* no nr_cpu_ids */
	for (i = 0; i + 11 < 0x800; i++)
		if (!memcmp(r->kernel + KERNEL_SYM_NAMES + i, "nr_cpu_ids", 10))
			r->kernel[KERNEL_SYM_NAMES + i] = 'm';
	t = rings_tell(r, true, false);
	assert_int_equal(t.records, 150);
	free(t.text);
	rings_free(r);
}

/* One that nobody wrote to is only an answer to who asks for it. */
static void test_empty(void **state)
{
	struct rings *r = rings_new(&rings_layouts[1], 2, 4, 4096);
	struct rings_printed t;

	(void)state;
	rings_store(r);
	t = rings_tell(r, false, false);
	assert_int_equal(t.logs, 0);
	free(t.text);
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 1);
	assert_true(t.flags & MEMLOG_LOG_EMPTY);
	assert_int_equal(t.records, 0);
	free(t.text);
	/* all of it was read */
	ftrace_run(r->m, 10, 10);
	rings_swap(r, 0);
	rings_swap(r, 1);
	rings_consume(r, 0, 5);
	rings_consume(r, 1, 5);
	rings_store(r);
	t = rings_tell(r, false, false);
	assert_int_equal(t.logs, 0);
	free(t.text);
	t = rings_tell(r, true, true);
	assert_int_equal(t.records, 10);
	assert_true(t.any & MEMLOG_REC_CONSUMED);
	free(t.text);
	ftrace_run(r->m, 1, 10);
	rings_store(r);
	t = rings_tell(r, false, false);
	assert_int_equal(t.logs, 1);
	assert_int_equal(t.records, 1);
	assert_int_equal(t.any & MEMLOG_REC_CONSUMED, 0);
	assert_string_equal(t.variant[0], "global");
	free(t.text);
	rings_free(r);
}

/* ---- arrays -------------------------------------------------------------- */

enum { HOLDER = 24, SNAPSHOT = 64, NAME = 16, NAMES = 0x5000 };

/* An instance with the same buffer, before the top one in the list. */
static void put_instance(struct rings *r, const char *name)
{
	uint64_t va = rings_direct(RINGS_STRUCTS + RINGS_INSTANCE);
	uint8_t *p = rings_at(r, RINGS_STRUCTS + RINGS_INSTANCE);
	uint64_t buffer = rings_direct(RINGS_STRUCTS + RINGS_BUFFER);

	put64(p, KERNEL_IMAGE + RINGS_GLOBAL);
	put64(p + 8, KERNEL_IMAGE + RINGS_HEAD);
	put64(p + NAME, rings_direct(RINGS_STRUCTS + NAMES));
	strcpy((char *)rings_at(r, RINGS_STRUCTS + NAMES), name);
	put64(p + HOLDER, va);
	put64(p + HOLDER + 8, buffer);
	put64(r->kernel + RINGS_HEAD, va);
	put64(r->kernel + RINGS_GLOBAL + 8, va);
	/* the top one has another buffer, which is empty */
	put64(r->kernel + RINGS_GLOBAL + HOLDER + 8,
	      rings_direct(RINGS_STRUCTS + RINGS_BUFFER + 0x800));
	put64(rings_at(r, RINGS_STRUCTS + RINGS_BUFFER + 0x800 +
				  (uint64_t)r->l->buffers),
	      rings_direct(RINGS_STRUCTS + RINGS_POINTERS + 0x800));
}

static struct rings *new_instance(const char *name)
{
	struct rings *r = rings_new(&rings_layouts[3], 2, 4, 4096);

	ftrace_run(r->m, 50, 10);
	rings_store(r);
	put_instance(r, name);
	return r;
}

static void test_instances(void **state)
{
	struct rings *r = new_instance("one");
	struct rings_printed t = rings_tell(r, false, false);

	(void)state;
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.variant[0], "instance one");
	assert_int_equal(t.records, 50);
	free(t.text);
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 2);
	free(t.text);
	/* what does not point back to its array is not its buffer */
	put64(rings_at(r, RINGS_STRUCTS + RINGS_INSTANCE) + HOLDER,
	      rings_direct(RINGS_STRUCTS));
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.variant[0], "global");
	free(t.text);
	rings_free(r);
	/* a name that is too long, one that is not text */
	r = new_instance("a_name_of_an_instance_of_forty_characters");
	t = rings_tell(r, false, false);
	assert_string_equal(t.variant[0], "instance a_name_of_an_instance_");
	free(t.text);
	rings_free(r);
	r = new_instance("\x1b[2J");
	t = rings_tell(r, false, false);
	assert_string_equal(t.variant[0], "instance ?");
	free(t.text);
	rings_free(r);
}

/* The snapshot of an array; one whose memory is persistent is found by its region. */
static void test_snapshot(void **state)
{
	struct rings *r = new_instance("one");
	uint8_t *p = rings_at(r, RINGS_STRUCTS + RINGS_INSTANCE);
	struct rings_printed t;

	(void)state;
	put64(p + SNAPSHOT, rings_direct(RINGS_STRUCTS + RINGS_INSTANCE));
	put64(p + SNAPSHOT + 8, rings_direct(RINGS_STRUCTS + RINGS_BUFFER));
	put64(p + HOLDER + 8,
	      rings_direct(RINGS_STRUCTS + RINGS_BUFFER + 0x800));
	t = rings_tell(r, false, false);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.variant[0], "instance one (snapshot)");
	assert_int_equal(t.records, 50);
	free(t.text);
	put64(p + SNAPSHOT, 0);
	put64(p + HOLDER + 8, rings_direct(RINGS_STRUCTS + RINGS_BUFFER));
	put64(p + (size_t)r->l->range, UINT64_C(0xffff900000000000));
	t = rings_tell(r, false, false);
	assert_int_equal(t.logs, 0);
	free(t.text);
	rings_free(r);
}

/* The list is damaged: what is before and after that is found, and the top one always. */
static void test_damaged_arrays(void **state)
{
	static const uint64_t bad[] = { 0, 8, UINT64_MAX, UINT64_MAX - 7,
					KERNEL_IMAGE + RINGS_GLOBAL + 8 };
	struct rings_printed t;
	struct rings *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		r = new_instance("one");
		put64(r->kernel + RINGS_HEAD, bad[i]);
		t = rings_tell(r, true, false);
		assert_int_equal(t.logs, 2);
		free(t.text);
		put64(r->kernel + RINGS_GLOBAL + 8, bad[i]);
		t = rings_tell(r, true, false);
		assert_int_equal(t.logs, 1);
		assert_string_equal(t.variant[0], "global");
		free(t.text);
		rings_free(r);
	}
	/* it leads to itself */
	r = new_instance("one");
	put64(rings_at(r, RINGS_STRUCTS + RINGS_INSTANCE),
	      rings_direct(RINGS_STRUCTS + RINGS_INSTANCE));
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 2);
	free(t.text);
	rings_free(r);
}

/* ---- what is missing ----------------------------------------------------- */

static void test_no_types(void **state)
{
	struct rings *r = rings_new(&rings_layouts[0], 2, 4, 4096);
	struct rings_printed t;

	(void)state;
	ftrace_run(r->m, 50, 10);
	r->no_btf = true;
	rings_store(r);
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 0);
	assert_non_null(strstr(t.warning, "built without BTF"));
	free(t.text);
	/* who did not ask for it is not bothered */
	t = rings_tell(r, false, false);
	assert_string_equal(t.warning, "");
	free(t.text);
	r->no_btf = false;
	rings_store(r);
	memset(r->kernel + RINGS_BTF, 0, 4);
	t = rings_tell(r, true, false);
	assert_non_null(strstr(t.warning, "BTF is damaged"));
	free(t.text);
	rings_store(r);
	put32(r->kernel + KERNEL_SYM_COUNT, 0);
	t = rings_tell(r, true, false);
	assert_non_null(strstr(t.warning, "table of symbols is damaged"));
	free(t.text);
	rings_free(r);
}

/* A struct has no such member: another kernel than those that are known. */
static void test_unknown_member(void **state)
{
	struct rings_layout l = rings_layouts[2];
	struct rings *r = rings_new(&l, 1, 4, 4096);
	struct rings_printed t;

	(void)state;
	ftrace_run(r->m, 3, 10);
	l.commit = -1;
	rings_store(r);
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 0);
	assert_string_equal(
		t.warning,
		"ring buffers of the kernel are not looked for: the kernel's "
		"structs have no ring_buffer_per_cpu.commit_page, as those of "
		"Linux 5.10 to 7.3 do");
	free(t.text);
	rings_free(r);
}

/* Names of tasks are missing, some of them, or there are none; the same of types. */
static void test_warnings(void **state)
{
	struct rings *r = rings_new(&rings_layouts[3], 1, 4, 4096);
	const struct {
		uint32_t off, v, len;
		const char *want;
	} tests[] = {
		{ KERNEL_PIDS, 0, 8, "" },
		{ KERNEL_TASKS + 131088, 0, 4, "" },
		{ KERNEL_SAVEDCMD, 0, 8, "the kernel's names of tasks" },
		{ KERNEL_TASKS + 131080, 8, 8, "the kernel's names of tasks" },
		{ KERNEL_TASKS + 131088, 60000, 4,
		  "some of the kernel's names of tasks" },
		{ KERNEL_HEAD + 8, 8, 8, "the kernel's list of events" },
		{ KERNEL_CALLS + 8, 8, 8,
		  "a part of the kernel's list of events" },
	};
	struct rings_printed t;
	uint8_t *event;
	size_t i;

	(void)state;
	ftrace_run(r->m, 50, 10);
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		rings_store(r);
		put64(r->kernel + KERNEL_SAVEDCMD,
		      KERNEL_DIRECT + KERNEL_TASKS);
		memset(r->kernel + tests[i].off, 0, tests[i].len);
		put32(r->kernel + tests[i].off, tests[i].v);
		event = ftrace_page(r->m, 0, r->m->ring[0].order[1]) + 20;
		put16(event, 77);
		t = rings_tell(r, true, false);
		assert_int_equal(strncmp(t.warning, tests[i].want,
					 strlen(tests[i].want)),
				 0);
		assert_int_equal(!t.warning[0], !tests[i].want[0]);
		free(t.text);
		/* of events that are known without it nothing is missing */
		put16(event, 5);
		t = rings_tell(r, true, false);
		if (i == sizeof(tests) / sizeof(*tests) - 1)
			assert_string_equal(t.warning, "");
		free(t.text);
	}
	rings_free(r);
}

static void test_clock(void **state)
{
	struct rings *r = rings_new(&rings_layouts[1], 1, 4, 4096);
	struct rings_printed t;

	(void)state;
	ftrace_run(r->m, 1, 10);
	rings_store(r);
	put32(r->kernel + RINGS_GLOBAL + r->l->clock, 1);
	t = rings_tell(r, true, false);
	assert_non_null(strstr(t.text, "   1000000000: "));
	free(t.text);
	rings_free(r);
}

/* A running machine: all is read from a copy. */
static void test_live(void **state)
{
	struct rings *r = rings_new(&rings_layouts[3], 2, 6, 4096);

	(void)state;
	ftrace_run(r->m, 900, 10);
	rings_swap(r, 1);
	rings_consume(r, 1, 3);
	r->live = true;
	free(rings_equals(r, false).text);
	free(rings_equals(r, true).text);
	rings_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_sub_buffers),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_instances),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_damaged_arrays),
		cmocka_unit_test(test_no_types),
		cmocka_unit_test(test_unknown_member),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_live),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
