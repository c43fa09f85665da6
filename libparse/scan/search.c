/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* search.c - feed the bytes of a range to the scanner, as cheaply as the reader
 * allows: mapped, peeked at page by page, or read in large blocks. */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "base/range.h"
#include "job.h"

enum memlog_status ml_scan_take_ranges(struct ml_scan_job *job,
				       struct memlog_err *err)
{
	size_t n = job->opts->n_ranges;

	if (!n)
		return MEMLOG_OK;
	job->ranges = ml_calloc(&job->image->alloc, n, sizeof(*job->ranges));
	if (!job->ranges)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu range%s", n, ml_s(n));
	memcpy(job->ranges, job->opts->ranges, n * sizeof(*job->ranges));
	job->n_ranges = ml_ranges_merge(job->ranges, n);
	return MEMLOG_OK;
}

static enum memlog_status search_tick(struct ml_scan_job *job, uint64_t bytes,
				      struct memlog_err *err)
{
	job->done += bytes;
	if (job->opts->progress &&
	    job->opts->progress(job->opts->progress_arg,
				ml_min(job->done, job->all), job->all))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

static enum memlog_status search_buffer(struct ml_scan_job *job,
					struct memlog_err *err)
{
	if (job->size >= job->window)
		return MEMLOG_OK;
	ml_free(&job->logs->alloc, job->buf);
	job->size = 0;
	job->buf = ml_calloc(&job->logs->alloc, job->window, 1);
	if (!job->buf)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a %zu byte window", job->window);
	job->size = job->window;
	return MEMLOG_OK;
}

/* The bytes of [r) in job->space that no range searched before has. */
static uint64_t search_new(const struct ml_scan_job *job, struct memlog_range r)
{
	const struct ml_scan_gone *gone = &job->gone[job->space];
	uint64_t bytes = r.end - r.start, addr = r.start;
	struct memlog_range old;

	while (!ml_ranges_next(gone->at, gone->n, addr, &old) &&
	       old.start < r.end) {
		addr = ml_min(old.end, r.end);
		bytes -= addr - old.start;
	}
	return bytes;
}

/* They should be there and cannot be read: s and why say so. Where likely places overlap,
 * they are counted once. */
static void search_lost(struct ml_scan_job *job, uint64_t addr, uint64_t len,
			enum memlog_status s, const struct memlog_err *why)
{
	uint64_t end;

	if (s == MEMLOG_IO && !job->image->failed.status)
		job->image->failed = *why;
	if (!ml_add(addr, len, &end))
		end = UINT64_MAX;
	job->stats.unreadable +=
		search_new(job, (struct memlog_range){ addr, end });
}

/* [r) of job->space was searched: count the memory in it. Holes of a file, which are
 * zeros, are memory, too. */
static enum memlog_status search_count(struct ml_scan_job *job,
				       struct memlog_range r,
				       struct memlog_err *err)
{
	struct ml_scan_gone *gone = &job->gone[job->space];
	struct memlog_range has;
	uint64_t addr;

	for (addr = r.start; addr < r.end &&
			     !memlog_image_next_range(job->image, job->space,
						      addr, &has, NULL) &&
			     has.start < r.end;
	     addr = has.end) {
		has.end = ml_min(has.end, r.end);
		job->stats.covered += search_new(job, has);
	}
	if (ml_grow(&job->logs->alloc, &gone->at, gone->n_all, &gone->cap,
		    sizeof(*gone->at), err))
		return MEMLOG_NO_MEMORY;
	gone->at[gone->n_all++] = r;
	return MEMLOG_OK;
}

void ml_scan_gone(struct ml_scan_job *job)
{
	struct ml_scan_gone *gone = &job->gone[job->space];

	gone->n = gone->n_all = ml_ranges_merge(gone->at, gone->n_all);
}

/* Where the first page of [r) starts; r.end or more where none does. */
static uint64_t first_page(const struct ml_space *sp, struct memlog_range r)
{
	uint64_t skew = (r.start - sp->bias) % ML_PAGE, ret;

	if (!ml_add(r.start, skew ? ML_PAGE - skew : 0, &ret))
		return UINT64_MAX;
	return ret;
}

/* The starts of n pages from addr on. If one of them cannot be read, it is
 * found by bisection. */
static enum memlog_status peek_batch(struct ml_scan_job *job,
				     struct ml_scanner *sc,
				     const struct ml_space *sp, uint64_t addr,
				     size_t n, struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	s = sp->ops->peek(sp->self, addr, n, job->buf, err);
	if (ml_space_ended(sp, s))
		return s;
	if (s && n > 1) {
		s = peek_batch(job, sc, sp, addr, n / 2, err);
		if (!s)
			s = peek_batch(job, sc, sp,
				       addr + n / 2 * (uint64_t)ML_PAGE,
				       n - n / 2, err);
		return s;
	}
	if (s) {
		search_lost(job, addr, ML_PAGE, s, err);
		return MEMLOG_OK;
	}
	for (i = 0; i < n && !s; i++)
		s = ml_scan_page(sc, addr + i * ML_PAGE,
				 job->buf + i * MEMLOG_PEEK, MEMLOG_PEEK);
	sc->touched += n * MEMLOG_PEEK;
	return s;
}

/* The page starts in [r), by the reader's peek. */
static enum memlog_status peek_pages(struct ml_scan_job *job,
				     struct ml_scanner *sc,
				     const struct ml_space *sp,
				     struct memlog_range r,
				     struct memlog_err *err)
{
	size_t batch = ml_min(job->size, ML_SCAN_WINDOW) / MEMLOG_PEEK, n;
	enum memlog_status s;
	uint64_t addr;

