/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wrap.c - text that goes on in the next line, at the width of a terminal. */
#include "wrap.h"

#include <string.h>

#include "escape.h"

size_t ml_wrap_chars(const char *p, size_t len)
{
	const uint8_t *at = (const uint8_t *)p;
	size_t n = ml_escaped_len(at, len, false), i, one;

	for (i = 0; i < len; i += one ? one : 1) {
		one = ml_utf8_len(at + i, len - i, NULL);
		n -= one ? one - 1 : 0;
	}
	return n;
}

static size_t wrap_span(const char *p, size_t len, bool spaces)
{
	size_t n = 0;

	while (n < len && (p[n] == ' ') == spaces)
		n++;
	return n;
}

void ml_wrap(struct ml_out *out, const char *p, size_t len, size_t at,
	     size_t indent)
{
	size_t gap, word, width;
	bool first = true;

	while (len) {
		gap = wrap_span(p, len, true);
		word = wrap_span(p + gap, len - gap, false);
		width = ml_wrap_chars(p + gap, word);
		if (!first && word && at + gap + width > ML_WRAP_WIDTH) {
			ml_out_fmt(out, "\n%*s", (int)indent, "");
			at = indent + width;
		} else {
			ml_escape_text(out, (const uint8_t *)p, gap, false);
			at += gap + width;
		}
		ml_escape_text(out, (const uint8_t *)p + gap, word, false);
		first = false;
		p += gap + word;
		len -= gap + word;
	}
}
