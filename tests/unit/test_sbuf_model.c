// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Every interleaving of a producer and a consumer on a small ring, and what a
 * single thread can ask of it.
 *
 * sbuf.c is compiled with access macros that hand control to a scheduler before
 * each access to shared memory. A copy is two accesses, so that torn elements
 * would show. The search replays prefixes of schedules and stops where shared
 * memory and what both sides have seen are as they were before.
 *
 * With late_copy set, copies into the ring take effect after the store that
 * publishes them, as a ring without ordering would do it on a weaker machine:
 * the checker must object, or it checks nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <cmocka.h>

static uint32_t model_load(const uint32_t *p);
static void model_store(uint32_t *p, uint32_t v);
static uint32_t model_swap(uint32_t *p, uint32_t v);
static void model_copy(void *to, const void *from, size_t n);
static void model_relax(void);

#define SBUF_LOAD(p)	   model_load(p)
#define SBUF_STORE(p, v)   model_store((p), (v))
#define SBUF_SWAP(p, v)	   model_swap((p), (v))
#define SBUF_COPY(d, s, n) model_copy((d), (s), (n))
#define SBUF_RELAX()	   model_relax()
#include "../../firmware/sbuf/sbuf.c"

#define SLOT	  8u
#define SLOTS	  3u
#define STEPS_MAX 200u
#define GETS	  6u
#define VISITED	  (1u << 20)

/* ---- what runs -------------------------------------------------------- */

static struct {
	_Alignas(64) uint8_t mem[SBUF_HEADER_BYTES + SLOTS * SLOT];
	struct sbuf_lock lock;
} shared;

static struct {
	uint32_t flags;
	uint32_t messages[4]; /* slots of each, ended by 0 */
	int late_copy;
} plan;

struct side {
	ucontext_t context;
	char stack[32768];
	int done, spinning;
	uint64_t history; /* of all that it has read */
};

static struct side sides[2];
static ucontext_t scheduler;
static int running = -1; /* no scheduler: plain accesses */

static struct {
	uint32_t accepted[16], n_accepted;
	uint32_t got[16], n_got;
	int torn;
} result;

static struct {
	void *to;
	uint8_t bytes[SLOT];
	size_t n;
} late;

static void remember(uint64_t v)
{
	struct side *side;

	if (running < 0)
		return;
	side = &sides[running];
	side->history = (side->history ^ v) * 0x9e3779b97f4a7c15ull;
	side->history ^= side->history >> 29;
}

/* Wait for a turn; where a side waits is part of its state. */
static void step(void)
{
	remember(0x300000000ull);
	if (running >= 0)
		swapcontext(&sides[running].context, &scheduler);
}

static uint32_t model_load(const uint32_t *p)
{
	step();
	remember(*p);
	return *p;
}

static void model_store(uint32_t *p, uint32_t v)
{
	step();
	remember(0x100000000ull | v);
	*p = v;
	if (plan.late_copy && late.n) {
		step();
		memcpy(late.to, late.bytes, late.n);
		late.n = 0;
	}
}

static uint32_t model_swap(uint32_t *p, uint32_t v)
{
	uint64_t history = running < 0 ? 0 : sides[running].history;
	uint32_t old;

	step();
	old = *p;
	*p = v;
	/* a try that failed leaves the side where it was */
	if (old && running >= 0)
		sides[running].history = history;
	return old;
}

static int in_ring(const void *p)
{
	return (const uint8_t *)p >= shared.mem &&
	       (const uint8_t *)p < shared.mem + sizeof(shared.mem);
}

static void model_copy(void *to, const void *from, size_t n)
{
	if (running >= 0 && plan.late_copy && in_ring(to)) {
		late.to = to;
		late.n = n;
		memcpy(late.bytes, from, n);
		return;
	}
	step();
	memcpy(to, from, n / 2);
	remember(0x200000000ull + n);
	step();
	memcpy((uint8_t *)to + n / 2, (const uint8_t *)from + n / 2, n - n / 2);
	if (!in_ring(to) && n == SLOT) {
		uint64_t v;

		memcpy(&v, to, sizeof(v));
		remember(v);
	}
}

/* Waiting for a lock: the other side must move first. */
static void model_relax(void)
{
	if (running < 0)
		return;
	sides[running].spinning = 1;
	swapcontext(&sides[running].context, &scheduler);
}

static void producer(void)
{
	struct sbuf_ring ring;
	uint32_t words[3 * SLOT / 4], i, k, number = 0;

	sbuf_ring_attach(shared.mem, sizeof(shared.mem), &shared.lock, &ring);
	for (i = 0; plan.messages[i]; i++) {
		for (k = 0; k < plan.messages[i]; k++)
			words[2 * k] = words[2 * k + 1] = ++number;
		if (!sbuf_ring_put_many(&ring, words,
					(size_t)plan.messages[i] * SLOT))
			for (k = plan.messages[i]; k--;)
				result.accepted[result.n_accepted++] =
					number - k;
		remember(result.n_accepted);
	}
	sides[0].done = 1;
	swapcontext(&sides[0].context, &scheduler);
}

