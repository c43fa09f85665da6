// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two processors write to one ring: every accepted message stands there whole
 * and once, in its writer's order. Built with ThreadSanitizer too.
 */
#include <setjmp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MEMLOG_HOST
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogRing.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogMarks.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogPrefix.c"

#define WRITERS	      2
#define MESSAGES      20000
#define MESSAGE_BYTES 8 /* "A00000\r\n" */
#define WHOLE	      (WRITERS * MESSAGES * MESSAGE_BYTES)

struct writer {
	pthread_t thread;
	pthread_barrier_t *start;
	void *base;
	u32 limit;
	char name;
	u32 accepted;
	u8 taken[MESSAGES];
};

static void *write_all(void *arg)
{
	struct writer *writer = arg;
	char text[MESSAGE_BYTES + 1];
	struct ml_ring_message message = {
		.text = text,
		.length = MESSAGE_BYTES,
		.caller = writer->name,
	};
	struct ml_ring ring;
	u32 i;

	pthread_barrier_wait(writer->start);
	for (i = 0; i < MESSAGES; i++) {
		snprintf(text, sizeof(text), "%c%05u\r\n", writer->name, i);
		message.time = i + 1;
		/* as the firmware does it: attach anew for each message */
		if (ml_ring_attach(writer->base, writer->limit, &ring) !=
		    ML_RING_OK)
			return NULL;
		if (ml_ring_append(&ring, &message) == ML_RING_OK) {
			writer->taken[i] = 1;
			writer->accepted++;
		}
	}
	return writer;
}

static struct writer writers[WRITERS];

static void run_writers(void *base, u32 limit)
{
	pthread_barrier_t start;
	void *ret;
	int i;

	memset(writers, 0, sizeof(writers));
	pthread_barrier_init(&start, NULL, WRITERS);
	for (i = 0; i < WRITERS; i++) {
		writers[i].start = &start;
		writers[i].base = base;
		writers[i].limit = limit;
		writers[i].name = 'A' + i;
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
						write_all, &writers[i]),
				 0);
	}
	for (i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(writers[i].thread, &ret), 0);
		assert_non_null(ret);
		assert_true(writers[i].accepted > 0);
	}
	pthread_barrier_destroy(&start);
}

/* Whole messages, each accepted by the ring, rising for each writer. */
static u32 check_text(const u8 *text, u32 length)
{
	int last[WRITERS] = { -1, -1 };
	u32 count = 0, number;
	char name, line[MESSAGE_BYTES + 1] = "";
	int used;

	for (; length >= MESSAGE_BYTES; length -= MESSAGE_BYTES) {
		memcpy(line, text, MESSAGE_BYTES);
		used = 0;
		assert_int_equal(
			sscanf(line, "%c%5u\r\n%n", &name, &number, &used), 2);
		assert_int_equal(used, MESSAGE_BYTES);
		assert_in_range(name, 'A', 'A' + WRITERS - 1);
		assert_true((int)number > last[name - 'A']);
		assert_int_equal(writers[name - 'A'].taken[number], 1);
		last[name - 'A'] = number;
		text += MESSAGE_BYTES;
		count++;
	}
	assert_int_equal(length, 0);
	return count;
}

/* Every entry is right, and describes the message at its position. */
static void check_entries(void *base, u32 limit, u32 accepted)
{
	const struct ml_ring_entry *entry;
	struct ml_ring ring;
	u32 number, position = 0;
	const u8 *text;

	assert_int_equal(ml_ring_attach(base, limit, &ring), ML_RING_OK);
	assert_int_equal(ring.ext->total.low, accepted * MESSAGE_BYTES);
	assert_int_equal(ring.ext->count.low, accepted);
	assert_int_equal(ring.ext->dropped_messages,
			 WRITERS * MESSAGES - accepted);
	assert_int_equal(ring.ext->dropped_bytes,
			 (WRITERS * MESSAGES - accepted) * MESSAGE_BYTES);
	for (number = accepted > ring.entries ? accepted - ring.entries : 0;
	     number < accepted; number++) {
		entry = &ring.index[number % ring.entries];
		assert_int_equal(entry->check, check_of(entry, number));
		assert_int_equal(entry->length, MESSAGE_BYTES);
		if (position)
			assert_int_equal(entry->position, position);
		position = entry->position + MESSAGE_BYTES;
		if (accepted * MESSAGE_BYTES - entry->position >= ring.size)
			continue;
		text = ring.text + entry->position % ring.size;
		assert_int_equal(text[0], entry->caller);
		if (entry->position % ring.size + MESSAGE_BYTES < ring.size)
			assert_int_equal(atoi((const char *)text + 1) + 1,
					 entry->time.low);
	}
}

static void test_all_of_it(void **state)
{
	const u32 entries = 65536;
	const u32 bytes = ML_RING_HEADER_WITH(entries) + WHOLE + 1;
	struct ml_ring_header *header = aligned_alloc(64, (bytes + 63) & ~63U);
	u32 accepted;

	(void)state;
	assert_non_null(header);
	ml_ring_init(header, bytes, entries, NULL);
	run_writers(header, bytes);
	accepted = writers[0].accepted + writers[1].accepted;
	assert_int_equal(header->lock.low, ML_RING_LOCK_FREE);
	assert_int_equal(header->head.low, 0);
	assert_int_equal(header->truncated.low, 0);
	assert_int_equal(header->tail.low, accepted * MESSAGE_BYTES);
	assert_int_equal(check_text((u8 *)header + header->header_size.low,
				    header->tail.low),
			 accepted);
	check_entries(header, bytes, accepted);
	free(header);
}

static void test_wrapping(void **state)
{
	const u32 entries = 64, size = 3904;
	const u32 bytes = ML_RING_HEADER_WITH(entries) + size;
	struct ml_ring_header *header = aligned_alloc(64, bytes);
	u8 *text, *flat;
	u32 head, tail, skip;

	(void)state;
	assert_non_null(header);
	ml_ring_init(header, bytes, entries, NULL);
	run_writers(header, bytes);
	check_entries(header, bytes, writers[0].accepted + writers[1].accepted);
	text = (u8 *)header + header->header_size.low;
	head = header->head.low;
	tail = header->tail.low;
	assert_int_equal(header->truncated.low, 1);
	assert_int_equal(head, (tail + 1) % size);
	flat = malloc(2 * size);
	assert_non_null(flat);
	memcpy(flat, text + head, size - head);
	memcpy(flat + size - head, text, tail);
	/* 3904 is a multiple of 8: what is not there is the first byte */
	skip = (size - 1) % MESSAGE_BYTES;
	if (head == 0)
		skip = tail % MESSAGE_BYTES;
	check_text(flat + skip, (head ? size - 1 : tail) - skip);
	free(flat);
	free(header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_it),
		cmocka_unit_test(test_wrapping),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
