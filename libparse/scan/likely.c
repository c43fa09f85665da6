/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* likely.c - search where logs are likely. */
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "image/bytes/remote.h"
#include "job.h"

static bool likely_is_expected(const struct ml_scan_job *job,
			       const struct ml_format *fmt)
{
	return fmt->find.expected && fmt->find.expected(job->image);
}

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

/* Half MiB below the tops of low memory, where firmware puts its log more often than
 * elsewhere, in the order in which that is found with the least bytes: first where it
 * was in every guest seen, then all near the top, then the same places below memory of 8
 * and of 16 MiB that SMM took, then the rest. */
static const struct memlog_range likely_slices[] = {
	{ 7, 6 },   { 3, 0 },	{ 6, 3 },  { 8, 7 },   { 19, 18 }, { 23, 22 },
	{ 35, 34 }, { 39, 38 }, { 18, 8 }, { 22, 19 }, { 34, 23 }, { 38, 35 },
};

/* NEAR: the distance that the first four go. Those below SMM's memory begin at BELOW, the last
 * at LAST. */
#define HALF_MIB UINT64_C(0x80000)
#define NEAR	 (8 * HALF_MIB)
enum {
	BELOW = 4,
	LAST = 8,
	SLICES = sizeof(likely_slices) / sizeof(likely_slices[0])
};

/* What a slice has of a place; false: nothing. */
static bool likely_piece(const struct ml_likely *place,
			 const struct memlog_range *slice,
			 struct ml_likely *ret)
{
	uint64_t len = place->range.end - place->range.start;

	if (!place->downwards || len <= slice->end * HALF_MIB)
		return false;
	*ret = *place;
	ret->range.start =
		place->range.end - ml_min(len, slice->start * HALF_MIB);
	ret->range.end = place->range.end - slice->end * HALF_MIB;
	return true;
}

/* May so many bytes be read although another format has a log? Up to what a search of a slow
 * image should cost. */
static bool likely_affords(const struct ml_scan_job *job, uint64_t len)
{
	uint64_t requests, bytes;

	return ml_remote_count(&job->image->file, &requests, &bytes) &&
	       bytes + len <= ML_NEED_BYTES &&
	       requests + len / ML_SCAN_WIDE + 1 <= ML_NEED_REQUESTS;
}

/* Has the format a log, from the first on, that may be of this boot? */
static bool likely_has(const struct ml_scan_job *job,
		       const struct ml_format *fmt, size_t first)
{
	for (; first < job->logs->count; first++)
		if (job->logs->logs[first]->fmt == fmt &&
		    job->logs->logs[first]->pub.state != MEMLOG_STATE_STALE)
			return true;
	return false;
}

/* A slice of all n places, up to the first log. *ret: the place with it, or NULL. tight: only
 * what can be afforded. */
static enum memlog_status likely_slice(struct ml_scan_job *job,
				       const struct ml_format *fmt,
				       const struct ml_likely *places, size_t n,
				       const struct memlog_range *slice,
				       bool tight, const struct ml_likely **ret,
				       struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct ml_likely piece;
	size_t i, first;

	for (i = 0; i < n && !s && !*ret; i++) {
		first = job->logs->count;
		if (!likely_piece(&places[i], slice, &piece) ||
		    !memlog_image_has_space(job->image, piece.space) ||
		    (tight &&
		     !likely_affords(job, piece.range.end - piece.range.start)))
			continue;
		s = likely_search(job, fmt, &piece, 1, err);
		if (likely_has(job, fmt, first))
			*ret = &places[i];
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

/* Is there a log of a format that the image says it has? */
static bool likely_has_expected(const struct ml_scan_job *job)
{
	size_t i;

	for (i = 0; i < job->logs->count; i++)
		if (likely_is_expected(job, job->logs->logs[i]->fmt))
			return true;
	return false;
}

/* A log was found in this place, maybe far below its end: others, of boots before, may be
 * beside it. */
static enum memlog_status likely_beside(struct ml_scan_job *job,
					const struct ml_format *fmt,
					const struct ml_likely *place,
					struct memlog_err *err)
{
	struct ml_likely piece = *place;

	piece.exact = false;
	piece.range.start =
		job->last_hit - ml_min(job->last_hit, ML_LIKELY_BESIDE);
	if (!ml_add(job->last_hit, ML_LIKELY_BESIDE, &piece.range.end))
		piece.range.end = UINT64_MAX;
	return likely_search(job, fmt, &piece, 0, err);
}

/* All that is near the end of a place. */
static enum memlog_status likely_near(struct ml_scan_job *job,
				      const struct ml_format *fmt,
				      const struct ml_likely *place,
				      struct memlog_err *err)
{
	uint64_t len = place->range.end - place->range.start;
	struct ml_likely piece = *place;

	piece.range.start = place->range.end - ml_min(len, NEAR);
	return likely_search(job, fmt, &piece, 0, err);
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
		if (!s && job->any_hit && job->need && !job->slow)
			s = likely_beside(job, fmt, &places[i], err);
	}
	return s;
}

/* The first of the n places that has a log, downwards and a little past that. */
static enum memlog_status likely_whole(struct ml_scan_job *job,
				       const struct ml_format *fmt,
				       const struct ml_likely *places, size_t n,
				       bool *ret, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; i < n && !s && !*ret; i++) {
		if (!places[i].downwards ||
		    !memlog_image_has_space(job->image, places[i].space))
			continue;
		s = likely_search(job, fmt, &places[i], ML_LIKELY_PAST, err);
		*ret = job->any_hit;
	}
	return s;
}

/* The slices from first up to end, of all n places, up to the first log and, where reading
 * costs little, what is beside it. *ret: there is one. */
