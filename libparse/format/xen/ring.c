/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ring.c - find the size of a ring and the start of its text. */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* Other memory has a byte that is not text among so many. */
#define TEXT_BEGUN 512u

/* Is the block at addr console text from its first byte to its last? broken: some
 * of its pages need not be. */
static bool all_text(struct memlog_image *image, enum memlog_space space,
		     uint64_t addr, uint64_t len, bool broken)
{
	uint64_t at, lost = 0;
	unsigned int lines = 0;
	struct xen_look look;
	uint8_t buf[ML_PAGE];

	for (at = 0; at < len; at += sizeof(buf)) {
		look.text = 0;
		if (ml_xen_read_all(image, space, addr + at, buf,
				    sizeof(buf)) == sizeof(buf))
			ml_xen_look(buf, sizeof(buf), &look);
		if (look.text == sizeof(buf))
			lines += look.lines;
		else if (++lost > (broken ? len / ML_PAGE / XEN_PAGES_LOST : 0))
			return false;
	}
	return lines > 0;
}

/* The ring size given in the text of a block, 0 if there is none. */
static uint64_t says_size(struct memlog_image *image,
			  const struct memlog_extent *e)
{
	uint8_t buf[XEN_RING_MIN];
	struct xen_look look;

	ml_xen_look(buf,
		    ml_xen_read_all(image, e->space, e->addr, buf, sizeof(buf)),
		    &look);
	return look.allocated;
}

/*
 * The ring around a block that was found. The ring may say how large it is.
 * Otherwise a full ring is as large as text continues in blocks aligned to
 * their size, and one with room has the minimum size.
 */
static void find_size(struct memlog_image *image, struct memlog_extent *e,
		      bool broken)
{
	uint64_t size = XEN_RING_MIN, base, says = says_size(image, e);

	if (says > size && says <= ML_XEN_RING_GUESSED_MAX) {
		e->addr -= e->addr % says;
		e->len = says;
		return;
	}
	if (!all_text(image, e->space, e->addr, size, broken))
		return;
	while (size < ML_XEN_RING_GUESSED_MAX) {
		base = e->addr - e->addr % (2 * size);
		if (!all_text(image, e->space,
			      base == e->addr ? base + size : base, size,
			      broken))
			break;
		e->addr = base;
		size *= 2;
	}
	e->len = size;
}

/* Both counters run freely, and hold 32 bits. */
static void by_counters(struct xen_ring *r, bool full)
{
	uint32_t unread = r->producer - r->consumer;

	r->wrapped = r->producer > r->size || r->consumer > r->producer || full;
	r->used = r->wrapped ? r->size : r->producer;
	r->start = r->wrapped ? r->producer % r->size : 0;
	r->hidden = r->used - ml_min(unread, r->used);
}

/* If the counters say that the ring was never full, is that true? They may have
 * overflowed, and a ring that was enlarged has no text before the old one's. */
static bool is_full(const uint8_t *p, const struct xen_ring *r)
{
	struct xen_look look;

	if (r->producer >= r->size)
		return true;
	ml_xen_look(p + r->producer, (size_t)(r->size - r->producer), &look);
	return look.text == r->size - r->producer && look.lines;
}

/* The never-written start of a ring, which is not text: the static ring had
 * wrapped before this one was allocated. It ends where so much text begins that
 * it is no accident; an odd byte in the text is part of it. */
static void skip_junk(const uint8_t *p, struct xen_ring *r)
{
	uint64_t n = 0, last = 0;

	if (r->wrapped || !r->counters)
		return;
	for (; n < r->used && n < XEN_RING_MIN && n < last + TEXT_BEGUN; n++)
		if (!ml_xen_is_text(p[n]))
			last = n + 1;
	if (last >= ML_PAGE) {
		r->start = last;
		r->used -= last;
		r->hidden = r->hidden > last ? r->hidden - last : 0;
	}
}

