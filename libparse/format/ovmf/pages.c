/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.c - how far the memory that follows a header is the log's own.
 *
 * One page that is not ends it: the text of another guest could follow. Firmware
 * zeroes the buffer before it is used, ends lines with CR LF, and writes messages of
 * less than 512 bytes; other memory differs in at least one of these. An index proves
 * itself.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/range.h"
#include "format/look.h"
#include "index.h"

/* A line of text, or what there is of it, has at most so many bytes. */
#define LINE_WITHIN 3968u

/* Line ends of the header's page that tell what they are like. */
#define LINES_ENOUGH 4u

/* How lines end on the header's page. */
enum style { STYLE_ANY, STYLE_CRLF, STYLE_LF };

/* What is kept from page to page. */
struct pages {
	struct ovmf_ext ext;
	bool begun, strict, styled;
	enum style style;
	bool used; /* where no text should be in this page there is something */
};

_Static_assert(sizeof(struct pages) <= ML_PAGE_PRIV, "more than a page keeps");

/* How many of the n bytes there are up to the last that is not zero. */
static size_t pages_trim(const uint8_t *p, size_t n)
{
	if (ml_is_zero(p, n))
		return 0;
	while (!p[n - 1])
		n--;
	return n;
}

/* Offsets in the ring that have text, and those that no text has reached; a
 * message that was in flight may be between them. */
static struct memlog_range pages_text(const struct ovmf *o)
{
	switch (o->state) {
	case OVMF_LINEAR:
		return (struct memlog_range){ o->head, o->tail };
	case OVMF_WRAPPED:
	case OVMF_BAD_OFFSETS:
		return (struct memlog_range){ 0, o->size };
	default:
		return (struct memlog_range){ 0, 0 };
	}
}

static struct memlog_range pages_unused(const struct ovmf *o)
{
	uint64_t from = ml_min(o->tail + OVMF_MESSAGE_MAX, o->size);

	if (o->state != OVMF_LINEAR && (o->state != OVMF_EMPTY || o->tail))
		from = o->size;
	return (struct memlog_range){ from, o->size };
}

/* Look at what the page has of the log. */
static void pages_look(struct ml_page *page, struct pages *s)
{
	const struct ovmf *o = ml_ovmf_const(page->log);
	struct memlog_range text = pages_text(o), unused = pages_unused(o);
	const uint8_t *p = page->bytes;
	size_t n = page->len;
	struct memlog_range here, r;
	uint64_t skip =
		page->off < o->header_size ? o->header_size - page->off : 0;

	ml_look_next(&page->look);
	s->used = false;
	if (skip >= n)
		return;
	p += skip;
	here.start = page->off + skip - o->header_size;
	here.end = here.start + (n - skip);
	/* where the end of the text is not known zeros may be there instead */
	if (o->state == OVMF_BAD_OFFSETS && ml_is_zero(p, n - skip))
		return;
	if (ml_range_intersect(here, text, &r))
		ml_look_at(&page->look, p + (r.start - here.start),
			   (size_t)(r.end - r.start));
	if (!ml_range_intersect(here, unused, &r))
		return;
	p += r.start - here.start;
	n = pages_trim(p, (size_t)(r.end - r.start));
	/* after text there may be more of it, as far as that goes */
	s->used = n && (!page->look.text || s->strict);
	ml_look_at(&page->look, p, n);
}

static enum style pages_style(const struct ml_look *k)
{
	if (k->crlf >= LINES_ENOUGH && k->lf <= k->crlf / 8)
		return STYLE_CRLF;
	return k->lf && k->crlf <= k->lf / 8 ? STYLE_LF : STYLE_ANY;
}

/* Can the log go on with this page? */
static bool pages_go_on(const struct ml_look *k, const struct pages *s)
{
	if (s->used || ml_look_odd(k, s->strict ? 0 : ML_LOOK_FEW))
		return false;
	if (s->style != STYLE_CRLF && !s->strict)
		return true;
	/* a CR may be the last byte of the page before */
	if (s->style == STYLE_LF ? k->crlf > k->lf / 8 + 1 :
				   k->lf > k->crlf + 1)
		return false;
	return k->crlf || k->lf || k->since <= LINE_WITHIN;
}

/* Does every page have to be proven? Where a kernel wrote its own memory; what is
 * contiguous for a process or a debugger is so for the log. */
static bool pages_strict(const struct memlog_image *image,
			 enum memlog_space space)
{
	return ml_image_is_by_kernel(image) && space != MEMLOG_HOST &&
	       space != MEMLOG_VIRT;
}

/* Where the log has an index. If its extension is damaged, or other memory is
 * there, the size of the header tells. */
static void pages_index(const struct ml_log *log, struct memlog_image *image,
			struct ovmf_ext *ret)
{
	struct ml_source source = { .image = image, .log = log };
	uint64_t size = ml_ovmf_const(log)->header_size, n;

	if (!ml_ovmf_ext_load(&source, ret))
		return;
	*ret = (struct ovmf_ext){ .index = OVMF_INDEX };
	n = (size - ml_min(size, OVMF_HEADER_WITH(0))) / 32;
	if (ml_is_pow2(n) && size == OVMF_HEADER_WITH(n))
		ret->n = (uint32_t)n;
}

static void pages_first(struct ml_page *page, struct pages *s)
{
	if (s->begun)
		return;
	s->begun = true;
	s->strict = pages_strict(page->image, page->log->extents->space);
	pages_index(page->log, page->image, &s->ext);
}

bool ml_ovmf_own(struct ml_page *page)
{
	const struct memlog_extent *e = page->log->extents;
	const struct ml_space *sp = &page->image->spaces[e->space];
	struct pages *s = (struct pages *)(void *)page->priv;

	pages_first(page, s);
	pages_look(page, s);
	/* text may have come since the header was read */
	s->used &= !(sp->ops->flags & MEMLOG_READER_LIVE);
	if (page->off && (!pages_go_on(&page->look, s) ||
			  ml_ovmf_index_odd(&s->ext, page->off, page->bytes,
					    page->len) > ML_LOOK_FEW)) {
		page->end = s->strict ?
				    ML_PAGE - (e->addr - sp->bias) % ML_PAGE :
				    page->off;
		return false;
	}
	if (!s->styled && (page->look.text || !s->ext.n)) {
		s->style = pages_style(&page->look);
		s->styled = true;
	}
	return true;
}
