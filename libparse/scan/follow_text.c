/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* follow_text.c - find what is new in a log, by the last text returned or by
 * the numbers of its records. */
#include "follow.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* To find remembered text at another distance from the beginning, it has to be
 * long enough to be unique. */
#define KEEP_UNIQUE 256

/* A line without an end is returned once it is this old. */
#define HOLD_MS 1000

/* All text of the log, or the highest number of a record. */
struct content {
	uint8_t *text;
	size_t len, cap;
	uint64_t seq;
	bool has_seq;
};

static enum memlog_status follow_text_collect(struct memlog_follow *f,
					      struct content *c,
					      struct memlog_err *err)
{
	const struct memlog_record *rec;
	uint64_t cap;

	*c = (struct content){ .len = 0 };
	cap = memlog_decoder_log(f->d)->used + ML_MAX_LINE;
	c->cap = (size_t)ml_min(cap, ML_MAX_SNAPSHOT);
	c->text = ml_calloc(&f->alloc, c->cap, 1);
	if (!c->text)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to follow");
	while (!memlog_decoder_next(f->d, &rec, NULL)) {
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

/* Are the remembered bytes before at, as far as the log reaches back? */
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
	f->has_seq = f->has_seen = false;
}

static void follow_text_overran(struct memlog_follow *f,
				struct memlog_follow_news *news, uint64_t lost)
{
	news->overrun = f->overrun = true;
	news->lost = f->lost = lost;
	f->skip = 0;
	f->keep_len = 0;
}

/* The same ring as before: how far has it advanced? */
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
		follow_text_overran(f, news, delta - c->len);
	else if (delta > c->len)
		start_over(f, news);
	else if (keep_fits(f, c, c->len - (size_t)delta))
		f->skip = c->len - delta;
	else if (wrapped)
		follow_text_overran(f, news, 0);
	else
		start_over(f, news);
}

/* Another ring: it may start with text that was already returned, because the
 * early log was copied to it; otherwise it is from another boot. Or the same one, if
 * only text tells what is new. */
static void other_place(struct memlog_follow *f, const struct content *c,
			bool moved, struct memlog_follow_news *news)
{
	const uint8_t *end = f->keep + f->keep_len;
	size_t left = c->len, found = 0, at;
	uint8_t *p = c->text;

	if (f->known && f->total && f->total <= c->len &&
	    keep_fits(f, c, (size_t)f->total)) {
		f->skip = f->total;
		return;
	}
	/* it may begin after the first of the bytes that are remembered */
	while (f->known && f->keep_len >= KEEP_UNIQUE &&
	       (p = memmem(p, left, end - KEEP_UNIQUE, KEEP_UNIQUE))) {
		at = (size_t)(p - c->text) + KEEP_UNIQUE;
		if (keep_fits(f, c, at))
			found = at;
		p++;
		left = c->len - (size_t)(p - c->text);
	}
	if (found)
		f->skip = found;
	else if (!moved && memlog_decoder_log(f->d)->flags & MEMLOG_LOG_WRAPPED)
		follow_text_overran(f, news, 0);
	else
		start_over(f, news);
}

/* Records with numbers: those above the last one are new. */
static enum memlog_status follow_text_by_number(struct memlog_follow *f,
						const struct content *c,
						struct memlog_follow_news *news,
						struct memlog_err *err)
{
	if (!c->has_seq)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "logs of the format "
			       "%s cannot be followed",
			       f->fmt->name);
	f->skip = 0;
	f->seen = f->seq;
	f->has_seen = f->has_seq;
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
	else if (moved || pos.by_text)
		other_place(f, c, moved, news);
	else
		same_place(f, c, &pos, news);
	f->pos = pos;
	return MEMLOG_OK;
}

enum memlog_status ml_follow_compare(struct memlog_follow *f, bool moved,
				     struct memlog_follow_news *news,
				     struct memlog_err *err)
{
	struct content c;
	enum memlog_status s;

	s = follow_text_collect(f, &c, err);
	f->overrun = false;
	f->lost = 0;
	if (!s)
		s = f->fmt->live.position ?
			    by_text(f, &c, moved, news) :
			    follow_text_by_number(f, &c, news, err);
	ml_free(&f->alloc, c.text);
	return s;
}

enum memlog_status ml_follow_unfinished(struct memlog_follow *f, bool now,
					struct memlog_err *err)
{
	enum memlog_status s;

	if (!f->held || !f->d ||
	    (!now && ml_follow_ms() - f->held_since < HOLD_MS))
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

bool ml_follow_unchanged(const struct memlog_follow *f,
			 const struct ml_log *log)
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

static void follow_text_remember(struct memlog_follow *f, const uint8_t *p,
				 size_t len)
{
	size_t old;

	f->total += len;
	if (len > ML_FOLLOW_KEEP) {
		p += len - ML_FOLLOW_KEEP;
		len = ML_FOLLOW_KEEP;
	}
	old = ml_min(f->keep_len, ML_FOLLOW_KEEP - len);
	memmove(f->keep, f->keep + f->keep_len - old, old);
	memcpy(f->keep + old, p, len);
	f->keep_len = old + len;
}

/* Is this record new, judging by the text? Cuts off what is not. */
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
		f->held_since = ml_follow_ms();
		f->at -= rec->raw_len;
		return false;
	}
	follow_text_remember(f, rec->raw, rec->raw_len);
	return true;
}

static bool follow_text_take_number(struct memlog_follow *f,
				    const struct memlog_record *rec)
{
	/* lines of one record have the same number */
	if (!rec->has_seq ||
	    (f->has_seq &&
	     (rec->seq < f->seq || (f->has_seen && rec->seq <= f->seen))))
		return false;
	f->seq = rec->seq;
	f->has_seq = true;
	return true;
}

bool ml_follow_take(struct memlog_follow *f, struct memlog_record *rec)
{
	return f->fmt->live.position ? take_text(f, rec) :
				       follow_text_take_number(f, rec);
}
