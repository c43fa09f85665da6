/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* follow.h - following one log: what is known of it, and what of its text is
 * new. */
#ifndef ML_SCAN_FOLLOW_H
#define ML_SCAN_FOLLOW_H

#include "base/now.h"
#include "scan.h"

/* Bytes of text remembered. */
#define ML_FOLLOW_KEEP 4096

/* Ranges of pages to look at. */
#define ML_FOLLOW_PLACES 64

struct memlog_follow {
	struct memlog_allocator alloc;
	struct memlog_image *image;
	struct memlog_scan_opts scan;
	struct memlog_decode_opts decode;
	struct memlog_range places[ML_FOLLOW_PLACES];
	size_t n_places;
	bool searched;		    /* as the caller asked */
	int64_t last_full;	    /* when all likely places were searched */
	int64_t full_took;	    /* and how long that took */
	bool often;		    /* a new log is to be seen soon */
	struct memlog_logs *logs;   /* of the last look */
	struct memlog_decoder *d;   /* of the last look that had news */
	struct memlog_logs *d_logs; /* that its log is from */
	/* of what was returned */
	bool known;
	const struct ml_format *fmt;
	enum memlog_space space;
	uint64_t addr;
	struct ml_position pos;
	uint64_t total;		      /* bytes of this boot */
	uint8_t keep[ML_FOLLOW_KEEP]; /* the last of those bytes */
	size_t keep_len;
	uint64_t seq, seen; /* the last number, and that before this pass */
	bool has_seq, has_seen;
	/* of the pass that next() is in */
	uint64_t skip, at; /* raw bytes */
	bool pass, finish;
	uint64_t lost;
	bool overrun;
	uint64_t held; /* bytes of the last line, held back */
	int64_t held_since;
	struct memlog_record rec;
};

/* The time, in milliseconds. */
static inline int64_t ml_follow_ms(void)
{
	return (int64_t)(ml_now(CLOCK_MONOTONIC) / 1000000);
}

/* Look for another log more often than a person would notice, as long as the one that is
 * followed is an early one. Before the first look. */
void ml_follow_often(struct memlog_follow *f);

/* Is the log where, and as, the last look left it? */
bool ml_follow_unchanged(const struct memlog_follow *f,
			 const struct ml_log *log);

/* Compare what f->d decodes with what was returned: sets how much of it to
 * skip, and news. moved: it is not where it was. NO_DATA: nothing is new.
 * UNSUPPORTED: the format has neither positions nor numbers. */
enum memlog_status ml_follow_compare(struct memlog_follow *f, bool moved,
				     struct memlog_follow_news *news,
				     struct memlog_err *err);

/* Is this record of f->d new? Cuts off what is not, and remembers the rest. */
bool ml_follow_take(struct memlog_follow *f, struct memlog_record *rec);

/* Nothing new: is it time to return the unfinished line? now: yes in any case.
 * NO_DATA if not. */
enum memlog_status ml_follow_unfinished(struct memlog_follow *f, bool now,
					struct memlog_err *err);

#endif
