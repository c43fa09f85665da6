/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traces of Android's hypervisor, as the model leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "libtold.h"

static const enum hypm_gen gens[] = { HYPM_16, HYPM_15_LONG, HYPM_15 };

enum { GENS = sizeof(gens) / sizeof(*gens) };

/* All events that the kernel has, in turn. */
static void fill(struct hypm *m, uint32_t cpu, uint32_t n)
{
	struct hypm_cpu *c = &m->cpu[cpu];
	uint32_t i, event;

	for (i = 0; i < n; i++) {
		const uint64_t v[7] = { i % 200, i & 1, 0x1234 + i, 7,
					8,	 1,	i % 100 };

		event = i % HYPM_EVENTS;
		if (!(m->left_out >> event & 1))
			hypm_android(m, cpu, c->stamp + 900 + 1000000 * (i % 7),
				     event, v);
	}
}

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
					fill(m, k, 10 + 7 * k);
			told_all(m);
			hypm_free(m);
		}
}

static void test_page_sizes(void **state)
{
	uint32_t size, g;

	for (g = 0; g < GENS; g++)
		for (size = 4096; size <= 65536; size *= 4) {
			struct hypm *m = hypm_new_android(gens[g], 2, 4, size);

			fill(m, 0, size / 10);
			fill(m, 1, size / 6);
			told_all(m);
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
				fill(m, 0, n);
				told_all(m);
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
				fill(m, cpu, seed >> 20 & 127);
			else
				hypm_swap(m, cpu);
		}
		told_all(m);
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
	struct told t;
	struct hypm *m;
	char *want;
	uint32_t i;

	for (i = 0; i < sizeof(left_out) / sizeof(*left_out); i++) {
		m = hypm_new_android(HYPM_16, 2, 4, 4096);
		m->no_list = true;
		m->left_out = left_out[i];
		fill(m, 0, 300);
		fill(m, 1, 20);
		hypm_store(m);
		t = told(m);
		want = hypm_truth(m, true);
		assert_string_equal(t.text, want);
		assert_true(t.any & MEMLOG_REC_GUESSED);
		free(want);
		told_free(&t);
		hypm_free(m);
	}
}

/* What several tables of events explain has no name; nor has a number that none
 * does. */
static void test_ambiguous(void **state)
{
	struct hypm *m = hypm_new_android(HYPM_16, 1, 3, 4096);
	const uint64_t v[] = { 0x11, 0x22 };
	struct told t;

	m->no_list = true;
	hypm_android(m, 0, 1000, HYPM_ABORT, v);
	hypm_store(m);
	t = told(m);
	assert_string_equal(t.text,
			    "[000]\t    0.000001: Unknown event id 5 data="
			    "11000000000000002200000000000000\n");
	told_free(&t);
	m->cpu[0].page[1][16 + 8] = 77;
	t = told(m);
	assert_string_equal(t.text,
			    "[000]\t    0.000001: Unknown event id 77 data="
			    "11000000000000002200000000000000\n");
	told_free(&t);
	hypm_free(m);
}

/* A vendor's event: the table has its name, nobody knows its fields. Or it has a
 * known name, and another length. */
static void test_vendor(void **state)
{
	struct hypm *m = hypm_new_android(HYPM_16, 1, 3, 4096);
	const uint64_t v[] = { 0x11, 0x22 };
	struct told t;

	hypm_android(m, 0, 1000, HYPM_FUNC_RET, v);
	hypm_store(m);
	memcpy(m->ram + (m->table - HYP_BASE) + 2 * 72, "gpu_irq", 8);
	t = told(m);
	assert_string_equal(t.text, "[000]\t    0.000001: gpu_irq data="
				    "1100000000000000\n");
	told_free(&t);
	memcpy(m->ram + (m->table - HYP_BASE) + 2 * 72, "func_ret", 8);
	m->cpu[0].page[1][16 + 4] -= 4;
	m->cpu[0].page[1][8] -= 4;
	t = told(m);
	assert_string_equal(t.text, "[000]\t    0.000001: func_ret data="
				    "11000000\n");
	told_free(&t);
	hypm_free(m);
}

/* ---- damage ------------------------------------------------------------- */

