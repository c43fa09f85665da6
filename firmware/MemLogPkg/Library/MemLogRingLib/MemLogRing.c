// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * The ring of the memory log.
 *
 * A header may have an extension with an index, in which each message has an
 * entry. Whoever can write the header can change what they say: geometry is
 * checked when attaching, and counts are only used modulo the geometry.
 *
 * The byte at the tail stays free: head == tail means empty, and a ring of N
 * bytes holds N - 1. Once the ring has wrapped, head is tail + 1 modulo N.
 */
#include <MemLogRing.h>
#include "Prefix.h"
#include "Words.h"

/* ml_ring_copy() releases the lock after each piece of this many bytes. */
#define COPY_PIECE	512U

_Static_assert(sizeof(struct ml_ring_header) == ML_RING_HEADER_BYTES,
	       "the header is part of the interface");
_Static_assert(sizeof(struct ml_ring_ext) == ML_RING_EXT_BYTES,
	       "the extension is part of the interface");
_Static_assert(sizeof(struct ml_ring_entry) == 32,
	       "an entry is part of the interface");

/* The locator: the offset of the extension and "memlogx1" */
#define LOCATOR_BYTES	16U

/* Tries to change a counter that another processor changes as well */
#define COUNT_TRIES	64U

static int lock(struct ml_ring_header *header)
{
	u32 tries;

	for (tries = 0; tries < ML_RING_LOCK_TRIES; tries++) {
		if (change(&header->lock.low, ML_RING_LOCK_FREE,
			   ML_RING_LOCK_HELD))
			return 1;
		ml_relax();
	}
	return 0;
}

static void unlock(struct ml_ring_header *header)
{
	store(&header->lock.low, ML_RING_LOCK_FREE);
}

static void init_ext(u8 *base, u32 entries)
{
	u32 at = ML_RING_HEADER_WITH(entries) - ML_RING_EXT_ROOM;
	struct ml_ring_ext *ext = (struct ml_ring_ext *)(base + at);
	u32 *locator = (u32 *)(base + ML_RING_HEADER_WITH(entries) -
			       LOCATOR_BYTES);

	ext->bytes = ML_RING_EXT_BYTES;
	ext->flags = ML_RING_INDEXED;
	ext->index_offset = ML_RING_INDEX_OFFSET;
	ext->entry_bytes = (u32)sizeof(struct ml_ring_entry);
	ext->entries = entries;
	locator[0] = at;
	locator[2] = ML_RING_LOCATOR_LOW;
	locator[3] = ML_RING_LOCATOR_HIGH;
}

enum ml_ring_status ml_ring_init(void *base, u32 bytes, u32 entries,
				 const char *version)
{
	struct ml_ring_header *header = base;
	u32 i, header_size;

	if (entries > ML_RING_MAX_BYTES / sizeof(struct ml_ring_entry) ||
	    entries & (entries - 1) || entries == 1)
		return ML_RING_NONE;
	header_size = entries ? ML_RING_HEADER_WITH(entries) :
				ML_RING_HEADER_BYTES;
	if (bytes < header_size + 2)
		return ML_RING_NONE;
	ml_ring_retire(base);
	ml_zero(base, bytes);
	header->header_size.low = header_size;
	header->size.low = bytes - header_size;
	header->lock.low = ML_RING_LOCK_FREE;
	for (i = 0; version && version[i] && i < ML_RING_VERSION_BYTES - 1; i++)
		header->version[i] = version[i];
	if (entries)
		init_ext(base, entries);
	store(&header->magic2.high, ML_RING_MAGIC2_HIGH);
	store(&header->magic2.low, ML_RING_MAGIC2_LOW);
	store(&header->magic1.high, ML_RING_MAGIC1_HIGH);
	store(&header->magic1.low, ML_RING_MAGIC1_LOW);
	return ML_RING_OK;
}

/* Is it a ring that is still written to? */
static int has_magic(const struct ml_ring_header *header)
{
	enum ml_ring_mark mark = ml_ring_mark(header);

	return mark == ML_RING_CURRENT || mark == ML_RING_RESUME;
}

