// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * sbuf.c - ACRN's shared buffer: put and get elements.
 *
 * Without SBUF_OVERWRITE only the producer stores tail and only the consumer
 * stores head. A slot is written before tail moves past it (release) and read
 * before head moves past it (release); each side loads the other's offset with
 * acquire. With SBUF_OVERWRITE the producer also moves the head of a full ring,
 * and both sides hold the lock.
 *
 * A model checker can define the SBUF_* access macros to interleave accesses.
 */
#include "sbuf.h"

#ifndef SBUF_LOAD
#define SBUF_LOAD(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define SBUF_STORE(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define SBUF_COPY(d, s, n)	copy((d), (s), (n))
#define SBUF_SWAP(p, v)		__atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#endif

/* The lock is held for one copy; the other side spins. */
#ifndef SBUF_RELAX
#if defined(__x86_64__) || defined(__i386__)
#define SBUF_RELAX()		__builtin_ia32_pause()
#else
#define SBUF_RELAX()		((void)0)
#endif
#endif

#define SLOT_BYTES_MAX		4096U

_Static_assert(sizeof(struct sbuf_header) == SBUF_HEADER_BYTES,
	       "the header is part of the interface");

/*
 * The barrier keeps the compiler from replacing the loop with a call to memcpy,
 * which may not exist. Copies of constant size become plain moves.
 */
static inline void copy(void *to, const void *from, sbuf_size n)
{
	sbuf_u8 *d = to;
	const sbuf_u8 *s = from;

	for (; n >= 16; n -= 16, d += 16, s += 16) {
		__builtin_memcpy(d, s, 16);
		__asm__ volatile("" ::: "memory");
	}
	for (; n; n--) {
		*d++ = *s++;
		__asm__ volatile("" ::: "memory");
	}
}

static inline void zero(void *to, sbuf_size n)
{
	sbuf_u8 *d = to;

	while (n--) {
		*d++ = 0;
		__asm__ volatile("" ::: "memory");
	}
}

static inline sbuf_u8 *slot(const struct sbuf_ring *ring, sbuf_u32 offset)
{
	return (sbuf_u8 *)ring->header + SBUF_HEADER_BYTES + offset;
}

static inline sbuf_u32 next(const struct sbuf_ring *ring, sbuf_u32 offset)
{
	offset += ring->slot_bytes;
	return offset <= ring->bytes - ring->slot_bytes ? offset : 0;
}

/*
 * Whether the slot at this offset is inside the ring. It may start at any byte:
 * checking that would take a division for each access, and all slots from there
 * on are inside the ring as well.
 */
static inline int inside(const struct sbuf_ring *ring, sbuf_u32 offset)
{
	return offset <= ring->bytes - ring->slot_bytes;
}

static inline sbuf_u32 used_bytes(const struct sbuf_ring *ring, sbuf_u32 head,
				  sbuf_u32 tail)
{
	return tail >= head ? tail - head : ring->bytes - (head - tail);
}

static void lock(const struct sbuf_ring *ring)
{
	if (!(ring->flags & SBUF_OVERWRITE))
		return;
	while (SBUF_SWAP(&ring->lock->held, 1))
		SBUF_RELAX();
}

static void unlock(const struct sbuf_ring *ring)
{
	if (ring->flags & SBUF_OVERWRITE)
		SBUF_STORE(&ring->lock->held, 0);
}

static int view(struct sbuf_header *header, sbuf_size bytes,
		struct sbuf_lock *ring_lock, struct sbuf_ring *ret)
{
	ret->header = header;
	ret->lock = ring_lock;
	ret->slot_bytes = header->slot_bytes;
	ret->bytes = header->bytes;
	ret->flags = header->flags;
	if (!ret->slot_bytes || ret->slot_bytes > SLOT_BYTES_MAX ||
	    ret->bytes > SBUF_MAX_BYTES || ret->bytes % ret->slot_bytes ||
	    ret->bytes / ret->slot_bytes != header->slots ||
	    header->slots < 2 || ret->bytes > bytes - SBUF_HEADER_BYTES)
		return 0;
	return !(ret->flags & SBUF_OVERWRITE) || ring_lock;
}

enum sbuf_status sbuf_ring_init(void *base, sbuf_size bytes,
				sbuf_u32 slot_bytes, sbuf_u32 flags,
				struct sbuf_lock *ring_lock,
				struct sbuf_ring *ret)
{
	struct sbuf_header *header = base;
	sbuf_size slots;

	if (!slot_bytes || slot_bytes > SLOT_BYTES_MAX ||
	    bytes < SBUF_HEADER_BYTES + 2 * (sbuf_size)slot_bytes ||
	    bytes > SBUF_MAX_BYTES)
		return SBUF_TOO_LONG;
	slots = (bytes - SBUF_HEADER_BYTES) / slot_bytes;
	zero(header, SBUF_HEADER_BYTES);
	header->slots = (sbuf_u32)slots;
	header->slot_bytes = slot_bytes;
	header->flags = flags & (SBUF_COUNT_OVERRUN | SBUF_OVERWRITE);
	header->bytes = (sbuf_u32)(slots * slot_bytes);
	if (!view(header, bytes, ring_lock, ret))
		return SBUF_BROKEN;
	/* the magic last, so that a header with a magic is complete */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	header->magic = SBUF_MAGIC;
	return SBUF_OK;
}

