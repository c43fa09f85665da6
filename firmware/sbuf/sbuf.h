/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * sbuf.h - a ring of fixed slots in shared memory, for one producer and one
 * consumer: the shared buffer of ACRN, byte for byte.
 *
 * Nothing here allocates, sleeps, or needs a C library. Head and tail are
 * offsets in bytes; head == tail is empty, and one slot always stays free, so a
 * ring of N slots holds N - 1 elements. Elements that were read stay in memory
 * until they are overwritten: that is what a reader of a dump lives on.
 *
 * The other side may be a guest. The geometry is therefore kept in a private
 * struct sbuf_ring and never read back, and offsets are checked each time:
 * whatever stands in the header, nothing outside of the ring is touched.
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
/* The mark of a log that a boot before left behind. */
#define SBUF_MAGIC_LAST		(SBUF_MAGIC & ~1ULL)
#define SBUF_HEADER_BYTES	64U
#define SBUF_MAX_BYTES		(4U << 20)

/* flags: count elements that overwriting lost; overwrite when full */
#define SBUF_COUNT_OVERRUN	1U
#define SBUF_OVERWRITE		2U

/* What stands in shared memory, little endian. Slots follow. */
struct sbuf_header {
	sbuf_u64 magic;
	sbuf_u32 slots;		/* how many */
	sbuf_u32 slot_bytes;
	sbuf_u32 head;		/* of the consumer */
	sbuf_u32 tail;		/* of the producer */
	sbuf_u32 flags;
	sbuf_u32 reserved;
	sbuf_u32 overrun;	/* elements lost by overwriting */
	sbuf_u32 bytes;		/* slots * slot_bytes */
	sbuf_u32 padding[6];
};

/*
 * For rings with SBUF_OVERWRITE both sides move head, so both take this lock.
 * It need not lie in the ring's memory. Zeroed is free.
 */
struct sbuf_lock {
	sbuf_u32 held;
};

/* One side's view of a ring. Made by sbuf_ring_init() or _attach(); the
 * producer and the consumer each have their own. */
struct sbuf_ring {
	struct sbuf_header *header;
	struct sbuf_lock *lock;		/* only with SBUF_OVERWRITE */
	sbuf_u32 slot_bytes;
	sbuf_u32 bytes;
	sbuf_u32 flags;
};

enum sbuf_status {
	SBUF_OK = 0,
	SBUF_FULL,		/* dropped: no slot is free */
	SBUF_EMPTY,		/* nothing to read */
	SBUF_TOO_LONG,		/* more than a slot takes */
	SBUF_BROKEN,		/* the other side's offset is invalid, or the
				   memory holds no ring */
};

/*
 * Make a ring of slots of slot_bytes each (1 to 4096) in bytes bytes of memory
 * at base, at least two slots. flags: SBUF_*. lock is needed with
 * SBUF_OVERWRITE and ignored without. The header is written, the slots are left
 * as they are. base may have any alignment that the processor can load from;
 * only one of 4 gives atomic offsets where the processor wants alignment.
 */
enum sbuf_status sbuf_ring_init(void *base, sbuf_size bytes,
				sbuf_u32 slot_bytes, sbuf_u32 flags,
				struct sbuf_lock *lock, struct sbuf_ring *ret);

/* Use a ring that somebody else has made. bytes: how many are there at base;
 * BROKEN when the header is not one, or says more than that. */
enum sbuf_status sbuf_ring_attach(void *base, sbuf_size bytes,
				  struct sbuf_lock *lock,
				  struct sbuf_ring *ret);

/*
 * Producer: put len bytes, at most one slot; what is left of the slot becomes
 * zero. A full ring drops the element (FULL), or with SBUF_OVERWRITE loses the
 * oldest.
 */
enum sbuf_status sbuf_ring_put(struct sbuf_ring *ring, const void *data,
			       sbuf_size len);

/*
 * Producer: put len bytes as a run of slots one after the other. A ring without
 * room for all takes none of it (FULL), so that a reader never sees half a
 * message. TOO_LONG: more than the ring can ever take.
 */
enum sbuf_status sbuf_ring_put_many(struct sbuf_ring *ring, const void *data,
				    sbuf_size len);

/* Consumer: take the oldest element, slot_bytes bytes, into data. */
enum sbuf_status sbuf_ring_get(struct sbuf_ring *ring, void *data,
			       sbuf_size size);

/* Elements that can be read now; 0 for a broken ring. */
sbuf_u32 sbuf_ring_count(const struct sbuf_ring *ring);

/* Elements lost by overwriting, with SBUF_COUNT_OVERRUN. */
sbuf_u32 sbuf_ring_overrun(const struct sbuf_ring *ring);

#ifdef __cplusplus
}
#endif

#endif
