/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set.c - check the value of an option and store it. */
#include "set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/near.h"
#include "base/number.h"
#include "render/tables/stats.h"

/* Options without a value. */
#define SET_FLAG(member)                                           \
	enum memlog_status ml_set_##member(struct memlog_query *q, \
					   const char *value,      \
					   struct memlog_err *err) \
	{                                                          \
		q->member = true;                                  \
		return MEMLOG_OK;                                  \
	}

SET_FLAG(info)
SET_FLAG(list)
SET_FLAG(list_boots)
SET_FLAG(extract)
SET_FLAG(follow)
SET_FLAG(all)
SET_FLAG(uncommitted)
SET_FLAG(consumed)
SET_FLAG(merge)
SET_FLAG(force)
SET_FLAG(strict)
SET_FLAG(signature)
SET_FLAG(delta)

enum memlog_status ml_set_verbose(struct memlog_query *q, const char *value,
				  struct memlog_err *err)
{
	q->verbose = true;
	q->level = ML_SAY_DETAIL;
	return MEMLOG_OK;
}

enum memlog_status ml_set_quiet(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	q->level = ML_SAY_ERROR;
	return MEMLOG_OK;
}

static enum memlog_status set_string(struct memlog_query *q, char **at,
				     const char *value, struct memlog_err *err)
{
	char *copy = ml_strdup(&q->alloc, value);

	if (!copy)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for options");
	ml_free(&q->alloc, *at);
	*at = copy;
	return MEMLOG_OK;
}

/* Names that an option takes: NULL-terminated. */
#define SET_NAMES 32

static bool set_has_name(const char *const *names, const char *name, size_t len)
{
	for (; *names; names++)
		if (strlen(*names) == len && !memcmp(*names, name, len))
			return true;
	return false;
}

/* "acrn-log or acrn-trace": the names that begin with what was typed. Returns how many
 * there are. */
static size_t set_begin(const char *typed, const char *const *names, char *list,
			size_t size)
{
	size_t len = strlen(typed), all = 0, i, n = 0, at = 0;

	for (i = 0; names[i]; i++)
		all += !strncmp(names[i], typed, len);
	for (i = 0; len && names[i] && at < size; i++)
		if (!strncmp(names[i], typed, len)) {
			n++;
			at += (size_t)snprintf(list + at, size - at, "%s%s",
					       n == 1	? "" :
					       n == all ? " or " :
							  ", ",
					       names[i]);
		}
	return n;
}

/* A value that is none of the names: which one was meant, or what there is. */
static enum memlog_status set_unknown(const char *what, const char *value,
				      size_t len, const char *const *names,
				      struct memlog_err *err)
{
	char typed[36], list[160] = "";
	struct ml_near near;
	size_t i, n;

	snprintf(typed, sizeof(typed), "%.*s", (int)ml_min(len, 32), value);
	n = set_begin(typed, names, list, sizeof(list));
	if (n)
		return ml_fail(err, MEMLOG_INVALID,
			       "unknown %s \"%s\"; did you mean %s?", what,
			       typed, list);
	ml_near_init(&near, typed);
	for (i = 0; names[i]; i++)
		ml_near_add(&near, names[i]);
	if (near.best)
		return ml_fail(err, MEMLOG_INVALID,
			       "unknown %s \"%s\"; did you mean %s?", what,
			       typed, near.best);
	for (i = 0; names[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
				      i ? ", " : "", names[i]);
	if (n >= sizeof(list))
		return ml_fail(err, MEMLOG_INVALID,
			       "unknown %s \"%s\"; --help lists them", what,
			       typed);
	return ml_fail(err, MEMLOG_INVALID, "unknown %s \"%s\"; there are %s",
		       what, typed, list);
}

/* A list of names, separated by commas. */
static enum memlog_status set_list(struct memlog_query *q, const char *what,
				   const char *value, const char *const *names,
				   char **ret, struct memlog_err *err)
{
	const char *p = value, *comma;
	size_t n;

	do {
		comma = strchr(p, ',');
		n = comma ? (size_t)(comma - p) : strlen(p);
		if (!set_has_name(names, p, n))
			return set_unknown(what, p, n, names, err);
		p += n + 1;
	} while (comma);
	return set_string(q, ret, value, err);
}

static void set_get_names(bool (*get)(size_t, const char **, const char **),
			  const char *names[SET_NAMES])
{
	const char *title;
	size_t i = 0;

	while (i + 2 < SET_NAMES && get(i, &names[i], &title))
		i++;
	names[i] = NULL;
}

enum memlog_status memlog_query_unknown(const char *what, const char *value,
					const char *const *names,
					struct memlog_err *err)
{
	return set_unknown(what, value, strlen(value), names, err);
}

enum memlog_status ml_set_formats(struct memlog_query *q, const char *value,
				  struct memlog_err *err)
{
	const char *names[SET_NAMES];
	size_t i;

