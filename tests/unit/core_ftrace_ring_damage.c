/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_ftrace_ring_damage.c - ordinary ring buffers whose structs are damaged, not in the image, or
 * made to cost as much as possible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "librings.h"

enum { PAGES = 7, EVENTS = 1200, PAGE_READ = 24 };

/* One CPU with a ring that wrapped. */
static struct rings *full(void)
{
	struct rings *r = rings_new(&rings_layouts[2], 1, PAGES, 4096);

	ftrace_run(r->m, EVENTS, 10);
	rings_swap(r, 0);
	rings_store(r);
	return r;
}

static uint32_t records(struct rings *r, bool consumed)
{
	char *s = ftrace_truth(r->m, consumed), *at;
	uint32_t n = 0;

	for (at = s; (at = strchr(at, '\n')); at++)
		n++;
	free(s);
	return n;
}

/* A link is damaged, forwards or backwards: the other direction has it, and all events are
 * there, in order. */
static void test_one_link(void **state)
{
	static const uint64_t bad[] = { 0, 8, 0xffff000000000000, UINT64_MAX };
	uint32_t i, k, off;

	(void)state;
	for (i = 1; i < PAGES; i++)
		for (off = 0; off <= 8; off += 8)
			for (k = 0; k < sizeof(bad) / sizeof(*bad); k++) {
				struct rings *r = full();
				char *want;
				struct rings_printed t =
					rings_tell(r, true, false);

				want = t.text;
				assert_int_equal(t.flags & MEMLOG_LOG_DAMAGED,
						 0);
				put64(rings_node(r, 0, i) + off, bad[k]);
				t = rings_tell(r, true, false);
				assert_string_equal(t.text, want);
				assert_true(t.flags & MEMLOG_LOG_DAMAGED);
				assert_int_equal(t.absent, 0);
				free(t.text);
				free(want);
				rings_free(r);
			}
}

/* Links lead to another page of the ring, to the page itself, to the reader's. */
static void test_loops(void **state)
{
	uint32_t i, to, off;

	(void)state;
	for (i = 0; i < PAGES; i++)
		for (to = 0; to < PAGES; to++)
			for (off = 0; off <= 8; off += 8) {
				struct rings *r = full();
				struct rings_printed t;

				put64(rings_node(r, 0, i) + off,
				      rings_node_va(0, to));
				t = rings_tell(r, true, true);
				assert_int_equal(t.logs, 1);
				assert_true(t.records <= records(r, true));
				assert_true(t.absent ||
					    t.records == records(r, true));
				free(t.text);
				rings_free(r);
			}
}

/* A page of which both links are damaged is missing, and counted. */
static void test_lost_page(void **state)
{
	struct rings *r = full();
	struct rings_printed t;
	uint32_t head = r->m->ring[0].head, place = head + 2;

	(void)state;
	if (place >= PAGES)
		place -= PAGES - 1;
	memset(rings_node(r, 0, place), 0, 16);
	t = rings_tell(r, true, false);
	assert_true(t.flags & MEMLOG_LOG_DAMAGED);
	assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
	assert_int_equal(t.absent, 4080);
	assert_int_equal(t.missing, 4080);
	assert_true(t.records > records(r, false) / 2);
	assert_true(t.records < records(r, false));
	assert_non_null(strstr(t.reason, "of 1 CPU is damaged, the first is "
					 "CPU 0"));
	free(t.text);
	rings_free(r);
}

/* Nothing says where the head is: all pages, and the order is a guess. */
static void test_no_head(void **state)
{
	struct rings *r = full();
	struct rings_printed t;
	uint32_t i;

	(void)state;
	for (i = 0; i < PAGES; i++)
		*rings_node(r, 0, i) &= ~3;
	t = rings_tell(r, true, false);
	assert_true(t.any & MEMLOG_REC_GUESSED);
	assert_int_equal(t.records, records(r, true));
	free(t.text);
	/* nor what was committed */
	rings_store(r);
	put64(rings_at(r, RINGS_STRUCTS + RINGS_CPU + (uint64_t)r->l->commit),
	      0);
	t = rings_tell(r, true, false);
	assert_true(t.any & MEMLOG_REC_GUESSED);
	free(t.text);
	/* the page that should be the head is somewhere else */
	rings_store(r);
	put64(rings_at(r, RINGS_STRUCTS + RINGS_CPU + (uint64_t)r->l->head), 8);
	t = rings_tell(r, true, false);
	assert_int_equal(t.any & MEMLOG_REC_GUESSED, 0);
	assert_int_equal(t.records, records(r, false));
	free(t.text);
	rings_free(r);
}

