/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lines.h - read lines from the segments of a text ring.
 *
 * A ring that wrapped is two segments, else one. Lines may cross segments. A
 * line is returned with its line end; one longer than ML_MAX_LINE is split into
 * several records, all but the last flagged CONTINUES.
 */
#ifndef ML_FORMAT_LINES_H
#define ML_FORMAT_LINES_H

#include "base/limits.h"
#include "format.h"

/* A run of text in an extent. Every record from it gets flags; a line does not
 * continue into a segment with other flags. */
struct ml_segment {
	size_t extent;
	uint64_t off, len;
	uint32_t flags;
};

#define ML_LINES_SEGMENTS 4

struct ml_lines {
	struct ml_segment seg[ML_LINES_SEGMENTS];
	size_t n_seg;
	/* the rest is private; zero it */
	size_t cur;
	uint64_t pos;
	uint64_t lost; /* bytes missing before what is in buf */
	uint64_t gap;  /* bytes missing after what is in buf */
	uint64_t seq;
	uint32_t first_flags; /* for the first record only */
	size_t start, end;
	uint8_t buf[2 * ML_MAX_LINE];
};

/* Append a segment; len 0 is ignored. At most ML_LINES_SEGMENTS. */
void ml_lines_add(struct ml_lines *l, size_t extent, uint64_t off, uint64_t len,
		  uint32_t flags);

/* Append len bytes, at most size, of a ring that has size bytes at off of the
 * first extent, from its byte from on, around its end. */
void ml_lines_add_ring(struct ml_lines *l, uint64_t off, uint64_t size,
		       uint64_t from, uint64_t len, uint32_t flags);

/* Read the next line into rec: text, raw, seq, lost and flags. Bytes that are
 * not in the image end a record with PARTIAL_TAIL, and the next one has
 * LOST_BEFORE. NO_DATA after the last line; bytes missing at the very end show
 * only in source->missing. */
enum memlog_status ml_lines_next(struct ml_lines *l, struct ml_source *source,
				 struct memlog_record *rec,
				 struct memlog_err *err);

/* len, not 0, without the start of a UTF-8 character, or of CR LF, that continues
 * after it: a line is cut between characters. */
size_t ml_lines_cut(const uint8_t *p, size_t len);

#endif