	set_get_names(memlog_format_get, names);
	for (i = 0; names[i]; i++)
		;
	names[i] = ML_FORMATS_ALL;
	names[i + 1] = NULL;
	return set_list(q, "log format", value, names, &q->formats, err);
}

/* The outputs that the host can write: a debugger has no directory for those of
 * several files. */
static void set_render_names(const struct memlog_query *q,
			     const char *names[SET_NAMES])
{
	bool one = q->host == MEMLOG_HOST_CRASH || q->host == MEMLOG_HOST_GDB;
	size_t i, n = 0;

	for (i = 0; ml_renders[i] && n + 1 < SET_NAMES; i++)
		if (!one || !ml_renders[i]->directory)
			names[n++] = ml_renders[i]->name;
	names[n] = NULL;
}

enum memlog_status ml_set_render(struct memlog_query *q, const char *value,
				 struct memlog_err *err)
{
	const struct ml_render *r = ml_render_find(value);
	const char *names[SET_NAMES];

	if (!r) {
		set_render_names(q, names);
		return set_unknown("output format", value, strlen(value), names,
				   err);
	}
	q->render = r;
	return MEMLOG_OK;
}

enum memlog_status ml_set_scan(struct memlog_query *q, const char *value,
			       struct memlog_err *err)
{
	static const char *const names[] = { "likely", "pages", "exhaustive",
					     NULL };

	if (!strcmp(value, "likely"))
		q->scan = MEMLOG_SCAN_LIKELY;
	else if (!strcmp(value, "pages"))
		q->scan = MEMLOG_SCAN_PAGES;
	else if (!strcmp(value, "exhaustive"))
		q->scan = MEMLOG_SCAN_EXHAUSTIVE;
	else if (!strcmp(value, "auto"))
		q->scan = MEMLOG_SCAN_AUTO;
	else
		return set_unknown("mode", value, strlen(value), names, err);
	return MEMLOG_OK;
}

enum memlog_status ml_set_number(const char *value, const char *what,
				 uint64_t min, uint64_t max, uint64_t *ret,
				 struct memlog_err *err)
{
	const char *s = value;
	uint64_t v;

	if (!ml_take_number(&s, &v) || *s)
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a number of %s", value, what);
	if (v < min || v > max)
		return ml_fail(err, MEMLOG_INVALID,
			       "%.32s is out of range "
			       "(%" PRIu64 " to %" PRIu64 " %s)",
			       value, min, max, what);
	*ret = v;
	return MEMLOG_OK;
}

enum memlog_status ml_set_lines(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	bool oldest = value[0] == '+', sign = oldest || value[0] == '-';

	if (ml_set_number(value + sign, "lines", 0, UINT64_MAX, &q->count,
			  NULL))
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a number of lines: N or -N "
			       "for the newest N, +N for the first N",
			       value);
	q->has_count = true;
	q->newest = !oldest;
	return MEMLOG_OK;
}

enum memlog_status ml_set_after(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	enum memlog_status s =
		ml_set_number(value, "lines", 0, UINT64_MAX, &q->after, err);

	q->has_after |= !s;
	q->has_context |= !s;
	return s;
}

enum memlog_status ml_set_before(struct memlog_query *q, const char *value,
				 struct memlog_err *err)
{
	enum memlog_status s =
		ml_set_number(value, "lines", 0, UINT64_MAX, &q->before, err);

	q->has_before |= !s;
	q->has_context |= !s;
	return s;
}

/* Whichever comes first, -A and -B are more precise. */
enum memlog_status ml_set_around(struct memlog_query *q, const char *value,
				 struct memlog_err *err)
{
	uint64_t n;
	enum memlog_status s =
		ml_set_number(value, "lines", 0, UINT64_MAX, &n, err);

	if (s)
		return s;
	q->has_context = true;
	if (!q->has_after)
		q->after = n;
	if (!q->has_before)
		q->before = n;
	return MEMLOG_OK;
}

enum memlog_status ml_set_boot(struct memlog_query *q, const char *value,
			       struct memlog_err *err)
{
	const char *digits = value + (value[0] == '-');
	uint64_t n;

	if (ml_set_number(digits, "boots", 0, INT32_MAX, &n, NULL) ||
	    (n && digits == value))
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a boot: 0 is the current one, "
			       "-1 the one before",
			       value);
	q->has_boot = true;
	q->boot = -(int32_t)n;
	return MEMLOG_OK;
}

