/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The ring of the memory log: a header, an index, then N bytes of text.
 *
 * Plain C without state: all phases of the firmware and the tests on the host
 * compile the same file. The layout is the one that QEMU's query-firmware-log
 * and Linux's ovmf_debug_log read: they skip the header with all that is in it.
 * docs/facts/ovmf.md describes the bytes.
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

/* Maximum text of the main log in pages; the index takes no more than that */
#define ML_RING_MAX_PAGES	0x200U
#define ML_RING_MAX_BYTES	(2 * ML_RING_MAX_PAGES * 4096U)

/* "memlogx1" */
#define ML_RING_LOCATOR_LOW	0x6c6d656dU
#define ML_RING_LOCATOR_HIGH	0x3178676fU

/* The index starts here; what is before it is left to others. */
#define ML_RING_INDEX_OFFSET	0x200U
#define ML_RING_EXT_BYTES	0xc0U
/* The extension with its locator, after the index */
#define ML_RING_EXT_ROOM	0x100U
#define ML_RING_CHECK		0x6d6c6f67U

/* The header of a ring with that many index entries */
#define ML_RING_HEADER_WITH(entries) \
	(ML_RING_INDEX_OFFSET + (entries) * 32U + ML_RING_EXT_ROOM)

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

/* Flags of the extension */
#define ML_RING_INDEXED		(1U << 0)
#define ML_RING_PREFIXED	(1U << 1)	/* so are the lines of text */
#define ML_RING_ARM_COUNTER	(1U << 3)	/* else x86's TSC */
#define ML_RING_HZ_CERTAIN	(1U << 4)

/* When a clock pair was taken; each kind has its place. */
enum ml_ring_moment {
	ML_MOMENT_PEI = 1,		/* MemLogPei starts */
	ML_MOMENT_MEMORY = 2,		/* memory was discovered */
	ML_MOMENT_DXE = 3,		/* MemLogDxe starts */
	ML_MOMENT_READY_TO_BOOT = 4,
	ML_MOMENT_EXIT_BOOT = 5,	/* ExitBootServices() */
};

#define ML_RING_MOMENTS		5U

/* The counter of the processor and that of the ACPI PM timer (24 bits, 3.579545
 * MHz) at the same time: readers divide. */
struct ml_ring_clock {
	struct ml_ring_word time;
	u32 pm_timer;
	u32 moment;	/* 0: not set */
};

/* What the plain header lacks. The last 16 bytes before the text have its
 * offset and "memlogx1". */
struct ml_ring_ext {
	u32 bytes;	/* 0x00 ML_RING_EXT_BYTES */
	u32 flags;	/* 0x04 */
	struct ml_ring_word hz;	/* 0x08 of the counter, 0: not known */
	struct ml_ring_word total;	/* 0x10 bytes of text ever written */
	u32 dropped_messages;	/* 0x18 */
	u32 dropped_bytes;	/* 0x1c */
	u32 boots;	/* 0x20 warm resets since the cold start */
	u32 resumes;	/* 0x24 from S3, of this boot */
	struct ml_ring_word start;	/* 0x28 counter at the first message */
	u32 index_offset;	/* 0x30 from the start of the header */
	u32 entry_bytes;	/* 0x34 32 */
	u32 entries;	/* 0x38 a power of two */
	u32 khz;	/* 0x3c the rate that prefixes have, 0: none yet */
	struct ml_ring_word count;	/* 0x40 entries ever written */
	struct ml_ring_word previous;	/* 0x48 address of the kept log */
	struct ml_ring_word main;	/* 0x50 in an early ring: the main log
					   of the last boot that had one */
	u8 wall_clock[16];	/* 0x58 EFI_TIME, 0: not known */
	struct ml_ring_word wall_clock_time;	/* 0x68 the counter then */
	struct ml_ring_clock clock[ML_RING_MOMENTS];	/* 0x70 */
};

/* One message. Number n is entry n modulo the number of entries. */
struct ml_ring_entry {
	struct ml_ring_word time;	/* the counter */
	u32 position;	/* total before this message, low half */
	u32 level;	/* DEBUG_* error level */
	u16 length;	/* of the text, at most 65535 */
	u8 phase;	/* enum ml_ring_phase */
	u8 flags;	/* ML_ENTRY_*, bits 4 to 7: resumes */
	u32 caller;	/* Data1 of gEfiCallerIdGuid */
	u32 cpu;	/* 0xffffffff: not known */
	u32 check;	/* all words before, the low half of the number and
			   ML_RING_CHECK, xored */
};

#define ML_ENTRY_BY_AP		(1U << 0)

