/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shade.c - colour lines by their level, and what matched. */
#include "shade.h"

#include "base/bytes.h"
#include "escape.h"

const char *ml_shade_level(uint32_t level)
{
	static const char *const shades[] = { "7;31", "7;31", "1;31", "31",
					      "1" };

	return level < sizeof(shades) / sizeof(shades[0]) ? shades[level] :
							    NULL;
}

static const struct {
	const char *word; /* in lower case */
	uint8_t level;
} shade_words[] = {
	{ "assert", 2 },  { "panic", 2 },   { "fatal", 2 },
	{ "error", 3 },	  { "fail", 3 },    { "failed", 3 },
	{ "failure", 3 }, { "warning", 4 }, { "warn", 4 },
};

static bool shade_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c >= 0x80;
}

/* Is the word at p, of len bytes, this one? */
static bool shade_is(const uint8_t *p, size_t len, const char *word)
{
	size_t i;

	for (i = 0; i < len && word[i]; i++)
		if ((p[i] | 0x20) != (uint8_t)word[i])
			return false;
	return i == len && !word[i];
}

const char *ml_shade_words(const uint8_t *text, size_t len)
{
	uint32_t level = UINT32_MAX;
	size_t at = 0, n, i;

	len = (size_t)ml_min(len, ML_MAX_LINE);
	/* edk2 begins what it prints of a CPU exception like this */
	if (len > 4 && !memcmp(text, "!!!!", 4))
		return ml_shade_level(2);
	for (; at < len; at += n + 1) {
		for (n = 0; at + n < len && shade_letter(text[at + n]); n++)
			;
		for (i = 0; i < sizeof(shade_words) / sizeof(shade_words[0]);
		     i++)
			if (shade_words[i].level < level &&
			    shade_is(text + at, n, shade_words[i].word))
				level = shade_words[i].level;
	}
	return ml_shade_level(level);
}

static void shade_put(struct ml_out *out, const char *code, const uint8_t *p,
		      size_t len)
{
	if (!len)
		return;
	if (code)
		ml_out_fmt(out, "\033[%sm", code);
	ml_escape_lines(out, p, len);
	if (code)
		ml_out_str(out, "\033[" ML_SHADE_NONE "m");
}

/* Bytes from to end of p, of which nothing matched. */
static void shade_rest(struct ml_out *out, const struct ml_shade *shade,
		       const uint8_t *p, size_t from, size_t end)
{
	size_t middle = (size_t)ml_min(ml_max(shade->before, from), end);

	while (middle < end && (p[middle] & 0xc0) == 0x80)
		middle++;
	shade_put(out, ML_SHADE_TIME, p + from, middle - from);
	shade_put(out, shade->rest, p + middle, end - middle);
}

/* Move the ends of a match out of characters. */
static void shade_whole(const uint8_t *p, size_t from, size_t len,
			struct ml_span *s)
{
	while (s->first > from && (p[s->first] & 0xc0) == 0x80)
		s->first--;
	while (s->end < len && (p[s->end] & 0xc0) == 0x80)
		s->end++;
	/* CR LF is one end of a line */
	if (s->end < len && p[s->end] == '\n' && p[s->end - 1] == '\r')
		s->end--;
}

static void shade_line(struct ml_out *out, const struct ml_shade *shade,
		       const uint8_t *p, size_t len)
{
	struct ml_span spans[ML_MAX_HIGHLIGHTS];
	size_t from = 0, n = 0, i;

	if (shade->marks)
		n = ml_patterns_spans(shade->marks, p, len, spans,
				      ML_MAX_HIGHLIGHTS);
	for (i = 0; i < n; i++) {
		shade_whole(p, from, len, &spans[i]);
		if (spans[i].end <= from || spans[i].end <= spans[i].first)
			continue;
		spans[i].first = (size_t)ml_max(spans[i].first, from);
		shade_rest(out, shade, p, from, spans[i].first);
		shade_put(out, ML_SHADE_MATCH, p + spans[i].first,
			  spans[i].end - spans[i].first);
		from = spans[i].end;
	}
	shade_rest(out, shade, p, from, len);
}

void ml_shade_write(struct ml_out *out, const struct ml_shade *shade,
		    const uint8_t *p, size_t len)
{
	struct ml_shade s = *shade;
	const uint8_t *lf;
	size_t n, end;

	for (; len; p += n, len -= n) {
		lf = memchr(p, '\n', len);
		n = lf ? (size_t)(lf - p) + 1 : len;
		end = lf ? n - 1 : n;
		if (lf && end && p[end - 1] == '\r')
			end--;
		shade_line(out, &s, p, end);
		ml_escape_lines(out, p + end, n - end);
		s.before = 0;
	}
}
