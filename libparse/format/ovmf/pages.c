/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.c - how far the memory that follows a header is the log's own.
 *
 * What is contiguous for a guest need not be so in an image: in a dump of a
 * host the pages of its guests are scattered, and the page with the header is
 * followed by other memory. Firmware zeroes the buffer before it is
 * used, ends lines with CR LF, and writes messages of less than 512 bytes; other
 * memory differs in at least one of these. An index proves itself.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/range.h"
#include "index.h"

/* A line of text, or what there is of it, has at most so many bytes. */
#define LINE_WITHIN 3968u

/* Line ends of the header's page that tell what they are like. */
#define LINES_ENOUGH 4u

/* Odd bytes that a few bytes of text may have. */
#define ODD_FEW 8u

/* What was seen of a page. */
struct look {
	size_t text, odd, crlf, lf; /* lf: without a CR */
	bool used; /* where no text should be there is something */
	uint8_t last;
	size_t since; /* bytes since the last line end, on earlier pages too */
	unsigned int more; /* bytes to come of a UTF-8 character */
};

/* Are the eight bytes at p printable ASCII? Each has to stay below 0x80, also
 * with 1 added and with the space subtracted. */
static bool pages_plain(const uint8_t *p)
{
	uint64_t ones = UINT64_MAX / 255, x = ml_le64(p);

	return !((x | (x + ones) | (x - ones * ' ')) & ones << 7);
}

static void pages_look_text(struct look *k, const uint8_t *p, size_t n)
{
	for (k->text += n; n; n--, k->last = *p++) {
		uint8_t c;

		/* most of it; one byte is left for the rest */
		for (; n > 8 && !k->more && pages_plain(p); n -= 8, p += 8) {
			k->since += 8;
			k->last = ' ';
		}
		c = *p;
		if (k->more && (c & 0xc0) == 0x80) {
			k->more--;
			continue;
		}
		k->since = c == '\n' ? 0 : k->since + 1;
		k->odd += k->more > 0;
		k->more = c < 0xc2 || c > 0xf4 ? 0 :
			  c < 0xe0	       ? 1 :
			  c < 0xf0	       ? 2 :
						 3;
		if (c == '\n' && k->last == '\r')
			k->crlf++;
		else if (c == '\n')
			k->lf++;
		else if (c >= 0x7f || c < ' ')
			k->odd += !k->more && c != '\t' && c != '\r' &&
				  c != '\x1b';
	}
}

static bool pages_all_zero(const uint8_t *p, size_t n)
{
	return !n || (!p[0] && !memcmp(p, p + 1, n - 1));
}

/* How many of the n bytes there are up to the last that is not zero. */
static size_t pages_trim(const uint8_t *p, size_t n)
{
	if (pages_all_zero(p, n))
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

/* Look at the bytes of the log from offset off on. */
static void pages_look(struct look *k, const struct ovmf *o, uint64_t off,
		       const uint8_t *p, size_t n, bool strict)
{
	struct memlog_range text = pages_text(o), unused = pages_unused(o);
	struct memlog_range here, r;
	uint64_t skip = off < o->header_size ? o->header_size - off : 0;

	k->text = k->odd = k->crlf = k->lf = 0;
	k->used = false;
	if (skip >= n)
		return;
	p += skip;
	here.start = off + skip - o->header_size;
	here.end = here.start + (n - skip);
	/* where the end of the text is not known zeros may be there instead */
	if (o->state == OVMF_BAD_OFFSETS && pages_all_zero(p, n - skip))
		return;
	if (ml_range_intersect(here, text, &r))
		pages_look_text(k, p + (r.start - here.start),
				(size_t)(r.end - r.start));
	if (!ml_range_intersect(here, unused, &r))
		return;
	p += r.start - here.start;
	n = pages_trim(p, (size_t)(r.end - r.start));
	/* after text there may be more of it, as far as that goes */
	k->used = n && (!k->text || strict);
	pages_look_text(k, p, n);
}

/* How lines end on the header's page. */
enum style { STYLE_ANY, STYLE_CRLF, STYLE_LF };

static enum style pages_style(const struct look *k)
{
	if (k->crlf >= LINES_ENOUGH && k->lf <= k->crlf / 8)
		return STYLE_CRLF;
	return k->lf && k->crlf <= k->lf / 8 ? STYLE_LF : STYLE_ANY;
}

/* Can the log go on with this page? */
static bool pages_own(const struct look *k, enum style style, bool strict)
{
	if (k->used || k->odd > k->text / 8 + (strict ? 0 : ODD_FEW))
		return false;
	if (style != STYLE_CRLF && !strict)
		return true;
	/* a CR may be the last byte of the page before */
	if (style == STYLE_LF ? k->crlf > k->lf / 8 + 1 : k->lf > k->crlf + 1)
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

/* How many bytes of the log's extent are its own; pages that are missing count
 * as such. */
static uint64_t pages_own_len(const struct ml_log *log,
			      struct memlog_image *image, uint64_t *budget)
{
	const struct memlog_extent *e = log->extents;
	const struct ml_space *sp = &image->spaces[e->space];
	bool strict = pages_strict(image, e->space);
	enum style style = STYLE_ANY;
	bool live = sp->ops->flags & MEMLOG_READER_LIVE;
	struct look k = { .last = 0 };
	bool styled = false;
	struct ovmf_ext ext;
	uint64_t off, next, first;
	uint8_t page[ML_PAGE];
	size_t got;

	first = ml_min(e->len, ML_PAGE - (e->addr - sp->bias) % ML_PAGE);
	if (first == e->len)
		return first;
	pages_index(log, image, &ext);
	for (off = 0; off < e->len; off = next) {
		next = ml_min(off ? off + ML_PAGE : first, e->len);
		if (*budget < next - off)
			return first;
		*budget -= next - off;
		if (ml_image_fill(image, e->space, e->addr + off, page,
				  (size_t)(next - off), &got, NULL))
			continue;
		pages_look(&k, ml_ovmf_const(log), off, page, got, strict);
		/* text may have come since the header was read */
		k.used &= !live;
		if (off && (!pages_own(&k, style, strict) ||
			    ml_ovmf_index_odd(&ext, off, page, got) > ODD_FEW))
			return strict ? first : off;
		if (!styled && (k.text || !ext.n)) {
			style = pages_style(&k);
			styled = true;
		}
	}
	return e->len;
}

void ml_ovmf_cut(struct ml_log *log, struct memlog_image *image,
		 uint64_t *budget)
{
	const struct ovmf *o = ml_ovmf_const(log);
	struct memlog_extent *e = log->extents;
	struct memlog_range text = pages_text(o);

	e->len = pages_own_len(log, image, budget);
	if (text.end && e->len < o->header_size + text.end)
		log->pub.flags |= MEMLOG_LOG_SCATTERED;
}
