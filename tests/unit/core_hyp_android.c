/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traces of Android's hypervisor, as the model leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/hyp/hyp.h"
#include "image/image.h"
#include "libprinted.h"

static const enum hypm_gen gens[] = { HYPM_16, HYPM_15_LONG, HYPM_15 };

enum { GENS = sizeof(gens) / sizeof(*gens) };

static void test_cpus(void **state)
{
	static const uint32_t cpus[] = { 1, 2, 17, 64 };
	struct hypm *m;
	uint32_t i, k, g;

	for (g = 0; g < GENS; g++)
		for (i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
			m = hypm_new_android(gens[g], cpus[i], 3, 4096);
			/* every third has nothing */
			for (k = 0; k < cpus[i]; k++)
				if (k % 3 != 1)
					hypm_fill_android(m, k, 10 + 7 * k);
			printed_all(m);
			hypm_free(m);
		}
}

static void test_page_sizes(void **state)
{
	uint32_t size, g;

	for (g = 0; g < GENS; g++)
		for (size = 4096; size <= 65536; size *= 4) {
			struct hypm *m = hypm_new_android(gens[g], 2, 4, size);

			hypm_fill_android(m, 0, size / 10);
			hypm_fill_android(m, 1, size / 6);
			printed_all(m);
			hypm_free(m);
		}
}

static void test_wrapped(void **state)
{
	struct hypm *m;
	uint32_t pages, n, g;

	for (g = 0; g < GENS; g++)
		for (pages = 2; pages <= HYPM_PAGES; pages += 7)
			for (n = 100; n < 4000; n += 797) {
				m = hypm_new_android(gens[g], 1, pages, 4096);
				hypm_fill_android(m, 0, n);
				printed_all(m);
				hypm_free(m);
			}
}

/* Between any two events of the writer the reader may take a page. */
static void test_read(void **state)
{
	uint32_t seed = 12345, round, i, cpu;
	struct hypm *m;

	for (round = 0; round < 30; round++) {
		m = hypm_new_android(gens[round % GENS], 2, 2 + round % 7,
				     4096);
		for (i = 0; i < 40; i++) {
			seed = seed * 1103515245 + 12345;
			cpu = seed >> 30 & 1;
			if (seed >> 16 & 1)
				hypm_fill_android(m, cpu, seed >> 20 & 127);
			else
				hypm_swap(m, cpu);
		}
		printed_all(m);
		hypm_free(m);
	}
}

/* ---- names -------------------------------------------------------------- */

/* Without the kernel's table, numbers and lengths tell which events there are. */
static void test_no_list(void **state)
{
	static const uint32_t left_out[] = {
		0,
		1u << HYPM_PRINTK | 1u << HYPM_FUNC | 1u << HYPM_FUNC_RET,
		1u << HYPM_FFA | 1u << HYPM_IDMAP | 1u << HYPM_PSCI |
			1u << HYPM_TRAP,
	};
	struct printed t;
	struct hypm *m;
	char *want;
	uint32_t i;

	for (i = 0; i < sizeof(left_out) / sizeof(*left_out); i++) {
		m = hypm_new_android(HYPM_16, 2, 4, 4096);
		m->no_list = true;
		m->left_out = left_out[i];
		hypm_fill_android(m, 0, 300);
		hypm_fill_android(m, 1, 20);
		hypm_store(m);
		t = printed(m);
		want = hypm_truth(m, true);
		assert_string_equal(t.text, want);
		assert_true(t.any & MEMLOG_REC_GUESSED);
		assert_string_equal(t.note,
				    "which events these are is guessed");
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
}

/* The table of events is an extent, which an extract keeps. */
static void test_list_extent(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "hyp-trace" };
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;
	const char *text;
	struct hypm *m;
	size_t i, found;
	uint32_t g;

	for (g = 0; g < GENS; g++) {
		m = hypm_new_android(gens[g], 1, 3, 4096);
		hypm_fill_android(m, 0, 40);
		hypm_store(m);
		image = mem_image(hypm_mem(m), MEMLOG_PHYS);
		text = hypm_release(m);
		ml_image_add_note(image, "VMCOREINFO", 0, "", text, text,
				  strlen(text));
		assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
		log = memlog_logs_get(logs, 0);
		assert_non_null(log);
		for (i = found = 0; i < log->n_extents; i++) {
			if (log->extents[i].role != HYP_ROLE_LIST)
				continue;
			found++;
			assert_int_equal(log->extents[i].addr, m->table);
			assert_int_equal(
				log->extents[i].len,
				HYPM_EVENTS * (gens[g] == HYPM_16 ? 72 : 48));
		}
		assert_int_equal(found, 1);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		hypm_free(m);
	}
}

