/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* source.c - read the bytes of one log, wherever its extents are. */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"

/* Where the log's own memory at addr ends, at most at end; addr itself if it is not
 * the log's, and then *ret_gap is how many bytes are not. */
static uint64_t own_until(const struct ml_log *log, uint64_t addr, uint64_t end,
			  uint64_t *ret_gap)
{
	size_t i = ml_ranges_find(log->foreign, log->n_foreign, addr);
	struct memlog_range r;

	if (i == log->n_foreign)
		return end;
	r = log->foreign[i];
	if (r.start > addr)
		return ml_min(r.start, end);
	*ret_gap = ml_min(r.end, end) - addr;
	return addr;
}

/* The bytes missing from off on, at least 1, at most to the extent's end. */
static uint64_t gap_at(struct ml_source *source, const struct memlog_extent *e,
		       uint64_t off)
{
	struct memlog_range r;
	uint64_t left = e->len - off;
	enum memlog_status s;

	s = memlog_image_next_range(source->image, e->space, e->addr + off, &r,
				    NULL);
	if (s)
		return left;
	if (r.start <= e->addr + off)
		/* promised by a range but not readable: try the next page */
		return ml_min(left, ML_PAGE - (e->addr + off) % ML_PAGE);
	return ml_min(left, r.start - (e->addr + off));
}

/* The same from a copy; *ret_gap is set if bytes are missing. */
static enum memlog_status from_copy(const struct ml_copy *c, uint64_t off,
				    void *buf, size_t len, size_t *ret,
				    uint64_t *ret_gap)
{
	struct memlog_range r;

	if (ml_ranges_next(c->have, c->n_have, off, &r)) {
		*ret_gap = c->len > off ? c->len - off : 1;
		return MEMLOG_NO_DATA;
	}
	if (r.start > off) {
		*ret_gap = r.start - off;
		return MEMLOG_NO_DATA;
	}
	*ret = ml_min(len, r.end - off);
	memcpy(buf, c->bytes + off, *ret);
	return MEMLOG_OK;
}

/* Reading failed: not every caller can pass that on. */
static enum memlog_status source_failed(struct ml_source *source,
					const struct memlog_err *why,
					struct memlog_err *err)
{
	if (!source->failed.status)
		source->failed = *why;
	if (err)
		*err = *why;
	return why->status;
}

enum memlog_status ml_source_read(struct ml_source *source, size_t extent,
				  uint64_t off, void *buf, size_t len,
				  size_t *ret, uint64_t *ret_gap,
				  struct memlog_err *err)
{
	struct memlog_err why;
	const struct memlog_extent *e;
	enum memlog_status s;
	uint64_t end, own, gap = 0;

	*ret = 0;
	if (ret_gap)
		*ret_gap = 0;
	extent = ml_log_piece(source->log, extent, &off);
	if (extent >= source->log->pub.n_extents)
		return ml_fail(err, MEMLOG_NO_DATA, "the log has no part %zu",
			       extent);
	e = &source->log->extents[extent];
	if (off >= e->len)
		return MEMLOG_NO_DATA;
	if (!ml_add(e->addr, e->len, &end))
		return ml_fail_at(err, MEMLOG_CORRUPT, e->addr,
				  "the log ends beyond the address space");
	own = e->space == source->log->extents[0].space ?
		      own_until(source->log, e->addr + off, end, &gap) :
		      end;
	len = ml_min(len, own - (e->addr + off));
	if (gap)
		s = MEMLOG_NO_DATA;
	else if (source->copies)
		s = from_copy(&source->copies[extent], off, buf, len, ret,
			      &gap);
	else
		s = memlog_image_read(source->image, e->space, e->addr + off,
				      buf, len, ret, &why);
	if (s == MEMLOG_NO_DATA || (!s && !*ret && len)) {
		if (!gap && !source->copies)
			gap = gap_at(source, e, off);
		source->missing += gap;
		if (ret_gap)
			*ret_gap = gap;
		return MEMLOG_NO_DATA;
	}
	if (s && ret_gap)
		*ret_gap = ml_min(e->len - off,
				  ML_PAGE - (e->addr + off) % ML_PAGE);
	return s ? source_failed(source, &why, err) : MEMLOG_OK;
}

size_t ml_source_fill(struct ml_source *source, size_t extent, uint64_t off,
		      void *buf, size_t len)
{
	size_t got = 0, part;

	while (got < len &&
	       !ml_source_read(source, extent, off + got, (uint8_t *)buf + got,
			       len - got, &part, NULL, NULL) &&
	       part)
		got += part;
	return got;
}

void ml_source_note_guessed(struct ml_source *source, uint32_t bit)
{
	const struct ml_log *log = source->log;
	int32_t cpu = -1;
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < log->pub.n_extents; i++)
		if (log->extents[i].role & bit &&
		    (!n || log->extents[i].cpu != cpu)) {
			cpu = log->extents[i].cpu;
			n++;
		}
	if (n == 1)
		snprintf(source->note, sizeof(source->note),
			 "the order of the events of CPU %" PRId32
			 " is guessed",
			 cpu);
	else if (n)
		snprintf(source->note, sizeof(source->note),
			 "the order of the events of %" PRIu32
			 " CPUs is guessed",
			 n);
}

void ml_source_note_add(struct ml_source *source, const char *words)
{
	size_t n = strlen(source->note);

	snprintf(source->note + n, sizeof(source->note) - n, "%s%s",
		 n ? "; " : "", words);
}
