/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* template.c - read a file of ACRN format rules, and format events with it. */
#include "template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* ---- one template ------------------------------------------------------- */

struct text {
	char *buf;
	size_t len;
};

static void acrn_template_put(struct text *t, const char *s, size_t n)
{
	n = ml_min(n, ML_ACRN_LINE - t->len);
	memcpy(t->buf + t->len, s, n);
	t->len += n;
}

/* A parsed conversion. */
struct conv {
	const char *key;
	size_t key_len;
	char flags[6];
	unsigned int width, precision;
	bool has_precision;
	char type;
};

static unsigned int acrn_template_digits(const char **p, const char *end)
{
	unsigned int v = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		v = v * 10 + (unsigned int)(**p - '0') < 256 ?
			    v * 10 + (unsigned int)(**p - '0') :
			    256;
	return v;
}

/* Parse what follows a %; false if it is not a conversion. */
static bool take_conv(const char **p, const char *end, struct conv *c)
{
	const char *close;
	size_t n = 0;

	memset(c, 0, sizeof(*c));
	if (*p < end && **p == '(') {
		close = memchr(*p, ')', (size_t)(end - *p));
		if (!close)
			return false;
		c->key = *p + 1;
		c->key_len = (size_t)(close - c->key);
		*p = close + 1;
	}
	for (; *p < end && **p && strchr("-0+ #", **p); (*p)++)
		if (n < sizeof(c->flags) - 1 && !strchr(c->flags, **p))
			c->flags[n++] = **p;
	c->width = acrn_template_digits(p, end);
	if (*p < end && **p == '.') {
		(*p)++;
		c->has_precision = true;
		c->precision = acrn_template_digits(p, end);
	}
	while (*p < end && **p && strchr("hlL", **p))
		(*p)++;
	if (*p == end)
		return false;
	c->type = *(*p)++;
	return true;
}

/* The bytes of a string are signed. */
static bool acrn_template_value(const struct conv *c,
				const struct ml_acrn_event *e, uint64_t *ret,
				bool *ret_negative)
{
	const char *p = c->key, *end;
	unsigned int i;

	if (!p)
		return false;
	end = p + c->key_len;
	if (c->key_len == 3 && !memcmp(p, "cpu", 3)) {
		*ret = e->cpu < 0 ? 0 : (uint64_t)e->cpu;
		return true;
	}
	if (c->key_len == 3 && !memcmp(p, "tsc", 3)) {
		*ret = e->tsc;
		return true;
	}
	if (c->key_len == 5 && !memcmp(p, "event", 5)) {
		*ret = e->id;
		return true;
	}
	i = acrn_template_digits(&p, end);
	if (p != end || !i || i > 16)
		return false;
	if (i > e->n)
		return false;
	*ret = e->v[i - 1];
	*ret_negative = e->form == ML_ACRN_16STR && *ret > INT8_MAX;
	if (*ret_negative && c->type != 'c')
		*ret = UINT8_MAX + 1u - *ret;
	return true;
}

/* What precedes the digits: a sign and, with '#', the base. */
static size_t acrn_template_prefix(const struct conv *c, bool negative,
				   char ret[4])
{
	size_t n = 0;

	if (negative)
		ret[n++] = '-';
	else if (strchr(c->flags, '+'))
		ret[n++] = '+';
	else if (strchr(c->flags, ' '))
		ret[n++] = ' ';
	if (strchr(c->flags, '#') && strchr("xXo", c->type)) {
		ret[n++] = '0';
		ret[n++] = c->type;
	}
	return n;
}

/* The digits of v as the conversion type requires. */
static size_t acrn_template_number(const struct conv *c, uint64_t v, char *buf,
				   size_t size)
{
	const char *fmt = c->type == 'x' ? "%.*" PRIx64 :
			  c->type == 'X' ? "%.*" PRIX64 :
			  c->type == 'o' ? "%.*" PRIo64 :
					   "%.*" PRIu64;

	return (size_t)snprintf(
		buf, size, fmt,
		c->has_precision ? (int)ml_min(c->precision, 64) : 1, v);
}

/* A value as text: %c is its byte, %s and %r are its digits. */
static size_t acrn_template_word(const struct conv *c, bool negative,
				 uint64_t v, char *buf, size_t size)
{
	size_t n;

	if (c->type == 'c') {
		buf[0] = (char)v;
		return 1;
	}
	n = (size_t)snprintf(buf, size, "%s%" PRIu64, negative ? "-" : "", v);
	return c->has_precision ? ml_min(n, c->precision) : n;
}

static void acrn_template_pad(struct text *t, const char *with, size_t width,
			      size_t len)
{
	for (; width > len; width--)
		acrn_template_put(t, with, 1);
}