enum memlog_status ml_set_threads(struct memlog_query *q, const char *value,
				  struct memlog_err *err)
{
	uint64_t n = 0;
	enum memlog_status s =
		ml_set_number(value, "threads", 1, ML_MAX_THREADS, &n, err);

	if (!s)
		q->threads = (unsigned int)n;
	return s;
}

enum memlog_status ml_set_tsc(struct memlog_query *q, const char *value,
			      struct memlog_err *err)
{
	const char *s = value;
	double mhz;

	/* at least 1 Hz, and within 64 bits */
	if (!ml_take_decimal(&s, &mhz) || *s || mhz * 1e6 < 1 || mhz > 1e9)
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a rate in MHz such as 2899.8",
			       value);
	q->tsc_hz = (uint64_t)(mhz * 1e6 + 0.5);
	return MEMLOG_OK;
}

enum memlog_status ml_set_at(struct memlog_query *q, const char *value,
			     struct memlog_err *err)
{
	enum memlog_status s;

	if (q->n_at == ML_QUERY_ATS)
		return ml_fail(err, MEMLOG_LIMIT, "more than %d addresses",
			       ML_QUERY_ATS);
	s = ml_parse_at(q, value, &q->at[q->n_at], err);
	if (!s)
		q->n_at++;
	return s;
}

enum memlog_status ml_set_cpus(struct memlog_query *q, const char *value,
			       struct memlog_err *err)
{
	enum memlog_status s = ml_filter_cpus(&q->filter, value, err);

	/* the filter must not keep the caller's string */
	q->filter.cpus = q->cpus;
	if (!s)
		s = set_string(q, &q->cpus, value, err);
	q->filter.cpus = q->cpus;
	return s;
}

enum memlog_status ml_set_color(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	static const char *const names[] = { "always", "never", NULL };
	bool always = !strcmp(value, "always") || !strcmp(value, "yes");

	if (!always && strcmp(value, "never") && strcmp(value, "no"))
		return set_unknown("value", value, strlen(value), names, err);
	q->color = always;
	return MEMLOG_OK;
}

enum memlog_status ml_set_time_format(struct memlog_query *q, const char *value,
				      struct memlog_err *err)
{
	static const char *const names[] = { "seconds", "ticks", "none",
					     "arrival", NULL };
	size_t len = strlen(value);

	if (!set_has_name(names, value, len))
		return set_unknown("time format", value, len, names, err);
	return set_string(q, &q->time_format, value, err);
}

enum memlog_status ml_set_stats(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	const char *names[SET_NAMES];

	set_get_names(ml_analysis_get, names);
	return set_list(q, "table", value, names, &q->stats, err);
}

enum memlog_status ml_set_json(struct memlog_query *q, const char *value,
			       struct memlog_err *err)
{
	q->render = &ml_render_json;
	return MEMLOG_OK;
}

enum memlog_status ml_set_raw(struct memlog_query *q, const char *value,
			      struct memlog_err *err)
{
	q->render = &ml_render_raw;
	return MEMLOG_OK;
}

enum memlog_status ml_set_grep(struct memlog_query *q, const char *value,
			       struct memlog_err *err)
{
	return ml_patterns_add(&q->filter.patterns, &q->alloc, value, err);
}

enum memlog_status ml_set_ignore_case(struct memlog_query *q, const char *value,
				      struct memlog_err *err)
{
	return ml_patterns_case(&q->filter.patterns, ML_REGEX_IGNORE, err);
}

enum memlog_status ml_set_exact_case(struct memlog_query *q, const char *value,
				     struct memlog_err *err)
{
	return ml_patterns_case(&q->filter.patterns, ML_REGEX_EXACT, err);
}

enum memlog_status ml_set_invert(struct memlog_query *q, const char *value,
				 struct memlog_err *err)
{
	q->filter.patterns.invert = true;
	return MEMLOG_OK;
}

enum memlog_status ml_set_level(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	return ml_filter_level(&q->filter, value, err);
}

enum memlog_status ml_set_component(struct memlog_query *q, const char *value,
				    struct memlog_err *err)
{
	enum memlog_status s;

	if (!*value)
		return ml_fail(err, MEMLOG_INVALID, "the name is empty");
	s = set_string(q, &q->component, value, err);
	q->filter.component = q->component;
	return s;
}

enum memlog_status ml_set_since(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	return ml_when_parse(value, &q->filter.since, err);
}

enum memlog_status ml_set_until(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	return ml_when_parse(value, &q->filter.until, err);
}
