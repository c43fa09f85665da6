// SPDX-License-Identifier: GPL-2.0-or-later
/* The extension of the firmware's ring, against a model: index, counts and prefixes. */
#include "ring_bench.h"

static void test_index(void **state)
{
	static struct bench bench;
	u8 text[2 * MAX_N];
	u32 n, i, length, entries;

	(void)state;
	srand(2);
	watch_count = 0;
	for (entries = 2; entries <= MAX_ENTRIES; entries *= 2)
		for (n = 2; n <= MAX_N; n += n < 20 ? 1 : 11) {
			setup_index(&bench, n, entries);
			check_bench(&bench);
			for (i = 0; i < 200; i++) {
				length = rand() % (i % 3 ? n : n / 4 + 2);
				fill_text(text, length);
				append(&bench, text, length);
				check_bench(&bench);
			}
		}
	assert_true(watch_count > 100000);
}

/* Lines have prefixes wherever messages and the ring begin and end. */
static void test_prefix(void **state)
{
	static struct bench bench;
	u8 text[2 * MAX_N];
	u32 n, i, k, length, khz, entries, fitted = 0;

	(void)state;
	srand(4);
	watch_count = 0;
	for (n = 2; n <= MAX_N; n++) {
		khz = n % 2;
		entries = n % 4 < 2 ? 2 : 8;
		setup_index(&bench, n, entries);
		bench.ring.ext->khz = khz;
		ml_ring_prefix(&bench.ring);
		assert_int_equal(bench.ring.prefixed, 1);
		for (i = 0; i < 1000; i++) {
			length = rand() % (n < 30 ? n : n / 2);
			for (k = 0; k < length; k++)
				text[k] = rand() % 6 ? 'a' + rand() % 26 : '\n';
			fitted += append(&bench, text, length) == ML_RING_OK;
			check_bench(&bench);
			assert_int_equal(bench.ring.ext->khz, khz);
		}
		/* it is found by whoever attaches */
		assert_int_equal(ml_ring_attach(bench.base, bench.header + n,
						&bench.ring),
				 ML_RING_OK);
		assert_int_equal(bench.ring.prefixed, 1);
	}
	assert_true(fitted > 20000 && watch_count > 1000000);
}

static void test_prefix_words(void **state)
{
	static const struct {
		u64 time;
		u32 khz, level;
		const char *prefix;
	} cases[] = {
		{ 1000, 1, 0x80000000, "[    0.000000] E " },
		{ 1001, 1, 0x80000002, "[    0.001000] E " },
		{ 13345678, 1000, 2, "[   13.344678] W " },
		{ 99999999999999, 1000000, 0x40, "[99999.999998] I " },
		{ 100000000001000, 1000000, 1, "[           ?] I " },
		{ 1000 + (1ull << 54) - 1, 0xffffffff, 4, "[ 4194.304000] I " },
		{ 1000 + (1ull << 54), 0xffffffff, 0x400, "[           ?] I " },
		{ 999, 1, 0x400000, "[           ?] V " },
		{ 5000, 0, 0x42, "[           ?] W " },
		{ 5000, 1, 0x444000, "[    4.000000] V " },
		{ 5000, 1, 0, "[    4.000000] V " },
	};
	static struct bench bench;
	u8 ret[ML_RING_PREFIX_BYTES];
	size_t i;

	(void)state;
	setup_index(&bench, 16, 2);
	bench.ring.ext->start.low = 1000;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ml_ring_message message = { .time = cases[i].time,
						   .level = cases[i].level };

		bench.ring.ext->khz = cases[i].khz;
		ml_prefix_make(bench.ring.ext, &message, ret);
		if (memcmp(ret, cases[i].prefix, sizeof(ret)))
			fail_msg("%zu: %.17s", i, (const char *)ret);
	}
}

/* The rate: what the platform says, or the first pair and one a millisecond later,
 * whichever comes first. */
