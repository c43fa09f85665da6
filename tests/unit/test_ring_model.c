// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's ring against a model that knows nothing of heads and tails:
 * a list of bytes from which the oldest falls out when there are N of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void watched_copy(void *to, const void *from, size_t length);
static void count_turn(void);
static int interrupts_off(void);
static void interrupts_set(int state);

#define MEMLOG_HOST
#define ml_copy(to, from, length) watched_copy((to), (from), (length))
#define ml_relax()		  count_turn()
#define ml_interrupts_off()	  interrupts_off()
#define ml_interrupts_set(state)  interrupts_set(state)
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogRing.c"

#define MAX_N	   64
#define GUARD	   32
#define GUARD_BYTE 0xa5

struct model {
	u32 n;
	u32 count;
	int lost; /* a byte fell out, ever */
	u8 bytes[2 * MAX_N];
};

struct bench {
	struct model model;
	struct ml_ring ring;
	u32 n;
	u8 *base;
	/* aligned, with guards on both sides */
	uint64_t room[(GUARD + ML_RING_HEADER_BYTES + MAX_N + GUARD) / 8];
};

static struct bench *watched;
static unsigned long watch_count;

static void model_push(struct model *model, const u8 *text, u32 length)
{
	u32 i;

	for (i = 0; i < length; i++) {
		model->bytes[model->count++] = text[i];
		if (model->count == model->n) {
			memmove(model->bytes, model->bytes + 1, model->n - 1);
			model->count--;
			model->lost = 1;
		}
	}
}

static u32 word(const u8 *base, u32 offset)
{
	assert_int_equal(base[offset + 4], 0);
	assert_int_equal(base[offset + 5], 0);
	assert_int_equal(base[offset + 6], 0);
	assert_int_equal(base[offset + 7], 0);
	return base[offset] | base[offset + 1] << 8 | base[offset + 2] << 16 |
	       (u32)base[offset + 3] << 24;
}

/* Reads as QEMU and Linux do: from the header's bytes alone. */
static u32 read_back(const u8 *base, u32 n, u8 *text)
{
	u32 head = word(base, 0x28), tail = word(base, 0x30), count;
	const u8 *from = base + word(base, 0x10);

	assert_in_range(head, 0, n - 1);
	assert_in_range(tail, 0, n - 1);
	if (head <= tail) {
		memcpy(text, from + head, tail - head);
		return tail - head;
	}
	count = n - head;
	memcpy(text, from + head, count);
	memcpy(text + count, from, tail);
	return count + tail;
}

static void setup_bench(struct bench *bench, u32 n)
{
	memset(bench, 0, sizeof(*bench));
	memset(bench->room, GUARD_BYTE, sizeof(bench->room));
	bench->n = n;
	bench->model.n = n;
	bench->base = (u8 *)bench->room + GUARD;
	assert_int_equal(ml_ring_init(bench->base, ML_RING_HEADER_BYTES + n,
				      "v"),
			 ML_RING_OK);
	assert_int_equal(ml_ring_attach(bench->base, ML_RING_HEADER_BYTES + n,
					&bench->ring),
			 ML_RING_OK);
}

static void check_bench(const struct bench *bench)
{
	const u8 *end = (const u8 *)bench->room + sizeof(bench->room);
	const u8 *after = bench->base + ML_RING_HEADER_BYTES + bench->n;
	u8 text[MAX_N];
	u32 count, i;

	count = read_back(bench->base, bench->n, text);
	assert_int_equal(count, bench->model.count);
	assert_memory_equal(text, bench->model.bytes, count);
	assert_int_equal(word(bench->base, 0x38), bench->model.lost);
	assert_memory_equal(bench->base, "ovmfmdg1ovmfmdg2", 16);
	assert_int_equal(word(bench->base, 0x10), ML_RING_HEADER_BYTES);
	assert_int_equal(word(bench->base, 0x18), bench->n);
	assert_int_equal(word(bench->base, 0x20), 1);
	assert_memory_equal(bench->base + 0x40, "v", 2);
	if (bench->model.lost)
		assert_int_equal(word(bench->base, 0x28),
				 (word(bench->base, 0x30) + 1) % bench->n);
	for (i = 0; i < GUARD; i++)
		assert_int_equal(((const u8 *)bench->room)[i], GUARD_BYTE);
	for (; after < end; after++)
		assert_int_equal(*after, GUARD_BYTE);
}

