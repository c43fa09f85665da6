/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* find.c - the logs of a region: one for each zone that has something. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/date.h"
#include "base/err.h"
#include "base/range.h"
#include "ramoops.h"

/* Records of one crash, of which several may be written, are no further apart. */
enum { TOGETHER = 10, DAY = 86400 };

/* Zones that are looked at for codes, and what that takes, in bytes of a search. */
enum { CODES = 64, CODES_COST = 64u << 10 };

/* ---- the region ----------------------------------------------------------- */

static bool find_has(const struct ramoops_zone *z)
{
	return z->of.size || (z->of.kind == RAMOOPS_DMESG && z->of.lost);
}

/* The index of the zone at addr; n: it is none. */
static size_t find_zone(const struct ramoops_walk *w, uint64_t addr)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->base + w->zones[i].off == addr)
			break;
	return i;
}

/* Is something known to start there? */
static bool find_known(const struct memlog_logs *logs, const struct ml_log *but,
		       enum memlog_space space, uint64_t addr)
{
	const struct ml_log *log;
	size_t i;

	for (i = 0; i < logs->count; i++) {
		log = logs->logs[i];
		if (log != but && log->fmt == but->fmt && log->pub.n_extents &&
		    log->extents->space == space && log->extents->addr == addr)
			return true;
	}
	return false;
}

/* Is it in a region that is known? An extract has parts of zones that it does not name:
 * of those it does, unless they are too many. */
static bool find_inside(const struct memlog_logs *logs,
			const struct ml_log *but,
			const struct memlog_image *image)
{
	struct ml_named last;
	bool some = ml_image_named(image, ML_NAMED_LOGS - 1, &last);
	const struct memlog_extent *e = but->extents;
	const struct ml_log *log;
	const struct ramoops *r;
	size_t i;

	for (i = 0; i < logs->count; i++) {
		log = logs->logs[i];
		r = ml_ramoops_const(log);
		if (log != but && log->fmt == but->fmt && log->pub.n_extents &&
		    !(some && r->named) && log->extents->space == e->space &&
		    e->addr >= r->first && e->addr <= r->last)
			return true;
	}
	return false;
}

/* The page before addr that starts a region with a zone there. */
static enum memlog_status find_region(struct ramoops_walk *w, uint64_t addr,
				      struct memlog_logs *logs,
				      struct memlog_err *err)
{
	uint32_t bias = w->image->spaces[w->space].bias;
	uint64_t at = addr - (addr - bias) % ML_PAGE;
	enum memlog_status s = MEMLOG_OK;
	struct ramoops of;
	uint8_t head[RAMOOPS_PROBE];
	size_t got;

	for (; at >= bias && addr - at < ML_RAMOOPS_REGION && !s;
	     at -= ML_PAGE) {
		if (!ml_image_fill(w->image, w->space, at, head, sizeof(head),
				   &got, NULL) &&
		    got >= RAMOOPS_HEADER && at != addr &&
		    ml_ramoops_parse(head, got, &of) &&
		    of.kind != RAMOOPS_FTRACE) {
			ml_free(&logs->alloc, w->zones);
			*w = (struct ramoops_walk){ .image = w->image,
						    .space = w->space,
						    .base = at };
			s = ml_ramoops_walk(w, logs, err);
			if (s || find_zone(w, addr) < w->n)
				return s;
		}
		if (at < ML_PAGE)
			break;
	}
	ml_free(&logs->alloc, w->zones);
	*w = (struct ramoops_walk){ .image = w->image,
				    .space = w->space,
				    .base = addr };
	return s ? s : ml_ramoops_walk(w, logs, err);
}

/* ---- a zone ---------------------------------------------------------------- */

/* Where a zone ends, as far as that is known. */
static uint64_t find_end(const struct ramoops_walk *w,
			 const struct ramoops_zone *z)
{
	uint64_t counted = RAMOOPS_HEADER + (uint64_t)z->of.size;
	uint64_t len = z->len;

	/* zones that are not there any more */
	if (z->of.kind == RAMOOPS_DMESG && w->grid)
		len = len ? ml_min(len, w->grid) : w->grid;
	if (!len)
		len = z->of.lost ?
			      ml_min(w->last + 1 - z->off, ML_RAMOOPS_RECORD) :
			      counted;
	return ml_max(len, ml_max(counted, RAMOOPS_HEADER + z->of.head));
}

/* Bytes of data of a record that are not counted: text goes up to a NUL, what is
 * compressed has an end of its own. */
