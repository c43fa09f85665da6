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
#include "image/bytes/file.h"
#include "job.h"

static enum memlog_status search_space(struct ml_scan_job *job,
				       enum memlog_space space, bool exhaustive,
				       struct memlog_err *err)
{
	job->space = space;
	return ml_scan_within(job, NULL, exhaustive,
			      (struct memlog_range){ 0, UINT64_MAX }, false, 0,
			      err);
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
		return search_space(job, ml_scan_ranges_space(job), exhaustive,
				    err);
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
static bool bytes_may_help(const struct ml_scan_job *job)
{
	return job->image->unsure && !job->logs->count && !job->full &&
	       !job->opts->n_ranges &&
	       job->opts->mode != MEMLOG_SCAN_EXHAUSTIVE &&
	       job->image->file.size <= ML_RAW_EVERY;
}

static enum memlog_status all_bytes(struct ml_scan_job *job,
				    struct memlog_err *err)
{
	struct memlog_scan_stats before = job->stats;
	enum memlog_status s;

	ml_scan_forget(job);
	s = search_space(job, MEMLOG_FILE, true, err);
	scan_keep_rejected(job, &before);
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
		    !ml_scan_allows(job, named.addr))
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

static bool is_slow(const struct memlog_image *image)
{
	return ml_file_is_slow(&image->file) ||
	       (image->n_order &&
		image->spaces[image->order[0]].ops->flags & MEMLOG_READER_SLOW);
}

/* The total bytes to search, for progress. Where the holes are is not worth asking if that
 * takes long. */
static uint64_t count_all(struct memlog_image *image)
{
	enum memlog_status (*next)(struct memlog_image *, enum memlog_space,
				   uint64_t, struct memlog_range *,
				   struct memlog_err *) =
		is_slow(image) ? memlog_image_next_range :
				 memlog_image_next_data;
	struct memlog_range r;
	uint64_t addr, all = 0;
	size_t i;

	for (i = 0; i < image->n_order; i++)
		for (addr = 0; !next(image, image->order[i], addr, &r, NULL);
		     addr = r.end)
			all += r.end - r.start;
	return all;
}

/* Do the options' ranges leave out some of their space? */
static bool scan_leaves_out(const struct ml_scan_job *job)
{
	struct memlog_range r;
	uint64_t addr;
	bool out = false;
	size_t i;

	for (addr = 0;
	     !out &&
	     !memlog_image_next_range(job->image, ml_scan_ranges_space(job),
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

/* Nothing is found yet. */
static void search_restart(struct ml_scan_job *job)
{
	job->image->n_curtailed = 0;
	job->overlaps = 0;
	memset(job->around, 0, sizeof(job->around));
	ml_logs_clear(job->logs);
	ml_places_fini(&job->places);
	ml_scan_forget(job);
	job->certain = 0;
	job->full = false;
}

/* What was found is returned with s, and what was not judged must not be shown. */
static enum memlog_status search_finish(struct ml_scan_job *job,
					enum memlog_status s,
					struct memlog_err *err)
{
	enum memlog_status finish = MEMLOG_OK;

	if (keeps_logs(s))
		finish = ml_scan_finish(job, err);
	return finish ? finish : s;
}

/* Search likely places anew. *ret: that is enough. */
static enum memlog_status search_likely(struct ml_scan_job *job, bool need,
					bool brief, bool *ret,
					struct memlog_err *err)
{
	enum memlog_status s;

	search_restart(job);
	job->stats.likely_only = true;
	job->need = need;
	job->window = job->slow ? ML_SCAN_WIDE : ML_SCAN_WINDOW;
	job->image->brief = brief;
	job->image->shortened = false;
	s = search_finish(job, ml_scan_likely(job, err), err);
	job->need = job->image->brief = false;
	*ret = s || (!job->image->shortened && ml_scan_is_enough(job));
	return s;
}

/* Is a search of all likely places worth it? Without a log a fast image was searched so already,
 * and all pages of a slow one may not be many more. */
static bool search_is_worth(const struct ml_scan_job *job)
{
	if (job->opts->mode == MEMLOG_SCAN_LIKELY)
		return job->slow || job->logs->count;
	return count_all(job->image) > ML_LIKELY_WORTH;
}

/* Where each byte counts: the likely places, as far as needed, without what is far from a
 * log and then with it, then all of them. To know what is enough, the logs have to be
 * judged, which can be done only once, so a search that continues starts over. *ret: it is
 * enough, or failed. */
static enum memlog_status search_need(struct ml_scan_job *job, bool *ret,
				      struct memlog_err *err)
{
	enum memlog_status s = search_likely(job, true, job->slow, ret, err);

	if (!*ret && job->image->shortened)
		s = search_likely(job, true, false, ret, err);
	if (!*ret && search_is_worth(job))
		s = search_likely(job, false, false, ret, err);
	return s;
}

/* *ret: it is enough, all that was asked for, or failed. */
static enum memlog_status search_first(struct ml_scan_job *job, bool *ret,
				       struct memlog_err *err)
{
	enum memlog_status s = search_need(job, ret, err);

	*ret |= job->opts->mode == MEMLOG_SCAN_LIKELY;
	if (!*ret)
		search_restart(job);
	return s;
}

/* Is a search to end as soon as it has found enough? An extract has nothing else. */
static bool search_ends_early(const struct ml_scan_job *job)
{
	struct ml_named named;

	return ((job->opts->mode == MEMLOG_SCAN_AUTO && job->slow) ||
		job->opts->mode == MEMLOG_SCAN_LIKELY) &&
	       !ml_image_named(job->image, 0, &named);
}

/* The pages from page_at on, and those of a window before, which are still kept; such a file
 * has one address for each byte. Up to there none has a log, and what is between pages is none
 * now. */
static enum memlog_status pages_left(struct ml_scan_job *job,
				     struct memlog_err *err)
{
	uint64_t from = job->page_at - ml_min(job->page_at, ML_SCAN_WIDE);
	struct memlog_scan_stats bytes = job->stats;
	size_t curtailed = job->image->n_curtailed;
	enum memlog_status s;

	search_restart(job);
	/* what was left out before them is not looked at again */
	job->image->n_curtailed = curtailed;
	job->space = job->image->order[0];
	s = ml_scan_within(job, NULL, false,
			   (struct memlog_range){ from, UINT64_MAX }, false, 0,
			   err);
	job->stats.covered += from;
	job->stats.touched += bytes.touched;
	scan_keep_rejected(job, &bytes);
	return s;
}

/* What is not likely. Pages are among the bytes, so that a slow image need not be read twice.
 * If there may be a log on a page, what is elsewhere is none: then only pages are searched. */
static enum memlog_status search_rest(struct ml_scan_job *job,
				      struct memlog_err *err)
{
	struct memlog_scan_stats likely = job->stats;
	bool page = false, left = false;
	enum memlog_status s;

	if (job->slow && bytes_may_help(job)) {
		job->once = true;
		job->page_hit = false;
		s = all_bytes(job, err);
		job->once = false;
		page = s == MEMLOG_STOP && job->page_hit;
		if (!page && (s || !job->full))
			return s;
		/* what could not be read is counted again from the start */
		left = page && !job->stats.unreadable;
		if (!left)
			search_restart(job);
	}
	if (left) {
		s = pages_left(job, err);
	} else {
		ml_scan_forget(job);
		s = all_pages(job, err);
		scan_keep_rejected(job, &likely);
	}
	return !s && bytes_may_help(job) ? all_bytes(job, err) : s;
}

/* How it is read from now on. */
static void search_advise(const struct memlog_image *image, bool random)
{
	size_t i;

	ml_file_advise(&image->file, random);
	for (i = 0; i < image->n_parts; i++)
		ml_file_advise(&image->parts[i]->file, random);
}

/* Likely places, and the rest if the mode asks for it. */
static enum memlog_status search_all(struct ml_scan_job *job,
				     struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	bool done = false;

	if (search_ends_early(job)) {
		search_advise(job->image, true);
		s = search_first(job, &done, err);
	}
	if (done)
		return s;
	/* all pages are read now */
	search_advise(job->image, job->opts->mode == MEMLOG_SCAN_LIKELY);
	job->exact = search_ends_early(job);
	job->window = job->slow ? ML_SCAN_WIDE : ML_SCAN_WINDOW;
	job->stats.likely_only = job->opts->mode == MEMLOG_SCAN_LIKELY;
	s = ml_scan_likely(job, err);
	if (!s && !job->stats.likely_only)
		s = search_rest(job, err);
	if (!s && job->image->n_order)
		s = scan_named(job, err);
	return search_finish(job, s, err);
}

/* need, unless it is NULL: nothing but ml_scan_need(). */
static enum memlog_status search_mode(struct ml_scan_job *job, bool *need,
				      struct memlog_err *err)
{
	if (!need)
		return search_all(job, err);
	*need = false;
	return search_ends_early(job) ? search_need(job, need, err) : MEMLOG_OK;
}

/* again: all of the image was searched before, and there is nothing outside the
 * ranges; these logs were known then. need: as in search_mode(). */
static enum memlog_status scan_run(struct memlog_image *image,
				   const struct memlog_scan_opts *opts,
				   bool again, const struct memlog_logs *known,
				   bool *need, struct memlog_logs **ret,
				   struct memlog_scan_stats *stats,
				   struct memlog_err *err)
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
	image->n_curtailed = 0;
	job.slow = is_slow(image);
	job.pipe = need != NULL;
	job.known = known;
	job.some = ml_image_named_word(image, ML_NAMED_SOME) ||
		   (o.n_ranges && !again && scan_leaves_out(&job));
	if (o.progress)
		job.all = count_all(image);
	s = search_mode(&job, need, err);
	if (!s)
		s = ml_image_check(image, err);
	s = ml_scan_job_complete(&job, s, err);
	ml_curtail_warn(image);
	job.stats.complete = !s && !job.full && !image->n_curtailed &&
			     !image->uncompared;
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
	return scan_run(image, opts, false, NULL, NULL, ret, stats, err);
}

enum memlog_status ml_scan_again(struct memlog_image *image,
				 const struct memlog_scan_opts *opts,
				 const struct memlog_logs *known,
				 struct memlog_logs **ret,
				 struct memlog_err *err)
{
	return scan_run(image, opts, true, known, NULL, ret, NULL, err);
}

enum memlog_status ml_scan_need(struct memlog_image *image,
				const struct memlog_scan_opts *opts,
				struct memlog_logs **ret, bool *ret_enough,
				struct memlog_err *err)
{
	return scan_run(image, opts, false, NULL, ret_enough, ret, NULL, err);
}