/* Does an index of that many entries at `at` leave the extension alone? */
static int index_fits(u32 at, u32 entries, u32 ext, u32 header_size)
{
	u32 bytes;

	if (at < ML_RING_HEADER_BYTES || at % 64 || at > header_size ||
	    !entries || entries & (entries - 1) ||
	    entries > (header_size - at) / sizeof(struct ml_ring_entry))
		return 0;
	bytes = entries * (u32)sizeof(struct ml_ring_entry);
	return at + bytes <= ext ||
	       (at >= ext + ML_RING_EXT_BYTES &&
		at + bytes <= header_size - LOCATOR_BYTES);
}

/* Each field is loaded once: it may change at any time. */
static void attach_ext(struct ml_ring *ring, u32 header_size)
{
	u8 *base = (u8 *)ring->header;
	struct ml_ring_ext *ext;
	const u32 *locator;
	u32 at, index, entries;

	if (header_size % 8 || header_size < ML_RING_HEADER_BYTES +
	    ML_RING_EXT_BYTES + LOCATOR_BYTES)
		return;
	locator = (const u32 *)(base + header_size - LOCATOR_BYTES);
	at = load(&locator[0]);
	if (load(&locator[1]) || load(&locator[2]) != ML_RING_LOCATOR_LOW ||
	    load(&locator[3]) != ML_RING_LOCATOR_HIGH || at % 64 ||
	    at < ML_RING_HEADER_BYTES ||
	    at > header_size - LOCATOR_BYTES - ML_RING_EXT_BYTES)
		return;
	ext = (struct ml_ring_ext *)(base + at);
	if (load(&ext->bytes) < ML_RING_EXT_BYTES)
		return;
	ring->ext = ext;
	ring->prefixed = (load(&ext->flags) & ML_RING_PREFIXED) != 0;
	index = load(&ext->index_offset);
	entries = load(&ext->entries);
	if (!(load(&ext->flags) & ML_RING_INDEXED) ||
	    load(&ext->entry_bytes) != sizeof(struct ml_ring_entry) ||
	    !index_fits(index, entries, at, header_size))
		return;
	ring->index = (struct ml_ring_entry *)(base + index);
	ring->entries = entries;
}

enum ml_ring_status ml_ring_attach(void *base, u32 limit, struct ml_ring *ret)
{
	struct ml_ring_header *header = base;
	u32 header_size, size;

	if (!base || limit < ML_RING_HEADER_BYTES + 2 || !has_magic(header))
		return ML_RING_NONE;
	header_size = load(&header->header_size.low);
	size = load(&header->size.low);
	if (header->header_size.high || header->size.high ||
	    header_size < ML_RING_HEADER_BYTES || header_size > limit ||
	    size < 2 || size > limit - header_size)
		return ML_RING_NONE;
	ret->header = header;
	ret->text = (u8 *)base + header_size;
	ret->size = size;
	ret->ext = 0;
	ret->index = 0;
	ret->entries = 0;
	ret->prefixed = 0;
	attach_ext(ret, header_size);
	return ML_RING_OK;
}

/* Adds to a counter without the lock, up to its maximum. */
static void count_up(u32 *counter, u32 by)
{
	u32 tries, old;

	for (tries = 0; tries < COUNT_TRIES; tries++) {
		old = load(counter);
		if (change(counter, old, old + by < old ? 0xffffffffU : old + by))
			return;
	}
}

static void count_drop(struct ml_ring *ring, u32 length)
{
	if (!ring->ext)
		return;
	count_up(&ring->ext->dropped_messages, 1);
	count_up(&ring->ext->dropped_bytes, length);
}

static u32 check_of(const struct ml_ring_entry *entry, u32 number)
{
	const u32 *word = (const u32 *)entry;
	u32 i, check = number ^ ML_RING_CHECK;

	for (i = 0; i < sizeof(*entry) / sizeof(*word) - 1; i++)
		check ^= word[i];
	return check;
}

int ml_ring_entry_is_whole(const struct ml_ring_entry *entry, u32 number)
{
	return entry->check == check_of(entry, number);
}

/* Called with the lock held. Entries with a wrong check are skipped by readers,
 * so one that is half written does no harm. */
static void put_entry(struct ml_ring *ring, struct ml_ring_entry *entry)
{
	u64 count;

	if (!ring->entries)
		return;
	count = load_word(&ring->ext->count);
	entry->check = check_of(entry, (u32)count);
	ml_copy(&ring->index[(u32)count & (ring->entries - 1)], entry,
		sizeof(*entry));
	store_word(&ring->ext->count, count + 1);
}