static void xen_ring_publish(struct ml_log *log, const struct xen_ring *r)
{
	log->pub.capacity = r->size;
	log->pub.used = r->used;
	if (r->doubt)
		log->pub.flags |= MEMLOG_LOG_GUESSED;
	if (r->wrapped)
		log->pub.flags |= MEMLOG_LOG_WRAPPED;
	if (r->start && !r->wrapped)
		log->pub.flags |= MEMLOG_LOG_LOST_HEAD;
	if (!r->used)
		log->pub.flags |= MEMLOG_LOG_EMPTY;
}

/* The used part of a ring. */
static size_t xen_ring_parts(const struct xen_ring *r,
			     struct memlog_range ret[2])
{
	ret[0] = (struct memlog_range){ 0, r->size };
	if (r->used == r->size)
		return 1;
	return ml_ring_parts(0, r->size, r->start % r->size,
			     (r->start + r->used) % r->size, ret);
}

/* Without counters, what is missing would look unused, unless text ends before it. */
size_t ml_xen_console_text(const struct ml_log *log, size_t extent,
			   struct memlog_image *image,
			   struct memlog_range ret[2])
{
	const struct xen_ring *r = ml_xen_ring_const(log);

	uint64_t end = log->extents[extent].addr + r->start + r->used;

	if (r->counters || (!r->wrapped && end % ML_PAGE != 0))
		return xen_ring_parts(r, ret);
	ret[0] = (struct memlog_range){ 0, r->size };
	return 1;
}

/* What own() keeps from page to page: the lines of some of the ring. */
struct ring_seen {
	bool begun;
	struct xen_lines lines;
};

_Static_assert(sizeof(struct ring_seen) <= ML_PAGE_PRIV,
	       "more than a page keeps");

/* So many pages tell what the lines of a ring are like. */
#define PAGES_SEEN 64u

static void xen_ring_see(const struct ml_page *page, struct ring_seen *seen)
{
	const struct memlog_extent *e = &page->log->extents[page->extent];
	uint8_t buf[ML_PAGE];
	struct xen_lines n;
	uint64_t off;
	size_t step;

	seen->begun = true;
	for (off = 0; off < ml_min(e->len, PAGES_SEEN * ML_PAGE); off += step) {
		step = (size_t)ml_min(ML_PAGE - (e->addr + off) % ML_PAGE,
				      e->len - off);
		ml_xen_read_all(page->image, e->space, e->addr + off, buf,
				step);
		n = ml_xen_count_lines(buf, step);
		seen->lines.known += n.known;
		seen->lines.bare += n.bare;
	}
}

bool ml_xen_console_own(struct ml_page *page)
{
	const struct xen_ring *r = ml_xen_ring_const(page->log);
	struct ring_seen *seen = (struct ring_seen *)(void *)page->priv;
	struct xen_lines n, others;
	struct ml_page used;
	bool text;

	used = *page;
	used.n_parts = xen_ring_parts(r, used.part);
	text = ml_page_is_text(&used);
	page->look = used.look;
	if (!text || (r->other && page->off / ML_PAGE == r->other - 1))
		return false;
	if (!page->look.text)
		return ml_is_zero(page->bytes, page->len);
	if (!seen->begun)
		xen_ring_see(page, seen);
	n = ml_xen_count_lines(page->bytes, page->len);
	others = seen->lines;
	if (page->off < PAGES_SEEN * ML_PAGE) {
		others.known -= ml_min(n.known, others.known);
		others.bare -= ml_min(n.bare, others.bare);
	}
	return !ml_xen_other_lines(n, others);
}

