/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traces of remotes, as a model of the hypervisor and its reader leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libprinted.h"

#define MS UINT64_C(1000000)

/* ---- plain cases -------------------------------------------------------- */

static void test_cpus(void **state)
{
	static const uint32_t cpus[] = { 1, 2, 3, 17, 64 };
	struct hypm *m;
	uint32_t i, k;

	for (i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
		m = hypm_new(cpus[i], 3, 4096);
		/* every third has nothing */
		for (k = 0; k < cpus[i]; k++)
			if (k % 3 != 1)
				hypm_fill(m, k, 10 + 7 * k);
		printed_all(m);
		hypm_free(m);
	}
}

static void test_empty(void **state)
{
	struct hypm *m = hypm_new(2, 3, 4096);

	printed_all(m);
	hypm_free(m);
}

static void test_page_sizes(void **state)
{
	uint32_t size;

	for (size = 4096; size <= 65536; size *= 4) {
		struct hypm *m = hypm_new(2, 4, size);

		hypm_fill(m, 0, size / 10);
		hypm_fill(m, 1, size / 6);
		printed_all(m);
		hypm_free(m);
	}
}

static void test_wrapped(void **state)
{
	struct hypm *m;
	uint32_t pages, n;

	for (pages = 2; pages <= HYPM_PAGES; pages += 3)
		for (n = 100; n < 6000; n += 397) {
			m = hypm_new(1, pages, 4096);
			hypm_fill(m, 0, n);
			printed_all(m);
			hypm_free(m);
		}
}

/* A guest ran: the clock goes far back and forth. */
static void test_time_goes_back(void **state)
{
	struct hypm *m = hypm_new(2, 4, 4096);
	uint32_t i;

	for (i = 0; i < 3000; i++)
		hypm_enter(m, i % 2,
			   i % 7 == 3 ? UINT64_MAX - 1000 * i :
			   i % 7 == 4 ? (UINT64_C(1) << 59) + i :
					1000 * i,
			   1, 7);
	printed_all(m);
	hypm_swap(m, 0);
	printed_all(m);
	hypm_free(m);
}

/* The log says of an event that is not committed, which is not printed; also if it
 * is the first of its page. */
static void test_begun(void **state)
{
	struct hypm *m;
	struct printed t;
	uint32_t n;

	for (n = 0; n < 200; n++) {
		m = hypm_new(3, 4, 4096);
		hypm_fill(m, 0, 10);
		hypm_fill(m, 1, n);
		hypm_begin(m, 1);
		printed_all(m);
		t = printed(m);
		assert_string_equal(t.reason, "3 CPUs, pages of 4096 bytes; "
					      "CPU 1 was writing an event");
		printed_free(&t);
		hypm_begin(m, 0);
		printed_all(m);
		t = printed(m);
		assert_string_equal(t.reason, "3 CPUs, pages of 4096 bytes; "
					      "2 CPUs were writing an event");
		printed_free(&t);
		hypm_fill(m, 0, 1);
		hypm_fill(m, 1, 1);
		printed_all(m);
		t = printed(m);
		assert_string_equal(t.reason, "3 CPUs, pages of 4096 bytes");
		printed_free(&t);
		hypm_free(m);
	}
}

/* ---- with a reader ------------------------------------------------------ */

/* Between any two events of the writer the reader may do anything. */
static void test_read_partly(void **state)
{
	uint32_t seed = 12345, round, i;
	struct hypm_cpu *c;
	struct hypm *m;

	for (round = 0; round < 60; round++) {
		m = hypm_new(2, 2 + round % 7, 4096);
		m->no_buffer = round % 2;
		for (i = 0; i < 40; i++) {
			seed = seed * 1103515245 + 12345;
			c = &m->cpu[seed >> 30 & 1];
			if (seed >> 16 & 1) {
				hypm_fill(m, (uint32_t)(c - m->cpu),
					  seed >> 20 & 127);
			} else if (hypm_swap(m, (uint32_t)(c - m->cpu))) {
				hypm_read(m, (uint32_t)(c - m->cpu),
					  c->events[c->reader] / 2);
			}
		}
		printed_all(m);
		hypm_free(m);
	}
}

/* More of the page was read than it has: how much is not known, and all of it is there. */
static void test_read_too_far(void **state)
{
	static const uint32_t bad[] = { 0x7fffffff, UINT32_MAX, 4081, 4080 };
	struct printed t;
	struct hypm *m;
	char *want;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = hypm_new(1, 4, 4096);
		hypm_fill(m, 0, 50);
		assert_true(hypm_swap(m, 0));
		hypm_store(m);
		want = hypm_truth(m, true);
		m->cpu[0].read = bad[i];
		hypm_store(m);
		t = printed(m);
		assert_string_equal(t.text, want);
		assert_true(t.any & MEMLOG_REC_CONSUMED);
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
}

/* ---- without nodes ------------------------------------------------------ */

