/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_answer.c - the table of exit statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "query/answer.h"

static enum memlog_exit answer(enum memlog_status status, bool printed,
			       bool damaged, bool missing, bool strict)
{
	const struct ml_answer a = {
		.status = status,
		.printed = printed,
		.damaged = damaged,
		.missing = missing,
		.strict = strict,
	};

	return ml_answer_exit(&a);
}

/* Whatever was printed: a status that stands for itself. */
static void test_status(void **state)
{
	static const enum memlog_status unreadable[] = {
		MEMLOG_LIMIT, MEMLOG_UNSUPPORTED, MEMLOG_NO_MEMORY,
		MEMLOG_IO,    MEMLOG_STOP,
	};
	unsigned int bits;
	size_t i;

	for (bits = 0; bits < 16; bits++) {
		bool b[4] = { bits & 1, bits & 2, bits & 4, bits & 8 };

		assert_int_equal(answer(MEMLOG_INVALID, b[0], b[1], b[2], b[3]),
				 MEMLOG_EXIT_USAGE);
		for (i = 0; i < sizeof(unreadable) / sizeof(*unreadable); i++)
			assert_int_equal(answer(unreadable[i], b[0], b[1], b[2],
						b[3]),
					 MEMLOG_EXIT_UNREADABLE);
	}
}

static void test_printed(void **state)
{
	assert_int_equal(answer(MEMLOG_OK, true, false, false, false),
			 MEMLOG_EXIT_PRINTED);
	assert_int_equal(answer(MEMLOG_OK, true, false, false, true),
			 MEMLOG_EXIT_PRINTED);
	assert_int_equal(answer(MEMLOG_OK, true, true, true, false),
			 MEMLOG_EXIT_PRINTED);
	assert_int_equal(answer(MEMLOG_OK, true, true, false, true),
			 MEMLOG_EXIT_INCOMPLETE);
	assert_int_equal(answer(MEMLOG_OK, true, false, true, true),
			 MEMLOG_EXIT_INCOMPLETE);
}

static void test_nothing(void **state)
{
	static const enum memlog_status none[] = { MEMLOG_OK, MEMLOG_NO_DATA,
						   MEMLOG_NOT_MINE };
	size_t i;
	int strict;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++)
		for (strict = 0; strict < 2; strict++) {
			assert_int_equal(answer(none[i], false, false, false,
						strict),
					 MEMLOG_EXIT_NONE);
			assert_int_equal(answer(none[i], false, true, false,
						strict),
					 MEMLOG_EXIT_INCOMPLETE);
			assert_int_equal(answer(none[i], false, false, true,
						strict),
					 MEMLOG_EXIT_INCOMPLETE);
		}
	assert_int_equal(answer(MEMLOG_CORRUPT, false, false, false, false),
			 MEMLOG_EXIT_INCOMPLETE);
}

static void test_failed(void **state)
{
	assert_int_equal(memlog_query_failed(NULL, NULL, MEMLOG_INVALID, NULL,
					     NULL),
			 MEMLOG_EXIT_USAGE);
	assert_int_equal(memlog_query_failed(NULL, NULL, MEMLOG_IO, NULL, NULL),
			 MEMLOG_EXIT_USAGE);
	assert_int_equal(memlog_query_failed(NULL, NULL, MEMLOG_NO_MEMORY, NULL,
					     NULL),
			 MEMLOG_EXIT_UNREADABLE);
	assert_int_equal(memlog_query_failed(NULL, "x", MEMLOG_INVALID, NULL,
					     NULL),
			 MEMLOG_EXIT_USAGE);
	assert_int_equal(memlog_query_failed(NULL, "x", MEMLOG_NOT_MINE, NULL,
					     NULL),
			 MEMLOG_EXIT_UNREADABLE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
