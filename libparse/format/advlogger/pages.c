/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.c - how far the memory that follows a header is the log's own.
 *
 * Each message tells where the next one begins, so that a page proves itself. Where a
 * kernel wrote its own memory, which may be a host's with several such logs, the first
 * page that does not ends the log. Elsewhere messages may be damaged.
 */
#include "advlogger.h"
#include "base/limits.h"
#include "base/range.h"

/* What is kept from page to page: where the next message begins, if that is known, and the
 * text of the one before. */
struct adv_pages {
	bool begun, strict, known;
	struct memlog_range text;
	uint64_t next;
};

_Static_assert(sizeof(struct adv_pages) <= ML_PAGE_PRIV,
	       "more than a page keeps");

/* Where the text that is at or after off ends; 0: there is none. Between two parts *ret is
 * where the second one begins, else off. */
static uint64_t adv_pages_limit(const struct advlogger *a, uint64_t off,
				uint64_t *ret)
{
	*ret = off;
	if (off < a->cursor)
		return a->cursor;
	if (!a->wrapped || off >= a->older.end)
		return 0;
	*ret = ml_max(off, a->older.start);
	return a->older.end;
}

/* The message at off; its header may go on in the next page. */
static bool adv_pages_message(const struct ml_page *page, uint64_t off,
			      uint64_t limit, struct adv_message *ret)
{
	const struct memlog_extent *e = page->log->extents;
	uint64_t end = page->off + page->len;
	uint8_t head[ADV_ALM2];
	size_t n;

	if (end - off >= ADV_ALM2)
		return ml_advlogger_message(page->bytes + (off - page->off),
					    (size_t)(end - off), off, limit,
					    ret);
	return !ml_image_fill(page->image, e->space, e->addr + off, head,
			      sizeof(head), &n, NULL) &&
	       ml_advlogger_message(head, n, off, limit, ret);
}

/* The first message in the page from off on; false: none. */
static bool adv_pages_find(const struct ml_page *page, uint64_t off,
			   uint64_t *ret)
{
	const struct advlogger *a = ml_advlogger_const(page->log);
	struct adv_message m;
	uint64_t limit;

	off = (off + ADV_ALIGN - 1) / ADV_ALIGN * ADV_ALIGN;
	for (; (limit = adv_pages_limit(a, off, &off)) &&
	       off < page->off + page->len;
	     off += ADV_ALIGN)
		if (adv_pages_message(page, off, limit, &m)) {
			*ret = off;
			return true;
		}
	return false;
}

/* Go through the messages that begin in the page. *ret_any: there are some. False: one
 * that should be there is not. */
static bool adv_pages_walk(const struct ml_page *page, struct adv_pages *s,
			   bool *ret_any)
{
	const struct advlogger *a = ml_advlogger_const(page->log);
	uint64_t end = page->off + page->len, limit, at;
	struct adv_message m;
	bool whole = s->known;

	*ret_any = false;
	while ((limit = adv_pages_limit(a, s->next, &at)) && at < end) {
		if (s->known && adv_pages_message(page, at, limit, &m)) {
			s->text =
				(struct memlog_range){ m.text, m.text + m.len };
			s->next = m.end;
			*ret_any = true;
			continue;
		}
		/* the rest of its header is for the next page to prove */
		if (s->known && end - at < ADV_ALM2 &&
		    ml_advlogger_signed(page->bytes + (at - page->off),
					(size_t)(end - at)))
			break;
		whole &= !s->known;
		s->known = adv_pages_find(page, at, &s->next);
		if (!s->known)
			break;
	}
	return whole;
}

/* Does the page go on with the text of a message from the page before? *ret_bad: it should,
 * but what is there is no text. */
static bool adv_pages_goes_on(struct ml_page *page, const struct adv_pages *s,
			      bool *ret_bad)
{
	struct memlog_range r, here = { page->off, page->off + page->len };
	bool odd;

	*ret_bad = false;
	if (!s->known || !ml_range_intersect(here, s->text, &r))
		return false;
	ml_look_next(&page->look);
	ml_look_at(&page->look, page->bytes + (r.start - page->off),
		   (size_t)(r.end - r.start));
	odd = ml_look_odd(&page->look,
			  ml_min(ML_LOOK_FEW, (r.end - r.start) / 4));
	*ret_bad = odd;
	return !odd;
}

bool ml_advlogger_own(struct ml_page *page)
{
	const struct advlogger *a = ml_advlogger_const(page->log);
	enum memlog_space space = page->log->extents->space;
	struct adv_pages *s = (struct adv_pages *)(void *)page->priv;
	bool whole, any, goes_on, bad = false;
	uint64_t at;

	if (!s->begun) {
		s->begun = s->known = true;
		s->next = a->header;
		s->strict = ml_image_is_by_kernel(page->image) &&
			    space != MEMLOG_HOST && space != MEMLOG_VIRT;
	}
	if (!page->text && page->off)
		return !s->strict || ml_is_zero(page->bytes, page->len);
	goes_on = page->off && adv_pages_goes_on(page, s, &bad);
	adv_pages_limit(a, s->next, &at);
	/* the next one began in a page that is missing, or a length is wrong */
	if (page->off && (bad || at < page->off)) {
		s->known = false;
		s->next = page->off;
	}
	whole = adv_pages_walk(page, s, &any);
	if (!page->off || (s->strict ? whole : any || goes_on))
		return true;
	s->known = false;
	if (s->strict)
		page->end = page->off;
	return false;
}