static unsigned long turns;
static int interrupts = 1;

static int interrupts_off(void)
{
	int before = interrupts;

	interrupts = 0;
	return before;
}

static void interrupts_set(int state)
{
	interrupts = state;
}

static void count_turn(void)
{
	assert_int_equal(interrupts, 0);
	if (++turns > 2 * ML_RING_LOCK_TRIES)
		fail_msg("still waiting for the lock");
}

/* A dump may be taken before any byte: what stands must be a clean suffix. */
static void watched_copy(void *to, const void *from, size_t length)
{
	u8 text[MAX_N];
	size_t i;
	u32 count;

	for (i = 0; i < length; i++) {
		if (watched) {
			const struct model *model = &watched->model;

			assert_int_equal(interrupts, 0);
			count = read_back(watched->base, watched->n, text);
			assert_in_range(count, 0, model->count);
			assert_memory_equal(text,
					    model->bytes + model->count - count,
					    count);
			watch_count++;
		}
		((u8 *)to)[i] = ((const u8 *)from)[i];
	}
}

static enum ml_ring_status append(struct bench *bench, const u8 *text,
				  u32 length)
{
	struct ml_ring_message message = {
		.text = text,
		.length = length,
		.level = 0x40,
		.cpu = 1,
		.time = 2,
		.phase = ML_PHASE_DXE,
	};
	enum ml_ring_status status;

	watched = bench;
	status = ml_ring_append(&bench->ring, &message);
	watched = NULL;
	assert_int_equal(interrupts, 1);
	if (status == ML_RING_OK)
		model_push(&bench->model, text, length);
	return status;
}

static void fill_text(u8 *text, u32 length)
{
	static u8 next;

	while (length--)
		*text++ = ++next;
}

static void test_random_lengths(void **state)
{
	struct bench bench;
	u8 text[2 * MAX_N];
	u32 n, i, length;

	(void)state;
	srand(1);
	for (n = 2; n <= MAX_N; n++) {
		setup_bench(&bench, n);
		check_bench(&bench);
		for (i = 0; i < 1500; i++) {
			length = rand() % (i % 3 ? n : n + 3);
			fill_text(text, length);
			assert_int_equal(append(&bench, text, length),
					 length >= n ? ML_RING_TOO_LONG :
						       ML_RING_OK);
			check_bench(&bench);
		}
	}
	assert_true(watch_count > 100000);
}

/* Every tail, before and after the first wrap, with every length. */
static void test_every_boundary(void **state)
{
	u32 n, tail, length, wrapped, i;
	struct bench bench;
	u8 text[2 * MAX_N];
	u8 byte;

	(void)state;
	for (n = 2; n <= MAX_N; n++)
		for (wrapped = 0; wrapped < 2; wrapped++)
			for (tail = 0; tail < n; tail++)
				for (length = 0; length <= n + 1; length++) {
					setup_bench(&bench, n);
					for (i = 0; i < wrapped * n + tail;
					     i++) {
						fill_text(&byte, 1);
						append(&bench, &byte, 1);
					}
					assert_int_equal(word(bench.base, 0x30),
							 tail);
					fill_text(text, length);
					assert_int_equal(
						append(&bench, text, length),
						length >= n ? ML_RING_TOO_LONG :
							      ML_RING_OK);
					check_bench(&bench);
				}
}

/* The last byte of the text filled: the ring counts as wrapped at once. */
static void test_exact_fill(void **state)
{
	struct bench bench;
	u8 text[16];

	(void)state;
	setup_bench(&bench, 16);
	fill_text(text, 15);
	append(&bench, text, 15);
	assert_int_equal(word(bench.base, 0x28), 0);
	assert_int_equal(word(bench.base, 0x30), 15);
	assert_int_equal(word(bench.base, 0x38), 0);
	fill_text(text, 1);
	append(&bench, text, 1);
	assert_int_equal(word(bench.base, 0x28), 1);
	assert_int_equal(word(bench.base, 0x30), 0);
	assert_int_equal(word(bench.base, 0x38), 1);
	check_bench(&bench);
}

