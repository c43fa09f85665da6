/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Planted headers: logs of one format that overlap are not printed again and again, what is
 * searched around one format's logs does not keep others from being found, and what was left
 * out is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "format/format.h"
#include "format/formats.h"
#include "format/ftrace/ftrace.h"
#include "format/hyp/hyp.h"
#include "image/image.h"
#include "libmem.h"
#include "libquery.h"
#include "libramoops.h"
#include "scan/job.h"

#define PAGE   4096u
#define FAR    0x10000000u
#define PIECES 512u

/* A page that is a table of boot times as long as len, and, for one before, records. */
static void put_table(uint8_t *p, uint32_t len)
{
	size_t at;

	memcpy(p, "FBPT", 4);
	put32(p + 4, len);
	put16(p + 8, 2); /* the record of a boot */
	p[10] = 48;
	p[11] = 2;
	for (at = 16; at < 56; at += 8)
		put64(p + at, at);
	for (at = 56; at < PAGE; at += 4) {
		put16(p + at, 0x4000);
		p[at + 2] = 4;
		p[at + 3] = 1;
	}
}

/* Each page starts a table up to the end of memory. */
static void tables_overlap(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .formats = "fpdt" };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_logs *logs;
	const struct memlog_log *log = NULL;
	struct memlog_image *image;
	struct mem mem = { .n = 0 };
	uint64_t bytes = 0;
	uint8_t *p;
	size_t i;

	(void)state;
	p = mem_add(&mem, 0, PIECES * PAGE);
	for (i = 0; i < PIECES; i++)
		put_table(p + i * PAGE, (uint32_t)((PIECES - i) * PAGE));
	put_table(mem_add(&mem, FAR, PAGE), PAGE);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &opts, &logs, &stats, NULL), 0);
	for (i = 0; i < memlog_logs_count(logs); i++) {
		log = memlog_logs_get(logs, i);
		bytes += log->extents[0].len;
	}
	assert_true(i > 2);
	assert_true(bytes <=
		    PIECES * PAGE + ML_REPEATS * ML_OVERLAP_LEAST + PAGE);
	/* one that overlaps no other is there all the same */
	assert_int_equal(log->extents[0].addr, FAR);
	assert_false(stats.complete);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "fpdt: too many places look like its logs"));
	memlog_logs_destroy(logs);
	/* tables of which two overlap are none too many */
	memset(p, 0, PIECES * PAGE);
	put_table(p, 2 * PAGE);
	put_table(p + PAGE, PAGE);
	assert_int_equal(memlog_scan(image, &opts, &logs, &stats, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 3);
	assert_true(stats.complete);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

/* A descriptor of pKVM's trace for one CPU, all of whose pages are the same one. */
static void put_trace(uint8_t *p, uint32_t pages)
{
	const uint64_t direct = UINT64_C(0xffff000000000000);
	const uint32_t size = 65536, at = PIECES * PAGE - size;
	uint32_t i;

	put32(p + PAGE, size);
	put32(p + PAGE + 12, pages);
	put64(p + PAGE + 40, 100000);
	put64(p + PAGE + 72, 10);
	p += 2 * PAGE;
	put32(p, 1);
	put32(p + 20, pages);
	put64(p + 24, direct + PAGE);
	for (i = 0; i < pages; i++)
		put64(p + 32 + 8 * i, direct + at);
	p += at - 2 * PAGE;
	put64(p, 1000);
	put64(p + 8, size - 16);
	for (i = 16; i < size; i += 8) {
		put32(p + i, 1 << 5 | 1);
		put16(p + i + 4, 1);
	}
}

/* Nothing is left of it, but that there is no log is not said. */
static void one_page_again(void **state)
{
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&mem, 0, PIECES * PAGE);

	(void)state;
	put_trace(p, 4);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(query_run(image, "--list -F hyp-trace"), 0);
	assert_int_equal(query_result.exit, MEMLOG_EXIT_PRINTED);
	put_trace(p, 4096);
	query_run(image, "-F hyp-trace");
	assert_int_equal(query_result.exit, MEMLOG_EXIT_INCOMPLETE);
	assert_true(query_was_said(
		"hyp-trace: too many places look like its logs"));
	assert_true(query_was_said("no log found in the 2.0 MiB of phys memory "
				   "that were searched"));
	assert_true(query_was_said(
		"incomplete: not every place that looks like a log was searched"));
	query_run(image, "--signature -F hyp-trace");
	assert_non_null(strstr(sink.text, "no log: not all was searched"));
	query_run(image, "--at 0x1000 -F hyp-trace");
	assert_true(query_was_said(
		"hyp-trace: too many places look like its logs"));
	/* each query has an answer of its own */
	put_trace(p, 4);
	query_run(image, "--strict -q -F hyp-trace");
	assert_int_equal(query_result.exit, MEMLOG_EXIT_PRINTED);
	memlog_image_close(image);
	mem_free(&mem);
}

/* expand() of a format may search so much, and then says that it did not. */
static void limit_around(void **state)
{
	struct memlog_logs logs = { .count = 0 };
	struct mem mem = { .n = 0 };
	struct memlog_image *image;

	(void)state;
	mem_add(&mem, 0, PAGE);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_true(
		ml_logs_look_around(&logs, image, "opal", ML_MAX_AROUND - 1));
	assert_true(ml_logs_look_around(&logs, image, "opal", 1));
	assert_int_equal(image->n_curtailed, 0);
	assert_false(ml_logs_look_around(&logs, image, "opal", 1));
	assert_int_equal(image->n_curtailed, 1);
	assert_string_equal(image->curtailed[0], "opal");
	/* said at the end of a search, if it is still so */
	assert_null(memlog_image_warning(image, 0));
	ml_curtail_warn(image);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "opal: too many places"));
	assert_null(memlog_image_warning(image, 1));
	memlog_image_close(image);
	mem_free(&mem);
}