static void test_prefix_rate(void **state)
{
	static struct bench bench;
	struct ml_ring *ring = &bench.ring;

	(void)state;
	setup_bench(&bench, 16);
	ml_ring_prefix(ring);
	assert_int_equal(ring->prefixed, 0);
	setup_index(&bench, 16, 2);
	ml_ring_clock(ring, ML_MOMENT_MEMORY, 1000000, 0xfffff0);
	ml_ring_prefix(ring);
	assert_int_equal(ring->ext->flags, 1 | 2);
	assert_int_equal(ring->ext->khz, 0);
	ml_ring_clock(ring, ML_MOMENT_DXE, 1500000, 0xd00);
	assert_int_equal(ring->ext->khz, 0);
	ml_ring_clock(ring, ML_MOMENT_READY_TO_BOOT, 4000000, 10721);
	assert_int_equal(ring->ext->khz, 1000152);
	ml_ring_clock(ring, ML_MOMENT_EXIT_BOOT, 879812000, 0x300000);
	assert_int_equal(ring->ext->khz, 1000152);
	ring->ext->khz = 0;
	ml_ring_prefix(ring);
	assert_in_range(ring->ext->khz, 999990, 1000010);
	/* what cannot be a rate */
	ring->ext->khz = 0;
	ml_ring_clock(ring, ML_MOMENT_EXIT_BOOT, 1ull << 34, 0x300000);
	assert_int_equal(ring->ext->khz, 0);
	ml_ring_clock(ring, ML_MOMENT_EXIT_BOOT, 1ull << 37, 0x300000);
	assert_int_equal(ring->ext->khz, 0);
	ml_ring_clock(ring, ML_MOMENT_EXIT_BOOT, 999999, 0x300000);
	assert_int_equal(ring->ext->khz, 0);
	ml_ring_clock(ring, ML_MOMENT_EXIT_BOOT, 1100000, 0x300000);
	assert_int_equal(ring->ext->khz, 0);
	ml_ring_hz(ring, 62500000, ML_RING_ARM_COUNTER);
	ml_ring_prefix(ring);
	assert_int_equal(ring->ext->khz, 62500);
}

/* The counter of the first message, and what was dropped. */
static void test_counts(void **state)
{
	static struct bench bench;
	const u8 *ext;

	(void)state;
	setup_index(&bench, 16, 4);
	ext = ext_of(bench.base);
	assert_int_equal(word32(ext + 0x28), 0);
	append(&bench, (const u8 *)"abc", 3);
	append(&bench, (const u8 *)"de", 2);
	assert_int_equal(word32(ext + 0x28), (u32)TIME_OF(0));
	assert_int_equal(word32(ext + 0x2c), TIME_OF(0) >> 32);
	assert_int_equal(word32(ext + 0x18), 0);
	append(&bench, (const u8 *)"0123456789abcdef", 16);
	bench.base[0x20] = 2;
	append(&bench, (const u8 *)"de", 2);
	bench.base[0x20] = 1;
	bench.base[0x28] = 17;
	hostile = 1;
	append(&bench, (const u8 *)"def", 3);
	bench.base[0x28] = 0;
	hostile = 0;
	assert_int_equal(word32(ext + 0x18), 3);
	assert_int_equal(word32(ext + 0x1c), 21);
	bench.ring.ext->dropped_bytes = 0xfffffff8;
	append(&bench, (const u8 *)"0123456789abcdef", 16);
	assert_int_equal(word32(ext + 0x18), 4);
	assert_int_equal(word32(ext + 0x1c), 0xffffffff);
	check_bench(&bench);
}

