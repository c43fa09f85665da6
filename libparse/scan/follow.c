/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * follow.c - new records of a live log, as they come.
 *
 * Each look finds the current log anew, in the few pages where one was seen or
 * where one may appear: a reset brings the early log to life and a main log in
 * the place of the old one. The bytes handed out last are remembered, and have
 * to stand in the log before what is new: otherwise the ring went round, or
 * the guest was reset.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/sized.h"
#include "base/limits.h"
#include "base/names.h"
#include "base/range.h"
#include "scan.h"

/* Text that is remembered. */
#define KEEP 4096

/* To find it elsewhere, where it does not stand at the same distance from the
 * beginning, it has to be long enough to be there once. */
#define KEEP_UNIQUE 256

/* Ranges of pages that are looked at. */
#define PLACES 64

/* How often all likely places are searched, and not just the fixed ones. */
#define FULL_LOOKS_MS 2000

/* A line without an end is handed out when it stayed that long. */
#define HOLD_MS 1000

struct memlog_follow {
	struct memlog_allocator alloc;
	struct memlog_image *image;
	struct memlog_scan_opts scan;
	struct memlog_decode_opts decode;
	struct memlog_range places[PLACES];
	size_t n_places;
	bool searched;		/* as the caller asked for */
	int64_t last_full;	/* when all likely places were */
	struct memlog_logs *logs;	/* of the last look */
	struct memlog_decoder *d;	/* of the last look that had news */
	struct memlog_logs *d_logs;	/* that its log is from */
	/* of what was handed out */
	bool known;
	const struct ml_format *fmt;
	enum memlog_space space;
	uint64_t addr;
	struct ml_position pos;
	uint64_t total;		/* bytes of this boot */
	uint8_t keep[KEEP];	/* the last of them */
	size_t keep_len;
	uint64_t seq;
	bool has_seq;
	/* of the pass that next() is in */
	uint64_t skip, at;	/* raw bytes */
	bool pass, finish;
	uint64_t lost;
	bool overrun;
	uint64_t held;		/* bytes of the last line, held back */
	int64_t held_since;
	struct memlog_record rec;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- where to look ------------------------------------------------------ */

static void add_place(struct memlog_follow *f, uint64_t start, uint64_t end)
{
	if (f->n_places < PLACES && start < end)
		f->places[f->n_places++] = (struct memlog_range){ start, end };
}

/* The logs that are known, and the places where one may appear: all that are
 * likely, or those that are a single one. */
static void learn_places(struct memlog_follow *f, bool all)
{
	enum memlog_space space = f->image->order[0];
	struct ml_likely likely[PLACES];
	size_t i, k, n;

	f->n_places = 0;
	if (f->known && f->space == space)
		add_place(f, f->addr, f->addr + ML_PAGE);
	for (i = 0; f->logs && i < f->logs->count; i++) {
		const struct memlog_extent *e = f->logs->logs[i]->extents;

		if (f->logs->logs[i]->pub.n_extents && e->space == space)
			add_place(f, e->addr, e->addr + ML_PAGE);
	}
	for (i = 0; ml_formats[i]; i++) {
		if (!ml_formats[i]->find.likely ||
		    !ml_name_in_list(f->scan.formats, ml_formats[i]->name))
			continue;
		n = ml_formats[i]->find.likely(f->image, likely, PLACES);
		for (k = 0; k < n; k++)
			if (likely[k].space == space &&
			    (all || !likely[k].downwards))
				add_place(f, likely[k].range.start,
					  likely[k].range.end);
	}
	f->n_places = ml_ranges_merge(f->places, f->n_places);
}

static enum memlog_status search(struct memlog_follow *f,
				 struct memlog_err *err)
{
	struct memlog_scan_opts o = f->scan;
	struct memlog_logs *logs;
	enum memlog_status s;
	bool full = now_ms() - f->last_full >= FULL_LOOKS_MS;