	for (addr = first_page(sp, r); addr < r.end; addr += n * ML_PAGE) {
		n = ml_min(batch, (r.end - addr + ML_PAGE - 1) / ML_PAGE);
		s = peek_batch(job, sc, sp, addr, n, err);
		if (s)
			return s;
		/* the last page of the address space has none after it */
		if (r.end - addr <= n * ML_PAGE)
			break;
	}
	return MEMLOG_OK;
}

/* The same with one small read per page. */
static enum memlog_status search_read_pages(struct ml_scan_job *job,
					    struct ml_scanner *sc,
					    const struct ml_space *sp,
					    struct memlog_range r,
					    struct memlog_err *err)
{
	uint64_t addr, next;
	enum memlog_status s;
	size_t got;

	for (addr = first_page(sp, r); addr < r.end; addr = next) {
		if (!ml_add(addr, ML_PAGE, &next))
			next = UINT64_MAX;
		s = sp->ops->read(sp->self, addr, job->buf, MEMLOG_PEEK, &got,
				  err);
		if (ml_space_ended(sp, s))
			return s;
		if (s || !got) {
			search_lost(job, addr, ml_min(ML_PAGE, r.end - addr), s,
				    err);
			continue;
		}
		s = ml_scan_page(sc, addr, job->buf, got);
		if (s)
			return s;
		sc->touched += got;
	}
	return MEMLOG_OK;
}

/* Everything in [r), mapped if the reader can, else read. */
static enum memlog_status search_whole(struct ml_scan_job *job,
				       struct ml_scanner *sc,
				       const struct ml_space *sp,
				       struct memlog_range r,
				       struct memlog_err *err)
{
	size_t overlap = ml_scanner_needs_all(sc) ? ML_SCAN_OVERLAP : 0;
	const uint8_t *p;
	enum memlog_status s;
	uint64_t addr = r.start;
	bool mapped;
	size_t got;

	while (addr < r.end) {
		s = MEMLOG_UNSUPPORTED;
		if (sp->ops->map)
			s = sp->ops->map(sp->self, addr,
					 ml_min(r.end - addr,
						ML_SCAN_MAP_WINDOW),
					 &p, &got, err);
		mapped = s != MEMLOG_UNSUPPORTED;
		if (!mapped) {
			s = search_buffer(job, err);
			if (s)
				return s;
			p = job->buf;
			s = sp->ops->read(sp->self, addr, job->buf,
					  ml_min(r.end - addr, job->window),
					  &got, err);
		}
		if (ml_space_ended(sp, s))
			return s;
		if (s || !got) {
			/* promised but missing: try the next page */
			got = ml_min(r.end - addr, ML_PAGE - addr % ML_PAGE);
			search_lost(job, addr, got, s, err);
			addr += got;
			continue;
		}
		s = mapped ? ml_scan_feed_parallel(job, sc, addr, p, got) :
			     ml_scan_feed(sc, addr, p, got);
		if (s)
			return s;
		addr += got;
		/* a magic may cross from this piece to the next */
		if (overlap && got > overlap && addr < r.end)
			addr -= overlap;
	}
	return MEMLOG_OK;
}

static enum memlog_status search_window(struct ml_scan_job *job,
					struct ml_scanner *sc,
					struct memlog_range r,
					struct memlog_err *err)
{
	const struct ml_space *sp = &job->image->spaces[job->space];
	enum memlog_status s;