/* The rules of docs/facts/ovmf.md, bytes and all. */
static void test_layout(void **state)
{
	static const struct {
		u32 at;
		u32 value;
	} words[] = {
		{ 0x00, 0xc0 }, { 0x04, 1 },	 { 0x30, 0x200 }, { 0x34, 32 },
		{ 0x38, 8 },	{ 0x40, 0x101 }, { 0x44, 1 },
	};
	static struct bench bench;
	const u8 *ext, *entry;
	size_t i;

	(void)state;
	setup_index(&bench, 16, 8);
	assert_int_equal(word(bench.base, 0x10), 0x200 + 8 * 32 + 0x100);
	ext = ext_of(bench.base);
	assert_ptr_equal(ext, bench.base + 0x300);
	bench.ring.ext->count = (struct ml_ring_word){ 0x100, 1 };
	hostile = 1;
	append(&bench, (const u8 *)"abc", 3);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(word32(ext + words[i].at), words[i].value);
	entry = bench.base + 0x200;
	assert_true(entry_is_whole(entry, 0x100));
	ml_ring_clock(&bench.ring, ML_MOMENT_DXE, 0x1122334455667788, 99);
	assert_int_equal(word32(ext + 0x90), 0x55667788);
	assert_int_equal(word32(ext + 0x94), 0x11223344);
	assert_int_equal(word32(ext + 0x98), 99);
	assert_int_equal(word32(ext + 0x9c), 3);
	ml_ring_clock(&bench.ring, 6, 1, 1);
	ml_ring_clock(&bench.ring, 0, 1, 1);
	ml_ring_wall_clock(&bench.ring, "0123456789abcdef", 7);
	assert_memory_equal(ext + 0x58, "0123456789abcdef", 16);
	assert_int_equal(word32(ext + 0x68), 7);
	ml_ring_hz(&bench.ring, 5000000000, 0);
	assert_int_equal(word32(ext + 8), 705032704);
	assert_int_equal(word32(ext + 12), 1);
	assert_int_equal(word32(ext + 4), 1 | 16);
	assert_memory_equal(ext + 0xc0 + 0x30 + 8, "memlogx1", 8);
	ml_ring_set_mark(bench.base, ML_RING_KEPT);
	assert_memory_equal(bench.base, "ovmfmdg1ovmfmdgp", 16);
	assert_int_equal(append(&bench, (const u8 *)"abc", 3), ML_RING_NONE);
	assert_int_equal(ml_ring_init(bench.base, MAX_HEADER + 16, 3, NULL),
			 ML_RING_NONE);
	assert_int_equal(ml_ring_init(bench.base, MAX_HEADER + 1, 8, NULL),
			 ML_RING_NONE);
}

/* Whatever the extension says, nothing outside the ring is written. */
static void test_hostile_extension(void **state)
{
	static struct bench bench;
	struct ml_ring ring;
	const u8 *end;
	u32 bit, i, at;
	u8 text[8];

	(void)state;
	for (bit = 0; bit < 0x100 * 8; bit++) {
		setup_index(&bench, 16, 8);
		at = bench.header - 0x100;
		append(&bench, (const u8 *)"abc", 3);
		bench.base[at + bit / 8] ^= 1 << bit % 8;
		assert_int_equal(ml_ring_attach(bench.base, bench.header + 16,
						&ring),
				 ML_RING_OK);
		for (i = 0; i < 20; i++) {
			struct ml_ring_message message = { .text = text,
							   .length = i % 8 };

			fill_text(text, i % 8);
			/* no prefix fits into this ring */
			if (ml_ring_append(&ring, &message))
				assert_int_equal(ring.prefixed, 1);
		}
		end = (const u8 *)bench.room + sizeof(bench.room);
		for (i = 0; i < GUARD; i++)
			assert_int_equal(((const u8 *)bench.room)[i],
					 GUARD_BYTE);
		for (i = bench.header + 16; bench.base + i < end; i++)
			assert_int_equal(bench.base[i], GUARD_BYTE);
		/* the header proper belongs to nobody else */
		assert_memory_equal(bench.base, "ovmfmdg1ovmfmdg2", 16);
		assert_int_equal(word(bench.base, 0x10), bench.header);
		assert_int_equal(word(bench.base, 0x18), 16);
	}
}

static void test_extension_is_ignored(void **state)
{
	static const struct {
		u32 at, value;
	} bad[] = {
		{ 0x00, 0xbf },	      { 0x04, 0 },
		{ 0x30, 0x180 },      { 0x30, 0x201 },
		{ 0x30, 0x80 },	      { 0x30, 0x280 },
		{ 0x30, 0xffffffc0 }, { 0x34, 16 },
		{ 0x38, 0 },	      { 0x38, 3 },
		{ 0x38, 16 },	      { 0x38, 0x80000000 },
		{ 0xf0, 0x2c0 },      { 0xf0, 0x340 },
		{ 0xf0, 0x301 },      { 0xf0, 0x80 },
		{ 0xf0, 0xffffff00 }, { 0xf4, 1 },
		{ 0xf8, 0 },	      { 0xfc, 0 },
	};
	static struct bench bench;
	struct ml_ring ring;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup_index(&bench, 16, 8);
		memcpy(bench.base + bench.header - 0x100 + bad[i].at,
		       &bad[i].value, 4);
		assert_int_equal(ml_ring_attach(bench.base, bench.header + 16,
						&ring),
				 ML_RING_OK);
		/* 0x180 is inside, but belongs to upstream: allowed */
		if (bad[i].at == 0x30 && bad[i].value == 0x180)
			assert_int_equal(ring.entries, 8);
		else
			assert_int_equal(ring.entries, 0);
	}
}