	if (f->searched && !f->scan.n_ranges) {
		learn_places(f, full);
		o.mode = MEMLOG_SCAN_PAGES;
		o.ranges = f->places;
		o.n_ranges = f->n_places;
		o.ranges_in_space = false;
	}
	s = memlog_scan(f->image, &o, &logs, NULL, err);
	if (s && s != MEMLOG_LIMIT) {
		memlog_logs_destroy(logs);
		return s;
	}
	if (full)
		f->last_full = now_ms();
	f->searched = true;
	if (f->logs != f->d_logs)
		memlog_logs_destroy(f->logs);
	f->logs = logs;
	return MEMLOG_OK;
}

/* The log to follow: the current one, of the format that is followed already
 * if there is one. */
static const struct ml_log *pick(const struct memlog_follow *f)
{
	const struct ml_log *best = NULL, *log;
	size_t i;

	for (i = 0; i < f->logs->count; i++) {
		log = f->logs->logs[i];
		if (log->pub.flags & (MEMLOG_LOG_EMPTY | MEMLOG_LOG_NOT_A_LOG))
			continue;
		if (f->known && log->fmt != f->fmt)
			continue;
		if (log->pub.verdict == MEMLOG_VERDICT_CURRENT)
			return log;
		if (log->pub.verdict == MEMLOG_VERDICT_UNKNOWN && !best)
			best = log;
	}
	return best;
}

/* ---- what is new -------------------------------------------------------- */

/* All text of the log, or the highest number of a record. */
struct content {
	uint8_t *text;
	size_t len, cap;
	uint64_t seq;
	bool has_seq;
};

static enum memlog_status collect(struct memlog_follow *f, struct content *c,
				  struct memlog_err *err)
{
	const struct memlog_record *rec;
	uint64_t cap;
	enum memlog_status s;

	*c = (struct content){ .len = 0 };
	cap = memlog_decoder_log(f->d)->used + ML_MAX_LINE;
	c->cap = (size_t)ml_min(cap, ML_MAX_SNAPSHOT);
	c->text = ml_calloc(&f->alloc, c->cap, 1);
	if (!c->text)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to follow");
	while (!(s = memlog_decoder_next(f->d, &rec, NULL))) {
		if (rec->has_seq && (!c->has_seq || rec->seq > c->seq)) {
			c->seq = rec->seq;
			c->has_seq = true;
		}
		if (rec->raw_len <= c->cap - c->len) {
			memcpy(c->text + c->len, rec->raw, rec->raw_len);
			c->len += rec->raw_len;
		}
	}
	return ml_decoder_rewind(f->d, err);
}

/* Do the remembered bytes stand before at, as far as the log reaches back? */
static bool keep_fits(const struct memlog_follow *f, const struct content *c,
		      size_t at)
{
	size_t n = ml_min(at, f->keep_len);

	return !memcmp(c->text + at - n, f->keep + f->keep_len - n, n);
}

static void start_over(struct memlog_follow *f, struct memlog_follow_news *news)
{
	news->started = true;
	news->reset = f->known;
	f->skip = 0;
	f->total = 0;
	f->keep_len = 0;
	f->has_seq = false;
}

static void overran(struct memlog_follow *f, struct memlog_follow_news *news,
		    uint64_t lost)
{
	news->overrun = f->overrun = true;
	news->lost = f->lost = lost;
	f->skip = 0;
	f->keep_len = 0;
}

/* The same ring as before: how far did it get? */
static void same_place(struct memlog_follow *f, const struct content *c,
		       const struct ml_position *pos,
		       struct memlog_follow_news *news)
{
	bool wrapped = memlog_decoder_log(f->d)->flags & MEMLOG_LOG_WRAPPED;
	uint64_t delta;

	if (pos->modulus != f->pos.modulus || pos->boot != f->pos.boot ||
	    (!pos->modulus && pos->end < f->pos.end)) {
		start_over(f, news);
		return;
	}
	delta = pos->end - f->pos.end;
	if (pos->modulus && pos->end < f->pos.end)
		delta += pos->modulus;
	delta += f->held;
	if (delta > c->len && !pos->modulus)
		overran(f, news, delta - c->len);
	else if (delta > c->len)
		start_over(f, news);
	else if (keep_fits(f, c, c->len - (size_t)delta))
		f->skip = c->len - delta;
	else if (wrapped)
		overran(f, news, 0);
	else
		start_over(f, news);
}

/* Another ring: it may begin with what was handed out already, because the
 * early log was copied to it; otherwise it is of another boot. */
static void other_place(struct memlog_follow *f, const struct content *c,
			struct memlog_follow_news *news)
{
	uint8_t *p = c->text, *found = NULL;
	size_t left = c->len;

