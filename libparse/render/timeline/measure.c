/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* measure.c - lengths in a picture. */
#include "measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "render/escape.h"

/* Hundredths of the font size: DejaVu Sans and Verdana, which are wider than Arial,
 * Roboto, Segoe and Cantarell. */
static int64_t char_width(uint32_t c)
{
	if (c >= 0x2e80)
		return c >= 0x10000 ? 140 : 110;
	if (c >= 0x80)
		return c == 0x2026 ? 100 : 90;
	if (strchr("ijl|'.,:;!I", (int)c))
		return 44;
	if (strchr("ftr()[]{}/\\- \"*`", (int)c))
		return 46;
	if (strchr("mwMWOQ@%", (int)c))
		return 110;
	if (strchr("+<>=~^#&_", (int)c))
		return 86;
	return c >= 'A' && c <= 'Z' ? 79 : 67;
}

/* The character at *s, whose bytes are valid, and move past it. */
static uint32_t next_char(const char **s)
{
	const uint8_t *p = (const uint8_t *)*s;
	uint32_t c = *p;
	size_t n = ml_utf8_len(p, strlen(*s), &c);

	if (n <= 1)
		c = *p;
	*s += n ? n : 1;
	return c;
}

static int64_t safe_width(const char *safe, unsigned int size)
{
	int64_t w = 0;

	while (*safe)
		w += char_width(next_char(&safe)) * size;
	return w;
}

int64_t ml_text_width(const char *text, unsigned int size)
{
	char safe[ML_FIT];

	memlog_escape(text, safe, sizeof(safe));
	return safe_width(safe, size);
}

const char *ml_text_fit(const char *text, unsigned int size, int64_t width,
			char ret[ML_FIT])
{
	char safe[ML_FIT - 4];
	const char *s = safe, *end = safe;
	int64_t w = 0;
	unsigned int n = 0;

	memlog_escape(text, safe, sizeof(safe));
	if (safe_width(safe, size) <= width) {
		memcpy(ret, safe, strlen(safe) + 1);
		return ret;
	}
	width -= char_width(0x2026) * size;
	while (*s) {
		w += char_width(next_char(&s)) * size;
		if (w > width)
			break;
		end = s;
		n++;
	}
	ret[0] = '\0';
	if (n >= 3)
		snprintf(ret, ML_FIT, "%.*s\xe2\x80\xa6", (int)(end - safe),
			 safe);
	return ret;
}

static const struct {
	uint64_t ns;
	const char *unit;
} units[] = { { 1000000000, "s" },
	      { 1000000, "ms" },
	      { 1000, "\xc2\xb5s" },
	      { 1, "ns" } };

/* The largest unit that is not above a time. */
static unsigned int unit_of(uint64_t ns)
{
	unsigned int i = 0;

	while (i < 3 && ns < units[i].ns)
		i++;
	return i;
}

static const char *duration_put(int64_t ns, unsigned int unit,
				unsigned int digits, char ret[ML_DURATION])
{
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, scale = 1;
	const char *sign = ns < 0 ? "-" : "";
	unsigned int i;

	for (i = 0; i < digits; i++)
		scale *= 10;
	v = (uint64_t)(((unsigned __int128)v * scale + units[unit].ns / 2) /
		       units[unit].ns);
	if (digits)
		snprintf(ret, ML_DURATION, "%s%" PRIu64 ".%0*" PRIu64 " %s",
			 sign, v / scale, (int)digits, v % scale,
			 units[unit].unit);
	else
		snprintf(ret, ML_DURATION, "%s%" PRIu64 " %s", sign, v,
			 units[unit].unit);
	return ret;
}

const char *ml_duration(int64_t ns, char ret[ML_DURATION])
{
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, whole;
	unsigned int unit = unit_of(v);

	whole = v / units[unit].ns;
	return duration_put(ns, v ? unit : 0,
			    !v || unit == 3 ? 0 :
			    whole < 10	    ? 3 :
			    whole < 100	    ? 2 :
					      1,
			    ret);
}

const char *ml_tick(int64_t ns, int64_t span, int64_t step,
		    char ret[ML_DURATION])
{
	unsigned int unit = unit_of((uint64_t)span), digits = 0;
	uint64_t part = units[unit].ns;

	while (digits < 9 && part > 1 && (uint64_t)step % part) {
		part /= 10;
		digits++;
	}
	return duration_put(ns, unit, digits, ret);
}

int64_t ml_tick_step(int64_t span, int64_t max)
{
	int64_t step = 1, unit = 1;

	while (span / step > max) {
		if (step == unit)
			step = 2 * unit;
		else if (step == 2 * unit)
			step = 5 * unit;
		else if (unit > INT64_MAX / 10)
			return step;
		else
			step = unit = 10 * unit;
	}
	return step;
}

void ml_px(struct ml_out *out, int64_t length)
{
	uint64_t v = length < 0 ? -(uint64_t)length : (uint64_t)length;

	if (length < 0)
		ml_out_char(out, '-');
	ml_out_u64(out, v / ML_PX);
	if (v % ML_PX)
		ml_out_fmt(out, v % 10 ? ".%02u" : ".%01u",
			   (unsigned int)(v % 10 ? v % ML_PX : v % ML_PX / 10));
}