enum sbuf_status sbuf_ring_attach(void *base, sbuf_size bytes,
				  struct sbuf_lock *ring_lock,
				  struct sbuf_ring *ret)
{
	struct sbuf_header *header = base;

	if (bytes < SBUF_HEADER_BYTES || header->magic != SBUF_MAGIC)
		return SBUF_BROKEN;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return view(header, bytes, ring_lock, ret) ? SBUF_OK : SBUF_BROKEN;
}

/* Free need bytes by moving head past the oldest elements. */
static void lose(struct sbuf_ring *ring, sbuf_u32 head, sbuf_u32 free_bytes,
		 sbuf_u32 need)
{
	sbuf_u32 lost = 0;

	for (; free_bytes < need; free_bytes += ring->slot_bytes, lost++)
		head = next(ring, head);
	SBUF_STORE(&ring->header->head, head);
	if (ring->flags & SBUF_COUNT_OVERRUN)
		SBUF_STORE(&ring->header->overrun,
			   SBUF_LOAD(&ring->header->overrun) + lost);
}

/* Put len bytes into as many slots as needed, all or none. */
static enum sbuf_status put(struct sbuf_ring *ring, const void *data,
			    sbuf_size len)
{
	struct sbuf_header *header = ring->header;
	const sbuf_u8 *from = data;
	sbuf_u32 head, tail, need, used, free_bytes, piece;

	need = (sbuf_u32)((len + ring->slot_bytes - 1) / ring->slot_bytes) *
	       ring->slot_bytes;
	if (!need)
		need = ring->slot_bytes;
	tail = SBUF_LOAD(&header->tail);
	head = SBUF_LOAD(&header->head);
	if (!inside(ring, head) || !inside(ring, tail))
		return SBUF_BROKEN;
	used = used_bytes(ring, head, tail);
	if (used > ring->bytes - ring->slot_bytes)
		return SBUF_BROKEN;
	free_bytes = ring->bytes - ring->slot_bytes - used;
	if (free_bytes < need) {
		if (!(ring->flags & SBUF_OVERWRITE))
			return SBUF_FULL;
		lose(ring, head, free_bytes, need);
	}
	for (; need; need -= ring->slot_bytes) {
		piece = len < ring->slot_bytes ? (sbuf_u32)len :
						 ring->slot_bytes;
		SBUF_COPY(slot(ring, tail), from, piece);
		if (piece < ring->slot_bytes)
			zero(slot(ring, tail) + piece,
			     ring->slot_bytes - piece);
		from += piece;
		len -= piece;
		tail = next(ring, tail);
	}
	SBUF_STORE(&header->tail, tail);
	return SBUF_OK;
}

enum sbuf_status sbuf_ring_put(struct sbuf_ring *ring, const void *data,
			       sbuf_size len)
{
	enum sbuf_status status;

	if (len > ring->slot_bytes)
		return SBUF_TOO_LONG;
	lock(ring);
	status = put(ring, data, len);
	unlock(ring);
	return status;
}

enum sbuf_status sbuf_ring_put_many(struct sbuf_ring *ring, const void *data,
				    sbuf_size len)
{
	enum sbuf_status status;

	if (len > ring->bytes - ring->slot_bytes)
		return SBUF_TOO_LONG;
	lock(ring);
	status = put(ring, data, len);
	unlock(ring);
	return status;
}

enum sbuf_status sbuf_ring_get(struct sbuf_ring *ring, void *data,
			       sbuf_size size)
{
	struct sbuf_header *header = ring->header;
	enum sbuf_status status = SBUF_OK;
	sbuf_u32 head, tail;

	if (size < ring->slot_bytes)
		return SBUF_TOO_LONG;
	lock(ring);
	head = SBUF_LOAD(&header->head);
	tail = SBUF_LOAD(&header->tail);
	if (!inside(ring, head) || !inside(ring, tail)) {
		status = SBUF_BROKEN;
	} else if (head == tail) {
		status = SBUF_EMPTY;
	} else {
		SBUF_COPY(data, slot(ring, head), ring->slot_bytes);
		SBUF_STORE(&header->head, next(ring, head));
	}
	unlock(ring);
	return status;
}

sbuf_u32 sbuf_ring_count(const struct sbuf_ring *ring)
{
	sbuf_u32 head = SBUF_LOAD(&ring->header->head);
	sbuf_u32 tail = SBUF_LOAD(&ring->header->tail);

	if (!inside(ring, head) || !inside(ring, tail))
		return 0;
	return used_bytes(ring, head, tail) / ring->slot_bytes;
}

sbuf_u32 sbuf_ring_overrun(const struct sbuf_ring *ring)
{
	return SBUF_LOAD(&ring->header->overrun);
}
