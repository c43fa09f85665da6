/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* line.c - the lines of a ring, of which one may go on from its end at its start. Pure. */
#include "line.h"

#include <string.h>

#include "base/bytes.h"

/* Bytes of a line that tell what kind it is. */
#define LINE_HEAD 64u

static uint8_t line_byte(const struct xen_text *t, size_t at)
{
	return t->p[at < t->len ? at : at - t->len];
}

static void line_copy(const struct xen_text *t, size_t at, size_t n,
		      uint8_t *ret)
{
	size_t first = at < t->len ? ml_min(n, t->len - at) : 0;

	memcpy(ret, t->p + (first ? at : 0), first);
	for (; first < n; first++)
		ret[first] = line_byte(t, at + first);
}

/* Bytes of the line at at, without its LF. */
static size_t line_len(const struct xen_text *t, size_t at, bool *ended)
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
static size_t line_inner(const struct xen_text *t, const struct xen_line *l)
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
		line_copy(t, l->at + i, n, b);
		if (!memcmp(b, prefix, n))
			return i;
	}
	return 0;
}

/* Bytes of the prefix with which a line begins that has not all of it; 0 if it has, or
 * begins with something else. */
static size_t line_half(const uint8_t *p, size_t len)
{
	static const char prefix[] = "(XEN) ";
	size_t n = 0;

	while (n < len && n < sizeof(prefix) - 1 && p[n] == (uint8_t)prefix[n])
		n++;
	return n > 1 && n < sizeof(prefix) - 1 ? n : 0;
}

void ml_xen_line(const struct xen_text *t, size_t at, struct xen_line *ret)
{
	static const char version[] = "Xen version ";
	struct xen_line l = { .at = at };
	uint8_t head[LINE_HEAD];
	size_t n, h, m;

	l.len = line_len(t, at, &l.ended);
	l.whole = t->ring || (at && l.ended);
	h = ml_min(l.len, LINE_HEAD);
	line_copy(t, at, h, head);
	n = ml_xen_prefix(head, h);
	l.bare = !n;
	l.crlf = l.len && line_byte(t, at + l.len - 1) == '\r';
	l.blank = l.len == l.crlf;
	m = n + ml_xen_timestamp(head + n, h - n, &l.time);
	/* dom0 has no other times */
	if (l.bare && l.time.form != XEN_TIME_BOOT)
		l.time = (struct xen_time){ XEN_TIME_NONE, 0, 0 };
	m += m < h && head[m] == ' ';
	l.banner = h - ml_min(m, h) >= sizeof(version) - 1 &&
		   !memcmp(head + m, version, sizeof(version) - 1);
	l.inner = line_inner(t, &l);
	if (!l.inner)
		l.inner = line_half(head, h);
	l.lead = at;
	*ret = l;
}

bool ml_xen_first_line(const struct xen_text *t, struct xen_line *ret)
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
	ml_xen_line(t, at, ret);
	return true;
}

bool ml_xen_next_line(const struct xen_text *t, struct xen_line *l,
		      unsigned int n)
{
	uint64_t from = l->from + l->len + 1;
	size_t at = l->at + l->len + 1, lead = l->lead;
	bool blank = l->blank;

	if (!l->ended || from >= (uint64_t)t->len * (t->ring ? n : 1))
		return false;
	ml_xen_line(t, at < t->len ? at : at - t->len, l);
	l->from = from;
	if (blank)
		l->lead = lead;
	return true;
}
