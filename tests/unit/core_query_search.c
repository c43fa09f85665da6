/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a query says of a search that finds nothing, fails or is stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "libmem.h"
#include "libquery.h"
#include "query/query.h"

static void no_log(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	char opt[64];
	size_t i, k;

	mem_add(&m, 0x100000, 0x200000);
	mem_add(&m, 0x1000000, 0x100000);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, ""), MEMLOG_NO_DATA);
	assert_string_equal(sink.text, "");
	assert_true(
		query_was_said("0 no log found: all 3.0 MiB of phys memory, "
			       "2 ranges, was searched"));
	assert_true(query_was_said("System RAM"));
	assert_true(query_was_said("DEBUG_TO_MEM"));
	assert_true(query_was_said("SEV, TDX"));
	assert_int_equal(query_run(image, "--scan=likely"), MEMLOG_NO_DATA);
	assert_true(query_was_said("--scan=pages"));
	assert_int_equal(query_run(image, "--list"), MEMLOG_NO_DATA);
	assert_string_equal(sink.text, "");
	/* advice is about what was looked for */
	assert_int_equal(query_run(image, "-F xencons"), MEMLOG_NO_DATA);
	assert_true(query_was_said("searched for xencons only"));
	assert_false(query_was_said("OVMF"));
	assert_int_equal(query_run(image, "--stats irq"), MEMLOG_NO_DATA);
	assert_true(query_was_said("searched for acrn-trace only"));
	assert_false(query_was_said("OVMF"));
	assert_int_equal(query_run(image, "-F ovmf,xencons"), MEMLOG_NO_DATA);
	assert_true(query_was_said("OVMF"));
	/* the words of those formats alone that were asked for, or expected */
	for (i = 0; ml_formats[i]; i++) {
		snprintf(opt, sizeof(opt), "-F %s", ml_formats[i]->name);
		assert_int_equal(query_run(image, opt), MEMLOG_NO_DATA);
		for (k = 0; ml_formats[k]; k++)
			assert_int_equal(
				query_was_said(ml_formats[k]->say.absent),
				k == i);
	}
	assert_int_equal(query_run(image, ""), MEMLOG_NO_DATA);
	assert_false(query_was_said("Xen"));
	image->xen_guest = true;
	assert_int_equal(query_run(image, ""), MEMLOG_NO_DATA);
	assert_true(query_was_said("only guests of Xen"));
	assert_true(query_was_said("OVMF"));
	/* a range where there is nothing is not a range without a log */
	assert_int_equal(query_run(image, "--range 0-4K"), MEMLOG_NO_DATA);
	assert_true(query_was_said("has no memory in --range"));
	assert_int_equal(query_run(image, "--range mach:1M-2M"),
			 MEMLOG_INVALID);
	assert_int_equal(query_result.exit, MEMLOG_EXIT_USAGE);
	assert_string_equal(query_err.text,
			    "--range: the image has no mach addresses");
	memlog_image_close(image);
	mem_free(&m);
}

/* The page at 1 MiB is there, and cannot be read. */
static enum memlog_status unread(void *self, uint64_t addr, void *buf,
				 size_t len, size_t *ret,
				 struct memlog_err *err)
{
	*ret = 0;
	if (addr >= 0x100000 && addr < 0x101000)
		return MEMLOG_NO_DATA;
	if (addr < 0x100000 && len > 0x100000 - addr)
		len = 0x100000 - addr;
	return mem_ops.read(self, addr, buf, len, ret, err);
}

static void no_log_unread(void **state)
{
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_image *image;

	mem_add(&m, 0, 0x200000);
	ops.read = unread;
	ops.map = NULL;
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "bad", NULL,
					   &image, &query_err),
			 0);
	query_run(image, "--scan=exhaustive");
	assert_true(
		query_was_said("all but 4096 bytes of 2097152 bytes of phys "
			       "memory was searched"));
	memlog_image_close(image);
	mem_free(&m);
}

