// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_bench.h - the firmware's ring, compiled into its tests, with a model that knows
 * nothing of heads and tails: a list of bytes from which the oldest falls out when there
 * are N of them. At every step of a message the ring must be right.
 */
#ifndef RING_BENCH_H
#define RING_BENCH_H

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

#endif