static uint64_t find_used(const struct ramoops_walk *w, const struct ramoops *r,
			  const struct memlog_extent *e)
{
	uint64_t off, used = 0;
	uint8_t buf[ML_PAGE];
	size_t got, i;

	for (off = RAMOOPS_HEADER; off < e->len; off += got) {
		if (ml_image_fill(w->image, e->space, e->addr + off, buf,
				  ml_min(sizeof(buf), e->len - off), &got,
				  NULL) ||
		    !got)
			break;
		for (i = 0; i < got; i++)
			if (buf[i])
				used = off + i + 1 - RAMOOPS_HEADER;
			else if (!r->packed)
				return used;
	}
	return used;
}

/* The first zone with codes says how long they are; one whose header was lost, or that
 * is the last, does not. */
static void find_codes(struct ramoops_walk *w, struct memlog_logs *logs)
{
	size_t i;

	for (i = 0;
	     i < w->n && i < CODES && !w->codes && !ml_image_stop(w->image) &&
	     ml_logs_look_around(logs, w->image, RAMOOPS_FORMAT, CODES_COST);
	     i++) {
		w->codes = ml_ramoops_codes(w->image, w->space,
					    w->base + w->zones[i].off,
					    find_end(w, &w->zones[i]));
	}
}

/* The console is followed by traces or by pmsg. */
static const char *find_variant(const struct ramoops_walk *w, size_t i)
{
	const struct ramoops_zone *z = &w->zones[i];
	size_t k;

	if (z->of.kind == RAMOOPS_DMESG ||
	    (!z->of.size && z->of.kind == RAMOOPS_TEXT && w->grid &&
	     z->len == w->grid))
		return "dmesg";
	if (z->of.kind == RAMOOPS_FTRACE)
		return "ftrace";
	/* pmsg is the last, and after something that is no record */
	if (i + 1 < w->n || !i)
		return "console";
	k = i - 1;
	return w->zones[k].of.kind == RAMOOPS_FTRACE ||
			       (w->grid && w->zones[k].len != w->grid) ||
			       (w->zones[k].of.kind == RAMOOPS_TEXT &&
				w->zones[k].of.size) ?
		       "pmsg" :
		       "console";
}

static void find_written(struct ml_log *log)
{
	const struct ramoops *r = ml_ramoops_const(log);
	unsigned int y, m, d, s = (unsigned int)(r->sec % DAY);

	if (r->kind != RAMOOPS_DMESG)
		return;
	ml_date(r->sec / DAY, &y, &m, &d);
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "written %04u-%02u-%02u %02u:%02u:%02u.%06" PRIu32 "%s", y, m,
		 d, s / 3600, s / 60 % 60, s % 60, r->usec,
		 r->lost ? ", erased or its header lost" : "");
}

/* What leads to a zone, so that an extract has it: the region's first header, and those
 * around it. */
static void find_leads(const struct ramoops_walk *w, size_t i,
		       struct ml_log *log)
{
	size_t which[] = { 0, i ? i - 1 : 0, i + 1 }, k;
	uint64_t at;

	log->n_leads = 0;
	for (k = 0; k < 3; k++)
		if (which[k] < w->n && which[k] != i &&
		    (!k || which[k] != which[k - 1])) {
			at = w->base + w->zones[which[k]].off;
			log->leads[log->n_leads++] =
				(struct memlog_range){ at,
						       at + RAMOOPS_HEADER };
		}
}

static void find_fill(const struct ramoops_walk *w, size_t i,
		      struct ml_log *log, struct memlog_extent *ret)
{
	const struct ramoops_zone *z = &w->zones[i];
	struct ramoops *r = ml_ramoops(log);
	uint64_t data;

	*ret = (struct memlog_extent){ .space = w->space,
				       .addr = w->base + z->off,
				       .len = find_end(w, z),
				       .cpu = -1 };
	*r = z->of;
	r->first = w->base;
	r->last = w->base + w->zones[w->n - 1].off;
	data = ml_max(ml_ramoops_data(ret->len, w->codes),
		      ml_max((uint64_t)r->size, (uint64_t)r->head));
	if (r->lost)
		ret->len = RAMOOPS_HEADER + data;
	log->pub.capacity = data;
	log->pub.used = r->lost ? find_used(w, r, ret) : r->size;
	log->pub.flags = ml_ramoops_flags(r);
	if (!find_has(z))
		log->pub.flags |= MEMLOG_LOG_EMPTY;
	if (z->len && r->start < r->size && r->size < data) {
		log->pub.flags |= MEMLOG_LOG_DAMAGED;
		snprintf(log->pub.reason, sizeof(log->pub.reason),
			 "its header says that it wrapped and is not full");
	}
	snprintf(log->pub.variant, sizeof(log->pub.variant), "%s",
		 find_variant(w, i));
	find_written(log);
	find_leads(w, i, log);
}

/* ---- all of them ----------------------------------------------------------- */