static enum memlog_status
likely_slices_of(struct ml_scan_job *job, const struct ml_format *fmt,
		 const struct ml_likely *places, size_t n, size_t first,
		 size_t end, bool tight, bool *ret, struct memlog_err *err)
{
	const struct ml_likely *with = NULL;
	enum memlog_status s = MEMLOG_OK;
	size_t k;

	for (k = first; k < end && !s && !with; k++)
		s = likely_slice(job, fmt, places, n, &likely_slices[k], tight,
				 &with, err);
	*ret |= with != NULL;
	if (!s && with && !job->slow)
		s = likely_beside(job, fmt, with, err);
	if (!s && with && !job->slow)
		s = likely_near(job, fmt, with, err);
	return s;
}

/* As far as needed: the first log of the format that one of the n places has, all of
 * which are searched equally far, or that other memory leads to. *ret: there is one.
 * Where reading costs little, also what slow images search last. */
static enum memlog_status likely_need(struct ml_scan_job *job,
				      const struct ml_format *fmt,
				      const struct ml_likely *places, size_t n,
				      bool *ret, struct memlog_err *err)
{
	bool tight = job->slow && likely_has_expected(job);
	enum memlog_status s = likely_slices_of(job, fmt, places, n, 0, BELOW,
						tight, ret, err);

	if (!s && !*ret)
		s = likely_pointed(job, fmt, ret, err);
	if (!s && !*ret)
		s = likely_slices_of(job, fmt, places, n, BELOW, LAST, tight,
				     ret, err);
	return s || *ret || job->slow ?
		       s :
		       likely_whole(job, fmt, places, n, ret, err);
}

/* The last slices, which have more bytes than all other places. */
static enum memlog_status likely_last(struct ml_scan_job *job,
				      const struct ml_format *fmt,
				      struct memlog_err *err)
{
	struct ml_likely places[ML_LIKELY_PLACES];
	bool found = false;
	size_t n;

	if (!fmt->find.likely)
		return MEMLOG_OK;
	n = fmt->find.likely(job->image, places, ML_LIKELY_PLACES);
	if (job->image->stopped)
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return likely_slices_of(job, fmt, places, n, LAST, SLICES,
				likely_has_others(job, fmt), &found, err);
}

/* Places that the kernel's structs lead to. */
static enum memlog_status likely_by_kernel(struct ml_scan_job *job,
					   const struct ml_format *fmt,
					   struct ml_likely *places, size_t max,
					   size_t *ret, struct memlog_err *err)
{
	bool asked = ml_format_named(job->opts->formats, fmt);
	enum memlog_status s = MEMLOG_OK;

	*ret = 0;
	if (!fmt->find.by_kernel || (!asked && (job->slow || job->need)))
		return MEMLOG_OK;
	if (asked && !job->slow)
		s = ml_scan_kernel(job, fmt, ML_KERNEL_NAMED, err);
	if (!s)
		*ret = fmt->find.by_kernel(job->image, job->logs->symbols,
					   asked, places, max);
	return s;
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
	if (!s && !job->image->stopped) {
		s = likely_by_kernel(job, fmt, places + n, ML_LIKELY_PLACES - n,
				     &i, err);
		n += i;
	}
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

/* The formats that the image says it has, or the others; each that needs no more is added to
 * *done. */
static enum memlog_status likely_formats(struct ml_scan_job *job, bool expected,
					 uint64_t *done, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	const struct ml_format *f;
	bool found;
	size_t i;

	for (i = 0; (f = ml_formats[i]) && !s; i++) {
		if (!ml_format_asked(job->opts->formats, f) ||
		    likely_is_expected(job, f) != expected)
			continue;
		s = likely_places(job, f, &found, err);
		*done |= found ? ml_format_bit(f) : 0;
	}
	return s;
}

enum memlog_status ml_scan_likely(struct ml_scan_job *job,
				  struct memlog_err *err)
{
	const struct ml_format *f;
	enum memlog_status s;
	uint64_t done = 0;
	size_t i;

	s = likely_formats(job, true, &done, err);
	if (!s)
		s = likely_formats(job, false, &done, err);
	for (i = 0; (f = ml_formats[i]) && !s && job->need && job->slow; i++)
		if (ml_format_asked(job->opts->formats, f) &&
		    !(done & ml_format_bit(f)))
			s = likely_last(job, f, err);
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

/* Is it worth reading the rest for logs of this format? found: another log is current. A small
 * file is, and what comes through a pipe need not be far away. */
static bool likely_is_missed(const struct ml_scan_job *job,
			     const struct ml_format *f, bool found)
{
	return likely_is_expected(job, f) &&
	       !(f->find.perhaps && found && !job->pipe &&
		 job->image->file.size > ML_NEED_BYTES);
}

/* Does a log of this format count? others: not only those on request were asked for. */
static bool likely_counts(const struct ml_scan_job *job,
			  const struct ml_format *f, bool others)
{
	return ml_format_asked(job->opts->formats, f) &&
	       !(others && f->say.on_request);
}

bool ml_scan_is_enough(const struct ml_scan_job *job)
{
	bool others = false, found = false;
	const struct ml_format *f;
	size_t i;

	for (i = 0; (f = ml_formats[i]); i++)
		others |= likely_counts(job, f, true);
	for (i = 0; (f = ml_formats[i]); i++)
		found |= likely_counts(job, f, others) &&
			 likely_has_current(job, f);
	for (i = 0; (f = ml_formats[i]); i++)
		if (likely_counts(job, f, others) &&
		    !likely_has_current(job, f) &&
		    likely_is_missed(job, f, found))
			return false;
	return found;
}
