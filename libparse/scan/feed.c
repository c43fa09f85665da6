/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* feed.c - the scanner core: bytes in, candidates out. */
#include "scan.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/names.h"

/* The first of the formats in a set; the set is not empty. */
static const struct ml_format *format_first(uint64_t set)
{
	return ml_formats[__builtin_ctzll(set)];
}

/* Is it in the first cache line of a page? */
static bool magic_in_line(const struct ml_scanner *sc, const struct ml_magic *m)
{
	return !sc->exhaustive && m->align % ML_PAGE == 0 &&
	       m->offset + m->len <= MEMLOG_PEEK;
}

/* Is a look at that line enough to find it? */
static bool magic_of_page(const struct ml_scanner *sc, const struct ml_magic *m)
{
	return magic_in_line(sc, m) && (!m->offset || m->offset == sc->inner);
}

static void scanner_add_magic(struct ml_scanner *sc, const struct ml_magic *m)
{
	uint64_t bit = 1ull << ml_le32(m->bytes) % 64;

	if (!sc->inner && magic_in_line(sc, m))
		sc->inner = m->offset;
	if (!magic_of_page(sc, m))
		sc->needs_all = true;
	else if (m->offset)
		sc->inner_heads |= bit;
	else
		sc->heads |= bit;
}

/* Bytes between the places where it can be. */
static uint32_t magic_step(const struct ml_scanner *sc,
			   const struct ml_magic *m)
{
	if (m->align % ML_PAGE == 0 && sc->exhaustive)
		return m->fine ? m->fine : ML_SCAN_STEP;
	return m->align ? m->align : 1;
}

static void scanner_add_screen(struct ml_scanner *sc, uint64_t bit, bool eager)
{
	uint32_t align = format_first(bit)->find.screen_align;

	sc->screen_mask &= (align ? align : ML_PAGE) - 1;
	sc->screens |= bit;
	sc->eager |= eager ? bit : 0;
}

void ml_scanner_init(struct ml_scanner *sc, const char *formats,
		     bool exhaustive, uint32_t bias,
		     enum memlog_status (*hit)(void *arg,
					       const struct ml_format *fmt,
					       uint64_t addr),
		     void *arg)
{
	const struct ml_magic *m;
	size_t i;

	memset(sc, 0, sizeof(*sc));
	sc->exhaustive = exhaustive;
	sc->bias = bias % ML_PAGE;
	sc->screen_mask = UINT64_MAX;
	sc->hit = hit;
	sc->arg = arg;
	for (i = 0; ml_formats[i]; i++) {
		const struct ml_format *fmt = ml_formats[i];

		if (!ml_name_in_list(formats, fmt->name))
			continue;
		sc->formats |= ml_format_bit(fmt);
		for (m = fmt->magics; m && m->len; m++)
			scanner_add_magic(sc, m);
		if (fmt->find.screen && (formats || !fmt->find.screen_eager))
			scanner_add_screen(sc, ml_format_bit(fmt),
					   formats != NULL);
	}
}

void ml_scanner_expect(struct ml_scanner *sc, const struct ml_format *fmt)
{
	if (fmt->find.screen)
		scanner_add_screen(sc, ml_format_bit(fmt), true);
}

bool ml_scanner_needs_all(const struct ml_scanner *sc)
{
	return sc->needs_all;
}

/* A magic of fmt is at a page start: a hit, unless a glance rejects it. */
static enum memlog_status page_hit(struct ml_scanner *sc,
				   const struct ml_format *fmt, uint64_t addr,
				   const uint8_t *p, size_t len)
{
	if (fmt->find.glance && !fmt->find.glance(p, len)) {
		/* the first one is probed, to report why */
		if (sc->explained) {
			sc->dismissed++;
			return MEMLOG_OK;
		}
		sc->explained = true;
	}
	return sc->hit(sc->arg, fmt, addr);
}

static enum memlog_status page_magics(struct ml_scanner *sc, uint64_t addr,
				      const uint8_t *p, size_t len)
{
	const struct ml_magic *m;
	enum memlog_status s;
	uint64_t set;

	for (set = sc->formats; set; set &= set - 1)
		for (m = format_first(set)->magics; m && m->len; m++) {
			/* most pages that get here are no hit: the head first */
			if (len < m->offset + m->len ||
			    ml_le32(p + m->offset) != ml_le32(m->bytes) ||
			    !magic_of_page(sc, m) ||
			    memcmp(p + m->offset, m->bytes, m->len))
				continue;
			s = page_hit(sc, format_first(set), addr, p, len);
			if (s)
				return s;
		}
	return MEMLOG_OK;
}