/* The nodes are not in the dump: the order of pages is a guess. */
static void test_no_nodes(void **state)
{
	struct hypm *m;
	struct told t;
	char *want;
	uint32_t n, g;

	for (g = 0; g < GENS; g++)
		for (n = 10; n < 1500; n += 293) {
			m = hypm_new_android(gens[g], 1, 5, 4096);
			m->no_nodes = true;
			fill(m, 0, n);
			hypm_store(m);
			t = told(m);
			want = hypm_truth(m, true);
			assert_string_equal(t.text, want);
			assert_true(t.any & MEMLOG_REC_GUESSED);
			free(want);
			told_free(&t);
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
	uint32_t i, k, g, n;
	uint8_t *p, old[8];
	struct hypm *m;
	struct told t;

	for (g = 0; g < GENS; g++) {
		m = hypm_new_android(gens[g], 2, 4, 4096);
		fill(m, 0, 600);
		hypm_swap(m, 0);
		fill(m, 1, 90);
		hypm_store(m);
		n = 0;
		where[n++] = m->desc;
		where[n++] = m->desc + 28;
		where[n++] = m->cpu[0].meta;
		where[n++] = m->cpu[0].rb;
		where[n++] = m->cpu[0].piece[0] + 0xf40;
		where[n++] = m->cpu[1].addr[1];
		where[n++] = m->table + 7 * 48;
		for (i = 0; i < n * 6; i++)
			for (k = 0; k < sizeof(words) / sizeof(*words); k++) {
				p = m->ram + (where[i / 6] - HYP_BASE) +
				    i % 6 * 8;
				memcpy(old, p, 8);
				put64(p, words[k]);
				t = told(m);
				told_free(&t);
				memcpy(p, old, 8);
			}
		hypm_free(m);
	}
}

/* ---- Android 14 ---------------------------------------------------------- */

/* What would be printed; a wrapped ring does not say what was lost since it was
 * read. */
static void tells_14(struct hypm *m)
{
	struct told t;
	char *want;

	hypm_store(m);
	t = told(m);
	want = hypm_truth(m, true);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.missing, 0);
	free(want);
	told_free(&t);
}

static void test_14(void **state)
{
	static const uint32_t cpus[] = { 1, 2, 17, 64 };
	struct hypm *m;
	uint32_t i, k;

	for (i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
		m = hypm_new_android(HYPM_14, cpus[i], 3, 4096);
		for (k = 0; k < cpus[i]; k++)
			if (k % 3 != 1)
				fill(m, k, 20 + 7 * k);
		tells_14(m);
		hypm_free(m);
	}
	for (i = 4096; i <= 65536; i *= 4) {
		m = hypm_new_android(HYPM_14, 2, 4, i);
		fill(m, 0, i / 10);
		fill(m, 1, i / 6);
		tells_14(m);
		hypm_free(m);
	}
	for (i = 100; i < 4000; i += 397) {
		m = hypm_new_android(HYPM_14, 1, 2 + i % 7, 4096);
		fill(m, 0, i);
		tells_14(m);
		/* committed as soon as it is begun, and not printed */
		hypm_begin(m, 0);
		tells_14(m);
		hypm_free(m);
	}
}

/* Pages that were read stay out; how many events were lost is then not known. */
static void test_14_read(void **state)
{
	uint32_t seed = 12345, round, i, cpu;
	struct hypm *m;
	struct told t;
	char *want, *s;

	for (round = 0; round < 20; round++) {
		m = hypm_new_android(HYPM_14, 2, 3 + round % 7, 4096);
		for (i = 0; i < 40; i++) {
			seed = seed * 1103515245 + 12345;
			cpu = seed >> 30 & 1;
			if (seed >> 16 & 1)
				fill(m, cpu, seed >> 20 & 127);
			else
				hypm_swap(m, cpu);
		}
		hypm_store(m);
		t = told(m);
		want = hypm_truth(m, true);
		/* without the lines of lost events */
		for (i = 0; i < 2; i++) {
			char *from = i ? want : t.text;

			while ((s = strstr(from, "CPU:")))
				memmove(s, strchr(s, '\n') + 1,
					strlen(strchr(s, '\n')));
		}
		assert_string_equal(t.text, want);
		free(want);
		told_free(&t);
		hypm_free(m);
	}
}

