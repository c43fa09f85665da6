// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of the firmware's ring against a model of it. */
#include "ring_bench.h"

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

static void test_sizes(void **state)
{
	u32 pages, entries, text;

	(void)state;
	assert_int_equal(ml_ring_pages(0), 0);
	for (pages = 1; pages <= ML_RING_MAX_PAGES; pages++) {
		entries = ml_ring_entries(pages * 4096);
		assert_int_equal(entries & (entries - 1), 0);
		text = ml_ring_pages(pages) * 4096 -
		       ML_RING_HEADER_WITH(entries);
		assert_in_range(text, pages * 4096 - 768, pages * 4096);
		assert_true(entries >= text / 40 && entries < text / 20 + 256);
		assert_true(ml_ring_pages(pages) * 4096 <= ML_RING_MAX_BYTES);
	}
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
			hostile = 1;
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
	static struct bench bench;
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

/* The ring ends with the dump, which follows intact older text: with the
 * message that was interrupted or without it. */
static void check_final(const struct bench *bench, const struct model *before,
			const struct model *after, const u8 *dump, u32 length)
{
	struct model with = *after, without = *before;
	u8 text[MAX_N];
	u32 count = read_back(bench->base, bench->n, text);

	model_push(&with, dump, length);
	model_push(&without, dump, length);
	assert_in_range(count, length, bench->n - 1);
	if (count > with.count ||
	    memcmp(with.bytes + with.count - count, text, count)) {
		assert_in_range(count, 0, without.count);
		assert_memory_equal(without.bytes + without.count - count, text,
				    count);
	}
}

static void append_final(struct bench *bench, const u8 *text, u32 length)
{
	struct ml_ring_message message = { .text = text,
					   .length = length,
					   .final = 1 };

	turns = 0;
	assert_int_equal(ml_ring_append(&bench->ring, &message), ML_RING_OK);
}

/* An exception in a message, at any moment of it: what dumps it arrives, also if
 * its processor is the one that has the lock. */
static void test_final(void **state)
{
	static struct bench bench;
	struct model before;
	u8 text[MAX_N], dump[MAX_N];
	u32 i, length, pieces, most, stopped = 0;

	(void)state;
	srand(3);
	for (i = 0; i < 20000; i++) {
		setup_index(&bench, 24 + rand() % (MAX_N - 24),
			    i % 2 ? MAX_ENTRIES : 0);
		for (pieces = rand() % 8; pieces; pieces--) {
			length = 1 + rand() % 20;
			fill_text(text, length);
			append(&bench, text, length);
		}
		before = bench.model;
		length = 1 + rand() % 20;
		fill_text(text, length);
		moment = 0;
		moment_wanted = 1 + rand() % 60;
		append(&bench, text, length);
		if (moment < moment_wanted)
			continue;
		memcpy(bench.room, moment_room, sizeof(bench.room));
		stopped += word(bench.base, 0x20) == 2;
		most = 0;
		for (pieces = 1 + rand() % 3; pieces; pieces--) {
			length = 1 + rand() % 7;
			fill_text(dump + most, length);
			append_final(&bench, dump + most, length);
			most += length;
		}
		check_final(&bench, &before, &bench.model, dump, most);
	}
	moment_wanted = 0;
	assert_true(stopped > 5000);
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
	assert_int_equal(ml_ring_init(bench.base, ML_RING_HEADER_BYTES + 1, 0,
				      NULL),
			 ML_RING_NONE);
	check_bench(&bench);
	memset(version, 'x', sizeof(version));
	version[sizeof(version) - 1] = 0;
	assert_int_equal(ml_ring_init(bench.base, ML_RING_HEADER_BYTES + 16, 0,
				      version),
			 ML_RING_OK);
	assert_memory_equal(bench.base + 0x40, version, 127);
	assert_int_equal(bench.base[0xbf], 0);
	assert_int_equal(ml_ring_init(bench.base, ML_RING_HEADER_BYTES + 16, 0,
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
		BOTH(test_init),
		BOTH(test_random_lengths),
		BOTH(test_sizes),
		BOTH(test_every_boundary),
		BOTH(test_exact_fill),
		BOTH(test_lock_is_not_waited_for),
		BOTH(test_hostile_offsets),
		BOTH(test_attach_refuses),
		BOTH(test_interrupts_stay_off),
		BOTH(test_final),
		BOTH(test_retire),
		BOTH(test_marks),
		BOTH(test_copy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