static void consumer(void)
{
	struct sbuf_ring ring;
	uint32_t words[SLOT / 4], i;

	sbuf_ring_attach(shared.mem, sizeof(shared.mem), &shared.lock, &ring);
	for (i = 0; i < GETS; i++) {
		if (sbuf_ring_get(&ring, words, sizeof(words)))
			continue;
		if (words[0] != words[1])
			result.torn = 1;
		result.got[result.n_got++] = words[0];
	}
	sides[1].done = 1;
	swapcontext(&sides[1].context, &scheduler);
}

static void start(int i, void (*main)(void))
{
	struct side *side = &sides[i];

	side->done = side->spinning = 0;
	side->history = 1;
	getcontext(&side->context);
	side->context.uc_stack.ss_sp = side->stack;
	side->context.uc_stack.ss_size = sizeof(side->stack);
	side->context.uc_link = &scheduler;
	makecontext(&side->context, main, 0);
}

static void run_side(int i)
{
	sides[!i].spinning = 0;
	running = i;
	swapcontext(&scheduler, &sides[i].context);
	running = -1;
}

/* ---- the search ------------------------------------------------------- */

static uint64_t *visited;
static size_t n_visited;
static unsigned long n_ends;
static const char *fault;

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3ull;
	return h;
}

static uint64_t state_key(void)
{
	uint64_t h = 0xcbf29ce484222325ull;

	h = hash(h, shared.mem, sizeof(shared.mem));
	h = hash(h, &shared.lock, sizeof(shared.lock));
	h = hash(h, &sides[0].history, 8);
	h = hash(h, &sides[1].history, 8);
	h = hash(h, &result, sizeof(result));
	h = hash(h, &late.n, sizeof(late.n));
	h = hash(h, &sides[0].spinning, sizeof(int));
	h = hash(h, &sides[1].spinning, sizeof(int));
	return h | 1;
}

/* true when the state is new */
static int visit(uint64_t key)
{
	size_t at = key % VISITED;

	while (visited[at]) {
		if (visited[at] == key)
			return 0;
		at = (at + 1) % VISITED;
	}
	if (n_visited++ > VISITED / 2)
		fault = "too many states";
	visited[at] = key;
	return 1;
}

static void replay(const uint8_t *schedule, size_t n)
{
	struct sbuf_ring ring;
	size_t i;

	memset(&shared, 0, sizeof(shared));
	memset(&result, 0, sizeof(result));
	late.n = 0;
	sbuf_ring_init(shared.mem, sizeof(shared.mem), SLOT, plan.flags,
		       &shared.lock, &ring);
	start(0, producer);
	start(1, consumer);
	for (i = 0; i < n; i++)
		run_side(schedule[i]);
}

/* At the end of a schedule: what was got and what is left is what was
 * accepted, in order, without what overwriting counted as lost. */
static void check_end(void)
{
	struct sbuf_ring ring;
	uint32_t all[32], n = 0, i, words[2], lost;

	n_ends++;
	sbuf_ring_attach(shared.mem, sizeof(shared.mem), &shared.lock, &ring);
	for (i = 0; i < result.n_got; i++)
		all[n++] = result.got[i];
	while (!sbuf_ring_get(&ring, words, sizeof(words))) {
		if (words[0] != words[1])
			result.torn = 1;
		all[n++] = words[0];
	}
	if (result.torn)
		fault = "a torn element";
	lost = sbuf_ring_overrun(&ring);
	if (n + lost != result.n_accepted)
		fault = "the counts do not add up";
	for (i = 1; i < n; i++)
		if (all[i] <= all[i - 1])
			fault = "out of order or twice";
	if (!(plan.flags & SBUF_OVERWRITE))
		for (i = 0; i < n && i < result.n_accepted; i++)
			if (all[i] != result.accepted[i])
				fault = "not what was put";
}

static void search(uint8_t *schedule, size_t n)
{
	int i;

	if (fault)
		return;
	replay(schedule, n);
	if (sides[0].done && sides[1].done) {
		check_end();
		return;
	}
	if (!visit(state_key()))
		return;
	if (n >= STEPS_MAX) {
		fault = "does not end";
		return;
	}
	for (i = 0; i < 2; i++) {
		if (i)
			replay(schedule, n);
		if (sides[i].done || sides[i].spinning)
			continue;
		schedule[n] = (uint8_t)i;
		search(schedule, n + 1);
	}
}

static const char *explore(uint32_t flags, const uint32_t *messages,
			   int late_copy)
{
	uint8_t schedule[STEPS_MAX + 1];

	memset(&plan, 0, sizeof(plan));
	plan.flags = flags;
	memcpy(plan.messages, messages, sizeof(plan.messages));
	plan.late_copy = late_copy;
	fault = NULL;
	n_visited = n_ends = 0;
	visited = calloc(VISITED, sizeof(*visited));
	assert_non_null(visited);
	search(schedule, 0);
	free(visited);
	return fault;
}

static const uint32_t singles[4] = { 1, 1, 1 };
static const uint32_t mixed[4] = { 2, 1, 2 };

