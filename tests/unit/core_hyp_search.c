/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searching memory for what belongs to a hypervisor's trace: how far, what is taken
 * for it, and when it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "image/image.h"
#include "libprinted.h"

/* A reader was there, and the writer has passed where it was: only what the writer
 * knows says where the tail is. */
static struct hypm *search_new(enum hypm_gen gen)
{
	struct hypm *m;

	if (gen == HYPM_MAINLINE) {
		m = hypm_new(2, 4, 4096);
		hypm_fill(m, 0, 600);
		hypm_swap(m, 0);
		hypm_fill(m, 0, 900);
		hypm_swap(m, 0);
		hypm_fill(m, 0, 30);
		hypm_fill(m, 1, 20);
	} else {
		m = hypm_new_android(gen, 2, 4, 4096);
		hypm_fill_android(m, 0, 600);
		if (gen != HYPM_14)
			hypm_swap(m, 0);
		hypm_fill_android(m, 0, 700);
		hypm_fill_android(m, 1, 20);
	}
	return m;
}

static const enum hypm_gen gens[] = { HYPM_MAINLINE, HYPM_16, HYPM_15_LONG,
				      HYPM_15, HYPM_14 };

enum { GENS = sizeof(gens) / sizeof(*gens) };

/* 1 GiB of memory is below it, as much as is searched. */
static void test_low(void **state)
{
	struct hypm *m;
	struct printed t;
	char *want;
	uint32_t g;

	assert_int_equal(HYP_BASE, ML_MAX_AROUND);
	for (g = 0; g < GENS; g++) {
		m = search_new(gens[g]);
		hypm_mem(m)->low = true;
		hypm_store(m);
		t = printed(m);
		want = hypm_truth(m, m->no_buffer);
		assert_string_equal(t.text, want);
		assert_string_equal(
			t.note, gens[g] == HYPM_14 ?
					"which events these are is guessed" :
					"");
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
}

/* What looks like the writer's state of CPU 0, with a tail or a reader that is no node:
 * nor is the tail right. */
static void test_fake(void **state)
{
	static const uint32_t member[] = { 0, 8 };
	struct hypm *m;
	uint64_t fake;
	uint8_t *p;
	uint32_t i;

	for (i = 0; i < 2; i++) {
		m = search_new(HYPM_MAINLINE);
		hypm_store(m);
		/* after the kernel's data, before the real one */
		fake = 3072;
		assert_true(HYP_BASE + fake < m->cpu[0].rb);
		p = m->ram + fake;
		assert_int_equal(p[0] | p[8] | p[24] | p[32] | p[71], 0);
		memcpy(p, m->ram + (m->cpu[0].rb - HYP_BASE), 72);
		memcpy(p, p + 16, 8);
		put64(p + member[i], HYP_SHIFT + 24);
		printed_all(m);
		assert_int_not_equal(p[33] | p[34] | p[35], 0);
		hypm_free(m);
	}
}

/* ---- the end of a search ------------------------------------------------ */

static int search_stop(void *arg, uint64_t done, uint64_t all)
{
	unsigned int *left = arg;

	assert_true(done <= all);
	return !*left || !--*left;
}

/* An image with memory to search, whose places are known or not. */
static struct memlog_image *search_image(struct hypm *m)
{
	const char *text = hypm_release(m);
	struct memlog_image *image;

	m->no_nodes = true;
	hypm_store(m);
	hypm_mem(m)->low = true;
	image = mem_image(hypm_mem(m), MEMLOG_PHYS);
	ml_image_add_note(image, "VMCOREINFO", 0, "", text, text, strlen(text));
	return image;
}

/* Ctrl-C, while likely places are looked for, or what belongs to a log: either takes
 * a search of 1 GiB, and ends before the next 64 KiB. */
static void test_stop(void **state)
{
	static const struct {
		enum hypm_gen gen;
		bool at;
	} cases[] = {
		{ HYPM_15, false },	 { HYPM_14, false },
		{ HYPM_MAINLINE, true }, { HYPM_16, true },
		{ HYPM_15_LONG, true },
	};
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "hyp-trace",
				      .progress = search_stop,
				      .mode = MEMLOG_SCAN_LIKELY };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	enum memlog_status s;
	unsigned int left, n;
	struct hypm *m;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (n = 1; n < 10000; n *= 20) {
			m = search_new(cases[i].gen);
			image = search_image(m);
			left = n;
			o.progress_arg = &left;
			if (cases[i].at)
				s = memlog_scan_at(image, MEMLOG_PHYS,
						   m->gen == HYPM_MAINLINE ?
							   m->table :
							   m->cpu[0].meta,
						   &o, &logs, &err);
			else
				s = memlog_scan(image, &o, &logs, NULL, &err);
			assert_int_equal(s, MEMLOG_STOP);
			assert_string_equal(err.text, "stopped");
			assert_true(hypm_mem(m)->reads < 2000 + 2 * (size_t)n);
			memlog_logs_destroy(logs);
			memlog_image_close(image);
			hypm_free(m);
		}
}

/* Memory full of what may point to what is searched for. */
static void test_tries(void **state)
{
	struct memlog_image *image;
	struct hypm *m = search_new(HYPM_MAINLINE);
	struct mem *mem = hypm_mem(m);
	size_t len = 16u << 20, at;
	struct printed t;
	uint8_t *p;

	assert_true(len / 8 > ML_HYP_TRIES);
	m->no_nodes = true;
	hypm_store(m);
	/* nothing but the search for a table and a remote leads there */
	memset(m->ram + (m->table - HYP_BASE), 0, 216);
	memset(m->ram + (m->remote - HYP_BASE), 0, 64);
	p = mem_add(mem, HYP_BASE + HYP_RAM + 4096, len);
	for (at = 0; at < len; at += 8)
		put64(p + at, HYP_DIRECT + (m->desc - HYP_BASE));
	image = mem_image(mem, MEMLOG_PHYS);
	t = printed_opts(image, NULL, false);
	memlog_image_close(image);
	assert_int_equal(t.logs, 1);
	assert_true(mem->reads > ML_HYP_TRIES / 2);
	assert_true(mem->reads < ML_HYP_TRIES + ML_HYP_TRIES / 4);
	printed_free(&t);
	hypm_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_low),
		cmocka_unit_test(test_fake),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_tries),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
