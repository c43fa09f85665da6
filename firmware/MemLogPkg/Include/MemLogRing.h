/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The ring of the memory log: one header, then N bytes of text.
 *
 * Plain C, no state of its own: the same file is compiled into every phase of
 * the firmware and on the host, where the tests hold it against a model.
 * The layout is the one that QEMU's query-firmware-log and Linux's
 * ovmf_debug_log read.
 */
#ifndef MEMLOG_RING_H
#define MEMLOG_RING_H

#include <MemLogPort.h>

/* "ovmfmdg1" and "ovmfmdg2" as bytes in memory, both halves little endian */
#define ML_RING_MAGIC1_LOW	0x666d766fU
#define ML_RING_MAGIC1_HIGH	0x3167646dU
#define ML_RING_MAGIC2_LOW	0x666d766fU
#define ML_RING_MAGIC2_HIGH	0x3267646dU

#define ML_RING_VERSION_BYTES	128
#define ML_RING_HEADER_BYTES	192

/* Pages of the main log, header included: what a host may ask for at most. */
#define ML_RING_MAX_PAGES	0x200U
#define ML_RING_MAX_BYTES	(ML_RING_MAX_PAGES * 4096U)

/*
 * Tries to take the lock before a message is given up. A holder needs well
 * under a microsecond, so this is thousands of times that, and still over in
 * a millisecond when the holder is a processor that was stopped inside.
 */
#define ML_RING_LOCK_TRIES	4096U

#define ML_RING_LOCK_FREE	1U
#define ML_RING_LOCK_HELD	2U

/*
 * A 64-bit little endian field whose upper half is always zero. A 32-bit
 * processor can store it in one piece only by its lower half.
 */
struct ml_ring_word {
	u32 low;
	u32 high;
};

struct ml_ring_header {
	struct ml_ring_word magic1;	/* 0x00 */
	struct ml_ring_word magic2;	/* 0x08 */
	struct ml_ring_word header_size;	/* 0x10 bytes before the text */
	struct ml_ring_word size;	/* 0x18 N, bytes of text */
	struct ml_ring_word lock;	/* 0x20 ML_RING_LOCK_*, 0 before init */
	struct ml_ring_word head;	/* 0x28 offset of the oldest byte */
	struct ml_ring_word tail;	/* 0x30 offset of the next free byte */
	struct ml_ring_word truncated;	/* 0x38 1: the beginning is lost */
	char version[ML_RING_VERSION_BYTES];	/* 0x40 ASCII, ends with NUL */
};

enum ml_ring_status {
	ML_RING_OK,
	ML_RING_NONE,		/* no valid ring at this address */
	ML_RING_TOO_LONG,	/* message of N bytes or more, dropped */
	ML_RING_BUSY,		/* lock not free in time, dropped */
	ML_RING_BAD_OFFSETS,	/* head or tail outside the text, dropped */
};

enum ml_ring_phase {
	ML_PHASE_SEC = 1,
	ML_PHASE_PEI = 2,
	ML_PHASE_DXE = 4,
	ML_PHASE_RUNTIME = 5,
	ML_PHASE_SMM = 9,
};

/*
 * What the layout keeps of a message beside its text. A caller need not find
 * out what is not kept: asking for the processor's id is slow in a guest.
 */
#define ML_RING_KEEPS_CPU	0
#define ML_RING_KEEPS_TIME	0

struct ml_ring_message {
	const void *text;	/* no terminating NUL needed */
	u32 length;		/* bytes of text */
	u32 level;		/* DEBUG error-level bits */
	u64 cpu;		/* APIC id */
	u64 time;		/* time stamp counter */
	u8 phase;		/* enum ml_ring_phase */
};

/* An attached ring: a checked copy of what locates it. */
struct ml_ring {
	struct ml_ring_header *header;
	u8 *text;
	u32 size;
};

/*
 * Makes an empty ring of `bytes` bytes, header included, at `base` (aligned to
 * 8). `version` may be NULL and is cut to 127 characters. The magic is stored
 * last: a dump never shows it over a header that is half written.
 * ML_RING_NONE when `bytes` leaves fewer than 2 bytes for text.
 */
enum ml_ring_status ml_ring_init(void *base, u32 bytes, const char *version);

/*
 * Checks the header at `base` and fills `ret`. `limit` is how many bytes the
 * caller knows to belong to the ring; a header that claims more is refused,
 * because an operating system may have written it. ML_RING_NONE when it is no
 * ring.
 */
enum ml_ring_status ml_ring_attach(void *base, u32 limit, struct ml_ring *ret);

/*
 * Appends one message. The oldest bytes give way. Any processor may call it
 * at any time: it takes the lock in a bounded number of tries or drops the
 * message. At no point between two stores does [head, tail) hold anything but
 * whole text in order.
 */
enum ml_ring_status ml_ring_append(struct ml_ring *ring,
				   const struct ml_ring_message *message);

/*
 * Appends all that `from` holds, oldest byte first, and hands down its
 * truncated flag. Takes the lock of `to` only: `from` must not be written to
 * at the same time.
 */
enum ml_ring_status ml_ring_copy(struct ml_ring *to, struct ml_ring *from);

/* Makes the ring at `base` unrecognisable; nothing else of it changes. */
void ml_ring_retire(void *base);

#endif