/* Data that is nowhere, in the middle of a page, or that of another page. */
static void test_data(void **state)
{
	struct rings *r = full();
	uint32_t head = r->m->ring[0].head, place = head + 1, data;
	const uint64_t bad[] = {
		0,
		8,
		rings_direct(r->m->ring[0].data + 16),
		UINT64_MAX,
		rings_direct(r->m->ring[0].data +
			     (uint64_t)r->m->ring[0].order[head] * 4096),
	};
	struct rings_printed t;
	size_t i;

	(void)state;
	if (place >= PAGES)
		place = 1;
	data = (uint32_t)r->l->data;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		rings_store(r);
		put64(rings_node(r, 0, place) + data, bad[i]);
		t = rings_tell(r, true, false);
		assert_true(t.flags & MEMLOG_LOG_DAMAGED);
		assert_int_equal(t.absent, 4080);
		assert_true(t.records < records(r, false));
		free(t.text);
	}
	/* it is where it should be, but that is not in the image */
	rings_store(r);
	put64(rings_node(r, 0, place) + data, rings_direct(0x50000000));
	t = rings_tell(r, true, false);
	assert_int_equal(t.absent, 4080);
	assert_int_equal(t.missing, 4080);
	assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
	free(t.text);
	rings_free(r);
}

/* More bytes of the reader's page were read than it has: how much of it was is not known, and
 * all of it is there. */
static void test_position(void **state)
{
	static const uint32_t bad[] = { UINT32_MAX, 4081, 4080 };
	struct rings *r = rings_new(&rings_layouts[2], 1, PAGES, 4096);
	struct rings_printed t;
	size_t i;

	(void)state;
	ftrace_run(r->m, 30, 10);
	rings_swap(r, 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		rings_store(r);
		put32(rings_node(r, 0, 0) + PAGE_READ, bad[i]);
		t = rings_tell(r, true, false);
		assert_int_equal(t.records, 30);
		assert_true(t.any & MEMLOG_REC_CONSUMED);
		free(t.text);
	}
	rings_free(r);
}

/* The page that events were lost before is damaged: they are counted before the next one. */
static void test_lost_before_damage(void **state)
{
	struct rings *r = rings_new(&rings_layouts[2], 1, PAGES, 4096);
	uint64_t before, after, n, n2;
	struct rings_printed t;
	uint32_t page, i;

	(void)state;
	ftrace_run(r->m, EVENTS, 10);
	rings_swap(r, 0);
	ftrace_run(r->m, EVENTS, 10);
	rings_store(r);
	before = r->lost[0];
	t = rings_tell(r, true, false);
	assert_int_equal(sscanf(t.lost,
				"CPU:0 [LOST %lu EVENTS]\n"
				"CPU:0 [LOST %lu EVENTS]",
				&n, &after),
			 2);
	assert_int_equal(n, before);
	free(t.text);
	for (i = 0; i < 4; i++) {
		rings_store(r);
		page = r->m->ring[0].order[i / 2 ? r->m->ring[0].head : 0];
		put64(ftrace_page(r->m, 0, page) + 8, i % 2 ? 4080 : 0);
		put32(ftrace_page(r->m, 0, page) + 16, 0);
		t = rings_tell(r, true, false);
		n2 = 0;
		sscanf(t.lost,
		       "CPU:0 [LOST %lu EVENTS]\nCPU:0 [LOST %lu EVENTS]", &n,
		       &n2);
		assert_int_equal(n + n2, before + after);
		free(t.text);
	}
	rings_free(r);
}

/* Two CPUs with the same pages: they are shown once. */
static void test_shared_pages(void **state)
{
	struct rings *r = rings_new(&rings_layouts[0], 2, 5, 4096);
	struct rings_printed t;
	uint32_t i, n = 0;

	(void)state;
	ftrace_run(r->m, 300, 10);
	rings_store(r);
	for (i = 0; i < r->m->n; i++)
		n += r->m->line[i].cpu == 0 && !r->m->line[i].lost;
	for (i = 0; i < 5; i++)
		memcpy(rings_node(r, 1, i) + r->l->data,
		       rings_node(r, 0, i) + r->l->data, 8);
	t = rings_tell(r, true, false);
	assert_int_equal(t.records, n);
	assert_null(strstr(t.text, "[001]"));
	assert_true(t.flags & MEMLOG_LOG_DAMAGED);
	free(t.text);
	rings_free(r);
}