	if (f->known && f->total && f->total <= c->len &&
	    keep_fits(f, c, (size_t)f->total)) {
		f->skip = f->total;
		return;
	}
	while (f->known && f->keep_len >= KEEP_UNIQUE &&
	       (p = memmem(p, left, f->keep, f->keep_len))) {
		found = p++;
		left = c->len - (size_t)(p - c->text);
	}
	if (found)
		f->skip = (uint64_t)(found - c->text) + f->keep_len;
	else
		start_over(f, news);
}

/* Records with numbers: those above the last one are new. */
static enum memlog_status by_number(struct memlog_follow *f,
				    const struct content *c,
				    struct memlog_follow_news *news,
				    struct memlog_err *err)
{
	if (!c->has_seq)
		return ml_fail(err, MEMLOG_UNSUPPORTED, "logs of the format "
			       "%s cannot be followed", f->fmt->name);
	f->skip = 0;
	if (!f->has_seq || c->seq < f->seq)
		start_over(f, news);
	else if (c->seq == f->seq)
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static enum memlog_status by_text(struct memlog_follow *f,
				  const struct content *c, bool moved,
				  struct memlog_follow_news *news)
{
	struct ml_position pos;

	f->fmt->live.position(ml_decoder_source(f->d), &pos);
	if (!f->known)
		start_over(f, news);
	else if (moved)
		other_place(f, c, news);
	else
		same_place(f, c, &pos, news);
	f->pos = pos;
	return MEMLOG_OK;
}

static enum memlog_status open_decoder(struct memlog_follow *f,
				       const struct ml_log *log,
				       struct memlog_follow_news *news,
				       struct memlog_err *err)
{
	const struct memlog_extent *e = log->extents;
	bool moved = e->space != f->space || e->addr != f->addr;
	struct memlog_decoder *d;
	struct content c;
	enum memlog_status s;

	s = memlog_decoder_open(f->image, &log->pub, &f->decode, &d, err);
	if (s)
		return s;
	memlog_decoder_close(f->d);
	if (f->d_logs != f->logs)
		memlog_logs_destroy(f->d_logs);
	f->d = d;
	f->d_logs = f->logs;
	f->fmt = log->fmt;
	s = collect(f, &c, err);
	f->overrun = false;
	f->lost = 0;
	if (!s)
		s = f->fmt->live.position ? by_text(f, &c, moved, news) :
				       by_number(f, &c, news, err);
	ml_free(&f->alloc, c.text);
	if (s)
		return s;
	f->space = e->space;
	f->addr = e->addr;
	f->known = f->pass = true;
	f->finish = false;
	f->at = f->held = 0;
	return MEMLOG_OK;
}

/* Nothing new: is it time for the unfinished line? */
static enum memlog_status unfinished(struct memlog_follow *f, bool now,
				     struct memlog_err *err)
{
	enum memlog_status s;

	if (!f->held || !f->d ||
	    (!now && now_ms() - f->held_since < HOLD_MS))
		return MEMLOG_NO_DATA;
	s = ml_decoder_rewind(f->d, err);
	if (s)
		return s;
	/* skip was counted before the held part: start at it */
	f->skip = f->at;
	f->at = f->held = 0;
	f->pass = f->finish = true;
	return MEMLOG_OK;
}

static bool unchanged(const struct memlog_follow *f, const struct ml_log *log)
{
	struct ml_source source = { .image = f->image, .log = log };
	struct ml_position pos;

	if (!f->known || !log->fmt->live.position || log->fmt != f->fmt ||
	    log->extents->space != f->space || log->extents->addr != f->addr)
		return false;
	log->fmt->live.position(&source, &pos);
	return pos.end == f->pos.end && pos.modulus == f->pos.modulus &&
	       pos.boot == f->pos.boot;
}

/* ---- the public side ---------------------------------------------------- */

enum memlog_status memlog_follow_open(struct memlog_image *image,
				      const struct memlog_scan_opts *opts,
				      const struct memlog_decode_opts *decode,
				      struct memlog_follow **ret,
				      struct memlog_err *err)
{
	struct memlog_follow *f;
	enum memlog_status s;

