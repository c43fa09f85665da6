/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitors write: text in base64, and memory in a file. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef HAVE_JSON_C
int main(void)
{
	puts("1..1\nok 1 - qmp # SKIP built without json-c");
	return 0;
}
#else
#include "image/ext/live.h"
#include "image/ext/qmp.h"
#include "image/ext/qmp_save.h"

static void test_base64(void **state)
{
	static const struct {
		const char *in, *out;
	} good[] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "+/+/", "\xfb\xff\xbf" },
	};
	static const char *const bad[] = { "Z",	   "Zg",     "Zg=",  "Zg===",
					   "Z=g=", "Zm9v\n", "====", "=" };
	uint8_t buf[16];
	size_t i, n;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(
			ml_unbase64(good[i].in, strlen(good[i].in), buf, &n));
		assert_int_equal(n, strlen(good[i].out));
		assert_memory_equal(buf, good[i].out, n);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ml_unbase64(bad[i], strlen(bad[i]), buf, &n));
}

/* ---- the file that QEMU writes to ---- */

static unsigned int allocs_left;

static void *few_alloc(void *self, size_t size)
{
	(void)self;
	return allocs_left ? allocs_left--, malloc(size) : NULL;
}

static void few_release(void *self, void *p)
{
	(void)self;
	free(p);
}

/* Without memory: that is said, whatever errno was, and nothing is left. */
static void test_save_no_memory(void **state)
{
	char dir[] = "/tmp/memlog-save-XXXXXX";
	struct memlog_err err;
	struct ml_qmp_save s;
	struct ml_qmp q = { .alloc = { few_alloc, few_release, NULL },
			    .fd = -1 };
	unsigned int n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (n = 0; n < 2; n++) {
		allocs_left = n;
		errno = ENOENT;
		assert_int_equal(ml_qmp_save_init(&s, &q, dir, &err),
				 MEMLOG_NO_MEMORY);
		assert_int_equal(err.sys, ENOMEM);
	}
	assert_int_equal(rmdir(dir), 0);
}

/* A file that cannot be emptied: an error, and no memory lost. */
static void test_save_no_file(void **state)
{
	struct ml_qmp q = { .alloc = ml_allocator(NULL), .fd = -1 };
	struct ml_qmp_save s = { .q = &q, .fd = -1 };
	struct memlog_err err;
	size_t before, i;

	(void)state;
	before = mallinfo2().uordblks;
	for (i = 0; i < 1000; i++)
		assert_int_equal(ml_qmp_save_range(&s, 0, 4096, &err),
				 MEMLOG_IO);
	assert_true(mallinfo2().uordblks <= before + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_save_no_memory),
		cmocka_unit_test(test_save_no_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
