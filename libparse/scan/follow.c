/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * follow.c - new records of a live log, as they come.
 *
 * Each look finds the current log again, in the few pages where one was seen or
 * may appear: after a reset there is a live early log, then a main log in place
 * of the old one. The last bytes returned are remembered and must be in the log
 * before what is new: otherwise the ring wrapped, or the guest was reset.
 */
#include "follow.h"

#include "base/err.h"
#include "base/sized.h"
#include "base/limits.h"
#include "base/range.h"

/* How often all likely places are searched, not just the fixed ones. The search takes at
 * most a quarter of the time. */
#define FULL_LOOKS_MS 2000
#define FULL_PAUSES   3

static void add_place(struct memlog_follow *f, uint64_t start, uint64_t end)
{
	if (f->n_places < ML_FOLLOW_PLACES && start < end)
		f->places[f->n_places++] = (struct memlog_range){ start, end };
}

/* The known logs, and the places where one may appear: all likely ones, or only
 * those that are a single address. */
static void learn_places(struct memlog_follow *f, bool all)
{
	enum memlog_space space = f->image->order[0];
	struct ml_likely likely[ML_FOLLOW_PLACES];
	size_t i, k, n;

	f->n_places = 0;
	if (f->known && f->space == space)
		add_place(f, f->addr, f->addr + ML_PAGE);
	for (i = 0; f->logs && i < f->logs->count; i++) {
		const struct memlog_extent *e = f->logs->logs[i]->extents;

		if (f->logs->logs[i]->pub.n_extents && e->space == space)
			add_place(f, e->addr, e->addr + ML_PAGE);
	}
	for (i = 0; ml_formats[i]; i++) {
		if (!ml_formats[i]->find.likely ||
		    !ml_format_asked(f->scan.formats, ml_formats[i]))
			continue;
		n = ml_formats[i]->find.likely(f->image, likely,
					       ML_FOLLOW_PLACES);
		for (k = 0; k < n; k++)
			if (likely[k].space == space &&
			    (all || !likely[k].downwards))
				add_place(f, likely[k].range.start,
					  likely[k].range.end);
	}
	f->n_places = ml_ranges_merge(f->places, f->n_places);
}

/* Is nothing followed yet, or a log in a fixed place, which another one succeeds? */
static bool follow_early(const struct memlog_follow *f)
{
	struct ml_likely likely[ML_FOLLOW_PLACES];
	size_t k, n;

	if (!f->known || !f->fmt->find.likely)
		return !f->known;
	n = f->fmt->find.likely(f->image, likely, ML_FOLLOW_PLACES);
	for (k = 0; k < n; k++)
		if (likely[k].space == f->space && !likely[k].downwards &&
		    f->addr >= likely[k].range.start &&
		    f->addr < likely[k].range.end)
			return true;
	return false;
}

static bool follow_full(const struct memlog_follow *f)
{
	int64_t pause = FULL_LOOKS_MS;

	if (f->often && follow_early(f) && f->full_took * FULL_PAUSES < pause)
		pause = f->full_took * FULL_PAUSES;
	return ml_follow_ms() - f->last_full >= pause;
}

/* There is no log, and the guest has memory that was not searched. */
static bool follow_anew(struct memlog_follow *f)
{
	return !f->known && f->image->renew &&
	       f->image->renew(f->image->renew_arg);
}

static enum memlog_status follow_search(struct memlog_follow *f,
					struct memlog_err *err)
{
	struct memlog_scan_opts o = f->scan;
	struct memlog_logs *logs;
	enum memlog_status s;
	bool full = follow_full(f);
	int64_t began = ml_follow_ms();
	bool again;

	if (f->searched && full && follow_anew(f))
		f->searched = false;
	again = f->searched && !f->scan.n_ranges;
	if (again) {
		learn_places(f, full);
		o.mode = MEMLOG_SCAN_PAGES;
		o.ranges = f->places;
		o.n_ranges = f->n_places;
		o.ranges_in_space = false;
	}
	s = again ? ml_scan_again(f->image, &o, f->logs, &logs, err) :
		    memlog_scan(f->image, &o, &logs, NULL, err);
	if (s && s != MEMLOG_LIMIT) {
		memlog_logs_destroy(logs);
		return s;
	}
	if (full) {
		f->last_full = ml_follow_ms();
		/* the first search is of more than the likely places */
		f->full_took = again ? f->last_full - began : 0;
	}
	f->searched = true;
	if (f->logs != f->d_logs)
		memlog_logs_destroy(f->logs);
	f->logs = logs;
	return MEMLOG_OK;
}

/* The log to follow: the current one, of the format already followed if there
 * is one. */
