/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scan.c - the search as a whole: likely places first, then all pages. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "base/sized.h"
#include "job.h"

struct hit_arg {
	struct ml_scan_job *job;
	struct memlog_err *err;
};

/* The space of the options' ranges. */
static enum memlog_space ranges_space(const struct ml_scan_job *job)
{
	return job->opts->ranges_in_space ? job->opts->ranges_space :
					    job->image->order[0];
}

/* Do the options allow a log at addr of job->space? An address in another space
 * than the ranges counts if the image can translate it to theirs. */
static bool is_allowed(struct ml_scan_job *job, uint64_t addr)
{
	enum memlog_space space = job->space;
	size_t i;

	if (!job->n_ranges)
		return true;
	if (space != ranges_space(job) &&
	    (ml_image_alias(job->image, space, addr, &space, &addr) ||
	     space != ranges_space(job)))
		return false;
	i = ml_ranges_find(job->ranges, job->n_ranges, addr);
	return i < job->n_ranges && job->ranges[i].start <= addr;
}

static enum memlog_status scan_on_hit(void *arg, const struct ml_format *fmt,
				      uint64_t addr)
{
	struct hit_arg *h = arg;
	enum memlog_status s;

	if (!is_allowed(h->job, addr))
		return MEMLOG_OK;
	h->job->searching = true;
	s = ml_scan_candidate(h->job, fmt, addr, NULL, h->err);
	h->job->searching = false;
	return s;
}

/* Is a current log there? One that is always found at once does not end a search for
 * others. */
static bool scan_has_current(const struct ml_scan_job *job)
{
	const struct memlog_logs *logs = job->logs;
	bool others = false;
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		others |= !ml_formats[i]->say.on_request &&
			  ml_format_asked(job->opts->formats, ml_formats[i]);
	for (i = 0; i < logs->count; i++)
		if (logs->logs[i]->pub.state == MEMLOG_STATE_CURRENT &&
		    !(others && logs->logs[i]->fmt->say.on_request))
			return true;
	return false;
}

/* Search a range of job->space; if the options' ranges are in that space, only
 * its overlap with them. */
static enum memlog_status scan_search(struct ml_scan_job *job,
				      struct ml_scanner *sc,
				      struct memlog_range range, bool downwards,
				      uint64_t past, struct memlog_err *err)
{
	struct memlog_range r;
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	if (!job->n_ranges || job->space != ranges_space(job))
		return ml_scan_range(job, sc, range, downwards, past, err);
	i = ml_ranges_find(job->ranges, job->n_ranges, range.start);
	for (; i < job->n_ranges && !s &&
	       ml_range_intersect(job->ranges[i], range, &r);
	     i++)
		s = ml_scan_range(job, sc, r, downwards, past, err);
	return s;
}

/* Screens look closely if the image says that it has such logs. */
static void scan_expect(struct ml_scan_job *job, struct ml_scanner *sc)
{
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		if (ml_format_asked(job->opts->formats, ml_formats[i]) &&
		    ml_formats[i]->find.expected &&
		    ml_formats[i]->find.expected(job->image))
			ml_scanner_expect(sc, ml_formats[i]);
}

/* After a search. */
static void scan_count(struct ml_scan_job *job, const struct ml_scanner *sc)
{
	ml_scan_gone(job);
	job->stats.touched += sc->touched;
	job->stats.candidates += sc->dismissed;
	job->stats.rejected += sc->dismissed;
}

static enum memlog_status likely_places(struct ml_scan_job *job,
					const struct ml_format *fmt,
					struct memlog_err *err)
{
	struct ml_likely places[ML_LIKELY_PLACES];
	struct ml_scanner sc;
	struct hit_arg h = { job, err };
	enum memlog_status s = MEMLOG_OK;
	bool found = false;
	size_t n = 0, i;

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
		if (places[i].downwards && found)
			continue;
		job->space = places[i].space;
		job->any_hit = false;
		if (places[i].exact) {
			if (is_allowed(job, places[i].range.start))
				s = ml_scan_candidate(job, fmt,
						      places[i].range.start,
						      places[i].hint, err);
			continue;
		}
		ml_scanner_init(&sc, fmt->name, false,
				job->image->spaces[job->space].bias,
				scan_on_hit, &h);
		s = scan_search(job, &sc, places[i].range, places[i].downwards,
				places[i].downwards ? ML_LIKELY_PAST : 0, err);
		scan_count(job, &sc);
		if (places[i].downwards)
			found = job->any_hit;
	}
	return s;
}

