// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's ring against a model that knows nothing of heads and tails:
 * a list of bytes from which the oldest falls out when there are N of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void watched_copy(void *to, const void *from, size_t length);
static void watch(void);
static void count_turn(void);
static int interrupts_off(void);
static void interrupts_set(int state);

/* 0: as on Arm with the MMU off */
static int atomics = 1;

#define MEMLOG_HOST
#define ml_atomics()		  atomics
#define ml_step()		  watch()
#define ml_copy(to, from, length) watched_copy((to), (from), (length))
#define ml_relax()		  count_turn()
#define ml_interrupts_off()	  interrupts_off()
#define ml_interrupts_set(state)  interrupts_set(state)
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogRing.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogMarks.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogPrefix.c"

#define MAX_N	    64
#define MAX_ENTRIES 8
#define MAX_HEADER  ML_RING_HEADER_WITH(MAX_ENTRIES)
#define GUARD	    32
#define GUARD_BYTE  0xa5

struct model {
	u32 n;
	u32 count;
	int lost; /* a byte fell out, ever */
	u8 bytes[2 * MAX_N];
};

struct bench {
	struct model model;
	struct ml_ring ring;
	u32 n, entries, header;
	u8 *base;
	/* the messages, the newest of which have entries */
	struct {
		u32 at, length;
	} messages[4096];
	u32 count, total;
	/* aligned, with guards on both sides */
	uint64_t room[(GUARD + MAX_HEADER + MAX_N + GUARD) / 8];
};

static struct bench *watched;
static struct model watched_after; /* once the message is in */
static unsigned long watch_count;
static int hostile; /* the header is not what a ring has: do not watch */

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

static u32 word32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

static const u8 *ext_of(const u8 *base)
{
	const u8 *locator = base + word(base, 0x10) - 16;

	assert_memory_equal(locator + 8, "memlogx1", 8);
	return base + word(locator, 0);
}

/* Of a message, all that an entry says is made from its number. */
#define TIME_OF(number)	  (0x123456789aull + (number))
#define LEVEL_OF(number)  (0x80000000u + (number))
#define CALLER_OF(number) (0xabcdef00u + (number))

/* Is the entry one that was written completely, as that number? */
static int entry_is_whole(const u8 *entry, u32 number)
{
	u32 i, check = number ^ 0x6d6c6f67;

	for (i = 0; i < 28; i += 4)
		check ^= word32(entry + i);
	return word32(entry + 28) == check;
}

/* The number that an entry had in the ring that it was copied from */
static u32 copied_from;

static void check_entry(const struct bench *bench, const u8 *entry, u32 number)
{
	u32 as = number + copied_from;

	assert_in_range(number, 0, bench->count);
	assert_int_equal(word32(entry), (u32)TIME_OF(as));
	assert_int_equal(word32(entry + 4), TIME_OF(as) >> 32);
	assert_int_equal(word32(entry + 8), bench->messages[number].at);
	assert_int_equal(word32(entry + 12), LEVEL_OF(as));
	assert_int_equal(entry[16] | entry[17] << 8,
			 bench->messages[number].length);
	assert_int_equal(entry[18], ML_PHASE_DXE);
	assert_int_equal(entry[19], ML_ENTRY_BY_AP | 5 << 4);
	assert_int_equal(word32(entry + 20), CALLER_OF(as));
	assert_int_equal(word32(entry + 24), 0xffffffff);
}

/*
 * Reads the index as a reader of a dump does, from the bytes alone, at any
 * moment: what it accepts is right, and nothing but the oldest entry, which is
 * being overwritten, may be missing.
 */
static void check_index(const struct bench *bench)
{
	const u8 *base = bench->base, *ext = ext_of(base);
	u32 head = word(base, 0x28), tail = word(base, 0x30), n = bench->n;
	u32 total = word(ext, 0x10), count = word(ext, 0x40);
	u32 entries = word32(ext + 0x38);
	u32 oldest, number, seen = 0, want = 0;

	total -= (total % n + n - tail) % n;
	oldest = total - (tail + n - head) % n;
	for (number = count > entries ? count - entries : 0; number < count;
	     number++) {
		const u8 *entry =
			base + word32(ext + 0x30) + number % entries * 32;
		u32 at = word32(entry + 8), length = entry[16] | entry[17] << 8;
		int inside = at >= oldest && at + length <= total;

		if (entry_is_whole(entry, number) && inside) {
			check_entry(bench, entry, number);
			seen++;
		}
	}
	number = bench->count > entries ? bench->count - entries : 0;
	for (; number < bench->count; number++)
		want += bench->messages[number].at >= oldest &&
			bench->messages[number].at +
					bench->messages[number].length <=
				total;
	assert_in_range(seen, want ? want - 1 : 0, want + 1);
	if (watched != bench)
		assert_int_equal(seen, want);
}

static void setup_index(struct bench *bench, u32 n, u32 entries)
{
	watched = NULL;
	hostile = 0;
	memset(bench, 0, sizeof(*bench));
	memset(bench->room, GUARD_BYTE, sizeof(bench->room));
	bench->n = n;
	bench->model.n = n;
	bench->entries = entries;
	bench->header = entries ? ML_RING_HEADER_WITH(entries) :
				  ML_RING_HEADER_BYTES;
	bench->base = (u8 *)bench->room + GUARD;
	assert_int_equal(ml_ring_init(bench->base, bench->header + n, entries,
				      "v"),
			 ML_RING_OK);
	assert_int_equal(ml_ring_attach(bench->base, bench->header + n,
					&bench->ring),
			 ML_RING_OK);
	assert_int_equal(bench->ring.entries, entries);
	if (entries)
		bench->ring.ext->resumes = 0x15;
}

