/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* escape.c - make guest bytes safe for a terminal, a log file and JSON. */
#include "escape.h"

#include <inttypes.h>
#include <string.h>

/* Code points that are valid and must not reach a terminal: they are invisible,
 * and reorder, break or hide the text around them. Sorted. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00ad, 0x00ad },   /* soft hyphen */
	{ 0x034f, 0x034f },   /* combining grapheme joiner */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian selectors and separator */
	{ 0x200b, 0x200f },   /* zero width, left-to-right marks */
	{ 0x2028, 0x202e },   /* separators, embeddings and overrides */
	{ 0x2060, 0x206f },   /* joiners, isolates, deprecated controls */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb },   /* interlinear annotation and unassigned */
	{ 0x1bca0, 0x1bca3 }, /* shorthand controls */
	{ 0x1d173, 0x1d17a }, /* musical controls */
	{ 0xe0000, 0xe0fff }, /* tags, more variation selectors */
};

static bool is_hidden(uint32_t cp)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (cp <= hidden[i].last)
			return cp >= hidden[i].first;
	return false;
}

/* The length of the sequence that lead starts, 0 if it starts none. */
static size_t lead_len(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* May second follow lead? Excludes overlong forms, surrogates, and anything
 * above U+10FFFF (RFC 3629). */
static bool second_ok(uint8_t lead, uint8_t second)
{
	switch (lead) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return (second & 0xc0) == 0x80;
	}
}

/* The length of the valid sequence at p, whatever the character; 0 for none. */
static size_t escape_decode(const uint8_t *p, size_t len, uint32_t *ret)
{
	size_t n = lead_len(p[0]), i;
	uint32_t cp;

	if (!n || n > len)
		return 0;
	if (n == 1) {
		*ret = p[0];
		return 1;
	}
	if (!second_ok(p[0], p[1]))
		return 0;
	cp = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3fu);
	}
	*ret = cp;
	return n;
}

static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

size_t ml_utf8_len(const uint8_t *p, size_t len, uint32_t *ret_codepoint)
{
	uint32_t cp = 0;
	size_t n = escape_decode(p, len, &cp);

	if (!n || (is_control(cp) && cp != '\t' && cp != '\n') || is_hidden(cp))
		return 0;
	if (ret_codepoint)
		*ret_codepoint = cp;
	return n;
}

#define ONES UINT64_C(0x0101010101010101)

/* Eight bytes, in any order. */
static uint64_t escape_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Are all eight plain ASCII? Below 0x20 the subtraction sets the top bit of the byte, or
 * borrows; at 0x7f the addition does. */
static bool all_plain(uint64_t w)
{
	return !((w | (w - ONES * 0x20) | (w + ONES)) & ONES * 0x80);
}

/* Is one of eight plain bytes c? */
static bool has_byte(uint64_t w, uint8_t c)
{
	w ^= ONES * c;
	return (w - ONES) & ONES * 0x80;
}

/* The number of plain ASCII bytes at the start of p: nearly all of a log. */
static size_t plain_run(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (len - i >= 8 && all_plain(escape_word(p + i)))
		i += 8;
	for (; i < len; i++)
		if (p[i] < 0x20 || p[i] >= 0x7f)
			break;
	return i;
}

/* The same of those that JSON does not escape. */
static size_t json_run(const uint8_t *p, size_t len)
{
	size_t i = 0;
	uint64_t w;

	for (; len - i >= 8; i += 8) {
		w = escape_word(p + i);
		if (!all_plain(w) || has_byte(w, '"') || has_byte(w, '\\'))
			break;
	}
	for (; i < len; i++)
		if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\')
			break;
	return i;
}

static void escape_byte(struct ml_out *out, uint8_t b)
{
	static const char digits[] = "0123456789abcdef";
	char text[4] = { '\\', 'x', digits[b >> 4], digits[b & 15] };

	ml_out_write(out, text, sizeof(text));
}

void ml_escape_text(struct ml_out *out, const uint8_t *p, size_t len,
		    bool keep_lf)
{
	uint32_t cp;
	size_t n, i;

	while (len) {
		n = plain_run(p, len);
		if (!n && (*p == '\t' || (*p == '\n' && keep_lf)))
			n = 1;
		if (!n && *p != '\n')
			n = ml_utf8_len(p, len, NULL);
		if (n) {
			ml_out_write(out, p, n);
		} else {
			n = escape_decode(p, len, &cp);
			if (n && is_hidden(cp)) {
				ml_out_fmt(out, "\\u{%" PRIx32 "}", cp);
			} else {
				n = n ? n : 1;
				for (i = 0; i < n; i++)
					escape_byte(out, p[i]);
			}
		}
		p += n;
		len -= n;
	}
}