static enum memlog_status all_likely(struct ml_scan_job *job,
				     struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; ml_formats[i] && !s; i++)
		if (ml_format_asked(job->opts->formats, ml_formats[i]))
			s = likely_places(job, ml_formats[i], err);
	return s;
}

static enum memlog_status search_space(struct ml_scan_job *job,
				       enum memlog_space space, bool exhaustive,
				       struct memlog_err *err)
{
	struct hit_arg h = { job, err };
	struct ml_scanner sc;
	enum memlog_status s;

	job->space = space;
	ml_scanner_init(&sc, job->opts->formats, exhaustive,
			job->image->spaces[space].bias, scan_on_hit, &h);
	scan_expect(job, &sc);
	s = scan_search(job, &sc, (struct memlog_range){ 0, UINT64_MAX }, false,
			0, err);
	scan_count(job, &sc);
	return s;
}

/* The image's spaces to search, or the one that ranges are in: that may be
 * another one, such as dom0's memory on a Xen machine. */
static enum memlog_status all_pages(struct ml_scan_job *job,
				    struct memlog_err *err)
{
	bool exhaustive = job->opts->mode == MEMLOG_SCAN_EXHAUSTIVE;
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	if (job->opts->n_ranges)
		return search_space(job, ranges_space(job), exhaustive, err);
	for (i = 0; i < job->image->n_order && !s; i++)
		s = search_space(job, job->image->order[i], exhaustive, err);
	return s;
}

/* Nothing else was rejected than in the likely places: what is there is not seen again
 * if only something else leads to it. */
static void scan_keep_rejected(struct ml_scan_job *job,
			       const struct memlog_scan_stats *likely)
{
	struct memlog_scan_stats *st = &job->stats;

	if (st->rejected)
		return;
	st->candidates += likely->rejected;
	st->rejected = likely->rejected;
	memcpy(st->rejected_first, likely->rejected_first,
	       sizeof(st->rejected_first));
}

/* A file of which nobody said that it is memory may have other headers between pages: look
 * closely before there is no log. */
static enum memlog_status all_bytes(struct ml_scan_job *job,
				    struct memlog_err *err)
{
	struct memlog_scan_stats pages = job->stats;
	enum memlog_status s;

	if (!job->image->unsure || job->logs->count || job->full ||
	    job->opts->n_ranges || job->opts->mode == MEMLOG_SCAN_EXHAUSTIVE ||
	    job->image->file.size > ML_RAW_EVERY)
		return MEMLOG_OK;
	ml_scan_forget(job);
	s = search_space(job, MEMLOG_FILE, true, err);
	scan_keep_rejected(job, &pages);
	job->stats.exhaustive = true;
	return s;
}

/* The logs that an extract names: of some, what led to them in the dump is not in
 * it. */
static enum memlog_status scan_named(struct ml_scan_job *job,
				     struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct ml_named named;
	char name[32];
	size_t i, k;

	job->at = true;
	for (i = 0; i < ML_NAMED_LOGS && !s; i++) {
		if (!ml_image_named(job->image, i, &named))
			break;
		job->space = job->image->order[0];
		if (named.format_len >= sizeof(name) ||
		    !is_allowed(job, named.addr))
			continue;
		memcpy(name, named.format, named.format_len);
		name[named.format_len] = '\0';
		for (k = 0; ml_formats[k] && !s; k++)
			if (!strcmp(ml_formats[k]->name, name) &&
			    ml_format_asked(job->opts->formats, ml_formats[k]))
				s = ml_scan_candidate(job, ml_formats[k],
						      named.addr, NULL, err);
	}
	job->at = false;
	return s;
}

/* The total bytes to search, for progress. */
static uint64_t count_all(struct memlog_image *image)
{
	struct memlog_range r;
	uint64_t addr, all = 0;
	size_t i;

	for (i = 0; i < image->n_order; i++)
		for (addr = 0; !memlog_image_next_data(image, image->order[i],
						       addr, &r, NULL);
		     addr = r.end)
			all += r.end - r.start;
	return all;
}

static bool is_slow(const struct memlog_image *image)
{
	return image->n_order &&
	       image->spaces[image->order[0]].ops->flags & MEMLOG_READER_SLOW;
}

