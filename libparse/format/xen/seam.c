/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seam.c - where in a ring the newest text meets the oldest, by the text alone. Pure.
 *
 * Time runs backwards there, or a line is not like the others: it lost its beginning, or
 * it begins as one kind of line and ends as another. The line over the end of the ring
 * goes on at its start.
 */
#include "console.h"

#include <string.h>

#include "base/bytes.h"

/* Bytes of a line that tell what kind it is. */
#define LINE_HEAD 64u

/* So many lines of a kind make another one odd. */
#define LINES_USUAL 8u

/* A step back in time is the only one if the others are so much smaller. */
#define STEP_LARGER 8u

struct seam_text {
	const uint8_t *p;
	size_t len;
	bool ring; /* its end goes on at its start */
};

/* ---- lines --------------------------------------------------------------- */

/* len: without its LF. from: where it starts, counted from the start of the first line
 * on. */
struct line {
	size_t at, len;
	size_t lead; /* where blank lines right before it start, or it */
	uint64_t from;
	bool ended;  /* by a LF */
	bool whole;  /* not cut by the ends of what is no ring */
	bool bare;   /* no prefix */
	bool crlf;   /* the line end of dom0's own text */
	bool blank;  /* no text */
	bool banner; /* the version of Xen: a boot begins */
	size_t inner; /* offset of a prefix in mid-line, or end of half of one, or 0 */
	struct xen_time time;
};

static uint8_t seam_byte(const struct seam_text *t, size_t at)
{
	return t->p[at < t->len ? at : at - t->len];
}

static void seam_copy(const struct seam_text *t, size_t at, size_t n,
		      uint8_t *ret)
{
	size_t first = at < t->len ? ml_min(n, t->len - at) : 0;

	memcpy(ret, t->p + (first ? at : 0), first);
	for (; first < n; first++)
		ret[first] = seam_byte(t, at + first);
}

/* Bytes of the line at at, without its LF. */
static size_t seam_line_len(const struct seam_text *t, size_t at, bool *ended)
{
	const uint8_t *lf = memchr(t->p + at, '\n', t->len - at);

	*ended = true;
	if (lf)
		return (size_t)(lf - (t->p + at));
	if (t->ring)
		lf = memchr(t->p, '\n', at);
	*ended = lf;
	return t->len - at + (lf ? (size_t)(lf - t->p) : 0);
}

/* Where Xen's prefix is in the line, after its first byte; 0: nowhere. */
static size_t seam_inner(const struct seam_text *t, const struct line *l)
{
	static const char prefix[] = "(XEN) ";
	size_t n = sizeof(prefix) - 1, i, left;
	const uint8_t *p;
	uint8_t b[6];

	for (i = 1; i + n <= l->len; i++) {
		left = l->at + i < t->len ? t->len - l->at - i : 0;
		if (left > n) {
			left = ml_min(left, l->len - i);
			p = memchr(t->p + l->at + i, '(', left);
			i += p ? (size_t)(p - (t->p + l->at + i)) : left - 1;
			if (!p || i + n > l->len)
				continue;
		}
		seam_copy(t, l->at + i, n, b);
		if (!memcmp(b, prefix, n))
			return i;
	}
	return 0;
}

/* Bytes of the prefix with which a line begins that has not all of it; 0 if it has, or
 * begins with something else. */
static size_t seam_half(const uint8_t *p, size_t len)
{
	static const char prefix[] = "(XEN) ";
	size_t n = 0;

	while (n < len && n < sizeof(prefix) - 1 && p[n] == (uint8_t)prefix[n])
		n++;
	return n > 1 && n < sizeof(prefix) - 1 ? n : 0;
}

