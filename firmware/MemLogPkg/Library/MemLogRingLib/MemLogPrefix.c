// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Time and level before each line, for readers that know no index:
 *
 *	[   12.345678] I text
 *
 * Seconds since the start of the log, with `?` until a rate of the clock is known.
 */
#include <MemLogRing.h>
#include "Prefix.h"
#include "Words.h"

#define SECONDS_AT	1U
#define SECONDS_DIGITS	5U
#define MICROS_AT	7U
#define MICROS_DIGITS	6U
#define LEVEL_AT	15U
#define MOST_SECONDS	99999U

/* The levels of DEBUG() */
#define LEVEL_ERROR	0x80000000U
#define LEVEL_WARN	0x00000002U
#define LEVEL_INFO	0x00000445U	/* INIT, LOAD, INFO, BM */

#define PM_TIMER_HZ	3579545U
#define PM_TIMER_MASK	0xffffffU

/* Ticks of the PM timer, a millisecond, that tell a rate within 0.1 % */
#define LEAST_TICKS	3580U
/* 10 GHz for as long as the PM timer takes to turn over */
#define MOST_CYCLES	(1ULL << 36)
#define LEAST_KHZ	1000U
#define MOST_KHZ	10000000U

/* With more, a number of microseconds would not fit into 64 bits. */
#define MOST_BITS	54U

static void put_number(u8 *to, u32 digits, u32 value, u8 pad)
{
	u32 i;

	for (i = digits; i-- > 0; value /= 10)
		to[i] = value || i == digits - 1 ? (u8)('0' + value % 10) : pad;
}

static u8 letter(u32 level)
{
	if (level & LEVEL_ERROR)
		return 'E';
	if (level & LEVEL_WARN)
		return 'W';
	return level & LEVEL_INFO ? 'I' : 'V';
}

void ml_prefix_make(const struct ml_ring_ext *ext,
		    const struct ml_ring_message *message,
		    u8 ret[ML_RING_PREFIX_BYTES])
{
	static const u8 unknown[ML_RING_PREFIX_BYTES + 1] =
		"[           ?]   ";
	u64 start = load_word(&ext->start), micros, seconds;
	u32 khz = load(&ext->khz), i;

	for (i = 0; i < ML_RING_PREFIX_BYTES; i++)
		ret[i] = unknown[i];
	ret[LEVEL_AT] = letter(message->level);
	if (!khz || message->time < start ||
	    (message->time - start) >> MOST_BITS)
		return;
	micros = ml_divide((message->time - start) * 1000U, khz);
	seconds = ml_divide(micros, 1000000U);
	if (seconds > MOST_SECONDS)
		return;
	put_number(ret + SECONDS_AT, SECONDS_DIGITS, (u32)seconds, ' ');
	ret[MICROS_AT - 1] = '.';
	put_number(ret + MICROS_AT, MICROS_DIGITS,
		   (u32)(micros - seconds * 1000000U), '0');
}

u32 ml_prefix_line(const u8 *text, u32 length)
{
	u32 line = 0;

	while (line < length && text[line++] != '\n')
		;
	return line;
}

u32 ml_prefix_room(const u8 *text, u32 length, int begins)
{
	u32 room = length, line;

	for (; length; length -= line, text += line) {
		line = ml_prefix_line(text, length);
		if (begins)
			room += ML_RING_PREFIX_BYTES;
		begins = 1;
	}
	return room;
}

/* By the first and the last clock pair that there are; 0: not known yet. */
static u32 khz_of(const struct ml_ring_ext *ext)
{
	const struct ml_ring_clock *first = 0, *last = 0;
	u64 cycles, khz;
	u32 i, ticks;

	if (ext->hz.low || ext->hz.high)
		return (u32)ml_divide(load_word(&ext->hz), 1000U);
	for (i = 0; i < ML_RING_MOMENTS; i++) {
		if (load(&ext->clock[i].moment) != i + 1)
			continue;
		if (!first)
			first = &ext->clock[i];
		last = &ext->clock[i];
	}
	if (!first)
		return 0;
	ticks = (last->pm_timer - first->pm_timer) & PM_TIMER_MASK;
	cycles = load_word(&last->time) - load_word(&first->time);
	if (ticks < LEAST_TICKS || cycles > MOST_CYCLES)
		return 0;
	khz = ml_divide(ml_divide(cycles * PM_TIMER_HZ, 1000U), ticks);
	return khz < LEAST_KHZ || khz > MOST_KHZ ? 0 : (u32)khz;
}

void ml_ring_prefix(struct ml_ring *ring)
{
	if (!ring->ext)
		return;
	if (!load(&ring->ext->khz))
		store(&ring->ext->khz, khz_of(ring->ext));
	store(&ring->ext->flags, load(&ring->ext->flags) | ML_RING_PREFIXED);
	ring->prefixed = 1;
}

/* The first failure of several calls is what they return together. */
static enum ml_ring_status also(enum ml_ring_status ret,
				enum ml_ring_status status)
{
	return ret == ML_RING_OK ? status : ret;
}

/* One message, in two where the ring that it is in ends. */
static enum ml_ring_status replay_entry(struct ml_ring *to,
					const struct ml_ring *from, u32 at,
					const struct ml_ring_entry *entry)
{
	enum ml_ring_status status;
	struct ml_ring_message message;
	u32 first = from->size - at;

	message.text = from->text + at;
	message.length = entry->length < first ? entry->length : first;
	message.level = entry->level;
	message.time = entry->time.low | (u64)entry->time.high << 32;
	message.caller = entry->caller;
	message.phase = entry->phase;
	message.flags = entry->flags & ML_ENTRY_BY_AP;
	message.final = 0;
	status = ml_ring_append(to, &message);
	if (entry->length <= first)
		return status;
	message.text = from->text;
	message.length = entry->length - first;
	return also(status, ml_ring_append(to, &message));
}

/* Text without an entry: no time, no prefix. */
static enum ml_ring_status replay_rest(struct ml_ring *to,
				       const struct ml_ring *from, u32 at,
				       u32 length)
{
	u32 first = length < from->size - at ? length : from->size - at;
	enum ml_ring_status status;

	status = ml_ring_copy_text(to, from->text + at, first);
	return also(status,
		    ml_ring_copy_text(to, from->text, length - first));
}

enum ml_ring_status ml_ring_replay(struct ml_ring *to,
				   const struct ml_ring *from, u32 used)
{
	u32 oldest = load(&from->ext->total.low) - used;
	u32 head = load(&from->header->head.low), done = 0;
	u64 count = load_word(&from->ext->count);
	u64 number = count > from->entries ? count - from->entries : 0;
	enum ml_ring_status ret = ML_RING_OK;
	struct ml_ring_entry entry;

	for (; from->entries && number < count; number++) {
		ml_copy(&entry,
			&from->index[(u32)number & (from->entries - 1)],
			sizeof(entry));
		if (!ml_ring_entry_is_whole(&entry, (u32)number))
			continue;
		entry.position -= oldest;
		if (entry.position > used || entry.position < done ||
		    entry.length > used - entry.position)
			continue;
		ret = also(ret, replay_rest(to, from,
					    (head + done) % from->size,
					    entry.position - done));
		ret = also(ret, replay_entry(to, from,
					     (head + entry.position) %
						     from->size,
					     &entry));
		done = entry.position + entry.length;
	}
	return also(ret, replay_rest(to, from, (head + done) % from->size,
				     used - done));
}
