/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The ring of the memory log: a header, then N bytes of text.
 *
 * Plain C without state: all phases of the firmware and the tests on the host
 * compile the same file. The layout is the one that QEMU's query-firmware-log
 * and Linux's ovmf_debug_log read.
 */
#ifndef MEMLOG_RING_H
#define MEMLOG_RING_H

#include <MemLogPort.h>

/* "ovmfmdg1" and "ovmfmdg2" as bytes in memory, both halves little endian */
#define ML_RING_MAGIC1_LOW	0x666d766fU
#define ML_RING_MAGIC1_HIGH	0x3167646dU
#define ML_RING_MAGIC2_LOW	0x666d766fU
#define ML_RING_MAGIC2_HIGH	0x3267646dU

/*
 * The last byte of the second magic says whose text it is. QEMU and Linux compare
 * all of it, so they show only a ring of the current boot.
 */
enum ml_ring_mark {
	ML_RING_UNMARKED = 0,	/* no magic */
	ML_RING_CURRENT = '2',	/* of this boot */
	ML_RING_RESUME = 's',	/* of this boot's last resume from S3 */
	ML_RING_KEPT = 'p',	/* of the boot before, no longer written to */
};

#define ML_RING_VERSION_BYTES	128
#define ML_RING_HEADER_BYTES	192

/* Maximum size of the main log, header included */
#define ML_RING_MAX_PAGES	0x200U
#define ML_RING_MAX_BYTES	(ML_RING_MAX_PAGES * 4096U)

/*
 * Tries to take the lock before a message is dropped. The lock is held for well
 * under a microsecond. This allows many times that, and is over within about a
 * millisecond if the holder was stopped and never releases it.
 */
#define ML_RING_LOCK_TRIES	4096U

#define ML_RING_LOCK_FREE	1U
#define ML_RING_LOCK_HELD	2U

/*
 * A 64-bit little endian field. 32-bit PEI cannot store 64 bits atomically, so
 * only the lower half is used; the upper half is zero except in the magic.
 */
struct ml_ring_word {
	u32 low;
	u32 high;
};

struct ml_ring_header {
	struct ml_ring_word magic1;	/* 0x00 */
	struct ml_ring_word magic2;	/* 0x08 */
	struct ml_ring_word header_size;	/* 0x10 offset of the text */
	struct ml_ring_word size;	/* 0x18 N, bytes of text */
	struct ml_ring_word lock;	/* 0x20 ML_RING_LOCK_*, 0 before init */
	struct ml_ring_word head;	/* 0x28 offset of the oldest byte */
	struct ml_ring_word tail;	/* 0x30 offset of the next free byte */
	struct ml_ring_word truncated;	/* 0x38 1: old text is lost */
	char version[ML_RING_VERSION_BYTES];	/* 0x40 ASCII, NUL-terminated */
};

enum ml_ring_status {
	ML_RING_OK,
	ML_RING_NONE,		/* no valid header, or no space for one */
	ML_RING_TOO_LONG,	/* dropped: message of N bytes or more */
	ML_RING_BUSY,		/* dropped: the lock stayed busy */
	ML_RING_BAD_OFFSETS,	/* dropped: invalid head or tail */
};

enum ml_ring_phase {
	ML_PHASE_SEC = 1,
	ML_PHASE_PEI = 2,
	ML_PHASE_DXE = 4,
	ML_PHASE_RUNTIME = 5,
	ML_PHASE_SMM = 9,
};

/*
 * Whether the layout stores the processor and the time of a message. If not,
 * the caller need not determine them: CPUID is slow in a guest.
 */
#define ML_RING_KEEPS_CPU	0
#define ML_RING_KEEPS_TIME	0

struct ml_ring_message {
	const void *text;	/* need not be NUL-terminated */
	u32 length;		/* bytes of text */
	u32 level;		/* DEBUG_* error level */
	u64 cpu;		/* APIC id */
	u64 time;		/* time stamp counter */
	u8 phase;		/* enum ml_ring_phase */
};

/* An attached ring: its location and size, checked once. */
struct ml_ring {
	struct ml_ring_header *header;
	u8 *text;
	u32 size;
};

/*
 * Initialises an empty ring of `bytes` bytes, header included, at `base`
 * (aligned to 8). `version` may be NULL and is truncated to 127 characters. The
 * magic is stored last, so a dump never shows it in a half-written header.
 * Returns ML_RING_NONE if fewer than 2 bytes are left for text.
 */
enum ml_ring_status ml_ring_init(void *base, u32 bytes, const char *version);

/*
 * Checks the header at `base`, of a ring that is still written to (ML_RING_CURRENT
 * or ML_RING_RESUME), and fills in `ret`. `limit` is the maximum size
 * of the ring in bytes, header included: a header with a larger size, which an
 * operating system may have written, is rejected. Returns ML_RING_NONE if the
 * header is invalid.
 */
enum ml_ring_status ml_ring_attach(void *base, u32 limit, struct ml_ring *ret);

/*
 * Appends one message, overwriting the oldest bytes of a full ring. Any
 * processor may call it at any time: if ML_RING_LOCK_TRIES tries do not get the
 * lock, the message is dropped. After each store [head, tail) is intact text in
 * order.
 */
enum ml_ring_status ml_ring_append(struct ml_ring *ring,
				   const struct ml_ring_message *message);

/*
 * Appends all text of `from`, oldest byte first, and sets the truncated flag if
 * `from` has it set. Locks only `to`: `from` must not be written to at the same
 * time.
 */
enum ml_ring_status ml_ring_copy(struct ml_ring *to, struct ml_ring *from);

/* Clears the magic of the ring at `base`, and nothing else. */
void ml_ring_retire(void *base);

/* The mark of the ring at `base`, ML_RING_UNMARKED if its magic is none of ours. */
enum ml_ring_mark ml_ring_mark(const void *base);

/* Changes the mark of a ring that has one, and nothing else. */
void ml_ring_set_mark(void *base, enum ml_ring_mark mark);

#endif
