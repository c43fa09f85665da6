/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* filter.c - select the records that a query wants. */
#include "filter.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/near.h"

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

#define N_LEVELS (sizeof(levels) / sizeof(levels[0]))

/* Bits first to last. */
static uint8_t filter_level_between(int first, int last)
{
	return (uint8_t)((0xffu >> (7 - last)) & (0xffu << first));
}

/* The number of the level that the n characters of text name, or -1. */
static int filter_level_find(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < N_LEVELS; i++)
		if (strlen(levels[i].name) == n &&
		    !memcmp(levels[i].name, text, n))
			return (int)levels[i].level;
	return -1;
}

/* Parse one "err", "err+" or "crit..warn" of n characters; 0: it is none. */
static uint8_t filter_level_mask(const char *text, size_t n)
{
	const char *dots = memmem(text, n, "..", 2);
	size_t first = dots ? (size_t)(dots - text) : n;
	int from, to;

	if (!dots && n && text[n - 1] == '+') {
		to = filter_level_find(text, n - 1);
		from = 0;
	} else {
		from = to = filter_level_find(text, first);
		if (dots)
			to = filter_level_find(dots + 2, n - first - 2);
	}
	if (from < 0 || to < 0)
		return 0;
	if (from > to)
		return filter_level_between(to, from);
	return filter_level_between(from, to);
}

static enum memlog_status filter_level_unknown(const char *text, size_t n,
					       struct memlog_err *err)
{
	char typed[24];
	struct ml_near near;
	size_t i;

	snprintf(typed, sizeof(typed), "%.*s", (int)ml_min(n, 20), text);
	ml_near_init(&near, typed);
	for (i = 0; i < N_LEVELS; i++)
		ml_near_add(&near, levels[i].name);
	if (near.best)
		return ml_fail(err, MEMLOG_INVALID,
			       "unknown level \"%s\"; did you mean %s?", typed,
			       near.best);
	return ml_fail(
		err, MEMLOG_INVALID,
		"unknown level \"%s\"; there are emerg, alert, crit, "
		"err, warn, notice, info and debug; err+ is err and more "
		"severe, crit..warn a range, err,info a list",
		typed);
}

enum memlog_status ml_filter_level(struct ml_filter *f, const char *text,
				   struct memlog_err *err)
{
	uint8_t all = 0, mask;
	const char *comma;
	size_t n;

	do {
		comma = strchr(text, ',');
		n = comma ? (size_t)(comma - text) : strlen(text);
		mask = filter_level_mask(text, n);
		if (!mask)
			return filter_level_unknown(text, n, err);
		all |= mask;
		text += n + 1;
	} while (comma);
	f->has_level = true;
	f->levels = all;
	return MEMLOG_OK;
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
				       "\"%.40s\" is not a list of CPUs such "
				       "as 0-3,8",
				       text);
	} while (*s);
	f->cpus = text;
	return MEMLOG_OK;
}

bool ml_filter_active(const struct ml_filter *f)
{
	return f->patterns.n || f->has_level || f->component || f->cpus ||
	       f->since.from || f->until.from;
}

bool ml_filter_needs_last(const struct ml_filter *f)
{
	return ml_when_needs_last(&f->since) || ml_when_needs_last(&f->until);
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
		       const struct memlog_record *rec,
		       const struct ml_last *last)
{
	int order;

	if (f->since.from &&
	    (!ml_when_compare(&f->since, rec, last, &order) || order < 0))
		return false;
	return !f->until.from ||
	       (ml_when_compare(&f->until, rec, last, &order) && order <= 0);
}

bool ml_filter_match(const struct ml_filter *f, const struct memlog_record *rec,
		     const struct ml_last *last)
{
	if (f->has_level && (!rec->has_level || rec->level > 7 ||
			     !(f->levels & 1u << rec->level)))
		return false;
	if (f->cpus && !match_cpu(f->cpus, rec->cpu))
		return false;
	if (f->component &&
	    (!rec->component || strcmp(f->component, rec->component)))
		return false;
	if (!match_time(f, rec, last))
		return false;
	return !f->patterns.n ||
	       ml_patterns_match(&f->patterns, rec->text, rec->text_len) !=
		       f->patterns.invert;
}

bool ml_filter_goes_on(const struct ml_filter *f,
		       const struct memlog_record *rec,
		       const struct ml_last *last, bool passed)
{
	if (f->patterns.invert)
		return passed && ml_filter_match(f, rec, last);
	return passed || ml_filter_match(f, rec, last);
}

void ml_filter_fini(struct ml_filter *f)
{
	ml_patterns_fini(&f->patterns);
}
