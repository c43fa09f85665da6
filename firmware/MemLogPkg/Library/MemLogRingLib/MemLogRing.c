// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * The ring of the memory log.
 *
 * The byte at the tail stays free: head == tail means empty, and a ring of N
 * bytes holds N - 1. Once the ring has wrapped, head is tail + 1 modulo N.
 */
#include <MemLogRing.h>

/* ml_ring_copy() releases the lock after each piece of this many bytes. */
#define COPY_PIECE	512U

/* The mark in the upper half of the second magic */
#define MARK_SHIFT	24
#define MARK_MASK	0x00ffffffU

_Static_assert(sizeof(struct ml_ring_header) == ML_RING_HEADER_BYTES,
	       "the header is part of the interface");

static u32 load(const u32 *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/* Release: earlier stores become visible first. */
static void store(u32 *to, u32 value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/* Full barrier: earlier stores become visible before later ones. */
static void settle(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static int lock(struct ml_ring_header *header)
{
	u32 tries, expected;

	for (tries = 0; tries < ML_RING_LOCK_TRIES; tries++) {
		expected = ML_RING_LOCK_FREE;
		if (__atomic_compare_exchange_n(&header->lock.low, &expected,
						ML_RING_LOCK_HELD, 0,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return 1;
		ml_relax();
	}
	return 0;
}

static void unlock(struct ml_ring_header *header)
{
	store(&header->lock.low, ML_RING_LOCK_FREE);
}

enum ml_ring_status ml_ring_init(void *base, u32 bytes, const char *version)
{
	struct ml_ring_header *header = base;
	u32 i;

	if (bytes < ML_RING_HEADER_BYTES + 2)
		return ML_RING_NONE;
	ml_ring_retire(base);
	ml_zero(base, bytes);
	header->header_size.low = ML_RING_HEADER_BYTES;
	header->size.low = bytes - ML_RING_HEADER_BYTES;
	header->lock.low = ML_RING_LOCK_FREE;
	for (i = 0; version && version[i] && i < ML_RING_VERSION_BYTES - 1; i++)
		header->version[i] = version[i];
	store(&header->magic2.high, ML_RING_MAGIC2_HIGH);
	store(&header->magic2.low, ML_RING_MAGIC2_LOW);
	store(&header->magic1.high, ML_RING_MAGIC1_HIGH);
	store(&header->magic1.low, ML_RING_MAGIC1_LOW);
	return ML_RING_OK;
}

enum ml_ring_status ml_ring_attach(void *base, u32 limit, struct ml_ring *ret)
{
	struct ml_ring_header *header = base;
	enum ml_ring_mark mark;
	u32 header_size, size;

	if (!base || limit < ML_RING_HEADER_BYTES + 2)
		return ML_RING_NONE;
	mark = ml_ring_mark(base);
	if (mark != ML_RING_CURRENT && mark != ML_RING_RESUME)
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
	return ML_RING_OK;
}

/*
 * Called with the lock held and length < size.
 *
 * The head moves before the text is written and the tail after it: [head, tail)
 * contains neither text that is being overwritten nor text that is incomplete.
 */
static enum ml_ring_status put(struct ml_ring *ring, const u8 *text, u32 length)
{
	struct ml_ring_header *header = ring->header;
	u32 size = ring->size;
	u32 head = load(&header->head.low);
	u32 tail = load(&header->tail.low);
	u32 next, first;

	if (head >= size || tail >= size)
		return ML_RING_BAD_OFFSETS;
	if (length < size - tail) {
		first = length;
		next = tail + length;
		if (head == tail + 1)
			head = next + 1 == size ? 0 : next + 1;
	} else {
		first = size - tail;
		next = length - first;
		head = next + 1;
		store(&header->truncated.low, 1);
	}
	store(&header->head.low, head);
	settle();
	ml_copy(ring->text + tail, text, first);
	if (length > first)
		ml_copy(ring->text, text + first, length - first);
	store(&header->tail.low, next);
	return ML_RING_OK;
}

/*
 * Interrupts are off while the lock is held: a handler that logs would wait for
 * it in vain on the same processor.
 */
static enum ml_ring_status put_locked(struct ml_ring *ring, const u8 *text,
				      u32 length)
{
	enum ml_ring_status status = ML_RING_BUSY;
	int interrupts = ml_interrupts_off();

	if (lock(ring->header)) {
		status = put(ring, text, length);
		unlock(ring->header);
	}
	ml_interrupts_set(interrupts);
	return status;
}

enum ml_ring_status ml_ring_append(struct ml_ring *ring,
				   const struct ml_ring_message *message)
{
	if (!message->length)
		return ML_RING_OK;
	if (message->length >= ring->size)
		return ML_RING_TOO_LONG;
	return put_locked(ring, message->text, message->length);
}

static enum ml_ring_status copy_run(struct ml_ring *to, const u8 *text,
				    u32 length)
{
	u32 most = to->size - 1 < COPY_PIECE ? to->size - 1 : COPY_PIECE;
	enum ml_ring_status status = ML_RING_OK;
	u32 piece;

	for (; length && status == ML_RING_OK; length -= piece, text += piece) {
		piece = length < most ? length : most;
		status = put_locked(to, text, piece);
	}
	return status;
}

enum ml_ring_status ml_ring_copy(struct ml_ring *to, struct ml_ring *from)
{
	u32 head = load(&from->header->head.low);
	u32 tail = load(&from->header->tail.low);
	enum ml_ring_status status;

	if (head >= from->size || tail >= from->size)
		return ML_RING_BAD_OFFSETS;
	if (load(&from->header->truncated.low))
		store(&to->header->truncated.low, 1);
	if (head <= tail)
		return copy_run(to, from->text + head, tail - head);
	status = copy_run(to, from->text + head, from->size - head);
	if (status != ML_RING_OK)
		return status;
	return copy_run(to, from->text, tail);
}

void ml_ring_retire(void *base)
{
	struct ml_ring_header *header = base;

	store(&header->magic1.low, 0);
	store(&header->magic1.high, 0);
	store(&header->magic2.low, 0);
	store(&header->magic2.high, 0);
}

enum ml_ring_mark ml_ring_mark(const void *base)
{
	const struct ml_ring_header *header = base;
	u32 high = load(&header->magic2.high);

	if (load(&header->magic1.low) != ML_RING_MAGIC1_LOW ||
	    load(&header->magic1.high) != ML_RING_MAGIC1_HIGH ||
	    load(&header->magic2.low) != ML_RING_MAGIC2_LOW ||
	    (high & MARK_MASK) != (ML_RING_MAGIC2_HIGH & MARK_MASK))
		return ML_RING_UNMARKED;
	switch (high >> MARK_SHIFT) {
	case ML_RING_CURRENT:
		return ML_RING_CURRENT;
	case ML_RING_RESUME:
		return ML_RING_RESUME;
	case ML_RING_KEPT:
		return ML_RING_KEPT;
	default:
		return ML_RING_UNMARKED;
	}
}

void ml_ring_set_mark(void *base, enum ml_ring_mark mark)
{
	struct ml_ring_header *header = base;

	if (ml_ring_mark(base) != ML_RING_UNMARKED)
		store(&header->magic2.high,
		      (ML_RING_MAGIC2_HIGH & MARK_MASK) |
		      (u32)mark << MARK_SHIFT);
}
