/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sbuf.h - ACRN's shared buffers: rings of fixed slots behind a header of 64
 * bytes that never changed from 2018 on. Which ring is whose does not stand in
 * it; the size and number of slots tell.
 */
#ifndef ML_FORMAT_SBUF_H
#define ML_FORMAT_SBUF_H

#include "format/format.h"

#define ML_SBUF_HEADER		64u
#define ML_SBUF_MAGIC		UINT64_C(0x5aa57aa71aa13aa3)
/* the same in memory; the second is the mark of a log of the boot before */
#define ML_SBUF_BYTES		"\xa3\x3a\xa1\x1a\xa7\x7a\xa5\x5a"
#define ML_SBUF_BYTES_LAST	"\xa2\x3a\xa1\x1a\xa7\x7a\xa5\x5a"

#define ML_SBUF_LOG_SLOT	80u
#define ML_SBUF_TRACE_SLOT	32u
/* slots of the log that v0.1 to v0.3 keep before the Service VM gives one */
#define ML_SBUF_EARLY_SLOTS	3276u

enum ml_sbuf_kind {
	ML_SBUF_LOG,
	ML_SBUF_TRACE,
	ML_SBUF_ASYNCIO,
	ML_SBUF_VM_EVENT,
	ML_SBUF_OTHER,
};

struct ml_sbuf {
	uint32_t ele_num, ele_size, size;
	uint32_t head, tail;	/* in bytes */
	uint32_t flags, overrun;
	bool last;		/* of the boot before */
	bool bad_offsets;	/* head or tail is invalid */
};

/*
 * Take a header apart. NOT_MINE: no magic, or what follows is not the geometry
 * of a ring (code holds the magic as an operand). CORRUPT: a ring whose offsets
 * or flags are damaged; *ret is filled in, and the slots may be read.
 */
enum memlog_status ml_sbuf_parse(const uint8_t *p, size_t len,
				 struct ml_sbuf *ret, struct memlog_err *err);

enum ml_sbuf_kind ml_sbuf_kind(const struct ml_sbuf *h);

/* Bytes that wait to be read; 0 with bad offsets. */
uint32_t ml_sbuf_unread(const struct ml_sbuf *h);

/* Read up to len bytes at addr, across readers' short answers, up to the first
 * hole. Returns how many. */
size_t ml_sbuf_read(struct memlog_image *image, enum memlog_space space,
		    uint64_t addr, void *buf, size_t len);

/* A ring that was found at an address. */
struct ml_sbuf_at {
	uint64_t addr;
	struct ml_sbuf h;
	int32_t cpu;		/* by its content; -1: not known */
};

struct ml_sbuf_list {
	const struct memlog_allocator *alloc;
	struct ml_sbuf_at *at;
	size_t n, cap;
	size_t max;
};

/*
 * Look at every byte of [range) for headers of rings with slots of ele_size
 * bytes, and append them to the list, lowest address first. Holes are skipped.
 * LIMIT when the list is full, NO_MEMORY; what was found before stays.
 */
enum memlog_status ml_sbuf_find(struct memlog_image *image,
				enum memlog_space space,
				struct memlog_range range, uint32_t ele_size,
				struct ml_sbuf_list *list,
				struct memlog_err *err);

/*
 * Count, for each of n sorted addresses, the aligned 64-bit words of [range)
 * that hold it: the hypervisor's per-CPU pointers name the rings that are in
 * use. count[] is added to, where[] is the first place that was seen.
 */
enum memlog_status ml_sbuf_count_pointers(struct memlog_image *image,
					  enum memlog_space space,
					  struct memlog_range range,
					  const uint64_t *addr,
					  uint32_t *count, uint64_t *where,
					  size_t n, struct memlog_err *err);

#endif
