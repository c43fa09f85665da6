/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traces of Android 14, and what symbols add to those of any Android. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/hyp/layout.h"
#include "image/image.h"
#include "libprinted.h"

/* ---- Android 14 ---------------------------------------------------------- */

/* What would be printed; a wrapped ring does not say what was lost since it was
 * read. */
static void tells_14(struct hypm *m)
{
	struct printed t;
	char *want;

	hypm_store(m);
	t = printed(m);
	want = hypm_truth(m, true);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.missing, 0);
	free(want);
	printed_free(&t);
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
				hypm_fill_android(m, k, 20 + 7 * k);
		tells_14(m);
		hypm_free(m);
	}
	for (i = 4096; i <= 65536; i *= 4) {
		m = hypm_new_android(HYPM_14, 2, 4, i);
		hypm_fill_android(m, 0, i / 10);
		hypm_fill_android(m, 1, i / 6);
		tells_14(m);
		hypm_free(m);
	}
	for (i = 100; i < 4000; i += 397) {
		m = hypm_new_android(HYPM_14, 1, 2 + i % 7, 4096);
		hypm_fill_android(m, 0, i);
		tells_14(m);
		/* committed as soon as it is begun, and not printed */
		hypm_begin(m, 0);
		tells_14(m);
		hypm_free(m);
	}
}

/* How many events were overwritten is known, not when: of a ring that was read none
 * are claimed to be lost. */
static void test_14_lost(void **state)
{
	struct hypm *m = hypm_new_android(HYPM_14, 1, 4, 4096);
	struct printed t;

	hypm_fill_android(m, 0, 900);
	hypm_store(m);
	t = printed(m);
	assert_memory_equal(t.text, "CPU:0 [LOST ", 12);
	printed_free(&t);
	hypm_swap(m, 0);
	hypm_fill_android(m, 0, 900);
	hypm_store(m);
	assert_true(m->cpu[0].overrun > m->cpu[0].last_overrun);
	t = printed(m);
	assert_null(strstr(t.text, "CPU:"));
	printed_free(&t);
	hypm_free(m);
}

/* Pages that were read stay out. */
static void test_14_read(void **state)
{
	uint32_t seed = 12345, round, i, cpu;
	struct hypm *m;
	struct printed t;
	char *want, *s;

	for (round = 0; round < 20; round++) {
		m = hypm_new_android(HYPM_14, 2, 3 + round % 7, 4096);
		for (i = 0; i < 40; i++) {
			seed = seed * 1103515245 + 12345;
			cpu = seed >> 30 & 1;
			if (seed >> 16 & 1)
				hypm_fill_android(m, cpu, seed >> 20 & 127);
			else
				hypm_swap(m, cpu);
		}
		hypm_store(m);
		t = printed(m);
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
		printed_free(&t);
		hypm_free(m);
	}
}

static void test_14_hostile(void **state)
{
	static const uint64_t words[] = { 0, 1, 0xffffffff, UINT64_MAX,
					  UINT64_MAX - 4095 };
	struct hypm *m = hypm_new_android(HYPM_14, 2, 4, 4096);
	uint64_t where[4];

	hypm_fill_android(m, 0, 600);
	hypm_swap(m, 0);
	hypm_fill_android(m, 1, 90);
	hypm_store(m);
	where[0] = m->cpu[0].rb;
	where[1] = m->cpu[0].nodes;
	where[2] = m->cpu[0].nodes + 64;
	where[3] = m->cpu[1].addr[1];
	printed_hostile(m, where, 4, 8, words, sizeof(words) / sizeof(*words));
	hypm_free(m);
}

/* Rejected: an invalid state, no pages, too many pages. */
static void test_14_fits(void **state)
{
	static const struct {
		uint32_t off, value;
		bool fits;
	} t[] = {
		{ HYP_14_STATUS, 2, true },
		{ HYP_14_STATUS, 3, false },
		{ HYP_14_STATUS, UINT32_MAX, false },
		{ HYP_14_PAGES, 3, true },
		{ HYP_14_PAGES, 0, false },
		{ HYP_14_PAGES, ML_HYP_PAGES, true },
		{ HYP_14_PAGES, ML_HYP_PAGES + 1, false },
	};
	struct printed p;
	struct hypm *m;
	uint8_t *rb;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		m = hypm_new_android(HYPM_14, 1, 4, 4096);
		hypm_fill_android(m, 0, 60);
		hypm_store(m);
		rb = m->ram + (m->cpu[0].rb - HYP_BASE) + t[i].off;
		put32(rb, t[i].value);
		p = printed(m);
		assert_int_equal(p.logs, t[i].fits);
		printed_free(&p);
		hypm_free(m);
	}
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
	else if (of->fmts && !strcmp(name, "__hyp_printk_fmts_start"))
		*ret += of->fmts - HYP_BASE;
	else if (of->fmts && !strcmp(name, "__hyp_printk_fmts_end"))
		*ret += of->fmts - HYP_BASE + 256;
	else
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static const struct memlog_symbols symbols = {
	.size = sizeof(symbols),
	.addr = sym_addr,
};

