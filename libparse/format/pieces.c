/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pieces.c - a log with other memory between its pages.
 *
 * Where a file has lost the addresses of its pages, they are in some order, and what
 * follows a page of a log may be another page. If the format refuses some pages, and
 * without them text ends exactly where the header says, these are not the log's and
 * the rest is. If text ends before that, a page was overwritten, and what follows may
 * be another log.
 */
#include "format.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "base/range.h"

/* So many zeros after text are its end. */
#define PIECES_ZEROS 16u

/* What was found so far; page is the last that was read. */
struct pieces {
	struct ml_page page;
	const struct memlog_extent *e;
	struct memlog_range piece[ML_MAX_PIECES]; /* addresses */
	size_t n;
	uint64_t skipped; /* bytes */
	uint64_t end;	  /* of the text, in the log */
	bool ended;	  /* text ended before that */
	uint8_t buf[ML_PAGE];
};

size_t ml_log_piece(const struct ml_log *log, size_t extent, uint64_t *off)
{
	if (!log->joined)
		return extent;
	for (extent = 0; extent + 1 < log->pub.n_extents; extent++) {
		if (*off < log->extents[extent].len)
			break;
		*off -= log->extents[extent].len;
	}
	return extent;
}

/* The page is the log's. */
static bool pieces_append(struct pieces *p, uint64_t addr)
{
	struct memlog_range *last = p->n ? &p->piece[p->n - 1] : NULL;
	uint64_t end = addr + p->page.len;

	if (last && last->end == addr) {
		last->end = end;
		return true;
	}
	if (p->n == ML_MAX_PIECES)
		return false;
	p->piece[p->n++] = (struct memlog_range){ addr, end };
	return true;
}

/* Nothing follows the text in the page that it ends in. */
static bool pieces_end_fits(const struct pieces *p)
{
	uint64_t used = p->end - p->page.off;

	return ml_is_zero(p->page.bytes + used, p->page.len - used);
}

/* Does text end in this page? own: the format takes it for the log's. */
static bool pieces_ends(const struct pieces *p, bool own)
{
	struct ml_look look = { 0 };
	size_t n = p->page.len;

	while (n && !p->buf[n - 1])
		n--;
	if (!n || p->page.len - n < PIECES_ZEROS)
		return false;
	ml_look_next(&look);
	ml_look_at(&look, p->buf, n);
	return own || !ml_look_odd(&look, ML_LOOK_FEW);
}

/* Is this page, or what the image has of it, the log's? */
static bool pieces_own(struct pieces *p, uint64_t want)
{
	struct ml_page before = p->page;
	uint64_t left = p->end - p->page.off;
	bool own;

	if (p->page.len < ml_min(want, left))
		return false;
	p->page.text = ml_min(left, p->page.len);
	own = p->page.log->fmt->group.own(&p->page) &&
	      !ml_is_zero(p->buf, (size_t)p->page.text);
	if (left > p->page.len)
		p->ended = pieces_ends(p, own);
	else
		own = own && pieces_end_fits(p);
	if (own && !p->ended)
		return true;
	p->page = before;
	return false;
}

/* Find the pages that have text. False: they are not all there, or nothing is between
 * them. */
static bool pieces_find(struct pieces *p, uint64_t first, uint64_t *budget)
{
	uint64_t addr = p->e->addr, next;

	p->page.bytes = p->buf;
	for (next = first; p->page.off < p->end; next = ML_PAGE) {
		if (*budget < next || ml_image_stop(p->page.image) ||
		    p->skipped > ML_MAX_PIECES * ML_PAGE)
			return false;
		*budget -= next;
		if (ml_image_fill(p->page.image, p->e->space, addr, p->buf,
				  (size_t)next, &p->page.len, NULL))
			p->page.len = 0;
		if (!pieces_own(p, next))
			p->skipped += next;
		else if (pieces_append(p, addr))
			p->page.off += next;
		else
			return false;
		if (p->ended)
			return false;
		addr += next;
	}
	return p->skipped > 0;
}

/* The extent is replaced by its pieces. */
static enum memlog_status pieces_join(struct memlog_logs *logs,
				      struct ml_log *log,
				      const struct pieces *p,
				      struct memlog_err *err)
{
	struct memlog_extent e = *p->e;
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 1; i < p->n && !s; i++) {
		e.addr = p->piece[i].start;
		e.len = p->piece[i].end - e.addr;
		s = ml_log_add_extent(logs, log, &e, err);
	}
	if (s) {
		logs->n_extents -= log->pub.n_extents - 1;
		log->pub.n_extents = 1;
		return s;
	}
	log->extents[0].len = p->piece[0].end - p->piece[0].start;
	log->joined = true;
	log->between = p->skipped;
	log->pub.flags |= MEMLOG_LOG_GUESSED;
	return MEMLOG_OK;
}

enum memlog_status ml_log_join_pieces(struct memlog_logs *logs,
				      struct ml_log *log,
				      struct memlog_image *image,
				      uint64_t *budget, struct memlog_err *err)
{
	const struct memlog_extent e = log->extents[0];
	struct pieces p = { .e = &e };
	enum memlog_status s;
	uint64_t first;
	size_t i;

	if (e.space != MEMLOG_FILE || e.has_alias || log->pub.n_extents != 1)
		return MEMLOG_NOT_MINE;
	first = ML_PAGE - (e.addr - image->spaces[MEMLOG_FILE].bias) % ML_PAGE;
	p.page.image = image;
	p.page.log = log;
	p.page.n_parts = log->fmt->group.text(log, 0, image, p.page.part);
	for (i = 0; i < p.page.n_parts; i++)
		p.end = ml_max(p.end, p.page.part[i].end);
	/* text up to the end of a ring, or of a page, proves nothing */
	if (p.end <= first || p.end >= e.len ||
	    (p.end - first) % ML_PAGE == 0 || !pieces_find(&p, first, budget))
		return MEMLOG_NOT_MINE;
	s = pieces_join(logs, log, &p, err);
	return s == MEMLOG_NO_MEMORY || !s ? s : MEMLOG_NOT_MINE;
}
