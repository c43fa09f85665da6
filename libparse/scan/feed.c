/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* feed.c - the scanner core: bytes in, candidates out. */
#include "scan.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

/* Bytes that are compared at once. */
#define WORD 4

/* The first of the formats in a set; the set is not empty. */
static const struct ml_format *format_first(uint64_t set)
{
	return ml_formats[__builtin_ctzll(set)];
}

/* Bytes between the places where it can be. */
static uint32_t magic_step(const struct ml_scanner *sc,
			   const struct ml_magic *m)
{
	if (m->align % ML_PAGE == 0 && sc->exhaustive)
		return m->fine ? m->fine : ML_SCAN_STEP;
	return m->align ? m->align : 1;
}

/* Is a look at the first cache line of a page enough to find it? */
static bool magic_in_line(const struct ml_scanner *sc, const struct ml_magic *m)
{
	return magic_step(sc, m) % ML_PAGE == 0 &&
	       m->offset + m->len <= MEMLOG_PEEK;
}

static void scanner_add_head(struct ml_scanner *sc, struct ml_scan_magics *to,
			     const struct ml_format *fmt,
			     const struct ml_magic *m, uint8_t skip)
{
	uint32_t head = ml_le32(m->bytes + skip);
	uint8_t *link = &to->first[ml_scan_hash(head)];

	if (to->n == ML_SCAN_MAGICS)
		return; /* tests hold the tables to it */
	while (*link)
		link = &to->magic[*link - 1].next;
	to->magic[to->n] = (struct ml_scan_magic){ head, magic_step(sc, m),
						   skip, m,
						   fmt,	 0 };
	*link = (uint8_t)++to->n;
}

/* Wherever the magic is, one of its heads is in an aligned word: at any byte, the four
 * that start at its first four; where all places are aligned, one. */
static void scanner_add_words(struct ml_scanner *sc,
			      const struct ml_format *fmt,
			      const struct ml_magic *m)
{
	uint32_t common = magic_step(sc, m) | m->offset | WORD;
	uint8_t skip, step = (uint8_t)(common & -common);

	for (skip = 0; skip < WORD; skip += step)
		scanner_add_head(sc, &sc->words, fmt, m, skip);
}

static void scanner_add_magic(struct ml_scanner *sc,
			      const struct ml_format *fmt,
			      const struct ml_magic *m)
{
	if (magic_in_line(sc, m) && !m->offset) {
		scanner_add_head(sc, &sc->starts, fmt, m, 0);
	} else if (magic_in_line(sc, m) &&
		   (!sc->inner || sc->inner == m->offset)) {
		sc->inner = m->offset;
		scanner_add_head(sc, &sc->inners, fmt, m, 0);
	} else {
		scanner_add_words(sc, fmt, m);
	}
}

static void scanner_add_screen(struct ml_scanner *sc, uint64_t bit, bool eager)
{
	uint32_t align = format_first(bit)->find.screen_align;

	sc->screen_mask &= (align ? align : ML_PAGE) - 1;
	sc->screen_text &= format_first(bit)->find.screen_text && !eager;
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
	sc->screen_text = true;
	sc->hit = hit;
	sc->arg = arg;
	for (i = 0; ml_formats[i]; i++) {
		const struct ml_format *fmt = ml_formats[i];
		bool named = ml_format_named(formats, fmt);

		if (!ml_format_asked(formats, fmt))
			continue;
		for (m = fmt->magics; m && m->len; m++)
			scanner_add_magic(sc, fmt, m);
		/* the user asked for the format, or to look closely */
		if (fmt->find.screen && (named || !fmt->find.screen_eager))
			scanner_add_screen(sc, ml_format_bit(fmt),
					   named || exhaustive);
	}
}

void ml_scanner_expect(struct ml_scanner *sc, const struct ml_format *fmt)
{
	if (fmt->find.screen)
		scanner_add_screen(sc, ml_format_bit(fmt), true);
}