/* length: of the text, with its prefixes */
static void put_message(struct ml_ring *ring, u32 length,
			const struct ml_ring_message *message)
{
	struct ml_ring_entry entry;

	if (!ring->ext)
		return;
	entry.time.low = (u32)message->time;
	entry.time.high = (u32)(message->time >> 32);
	entry.position = load(&ring->ext->total.low);
	entry.level = message->level;
	entry.length = length > 0xffff ? 0xffff : (u16)length;
	entry.phase = message->phase;
	entry.flags = (u8)(message->flags | load(&ring->ext->resumes) << 4);
	entry.caller = message->caller;
	entry.cpu = 0xffffffffU;
	put_entry(ring, &entry);
}

/* The first message starts the clock of the log. */
static void note_start(struct ml_ring *ring,
		       const struct ml_ring_message *message)
{
	if (ring->ext && !load(&ring->ext->start.low) &&
	    !load(&ring->ext->start.high))
		store_word(&ring->ext->start, message->time);
}

static int at_line_start(const struct ml_ring *ring, u32 head, u32 tail)
{
	return head == tail ||
	       ring->text[(tail ? tail : ring->size) - 1] == '\n';
}

/* Stores text at a tail, and around the end of the ring; returns the next tail. */
static u32 put_text(struct ml_ring *ring, u32 tail, const u8 *text, u32 length)
{
	u32 first = ring->size - tail;

	if (length < first) {
		ml_copy(ring->text + tail, text, length);
		return tail + length;
	}
	ml_copy(ring->text + tail, text, first);
	if (length > first)
		ml_copy(ring->text, text + first, length - first);
	return length - first;
}

static void put_lines(struct ml_ring *ring, u32 tail, int begins,
		      const struct ml_ring_message *message)
{
	const u8 *text = message->text;
	u8 prefix[ML_RING_PREFIX_BYTES];
	u32 left = message->length, line;

	ml_prefix_make(ring->ext, message, prefix);
	for (; left; left -= line, text += line, begins = 1) {
		if (begins)
			tail = put_text(ring, tail, prefix, sizeof(prefix));
		line = ml_prefix_line(text, left);
		tail = put_text(ring, tail, text, line);
	}
}

/*
 * Called with the lock held and length < size.
 *
 * The head moves before the text is written and the tail after it: [head, tail)
 * contains neither text that is being overwritten nor text that is incomplete.
 * The total moves before the tail, so that a reader sees how far it is ahead.
 */
static enum ml_ring_status put(struct ml_ring *ring, const u8 *text, u32 length,
			       const struct ml_ring_message *message)
{
	struct ml_ring_header *header = ring->header;
	int prefixed = message && ring->prefixed, begins = 0;
	u32 size = ring->size;
	u32 head = load(&header->head.low);
	u32 tail = load(&header->tail.low);
	u32 next, used;

	if (head >= size || tail >= size)
		return ML_RING_BAD_OFFSETS;
	if (message)
		note_start(ring, message);
	if (prefixed) {
		begins = at_line_start(ring, head, tail);
		length = ml_prefix_room(text, length, begins);
		if (length >= size)
			return ML_RING_TOO_LONG;
	}
	used = tail - head + (tail < head ? size : 0);
	next = length < size - tail ? tail + length : length - (size - tail);
	if (length >= size - tail)
		store(&header->truncated.low, 1);
	if (length > size - 1 - used)
		head = next + 1 == size ? 0 : next + 1;
	store(&header->head.low, head);
	settle();
	if (prefixed)
		put_lines(ring, tail, begins, message);
	else
		put_text(ring, tail, text, length);
	if (message)
		put_message(ring, length, message);
	if (ring->ext)
		store_word(&ring->ext->total,
			   load_word(&ring->ext->total) + length);
	store(&header->tail.low, next);
	return ML_RING_OK;
}

/*
 * Interrupts are off while the lock is held: a handler that logs would wait for
 * it in vain on the same processor. A final message is written without the lock
 * if it stays busy. put() can do that wherever another message was left: what
 * the head made free for it is still free.
 */
static enum ml_ring_status put_locked(struct ml_ring *ring, const u8 *text,
				      u32 length,
				      const struct ml_ring_message *message)
{
	enum ml_ring_status status = ML_RING_BUSY;
	int interrupts = ml_interrupts_off();
	int locked = lock(ring->header);

	if (locked || (message && message->final))
		status = put(ring, text, length, message);
	if (locked)
		unlock(ring->header);
	ml_interrupts_set(interrupts);
	return status;
}