/* What expand() of the last log's format has searched around. */
static uint64_t around_of(struct mem *mem)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_image *image = mem_image(mem, MEMLOG_PHYS);
	struct memlog_logs *logs;
	uint64_t ret;

	assert_int_equal(memlog_scan(image, &opts, &logs, NULL, NULL), 0);
	ret = logs->around;
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	return ret;
}

/* What one format has searched does not count for others. */
static void formats_apart(void **state)
{
	struct mem trace = { .n = 0 };
	uint64_t around;

	put_trace(mem_add(&trace, 0, PIECES * PAGE), 4);
	assert_true(around_of(&trace) > 0);
	mem_free(&trace);
	oops_setup(state);
	oops_lay_small();
	around = around_of(&oops_mem);
	assert_true(around > 0);
	put_trace(mem_add(&oops_mem, 0, PIECES * PAGE), 4);
	assert_int_equal(around_of(&oops_mem), around);
	oops_teardown(state);
}

/* Logs of one kernel have its names in common, as often as there are logs; pages with text
 * are in one of them. */
static void names_in_common(void **state)
{
	const struct ml_format *fmt = ml_format_find("ftrace");
	struct memlog_extent e = { .addr = PAGE, .len = 1 << 20, .cpu = -1 };
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	struct ml_scan_job job;
	unsigned int i;

	(void)state;
	mem_add(&mem, 0, PAGE);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(ml_scan_job_init(&job, image, &opts, NULL), 0);
	assert_int_equal(ml_places_add(&job.places, fmt, e.space, e.addr, e.len,
				       NULL),
			 0);
	e.role = FTRACE_ROLE_KERNEL;
	for (i = 0; i < 100; i++)
		assert_int_equal(ml_scan_add_place(&job, fmt, &e, NULL), 0);
	assert_int_equal(image->n_curtailed, 0);
	assert_int_equal(job.places.n, 1);
	e.role = FTRACE_ROLE_PAGE;
	for (i = 0; i < 100 && ml_scan_may_overlap(&job, fmt, &e); i++)
		;
	assert_int_equal(i, ML_REPEATS * ML_OVERLAP_LEAST / e.len);
	assert_int_equal(image->n_curtailed, 1);
	assert_string_equal(image->curtailed[0], fmt->name);
	memlog_logs_destroy(job.logs);
	ml_scan_job_fini(&job);
	memlog_image_close(image);
	mem_free(&mem);
}

/* A page of any guest may look like one of pKVM's trace. If there are many, and not all of
 * memory was searched for what points to them, that is said. */
static void stray_pages(void **state)
{
	struct memlog_logs logs = { .sought = ML_MAX_AROUND };
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	struct hyp h = { .gen = HYP_MAINLINE };
	unsigned int i;

	(void)state;
	mem_add(&mem, 0, PAGE);
	image = mem_image(&mem, MEMLOG_PHYS);
	for (i = 0; i < ML_HYP_STRAYS; i++)
		assert_false(ml_hyp_meta_find(&logs, image, &h, 0));
	assert_int_equal(image->n_curtailed, 0);
	assert_false(ml_hyp_meta_find(&logs, image, &h, 0));
	assert_int_equal(image->n_curtailed, 1);
	assert_string_equal(image->curtailed[0], "hyp-trace");
	/* there is as much as before for what belongs to a log */
	assert_int_equal(logs.around, 0);
	memlog_image_close(image);
	mem_free(&mem);
	/* what others have used up hides no trace whose descriptor is beside its page */
	put_trace(mem_add(&mem, 0, PIECES * PAGE), 4);
	image = mem_image(&mem, MEMLOG_PHYS);
	logs.strays = 1;
	assert_true(ml_hyp_meta_find(&logs, image, &h, PAGE));
	memlog_image_close(image);
	mem_free(&mem);
}

/* The start of a ring of ACRN of 4 MiB, with a message. */
static void put_ring(uint8_t *p, unsigned int cpu)
{
	put64(p, UINT64_C(0x5aa57aa71aa13aa3));
	put32(p + 8, 52428);
	put32(p + 12, 80);
	put32(p + 20, 80);
	put32(p + 36, 52428 * 80);
	snprintf((char *)p + 64, 80,
		 "[%uus][cpu=%u][vm0:vcpu0][sev=4][seq=%u]:hello\r\n",
		 1000 + cpu, cpu, cpu + 1);
}

/* More buffers than may be searched around: the rings of each are put together all the same,
 * and that not all was searched is said. */
static void many_buffers(void **state)
{
	enum { BUFFERS = 16, RINGS = 4 };
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .formats = "acrn-log" };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_logs *logs;
	struct memlog_image *image;
	struct mem mem = { .n = 0 };
	uint64_t at;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < BUFFERS; i++) {
		at = (i + UINT64_C(1)) << 26;
		for (k = 0; k < RINGS; k++)
			put_ring(mem_add(&mem, at + (k << 22), PAGE), k);
	}
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &opts, &logs, &stats, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), BUFFERS);
	for (i = 0; i < BUFFERS; i++)
		assert_int_equal(memlog_logs_get(logs, i)->n_extents, RINGS);
	assert_false(stats.complete);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "acrn-log: too many places look like its logs"));
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_overlap),
		cmocka_unit_test(one_page_again),
		cmocka_unit_test(limit_around),
		cmocka_unit_test(formats_apart),
		cmocka_unit_test(names_in_common),
		cmocka_unit_test(stray_pages),
		cmocka_unit_test(many_buffers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