static void test_lock_is_not_waited_for(void **state)
{
	static const u8 held[] = { 0, 2, 3, 255 };
	struct bench bench, before;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(held); i++) {
		setup_bench(&bench, 16);
		append(&bench, (const u8 *)"abc", 3);
		bench.base[0x20] = held[i];
		before = bench;
		turns = 0;
		assert_int_equal(append(&bench, (const u8 *)"de", 2),
				 ML_RING_BUSY);
		assert_in_range(turns, 1, ML_RING_LOCK_TRIES);
		assert_memory_equal(bench.room, before.room,
				    sizeof(bench.room));
	}
}

static void test_hostile_offsets(void **state)
{
	static const u8 offsets[] = { 0x28, 0x30 };
	struct bench bench, before;
	size_t i, j;
	static const u8 bad[] = { 16, 17, 255 };

	(void)state;
	for (i = 0; i < 2; i++)
		for (j = 0; j < sizeof(bad); j++) {
			setup_bench(&bench, 16);
			append(&bench, (const u8 *)"abc", 3);
			bench.base[offsets[i]] = bad[j];
			before = bench;
			assert_int_equal(append(&bench, (const u8 *)"de", 2),
					 ML_RING_BAD_OFFSETS);
			assert_memory_equal(bench.room, before.room,
					    sizeof(bench.room));
		}
}

