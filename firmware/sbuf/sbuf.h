/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * sbuf.h - a ring of fixed-size slots in shared memory, for one producer and
 * one consumer, with the layout of ACRN's shared buffer.
 *
 * It does not allocate or sleep and needs no C library. Head and tail are byte
 * offsets; head == tail means empty, and one slot always stays free, so a ring
 * of N slots holds N - 1 elements. Elements stay in memory after they are read,
 * until they are overwritten, so a dump contains them.
 *
 * The other side may be a guest. The sizes are therefore copied to a private
 * struct sbuf_ring and not read from the header again, and offsets are checked
 * before each use: no access leaves the ring, whatever the header contains.
 */
#ifndef SBUF_H
#define SBUF_H

#ifdef __cplusplus
extern "C" {
#endif

typedef __UINT8_TYPE__ sbuf_u8;
typedef __UINT32_TYPE__ sbuf_u32;
typedef __UINT64_TYPE__ sbuf_u64;
typedef __SIZE_TYPE__ sbuf_size;

#define SBUF_MAGIC		0x5aa57aa71aa13aa3ULL
/* The magic of a previous boot's log. */
#define SBUF_MAGIC_LAST		(SBUF_MAGIC & ~1ULL)
#define SBUF_HEADER_BYTES	64U
#define SBUF_MAX_BYTES		(4U << 20)

/* flags: count overwritten elements; overwrite the oldest when full */
#define SBUF_COUNT_OVERRUN	1U
#define SBUF_OVERWRITE		2U

/* The header in shared memory, little endian. The slots follow. */
struct sbuf_header {
	sbuf_u64 magic;
	sbuf_u32 slots;		/* number of slots */
	sbuf_u32 slot_bytes;
	sbuf_u32 head;		/* moved by the consumer */
	sbuf_u32 tail;		/* moved by the producer */
	sbuf_u32 flags;
	sbuf_u32 reserved;
	sbuf_u32 overrun;	/* overwritten elements */
	sbuf_u32 bytes;		/* slots * slot_bytes */
	sbuf_u32 padding[6];
};

/*
 * With SBUF_OVERWRITE both sides move head, so both take this lock. It can be
 * anywhere in memory that both sides share. Initialise it to zero.
 */
struct sbuf_lock {
	sbuf_u32 held;
};

/*
 * One side's view of a ring, set by sbuf_ring_init() or sbuf_ring_attach(). The
 * producer and the consumer each have their own.
 */
struct sbuf_ring {
	struct sbuf_header *header;
	struct sbuf_lock *lock;		/* only with SBUF_OVERWRITE */
	sbuf_u32 slot_bytes;
	sbuf_u32 bytes;
	sbuf_u32 flags;
};

enum sbuf_status {
	SBUF_OK = 0,
	SBUF_FULL,		/* dropped: not enough free slots */
	SBUF_EMPTY,		/* nothing to read */
	SBUF_TOO_LONG,		/* invalid size */
	SBUF_BROKEN,		/* invalid header, head or tail */
};

/*
 * Initialise a ring in the given number of bytes at base, at most
 * SBUF_MAX_BYTES, with as many slots of slot_bytes (1 to 4096) as fit, at least
 * two: else TOO_LONG. flags: SBUF_*. lock is required with SBUF_OVERWRITE
 * (BROKEN without it) and ignored otherwise. Slots are not cleared. base may be
 * unaligned if the processor allows that, but accesses to head and tail are only
 * guaranteed to be atomic if it is aligned to 4.
 */
enum sbuf_status sbuf_ring_init(void *base, sbuf_size bytes,
				sbuf_u32 slot_bytes, sbuf_u32 flags,
				struct sbuf_lock *lock, struct sbuf_ring *ret);

/*
 * Attach to an initialised ring in at most the given number of bytes at base.
 * BROKEN: the header is invalid, or its ring is larger than that.
 */
enum sbuf_status sbuf_ring_attach(void *base, sbuf_size bytes,
				  struct sbuf_lock *lock,
				  struct sbuf_ring *ret);

/*
 * Producer: put one element of len bytes, padded with zeros to slot_bytes. If
 * the ring is full the element is dropped (FULL), or with SBUF_OVERWRITE the
 * oldest one is overwritten. TOO_LONG: len is larger than slot_bytes.
 */
enum sbuf_status sbuf_ring_put(struct sbuf_ring *ring, const void *data,
			       sbuf_size len);

/*
 * Producer: put len bytes into consecutive slots, all or none, so that a reader
 * never sees part of a message. FULL: not enough free slots. TOO_LONG: larger
 * than the ring's capacity.
 */
enum sbuf_status sbuf_ring_put_many(struct sbuf_ring *ring, const void *data,
				    sbuf_size len);

/*
 * Consumer: remove the oldest element and copy its slot_bytes bytes to data.
 * TOO_LONG: size, that of data, is less than slot_bytes.
 */
enum sbuf_status sbuf_ring_get(struct sbuf_ring *ring, void *data,
			       sbuf_size size);

/* Number of unread elements; 0 if head or tail is invalid. */
sbuf_u32 sbuf_ring_count(const struct sbuf_ring *ring);

/* Number of overwritten elements, with SBUF_COUNT_OVERRUN. */
sbuf_u32 sbuf_ring_overrun(const struct sbuf_ring *ring);

#ifdef __cplusplus
}
#endif

#endif