static void seam_line(const struct seam_text *t, size_t at, struct line *ret)
{
	static const char version[] = "Xen version ";
	struct line l = { .at = at };
	uint8_t head[LINE_HEAD];
	size_t n, h, m;

	l.len = seam_line_len(t, at, &l.ended);
	l.whole = t->ring || (at && l.ended);
	h = ml_min(l.len, LINE_HEAD);
	seam_copy(t, at, h, head);
	n = ml_xen_prefix(head, h);
	l.bare = !n;
	l.crlf = l.len && seam_byte(t, at + l.len - 1) == '\r';
	l.blank = l.len == l.crlf;
	m = n + ml_xen_timestamp(head + n, h - n, &l.time);
	/* dom0 has no other times */
	if (l.bare && l.time.form != XEN_TIME_BOOT)
		l.time = (struct xen_time){ XEN_TIME_NONE, 0, 0 };
	m += m < h && head[m] == ' ';
	l.banner = h - ml_min(m, h) >= sizeof(version) - 1 &&
		   !memcmp(head + m, version, sizeof(version) - 1);
	l.inner = seam_inner(t, &l);
	if (!l.inner)
		l.inner = seam_half(head, h);
	l.lead = at;
	*ret = l;
}

/* The first line; of a ring, the first that begins in it. False: there is none. */
static bool seam_first(const struct seam_text *t, struct line *ret)
{
	const uint8_t *lf;
	size_t at = 0;

	if (!t->len)
		return false;
	if (t->ring) {
		lf = memchr(t->p, '\n', t->len);
		if (!lf)
			return false;
		at = (size_t)(lf + 1 - t->p) % t->len;
	}
	seam_line(t, at, ret);
	return true;
}

/* The line after l; n times all of a ring, and what is no ring once. */
static bool seam_next(const struct seam_text *t, struct line *l, unsigned int n)
{
	uint64_t from = l->from + l->len + 1;
	size_t at = l->at + l->len + 1, lead = l->lead;
	bool blank = l->blank;

	if (!l->ended || from >= (uint64_t)t->len * (t->ring ? n : 1))
		return false;
	seam_line(t, at < t->len ? at : at - t->len, l);
	l->from = from;
	if (blank)
		l->lead = lead;
	return true;
}

/* ---- what is usual ------------------------------------------------------- */

/* Whole lines: with a prefix, of dom0's with a time, of dom0's without one; that end in
 * LF alone, and in CR LF. */
struct usual {
	uint32_t prefix[2], timed[2], other[2];
	uint32_t blank, untimed; /* a prefix and no time */
};

static void seam_count(const struct seam_text *t, struct usual *u)
{
	struct line l;
	uint32_t *n;

	if (!seam_first(t, &l))
		return;
	do {
		n = !l.bare ? u->prefix : l.time.form ? u->timed : u->other;
		if (!l.whole)
			continue;
		u->untimed += !l.bare && !l.time.form;
		if (l.blank)
			u->blank++;
		else
			n[l.crlf]++;
	} while (seam_next(t, &l, 1));
}

/* Is its line end unlike those of all other such lines, or has it no time, as they have?
 * Then it is the beginning of one line and the end of another. */
static bool seam_is_two(const struct line *l, const struct usual *u)
{
	const uint32_t *n = l->bare ? u->timed : u->prefix;

	if (!l->bare && !l->time.form && u->untimed == 1 &&
	    n[0] + n[1] > LINES_USUAL)
		return true;
	return (!l->bare || l->time.form) && n[l->crlf] == 1 &&
	       n[!l->crlf] >= LINES_USUAL;
}

/* Xen starts each of its lines with a prefix, dom0 ends each of its lines with CR LF. A
 * line with neither lost its beginning; so did one with a time that would be the only
 * one of dom0's. */
static bool seam_is_piece(const struct line *l, const struct usual *u)
{
	return l->bare && !l->crlf && !l->blank &&
	       (!l->time.form || (u->timed[0] == 1 && !u->timed[1]));
}

/* Where all others have a time, a line of dom0's without one lost its beginning, too. */
static bool seam_is_guest_piece(const struct line *l, const struct usual *u)
{
	return l->bare && l->crlf && !l->blank && !l->time.form &&
	       u->other[1] == 1 && (u->timed[1] || u->prefix[1] >= LINES_USUAL);
}

/* Does the line show where the oldest text begins? *ret: the offset. */
static bool seam_shows(const struct seam_text *t, const struct line *l,
		       const struct usual *u, size_t *ret)
{
	size_t at = l->at;

	if (l->inner)
		at += l->inner;
	else if (seam_is_two(l, u))
		at += l->len + 1;
	else if (seam_is_piece(l, u))
		at = l->lead;
	else
		return false;
	*ret = at % t->len;
	return l->whole;
}

