/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * walk.c - the zones of a region. Only the first has a known place: those of dmesg are a
 * quotient long, the others a power of two, and the region's size is nowhere.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "ramoops.h"

/* Bytes looked at together, and the shortest zone. */
enum { WINDOW = 64u << 10, ZONE_MIN = 64 };

/*
 * Is what looks like a zone one, by its place? Records of dmesg say so themselves. The
 * next header is a grid of equal steps on, or that of another kind, after a zone whose
 * size is a power of two, or two of them if the header between is missing. A signature
 * that is xored is so short that nothing else will do.
 */
static bool walk_fits(const struct ramoops_walk *w, uint64_t off,
		      const struct ramoops *of)
{
	const struct ramoops_zone *last = &w->zones[w->n - 1];
	uint64_t step = off - last->off;
	bool in_grid = w->grid && off % w->grid == 0;

	if (step < ZONE_MIN)
		return false;
	if (step < RAMOOPS_HEADER + (uint64_t)last->of.size)
		return !of->lost &&
		       !of->xor &&(of->kind == RAMOOPS_DMESG || in_grid);
	if (of->kind == RAMOOPS_DMESG || in_grid)
		return true;
	if (of->xor)
		return ml_is_pow2(step) ||
		       (last->of.xor == of->xor &&w->n > 1 &&
			(step == last->off - w->zones[w->n - 2].off ||
			 w->zones[w->n - 2].of.xor != of->xor));
	/* several traces share a power of two */
	return !w->grid || __builtin_popcountll(step) <= 2 || last->of.xor ;
}

static enum memlog_status walk_add(struct ramoops_walk *w,
				   struct memlog_logs *logs, uint64_t off,
				   const struct ramoops *of,
				   struct memlog_err *err)
{
	struct ramoops_zone *last = w->n ? &w->zones[w->n - 1] : NULL;
	enum memlog_status s;

	if (last) {
		last->len = off - last->off;
		if (!w->grid && !of->xor)
			w->grid = last->len;
		/* it has a header that cannot be: what it counts goes on in the
		 * next zone */
		if (RAMOOPS_HEADER + (uint64_t)last->of.size > last->len) {
			last->of.lost = true;
			last->of.start = last->of.size = 0;
		}
	}
	s = ml_grow(&logs->alloc, &w->zones, w->n, &w->cap, sizeof(*w->zones),
		    err);
	if (!s)
		w->zones[w->n++] =
			(struct ramoops_zone){ .off = off, .of = *of };
	return s;
}

/* May a zone start with these bytes? Each signature ends with the same byte. */
static bool walk_is_head(const uint8_t *p, size_t len)
{
	return p[3] == 'C' || (len >= RAMOOPS_HEADER + 4 &&
			       !memcmp(p + RAMOOPS_HEADER, "====", 4));
}

/* Look at len bytes that are at off of the region; zones start in the first n. */
static enum memlog_status walk_window(struct ramoops_walk *w,
				      struct memlog_logs *logs, uint64_t off,
				      const uint8_t *p, size_t n, size_t len,
				      struct memlog_err *err)
{
	struct ramoops of;
	enum memlog_status s;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i])
			w->last = off + i;
		if (len - i < RAMOOPS_HEADER || !walk_is_head(p + i, len - i) ||
		    !ml_ramoops_parse(p + i, ml_min(len - i, RAMOOPS_PROBE),
				      &of) ||
		    !walk_fits(w, off + i, &of))
			continue;
		if (w->n == ML_RAMOOPS_ZONES)
			return MEMLOG_NO_DATA;
		s = walk_add(w, logs, off + i, &of, err);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* Where the image goes on after off of the region; false: nowhere in it. */
static bool walk_gap(const struct ramoops_walk *w, uint64_t off, uint64_t end,
		     uint64_t *ret)
{
	struct memlog_range r;
	uint64_t addr;

	if (!ml_add(w->base, off, &addr) ||
	    memlog_image_next_range(w->image, w->space, addr, &r, NULL) ||
	    r.start < addr)
		return false;
	/* a range that cannot be read where it starts */
	*ret = r.start > addr ? r.start - w->base :
				off + ML_PAGE - addr % ML_PAGE;
	return *ret < end;
}

static bool walk_start(struct ramoops_walk *w, struct ramoops *ret)
{
	uint8_t head[RAMOOPS_PROBE];
	size_t got;

	return !ml_image_fill(w->image, w->space, w->base, head, sizeof(head),
			      &got, NULL) &&
	       got >= RAMOOPS_HEADER && ml_ramoops_parse(head, got, ret);
}

enum memlog_status ml_ramoops_walk(struct ramoops_walk *w,
				   struct memlog_logs *logs,
				   struct memlog_err *err)
{
	uint64_t off = 0, end = ML_RAMOOPS_REGION, addr;
	enum memlog_status s;
	struct ramoops first;
	uint8_t *buf;
	size_t got, n;

	if (!walk_start(w, &first))
		return MEMLOG_OK;
	buf = ml_calloc(&logs->alloc, 1, WINDOW + RAMOOPS_PROBE);
	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory to search for zones");
	s = walk_add(w, logs, 0, &first, err);
	while (!s && off < end && ml_add(w->base, off, &addr) &&
	       !ml_image_stop(w->image)) {
		if (ml_image_fill(w->image, w->space, addr, buf,
				  WINDOW + RAMOOPS_PROBE, &got, NULL) ||
		    !got) {
			if (!walk_gap(w, off, end, &off))
				break;
			continue;
		}
		n = ml_min(got, WINDOW);
		if (!ml_logs_look_around(logs, w->image, RAMOOPS_FORMAT, n))
			break;
		s = walk_window(w, logs, off, buf, n, got, err);
		off += n;
	}
	ml_free(&logs->alloc, buf);
	/* there are too many zones */
	return s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
}