/* What several tables of events explain has no name; nor has a number that none
 * does. */
static void test_ambiguous(void **state)
{
	struct hypm *m = hypm_new_android(HYPM_16, 1, 3, 4096);
	const uint64_t v[] = { 0x11, 0x22 };
	struct printed t;

	m->no_list = true;
	hypm_android(m, 0, 1000, HYPM_ABORT, v);
	hypm_store(m);
	t = printed(m);
	assert_string_equal(t.text,
			    "[000]\t    0.000001: Unknown event id 5 data="
			    "11000000000000002200000000000000\n");
	printed_free(&t);
	m->cpu[0].page[1][16 + 8] = 77;
	t = printed(m);
	assert_string_equal(t.text,
			    "[000]\t    0.000001: Unknown event id 77 data="
			    "11000000000000002200000000000000\n");
	printed_free(&t);
	hypm_free(m);
}

/* A vendor's event: the table has its name, nobody knows its fields. Or it has a
 * known name, and another length. */
static void test_vendor(void **state)
{
	struct hypm *m = hypm_new_android(HYPM_16, 1, 3, 4096);
	const uint64_t v[] = { 0x11, 0x22 };
	struct printed t;

	hypm_android(m, 0, 1000, HYPM_FUNC_RET, v);
	hypm_store(m);
	memcpy(m->ram + (m->table - HYP_BASE) + 2 * 72, "gpu_irq", 8);
	t = printed(m);
	assert_string_equal(t.text, "[000]\t    0.000001: gpu_irq data="
				    "1100000000000000\n");
	printed_free(&t);
	memcpy(m->ram + (m->table - HYP_BASE) + 2 * 72, "func_ret", 8);
	m->cpu[0].page[1][16 + 4] -= 4;
	m->cpu[0].page[1][8] -= 4;
	t = printed(m);
	assert_string_equal(t.text, "[000]\t    0.000001: func_ret data="
				    "11000000\n");
	printed_free(&t);
	hypm_free(m);
}

/* ---- damage ------------------------------------------------------------- */

/* The nodes are not in the dump: the order of pages is a guess. */
static void test_no_nodes(void **state)
{
	struct hypm *m;
	struct printed t;
	char *want;
	uint32_t n, g;

	for (g = 0; g < GENS; g++)
		for (n = 10; n < 1500; n += 293) {
			m = hypm_new_android(gens[g], 1, 5, 4096);
			m->no_nodes = true;
			hypm_fill_android(m, 0, n);
			hypm_store(m);
			t = printed(m);
			want = hypm_truth(m, true);
			assert_string_equal(t.text, want);
			assert_true(t.any & MEMLOG_REC_GUESSED);
			assert_string_equal(t.note,
					    "the order of the events of CPU 0 "
					    "is guessed");
			free(want);
			printed_free(&t);
			hypm_free(m);
		}
}

static void test_hostile(void **state)
{
	static const uint64_t words[] = {
		0,	    1,		0xffffffff,	   0x7fffffff00000001,
		UINT64_MAX, HYP_DIRECT, UINT64_MAX - 4095,
	};
	uint64_t where[8];
	uint32_t g, n;
	struct hypm *m;

	for (g = 0; g < GENS; g++) {
		m = hypm_new_android(gens[g], 2, 4, 4096);
		hypm_fill_android(m, 0, 600);
		hypm_swap(m, 0);
		hypm_fill_android(m, 1, 90);
		hypm_store(m);
		n = 0;
		where[n++] = m->desc;
		where[n++] = m->desc + 28;
		where[n++] = m->cpu[0].meta;
		where[n++] = m->cpu[0].rb;
		where[n++] = m->cpu[0].piece[0] + 0xf40;
		where[n++] = m->cpu[1].addr[1];
		where[n++] = m->table + 7 * 48;
		printed_hostile(m, where, n, 6, words,
				sizeof(words) / sizeof(*words));
		hypm_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_page_sizes),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_list_extent),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_vendor),
		cmocka_unit_test(test_no_nodes),
		cmocka_unit_test(test_hostile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