enum ml_ring_status ml_ring_append(struct ml_ring *ring,
				   const struct ml_ring_message *message)
{
	enum ml_ring_status status = ML_RING_TOO_LONG;

	if (!has_magic(ring->header))
		return ML_RING_NONE;
	if (!message->length)
		return ML_RING_OK;
	if (message->length < ring->size)
		status = put_locked(ring, message->text, message->length,
				    message);
	if (status != ML_RING_OK)
		count_drop(ring, message->length);
	return status;
}

enum ml_ring_status ml_ring_copy_text(struct ml_ring *to, const u8 *text,
				      u32 length)
{
	u32 most = to->size - 1 < COPY_PIECE ? to->size - 1 : COPY_PIECE;
	enum ml_ring_status status = ML_RING_OK;
	u32 piece;

	for (; length && status == ML_RING_OK; length -= piece, text += piece) {
		piece = length < most ? length : most;
		status = put_locked(to, text, piece, 0);
	}
	return status;
}

static enum ml_ring_status copy_ring(struct ml_ring *to, struct ml_ring *from,
				     u32 head, u32 tail)
{
	enum ml_ring_status status;

	if (head <= tail)
		return ml_ring_copy_text(to, from->text + head, tail - head);
	status = ml_ring_copy_text(to, from->text + head, from->size - head);
	if (status != ML_RING_OK)
		return status;
	return ml_ring_copy_text(to, from->text, tail);
}

/* What the first ring of a boot knows of it. */
static void copy_facts(struct ml_ring_ext *to, const struct ml_ring_ext *from)
{
	to->flags |= from->flags & (ML_RING_ARM_COUNTER | ML_RING_HZ_CERTAIN);
	to->hz = from->hz;
	to->boots = from->boots;
	to->resumes = from->resumes;
	to->start = from->start;
	ml_copy(to->clock, from->clock, sizeof(to->clock));
	count_up(&to->dropped_messages, from->dropped_messages);
	count_up(&to->dropped_bytes, from->dropped_bytes);
}

/*
 * The entries of the last `used` bytes of `from`, which are now the bytes of `to`
 * from `position` on. One in which a message was caught is left out.
 */
static enum ml_ring_status copy_index(struct ml_ring *to,
				      const struct ml_ring *from, u32 used,
				      u32 position)
{
	u32 oldest = load(&from->ext->total.low) - used;
	u64 count = load_word(&from->ext->count);
	u64 number = count > from->entries ? count - from->entries : 0;
	struct ml_ring_entry entry;
	int interrupts, locked;

	for (; number < count; number++) {
		ml_copy(&entry,
			&from->index[(u32)number & (from->entries - 1)],
			sizeof(entry));
		entry.position -= oldest;
		if (entry.position > used ||
		    entry.length > used - entry.position)
			continue;
		entry.position += oldest;
		if (entry.check != check_of(&entry, (u32)number))
			continue;
		entry.position += position - oldest;
		interrupts = ml_interrupts_off();
		locked = lock(to->header);
		if (locked) {
			put_entry(to, &entry);
			unlock(to->header);
		}
		ml_interrupts_set(interrupts);
		if (!locked)
			return ML_RING_BUSY;
	}
	return ML_RING_OK;
}

enum ml_ring_status ml_ring_copy(struct ml_ring *to, struct ml_ring *from)
{
	u32 head = load(&from->header->head.low);
	u32 tail = load(&from->header->tail.low);
	u32 used = tail - head + (tail < head ? from->size : 0), position;
	enum ml_ring_status status;

	if (head >= from->size || tail >= from->size)
		return ML_RING_BAD_OFFSETS;
	if (load(&from->header->truncated.low))
		store(&to->header->truncated.low, 1);
	if (!to->ext || !from->ext)
		return copy_ring(to, from, head, tail);
	copy_facts(to->ext, from->ext);
	if (to->prefixed) {
		ml_ring_prefix(to);
		return ml_ring_replay(to, from, used);
	}
	position = load(&to->ext->total.low);
	status = copy_ring(to, from, head, tail);
	if (status == ML_RING_OK && to->entries && from->entries)
		status = copy_index(to, from, used, position);
	return status;
}