static struct printed printed_symbols(struct hypm *m)
{
	struct memlog_image *image = mem_image(hypm_mem(m), MEMLOG_PHYS);
	char text[200];
	struct printed t;

	of = m;
	snprintf(text, sizeof(text),
		 "OSRELEASE=6.1.2\nSYMBOL(_stext)=%llx\n"
		 "NUMBER(kimage_voffset)=0x%llx\n",
		 (unsigned long long)HYP_IMAGE,
		 (unsigned long long)(HYP_IMAGE - HYP_BASE));
	ml_image_add_note(image, "VMCOREINFO", 0, "", text, text, strlen(text));
	t = printed_opts(image, &symbols, false);
	memlog_image_close(image);
	return t;
}

/* With symbols it does not matter what the kernel calls itself. */
static void test_symbols(void **state)
{
	static const enum hypm_gen all[] = { HYPM_16, HYPM_15_LONG, HYPM_15,
					     HYPM_14 };
	struct hypm *m;
	struct printed t;
	char *want;
	uint32_t g;

	for (g = 0; g < sizeof(all) / sizeof(*all); g++) {
		m = hypm_new_android(all[g], 3, 4, 4096);
		hypm_fill_android(m, 0, 900);
		hypm_fill_android(m, 2, 30);
		hypm_store(m);
		t = printed_symbols(m);
		want = hypm_truth(m, true);
		assert_string_equal(t.text, want);
		assert_int_equal(t.logs, 1);
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
}

/* Which CPU is which is in the kernel's table, not in the order of addresses. */
static void test_14_numbers(void **state)
{
	struct hypm *m = hypm_new_android(HYPM_14, 2, 3, 4096);
	uint8_t *p = m->ram + (m->percpu - HYP_BASE), first[8];
	struct printed t;
	size_t n = 0;
	char *s;

	hypm_fill_android(m, 0, 20);
	hypm_fill_android(m, 1, 30);
	hypm_store(m);
	memcpy(first, p, 8);
	memcpy(p, p + 8, 8);
	memcpy(p + 8, first, 8);
	t = printed_symbols(m);
	for (s = t.text; (s = strstr(s, "[000]")); s++)
		n++;
	assert_int_equal(n, 30);
	assert_memory_equal(t.text, "[000]", 5);
	printed_free(&t);
	hypm_free(m);
}

/* The strings of __hyp_printk, and a number that has none. */
static void test_printk(void **state)
{
	static const enum hypm_gen all[] = { HYPM_16, HYPM_15, HYPM_14 };
	static const uint64_t v[3][5] = {
		{ 0, 0xffff0000, 2, 3, 4 },
		{ 1, 0, 0, 0, 0 },
		{ 2, 0, 0, 0, 0 },
	};
	static const char want[] =
		"[000]\t    0.000001: __hyp_printk pfn ffff0000 by 2\n"
		"[000]\t    0.000002: __hyp_printk done\n"
		"[000]\t    0.000003: __hyp_printk Unknown hyp_string_fmt "
		"ID 2\n";
	struct hypm *m;
	struct printed t;
	uint32_t g, i;

	for (g = 0; g < sizeof(all) / sizeof(*all); g++) {
		m = hypm_new_android(all[g], 1, 3, 4096);
		m->fmts = HYP_BASE + HYP_RAM - 4096;
		strcpy((char *)m->ram + HYP_RAM - 4096, "pfn %llx by %d\n");
		strcpy((char *)m->ram + HYP_RAM - 4096 + 128, "done");
		for (i = 0; i < 3; i++)
			hypm_android(m, 0, 1000 * (i + 1), HYPM_PRINTK, v[i]);
		hypm_store(m);
		t = printed_symbols(m);
		assert_string_equal(t.text, want);
		printed_free(&t);
		hypm_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_14),
		cmocka_unit_test(test_14_lost),
		cmocka_unit_test(test_14_read),
		cmocka_unit_test(test_14_hostile),
		cmocka_unit_test(test_14_fits),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_14_numbers),
		cmocka_unit_test(test_printk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
