/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring.h - read messages from one CPU's ring of ACRN's log.
 *
 * Slots stay in memory after they were read, and a ring is not cleared when the
 * hypervisor restarts. So a ring holds, from its tail on, first what older
 * boots left, then what this boot's reader has consumed, then what it has not.
 */
#ifndef ML_FORMAT_ACRN_RING_H
#define ML_FORMAT_ACRN_RING_H

#include "msg.h"
#include "sbuf.h"

#define ML_ACRN_SLOTS_MAX 4u /* of one message */
#define ML_ACRN_TEXT_MAX  (ML_ACRN_SLOTS_MAX * ML_SBUF_LOG_SLOT)
#define ML_ACRN_RUNS	  10u /* separate stretches of boots */
#define ML_ACRN_CACHE	  64u /* slots */
#define ML_ACRN_NEAR	  16u /* slots around a doubtful one */

/* count slots from start on, around the end of the ring, all written by one
 * boot: age 0 is the newest, larger is older. */
struct ml_acrn_run {
	uint32_t start, count, age;
};

/* A message, or a piece of one whose head is missing. */
struct ml_acrn_item {
	bool has_head;
	struct ml_acrn_head head;
	uint32_t pos, slots; /* in the run */
	bool unread;	     /* at least one of its slots */
	bool open;	     /* its last slot is full: it ends or was cut
				   there */
	uint32_t flags;	     /* MEMLOG_REC_* */
};

struct ml_acrn_ring {
	size_t extent;
	struct ml_sbuf h;
	uint32_t num; /* slots that the extent has */
	int32_t cpu;
	bool early;
	bool consumed;	/* what was read before is wanted, too */
	uint64_t zeros; /* bytes of slots before the next message that were
			   never written, or are damaged if there is one */
	struct ml_acrn_run run[ML_ACRN_RUNS]; /* oldest first */
	uint32_t n_runs;
	/* where we are */
	uint32_t cur, pos;
	bool have;
	struct ml_acrn_item item;
	/* a window of slots */
	uint32_t cache_first, cache_n;
	uint8_t lacks[ML_ACRN_CACHE]; /* bytes of each that are not there */
	uint8_t cache[ML_ACRN_CACHE * ML_SBUF_LOG_SLOT];
};

/* The bytes of a slot, borrowed until the next call; NULL when they are not in
 * the image. slots.c */
const uint8_t *ml_acrn_ring_slot(struct ml_acrn_ring *ring,
				 struct ml_source *source, uint32_t index);

/* How many of its bytes are not. */
uint32_t ml_acrn_ring_lacks(struct ml_acrn_ring *ring, struct ml_source *source,
			    uint32_t index);

/* Read the header at the start of an extent and find out which boot wrote which
 * slots. CORRUPT, NO_DATA: there is no ring (any more). */
enum memlog_status ml_acrn_ring_open(struct ml_acrn_ring *ring,
				     struct ml_source *source, size_t extent,
				     struct memlog_err *err);

/* The age of the oldest boot in the ring. */
uint32_t ml_acrn_ring_oldest(const struct ml_acrn_ring *ring);

/* Go to the first item of a boot. ring->have says whether there is one. */
void ml_acrn_ring_start(struct ml_acrn_ring *ring, struct ml_source *source,
			uint32_t age);
/* Go to the next item of the same boot. */
void ml_acrn_ring_next(struct ml_acrn_ring *ring, struct ml_source *source);

/* Copy the current item's slots unchanged to raw and their joined text to text.
 * Both have room for ML_ACRN_TEXT_MAX bytes; returns the length of the text. */
size_t ml_acrn_ring_text(struct ml_acrn_ring *ring, struct ml_source *source,
			 uint8_t *raw, uint8_t *text);

#endif