bool ml_scanner_needs_all(const struct ml_scanner *sc)
{
	return sc->words.n;
}

/* A log of fmt may start here: a hit, unless a glance rejects it. */
static enum memlog_status scanner_hit(struct ml_scanner *sc,
				      const struct ml_format *fmt,
				      uint64_t addr, const uint8_t *p,
				      size_t len)
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

static enum memlog_status page_magics(struct ml_scanner *sc,
				      const struct ml_scan_magics *among,
				      uint32_t head, uint64_t addr,
				      const uint8_t *p, size_t len)
{
	enum memlog_status s = MEMLOG_OK;
	const struct ml_scan_magic *m;
	uint8_t i;

	for (i = among->first[ml_scan_hash(head)]; i && !s; i = m->next) {
		m = &among->magic[i - 1];
		if (m->head == head &&
		    len >= m->magic->offset + m->magic->len &&
		    !memcmp(p + m->magic->offset, m->magic->bytes,
			    m->magic->len))
			s = scanner_hit(sc, m->fmt, addr, p, len);
	}
	return s;
}

enum memlog_status ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *p, size_t len)
{
	const struct ml_format *fmt;
	enum memlog_status s = MEMLOG_OK;
	uint32_t head;
	uint64_t set;

	if (len < 4)
		return MEMLOG_OK;
	head = ml_le32(p);
	if (sc->starts.first[ml_scan_hash(head)])
		s = page_magics(sc, &sc->starts, head, addr, p, len);
	head = len >= sc->inner + 4 ? ml_le32(p + sc->inner) : 0;
	if (!s && sc->inners.first[ml_scan_hash(head)])
		s = page_magics(sc, &sc->inners, head, addr, p, len);
	for (set = sc->screens; set && !s; set &= set - 1) {
		fmt = format_first(set);
		if (fmt->find.screen(addr, p, len, sc->eager & set & -set))
			s = sc->hit(sc->arg, fmt, addr);
	}
	return s;
}

/* Is the magic at at, and aligned? A log starts offset before it. */
static enum memlog_status feed_hit(struct ml_scanner *sc,
				   const struct ml_scan_magic *m, uint64_t addr,
				   const uint8_t *p, size_t at, size_t len)
{
	uint64_t offset = m->magic->offset, start = addr + at - offset;

	if (len - at < m->magic->len ||
	    memcmp(p + at, m->magic->bytes, m->magic->len) ||
	    (start - sc->bias) % m->step || addr + at < offset)
		return MEMLOG_OK;
	/* a glance may look at so many bytes */
	if (at < offset || len - (at - offset) < MEMLOG_PEEK)
		return sc->hit(sc->arg, m->fmt, start);
	return scanner_hit(sc, m->fmt, start, p + at - offset,
			   len - (at - offset));
}

/* All magics that have a head at at. */
static enum memlog_status feed_word(struct ml_scanner *sc, uint64_t addr,
				    const uint8_t *p, size_t at, size_t len)
{
	uint32_t head = ml_le32(p + at);
	const struct ml_scan_magic *m;
	enum memlog_status s = MEMLOG_OK;
	uint8_t i;

	for (i = sc->words.first[ml_scan_hash(head)]; i && !s; i = m->next) {
		m = &sc->words.magic[i - 1];
		if (m->head == head && at >= m->skip)
			s = feed_hit(sc, m, addr, p, at - m->skip, len);
	}
	return s;
}

/* Is there nothing in four words? The answer is yes for nearly all. */
static bool words_none(const uint8_t *first, const uint8_t *p)
{
	return !(first[ml_scan_hash(ml_le32(p))] |
		 first[ml_scan_hash(ml_le32(p + WORD))] |
		 first[ml_scan_hash(ml_le32(p + 2 * WORD))] |
		 first[ml_scan_hash(ml_le32(p + 3 * WORD))]);
}

