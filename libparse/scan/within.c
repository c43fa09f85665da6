/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* within.c - search a range for formats, within the ranges that the options allow. */
#include "base/bytes.h"
#include "base/err.h"
#include "base/range.h"
#include "job.h"

struct hit_arg {
	struct ml_scan_job *job;
	struct memlog_err *err;
};

enum memlog_space ml_scan_ranges_space(const struct ml_scan_job *job)
{
	return job->opts->ranges_in_space ? job->opts->ranges_space :
					    job->image->order[0];
}

bool ml_scan_allows(struct ml_scan_job *job, uint64_t addr)
{
	enum memlog_space space = job->space;
	size_t i;

	if (!job->n_ranges)
		return true;
	if (space != ml_scan_ranges_space(job) &&
	    (ml_image_alias(job->image, space, addr, &space, &addr) ||
	     space != ml_scan_ranges_space(job)))
		return false;
	i = ml_ranges_find(job->ranges, job->n_ranges, addr);
	return i < job->n_ranges && job->ranges[i].start <= addr;
}

static enum memlog_status within_hit(void *arg, const struct ml_format *fmt,
				     uint64_t addr)
{
	struct hit_arg *h = arg;
	enum memlog_status s;

	if (!ml_scan_allows(h->job, addr))
		return MEMLOG_OK;
	h->job->searching = true;
	s = ml_scan_candidate(h->job, fmt, addr, NULL, h->err);
	h->job->searching = false;
	if (s || !h->job->once || !h->job->page_hit)
		return s;
	h->job->page_at = addr;
	return ml_fail(h->err, MEMLOG_STOP, "a log is on a page");
}

/* Search a range of job->space; if the options' ranges are in that space, only
 * its overlap with them. */
static enum memlog_status within_search(struct ml_scan_job *job,
					struct ml_scanner *sc,
					struct memlog_range range,
					bool downwards, uint64_t past,
					struct memlog_err *err)
{
	struct memlog_range r;
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	if (!job->n_ranges || job->space != ml_scan_ranges_space(job))
		return ml_scan_range(job, sc, range, downwards, past, err);
	i = ml_ranges_find(job->ranges, job->n_ranges, range.start);
	for (; i < job->n_ranges && !s &&
	       ml_range_intersect(job->ranges[i], range, &r);
	     i++)
		s = ml_scan_range(job, sc, r, downwards, past, err);
	return s;
}

/* Screens look closely if the image says that it has such logs. */
static void within_expect(struct ml_scan_job *job, struct ml_scanner *sc)
{
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		if (ml_format_asked(job->opts->formats, ml_formats[i]) &&
		    ml_formats[i]->find.expected &&
		    ml_formats[i]->find.expected(job->image))
			ml_scanner_expect(sc, ml_formats[i]);
}

/* After a search. */
static void within_count(struct ml_scan_job *job, const struct ml_scanner *sc)
{
	ml_scan_gone(job);
	job->stats.touched += sc->touched;
	job->stats.candidates += sc->dismissed;
	job->stats.rejected += sc->dismissed;
}

enum memlog_status ml_scan_within(struct ml_scan_job *job,
				  const struct ml_format *fmt, bool exhaustive,
				  struct memlog_range range, bool downwards,
				  uint64_t past, struct memlog_err *err)
{
	struct hit_arg h = { job, err };
	struct ml_scanner sc;
	enum memlog_status s;

	ml_scanner_init(&sc, fmt ? fmt->name : job->opts->formats, exhaustive,
			job->image->spaces[job->space].bias, within_hit, &h);
	if (!fmt)
		within_expect(job, &sc);
	s = within_search(job, &sc, range, downwards, past, err);
	within_count(job, &sc);
	return s;
}