static void test_attach_refuses(void **state)
{
	const u32 bytes = ML_RING_HEADER_BYTES + 16;
	struct bench bench;
	struct ml_ring ring;
	u32 bit;

	(void)state;
	setup_bench(&bench, 16);
	assert_int_equal(ml_ring_attach(NULL, bytes, &ring), ML_RING_NONE);
	assert_int_equal(ml_ring_attach(bench.base, bytes - 1, &ring),
			 ML_RING_NONE);
	assert_int_equal(ml_ring_attach(bench.base, 0, &ring), ML_RING_NONE);
	/* the magic and the upper halves of both sizes: any bit */
	for (bit = 0; bit < 0x20 * 8; bit++) {
		if (bit / 8 >= 0x10 && bit / 8 % 8 < 4)
			continue;
		setup_bench(&bench, 16);
		bench.base[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(ml_ring_attach(bench.base, bytes, &ring),
				 ML_RING_NONE);
	}
	setup_bench(&bench, 16);
	bench.base[0x10] = ML_RING_HEADER_BYTES - 1;
	assert_int_equal(ml_ring_attach(bench.base, bytes, &ring),
			 ML_RING_NONE);
	/* a longer header with a shorter text is a ring all the same */
	bench.base[0x10] = ML_RING_HEADER_BYTES + 8;
	bench.base[0x18] = 8;
	assert_int_equal(ml_ring_attach(bench.base, bytes, &ring), ML_RING_OK);
	assert_ptr_equal(ring.text, bench.base + ML_RING_HEADER_BYTES + 8);
	bench.base[0x18] = 9;
	assert_int_equal(ml_ring_attach(bench.base, bytes, &ring),
			 ML_RING_NONE);
	bench.base[0x18] = 1;
	assert_int_equal(ml_ring_attach(bench.base, bytes, &ring),
			 ML_RING_NONE);
}

static void test_retire(void **state)
{
	struct bench bench;
	struct ml_ring ring;
	u8 text[16];

	(void)state;
	setup_bench(&bench, 16);
	append(&bench, (const u8 *)"abc", 3);
	ml_ring_retire(bench.base);
	assert_int_equal(ml_ring_attach(bench.base, ML_RING_HEADER_BYTES + 16,
					&ring),
			 ML_RING_NONE);
	assert_int_equal(read_back(bench.base, 16, text), 3);
	assert_memory_equal(text, "abc", 3);
}

/* Interrupts that were off before a message are off after it. */
static void test_interrupts_stay_off(void **state)
{
	struct bench bench;

	(void)state;
	setup_bench(&bench, 16);
	interrupts = 0;
	ml_ring_append(&bench.ring,
		       &(struct ml_ring_message){ .text = "a", .length = 1 });
	assert_int_equal(interrupts, 0);
	interrupts = 1;
}

static void test_marks(void **state)
{
	static const char magics[] = "2sp";
	struct bench bench;
	struct ml_ring ring;
	u8 text[16];
	size_t i;

	(void)state;
	setup_bench(&bench, 16);
	append(&bench, (const u8 *)"abc", 3);
	assert_int_equal(ml_ring_mark(bench.base), ML_RING_CURRENT);
	for (i = 0; i < 3; i++) {
		ml_ring_set_mark(bench.base, (enum ml_ring_mark)magics[i]);
		assert_memory_equal(bench.base, "ovmfmdg1ovmfmdg", 15);
		assert_int_equal(bench.base[15], magics[i]);
		assert_int_equal(ml_ring_mark(bench.base), magics[i]);
		/* what is kept is not written to */
		assert_int_equal(ml_ring_attach(bench.base,
						ML_RING_HEADER_BYTES + 16,
						&ring),
				 magics[i] == 'p' ? ML_RING_NONE : ML_RING_OK);
	}
	assert_int_equal(read_back(bench.base, 16, text), 3);
	/* nothing is marked that has no magic */
	bench.base[15] = 'x';
	assert_int_equal(ml_ring_mark(bench.base), ML_RING_UNMARKED);
	ml_ring_set_mark(bench.base, ML_RING_KEPT);
	assert_int_equal(bench.base[15], 'x');
	ml_ring_retire(bench.base);
	ml_ring_set_mark(bench.base, ML_RING_KEPT);
	assert_int_equal(ml_ring_mark(bench.base), ML_RING_UNMARKED);
}

static void test_init(void **state)
{
	char version[200];
	struct bench bench;

	(void)state;
	setup_bench(&bench, 16);
	assert_int_equal(ml_ring_init(bench.base, ML_RING_HEADER_BYTES + 1,
				      NULL),
			 ML_RING_NONE);
	check_bench(&bench);
	memset(version, 'x', sizeof(version));
	version[sizeof(version) - 1] = 0;
	assert_int_equal(ml_ring_init(bench.base, ML_RING_HEADER_BYTES + 16,
				      version),
			 ML_RING_OK);
	assert_memory_equal(bench.base + 0x40, version, 127);
	assert_int_equal(bench.base[0xbf], 0);
	assert_int_equal(ml_ring_init(bench.base, ML_RING_HEADER_BYTES + 16,
				      NULL),
			 ML_RING_OK);
	assert_int_equal(bench.base[0x40], 0);
}

/* Early to main, whatever the sizes and wherever the early ring stands. */
static void test_copy(void **state)
{
	struct bench from, to;
	u8 text[MAX_N];
	u32 n, m, fill, i, count;

	(void)state;
	for (n = 2; n <= 24; n++)
		for (m = 2; m <= 24; m++)
			for (fill = 0; fill < 2 * n + 2; fill++) {
				setup_bench(&from, n);
				setup_bench(&to, m);
				for (i = 0; i < fill; i++) {
					fill_text(text, 1);
					append(&from, text, 1);
				}
				assert_int_equal(ml_ring_copy(&to.ring,
							      &from.ring),
						 ML_RING_OK);
				count = read_back(from.base, n, text);
				model_push(&to.model, text, count);
				/* lost there is lost here, but this ring need not have wrapped */
				assert_int_equal(word(to.base, 0x38),
						 to.model.lost ||
							 from.model.lost);
				to.base[0x38] = to.model.lost;
				check_bench(&to);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_random_lengths),
		cmocka_unit_test(test_every_boundary),
		cmocka_unit_test(test_exact_fill),
		cmocka_unit_test(test_lock_is_not_waited_for),
		cmocka_unit_test(test_hostile_offsets),
		cmocka_unit_test(test_attach_refuses),
		cmocka_unit_test(test_interrupts_stay_off),
		cmocka_unit_test(test_retire),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_copy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
