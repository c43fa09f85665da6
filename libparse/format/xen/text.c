/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.c - recognise console text: prefixes, timestamps, the seam of a ring.
 * Pure. */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/date.h"

/* At least this many zeros in a row were never written, or are the room before
 * the oldest text; any text may have a few. */
#define GAP 16

bool ml_xen_is_text(uint8_t c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' ||
	       c == '\r' || c == 0x1b || c == '\b' || c == '\a';
}

static bool xen_text_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

size_t ml_xen_prefix(const uint8_t *p, size_t len)
{
	size_t i = 2;

	if (len >= 6 && !memcmp(p, "(XEN) ", 6))
		return 6;
	if (len < 5 || p[0] != '(' || p[1] != 'd' || !xen_text_digit(p[2]))
		return 0;
	while (i < len && i < 7 && xen_text_digit(p[i]))
		i++;
	if (i < len && p[i] == 'v')
		for (i++; i < len && i < 12 && xen_text_digit(p[i]); i++)
			;
	return i + 1 < len && p[i] == ')' && p[i + 1] == ' ' ? i + 2 : 0;
}

/* ---- timestamps ---------------------------------------------------------- */

/* n decimal digits at p. */
static bool xen_text_number(const uint8_t *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!xen_text_digit(p[i]))
			return false;
		v = v * 10 + (p[i] - '0');
	}
	*ret = v;
	return true;
}

static size_t parse_date(const uint8_t *p, size_t len, struct xen_time *ret)
{
	uint64_t y, mo, d, h, mi, s, ms = 0;

	if (len < 22 || p[5] != '-' || p[8] != '-' || p[11] != ' ' ||
	    p[14] != ':' || p[17] != ':' || !xen_text_number(p + 1, 4, &y) ||
	    !xen_text_number(p + 6, 2, &mo) || !xen_text_number(p + 9, 2, &d) ||
	    !xen_text_number(p + 12, 2, &h) ||
	    !xen_text_number(p + 15, 2, &mi) || !xen_text_number(p + 18, 2, &s))
		return 0;
	if (y < 1970 || !mo || mo > 12 || !d || d > 31 || h > 23 || mi > 59 ||
	    s > 60)
		return 0;
	s += ((ml_days(y, mo, d) * 24 + h) * 60 + mi) * 60;
	ret->form = XEN_TIME_DATE;
	if (p[20] == ']' && p[21] == ' ') {
		ret->time = s;
		ret->hz = 1;
		return 22;
	}
	if (len < 26 || p[20] != '.' || !xen_text_number(p + 21, 3, &ms) ||
	    p[24] != ']' || p[25] != ' ')
		return 0;
	ret->time = s * 1000 + ms;
	ret->hz = 1000;
	return 26;
}

static size_t parse_raw(const uint8_t *p, size_t len, struct xen_time *ret)
{
	uint64_t v = 0;
	size_t i;

	if (len < 19 || p[17] != ']' || p[18] != ' ')
		return 0;
	for (i = 1; i < 17; i++) {
		if (xen_text_digit(p[i]))
			v = v << 4 | (uint64_t)(p[i] - '0');
		else if (p[i] >= 'a' && p[i] <= 'f')
			v = v << 4 | (uint64_t)(p[i] - 'a' + 10);
		else
			return 0;
	}
	ret->form = XEN_TIME_RAW;
	ret->time = v;
	ret->hz = 0;
	return 19;
}

/* At least five places for the seconds, padded with spaces. */
static size_t parse_boot(const uint8_t *p, size_t len, struct xen_time *ret)
{
	uint64_t s, us;
	size_t at = 1, n;

	while (at < len && p[at] == ' ')
		at++;
	for (n = 0; at + n < len && n < 13 && xen_text_digit(p[at + n]); n++)
		;
	if (!n || at + n < 6 || at + n + 9 > len || p[at + n] != '.' ||
	    !xen_text_number(p + at, n, &s) ||
	    !xen_text_number(p + at + n + 1, 6, &us) || p[at + n + 7] != ']' ||
	    p[at + n + 8] != ' ')
		return 0;
	ret->form = XEN_TIME_BOOT;
	ret->time = s * 1000000 + us;
	ret->hz = 1000000;
	return at + n + 9;
}

