// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's ring: copies that fail say so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MEMLOG_HOST
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogRing.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogMarks.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogPrefix.c"

#define ENTRIES 8

static uint64_t from_room[512], to_room[512];

/* An empty ring with an index and that many bytes of text */
static void ring(void *room, u32 size, struct ml_ring *ret)
{
	u32 bytes = ML_RING_HEADER_WITH(ENTRIES) + size;

	assert_int_equal(ml_ring_init(room, bytes, ENTRIES, NULL), ML_RING_OK);
	assert_int_equal(ml_ring_attach(room, bytes, ret), ML_RING_OK);
}

static void append(struct ml_ring *to, const char *text)
{
	struct ml_ring_message message = { .text = text,
					   .length = (u32)strlen(text),
					   .time = 1 };

	assert_int_equal(ml_ring_append(to, &message), ML_RING_OK);
}

static u32 tail(const struct ml_ring *of)
{
	return of->header->tail.low;
}

/* Another processor has the lock of the new ring and does not release it. */
static void test_busy(void **state)
{
	struct ml_ring from, to;
	int prefixed;

	(void)state;
	for (prefixed = 0; prefixed < 2; prefixed++) {
		ring(from_room, 100, &from);
		append(&from, "one\n");
		append(&from, "two\n");
		ring(to_room, 1000, &to);
		if (prefixed)
			ml_ring_prefix(&to);
		to.header->lock.low = ML_RING_LOCK_HELD;
		assert_int_equal(ml_ring_copy(&to, &from), ML_RING_BUSY);
		assert_int_equal(tail(&to), 0);
	}
}

/* The same with text that has no entry */
static void test_busy_without_entry(void **state)
{
	struct ml_ring from, to;

	(void)state;
	ring(from_room, 100, &from);
	append(&from, "one\n");
	from.ext->count.low = 0;
	ring(to_room, 1000, &to);
	ml_ring_prefix(&to);
	to.header->lock.low = ML_RING_LOCK_HELD;
	assert_int_equal(ml_ring_copy(&to, &from), ML_RING_BUSY);
}

/* A message that does not fit is lost and counted; those around it are copied. */
static void test_too_long(void **state)
{
	static const char text[] = "[           ?] V one\n"
				   "[           ?] V two\n";
	struct ml_ring from, to;

	(void)state;
	ring(from_room, 100, &from);
	append(&from, "one\n");
	append(&from, "a\nb\nc\nd\ne\nf\ng\nh\n");
	append(&from, "two\n");
	ring(to_room, 100, &to);
	ml_ring_prefix(&to);
	assert_int_equal(ml_ring_copy(&to, &from), ML_RING_TOO_LONG);
	assert_int_equal(tail(&to), sizeof(text) - 1);
	assert_memory_equal(to.text, text, sizeof(text) - 1);
	assert_int_equal(to.ext->dropped_messages, 1);
	assert_int_equal(to.ext->dropped_bytes, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_busy_without_entry),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