enum memlog_status ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *p, size_t len)
{
	const struct ml_format *fmt;
	enum memlog_status s = MEMLOG_OK;
	uint64_t set;

	if (len < 4)
		return MEMLOG_OK;
	if (sc->heads >> ml_le32(p) % 64 & 1 || len < MEMLOG_PEEK ||
	    sc->inner_heads >> ml_le32(p + sc->inner) % 64 & 1)
		s = page_magics(sc, addr, p, len);
	for (set = sc->screens; set && !s; set &= set - 1) {
		fmt = format_first(set);
		if (fmt->find.screen(addr, p, len, sc->eager & set & -set))
			s = sc->hit(sc->arg, fmt, addr);
	}
	return s;
}

/* One magic at every step of its alignment; a log starts offset before it. */
static enum memlog_status feed_any(struct ml_scanner *sc,
				   const struct ml_format *fmt,
				   const struct ml_magic *m, uint64_t addr,
				   const uint8_t *p, size_t len)
{
	uint64_t step = magic_step(sc, m);
	uint32_t head = ml_le32(m->bytes);
	enum memlog_status s;
	uint64_t first;
	size_t at;

	/* the first at with (addr + at - bias - offset) on the step */
	first = (addr - sc->bias - m->offset) % step;
	at = first ? (size_t)(step - first) : 0;
	for (; at < len && len - at >= m->len; at += step) {
		if (step == 1) {
			const uint8_t *q =
				memchr(p + at, m->bytes[0], len - at);

			if (!q || len - (size_t)(q - p) < m->len)
				return MEMLOG_OK;
			at = (size_t)(q - p);
		}
		if (ml_le32(p + at) != head || memcmp(p + at, m->bytes, m->len))
			continue;
		if (addr + at < m->offset)
			continue;
		s = sc->hit(sc->arg, fmt, addr + at - m->offset);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* Pages whose first bytes are fetched before any of them is looked at. */
#define BATCH 32

static void feed_ahead(const uint8_t *bytes, size_t at, size_t len)
{
	size_t i;

	for (i = 0; i < BATCH && at < len; i++, at += ML_PAGE)
		__builtin_prefetch(bytes + at);
}

/*
 * The hot loop of a scan. It waits for memory, one cache line per page; so that
 * the processor can have many of them in flight, it loads the heads of a batch
 * with nothing in between, prefetches those of the next batch, and only then
 * looks at them.
 */
static enum memlog_status feed_pages(struct ml_scanner *sc, uint64_t addr,
				     const uint8_t *bytes, size_t len)
{
	uint64_t skew = (addr - sc->bias) % ML_PAGE;
	uint64_t heads = sc->heads, mask = sc->screen_mask;
	uint64_t inner_heads = sc->inner_heads;
	uint32_t inner = sc->inner;
	size_t at = skew ? ML_PAGE - skew : 0, n, i, whole;
	uint32_t head[BATCH];
	enum memlog_status s;

	for (; at < len; at += n * ML_PAGE) {
		n = ml_min((len - at + ML_PAGE - 1) / ML_PAGE, BATCH);
		for (i = 0; i < n && len - at - i * ML_PAGE >= MEMLOG_PEEK; i++)
			head[i] = ml_le32(bytes + at + i * ML_PAGE);
		whole = i; /* the last page may be less than a peek */
		n = ml_max(whole, 1);
		feed_ahead(bytes, at + n * ML_PAGE, len);
		for (i = 0; i < n; i++) {
			size_t here = at + i * ML_PAGE;

			if (whole && (addr + here) & mask &&
			    !(heads >> head[i] % 64 & 1) &&
			    !(inner_heads >>
				      ml_le32(bytes + here + inner) % 64 &
			      1))
				continue;
			s = ml_scan_page(sc, addr + here, bytes + here,
					 ml_min(len - here, ML_PAGE));
			if (s)
				return s;
		}
	}
	return MEMLOG_OK;
}

enum memlog_status ml_scan_feed(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *bytes, size_t len)
{
	const struct ml_magic *m;
	enum memlog_status s = MEMLOG_OK;
	uint64_t set;

	if (sc->heads || sc->inner_heads || sc->screens)
		s = feed_pages(sc, addr, bytes, len);
	for (set = sc->needs_all ? sc->formats : 0; set; set &= set - 1)
		for (m = format_first(set)->magics; m && m->len && !s; m++)
			if (!magic_of_page(sc, m))
				s = feed_any(sc, format_first(set), m, addr,
					     bytes, len);
	if (s)
		return s;
	sc->touched += sc->needs_all ?
			       len :
			       (len + ML_PAGE - 1) / ML_PAGE * MEMLOG_PEEK;
	return MEMLOG_OK;
}