size_t ml_xen_timestamp(const uint8_t *p, size_t len, struct xen_time *ret)
{
	size_t n;

	*ret = (struct xen_time){ 0 };
	if (len < 2 || p[0] != '[')
		return 0;
	n = parse_date(p, len, ret);
	if (!n)
		n = parse_raw(p, len, ret);
	if (!n)
		n = parse_boot(p, len, ret);
	if (!n)
		*ret = (struct xen_time){ 0 };
	return n;
}

/* ---- looks -------------------------------------------------------------- */

/* "Allocated console ring of N KiB", which Xen logs in the ring itself. */
static uint64_t xen_text_allocated(const uint8_t *p, size_t len)
{
	static const char words[] = "Allocated console ring of ";
	size_t n = sizeof(words) - 1, i;
	uint64_t kib = 0;

	if (len < n || memcmp(p, words, n))
		return 0;
	for (i = n; i < len && i < n + 6 && xen_text_digit(p[i]); i++)
		kib = kib * 10 + (p[i] - '0');
	return i + 4 <= len && !memcmp(p + i, " KiB", 4) && ml_is_pow2(kib) ?
		       kib << 10 :
		       0;
}

void ml_xen_look(const uint8_t *p, size_t len, struct xen_look *ret)
{
	struct xen_look l = { 0 };
	bool start = true, prefix = true;
	uint64_t a;
	size_t i;

	for (i = 0; i < len; i++) {
		bool text = ml_xen_is_text(p[i]);

		l.total += text;
		if (prefix && text)
			l.text++;
		prefix &= text;
		if (p[i] == '(' && start && len - i >= 6 &&
		    !memcmp(p + i, "(XEN) ", 6))
			l.lines++;
		if (p[i] == 'A') {
			a = xen_text_allocated(p + i, len - i);
			if (a)
				l.allocated = a;
		}
		start = p[i] == '\n';
	}
	*ret = l;
}

/* ---- the seam ----------------------------------------------------------- */

/* The longest run of zeros, not wrapping. */
static size_t longest_gap(const uint8_t *p, size_t len, size_t *ret_at)
{
	size_t best = 0, i, n;

	for (i = 0; i < len; i += n + 1) {
		const uint8_t *z = memchr(p + i, 0, len - i);

		if (!z)
			break;
		i = (size_t)(z - p);
		for (n = 1; i + n < len && !p[i + n]; n++)
			;
		if (n > best) {
			best = n;
			*ret_at = i;
		}
	}
	return best;
}

/* A line of the ring, for the seam search. */
struct line {
	size_t at, len; /* without its LF */
	bool bare;	/* no prefix */
	bool crlf;	/* the line end of dom0's own text */
	struct xen_time time;
};

static bool xen_text_next_line(const uint8_t *p, size_t len, size_t at,
			       struct line *ret)
{
	const uint8_t *lf;
	size_t n;

	if (at >= len)
		return false;
	lf = memchr(p + at, '\n', len - at);
	*ret = (struct line){ .at = at };
	ret->len = lf ? (size_t)(lf - (p + at)) : len - at;
	n = ml_xen_prefix(p + at, ret->len);
	ret->bare = !n;
	ret->crlf = ret->len && p[at + ret->len - 1] == '\r';
	ml_xen_timestamp(p + at + n, ret->len - n, &ret->time);
	return true;
}

/*
 * Where time runs backwards, the newest text meets the oldest. There may be
 * others between the two lines with times: the oldest is the rest of a line
 * that lost its beginning. That is a line of Xen's without a prefix, or else
 * the last one of dom0's without a time. 0: nowhere, SIZE_MAX: in more than one
 * place.
 */