/* A CPU's struct is that of another one, of another buffer, or nowhere. */
static void test_cpu(void **state)
{
	static const uint64_t bad[] = { 8, UINT64_MAX - 7, 0xffff000000000000 };
	struct rings *r = rings_new(&rings_layouts[1], 3, 4, 4096);
	uint8_t *cpu = rings_at(r, RINGS_STRUCTS + RINGS_CPU + 0x1000);
	struct rings_printed t;
	uint32_t i, n = 0;

	(void)state;
	ftrace_run(r->m, 60, 10);
	for (i = 0; i < r->m->n; i++)
		n += r->m->line[i].cpu != 1;
	for (i = 0; i < sizeof(bad) / sizeof(*bad) + 2; i++) {
		rings_store(r);
		if (i < sizeof(bad) / sizeof(*bad))
			put64(rings_at(r, RINGS_STRUCTS + RINGS_POINTERS + 8),
			      bad[i]);
		else if (i == sizeof(bad) / sizeof(*bad))
			put32(cpu, 2);
		else
			put64(cpu + 16, KERNEL_DIRECT);
		t = rings_tell(r, true, false);
		assert_int_equal(t.records, n);
		assert_true(t.flags & MEMLOG_LOG_DAMAGED);
		assert_non_null(strstr(t.reason, "the first is CPU 1"));
		free(t.text);
	}
	rings_free(r);
}

/* A number of CPUs that cannot be does not hide what there is. */
static void test_number_of_cpus(void **state)
{
	static const uint32_t bad[] = { 0, UINT32_MAX, 1u << 31 };
	struct rings_printed t;
	struct rings *r;
	uint32_t i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		r = rings_new(&rings_layouts[k ? 3 : 0], 2, 4, 4096);
		ftrace_run(r->m, 40, 10);
		for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
			rings_store(r);
			if (r->l->cpus >= 0)
				put32(rings_at(r, RINGS_STRUCTS + RINGS_BUFFER +
							  (uint32_t)r->l->cpus),
				      bad[i]);
			put32(r->kernel + RINGS_HEAD + 16, bad[i]);
			t = rings_tell(r, false, false);
			assert_int_equal(t.records, 40);
			assert_true(t.flags & MEMLOG_LOG_DAMAGED);
			assert_string_equal(t.reason,
					    "2 CPUs, pages of 4096 bytes; how "
					    "many there should be is damaged");
			free(t.text);
		}
		rings_free(r);
	}
}

/* Whatever the kernel's numbers are, the work is bounded by what there is. */
static void test_cost(void **state)
{
	struct rings *r = full();
	uint8_t *cpu = rings_at(r, RINGS_STRUCTS + RINGS_CPU);
	uint8_t *buffer = rings_at(r, RINGS_STRUCTS + RINGS_BUFFER);
	struct rings_printed t = rings_tell(r, true, false);
	uint64_t usual = t.bytes;
	uint32_t i;

	(void)state;
	free(t.text);
	put64(cpu + r->l->pages, UINT64_MAX);
	t = rings_tell(r, true, false);
	assert_true(t.bytes < usual + 4096);
	assert_true(t.flags & MEMLOG_LOG_DAMAGED);
	free(t.text);
	/* as many CPUs as there can be, all of them the same */
	rings_store(r);
	put32(r->kernel + RINGS_HEAD + 16, UINT32_MAX);
	for (i = 1; i < 0x400; i++)
		put64(rings_at(r, RINGS_STRUCTS + RINGS_POINTERS + 8 * i),
		      rings_direct(RINGS_STRUCTS + RINGS_CPU));
	t = rings_tell(r, true, false);
	assert_true(t.bytes < usual + 4096 * 512);
	assert_int_equal(t.records, records(r, false));
	free(t.text);
	/* an order that the kernel does not take */
	rings_store(r);
	put32(r->kernel + RINGS_HEAD + 16, 1);
	put32(buffer + r->l->order, 8);
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 0);
	free(t.text);
	put32(buffer + r->l->order, UINT32_MAX);
	t = rings_tell(r, true, false);
	assert_int_equal(t.logs, 0);
	free(t.text);
	rings_free(r);
}

