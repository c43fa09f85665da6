/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seam.c - where in a ring the newest text meets the oldest, by the text alone. Pure.
 *
 * Time runs backwards there, or a line is not like the others: it lost its beginning, or
 * it begins as one kind of line and ends as another. The line over the end of the ring
 * goes on at its start.
 */
#include "console.h"
#include "line.h"

#include <string.h>

#include "base/bytes.h"

/* So many lines of a kind make another one odd. */
#define LINES_USUAL 8u

/* A step back in time is the only one if the others are so much smaller. */
#define STEP_LARGER 8u

/* ---- what is usual ------------------------------------------------------- */

/* Whole lines: with a prefix, of dom0's with a time, of dom0's without one; that end in
 * LF alone, and in CR LF. */
struct usual {
	uint32_t prefix[2], timed[2], other[2];
	uint32_t blank, untimed; /* a prefix and no time */
};

static void seam_count(const struct xen_text *t, struct usual *u)
{
	struct xen_line l;
	uint32_t *n;

	if (!ml_xen_first_line(t, &l))
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
	} while (ml_xen_next_line(t, &l, 1));
}

/* Is its line end unlike those of all other such lines, or has it no time, as they have?
 * Then it is the beginning of one line and the end of another. */
static bool seam_is_two(const struct xen_line *l, const struct usual *u)
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
static bool seam_is_piece(const struct xen_line *l, const struct usual *u)
{
	return l->bare && !l->crlf && !l->blank &&
	       (!l->time.form || (u->timed[0] == 1 && !u->timed[1]));
}

/* Where all others have a time, a line of dom0's without one lost its beginning, too. */
static bool seam_is_guest_piece(const struct xen_line *l, const struct usual *u)
{
	return l->bare && l->crlf && !l->blank && !l->time.form &&
	       u->other[1] == 1 && (u->timed[1] || u->prefix[1] >= LINES_USUAL);
}

/* Does the line show where the oldest text begins? *ret: the offset. */
static bool seam_shows(const struct xen_text *t, const struct xen_line *l,
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

static void seam_between(const struct xen_text *t, const struct xen_line *l,
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

static void seam_step(struct clock *c, const struct xen_line *l,
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
static void seam_steps(const struct xen_text *t, const struct usual *u,
		       struct clock clock[2])
{
	struct between b = { 0 };
	struct clock *c;
	struct xen_line l;

	if (!ml_xen_first_line(t, &l))
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
	} while (ml_xen_next_line(t, &l, 2));
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
static bool seam_is_cut(const struct xen_text *t, const struct usual *u,
			size_t at)
{
	struct xen_line l;

	while (at < t->len && (t->p[at] == '\r' || t->p[at] == '\n'))
		at++;
	if (!t->ring || at == t->len || memchr(t->p + at, '\n', t->len - at))
		return false;
	ml_xen_line(t, at, &l);
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

static void seam_by_time(const struct xen_text *t, const struct usual *u,
			 struct xen_seam *ret)
{
	struct clock clock[2] = { { .closed = false } };
	const struct step *s = &clock[0].step, *guest = &clock[1].step;
	struct xen_line first;
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
	ml_xen_first_line(t, &first);
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
static void seam_by_line(const struct xen_text *t, const struct usual *u,
			 struct xen_seam *ret)
{
	bool in_piece = false, piece;
	struct xen_line l;
	size_t at;

	if (!ml_xen_first_line(t, &l))
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
	} while (ml_xen_next_line(t, &l, 1));
}

/* Is this a line that nothing but the end of the oldest may be: the only blank one; the
 * only one of dom0's that has no time; or the version of Xen, with which a boot begins
 * unless more before that was kept? */
static bool seam_is_rare(const struct xen_line *l, const struct usual *u)
{
	if (u->blank == 1)
		return l->blank;
	return l->banner || seam_is_guest_piece(l, u);
}

static void seam_by_kind(const struct xen_text *t, const struct usual *u,
			 struct xen_seam *ret)
{
	struct xen_line l;

	if (!ml_xen_first_line(t, &l))
		return;
	do {
		if (l.whole && seam_is_rare(&l, u))
			seam_fit(ret, l.at, !l.at || seam_is_cut(t, u, l.at));
	} while (ml_xen_next_line(t, &l, 1));
}

/* ---- the whole ----------------------------------------------------------- */

void ml_xen_find_seam(const uint8_t *p, size_t len, bool ring,
		      struct xen_seam *ret)
{
	struct xen_text t = { .p = p, .len = len, .ring = ring };
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
