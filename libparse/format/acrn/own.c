/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own.c - can a page be a ring's? In the log, every fourth slot at least begins
 * with the head of a message, unless slots were dropped; in the trace, entries
 * have a form that there is. A slot that was written is not zero.
 */
#include "acrn.h"

#include <string.h>

#include "base/bytes.h"
#include "base/range.h"
#include "event.h"
#include "msg.h"

/* So many slots in a row without a head are no messages, even where some were
 * dropped. */
#define SLOTS_ENOUGH 6u

/* The same, where older messages may have been overwritten. */
#define PIECES_ENOUGH 20u

/* What is kept from page to page of a ring. */
struct own {
	bool begun;
	struct memlog_range written; /* offsets of slots that were */
};

_Static_assert(sizeof(struct own) <= ML_PAGE_PRIV, "more than a page keeps");

/* A page as slots: only whole ones are looked at. */
struct slots {
	const uint8_t *at; /* the first */
	uint32_t n;
	uint64_t off; /* of the first in the extent */
};

/* Up to the tail everything was written since the ring was set up, and all of a
 * ring that wrapped. */
static void own_begin(struct ml_page *page, struct own *own)
{
	const struct memlog_extent *e = &page->log->extents[page->extent];
	uint8_t head[ML_SBUF_HEADER];
	struct ml_sbuf h;

	if (own->begun)
		return;
	own->begun = true;
	if (ml_sbuf_read(page->image, e->space, e->addr, head, sizeof(head)) !=
		    sizeof(head) ||
	    ml_sbuf_parse(head, sizeof(head), &h, NULL))
		return;
	own->written.start = sizeof(head);
	own->written.end = sizeof(head) + (h.head > h.tail ? h.size : h.tail);
}

static struct slots own_slots(const struct ml_page *page, uint32_t size)
{
	struct slots s = { page->bytes, 0, page->off };
	uint64_t skip;

	if (page->off < ML_SBUF_HEADER)
		skip = ML_SBUF_HEADER - page->off;
	else
		skip = (size - (page->off - ML_SBUF_HEADER) % size) % size;
	if (skip >= page->len)
		return s;
	s.at += skip;
	s.off += skip;
	s.n = (uint32_t)((page->len - skip) / size);
	return s;
}

/* Was this slot certainly written? */
static bool own_written(const struct own *own, uint64_t off)
{
	return off >= own->written.start && off < own->written.end;
}

/* Does enough of the text in slots look like text? */
static bool own_text(struct ml_look *k, const struct slots *s)
{
	const uint8_t *p = s->at;
	uint32_t i;

	ml_look_next(k);
	for (i = 0; i < s->n; i++, p += ML_SBUF_LOG_SLOT) {
		k->more = 0;
		ml_look_at(k, p, strnlen((const char *)p, ML_SBUF_LOG_SLOT));
	}
	return !ml_look_odd(k, ML_LOOK_FEW);
}

bool ml_acrn_log_own(struct ml_page *page)
{
	struct own *own = (struct own *)(void *)page->priv;
	struct slots s = own_slots(page, ML_SBUF_LOG_SLOT);
	uint32_t i, heads = 0, written = 0, empty = 0, used = 0;
	const uint8_t *p = s.at;
	struct ml_acrn_head head;

	own_begin(page, own);
	for (i = 0; i < s.n; i++, p += ML_SBUF_LOG_SLOT) {
		bool now = own_written(own,
				       s.off + (uint64_t)i * ML_SBUF_LOG_SLOT);

		written += now;
		empty += now && !*p;
		used += *p != 0;
		/* so many decide */
		if (heads <= s.n / 8)
			heads += ml_acrn_head_parse(p, ML_SBUF_LOG_SLOT, &head);
	}
	if (!page->off)
		return true;
	if (empty > s.n / 8 + 1)
		return false;
	if (heads > s.n / 8)
		return true;
	/* elsewhere may be what rings of another size left: heads at any offset, or a
	 * few pieces of messages */
	if (!heads && written < SLOTS_ENOUGH)
		heads = used < PIECES_ENOUGH ||
			memmem(page->bytes, page->len, "us][cpu=", 8);
	return heads && own_text(&page->look, &s);
}

/* Until v1.0 an entry had no form, and events were few. */
static bool own_entry(const uint8_t *p)
{
	uint64_t word = ml_le64(p + 8);

	switch (word >> 48 & 0xff) {
	case 0:
		return ml_acrn_event_type(word) != NULL;
	case ML_ACRN_2L:
	case ML_ACRN_4I:
	case ML_ACRN_6C:
	case ML_ACRN_16STR:
		return true;
	default:
		return false;
	}
}

bool ml_acrn_trace_own(struct ml_page *page)
{
	struct own *own = (struct own *)(void *)page->priv;
	struct slots s = own_slots(page, ML_ACRN_ENTRY);
	uint32_t i, odd = 0;

	if (ml_acrn_const(page->log)->captured)
		return true;
	own_begin(page, own);
	for (i = 0; i < s.n; i++, s.at += ML_ACRN_ENTRY) {
		if (ml_is_zero(s.at, 16))
			odd += own_written(own,
					   s.off + (uint64_t)i * ML_ACRN_ENTRY);
		else
			odd += !own_entry(s.at);
	}
	return !page->off || odd <= s.n / 8 + 1;
}
