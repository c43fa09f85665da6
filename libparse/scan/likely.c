/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* likely.c - search where logs are likely. */
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "job.h"

/* Search one of the places of a format. past: as stop_after of ml_scan_range(). */
static enum memlog_status likely_search(struct ml_scan_job *job,
					const struct ml_format *fmt,
					const struct ml_likely *place,
					uint64_t past, struct memlog_err *err)
{
	job->space = place->space;
	job->any_hit = false;
	if (!place->exact)
		return ml_scan_within(job, fmt, false, place->range,
				      place->downwards, past, err);
	return ml_scan_allows(job, place->range.start) ?
		       ml_scan_candidate(job, fmt, place->range.start,
					 place->hint, err) :
		       MEMLOG_OK;
}

/* Below the tops of low memory, where firmware puts its log more often than elsewhere, in
 * the order in which that is found with the least bytes: 3.3 MiB below it in a guest
 * with SMM, 1.2 MiB in one without. */
static const struct memlog_range likely_slices[] = {
	{ 7 << 19, 6 << 19 },
	{ 6 << 19, 0 },
	{ 8 << 19, 7 << 19 },
	{ 18 << 20, 8 << 19 },
};

enum { SLICES = sizeof(likely_slices) / sizeof(likely_slices[0]) };

/* A slice of all n places, up to the first log. *ret: there is one. */
static enum memlog_status likely_slice(struct ml_scan_job *job,
				       const struct ml_format *fmt,
				       const struct ml_likely *places, size_t n,
				       const struct memlog_range *slice,
				       bool *ret, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	const struct memlog_range *r;
	struct ml_likely piece;
	size_t i;

	for (i = 0; i < n && !s && !*ret; i++) {
		r = &places[i].range;
		piece = places[i];
		if (!piece.downwards || r->end - r->start <= slice->end ||
		    !memlog_image_has_space(job->image, piece.space))
			continue;
		piece.range.start =
			r->end - ml_min(r->end - r->start, slice->start);
		piece.range.end = r->end - slice->end;
		s = likely_search(job, fmt, &piece, 1, err);
		*ret = job->any_hit;
	}
	return s;
}

/* Has another format a log that is not there in every image? */
static bool likely_has_others(const struct ml_scan_job *job,
			      const struct ml_format *fmt)
{
	const struct ml_format *other;
	size_t i;

	for (i = 0; i < job->logs->count; i++) {
		other = job->logs->logs[i]->fmt;
		if (other != fmt && !other->say.on_request)
			return true;
	}
	return false;
}

/* Where other memory leads; what is searched as a whole needs no such places. */
static enum memlog_status likely_pointed(struct ml_scan_job *job,
					 const struct ml_format *fmt, bool *ret,
					 struct memlog_err *err)
{
	struct ml_likely places[ML_LIKELY_PLACES];
	enum memlog_status s = MEMLOG_OK;
	size_t n, i;

	if (!fmt->find.pointed || !job->stats.likely_only ||
	    (job->need && likely_has_others(job, fmt)))
		return MEMLOG_OK;
	n = fmt->find.pointed(job->image, places, ML_LIKELY_PLACES);
	if (job->image->stopped)
		return ml_fail(err, MEMLOG_STOP, "stopped");
	for (i = 0; i < n && !s; i++) {
		s = likely_search(job, fmt, &places[i], 0, err);
		*ret |= job->any_hit;
	}
	return s;
}

/* As far as needed: the first log of the format that one of the n places has, all of
 * which are searched equally far, then where other memory leads. *ret: there is one. */
static enum memlog_status likely_need(struct ml_scan_job *job,
				      const struct ml_format *fmt,
				      const struct ml_likely *places, size_t n,
				      bool *ret, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t k;

	for (k = 0; k < SLICES - 1 && !s && !*ret; k++)
		s = likely_slice(job, fmt, places, n, &likely_slices[k], ret,
				 err);
	return s || *ret ? s : likely_pointed(job, fmt, ret, err);
}

/* The last slice, which has more bytes than all other places, only if no format has a
 * log. */