/* What there is from 64 MiB on cannot be found out. */
static enum memlog_status late(void *self, uint64_t addr,
			       struct memlog_range *ret, struct memlog_err *err)
{
	if (addr >= 0x4000000)
		return ml_fail(err, MEMLOG_IO, "the disk is gone");
	*ret = (struct memlog_range){ addr, 0x4000000 };
	return MEMLOG_OK;
}

/* What was found before the search failed is printed. That it failed is an error, and the
 * status; that it met a limit is a warning. */
static void ended_early(void **state)
{
	static const char first[] = "the first log\r\n";
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x4000000);
	uint8_t *far = mem_add(&m, 0x200000000, 0x10000);

	query_put_log(p + 0x3cb3000, 0x2000, first);
	query_put_log(far, 0x2000, "the second\r\n");
	ops.next_data = late;
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "late", NULL,
					   &image, &query_err),
			 0);
	assert_int_equal(query_run(image, "-a --scan=pages"), MEMLOG_IO);
	assert_string_equal(sink.text, "the first log\n");
	assert_true(query_was_said("0 the search ended early: "));
	assert_true(query_was_said("the disk is gone"));
	assert_false(query_was_said("1 the search ended early: "));
	assert_non_null(strstr(query_err.text, "the disk is gone"));
	assert_int_equal(query_result.exit, MEMLOG_EXIT_UNREADABLE);
	memlog_image_close(image);

	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, "-a --scan=pages --limit logs=1"),
			 MEMLOG_OK);
	assert_string_equal(sink.text, "the first log\n");
	assert_true(query_was_said("1 the search ended early: "));
	assert_false(query_was_said("0 "));
	assert_int_equal(query_run(image, "-a --scan=pages"), MEMLOG_OK);
	assert_false(query_was_said("ended early"));
	assert_non_null(strstr(sink.text, "the second\n"));

	/* without any log the failure is all that there is to say */
	memset(p, 0, 0x4000000);
	memlog_image_close(image);
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "late", NULL,
					   &image, &query_err),
			 0);
	assert_int_equal(query_run(image, "-a --scan=pages"), MEMLOG_IO);
	assert_int_equal(sink.len, 0);
	assert_false(query_was_said("ended early"));
	assert_non_null(strstr(query_err.text, "the disk is gone"));
	memlog_image_close(image);
	mem_free(&m);
}

/* Stop at every place where it may be asked to, and full sinks of every size:
 * what came out before is right, and nothing leaks. */
static void stopped(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x4000000);
	static const char whole[] = "one\ntwo\nthree\n";
	enum memlog_status s;

	query_put_log(p + 0x3cb3000, 0x2000, "one\r\ntwo\r\nthree\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	for (query_stop_at = 1;; query_stop_at++) {
		query_polls = 0;
		s = query_run(image, "");
		assert_memory_equal(sink.text, whole, sink.len);
		if (!s)
			break;
		assert_int_equal(s, MEMLOG_STOP);
	}
	assert_true(query_stop_at >= 4);
	query_stop_at = 0;
	for (sink.fail_after = 1; sink.fail_after < sizeof(whole) - 1;
	     sink.fail_after++) {
		assert_int_equal(query_run(image, ""), MEMLOG_IO);
		assert_string_equal(query_err.text, "full");
	}
	/* at any byte of the objects, the image's too; the sink need not say why */
	sink.fail_after = 0;
	assert_int_equal(query_run(image, "-J"), MEMLOG_OK);
	sink.silent = true;
	for (sink.fail_after = sink.len - 8; sink.fail_after;
	     sink.fail_after--) {
		assert_int_equal(query_run(image, "-J"), MEMLOG_IO);
		assert_int_equal(query_result.exit, MEMLOG_EXIT_UNREADABLE);
	}
	sink.silent = false;
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_log),
		cmocka_unit_test(no_log_unread),
		cmocka_unit_test(ended_early),
		cmocka_unit_test(stopped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