/* ---- time ---------------------------------------------------------------- */

/* The largest step back of a clock: after the line at from, at the latest before the
 * line at to. at: where the oldest text begins; shown: by a line; sure: there is no other
 * line where it may. */
struct step {
	uint64_t size, second;
	uint64_t from, to;
	size_t at;
	bool shown, sure;
};

/* A clock: Xen's, or dom0's. */
struct clock {
	struct xen_time last;
	uint64_t from;
	bool closed; /* the first line came again */
	struct step step;
};

/* In the unit of the finest. */
static uint64_t seam_fine(const struct xen_time *t)
{
	return t->hz ? t->time * (1000000 / t->hz) : t->time;
}

/* How far back it is from one time to the next; 0: it is not. Before its clock runs,
 * Xen counts cycles. */
static uint64_t seam_back(const struct xen_time *last,
			  const struct xen_time *now)
{
	if (last->form != now->form)
		return last->form && now->form == XEN_TIME_RAW ? UINT64_MAX : 0;
	return seam_fine(now) < seam_fine(last) ?
		       seam_fine(last) - seam_fine(now) :
		       0;
}

/* What is between two lines with times: other lines; or one that shows where the oldest
 * text begins, at at. If none does, at is between two lines that are the longest: it is
 * likely to begin in either. */
struct between {
	size_t at, last, longest;
	bool some, shown;
};

static void seam_between(const struct seam_text *t, const struct line *l,
			 const struct usual *u, struct between *b)
{
	size_t at = l->at;

	if (b->shown || !l->whole || (l->blank && u->blank > 1))
		return;
	b->shown = l->blank || seam_shows(t, l, u, &at) ||
		   seam_is_guest_piece(l, u);
	if (b->shown || (!l->time.form && b->last + l->len >= b->longest)) {
		b->longest = b->last + l->len;
		b->at = at;
	}
	b->last = l->len;
	b->some |= !l->time.form;
}

static void seam_step(struct clock *c, const struct line *l,
		      const struct between *b)
{
	uint64_t back = seam_back(&c->last, &l->time);

	if (back > c->step.size) {
		c->step = (struct step){
			.size = back,
			.second = c->step.size,
			.from = c->from,
			.to = l->from,
			.at = b->some || b->shown ? b->at : l->at,
			.shown = b->shown,
			.sure = b->shown || !b->some,
		};
	} else if (back > c->step.second) {
		c->step.second = back;
	}
	c->last = l->time;
	c->from = l->from;
}

/* The largest steps back of both clocks. Of a ring, time goes on from the last line to
 * the first. */
static void seam_steps(const struct seam_text *t, const struct usual *u,
		       struct clock clock[2])
{
	struct between b = { 0 };
	struct clock *c;
	struct line l;

	if (!seam_first(t, &l))
		return;
	do {
		if (l.from >= t->len && clock[0].closed && clock[1].closed)
			break;
		c = &clock[l.bare];
		if (l.time.form && !seam_is_piece(&l, u)) {
			if (!c->closed)
				seam_step(c, &l, &b);
			c->closed |= l.from >= t->len;
			b = (struct between){ 0 };
		}
		seam_between(t, &l, u, &b);
	} while (seam_next(t, &l, 2));
}

/* Can the seam be in both? A step may be counted from the second time around on. */
static bool seam_together(const struct step *a, const struct step *b,
			  uint64_t len, bool *ret_first)
{
	uint64_t shift;
	int i;

	for (i = -1; i <= 1; i++) {
		shift = i < 0 ? -len : i ? len : 0;
		if ((int64_t)(a->from + shift) >= (int64_t)b->to ||
		    (int64_t)b->from >= (int64_t)(a->to + shift))
			continue;
		*ret_first = (int64_t)(a->to + shift) <= (int64_t)b->to;
		return true;
	}
	return false;
}

/* Is the end of the ring, or the one after it, between the two lines? */
static bool seam_has_end(const struct step *s, uint64_t end, uint64_t len)
{
	return (s->from <= end && end <= s->to) ||
	       (s->from <= end + len && end + len <= s->to);
}

/* Is the line at at, perhaps after blank ones, cut by the end of the ring in its prefix or
 * its time? Then it did not lose its beginning. */