/* More pages than are read: a warning, not damage. */
static void test_too_many_pages(void **state)
{
	enum { N = (1 << 18) + 8, NODE = 64 };
	const uint64_t nodes = UINT64_C(0x60000000),
		       data = UINT64_C(0x80000000);
	struct rings *r = rings_new(&rings_layouts[2], 1, 4, 4096);
	uint8_t *p = mem_add(&r->m->mem, nodes, N * NODE), *cpu;
	uint64_t va = rings_direct(nodes);
	struct rings_printed t;
	uint32_t i;

	(void)state;
	ftrace_run(r->m, 3, 10);
	rings_store(r);
	/* the first is the reader's */
	for (i = 0; i < N; i++) {
		put64(p + i * NODE,
		      (va + (i + 1 < N ? i + 1 : 1) * NODE) | (i == N - 1));
		put64(p + i * NODE + 8, va + (i > 1 ? i - 1 : N - 1) * NODE);
		put64(p + i * NODE + r->l->data, rings_direct(data + i * 4096));
	}
	cpu = rings_at(r, RINGS_STRUCTS + RINGS_CPU);
	put64(cpu + r->l->pages, N - 1);
	put64(cpu + r->l->head, va + NODE);
	put64(cpu + r->l->commit, va);
	put64(cpu + r->l->reader, va);
	t = rings_tell(r, true, false);
	assert_int_equal(t.flags & MEMLOG_LOG_DAMAGED, 0);
	assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
	assert_string_equal(t.warning,
			    "not all pages of the ring buffer of CPU 0 are "
			    "read: at most 262144 of a CPU are, and 2097152 of "
			    "all");
	free(t.text);
	rings_free(r);
}

/* The same pages for all buffers that there can be: they are read once. */
static void test_many_arrays(void **state)
{
	struct rings *r = full();
	struct rings_printed t = rings_tell(r, true, false);
	uint64_t usual = t.bytes, va, prev = KERNEL_IMAGE + RINGS_HEAD;
	uint8_t *p;
	uint32_t i, n = t.records;

	(void)state;
	free(t.text);
	for (i = 0; i < 100; i++) {
		va = rings_direct(RINGS_STRUCTS + 0x80000 + i * 0x100);
		p = rings_at(r, RINGS_STRUCTS + 0x80000 + i * 0x100);
		put64(p, KERNEL_IMAGE + RINGS_GLOBAL);
		put64(p + 8, prev);
		put64(p + 24, va);
		put64(p + 32, rings_direct(RINGS_STRUCTS + RINGS_BUFFER));
		if (i)
			put64(p - 0x100, va);
		else
			put64(r->kernel + RINGS_HEAD, va);
		prev = va;
	}
	put64(r->kernel + RINGS_GLOBAL + 8, prev);
	t = rings_tell(r, true, false);
	assert_true(t.logs > 1 && t.logs <= 64);
	assert_int_equal(t.records, n);
	/* each of them looks at the kernel again */
	assert_true(t.bytes < 65 * usual);
	free(t.text);
	rings_free(r);
}

/* Each word of the structs in turn: whatever is printed is events. */
static void test_words(void **state)
{
	static const uint64_t bad[] = { 0, 1, UINT64_MAX, 0xffff000000000000 };
	struct rings *r = full();
	const struct {
		uint64_t from, len;
	} parts[] = {
		{ RINGS_STRUCTS + RINGS_BUFFER, 256 },
		{ RINGS_STRUCTS + RINGS_POINTERS, 16 },
		{ RINGS_STRUCTS + RINGS_CPU, 256 },
		{ RINGS_STRUCTS + RINGS_NODES, PAGES * RINGS_NODE },
	};
	uint64_t at, old;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		for (at = 0; at < parts[i].len; at += 8)
			for (k = 0; k < sizeof(bad) / sizeof(*bad); k++) {
				uint8_t *p = rings_at(r, parts[i].from + at);
				struct rings_printed t;

				old = ml_le64(p);
				put64(p, bad[k]);
				t = rings_tell(r, true, k % 2);
				assert_true(t.logs <= 1);
				assert_true(t.records <= records(r, true));
				free(t.text);
				put64(p, old);
			}
	rings_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_link),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_lost_page),
		cmocka_unit_test(test_no_head),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_position),
		cmocka_unit_test(test_lost_before_damage),
		cmocka_unit_test(test_shared_pages),
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_number_of_cpus),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_too_many_pages),
		cmocka_unit_test(test_many_arrays),
		cmocka_unit_test(test_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