	if (ml_scanner_needs_all(sc) ||
	    !(sp->ops->peek || sp->ops->flags & MEMLOG_READER_PEEK))
		return search_whole(job, sc, sp, r, err);
	s = search_buffer(job, err);
	if (s)
		return s;
	return sp->ops->peek ? peek_pages(job, sc, sp, r, err) :
			       search_read_pages(job, sc, sp, r, err);
}

/* Has the search gone far enough past the last log? */
static bool far_enough(const struct ml_scan_job *job, uint64_t addr,
		       bool downwards, uint64_t stop_after)
{
	if (!stop_after || !job->any_hit)
		return false;
	return downwards ? addr + stop_after <= job->last_hit :
			   addr >= job->last_hit + stop_after;
}

/* Data from addr on. In ranges that the caller named also bytes of the file that
 * other addresses have, up to a limit. */
static enum memlog_status search_next(struct ml_scan_job *job, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err)
{
	const struct memlog_image *image = job->image;

	if (!job->opts->n_ranges || !image->spaces[job->space].repeated)
		return memlog_image_next_data(job->image, job->space, addr, ret,
					      err);
	if (job->searched / ML_REPEATS > image->file.size)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the ranges have more than %u times the bytes "
			       "of the file; give fewer of them",
			       ML_REPEATS);
	return memlog_image_next_range(job->image, job->space, addr, ret, err);
}

/* Let readers know how far all will be read, also those of a split dump. */
static void search_sweeps(struct memlog_image *image, uint64_t end)
{
	size_t i;

	image->sweep_end = end;
	for (i = 0; i < image->n_parts; i++)
		search_sweeps(image->parts[i], end);
}

/* All data in [r), which may have holes, in windows of at most step bytes. *ret_end:
 * how far that went, also if it failed. */
static enum memlog_status
search_upwards(struct ml_scan_job *job, struct ml_scanner *sc,
	       struct memlog_range range, uint64_t step, uint64_t stop_after,
	       uint64_t *ret_end, struct memlog_err *err)
{
	struct memlog_range r;
	enum memlog_status s;
	uint64_t addr = range.start, at;

	*ret_end = addr;
	search_sweeps(job->image, range.end);
	while (addr < range.end) {
		s = search_next(job, addr, &r, err);
		if (s == MEMLOG_NO_DATA || (!s && r.start >= range.end)) {
			*ret_end = range.end;
			return search_tick(job, range.end - addr, err);
		}
		if (s)
			return s;
		if (r.start > addr) {
			s = search_tick(job, r.start - addr, err);
			if (s)
				return s;
		}
		r.end = ml_min(r.end, range.end);
		for (at = r.start; at < r.end; at += step) {
			struct memlog_range w = { at, r.end - at > step ?
							      at + step :
							      r.end };

			s = search_window(job, sc, w, err);
			job->searched += w.end - w.start;
			*ret_end = w.end;
			if (!s)
				s = search_tick(job, w.end - w.start, err);
			if (s)
				return s;
			if (far_enough(job, w.end, false, stop_after))
				return MEMLOG_OK;
			if (w.end == r.end)
				break;
		}
		addr = r.end;
	}
	return MEMLOG_OK;
}

/* The same in windows from the end of the range on. *ret_start: how far that
 * went. */
static enum memlog_status
search_downwards(struct ml_scan_job *job, struct ml_scanner *sc,
		 struct memlog_range range, uint64_t stop_after,
		 uint64_t *ret_start, struct memlog_err *err)
{
	uint64_t start, end;
	enum memlog_status s;

	for (*ret_start = range.end; *ret_start > range.start;
	     *ret_start = start) {
		start = *ret_start - range.start > job->window ?
				*ret_start - job->window :
				range.start;
		s = search_upwards(job, sc,
				   (struct memlog_range){ start, *ret_start },
				   job->window, 0, &end, err);
		if (s)
			return s;
		if (far_enough(job, start, true, stop_after)) {
			*ret_start = start;
			return MEMLOG_OK;
		}
	}
	return MEMLOG_OK;
}

enum memlog_status ml_scan_range(struct ml_scan_job *job, struct ml_scanner *sc,
				 struct memlog_range range, bool downwards,
				 uint64_t stop_after, struct memlog_err *err)
{
	struct memlog_range done = range;
	enum memlog_status s, counted;

	if (downwards)
		s = search_downwards(job, sc, range, stop_after, &done.start,
				     err);
	else
		s = search_upwards(job, sc, range, ML_SCAN_MAP_WINDOW,
				   stop_after, &done.end, err);
	counted = search_count(job, done, s ? NULL : err);
	return s ? s : counted;
}

void ml_scan_forget(struct ml_scan_job *job)
{
	size_t i;

	memset(&job->stats, 0, sizeof(job->stats));
	for (i = 0; i < MEMLOG_SPACES; i++)
		job->gone[i].n = job->gone[i].n_all = 0;
	job->done = job->searched = 0;
	job->has_torn = false;
}
