/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreign.c - which pages of a log are not its own memory.
 *
 * What is contiguous for a guest need not be so in an image: in a dump of a host
 * the pages of its guests are scattered, and the page with the header is followed
 * by other memory. Nothing in an image tells, so each format judges its pages.
 * One that fails is left out. If most of those with text do, they are scattered,
 * and the others only look like the log's.
 */
#include "format.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "base/range.h"

/* A user may stop what looks at more than so many bytes. */
#define ASK_EVERY (1u << 20)

/* So many pages that fail may be scattered; fewer were overwritten. */
#define PAGES_ENOUGH 3u

bool ml_page_is_text(struct ml_page *page)
{
	struct memlog_range here = { page->off, page->off + page->len }, r;
	size_t i;

	ml_look_next(&page->look);
	for (i = 0; i < page->n_parts; i++)
		if (ml_range_intersect(here, page->part[i], &r))
			ml_look_at(&page->look,
				   page->bytes + (r.start - page->off),
				   (size_t)(r.end - r.start));
	return !ml_look_odd(&page->look, ML_LOOK_FEW);
}

/* What was found of one extent. */
struct foreign {
	struct memlog_logs *logs;
	struct ml_log *log;
	struct ml_page page;
	const struct memlog_extent *e;
	size_t before;	      /* ranges of the extents before it */
	uint64_t bad, judged; /* pages with text: foreign ones, and all from the
				 first of them on */
	uint64_t first;	      /* offset of that */
	bool live;
	bool ended; /* all from there on is */
};

/* The bytes of [off, end) of the extent are foreign. */
static enum memlog_status foreign_add(struct foreign *f, uint64_t off,
				      uint64_t end, struct memlog_err *err)
{
	struct memlog_range r = { f->e->addr + off, f->e->addr + end };
	struct ml_log *log = f->log;
	enum memlog_status s;
	uint64_t *end_of_last;

	if (log->n_foreign > f->before) {
		end_of_last = &log->foreign[log->n_foreign - 1].end;
		if (*end_of_last == r.start) {
			*end_of_last = r.end;
			return MEMLOG_OK;
		}
	}
	s = ml_grow(&f->logs->alloc, &log->foreign, log->n_foreign,
		    &log->cap_foreign, sizeof(*log->foreign), err);
	if (!s)
		log->foreign[log->n_foreign++] = r;
	return s;
}

/* From here on nothing is the log's. */
static enum memlog_status foreign_end(struct foreign *f, uint64_t off,
				      struct memlog_err *err)
{
	f->log->n_foreign = f->before;
	f->first = off;
	f->ended = true;
	return foreign_add(f, off, f->e->len, err);
}

/* Judge the page that was read. *ret_next: where the next one starts. */
static enum memlog_status foreign_judge(struct foreign *f, uint64_t *ret_next,
					struct memlog_err *err)
{
	struct ml_page *p = &f->page;
	size_t i;
	bool own;

	p->text = 0;
	p->end = UINT64_MAX;
	for (i = 0; i < p->n_parts; i++) {
		struct memlog_range here = { p->off, p->off + p->len };

		if (ml_range_intersect(here, p->part[i], &here))
			p->text += here.end - here.start;
	}
	/* text may have come since the header was read */
	own = f->log->fmt->group.own(p) || (f->live && !p->text);
	if (!own && f->log->n_foreign == f->before)
		f->first = p->off;
	if (!own || f->log->n_foreign > f->before)
		f->judged += p->text > 0;
	if (own)
		return MEMLOG_OK;
	f->bad += p->text > 0;
	if (p->end == UINT64_MAX)
		return foreign_add(f, p->off, *ret_next, err);
	*ret_next = f->e->len;
	return foreign_end(f, p->end, err);
}

/* May n more bytes be looked at? */
static bool foreign_may(struct memlog_image *image, uint64_t *budget,
			uint64_t n)
{
	if (*budget < n)
		return false;
	if (*budget / ASK_EVERY != (*budget - n) / ASK_EVERY &&
	    ml_image_stop(image)) {
		*budget = 0;
		return false;
	}
	*budget -= n;
	return true;
}

/* What was looked at stays as it is. */
static enum memlog_status foreign_leave(struct foreign *f, uint64_t off,
					struct memlog_err *err)
{
	f->log->unjudged = f->ended = true;
	f->log->stopped = f->page.image->stopped;
	if (f->log->n_foreign == f->before)
		f->first = off;
	return foreign_add(f, off, f->e->len, err);
}

static enum memlog_status foreign_extent(struct foreign *f, uint64_t *budget,
					 struct memlog_err *err)
{
	const struct memlog_extent *e = f->e;
	const struct ml_space *sp = &f->page.image->spaces[e->space];
	uint64_t first = ML_PAGE - (e->addr - sp->bias) % ML_PAGE, next;
	enum memlog_status s = MEMLOG_OK;
	struct ml_page *p = &f->page;
	uint8_t buf[ML_PAGE];

	/* nothing follows the page with the header */
	if (e->len <= first)
		return MEMLOG_OK;
	p->bytes = buf;
	for (p->off = 0; !s && p->off < e->len; p->off = next) {
		next = ml_min(p->off ? p->off + ML_PAGE : first, e->len);
		if (p->off && !foreign_may(p->image, budget, next - p->off))
			return foreign_leave(f, p->off, err);
		if (!ml_image_fill(p->image, e->space, e->addr + p->off, buf,
				   (size_t)(next - p->off), &p->len, NULL) &&
		    p->len)
			s = foreign_judge(f, &next, err);
	}
	if (!s && f->bad >= PAGES_ENOUGH && f->bad > f->judged / 2)
		s = foreign_end(f, f->first, err);
	return s;
}

/* Is there text at or after this offset? */
static bool foreign_text_from(const struct ml_page *p, uint64_t off)
{
	size_t i;

	for (i = 0; i < p->n_parts; i++)
		if (p->part[i].end > off)
			return true;
	return false;
}

static enum memlog_status foreign_find(struct memlog_logs *logs,
				       struct ml_log *log, size_t extent,
				       struct memlog_image *image,
				       uint64_t *budget, struct memlog_err *err)
{
	struct foreign f = { .logs = logs,
			     .log = log,
			     .e = &log->extents[extent],
			     .before = log->n_foreign };
	enum memlog_status s;

	f.live = image->spaces[f.e->space].ops->flags & MEMLOG_READER_LIVE;
	f.page.image = image;
	f.page.log = log;
	f.page.extent = extent;
	f.page.n_parts = log->fmt->group.text(log, extent, image, f.page.part);
	s = foreign_extent(&f, budget, err);
	if (f.ended && foreign_text_from(&f.page, f.first))
		log->pub.flags |= MEMLOG_LOG_CUT_OFF;
	return s;
}

enum memlog_status ml_log_find_foreign(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       uint64_t *budget, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; log->fmt->group.own && i < log->pub.n_extents && !s; i++)
		if (log->extents[i].space == log->extents[0].space)
			s = foreign_find(logs, log, i, image, budget, err);
	log->n_foreign = ml_ranges_merge(log->foreign, log->n_foreign);
	if (s || !log->fmt->group.own || log->unjudged)
		return s;
	s = ml_log_join_pieces(logs, log, image, budget, err);
	if (!s) {
		log->n_foreign = 0;
		log->pub.flags &= ~(uint32_t)MEMLOG_LOG_CUT_OFF;
	}
	return s == MEMLOG_NOT_MINE ? MEMLOG_OK : s;
}
