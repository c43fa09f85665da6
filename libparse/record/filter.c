/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* filter.c - select the records that a query wants. */
#include "filter.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"

enum memlog_status ml_filter_regex(struct ml_filter *f,
				   const struct memlog_allocator *alloc,
				   const char *text, struct memlog_err *err)
{
	struct ml_regex *re;
	enum memlog_status s = ml_regex_create(alloc, text, &re, err);

	if (s)
		return s;
	ml_regex_destroy(f->regex);
	f->regex = re;
	return MEMLOG_OK;
}

static const struct {
	const char *name;
	uint32_t level;
} levels[] = {
	{ "emerg", 0 }, { "alert", 1 }, { "crit", 2 },	  { "err", 3 },
	{ "error", 3 }, { "warn", 4 },	{ "warning", 4 }, { "notice", 5 },
	{ "info", 6 },	{ "debug", 7 }, { "0", 0 },	  { "1", 1 },
	{ "2", 2 },	{ "3", 3 },	{ "4", 4 },	  { "5", 5 },
	{ "6", 6 },	{ "7", 7 },
};

enum memlog_status ml_filter_level(struct ml_filter *f, const char *text,
				   struct memlog_err *err)
{
	size_t n = strlen(text), i;
	bool plus = n && text[n - 1] == '+';

	n -= plus;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strlen(levels[i].name) != n ||
		    memcmp(levels[i].name, text, n))
			continue;
		f->has_level = true;
		f->level_max = levels[i].level;
		f->level_min = plus ? 0 : levels[i].level;
		return MEMLOG_OK;
	}
	return ml_fail(err, MEMLOG_INVALID,
		       "no such level: it is one of emerg, alert, crit, err, "
		       "warn, notice, info, debug; err+ is err and all above");
}

/* Parse one decimal number at *s, and move *s past it; false: none, or too
 * large. */
static bool filter_take_number(const char **s, uint32_t *ret)
{
	uint64_t v = 0;
	const char *p = *s;

	while (*p >= '0' && *p <= '9' && v <= INT32_MAX)
		v = v * 10 + (uint64_t)(*p++ - '0');
	if (p == *s || v > INT32_MAX)
		return false;
	*s = p;
	*ret = (uint32_t)v;
	return true;
}

/* Parse one "3" or "0-3" at *s, and the comma after it. */
static bool take_cpus(const char **s, uint32_t *first, uint32_t *last)
{
	if (!filter_take_number(s, first))
		return false;
	*last = *first;
	if (**s == '-') {
		(*s)++;
		if (!filter_take_number(s, last) || *last < *first)
			return false;
	}
	if (**s == ',') {
		(*s)++;
		return **s != '\0';
	}
	return **s == '\0';
}

enum memlog_status ml_filter_cpus(struct ml_filter *f, const char *text,
				  struct memlog_err *err)
{
	uint32_t first, last;
	const char *s = text;

	do {
		if (!take_cpus(&s, &first, &last))
			return ml_fail(err, MEMLOG_INVALID,
				       "not a list of CPUs such as 0-3,8");
	} while (*s);
	f->cpus = text;
	return MEMLOG_OK;
}

enum memlog_status ml_filter_time(const char *text, double *ret,
				  struct memlog_err *err)
{
	double v = 0, unit = 1;
	const char *s = text;
	bool digits = false;

	for (; *s >= '0' && *s <= '9'; s++, digits = true)
		v = v * 10 + (*s - '0');
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, digits = true)
			v += (*s - '0') * (unit /= 10);
	if (!digits || *s)
		return ml_fail(err, MEMLOG_INVALID,
			       "not a time: seconds of the log's own clock, "
			       "such as 12.5");
	*ret = v;
	return MEMLOG_OK;
}

bool ml_filter_active(const struct ml_filter *f)
{
	return f->regex || f->has_level || f->component || f->cpus ||
	       f->has_since || f->has_until;
}

static bool match_cpu(const char *cpus, int32_t cpu)
{
	uint32_t first, last;

	while (*cpus && take_cpus(&cpus, &first, &last))
		if (cpu >= 0 && (uint32_t)cpu >= first && (uint32_t)cpu <= last)
			return true;
	return false;
}

static bool match_time(const struct ml_filter *f,
		       const struct memlog_record *rec)
{
	double t;

	if (!rec->has_time || !rec->time_hz)
		return false;
	t = (double)rec->time / (double)rec->time_hz;
	return (!f->has_since || t >= f->since) &&
	       (!f->has_until || t <= f->until);
}

/* No record has more than ML_MAX_LINE bytes of one line; a longer text is
 * matched in pieces of that size. */
static bool match_regex(const struct ml_filter *f,
			const struct memlog_record *rec)
{
	size_t len = rec->text_len, at = 0, n, i;
	char line[ML_MAX_LINE + 1];

	if (len && rec->text[len - 1] == '\n')
		len--;
	if (len && len < rec->text_len && rec->text[len - 1] == '\r')
		len--;
	do {
		n = len - at < ML_MAX_LINE ? len - at : ML_MAX_LINE;
		/* NUL would end the text: replace it with another control */
		for (i = 0; i < n; i++)
			line[i] = rec->text[at + i] ? (char)rec->text[at + i] :
						      '\x01';
		line[n] = '\0';
		if (ml_regex_match(f->regex, line, n))
			return true;
		at += n;
	} while (at < len);
	return false;
}

bool ml_filter_match(const struct ml_filter *f, const struct memlog_record *rec)
{
	if (f->has_level && (!rec->has_level || rec->level < f->level_min ||
			     rec->level > f->level_max))
		return false;
	if (f->cpus && !match_cpu(f->cpus, rec->cpu))
		return false;
	if (f->component &&
	    (!rec->component || strcmp(f->component, rec->component)))
		return false;
	if ((f->has_since || f->has_until) && !match_time(f, rec))
		return false;
	return !f->regex || match_regex(f, rec);
}

void ml_filter_fini(struct ml_filter *f)
{
	ml_regex_destroy(f->regex);
	f->regex = NULL;
}