/* The aligned words at [0, end) of len bytes: with a magic at any byte, in one pass. */
static enum memlog_status feed_words(struct ml_scanner *sc, uint64_t addr,
				     const uint8_t *p, size_t end, size_t len)
{
	size_t at = -(addr - sc->bias) % WORD, next;
	const uint8_t *first = sc->words.first;
	enum memlog_status s;

	for (; at < end && len - at >= WORD; at = next) {
		next = at + 4 * WORD;
		if (len - at >= 4 * WORD && words_none(first, p + at))
			continue;
		for (; at < ml_min(next, end) && len - at >= WORD; at += WORD) {
			s = feed_word(sc, addr, p, at, len);
			if (s)
				return s;
		}
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
 * the processor can have many of them in flight, it loads the words of a batch
 * with nothing in between, prefetches those of the next batch, and only then
 * looks at them. First lines of pages are all in the same set of the first-level
 * cache, so both words are loaded while theirs is there.
 */
static enum memlog_status feed_pages(struct ml_scanner *sc, uint64_t addr,
				     const uint8_t *bytes, size_t end,
				     size_t len)
{
	uint64_t skew = (addr - sc->bias) % ML_PAGE;
	const uint8_t *starts = sc->starts.first, *inners = sc->inners.first;
	uint64_t mask = sc->screen_mask;
	bool text = sc->screen_text;
	uint32_t inner = sc->inner;
	size_t at = skew ? ML_PAGE - skew : 0, n, i, whole;
	uint32_t head[BATCH], deep[BATCH];
	enum memlog_status s;

	for (; at < end; at += n * ML_PAGE) {
		n = ml_min((end - at + ML_PAGE - 1) / ML_PAGE, BATCH);
		for (i = 0; i < n && len - at - i * ML_PAGE >= MEMLOG_PEEK;
		     i++) {
			head[i] = ml_le32(bytes + at + i * ML_PAGE);
			deep[i] = ml_le32(bytes + at + i * ML_PAGE + inner);
		}
		whole = i; /* the last page may be less than a peek */
		n = ml_max(whole, 1);
		feed_ahead(bytes, at + n * ML_PAGE, len);
		for (i = 0; i < n; i++) {
			size_t here = at + i * ML_PAGE;

			if (whole &&
			    ((addr + here) & mask ||
			     (text && !ml_is_ascii(head[i]))) &&
			    !starts[ml_scan_hash(head[i])] &&
			    !inners[ml_scan_hash(deep[i])])
				continue;
			s = ml_scan_page(sc, addr + here, bytes + here,
					 ml_min(len - here, ML_PAGE));
			if (s)
				return s;
		}
	}
	return MEMLOG_OK;
}

/* Bytes whose pages are looked at before their words: they stay in the cache. */
#define CHUNK (128u << 10)

static enum memlog_status feed_chunk(struct ml_scanner *sc, uint64_t addr,
				     const uint8_t *bytes, size_t end,
				     size_t len)
{
	enum memlog_status s = MEMLOG_OK;

	if (sc->starts.n || sc->inners.n || sc->screens)
		s = feed_pages(sc, addr, bytes, end, len);
	if (!s && sc->words.n)
		s = feed_words(sc, addr, bytes, end, len);
	return s;
}

enum memlog_status ml_scan_feed(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *bytes, size_t len)
{
	size_t chunk = ml_scanner_needs_all(sc) ? CHUNK : len, at, n;
	enum memlog_status s;

	for (at = 0; at < len; at += n) {
		n = ml_min(len - at, chunk);
		s = feed_chunk(sc, addr + at, bytes + at, n, len - at);
		if (s)
			return s;
	}
	sc->touched += ml_scanner_needs_all(sc) ?
			       len :
			       (len + ML_PAGE - 1) / ML_PAGE * MEMLOG_PEEK;
	return MEMLOG_OK;
}
