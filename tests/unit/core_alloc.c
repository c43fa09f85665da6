/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_alloc.c - memory that is asked for and not used takes no pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"

#define SIZE (64u << 20)

/* Bytes of the process that are in memory. */
static uint64_t resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[200];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			break;
	fclose(f);
	assert_true(kib);
	return (uint64_t)kib << 10;
}

static void test_untouched(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	uint64_t before = resident();
	uint8_t *p = ml_calloc(&a, SIZE, 1);

	(void)state;
	assert_non_null(p);
	assert_true(!p[0] && !p[SIZE / 2] && !p[SIZE - 1]);
	assert_true(resident() < before + SIZE / 2);
	ml_free(&a, p);
}

static void test_overflow(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	void *p = ml_calloc(&a, 0, 8);

	(void)state;
	assert_null(ml_calloc(&a, SIZE_MAX / 2, 3));
	assert_non_null(p);
	ml_free(&a, p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_overflow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