/* A log for each zone that has something; log is the first. */
static enum memlog_status find_add(const struct ramoops_walk *w,
				   struct memlog_logs *logs, struct ml_log *log,
				   struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	const uint32_t group = log->pub.id;
	struct memlog_extent e;
	struct ml_log *more;
	size_t i, n = 0;

	for (i = 0; i < w->n && !s; i++) {
		if (!find_has(&w->zones[i]) ||
		    find_known(logs, log, w->space, w->base + w->zones[i].off))
			continue;
		if (!n++) {
			find_fill(w, i, log, log->extents);
			continue;
		}
		s = ml_logs_add(logs, log->fmt, &more, err);
		if (s)
			return s;
		find_fill(w, i, more, &e);
		more->pub.group = group;
		more->pub.flags |= log->pub.flags & MEMLOG_LOG_GUESSED;
		s = ml_log_add_extent(logs, more, &e, err);
		if (s)
			ml_logs_drop_last(logs);
		/* that says nothing of the others */
		if (s == MEMLOG_NOT_MINE)
			s = MEMLOG_OK;
	}
	if (!n && !s)
		find_fill(w, 0, log, log->extents);
	return s;
}

/* What is wrong with a region; NULL: nothing. One of one zone is one only if that has a
 * record, or the user says so. */
static const char *find_doubt(const struct ramoops_walk *w,
			      const struct memlog_logs *logs,
			      const struct ml_log *log, bool named)
{
	size_t i, n = 0, known = 0;

	if (!w->n ||
	    (w->n == 1 && !named && w->zones[0].of.kind != RAMOOPS_DMESG))
		return "no zone follows it";
	for (i = 0; i < w->n; i++)
		if (find_has(&w->zones[i])) {
			n++;
			known += find_known(logs, log, w->space,
					    w->base + w->zones[i].off);
		}
	if (n && n == known)
		return "its zones are known";
	return !n && w->base != log->extents->addr ? "it is an empty zone" :
						     NULL;
}

/* At an address that was named only that zone is meant, unless it is empty. */
enum memlog_status ml_ramoops_find(struct memlog_logs *logs, struct ml_log *log,
				   struct memlog_image *image,
				   struct memlog_err *err)
{
	struct ramoops_walk w = { .image = image,
				  .space = log->extents->space,
				  .base = log->extents->addr };
	uint32_t guessed = log->pub.flags & MEMLOG_LOG_GUESSED;
	bool named = ml_ramoops_const(log)->named;
	const char *doubt;
	enum memlog_status s;
	size_t i;

	if (!named && find_inside(logs, log, image))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it is a zone of a region that is known");
	s = named ? find_region(&w, w.base, logs, err) :
		    ml_ramoops_walk(&w, logs, err);
	doubt = find_doubt(&w, logs, log, named);
	i = find_zone(&w, log->extents->addr);
	named = named && i < w.n && find_has(&w.zones[i]);
	if (!s && !named && doubt)
		s = ml_fail(err, MEMLOG_NOT_MINE, "%s", doubt);
	/* codes take long to look for */
	if (!s)
		find_codes(&w, logs);
	if (!s && named) {
		find_fill(&w, i, log, log->extents);
		ml_ramoops(log)->named = true;
	} else if (!s) {
		s = find_add(&w, logs, log, err);
	}
	log->pub.flags |= guessed;
	ml_free(&logs->alloc, w.zones);
	return s;
}

/* ---- which is the newest --------------------------------------------------- */

static void relate_older(struct ml_log *log, const char *words)
{
	size_t n = strlen(log->pub.reason);

	log->pub.state = MEMLOG_STATE_STALE;
	snprintf(log->pub.reason + n, sizeof(log->pub.reason) - n, "; %s",
		 words);
}

/* Of the records of dmesg the newest crash counts. */
void ml_ramoops_relate(struct ml_log *const *logs, size_t n,
		       struct memlog_image *image, bool some)
{
	uint64_t newest = 0, first, before;
	const struct ramoops *r;
	size_t i;

	(void)image;
	(void)some;
	for (i = 0; i < n; i++) {
		r = ml_ramoops_const(logs[i]);
		if (r->kind == RAMOOPS_DMESG)
			newest = ml_max(newest, r->sec);
	}
	/* the first of those that follow closely */
	for (first = newest, before = newest + 1; first < before;)
		for (before = first, i = 0; i < n; i++) {
			r = ml_ramoops_const(logs[i]);
			if (r->kind == RAMOOPS_DMESG && r->sec < first &&
			    first - r->sec <= TOGETHER)
				first = r->sec;
		}
	for (i = 0; i < n; i++) {
		r = ml_ramoops_const(logs[i]);
		if (r->kind == RAMOOPS_DMESG && r->sec < first)
			relate_older(logs[i], "a newer record is here");
	}
}