/* Do the options' ranges leave out some of their space? */
static bool scan_leaves_out(const struct ml_scan_job *job)
{
	struct memlog_range r;
	uint64_t addr;
	bool out = false;
	size_t i;

	for (addr = 0;
	     !out && !memlog_image_next_range(job->image, ranges_space(job),
					      addr, &r, NULL);
	     addr = r.end) {
		i = ml_ranges_find(job->ranges, job->n_ranges, r.start);
		out = i == job->n_ranges || job->ranges[i].start > r.start ||
		      job->ranges[i].end < r.end;
	}
	return out;
}

/* Is what was found returned with this status? Otherwise the last log may be
 * unfinished, without an extent. */
static bool keeps_logs(enum memlog_status s)
{
	return !s || s == MEMLOG_STOP || s == MEMLOG_IO || s == MEMLOG_LIMIT;
}

/* Likely places, and the rest if the mode asks for it. On a slow image a
 * current log among the likely ones is enough; to know that, they have to be
 * judged, which can be done only once, so a search that continues starts
 * over. */
static enum memlog_status search_all(struct ml_scan_job *job,
				     struct memlog_err *err)
{
	bool try_likely = job->opts->mode == MEMLOG_SCAN_AUTO &&
			  is_slow(job->image);
	enum memlog_status s, finish = MEMLOG_OK;
	struct memlog_scan_stats likely;

	s = all_likely(job, err);
	if (!s && try_likely) {
		s = ml_scan_finish(job, err);
		if (s)
			return s;
		job->stats.likely_only = scan_has_current(job);
		if (job->stats.likely_only)
			return MEMLOG_OK;
		ml_logs_clear(job->logs);
		ml_places_fini(&job->places);
		ml_scan_forget(job);
		job->certain = 0;
		job->full = false;
		s = all_likely(job, err);
	}
	job->stats.likely_only = job->opts->mode == MEMLOG_SCAN_LIKELY;
	if (!s && !job->stats.likely_only) {
		likely = job->stats;
		ml_scan_forget(job);
		s = all_pages(job, err);
		scan_keep_rejected(job, &likely);
		if (!s)
			s = all_bytes(job, err);
	}
	if (!s && job->image->n_order)
		s = scan_named(job, err);
	if (keeps_logs(s))
		finish = ml_scan_finish(job, err);
	/* what was not judged must not be shown */
	return finish ? finish : s;
}

/* again: all of the image was searched before, and there is nothing outside the
 * ranges; these logs were known then. */
static enum memlog_status
scan_run(struct memlog_image *image, const struct memlog_scan_opts *opts,
	 bool again, const struct memlog_logs *known, struct memlog_logs **ret,
	 struct memlog_scan_stats *stats, struct memlog_err *err)
{
	struct memlog_scan_opts o;
	struct memlog_err local;
	struct ml_scan_job job;
	enum memlog_status s;

	*ret = NULL;
	if (!err)
		err = &local;
	ml_sized_in(&o, sizeof(o), opts);
	s = ml_scan_opts_check(opts, err);
	if (s)
		return s;
	s = ml_scan_job_init(&job, image, &o, err);
	if (s)
		return s;
	job.known = known;
	job.some = ml_image_named_word(image, ML_NAMED_SOME) ||
		   (o.n_ranges && !again && scan_leaves_out(&job));
	if (o.progress)
		job.all = count_all(image);
	s = search_all(&job, err);
	if (!s)
		s = ml_image_check(image, err);
	s = ml_scan_job_complete(&job, s, err);
	job.stats.complete = !s && !job.full;
	job.stats.covered -= ml_min(job.stats.covered, job.stats.unreadable);
	ml_scan_job_fini(&job);
	if (stats)
		ml_sized_out(stats, &job.stats, sizeof(job.stats));
	if (!keeps_logs(s)) {
		memlog_logs_destroy(job.logs);
		return s;
	}
	*ret = job.logs;
	if (!s && job.full) {
		*err = job.limit;
		s = MEMLOG_LIMIT;
	}
	return ml_return(err, s);
}

enum memlog_status memlog_scan(struct memlog_image *image,
			       const struct memlog_scan_opts *opts,
			       struct memlog_logs **ret,
			       struct memlog_scan_stats *stats,
			       struct memlog_err *err)
{
	return scan_run(image, opts, false, NULL, ret, stats, err);
}

enum memlog_status ml_scan_again(struct memlog_image *image,
				 const struct memlog_scan_opts *opts,
				 const struct memlog_logs *known,
				 struct memlog_logs **ret,
				 struct memlog_err *err)
{
	return scan_run(image, opts, true, known, ret, NULL, err);
}
