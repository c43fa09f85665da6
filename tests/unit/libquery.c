/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libquery.c - queries for tests. */
#include "libquery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct memlog_query *query_new(void)
{
	struct memlog_query *q;

	assert_int_equal(memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q,
					     NULL),
			 MEMLOG_OK);
	return q;
}