static void test_spsc_every_interleaving(void **state)
{
	assert_null(explore(0, singles, 0));
	assert_true(n_ends > 10);
	assert_null(explore(0, mixed, 0));
	assert_true(n_ends > 10);
}

static void test_overwrite_every_interleaving(void **state)
{
	assert_null(explore(SBUF_OVERWRITE | SBUF_COUNT_OVERRUN, singles, 0));
	assert_null(explore(SBUF_OVERWRITE | SBUF_COUNT_OVERRUN, mixed, 0));
	assert_true(n_ends > 10);
}

static void test_the_checker_objects(void **state)
{
	assert_non_null(explore(0, singles, 1));
}

/* ---- one thread ------------------------------------------------------- */

static _Alignas(64) uint8_t mem[SBUF_HEADER_BYTES + 4 * 80 + 79];

static void test_geometry(void **state)
{
	struct sbuf_ring ring, other;
	struct sbuf_header *h = (struct sbuf_header *)mem;

	memset(mem, 0xee, sizeof(mem));
	assert_int_equal(sbuf_ring_init(mem, sizeof(mem), 80, 0, NULL, &ring),
			 SBUF_OK);
	assert_int_equal(h->slots, 4);
	assert_int_equal(h->bytes, 320);
	assert_memory_equal(mem, "\xa3\x3a\xa1\x1a\xa7\x7a\xa5\x5a", 8);
	assert_int_equal(mem[64], 0xee);
	assert_int_equal(sbuf_ring_attach(mem, sizeof(mem), NULL, &other),
			 SBUF_OK);
	assert_int_equal(sbuf_ring_attach(mem, 64 + 319, NULL, &other),
			 SBUF_BROKEN);
	assert_int_equal(sbuf_ring_attach(mem, 63, NULL, &other), SBUF_BROKEN);
	assert_int_equal(sbuf_ring_init(mem, 64 + 159, 80, 0, NULL, &ring),
			 SBUF_TOO_LONG);
	assert_int_equal(sbuf_ring_init(mem, sizeof(mem), 80, SBUF_OVERWRITE,
					NULL, &ring),
			 SBUF_BROKEN);
}

static void test_full_and_tail_of_slot(void **state)
{
	char text[320], out[80];
	struct sbuf_ring ring;
	int i;

	memset(text, 'x', sizeof(text));
	memset(mem, 0xee, sizeof(mem));
	sbuf_ring_init(mem, sizeof(mem), 80, 0, NULL, &ring);
	assert_int_equal(sbuf_ring_put(&ring, text, 81), SBUF_TOO_LONG);
	assert_int_equal(sbuf_ring_put_many(&ring, text, 241), SBUF_TOO_LONG);
	assert_int_equal(sbuf_ring_put_many(&ring, text, 200), SBUF_OK);
	assert_int_equal(sbuf_ring_count(&ring), 3);
	assert_int_equal(mem[64 + 199], 'x');
	for (i = 200; i < 240; i++)
		assert_int_equal(mem[64 + i], 0);
	assert_int_equal(mem[64 + 240], 0xee);
	assert_int_equal(sbuf_ring_put(&ring, text, 1), SBUF_FULL);
	assert_int_equal(sbuf_ring_get(&ring, out, 79), SBUF_TOO_LONG);
	assert_int_equal(sbuf_ring_get(&ring, out, 80), SBUF_OK);
	assert_int_equal(sbuf_ring_put_many(&ring, text, 81), SBUF_FULL);
	assert_int_equal(sbuf_ring_put(&ring, "", 0), SBUF_OK);
	assert_int_equal(sbuf_ring_count(&ring), 3);
	/* what was read is still there for a dump */
	assert_int_equal(mem[64], 'x');
}

/* Whatever the other side writes into the header, no byte outside the ring
 * changes and nothing hangs. */
static void test_hostile_offsets(void **state)
{
	static uint8_t big[sizeof(mem) + 4096];
	struct sbuf_header *h = (struct sbuf_header *)(big + 64);
	char text[240] = "y", out[80];
	struct sbuf_ring ring;
	uint32_t head, tail, k;

	for (head = 0; head < 340; head++) {
		for (tail = 0; tail < 340; tail += 3) {
			memset(big, 0xee, sizeof(big));
			sbuf_ring_init(big + 64, 64 + 320, 80, 0, NULL, &ring);
			h->head = head < 330 ? head : UINT32_MAX - head;
			h->tail = tail < 330 ? tail : UINT32_MAX - tail;
			h->slots = h->bytes = UINT32_MAX;
			for (k = 0; k < 6; k++) {
				sbuf_ring_put_many(&ring, text, 40 + k * 40);
				sbuf_ring_get(&ring, out, sizeof(out));
			}
			sbuf_ring_count(&ring);
			for (k = 64 + 64 + 320; k < sizeof(big); k++)
				assert_int_equal(big[k], 0xee);
			assert_int_equal(big[63], 0xee);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spsc_every_interleaving),
		cmocka_unit_test(test_overwrite_every_interleaving),
		cmocka_unit_test(test_the_checker_objects),
		cmocka_unit_test(test_geometry),
		cmocka_unit_test(test_full_and_tail_of_slot),
		cmocka_unit_test(test_hostile_offsets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