/* "[   12.345678] I ", or "[           ?] I " before the rate is known */
#define ML_RING_PREFIX_BYTES	17U

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

struct ml_ring_message {
	const void *text;	/* need not be NUL-terminated */
	u32 length;		/* bytes of text */
	u32 level;		/* DEBUG_* error level */
	u64 time;		/* the counter */
	u32 caller;		/* Data1 of the module's GUID */
	u8 phase;		/* enum ml_ring_phase */
	u8 flags;		/* ML_ENTRY_BY_AP or 0 */
	u8 final;		/* 1: this processor stops, do without the lock
				   if it stays busy */
};

/* An attached ring: its location and geometry, checked once. */
struct ml_ring {
	struct ml_ring_header *header;
	u8 *text;
	u32 size;
	struct ml_ring_ext *ext;	/* NULL: a plain header */
	struct ml_ring_entry *index;
	u32 entries;	/* 0: no index */
	u8 prefixed;	/* lines begin with time and level */
};

/* How many index entries that many bytes of text need: a power of two. A message
 * of the firmware has 52 bytes on average. */
u32 ml_ring_entries(u32 text);

/* The size in pages of a ring for `pages` pages of text, with its index. */
u32 ml_ring_pages(u32 pages);

/*
 * Initialises an empty ring of `bytes` bytes, header included, at `base`
 * (aligned to 64), with an index of `entries` entries, a power of two from 2 on;
 * 0: with a plain header. `version` may be NULL and is truncated to 127 characters. The
 * magic is stored last, so a dump never shows it in a half-written header.
 * Returns ML_RING_NONE if fewer than 2 bytes are left for text.
 */
enum ml_ring_status ml_ring_init(void *base, u32 bytes, u32 entries,
				 const char *version);

/*
 * Checks the header at `base`, of a ring that is still written to (ML_RING_CURRENT
 * or ML_RING_RESUME), and fills in `ret`. `limit` is the maximum size
 * of the ring in bytes, header included: a header with a larger size, which an
 * operating system may have written, is rejected. Returns ML_RING_NONE if the
 * header is invalid. All that `ret` points to is between `base` and `limit`; an
 * extension that is not valid is ignored.
 */
enum ml_ring_status ml_ring_attach(void *base, u32 limit, struct ml_ring *ret);

/*
 * Appends one message, overwriting the oldest bytes of a full ring. Any
 * processor may call it at any time: if ML_RING_LOCK_TRIES tries do not get the
 * lock, the message is dropped, and counted. After each store [head, tail) is
 * intact text in order. ML_RING_NONE: the magic is gone.
 *
 * A message that is final is not dropped for the lock: whoever holds it may be
 * this processor, which had an exception in the middle of a message. The text of
 * that message is lost. If another processor does go on writing, text of both
 * may be damaged.
 */
enum ml_ring_status ml_ring_append(struct ml_ring *ring,
				   const struct ml_ring_message *message);

/*
 * Appends all text of `from`, oldest byte first, with its index entries, and
 * takes over what its extension says of the boot, clocks and drops. Sets the
 * truncated flag if `from` has it set. Locks only `to`: `from` must not be
 * written to at the same time. If the status is not ML_RING_OK, some text or entries
 * are not in `to`.
 */
enum ml_ring_status ml_ring_copy(struct ml_ring *to, struct ml_ring *from);

/*
 * From here on each line of text gets a prefix with the time since the start of the
 * log and the level. Text that is copied to the ring gets them as well. The rate of
 * the clock is that of ml_ring_hz(), or what the clock pairs say as soon as two are
 * a millisecond apart. A ring without an extension has no prefixes.
 */
void ml_ring_prefix(struct ml_ring *ring);

/* Stores a clock pair. */
void ml_ring_clock(struct ml_ring *ring, enum ml_ring_moment moment, u64 time,
		   u32 pm_timer);

/* Stores the date that it was when the counter was `time`: an EFI_TIME. */
void ml_ring_wall_clock(struct ml_ring *ring, const void *efi_time, u64 time);

/* Stores the rate of the counter, which the platform guarantees. Flags:
 * ML_RING_ARM_COUNTER or 0. */
void ml_ring_hz(struct ml_ring *ring, u64 hz, u32 flags);

/* Clears the magic of the ring at `base`, and nothing else. */
void ml_ring_retire(void *base);

/* The mark of the ring at `base`, ML_RING_UNMARKED if its magic is none of ours. */
enum ml_ring_mark ml_ring_mark(const void *base);

/* Changes the mark of a ring that has one, and nothing else. */
void ml_ring_set_mark(void *base, enum ml_ring_mark mark);

#endif