/* As in a kdump of protected mode. */
static void test_no_nodes(void **state)
{
	struct hypm *m;
	char *want;
	struct printed t;
	uint32_t n;

	for (n = 10; n < 3000; n += 293) {
		m = hypm_new(1, 5, 4096);
		m->no_nodes = true;
		hypm_fill(m, 0, n);
		hypm_store(m);
		t = printed(m);
		want = hypm_truth(m, true);
		assert_string_equal(t.text, want);
		assert_true(t.any & MEMLOG_REC_GUESSED);
		assert_string_equal(t.note, "the order of the events of CPU 0 "
					    "is guessed");
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
	m = hypm_new(3, 5, 4096);
	m->no_nodes = true;
	hypm_fill(m, 0, 10);
	hypm_fill(m, 2, 10);
	hypm_store(m);
	t = printed(m);
	assert_string_equal(t.note,
			    "the order of the events of 3 CPUs is guessed");
	printed_free(&t);
	hypm_free(m);
}

/* ---- hostile images ----------------------------------------------------- */

/* Any of these words, anywhere in what leads to the events. */
static void test_hostile(void **state)
{
	static const uint64_t words[] = {
		0,
		1,
		2,
		0xff,
		0x7fffffff,
		0xffffffff,
		1u << 27,
		UINT64_MAX,
		HYP_DIRECT,
		HYP_IMAGE,
		HYP_DIRECT + 0xfff,
		UINT64_MAX - 4095,
	};
	struct hypm *m = hypm_new(2, 4, 4096);
	uint64_t where[12];
	size_t n = 0;

	hypm_fill(m, 0, 900);
	hypm_swap(m, 0);
	hypm_fill(m, 1, 90);
	hypm_store(m);
	where[n++] = m->table;
	where[n++] = m->remote;
	where[n++] = m->desc - 16;
	where[n++] = m->cpu[0].meta;
	where[n++] = m->cpu[0].nodes;
	where[n++] = m->cpu[0].nodes + 48;
	where[n++] = m->cpu[0].rb;
	where[n++] = m->cpu[0].addr[1];
	where[n++] = m->cpu[1].addr[1];
	where[n++] = m->table + 216 + 128; /* fields of the first event */
	where[n++] = m->buffer;
	printed_hostile(m, where, n, 12, words, sizeof(words) / sizeof(*words));
	hypm_free(m);
}

/* Links in a circle that does not have the tail. */
static void test_circle(void **state)
{
	struct hypm *m = hypm_new(1, 6, 4096);
	uint64_t va = HYP_SHIFT + m->cpu[0].nodes - HYP_BASE;
	struct printed t;

	hypm_fill(m, 0, 700);
	hypm_store(m);
	put64(m->ram + (m->cpu[0].nodes - HYP_BASE) + 40 * 2, va + 40);
	t = printed(m);
	assert_true(t.any & MEMLOG_REC_GUESSED);
	assert_non_null(strstr(t.text, "selftest id=0\n"));
	printed_free(&t);
	hypm_free(m);
}

/* An event that is longer than what is left: the rest is damaged, not missing. */
static void test_long_event(void **state)
{
	struct hypm *m = hypm_new(1, 3, 4096);
	struct printed t;

	hypm_fill(m, 0, 10);
	hypm_store(m);
	put32(m->cpu[0].page[1] + 16 + 4, 5000);
	t = printed(m);
	assert_string_equal(t.text, "");
	assert_int_equal(t.missing, 0);
	assert_int_equal(t.damaged, m->cpu[0].write[1]);
	printed_free(&t);
	hypm_free(m);
}

/* It is counted once, though another CPU has events after it. */
static void test_damage_once(void **state)
{
	struct memlog_decode_opts u = { .size = sizeof(u), .merge = true };
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "hyp-trace" };
	struct hypm *m = hypm_new(2, 3, 4096);
	const struct memlog_record *rec;
	struct memlog_image *image;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	uint32_t n;

	(void)state;
	hypm_fill(m, 0, 300);
	hypm_fill(m, 1, 400);
	hypm_store(m);
	assert_true(m->cpu[0].write[2]);
	put32(m->cpu[0].page[2] + 16 + 4, 5000);
	image = mem_image(hypm_mem(m), MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     &u, &d, NULL),
			 0);
	for (n = 0; !memlog_decoder_next(d, &rec, NULL); n++)
		;
	assert_true(n > 20);
	assert_int_equal(memlog_decoder_damaged(d), m->cpu[0].write[2]);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	hypm_free(m);
}

/* A page that claims more than it has room for is as one that is full. */
static void test_long_page(void **state)
{
	struct hypm *m = hypm_new(1, 3, 4096);
	struct printed full, more;

	hypm_fill(m, 0, 10);
	hypm_store(m);
	put64(m->cpu[0].page[1] + 8, 4096 - 16);
	full = printed(m);
	put64(m->cpu[0].page[1] + 8, 4096);
	more = printed(m);
	assert_string_equal(more.text, full.text);
	assert_int_equal(more.missing, full.missing);
	assert_int_equal(more.damaged, full.damaged);
	assert_true(full.damaged);
	printed_free(&full);
	printed_free(&more);
	hypm_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_page_sizes),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_time_goes_back),
		cmocka_unit_test(test_begun),
		cmocka_unit_test(test_read_partly),
		cmocka_unit_test(test_read_too_far),
		cmocka_unit_test(test_no_nodes),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_long_event),
		cmocka_unit_test(test_damage_once),
		cmocka_unit_test(test_long_page),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