void ml_escape_lines(struct ml_out *out, const uint8_t *p, size_t len)
{
	const uint8_t *cr;
	size_t n;

	while (len) {
		cr = memchr(p, '\r', len);
		n = cr ? (size_t)(cr - p) : len;
		ml_escape_text(out, p, n, true);
		p += n;
		len -= n;
		if (cr) {
			if (len < 2 || p[1] != '\n')
				ml_escape_text(out, p, 1, true);
			p++;
			len--;
		}
	}
}

void ml_escape_str(struct ml_out *out, const char *s)
{
	ml_escape_text(out, (const uint8_t *)s, strlen(s), false);
}

static enum memlog_status count_write(void *self, const void *buf, size_t len,
				      struct memlog_err *err)
{
	*(size_t *)self += len;
	return MEMLOG_OK;
}

size_t ml_escaped_len(const uint8_t *p, size_t len, bool keep_lf)
{
	size_t n = 0;
	const struct memlog_sink sink = {
		.size = sizeof(sink),
		.self = &n,
		.write = count_write,
	};
	struct ml_out out;

	ml_out_init(&out, &sink);
	ml_escape_text(&out, p, len, keep_lf);
	ml_out_flush(&out, NULL);
	return n;
}

struct cut_sink {
	char *p;
	size_t len, size;
};

static enum memlog_status cut_write(void *self, const void *buf, size_t len,
				    struct memlog_err *err)
{
	struct cut_sink *c = self;
	size_t n = c->size - 1 - c->len;

	n = len < n ? len : n;
	memcpy(c->p + c->len, buf, n);
	c->len += n;
	c->p[c->len] = '\0';
	return MEMLOG_OK;
}

void ml_escape_cut(const uint8_t *p, size_t len, char *ret, size_t size)
{
	struct cut_sink c = { .p = ret, .size = size };
	struct memlog_sink sink = {
		.size = sizeof(sink),
		.self = &c,
		.write = cut_write,
	};
	struct ml_out out;

	ret[0] = '\0';
	ml_out_init(&out, &sink);
	ml_escape_text(&out, p, len, false);
	ml_out_flush(&out, NULL);
	/* a character may have been cut in two */
	ret[c.len - ml_utf8_cut((const uint8_t *)ret, c.len)] = '\0';
}

const char *memlog_escape(const char *s, char *ret, size_t size)
{
	ml_escape_cut((const uint8_t *)s, strlen(s), ret, size);
	return ret;
}

static void json_codepoint(struct ml_out *out, uint32_t cp)
{
	switch (cp) {
	case '"':
	case '\\':
		ml_out_char(out, '\\');
		ml_out_char(out, (char)cp);
		return;
	case '\n':
		ml_out_str(out, "\\n");
		return;
	case '\r':
		ml_out_str(out, "\\r");
		return;
	case '\t':
		ml_out_str(out, "\\t");
		return;
	}
	if (cp >= 0x10000) {
		cp -= 0x10000;
		ml_out_fmt(out, "\\u%04x\\u%04x", 0xd800u | cp >> 10,
			   0xdc00u | (cp & 0x3ffu));
	} else {
		ml_out_fmt(out, "\\u%04x", cp);
	}
}

void ml_escape_json(struct ml_out *out, const uint8_t *p, size_t len)
{
	uint32_t cp;
	size_t n;

	while (len) {
		n = json_run(p, len);
		if (n) {
			ml_out_write(out, p, n);
		} else {
			n = escape_decode(p, len, &cp);
			if (!n) {
				ml_out_str(out, "\\ufffd");
				n = 1;
			} else if (n == 1 || is_control(cp) || is_hidden(cp)) {
				json_codepoint(out, cp);
			} else {
				ml_out_write(out, p, n);
			}
		}
		p += n;
		len -= n;
	}
}

bool ml_utf8_valid(const uint8_t *p, size_t len)
{
	uint32_t cp;
	size_t n;

	while (len) {
		n = plain_run(p, len);
		if (!n)
			n = escape_decode(p, len, &cp);
		if (!n)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

size_t ml_utf8_cut(const uint8_t *p, size_t len)
{
	size_t n;

	for (n = 1; n <= 3 && n <= len; n++) {
		const uint8_t *q = p + len - n;

		if ((*q & 0xc0) == 0x80)
			continue;
		if (lead_len(*q) <= n)
			return 0;
		return n == 1 || second_ok(q[0], q[1]) ? n : 0;
	}
	return 0;
}

void ml_base64(struct ml_out *out, const uint8_t *p, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	while (len) {
		size_t n = len < 3 ? len : 3;
		uint32_t v = (uint32_t)p[0] << 16;
		char text[4];

		if (len > 1)
			v |= (uint32_t)p[1] << 8;
		if (len > 2)
			v |= p[2];
		text[0] = digits[v >> 18];
		text[1] = digits[v >> 12 & 63];
		text[2] = len > 1 ? digits[v >> 6 & 63] : '=';
		text[3] = len > 2 ? digits[v & 63] : '=';
		ml_out_write(out, text, sizeof(text));
		p += n;
		len -= n;
	}
}