static void test_14_hostile(void **state)
{
	static const uint64_t words[] = { 0, 1, 0xffffffff, UINT64_MAX,
					  UINT64_MAX - 4095 };
	struct hypm *m = hypm_new_android(HYPM_14, 2, 4, 4096);
	uint64_t where[4];
	uint8_t *p, old[8];
	uint32_t i, k;
	struct told t;

	fill(m, 0, 600);
	hypm_swap(m, 0);
	fill(m, 1, 90);
	hypm_store(m);
	where[0] = m->cpu[0].rb;
	where[1] = m->cpu[0].nodes;
	where[2] = m->cpu[0].nodes + 64;
	where[3] = m->cpu[1].addr[1];
	for (i = 0; i < 4 * 8; i++)
		for (k = 0; k < sizeof(words) / sizeof(*words); k++) {
			p = m->ram + (where[i / 8] - HYP_BASE) + i % 8 * 8;
			memcpy(old, p, 8);
			put64(p, words[k]);
			t = told(m);
			told_free(&t);
			memcpy(p, old, 8);
		}
	hypm_free(m);
}

/* ---- symbols ------------------------------------------------------------ */

static const struct hypm *of;

static enum memlog_status sym_addr(void *self, const char *name, uint64_t *ret)
{
	*ret = UINT64_C(0xffff800080000000);
	if (!strcmp(name, "_stext"))
		return MEMLOG_OK;
	if (!strcmp(name, "hyp_trace_buffer") && of->gen != HYPM_14)
		*ret += of->variable - HYP_BASE;
	else if (!strcmp(name, "__kvm_nvhe_kvm_arm_hyp_percpu_base"))
		*ret += of->percpu - HYP_BASE;
	else if (!strcmp(name, "__kvm_nvhe___per_cpu_start"))
		*ret += 0x100000;
	else if (!strcmp(name, "__kvm_nvhe_trace_rb"))
		*ret += 0x100040;
	else
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static const struct memlog_symbols symbols = {
	.size = sizeof(symbols),
	.addr = sym_addr,
};

static struct told told_symbols(struct hypm *m)
{
	struct memlog_image *image = mem_image(hypm_mem(m), MEMLOG_PHYS);
	char text[200];
	struct told t;

	of = m;
	snprintf(text, sizeof(text),
		 "OSRELEASE=6.1.2\nSYMBOL(_stext)=%llx\n"
		 "NUMBER(kimage_voffset)=0x%llx\n",
		 (unsigned long long)HYP_IMAGE,
		 (unsigned long long)(HYP_IMAGE - HYP_BASE));
	ml_image_add_note(image, "VMCOREINFO", 0, "", text, text, strlen(text));
	t = told_opts(image, &symbols, false);
	memlog_image_close(image);
	return t;
}

/* With symbols it does not matter what the kernel calls itself. */
static void test_symbols(void **state)
{
	static const enum hypm_gen all[] = { HYPM_16, HYPM_15_LONG, HYPM_15,
					     HYPM_14 };
	struct hypm *m;
	struct told t;
	char *want;
	uint32_t g;

	for (g = 0; g < sizeof(all) / sizeof(*all); g++) {
		m = hypm_new_android(all[g], 3, 4, 4096);
		fill(m, 0, 900);
		fill(m, 2, 30);
		hypm_store(m);
		t = told_symbols(m);
		want = hypm_truth(m, true);
		assert_string_equal(t.text, want);
		assert_int_equal(t.logs, 1);
		free(want);
		told_free(&t);
		hypm_free(m);
	}
}

/* Which CPU is which is in the kernel's table, not in the order of addresses. */
static void test_14_numbers(void **state)
{
	struct hypm *m = hypm_new_android(HYPM_14, 2, 3, 4096);
	uint8_t *p = m->ram + (m->percpu - HYP_BASE), first[8];
	struct told t;
	size_t n = 0;
	char *s;

	fill(m, 0, 20);
	fill(m, 1, 30);
	hypm_store(m);
	memcpy(first, p, 8);
	memcpy(p, p + 8, 8);
	memcpy(p + 8, first, 8);
	t = told_symbols(m);
	for (s = t.text; (s = strstr(s, "[000]")); s++)
		n++;
	assert_int_equal(n, 30);
	assert_memory_equal(t.text, "[000]", 5);
	told_free(&t);
	hypm_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_page_sizes),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_vendor),
		cmocka_unit_test(test_no_nodes),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_14),
		cmocka_unit_test(test_14_read),
		cmocka_unit_test(test_14_hostile),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_14_numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
