/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reader.h - the events in some of a log's extents, one page after the other. */
#ifndef ML_FORMAT_HYP_READER_H
#define ML_FORMAT_HYP_READER_H

#include "image/bytes/rbpage.h"
#include "hyp.h"

/* Of the CPU whose extents are being read. has_lost: meta.lost is known, what was lost
 * before the reader page. after_reader: a page after that was reached. */
struct hyp_reader_cpu {
	struct hyp_meta meta;
	bool has_meta, has_lost, has_last, has_read, swapped, after_reader;
	uint64_t last_overrun;
	uint32_t read; /* bytes of the reader page, if has_read */
};

/*
 * next, end: extents. consumed: events that were read are wanted, too. page has room
 * for a page of the log; both are set by the user. have: event is the next one, and
 * events.time its time; to go on, clear it. lost: before that, if is_lost; 0: an
 * unknown number.
 */
struct hyp_reader {
	size_t next, end;
	bool consumed, have, is_lost;
	bool begun; /* the page's last event is not finished */
	uint8_t *page;
	struct ml_rb_event event;
	struct ml_rb_events events;
	uint64_t lost;
	int32_t cpu_nr;
	uint32_t role; /* of the page */
	struct hyp_reader_cpu cpu;
};

/* Find the next event; false: there is none. */
bool ml_hyp_reader_next(struct hyp_reader *r, struct ml_source *source);

/* MEMLOG_REC_* of that event. */
uint32_t ml_hyp_reader_flags(const struct hyp_reader *r,
			     const struct ml_log *log);

#endif