static enum memlog_status likely_last(struct ml_scan_job *job,
				      const struct ml_format *fmt,
				      struct memlog_err *err)
{
	struct ml_likely places[ML_LIKELY_PLACES];
	bool found = false;
	size_t n;

	if (!fmt->find.likely || likely_has_others(job, fmt))
		return MEMLOG_OK;
	n = fmt->find.likely(job->image, places, ML_LIKELY_PLACES);
	if (job->image->stopped)
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return likely_slice(job, fmt, places, n, &likely_slices[SLICES - 1],
			    &found, err);
}

/* *ret: the last slice is not needed. */
static enum memlog_status likely_places(struct ml_scan_job *job,
					const struct ml_format *fmt, bool *ret,
					struct memlog_err *err)
{
	struct ml_likely places[ML_LIKELY_PLACES];
	enum memlog_status s = MEMLOG_OK;
	bool found = false;
	size_t n = 0, i;

	*ret = false;
	if (fmt->find.locate && job->opts->symbols)
		s = ml_scan_kernel(job, fmt, ML_KERNEL_LOCATE, err);
	if (!s && fmt->find.locate && job->opts->symbols)
		n = fmt->find.locate(job->image, &job->symbols, places,
				     ML_LIKELY_PLACES);
	if (!s && fmt->find.likely && !job->image->stopped)
		n += fmt->find.likely(job->image, places + n,
				      ML_LIKELY_PLACES - n);
	if (job->image->stopped)
		return ml_fail(err, MEMLOG_STOP, "stopped");
	for (i = 0; i < n && !s; i++) {
		if (!memlog_image_has_space(job->image, places[i].space))
			continue;
		/* tops of low memory are guesses: one that has a log is
		 * enough */
		if ((places[i].downwards && (found || job->need)) ||
		    (job->exact && !places[i].exact))
			continue;
		s = likely_search(job, fmt, &places[i],
				  places[i].downwards ? ML_LIKELY_PAST : 0,
				  err);
		if (places[i].downwards)
			found = job->any_hit;
		*ret |= job->any_hit &&
			(places[i].downwards || places[i].exact);
	}
	if (s || *ret)
		return s;
	return job->need ? likely_need(job, fmt, places, n, ret, err) :
			   likely_pointed(job, fmt, ret, err);
}

enum memlog_status ml_scan_likely(struct ml_scan_job *job,
				  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t done = 0;
	bool found;
	size_t i;

	for (i = 0; ml_formats[i] && !s; i++) {
		if (!ml_format_asked(job->opts->formats, ml_formats[i]))
			continue;
		s = likely_places(job, ml_formats[i], &found, err);
		done |= found ? ml_format_bit(ml_formats[i]) : 0;
	}
	for (i = 0; ml_formats[i] && !s && job->need; i++)
		if (ml_format_asked(job->opts->formats, ml_formats[i]) &&
		    !(done & ml_format_bit(ml_formats[i])))
			s = likely_last(job, ml_formats[i], err);
	return s;
}

static bool likely_has_current(const struct ml_scan_job *job,
			       const struct ml_format *fmt)
{
	const struct memlog_logs *logs = job->logs;
	size_t i;

	for (i = 0; i < logs->count; i++)
		if (logs->logs[i]->pub.state == MEMLOG_STATE_CURRENT &&
		    logs->logs[i]->fmt == fmt)
			return true;
	return false;
}

bool ml_scan_is_enough(const struct ml_scan_job *job)
{
	bool others = false, enough = false, current;
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		others |= !ml_formats[i]->say.on_request &&
			  ml_format_asked(job->opts->formats, ml_formats[i]);
	for (i = 0; ml_formats[i]; i++) {
		const struct ml_format *f = ml_formats[i];

		if (!ml_format_asked(job->opts->formats, f) ||
		    (others && f->say.on_request))
			continue;
		current = likely_has_current(job, f);
		if (!current && f->find.expected &&
		    f->find.expected(job->image))
			return false;
		enough |= current;
	}
	return enough;
}