	s = ml_sized_check(opts, "memlog_scan_opts", err);
	if (!s)
		s = ml_sized_check(decode, "memlog_decode_opts", err);
	if (s)
		return s;
	if (!image->n_order || !(image->spaces[image->order[0]].ops->flags &
				 MEMLOG_READER_LIVE))
		return ml_fail(err, MEMLOG_INVALID, "only a running guest can "
			       "be followed: pid:N, qmp:SOCKET or domain:NAME");
	f = ml_calloc(&image->alloc, 1, sizeof(*f));
	if (!f)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to follow");
	f->alloc = image->alloc;
	f->image = image;
	ml_sized_in(&f->scan, sizeof(f->scan), opts);
	if (!opts)
		f->scan.mode = MEMLOG_SCAN_AUTO;
	ml_sized_in(&f->decode, sizeof(f->decode), decode);
	/* what is not counted yet comes when it is */
	f->decode.uncommitted = false;
	f->last_full = INT64_MIN / 2;
	*ret = f;
	return MEMLOG_OK;
}

void memlog_follow_close(struct memlog_follow *f)
{
	struct memlog_allocator a;

	if (!f)
		return;
	a = f->alloc;
	memlog_decoder_close(f->d);
	if (f->d_logs != f->logs)
		memlog_logs_destroy(f->d_logs);
	memlog_logs_destroy(f->logs);
	ml_free(&a, f);
}

const struct memlog_log *memlog_follow_log(const struct memlog_follow *f)
{
	return f->d ? memlog_decoder_log(f->d) : NULL;
}

enum memlog_status memlog_follow_look(struct memlog_follow *f,
				      struct memlog_follow_news *ret,
				      struct memlog_err *err)
{
	struct memlog_follow_news news = { .size = sizeof(news) };
	const struct ml_log *log = NULL;
	enum memlog_status s;

	s = search(f, err);
	if (!s)
		log = pick(f);
	if (s == MEMLOG_IO) {
		unfinished(f, true, NULL);
	} else if (!s && (!log || unchanged(f, log))) {
		s = unfinished(f, false, err);
	} else if (!s) {
		s = open_decoder(f, log, &news, err);
		/* reset or overwritten between the two: next time */
		if (s == MEMLOG_CORRUPT)
			s = MEMLOG_NO_DATA;
	}
	ml_sized_out(ret, &news, sizeof(news));
	return s;
}

static void remember(struct memlog_follow *f, const uint8_t *p, size_t len)
{
	size_t old;

	f->total += len;
	if (len > KEEP) {
		p += len - KEEP;
		len = KEEP;
	}
	old = ml_min(f->keep_len, KEEP - len);
	memmove(f->keep, f->keep + f->keep_len - old, old);
	memcpy(f->keep + old, p, len);
	f->keep_len = old + len;
}

/* Is this record new, as far as text goes? Cuts off what is not. */
static bool take_text(struct memlog_follow *f, struct memlog_record *rec)
{
	uint64_t start = f->at, cut;

	f->at += rec->raw_len;
	if (f->at <= f->skip)
		return false;
	cut = f->skip > start ? f->skip - start : 0;
	rec->raw += cut;
	rec->raw_len -= cut;
	rec->text += ml_min(cut, rec->text_len);
	rec->text_len -= ml_min(cut, rec->text_len);
	if (rec->flags & MEMLOG_REC_PARTIAL_TAIL && !f->finish) {
		f->held = rec->raw_len;
		f->held_since = now_ms();
		f->at -= rec->raw_len;
		return false;
	}
	remember(f, rec->raw, rec->raw_len);
	return true;
}

static bool take_number(struct memlog_follow *f,
			const struct memlog_record *rec)
{
	if (!rec->has_seq || (f->has_seq && rec->seq <= f->seq))
		return false;
	f->seq = rec->seq;
	f->has_seq = true;
	return true;
}

enum memlog_status memlog_follow_next(struct memlog_follow *f,
				      const struct memlog_record **ret,
				      struct memlog_err *err)
{
	const struct memlog_record *rec;
	enum memlog_status s;

	while (f->pass && f->d) {
		s = memlog_decoder_next(f->d, &rec, err);
		if (s) {
			f->pass = false;
			return s;
		}
		f->rec = *rec;
		if (!(f->fmt->live.position ? take_text(f, &f->rec) :
					 take_number(f, &f->rec)))
			continue;
		if (f->overrun) {
			f->rec.flags |= MEMLOG_REC_LOST_BEFORE;
			f->rec.lost = f->lost;
			f->overrun = false;
		}
		*ret = &f->rec;
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}