static void setup_bench(struct bench *bench, u32 n)
{
	setup_index(bench, n, 0);
}

static void check_bench(const struct bench *bench)
{
	const u8 *end = (const u8 *)bench->room + sizeof(bench->room);
	const u8 *after = bench->base + bench->header + bench->n;
	u8 text[MAX_N];
	u32 count, i;

	count = read_back(bench->base, bench->n, text);
	assert_int_equal(count, bench->model.count);
	assert_memory_equal(text, bench->model.bytes, count);
	assert_int_equal(word(bench->base, 0x38), bench->model.lost);
	assert_memory_equal(bench->base, "ovmfmdg1ovmfmdg2", 16);
	assert_int_equal(word(bench->base, 0x10), bench->header);
	assert_int_equal(word(bench->base, 0x18), bench->n);
	assert_int_equal(word(bench->base, 0x20), 1);
	if (bench->entries) {
		assert_int_equal(word(ext_of(bench->base), 0x10), bench->total);
		assert_int_equal(word(ext_of(bench->base), 0x40), bench->count);
		check_index(bench);
	}
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

/* What the ring was at that moment of a message */
static unsigned long moment, moment_wanted;
static uint64_t moment_room[sizeof(((struct bench *)0)->room) / 8];

/* A dump may be taken before any byte or store: the text must be a clean suffix,
 * and the index must be right. */
static void watch(void)
{
	const struct bench *bench = watched;
	u8 text[MAX_N];
	u32 count;

	if (!bench)
		return;
	if (++moment == moment_wanted)
		memcpy(moment_room, bench->room, sizeof(moment_room));
	count = read_back(bench->base, bench->n, text);
	if (count > bench->model.count ||
	    memcmp(text, bench->model.bytes + bench->model.count - count,
		   count)) {
		assert_int_equal(count, watched_after.count);
		assert_memory_equal(text, watched_after.bytes, count);
	}
	if (bench->entries)
		check_index(bench);
	watch_count++;
}

static void watched_copy(void *to, const void *from, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (watched) {
			assert_int_equal(interrupts, 0);
			assert_int_equal(word(watched->base, 0x20),
					 ML_RING_LOCK_HELD);
		}
		watch();
		((u8 *)to)[i] = ((const u8 *)from)[i];
	}
}

/* The text with what the ring puts before its lines, which messages are a
 * millisecond apart; returns its length. */
static u32 prefixed(const struct bench *bench, const u8 *text, u32 length,
		    u8 *ret)
{
	const struct model *model = &bench->model;
	int begins = !model->count || model->bytes[model->count - 1] == '\n';
	u32 i, n = 0;

	for (i = 0; i < length; i++) {
		if (begins)
			n += bench->ring.ext->khz ?
				     sprintf((char *)ret + n,
					     "[%5u.%03u000] E ",
					     bench->count / 1000,
					     bench->count % 1000) :
				     sprintf((char *)ret + n,
					     "[           ?] E ");
		ret[n++] = text[i];
		begins = text[i] == '\n';
	}
	return n;
}

static enum ml_ring_status append(struct bench *bench, const u8 *text,
				  u32 length)
{
	static u8 with[20 * 2 * MAX_N];
	struct ml_ring_message message = {
		.text = text,
		.length = length,
		.level = LEVEL_OF(bench->count),
		.time = TIME_OF(bench->count),
		.caller = CALLER_OF(bench->count),
		.phase = ML_PHASE_DXE,
		.flags = ML_ENTRY_BY_AP,
	};
	enum ml_ring_status status;

	if (bench->ring.prefixed) {
		length = prefixed(bench, text, length, with);
		text = with;
	}
	bench->messages[bench->count].at = bench->total;
	bench->messages[bench->count].length = length;
	watched_after = bench->model;
	if (length < bench->n)
		model_push(&watched_after, text, length);
	watched = hostile ? NULL : bench;
	status = ml_ring_append(&bench->ring, &message);
	watched = NULL;
	assert_int_equal(interrupts, 1);
	if (status != ML_RING_OK || !length)
		return status;
	model_push(&bench->model, text, length);
	bench->total += length;
	bench->count++;
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

static int without_atomics(void **state)
{
	(void)state;
	atomics = 0;
	return 0;
}

static int with_atomics(void **state)
{
	(void)state;
	atomics = 1;
	return 0;
}

/* With atomic instructions, and without */
#define BOTH(test)                                                             \
	cmocka_unit_test(test),                                                \
	{                                                                      \
#test " without atomics", test, without_atomics, with_atomics, \
			NULL                                                   \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_init),
		BOTH(test_random_lengths),
		BOTH(test_index),
		BOTH(test_prefix),
		BOTH(test_prefix_words),
		BOTH(test_prefix_rate),
		BOTH(test_counts),
		BOTH(test_sizes),
		BOTH(test_layout),
		BOTH(test_every_boundary),
		BOTH(test_exact_fill),
		BOTH(test_lock_is_not_waited_for),
		BOTH(test_hostile_offsets),
		BOTH(test_attach_refuses),
		BOTH(test_interrupts_stay_off),
		BOTH(test_final),
		BOTH(test_hostile_extension),
		BOTH(test_extension_is_ignored),
		BOTH(test_retire),
		BOTH(test_marks),
		BOTH(test_copy),
		BOTH(test_copy_index),
		BOTH(test_copy_prefix),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
