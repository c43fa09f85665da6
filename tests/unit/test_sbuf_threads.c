// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * A producer and a consumer on two threads: without overwriting every element
 * that was accepted arrives once, whole and in order; with overwriting every
 * element either arrives or is counted. Built with ThreadSanitizer too.
 */
#include <setjmp.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../firmware/sbuf/sbuf.c"

#define ELEMENTS 60000u
#define SLOT	 32u

struct run {
	_Alignas(64) uint8_t mem[SBUF_HEADER_BYTES + 8 * SLOT];
	struct sbuf_lock lock;
	uint32_t flags;
	uint32_t accepted, dropped, done;
	uint8_t taken[ELEMENTS];
};

/* Every word of an element holds its number, so that a torn one shows. */
static void fill(uint32_t *words, size_t n, uint32_t number)
{
	while (n--)
		*words++ = number;
}

static void *produce(void *arg)
{
	struct run *run = arg;
	struct sbuf_ring ring;
	uint32_t words[3 * SLOT / 4], i;
	size_t slots;

	if (sbuf_ring_attach(run->mem, sizeof(run->mem), &run->lock, &ring))
		return NULL;
	for (i = 0; i < ELEMENTS; i++) {
		slots = i % 5 ? 1 : 3;
		fill(words, sizeof(words) / sizeof(words[0]), i);
		if (sbuf_ring_put_many(&ring, words, slots * SLOT)) {
			run->dropped++;
			sched_yield();
			continue;
		}
		run->taken[i] = (uint8_t)slots;
		run->accepted += (uint32_t)slots;
	}
	__atomic_store_n(&run->done, 1, __ATOMIC_RELEASE);
	return run;
}

/* Takes everything; returns how many elements, or UINT32_MAX for a torn one or
 * one out of order. */
static uint32_t consume(struct run *run, uint8_t *seen)
{
	struct sbuf_ring ring;
	uint32_t words[SLOT / 4], n = 0, last = 0, i, done;

	if (sbuf_ring_attach(run->mem, sizeof(run->mem), &run->lock, &ring))
		return UINT32_MAX;
	for (;;) {
		done = __atomic_load_n(&run->done, __ATOMIC_ACQUIRE);
		if (sbuf_ring_get(&ring, words, sizeof(words))) {
			if (done)
				return n;
			sched_yield();
			continue;
		}
		for (i = 1; i < SLOT / 4; i++)
			if (words[i] != words[0])
				return UINT32_MAX;
		if (words[0] >= ELEMENTS || words[0] < last)
			return UINT32_MAX;
		last = words[0];
		seen[last]++;
		n++;
	}
}

static struct run run;
static uint8_t seen[ELEMENTS];

static uint32_t go(uint32_t flags)
{
	struct sbuf_ring ring;
	pthread_t thread;
	uint32_t n;
	void *ret;

	memset(&run, 0, sizeof(run));
	memset(seen, 0, sizeof(seen));
	assert_int_equal(sbuf_ring_init(run.mem, sizeof(run.mem), SLOT, flags,
					&run.lock, &ring),
			 SBUF_OK);
	assert_int_equal(pthread_create(&thread, NULL, produce, &run), 0);
	n = consume(&run, seen);
	pthread_join(thread, &ret);
	assert_non_null(ret);
	assert_int_not_equal(n, UINT32_MAX);
	return n;
}

static void test_nothing_lost_nothing_torn(void **state)
{
	uint32_t n = go(0), i;

	assert_int_equal(n, run.accepted);
	for (i = 0; i < ELEMENTS; i++)
		assert_int_equal(seen[i], run.taken[i]);
}

static void test_overwriting_counts_what_it_loses(void **state)
{
	uint32_t n = go(SBUF_OVERWRITE | SBUF_COUNT_OVERRUN), lost;
	struct sbuf_ring ring;

	assert_int_equal(sbuf_ring_attach(run.mem, sizeof(run.mem), &run.lock,
					  &ring),
			 SBUF_OK);
	lost = sbuf_ring_overrun(&ring);
	assert_int_equal(run.dropped, 0);
	assert_int_equal(n + lost, run.accepted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_lost_nothing_torn),
		cmocka_unit_test(test_overwriting_counts_what_it_loses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
