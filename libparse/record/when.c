/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* when.c - the times of --since and --until: parse them, compare with records. */
#include "when.h"

#include <string.h>

#include "base/date.h"
#include "base/err.h"

#define DAY 86400.0

static bool when_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ml_take_decimal(const char **s, double *ret)
{
	double v = 0, unit = 1;
	const char *p = *s;
	bool digits = false;

	for (; when_digit(*p); p++, digits = true)
		v = v * 10 + (*p - '0');
	if (*p == '.')
		for (p++; when_digit(*p); p++, digits = true)
			v += (*p - '0') * (unit /= 10);
	*s = p;
	*ret = v;
	return digits;
}

/* n digits at *s, and the character after them unless that is NUL. */
static bool when_digits(const char **s, int n, char after, unsigned int *ret)
{
	unsigned int v = 0;

	for (; n; n--, (*s)++) {
		if (!when_digit(**s))
			return false;
		v = v * 10 + (unsigned int)(**s - '0');
	}
	*ret = v;
	if (!after)
		return true;
	return *(*s)++ == after;
}

/* "10:00" or "10:00:03.5", to the end of the text */
static bool when_take_day(const char *s, double *ret)
{
	unsigned int h, m;
	double sec = 0;

	if (!when_digits(&s, 2, ':', &h) || !when_digits(&s, 2, 0, &m) ||
	    h > 23 || m > 59)
		return false;
	if (*s == ':') {
		s++;
		if (!when_digit(s[0]) || !when_digit(s[1]) ||
		    !ml_take_decimal(&s, &sec) || sec >= 61)
			return false;
	}
	*ret = h * 3600.0 + m * 60.0 + sec;
	return !*s;
}

/* "2026-11-28", with a time of day after a space or a T */
static bool when_take_date(const char *s, double *ret)
{
	static const uint8_t days[] = { 31, 29, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };
	unsigned int y, m, d;
	double in_day = 0;

	if (!when_digits(&s, 4, '-', &y) || !when_digits(&s, 2, '-', &m) ||
	    !when_digits(&s, 2, 0, &d) || y < 1970 || !m || m > 12 || !d ||
	    d > days[m - 1] ||
	    /* the day after is the same as the first of March */
	    (m == 2 && d == 29 && ml_days(y, 2, 29) == ml_days(y, 3, 1)))
		return false;
	if (*s && ((*s != ' ' && *s != 'T') || !when_take_day(s + 1, &in_day)))
		return false;
	*ret = (double)ml_days(y, m, d) * DAY + in_day;
	return true;
}

/* "12.5", "500ms" */
static bool when_take_seconds(const char *s, double *ret)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {
		{ "", 1 },   { "s", 1 },    { "ms", 1e-3 }, { "us", 1e-6 },
		{ "m", 60 }, { "min", 60 }, { "h", 3600 },  { "d", DAY },
	};
	size_t i;

	if (!ml_take_decimal(&s, ret))
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(s, units[i].name)) {
			*ret *= units[i].seconds;
			return true;
		}
	return false;
}

enum memlog_status ml_when_parse(const char *text, struct ml_when *ret,
				 struct memlog_err *err)
{
	struct ml_when w = { .from = ML_WHEN_CLOCK };
	const char *at = text + 1;

	if (text[0] == '-' && when_take_seconds(text + 1, &w.s))
		w.from = ML_WHEN_END;
	else if (when_take_date(text, &w.s))
		w.from = ML_WHEN_EPOCH;
	else if (when_take_day(text, &w.s))
		w.from = ML_WHEN_DAY;
	else if (*text == '@' && ml_take_decimal(&at, &w.s) && !*at)
		w.from = ML_WHEN_EPOCH;
	else if (!when_take_seconds(text, &w.s))
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a time: write 12.5, 500ms, 5s "
			       "or 2m by the log's clock, -5s before its last "
			       "line, or \"2026-11-28 10:00:03\" or 10:00:03",
			       text);
	*ret = w;
	return MEMLOG_OK;
}

bool ml_when_needs_last(const struct ml_when *when)
{
	return when->from == ML_WHEN_END || when->from == ML_WHEN_DAY;
}

bool ml_when_is_date(const struct ml_when *when)
{
	return when->from == ML_WHEN_EPOCH || when->from == ML_WHEN_DAY;
}

bool ml_when_after(const struct ml_when *a, const struct ml_when *b)
{
	return a->from == b->from &&
	       (a->from == ML_WHEN_END ? a->s < b->s : a->s > b->s);
}

bool ml_when_of(const struct memlog_record *rec, double *ret)
{
	if (!rec->has_time || !rec->time_hz)
		return false;
	*ret = (double)rec->time / (double)rec->time_hz;
	return true;
}

bool ml_when_compare(const struct ml_when *when,
		     const struct memlog_record *rec,
		     const struct ml_last *last, int *ret)
{
	bool date = rec->flags & MEMLOG_REC_DATE;
	double t, at = when->s, slack; /* for what rounding loses */

	if (!ml_when_of(rec, &t))
		return false;
	if (ml_when_needs_last(when) && (!last->known || last->date != date))
		return false;
	if (ml_when_needs_last(when) && rec->has_boot && last->has_boot &&
	    rec->boot != last->boot) {
		*ret = rec->boot < last->boot ? -1 : 1;
		return true;
	}
	if (when->from != ML_WHEN_END && ml_when_is_date(when) != date)
		return false;
	if (when->from == ML_WHEN_END)
		at = last->s - at;
	else if (when->from == ML_WHEN_DAY)
		at += (double)((uint64_t)(last->s / DAY)) * DAY;
	slack = 1e-9 + t * 4e-16;
	*ret = t < at - slack ? -1 : t > at + slack;
	return true;
}
