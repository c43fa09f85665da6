/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* patterns.c - match lines with the regular expressions of -g. */
#include "patterns.h"

#include "base/bytes.h"
#include "base/err.h"

enum memlog_status ml_patterns_add(struct ml_patterns *p,
				   const struct memlog_allocator *alloc,
				   const char *text, struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	if (p->n == ML_MAX_PATTERNS)
		return ml_fail(err, MEMLOG_LIMIT,
			       "more than %u regular expressions: join some "
			       "with |",
			       ML_MAX_PATTERNS);
	s = ml_regex_create(alloc, text, p->how, &p->regex[p->n], err);
	if (s)
		return s;
	p->n++;
	for (i = 0; i < p->n; i++)
		ml_regex_share(p->regex[i], p->n);
	return MEMLOG_OK;
}

enum memlog_status ml_patterns_case(struct ml_patterns *p,
				    enum ml_regex_case how,
				    struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	p->how = how;
	for (i = 0; i < p->n && !s; i++)
		s = ml_regex_set_case(p->regex[i], how, err);
	return s;
}

/* Copy text to line, ended by NUL. A NUL in it would end it: another control takes
 * its place. */
static void patterns_line(const uint8_t *text, size_t len,
			  char line[ML_MAX_LINE + 1])
{
	size_t i;

	for (i = 0; i < len; i++)
		line[i] = text[i] ? (char)text[i] : '\x01';
	line[len] = '\0';
}

static size_t without_line_end(const uint8_t *text, size_t len)
{
	if (!len || text[len - 1] != '\n')
		return len;
	len--;
	return len && text[len - 1] == '\r' ? len - 1 : len;
}

bool ml_patterns_match(const struct ml_patterns *p, const uint8_t *text,
		       size_t len)
{
	size_t at = 0, n, i;
	char line[ML_MAX_LINE + 1];

	len = without_line_end(text, len);
	do {
		n = (size_t)ml_min(len - at, ML_MAX_LINE);
		patterns_line(text + at, n, line);
		for (i = 0; i < p->n; i++)
			if (ml_regex_match(p->regex[i], line, n))
				return true;
		at += n;
	} while (at < len);
	return false;
}

/* The first match from byte `from' of a line on; false: there is none. */
static bool patterns_find(const struct ml_patterns *p, const char *line,
			  size_t from, size_t len, struct ml_span *ret)
{
	struct ml_span one;
	bool found = false;
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (!ml_regex_find(p->regex[i], line, from, len, &one.first,
				   &one.end))
			continue;
		if (!found || one.first < ret->first ||
		    (one.first == ret->first && one.end > ret->end))
			*ret = one;
		found = true;
	}
	return found;
}

size_t ml_patterns_spans(const struct ml_patterns *p, const uint8_t *text,
			 size_t len, struct ml_span *ret, size_t max)
{
	size_t at = 0, from, size, n = 0;
	char line[ML_MAX_LINE + 1];
	struct ml_span one = { 0, 0 };

	for (len = without_line_end(text, len); at < len; at += size) {
		size = (size_t)ml_min(len - at, ML_MAX_LINE);
		patterns_line(text + at, size, line);
		for (from = 0; from < size && n < max; from = one.end) {
			if (!patterns_find(p, line, from, size, &one))
				break;
			if (one.first == one.end) {
				one.end++; /* go on after an empty match */
				continue;
			}
			ret[n].first = at + one.first;
			ret[n++].end = at + one.end;
		}
	}
	return n;
}

void ml_patterns_fini(struct ml_patterns *p)
{
	while (p->n)
		ml_regex_destroy(p->regex[--p->n]);
}