static bool seam_is_cut(const struct seam_text *t, const struct usual *u,
			size_t at)
{
	struct line l;

	while (at < t->len && (t->p[at] == '\r' || t->p[at] == '\n'))
		at++;
	if (!t->ring || at == t->len || memchr(t->p + at, '\n', t->len - at))
		return false;
	seam_line(t, at, &l);
	if (!l.bare || l.time.form)
		return false;
	if (t->p[at] == '(')
		return true;
	if (t->p[at++] != '[' || !(u->timed[0] + u->timed[1]))
		return false;
	while (at < t->len && (memchr(" .]", t->p[at], 3) ||
			       (t->p[at] >= '0' && t->p[at] <= '9')))
		at++;
	return at == t->len;
}

static void seam_by_time(const struct seam_text *t, const struct usual *u,
			 struct xen_seam *ret)
{
	struct clock clock[2] = { { .closed = false } };
	const struct step *s = &clock[0].step, *guest = &clock[1].step;
	struct line first;
	bool earlier;

	seam_steps(t, u, clock);
	if (!s->size || (guest->size &&
			 seam_together(s, guest, t->len, &earlier) && !earlier))
		s = guest;
	if (!s->size)
		return;
	ret->at = s->at;
	ret->timed = true;
	ret->fits = s->sure && s->second <= s->size / STEP_LARGER ?
			    XEN_SEAM_ONE :
			    XEN_SEAM_MANY;
	seam_first(t, &first);
	ret->edge = !s->at || seam_is_cut(t, u, s->at) ||
		    (t->ring && !s->shown &&
		     seam_has_end(s, t->len - first.at, t->len));
}

/* ---- lines that are odd -------------------------------------------------- */

/* A place that fits. */
static void seam_fit(struct xen_seam *s, size_t at, bool edge)
{
	if (s->fits == XEN_SEAM_NONE)
		s->at = at;
	s->fits = s->fits == XEN_SEAM_NONE ? XEN_SEAM_ONE : XEN_SEAM_MANY;
	s->edge |= edge;
}

/* Lines of a banner may follow a piece. The last bytes of the ring and its first are one
 * line: that one may be odd because it is a copy. */
static void seam_by_line(const struct seam_text *t, const struct usual *u,
			 struct xen_seam *ret)
{
	bool in_piece = false, piece;
	struct line l;
	size_t at;

	if (!seam_first(t, &l))
		return;
	do {
		if (l.blank)
			continue;
		piece = seam_is_piece(&l, u);
		if (seam_shows(t, &l, u, &at) && !(piece && in_piece))
			seam_fit(ret, at,
				 !at || (!l.inner &&
					 (piece ? seam_is_cut(t, u, l.at) :
						  l.at + l.len >= t->len)));
		in_piece = piece;
	} while (seam_next(t, &l, 1));
}

/* Is this a line that nothing but the end of the oldest may be: the only blank one; the
 * only one of dom0's that has no time; or the version of Xen, with which a boot begins
 * unless more before that was kept? */
static bool seam_is_rare(const struct line *l, const struct usual *u)
{
	if (u->blank == 1)
		return l->blank;
	return l->banner || seam_is_guest_piece(l, u);
}

static void seam_by_kind(const struct seam_text *t, const struct usual *u,
			 struct xen_seam *ret)
{
	struct line l;

	if (!seam_first(t, &l))
		return;
	do {
		if (l.whole && seam_is_rare(&l, u))
			seam_fit(ret, l.at, !l.at || seam_is_cut(t, u, l.at));
	} while (seam_next(t, &l, 1));
}

/* ---- the whole ----------------------------------------------------------- */

void ml_xen_find_seam(const uint8_t *p, size_t len, bool ring,
		      struct xen_seam *ret)
{
	struct seam_text t = { .p = p, .len = len, .ring = ring };
	struct usual u = { .blank = 0 };
	struct xen_seam line = { .at = 0 };

	*ret = line;
	seam_count(&t, &u);
	seam_by_time(&t, &u, ret);
	seam_by_line(&t, &u, &line);
	if (!line.fits)
		seam_by_kind(&t, &u, &line);
	line.edge |= ret->edge;
	if (!ret->fits)
		*ret = line;
	ret->edge = line.edge;
}
