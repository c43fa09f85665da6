/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACRN's log where the Service VM's kernel reserves memory for it: at addresses that
 * ACRN's documentation has, or that the kernel's command line gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

#include "../../firmware/sbuf/sbuf.c"
#include "../../fixtures/gen/acrn_model.c"

#define REGION (2u << 20)

static const struct memlog_scan_opts likely = {
	.size = sizeof(likely),
	.formats = "acrn-log",
	.mode = MEMLOG_SCAN_LIKELY,
};

/* Logs that are found at likely places, of a hypervisor whose rings are at base.
 * *m may have other memory. */
static size_t found(struct mem *m, uint64_t base, unsigned int boots)
{
	struct acrn_opts o = { .cpus = { 3, 3, 3 },
			       .boots = boots,
			       .region = REGION,
			       .base = base,
			       .messages = { 400, 400, 400 },
			       .seed = 5 };
	struct acrn_model *model = acrn_model_run(&o);
	struct memlog_image *image;
	struct memlog_logs *logs;
	size_t i, n, current = 0;

	assert_non_null(model);
	memcpy(mem_add(m, base, REGION), model->region, REGION);
	image = mem_image(m, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &likely, &logs, NULL, NULL),
			 MEMLOG_OK);
	n = memlog_logs_count(logs);
	for (i = 0; i < n; i++) {
		assert_int_equal(memlog_logs_get(logs, i)->n_extents, 3);
		current += memlog_logs_get(logs, i)->state ==
			   MEMLOG_STATE_CURRENT;
	}
	assert_int_equal(current, n > 0);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	acrn_model_free(model);
	mem_free(m);
	return n;
}

static void known(void **state)
{
	static const uint64_t at[] = { 0xe00000, 0x1fe00000, 0x6de00000 };
	struct mem m;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		m = (struct mem){ .n = 0 };
		assert_int_equal(found(&m, at[i], 1), 1);
		m = (struct mem){ .n = 0 };
		assert_int_equal(found(&m, at[i], 2), 2);
		m = (struct mem){ .n = 0 };
		assert_int_equal(found(&m, at[i], 3), 2);
	}
	m = (struct mem){ .n = 0 };
	assert_int_equal(found(&m, 0x30000000, 1), 0);
}

/* Logs, with this text at addr. */
static size_t with_text(uint64_t addr, const char *text, uint64_t base)
{
	struct mem m = { .n = 0 };
	uint8_t *low;

	low = mem_add(&m, 0x1000, 0x9e000);
	memcpy(low + (addr - 0x1000), text, strlen(text));
	return found(&m, base, 1);
}

static void command_line(void **state)
{
	const uint64_t base = 0x30000000, low = 0x90100;

	(void)state;
	assert_int_equal(with_text(low, "root=/dev/sda hvlog=2M@0x30000000 ro",
				   base),
			 1);
	/* in other words, at the ends of that memory, and after others */
	assert_int_equal(with_text(low, "hvlog=0x200000@805306368", base), 1);
	assert_int_equal(with_text(0x1000, "hvlog=2M@0x30000000", base), 1);
	assert_int_equal(with_text(0x9f000 - 19, "hvlog=2M@0x30000000", base),
			 1);
	assert_int_equal(with_text(low,
				   "hvlog=hvlog=2M@hvlog=2M@0x50000000 "
				   "hvlog=2M@0x30000000",
				   base),
			 1);
	/* only its second half has rings */
	assert_int_equal(with_text(low, "hvlog=4M@0x2fe00000", base), 1);
	/* something else, or somewhere else */
	assert_int_equal(with_text(low, "hvlog=2M", base), 0);
	assert_int_equal(with_text(low, "hvlog=2M@", base), 0);
	assert_int_equal(with_text(low, "hvlog=0@0x30000000", base), 0);
	assert_int_equal(with_text(low, "hvlog=2M@0x30000040", base), 0);
	assert_int_equal(with_text(low, "hvlog=2M@0xfffffffffff00000", base),
			 0);
	assert_int_equal(
		with_text(low, "hvlog=0xffffffffffffffff@0x30000000", base), 0);
}

/* Text that is all options costs little. */
static void planted(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	uint8_t *low;
	size_t i;

	(void)state;
	low = mem_add(&m, 0x1000, 0x9e000);
	mem_add(&m, 0x100000, 0x100000);
	for (i = 0; i + 16 <= 0x9e000; i += 16)
		memcpy(low + i, "hvlog=1@0x100000", 16);
	image = mem_image(&m, MEMLOG_PHYS);
	m.reads = 0;
	assert_int_equal(memlog_scan(image, &likely, &logs, NULL, NULL),
			 MEMLOG_OK);
	assert_int_equal(memlog_logs_count(logs), 0);
	assert_true(m.reads < 300);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

/* On a slow image that is enough: what is far below the top of low memory is not read. What
 * is read twice counts twice. */
static void slow(void **state)
{
	struct acrn_opts o = { .cpus = { 3 },
			       .boots = 1,
			       .region = REGION,
			       .base = 0xe00000,
			       .messages = { 400 },
			       .seed = 5 };
	const struct memlog_scan_opts both = { .size = sizeof(both),
					       .formats = "ovmf,acrn-log",
					       .mode = MEMLOG_SCAN_AUTO };
	struct acrn_model *model = acrn_model_run(&o);
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_image *image;
	struct memlog_logs *logs;

	(void)state;
	assert_non_null(model);
	memcpy(mem_add(&m, o.base, REGION), model->region, REGION);
	mem_add(&m, 0x40000000 - (40u << 20), 40u << 20);
	ops.flags |= MEMLOG_READER_SLOW;
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "slow", NULL,
					   &image, NULL),
			 MEMLOG_OK);
	assert_int_equal(memlog_scan(image, &both, &logs, &stats, NULL),
			 MEMLOG_OK);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_true(stats.likely_only);
	assert_true(m.bytes < 16u << 20);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	acrn_model_free(model);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow),
		cmocka_unit_test(known),
		cmocka_unit_test(command_line),
		cmocka_unit_test(planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
