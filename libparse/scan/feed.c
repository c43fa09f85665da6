/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* feed.c - the scanner core: bytes in, candidates out. */
#include "scan.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

bool ml_name_in_list(const char *list, const char *name)
{
	size_t n = strlen(name), len;

	if (!list)
		return true;
	for (;;) {
		len = strcspn(list, ",");
		if (len == n && !memcmp(list, name, n))
			return true;
		if (!list[len])
			return false;
		list += len + 1;
	}
}

static void add_magic(struct ml_scanner *sc, const struct ml_format *fmt,
		      const struct ml_magic *m, bool exhaustive)
{
	struct ml_scanner_magic sm = {
		.head = ml_le32(m->bytes),
		.magic = m,
		.fmt = fmt,
		.step = m->align,
	};

	if (m->align % ML_PAGE == 0 && !m->offset && !exhaustive) {
		if (sc->n_page < ML_SCAN_MAGICS) {
			sc->heads |= 1ull << sm.head % 64;
			sc->page[sc->n_page++] = sm;
		}
		return;
	}
	if (m->align % ML_PAGE == 0)
		sm.step = !exhaustive ? m->align :
			  m->fine ? m->fine : ML_SCAN_STEP;
	if (sc->n_any < ML_SCAN_MAGICS)
		sc->any[sc->n_any++] = sm;
}

static void add_screen(struct ml_scanner *sc, const struct ml_format *fmt,
		       bool eager)
{
	if (sc->n_screens >= ML_SCAN_MAGICS)
		return;
	sc->screen_mask &= (fmt->screen_align ? fmt->screen_align : ML_PAGE) -
			   1;
	sc->screens[sc->n_screens].eager = eager;
	sc->screens[sc->n_screens++].fmt = fmt;
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
	sc->bias = bias % ML_PAGE;
	sc->screen_mask = UINT64_MAX;
	sc->hit = hit;
	sc->arg = arg;
	for (i = 0; ml_formats[i]; i++) {
		const struct ml_format *fmt = ml_formats[i];

		if (!ml_name_in_list(formats, fmt->name))
			continue;
		for (m = fmt->magics; m && m->len; m++)
			add_magic(sc, fmt, m, exhaustive);
		if (fmt->screen && (formats || !fmt->screen_eager))
			add_screen(sc, fmt, formats != NULL);
	}
}

void ml_scanner_expect(struct ml_scanner *sc, const struct ml_format *fmt)
{
	size_t i;

	for (i = 0; i < sc->n_screens; i++)
		if (sc->screens[i].fmt == fmt) {
			sc->screens[i].eager = true;
			return;
		}
	if (fmt->screen)
		add_screen(sc, fmt, true);
}

bool ml_scanner_needs_all(const struct ml_scanner *sc)
{
	return sc->n_any > 0;
}

enum memlog_status ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *p, size_t len)
{
	enum memlog_status s;
	uint32_t head;
	size_t i;

	if (len < sizeof(head))
		return MEMLOG_OK;
	head = ml_le32(p);
	for (i = 0; sc->heads >> head % 64 & 1 && i < sc->n_page; i++) {
		const struct ml_magic *m = sc->page[i].magic;

		if (head != sc->page[i].head || len < m->len ||
		    memcmp(p, m->bytes, m->len))
			continue;
		if (sc->page[i].fmt->glance &&
		    !sc->page[i].fmt->glance(p, len)) {
			/* the first one is probed, to say why */
			if (sc->explained) {
				sc->dismissed++;
				continue;
			}
			sc->explained = true;
		}
		s = sc->hit(sc->arg, sc->page[i].fmt, addr);
		if (s)
			return s;
	}
	for (i = 0; i < sc->n_screens; i++) {
		if (!sc->screens[i].fmt->screen(addr, p, len,
						sc->screens[i].eager))
			continue;
		s = sc->hit(sc->arg, sc->screens[i].fmt, addr);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* One magic at every step of its alignment; a log starts offset before it. */
static enum memlog_status feed_any(struct ml_scanner *sc,
				   const struct ml_scanner_magic *sm,
				   uint64_t addr, const uint8_t *p, size_t len)
{
	const struct ml_magic *m = sm->magic;
	uint64_t step = sm->step ? sm->step : 1;
	enum memlog_status s;
	uint64_t first;
	size_t at;

	/* the first at with (addr + at - bias - offset) on the step */
	first = (addr - sc->bias - m->offset) % step;
	at = first ? (size_t)(step - first) : 0;
	for (; at < len && len - at >= m->len; at += step) {
		if (step == 1) {
			const uint8_t *q = memchr(p + at, m->bytes[0],
						  len - at);

			if (!q || len - (size_t)(q - p) < m->len)
				return MEMLOG_OK;
			at = (size_t)(q - p);
		}
		if (ml_le32(p + at) != sm->head ||
		    memcmp(p + at, m->bytes, m->len))
			continue;
		if (addr + at < m->offset)
			continue;
		s = sc->hit(sc->arg, sm->fmt, addr + at - m->offset);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* Pages whose first bytes are fetched before any of them is looked at. */
#define BATCH 32

static void ahead(const uint8_t *bytes, size_t at, size_t len)
{
	size_t i;

	for (i = 0; i < BATCH && at < len; i++, at += ML_PAGE)
		__builtin_prefetch(bytes + at);
}

/*
 * The loop that the time of a scan is spent in. It waits for memory, one cache
 * line a page; so that the processor can have many of them on the way at a
 * time, the heads of a batch are loaded with nothing in between, those of the
 * next one are asked for, and only then they are looked at.
 */
static enum memlog_status feed_pages(struct ml_scanner *sc, uint64_t addr,
				     const uint8_t *bytes, size_t len)
{
	uint64_t skew = (addr - sc->bias) % ML_PAGE;
	uint64_t heads = sc->heads, mask = sc->screen_mask;
	size_t at = skew ? ML_PAGE - skew : 0, n, i;
	uint32_t head[BATCH];
	enum memlog_status s;

	for (; at < len; at += n * ML_PAGE) {
		n = ml_min((len - at + ML_PAGE - 1) / ML_PAGE, BATCH);
		for (i = 0; i < n && len - at - i * ML_PAGE >= 4; i++)
			head[i] = ml_le32(bytes + at + i * ML_PAGE);
		n = ml_max(i, 1);
		ahead(bytes, at + n * ML_PAGE, len);
		for (i = 0; i < n; i++) {
			size_t here = at + i * ML_PAGE;

			if (len - here >= 4 && (addr + here) & mask &&
			    !(heads >> head[i] % 64 & 1))
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
	enum memlog_status s;
	size_t i;

	if (sc->n_page || sc->n_screens) {
		s = feed_pages(sc, addr, bytes, len);
		if (s)
			return s;
	}
	for (i = 0; i < sc->n_any; i++) {
		s = feed_any(sc, &sc->any[i], addr, bytes, len);
		if (s)
			return s;
	}
	sc->touched += sc->n_any ? len :
		       (len + ML_PAGE - 1) / ML_PAGE * MEMLOG_PEEK;
	return MEMLOG_OK;
}