/* As Python's % operator does it. */
static void put_conv(struct text *t, const struct conv *c,
		     const struct ml_acrn_event *e)
{
	bool left = strchr(c->flags, '-'), negative = false, is_word, zeros;
	size_t len, n = 0;
	char num[96], front[4] = { 0 };
	uint64_t v;

	if (!c->type || !strchr("diuoxXcsr", c->type) ||
	    !acrn_template_value(c, e, &v, &negative)) {
		acrn_template_put(t, "?", 1);
		return;
	}
	is_word = strchr("csr", c->type);
	zeros = !left && !is_word && strchr(c->flags, '0');
	if (is_word) {
		len = acrn_template_word(c, negative, v, num, sizeof(num));
	} else {
		len = acrn_template_number(c, v, num, sizeof(num));
		n = acrn_template_prefix(c, negative, front);
	}
	if (!left && !zeros)
		acrn_template_pad(t, " ", c->width, n + len);
	acrn_template_put(t, front, n);
	if (zeros)
		acrn_template_pad(t, "0", c->width, n + len);
	acrn_template_put(t, num, len);
	if (left)
		acrn_template_pad(t, " ", c->width, n + len);
}

size_t ml_acrn_template(const char *template, size_t len,
			const struct ml_acrn_event *event, char *buf)
{
	const char *p = template, *end = p + len, *pct;
	struct text t = { buf, 0 };
	struct conv c;

	while (p < end) {
		pct = memchr(p, '%', (size_t)(end - p));
		acrn_template_put(&t, p, (size_t)((pct ? pct : end) - p));
		if (!pct)
			break;
		p = pct + 1;
		if (p < end && *p == '%') {
			acrn_template_put(&t, p++, 1);
			continue;
		}
		if (!take_conv(&p, end, &c)) {
			acrn_template_put(&t, "?", 1);
			break;
		}
		put_conv(&t, &c, event);
	}
	return t.len;
}

/* ---- rules -------------------------------------------------------------- */

struct rule {
	uint64_t id;
	size_t order, off, len;
};

struct ml_acrn_rules {
	struct memlog_allocator alloc;
	struct rule *rule;
	size_t n, cap;
	char *text;
};

static int acrn_template_by_id(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* "0x10" or "16"; the scripts would evaluate any expression, but nobody writes
 * one. */
static bool take_id(const char **p, const char *end, uint64_t *ret)
{
	char word[32];
	size_t n = 0;
	char *stop;

	while (*p < end && **p != ' ' && **p != '\t') {
		if (n == sizeof(word) - 1)
			return false;
		word[n++] = *(*p)++;
	}
	word[n] = '\0';
	if (!n || word[0] == '-' || word[0] == '+')
		return false;
	*ret = strtoull(word, &stop, 0);
	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
	return !*stop;
}

static enum memlog_status add_rule(struct ml_acrn_rules *r, size_t line_no,
				   const char *line, const char *end,
				   struct memlog_err *err)
{
	enum memlog_status s;
	struct rule *rule;
	uint64_t id;

	while (end > line &&
	       (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t'))
		end--;
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	if (line == end || *line == '#')
		return MEMLOG_OK;
	if (!take_id(&line, end, &id) || line == end)
		return ml_fail(
			err, MEMLOG_INVALID,
			"line %zu: expected an event number and a format, such as 0x10 CPU%%(cpu)d %%(tsc)d",
			line_no);
	s = ml_grow(&r->alloc, &r->rule, r->n, &r->cap, sizeof(*r->rule), err);
	if (s)
		return s;
	rule = &r->rule[r->n];
	rule->id = id;
	rule->order = r->n++;
	rule->off = (size_t)(line - r->text);
	rule->len = (size_t)(end - line);
	return MEMLOG_OK;
}

enum memlog_status ml_acrn_rules_create(const struct memlog_allocator *alloc,
					const char *text, size_t len,
					struct ml_acrn_rules **ret,
					struct memlog_err *err)
{
	struct ml_acrn_rules *r;
	enum memlog_status s = MEMLOG_OK;
	const char *p, *end, *nl;
	size_t line;

	if (len > ML_MAX_RULES)
		return ml_fail(err, MEMLOG_LIMIT,
			       "rules of %zu bytes; %u are read", len,
			       ML_MAX_RULES);
	r = ml_calloc(alloc, 1, sizeof(*r));
	if (r) {
		r->alloc = *alloc;
		r->text = ml_calloc(alloc, len + 1, 1);
	}
	if (!r || !r->text) {
		ml_acrn_rules_destroy(r);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for rules");
	}
	memcpy(r->text, text, len);
	p = r->text;
	end = p + len;
	for (line = 1; p < end && !s; line++, p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		s = add_rule(r, line, p, nl, err);
	}
	if (s) {
		ml_acrn_rules_destroy(r);
		return s;
	}
	if (r->n)
		qsort(r->rule, r->n, sizeof(*r->rule), acrn_template_by_id);
	*ret = r;
	return MEMLOG_OK;
}

void ml_acrn_rules_destroy(struct ml_acrn_rules *r)
{
	struct memlog_allocator a;

	if (!r)
		return;
	a = r->alloc;
	ml_free(&a, r->rule);
	ml_free(&a, r->text);
	ml_free(&a, r);
}

const char *ml_acrn_rules_find(const struct ml_acrn_rules *r, uint64_t id,
			       size_t *ret_len)
{
	size_t lo = 0, hi = r->n, mid;

	/* the last one with that number */
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (r->rule[mid].id <= id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || r->rule[lo - 1].id != id)
		return NULL;
	*ret_len = r->rule[lo - 1].len;
	return r->text + r->rule[lo - 1].off;
}
