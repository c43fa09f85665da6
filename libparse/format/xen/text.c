/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.c - recognise console text: prefixes, timestamps. Pure. */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/date.h"
#include "format/look.h"

static bool xen_text_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
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

/* At least five places for the seconds, padded with spaces or zeros; then six digits, or
 * three. */
static size_t parse_boot(const uint8_t *p, size_t len, struct xen_time *ret)
{
	uint64_t s, part, hz = 1000000;
	size_t at = 1, n, digits = 6;

	while (at < len && p[at] == ' ')
		at++;
	for (n = 0; at + n < len && n < 13 && xen_text_digit(p[at + n]); n++)
		;
	if (n && len - at > n + 4 && p[at + n + 4] == ']') {
		digits = 3;
		hz = 1000;
	}
	if (!n || at + n < 6 || at + n + digits + 3 > len || p[at + n] != '.' ||
	    !xen_text_number(p + at, n, &s) ||
	    !xen_text_number(p + at + n + 1, digits, &part) ||
	    p[at + n + digits + 1] != ']' || p[at + n + digits + 2] != ' ')
		return 0;
	ret->form = XEN_TIME_BOOT;
	ret->time = s * hz + part;
	ret->hz = hz;
	return at + n + digits + 3;
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

/* The size in "Allocated console ring of N KiB", which Xen logs in the ring itself; the
 * last one counts. */
static uint64_t xen_text_allocated(const uint8_t *p, size_t len)
{
	static const char words[] = "Allocated console ring of ";
	const uint8_t *end = p + len;
	uint64_t kib, ret = 0;
	size_t i;

	while ((p = memmem(p, (size_t)(end - p), words, sizeof(words) - 1))) {
		p += sizeof(words) - 1;
		len = (size_t)(end - p);
		kib = 0;
		for (i = 0; i < len && i < 6 && xen_text_digit(p[i]); i++)
			kib = kib * 10 + (p[i] - '0');
		if (i + 4 <= len && !memcmp(p + i, " KiB", 4) &&
		    ml_is_pow2(kib))
			ret = kib << 10;
	}
	return ret;
}

/* Lines that start with Xen's prefix. */
static unsigned int xen_text_lines(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	unsigned int n = 0;

	while (p) {
		n += end - p >= 6 && !memcmp(p, "(XEN) ", 6);
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	return n;
}

/* Bytes of text from the start on. */
static size_t xen_text_run(const uint8_t *p, size_t len)
{
	size_t n = 0, end;

	while (n < len) {
		for (; len - n >= 8 && ml_look_plain(p + n); n += 8)
			;
		for (end = ml_min(n + 8, len); n < end; n++)
			if (!ml_xen_is_text(p[n]))
				return n;
	}
	return n;
}

void ml_xen_look(const uint8_t *p, size_t len, struct xen_look *ret)
{
	struct xen_look l = {
		.lines = xen_text_lines(p, len),
		.allocated = xen_text_allocated(p, len),
	};
	size_t at, n;

	for (at = 0; at < len; at += n + 1) {
		n = xen_text_run(p + at, len - at);
		l.total += n;
		if (!at)
			l.text = n;
	}
	*ret = l;
}