/* The same with the index: entries of text that was copied come along. */
static void test_copy_index(void **state)
{
	static struct bench from, to;
	u32 n, m, fill, i, lost, used;
	u8 text[MAX_N];

	(void)state;
	for (n = 2; n <= 24; n += 2)
		for (m = 2; m <= 48; m += 3)
			for (fill = 0; fill < 30; fill++) {
				setup_index(&from, n, 8);
				setup_index(&to, m, fill % 2 ? 8 : 4);
				for (i = 0; i < fill; i++)
					append(&from, text,
					       1 + i * 7 % (n - 1));
				from.ring.ext->dropped_messages = 2;
				from.ring.ext->dropped_bytes = 3;
				from.ring.ext->boots = 4;
				used = read_back(from.base, n, text);
				assert_int_equal(ml_ring_copy(&to.ring,
							      &from.ring),
						 ML_RING_OK);
				/* numbers and positions start anew */
				lost = 0;
				while (lost < from.count &&
				       (lost + 8 < from.count ||
					from.messages[lost].at <
						from.total - used))
					lost++;
				to.count = from.count - lost;
				to.total = used;
				for (i = 0; i < to.count; i++) {
					to.messages[i] =
						from.messages[lost + i];
					to.messages[i].at -= from.total - used;
				}
				copied_from = lost;
				model_push(&to.model, text, used);
				to.base[0x38] = to.model.lost;
				check_bench(&to);
				copied_from = 0;
				assert_int_equal(to.ring.ext->dropped_messages,
						 2);
				assert_int_equal(to.ring.ext->dropped_bytes, 3);
				assert_int_equal(to.ring.ext->boots, 4);
				assert_int_equal(to.ring.ext->start.low,
						 from.ring.ext->start.low);
			}
}

/* Early text gets its prefixes in the main log, message by message. Text whose
 * entries are lost gets none. */
static void test_copy_prefix(void **state)
{
	static uint64_t room[1024];
	static u8 want[8192], got[8192];
	static struct bench from;
	struct ml_ring to;
	u8 text[MAX_N], old[MAX_N];
	u32 n, i, k, length, used, at, first, skip, begins;
	u8 *p;

	(void)state;
	srand(5);
	for (n = 3; n <= MAX_N; n++)
		for (i = 0; i < 30; i++) {
			setup_index(&from, n, 8);
			for (k = 0; k < i; k++) {
				length = 1 + rand() % (n - 1);
				for (at = 0; at < length; at++)
					text[at] = rand() % 4 ? 'x' : '\n';
				append(&from, text, length);
			}
			used = read_back(from.base, n, old);
			from.ring.ext->khz = 0;
			from.ring.ext->hz.low = 1000;
			ml_ring_init(room, sizeof(room), 8, NULL);
			ml_ring_attach(room, sizeof(room), &to);
			ml_ring_prefix(&to);
			assert_int_equal(ml_ring_copy(&to, &from.ring),
					 ML_RING_OK);
			/* messages [first, count) are whole and have entries */
			for (first = 0; first < from.count; first++)
				if (first + 8 >= from.count &&
				    from.messages[first].at >=
					    from.total - used)
					break;
			skip = first < from.count ? from.messages[first].at -
							    from.total + used :
						    used;
			memcpy(want, old, skip);
			p = want + skip;
			begins = !skip || p[-1] == '\n';
			for (at = skip; first < from.count; first++)
				for (k = 0; k < from.messages[first].length;
				     k++) {
					if (begins)
						p += sprintf(
							(char *)p,
							"[    0.%03u000] E ",
							first);
					begins = old[at] == '\n';
					*p++ = old[at++];
				}
			length = read_back((u8 *)room, to.size, got);
			assert_int_equal(length, p - want);
			assert_memory_equal(got, want, length);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_index),
		BOTH(test_prefix),
		BOTH(test_prefix_words),
		BOTH(test_prefix_rate),
		BOTH(test_counts),
		BOTH(test_layout),
		BOTH(test_hostile_extension),
		BOTH(test_extension_is_ignored),
		BOTH(test_copy_index),
		BOTH(test_copy_prefix),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
