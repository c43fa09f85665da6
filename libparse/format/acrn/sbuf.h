/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sbuf.h - ACRN's shared buffers: rings of fixed-size slots after a 64-byte
 * header that has not changed since 2018. The header does not say whose ring it
 * is; the size and number of slots do.
 */
#ifndef ML_FORMAT_SBUF_H
#define ML_FORMAT_SBUF_H

#include "format/format.h"

#define ML_SBUF_HEADER 64u
#define ML_SBUF_MAGIC  UINT64_C(0x5aa57aa71aa13aa3)
/* the same in memory; the second marks a log of the previous boot */
#define ML_SBUF_BYTES	   "\xa3\x3a\xa1\x1a\xa7\x7a\xa5\x5a"
#define ML_SBUF_BYTES_LAST "\xa2\x3a\xa1\x1a\xa7\x7a\xa5\x5a"

/* what image/acrntrace.c puts before entries that acrntrace wrote: a header like
 * that of a ring, which may be larger */
#define ML_SBUF_CAPTURED       UINT64_C(0x5441676f6c6d656d)
#define ML_SBUF_BYTES_CAPTURED "memlogAT"

#define ML_SBUF_LOG_SLOT   80u
#define ML_SBUF_TRACE_SLOT 32u
/* slots of the log that v0.1 to v0.3 use before the Service VM provides one */
#define ML_SBUF_EARLY_SLOTS 3276u

enum ml_sbuf_kind {
	ML_SBUF_LOG,
	ML_SBUF_TRACE,
	ML_SBUF_ASYNCIO,
	ML_SBUF_VM_EVENT,
	ML_SBUF_OTHER,
};

struct ml_sbuf {
	uint32_t ele_num, ele_size, size;
	uint32_t head, tail; /* in bytes */
	uint32_t flags, overrun;
	bool last;	  /* of the previous boot */
	bool captured;	  /* no ring, but entries that were read from one */
	bool bad_offsets; /* head or tail is invalid */
};

/*
 * Parse a header. NOT_MINE: no magic, or what follows is not the geometry of a
 * ring (code has the magic as an operand). CORRUPT: a ring whose offsets or
 * flags are damaged; *ret is filled in, and the slots may be read.
 */
enum memlog_status ml_sbuf_parse(const uint8_t *p, size_t len,
				 struct ml_sbuf *ret, struct memlog_err *err);

enum ml_sbuf_kind ml_sbuf_kind(const struct ml_sbuf *h);

/* Unread bytes; 0 with bad offsets. */
uint32_t ml_sbuf_unread(const struct ml_sbuf *h);

/* Read up to len bytes at addr, continuing after short reads, up to the first
 * hole. Returns how many. */
size_t ml_sbuf_read(struct memlog_image *image, enum memlog_space space,
		    uint64_t addr, void *buf, size_t len);

/* A ring that was found at an address. */
struct ml_sbuf_at {
	uint64_t addr;
	struct ml_sbuf h;
	int32_t cpu; /* by its content; -1: unknown */
};

struct ml_sbuf_list {
	const struct memlog_allocator *alloc;
	struct ml_sbuf_at *at;
	size_t n, cap;
	size_t max;
};

/*
 * Search every byte of [range) for headers of rings with slots of ele_size
 * bytes, and append them to the list, lowest address first. Holes are skipped.
 * LIMIT when the list is full, NO_MEMORY; what was already found stays.
 */
enum memlog_status ml_sbuf_find(struct memlog_image *image,
				enum memlog_space space,
				struct memlog_range range, uint32_t ele_size,
				struct ml_sbuf_list *list,
				struct memlog_err *err);

/*
 * Count, for each of n sorted addresses, the aligned 64-bit words of [range)
 * that hold it: the hypervisor's per-CPU pointers point to the rings in use.
 * Adds to count[]; where[] is the first place found.
 */
enum memlog_status ml_sbuf_count_pointers(struct memlog_image *image,
					  enum memlog_space space,
					  struct memlog_range range,
					  const uint64_t *addr, uint32_t *count,
					  uint64_t *where, size_t n,
					  struct memlog_err *err);

#endif