static const struct ml_log *follow_pick(const struct memlog_follow *f)
{
	const struct ml_log *best = NULL, *log;
	size_t i;

	for (i = 0; i < f->logs->count; i++) {
		log = f->logs->logs[i];
		if (log->pub.flags & (MEMLOG_LOG_EMPTY | MEMLOG_LOG_NOT_A_LOG))
			continue;
		if (f->known && log->fmt != f->fmt)
			continue;
		if (log->pub.state == MEMLOG_STATE_CURRENT)
			return log;
		if (log->pub.state == MEMLOG_STATE_UNKNOWN && !best)
			best = log;
	}
	return best;
}

static enum memlog_status open_decoder(struct memlog_follow *f,
				       const struct ml_log *log,
				       struct memlog_follow_news *news,
				       struct memlog_err *err)
{
	const struct memlog_extent *e = log->extents;
	bool moved = e->space != f->space || e->addr != f->addr;
	struct memlog_decoder *d;
	enum memlog_status s;

	s = memlog_decoder_open(f->image, &log->pub, &f->decode, &d, err);
	if (s)
		return s;
	memlog_decoder_close(f->d);
	if (f->d_logs != f->logs)
		memlog_logs_destroy(f->d_logs);
	f->d = d;
	f->d_logs = f->logs;
	f->fmt = log->fmt;
	s = ml_follow_compare(f, moved, news, err);
	if (s)
		return s;
	f->space = e->space;
	f->addr = e->addr;
	f->known = f->pass = true;
	f->finish = false;
	f->at = f->held = 0;
	return MEMLOG_OK;
}

/* ---- the public side ---------------------------------------------------- */

enum memlog_status memlog_follow_open(struct memlog_image *image,
				      const struct memlog_scan_opts *opts,
				      const struct memlog_decode_opts *decode,
				      struct memlog_follow **ret,
				      struct memlog_err *err)
{
	struct memlog_follow *f;
	enum memlog_status s;

	s = ml_scan_opts_check(opts, err);
	if (!s)
		s = ml_sized_check(decode, "memlog_decode_opts", err);
	if (s)
		return s;
	if (!image->n_order ||
	    !(image->spaces[image->order[0]].ops->flags & MEMLOG_READER_LIVE))
		return ml_fail(err, MEMLOG_INVALID,
			       "only a running guest can be followed: pid:N, "
			       "qmp:SOCKET or domain:NAME, or a debug port: "
			       "port:PATH");
	f = ml_calloc(&image->alloc, 1, sizeof(*f));
	if (!f)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to follow");
	f->alloc = image->alloc;
	f->image = image;
	ml_sized_in(&f->scan, sizeof(f->scan), opts);
	if (!opts)
		f->scan.mode = MEMLOG_SCAN_AUTO;
	ml_sized_in(&f->decode, sizeof(f->decode), decode);
	/* text not counted yet is returned once it is */
	f->decode.uncommitted = false;
	f->last_full = INT64_MIN / 2;
	*ret = f;
	return MEMLOG_OK;
}

void ml_follow_often(struct memlog_follow *f)
{
	f->often = true;
}

void memlog_follow_close(struct memlog_follow *f)
{
	struct memlog_allocator a;

	if (!f)
		return;
	a = f->alloc;
	memlog_decoder_close(f->d);
	if (f->d_logs != f->logs)
		memlog_logs_destroy(f->d_logs);
	memlog_logs_destroy(f->logs);
	ml_free(&a, f);
}

const struct memlog_log *memlog_follow_log(const struct memlog_follow *f)
{
	return f->d ? memlog_decoder_log(f->d) : NULL;
}

enum memlog_status memlog_follow_look(struct memlog_follow *f,
				      struct memlog_follow_news *ret,
				      struct memlog_err *err)
{
	struct memlog_follow_news news = { .size = sizeof(news) };
	const struct ml_log *log = NULL;
	enum memlog_status s;

	s = follow_search(f, err);
	if (!s)
		log = follow_pick(f);
	if (s == MEMLOG_IO) {
		ml_follow_unfinished(f, true, NULL);
	} else if (!s && (!log || ml_follow_unchanged(f, log))) {
		s = ml_follow_unfinished(f, false, err);
	} else if (!s) {
		s = open_decoder(f, log, &news, err);
		/* reset or overwritten in between: retry next time */
		if (s == MEMLOG_CORRUPT)
			s = MEMLOG_NO_DATA;
	}
	ml_sized_out(ret, &news, sizeof(news));
	return ml_return(err, s);
}

enum memlog_status memlog_follow_next(struct memlog_follow *f,
				      const struct memlog_record **ret,
				      struct memlog_err *err)
{
	const struct memlog_record *rec;
	enum memlog_status s;

	while (f->pass && f->d) {
		s = memlog_decoder_next(f->d, &rec, err);
		if (s) {
			f->pass = false;
			return s;
		}
		f->rec = *rec;
		if (!ml_follow_take(f, &f->rec))
			continue;
		if (f->overrun) {
			f->rec.flags |= MEMLOG_REC_LOST_BEFORE;
			f->rec.lost = f->lost;
			f->overrun = false;
		}
		*ret = &f->rec;
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}