/* Read the ring and find its oldest byte. */
static enum memlog_status xen_ring_read(struct memlog_logs *logs,
					struct memlog_image *image,
					const struct memlog_extent *e,
					struct xen_ring *r, bool broken,
					struct memlog_err *err)
{
	size_t len = (size_t)r->size;
	enum memlog_status s = MEMLOG_OK;
	uint8_t *buf = ml_calloc(&logs->alloc, len, 1);

	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a ring");
	ml_xen_read_all(image, e->space, e->addr, buf, len);
	if (r->counters) {
		by_counters(r, is_full(buf, r));
		skip_junk(buf, r);
	} else if (broken) {
		s = ml_xen_order_broken(&logs->alloc, buf, len, r, err);
	} else if (!ml_xen_order_whole(buf, len, r)) {
		s = MEMLOG_NOT_MINE;
	}
	ml_free(&logs->alloc, buf);
	return s;
}

/* The block around the page at e that is aligned as a ring, in which the page is one of
 * the first two: the first may be damaged. */
static bool xen_ring_align(struct memlog_image *image, struct memlog_extent *e)
{
	struct xen_look look;
	uint8_t buf[ML_PAGE];

	if (e->addr % XEN_RING_MIN == 0)
		return true;
	if (e->addr % XEN_RING_MIN != ML_PAGE)
		return false;
	ml_xen_look(buf,
		    ml_xen_read_all(image, e->space, e->addr, buf, sizeof(buf)),
		    &look);
	e->addr -= ML_PAGE;
	return look.text == sizeof(buf);
}

/*
 * The ring at e and its oldest byte. One that is whole is looked for first; then, if it
 * may be, one with lost pages.
 */
static enum memlog_status
xen_ring_at(struct memlog_logs *logs, struct memlog_image *image,
	    struct memlog_extent *e, struct xen_ring *r, struct memlog_err *err)
{
	bool shape = r->how == XEN_BY_SHAPE;
	struct xen_ring ring[2] = { *r, *r };
	struct memlog_extent at[2] = { *e, *e };
	enum memlog_status s = MEMLOG_NOT_MINE;
	int i = -1;

	/* where symbols or a header say that it is, lost pages prove nothing */
	while (s == MEMLOG_NOT_MINE && ++i < (shape ? 2 : 1) &&
	       !ml_image_stop(image)) {
		if (shape && e->addr % XEN_RING_MIN == 0 &&
		    logs->guessed >= ML_XEN_GUESSED) {
			ml_curtail(image, "xen-console");
		} else if (shape && e->addr % XEN_RING_MIN == 0) {
			find_size(image, &at[i], i);
			ring[i].size = at[i].len;
			logs->guessed += at[i].len > XEN_RING_MIN ? at[i].len :
								    0;
		}
		s = xen_ring_read(logs, image, &at[i], &ring[i], i, err);
	}
	i = s ? 0 : i;
	*e = at[i];
	*r = ring[i];
	return s;
}

/* A guess that is no ring is dropped, unless the user gave the address. */
static enum memlog_status xen_ring_find(struct memlog_logs *logs,
					struct memlog_image *image,
					struct memlog_extent *e,
					struct xen_ring *r,
					struct memlog_err *err)
{
	bool guess = r->how == XEN_BY_SHAPE && !r->named;
	enum memlog_status s = MEMLOG_NOT_MINE;

	if (guess)
		s = ml_xen_find_place(&logs->alloc, image, e, r, err);
	if (s == MEMLOG_NOT_MINE && (!guess || xen_ring_align(image, e)))
		s = xen_ring_at(logs, image, e, r, err);
	if ((s == MEMLOG_NOT_MINE || s == MEMLOG_CORRUPT) && guess)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "lines of Xen's, but no ring that is being "
			       "written: a copy of one");
	return s == MEMLOG_NOT_MINE ? MEMLOG_OK : s;
}

enum memlog_status ml_xen_console_expand(struct memlog_logs *logs,
					 struct ml_log *log,
					 struct memlog_image *image,
					 struct memlog_err *err)
{
	struct xen_ring *r = ml_xen_ring(log);
	enum memlog_status s;

	s = xen_ring_find(logs, image, &log->extents[0], r, err);
	if (!s)
		xen_ring_publish(log, r);
	return s;
}