static size_t seam_by_time(const uint8_t *p, size_t len)
{
	struct xen_time last[2] = { 0 }, *t; /* Xen's clock and dom0's */
	size_t at, seam = 0, piece = 0, guest = 0;
	struct line l;

	for (at = 0; xen_text_next_line(p, len, at, &l); at += l.len + 1) {
		if (!l.time.form) {
			if (at && l.bare && !l.crlf && !piece)
				piece = at;
			else if (at && l.bare)
				guest = at;
			continue;
		}
		t = &last[l.bare];
		if (t->form == l.time.form && t->hz == l.time.hz &&
		    l.time.time < t->time) {
			if (seam)
				return SIZE_MAX;
			seam = piece ? piece : guest ? guest : at;
			/* the other clock ran backwards at the same place */
			last[!l.bare] = (struct xen_time){ 0 };
		}
		*t = l.time;
		piece = guest = 0;
	}
	return seam;
}

/* Xen starts each of its lines with a prefix, dom0 ends each of its lines with
 * CR LF. A line with neither lost its beginning. The last one may continue at
 * the ring's start. */
static size_t seam_by_piece(const uint8_t *p, size_t len)
{
	size_t at, seam = 0;
	struct line l;

	for (at = 0; xen_text_next_line(p, len, at, &l); at += l.len + 1) {
		if (!at || !l.bare || l.crlf || at + l.len == len)
			continue;
		if (seam)
			return SIZE_MAX;
		seam = at;
	}
	return seam;
}

/* A piece of one of dom0's lines does not start with "[", as whole ones do. */
static size_t seam_by_guest_piece(const uint8_t *p, size_t len)
{
	size_t at, seam = 0, guest = 0;
	struct line l;

	for (at = 0; xen_text_next_line(p, len, at, &l); at += l.len + 1) {
		if (!at || !l.bare || at + l.len == len)
			continue;
		if (l.time.form) {
			guest++;
			continue;
		}
		if (seam)
			return SIZE_MAX;
		seam = at;
	}
	return guest ? seam : SIZE_MAX;
}

/* Zeros at the start and at the end of len bytes. */
static size_t zeros_before(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && !p[n])
		n++;
	return n >= GAP ? n : 0;
}

static size_t zeros_after(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && !p[len - 1 - n])
		n++;
	return n >= GAP ? n : 0;
}

bool ml_xen_seam(const uint8_t *p, size_t len, size_t *ret)
{
	size_t seam = seam_by_time(p, len);

	if (!seam || seam == SIZE_MAX)
		seam = seam_by_piece(p, len);
	if (!seam || seam == SIZE_MAX)
		seam = seam_by_guest_piece(p, len);
	*ret = seam;
	return seam && seam != SIZE_MAX;
}

bool ml_xen_no_seam(const uint8_t *p, size_t len)
{
	return !seam_by_time(p, len) &&
	       (!seam_by_piece(p, len) || !seam_by_guest_piece(p, len));
}

bool ml_xen_order(const uint8_t *p, size_t len, struct xen_ring *ring)
{
	size_t before = zeros_before(p, len), after = zeros_after(p, len);
	size_t at = 0, gap, seam;
	bool found;

	/* never full: text, and room after it; room before it too if the static
	 * ring had wrapped before this one was allocated */
	ring->wrapped = false;
	ring->start = before;
	ring->used = before + after < len ? len - before - after : 0;
	if (before || after)
		return ring->used > 0;
	ring->wrapped = true;
	gap = longest_gap(p, len, &at);
	if (gap >= GAP) {
		ring->start = at + gap;
		ring->used = len - gap;
		return true;
	}
	found = ml_xen_seam(p, len, &seam);
	ring->used = len;
	ring->start = found ? seam : 0;
	return found;
}
