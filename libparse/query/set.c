/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set.c - what the value of an option may be, and where it goes. */
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "render/tables/stats.h"
#include "acrn.h"

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

static bool known_format(const char *name, size_t len)
{
	const char *have, *title;
	size_t i;

	for (i = 0; memlog_format_get(i, &have, &title); i++)
		if (strlen(have) == len && !memcmp(have, name, len))
			return true;
	return false;
}

/* "ovmf, acrn" into a buffer: what can be asked for. */
static void join_names(bool (*get)(size_t, const char **, const char **),
		       char *buf, size_t size)
{
	const char *name, *title;
	size_t i, n = 0;

	buf[0] = '\0';
	for (i = 0; get(i, &name, &title) && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s",
				      i ? ", " : "", name);
}

static enum memlog_status set_formats(struct memlog_query *q, const char *value,
				      struct memlog_err *err)
{
	const char *p = value, *comma;
	char names[128];
	size_t n;

	do {
		comma = strchr(p, ',');
		n = comma ? (size_t)(comma - p) : strlen(p);
		if (!known_format(p, n)) {
			join_names(memlog_format_get, names, sizeof(names));
			return ml_fail(err, MEMLOG_INVALID,
				       "no log format \"%.*s\": there %s %s",
				       (int)ml_min(n, 32), p,
				       strchr(names, ',') ? "are" : "is",
				       names);
		}
		p += n + 1;
	} while (comma);
	return set_string(q, &q->formats, value, err);
}

static enum memlog_status set_render(struct memlog_query *q, const char *value,
				     struct memlog_err *err)
{
	const struct ml_render *r = ml_render_find(value);
	char names[128];

	if (!r) {
		join_names(memlog_render_get, names, sizeof(names));
		return ml_fail(err, MEMLOG_INVALID,
			       "no output format \"%.32s\": there are %s",
			       value, names);
	}
	q->render = r;
	return MEMLOG_OK;
}

static enum memlog_status set_scan(struct memlog_query *q, const char *value,
				   struct memlog_err *err)
{
	if (!strcmp(value, "likely"))
		q->scan = MEMLOG_SCAN_LIKELY;
	else if (!strcmp(value, "pages"))
		q->scan = MEMLOG_SCAN_PAGES;
	else if (!strcmp(value, "exhaustive"))
		q->scan = MEMLOG_SCAN_EXHAUSTIVE;
	else if (!strcmp(value, "auto"))
		q->scan = MEMLOG_SCAN_AUTO;
	else
		return ml_fail(err, MEMLOG_INVALID,
			       "no search \"%.32s\": there are likely, pages "
			       "and exhaustive", value);
	return MEMLOG_OK;
}

static enum memlog_status number_of(const char *value, const char *what,
				    uint64_t min, uint64_t max, uint64_t *ret,
				    struct memlog_err *err)
{
	const char *s = value;
	uint64_t v;

	if (!ml_take_number(&s, &v) || *s)
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a number of %s", value, what);
	if (v < min || v > max)
		return ml_fail(err, MEMLOG_INVALID, "%.32s is not from %" PRIu64
			       " to %" PRIu64 " %s", value, min, max, what);
	*ret = v;
	return MEMLOG_OK;
}

static enum memlog_status set_lines(struct memlog_query *q, const char *value,
				    struct memlog_err *err)
{
	bool newest = value[0] == '-';

	if (number_of(value + newest, "lines", 0, UINT64_MAX, &q->count, NULL))
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a number of lines, nor -N "
			       "for the newest N", value);
	q->has_count = true;
	q->newest = newest;
	return MEMLOG_OK;
}

static enum memlog_status set_limit(struct memlog_query *q, const char *value,
				    struct memlog_err *err)
{
	const char *eq = strchr(value, '=');
	size_t n = eq ? (size_t)(eq - value) : 0;
	enum memlog_status s;

	if (n == 4 && !memcmp(value, "logs", n))
		return number_of(eq + 1, "logs", 1, UINT32_MAX, &q->max_logs,
				 err);
	if (n == 12 && !memcmp(value, "acrnlog-size", n)) {
		s = number_of(eq + 1, "bytes", 0, UINT64_MAX, &q->acrnlog_size,
			      err);
		q->has_acrnlog_size |= !s;
		return s;
	}
	if (n == 13 && !memcmp(value, "acrnlog-files", n))
		return number_of(eq + 1, "files", 0, UINT32_MAX,
				 &q->acrnlog_files, err);
	return ml_fail(err, MEMLOG_INVALID,
		       "no limit \"%.32s\": there are logs=N, the number of "
		       "logs that are kept of one image, acrnlog-size=BYTES "
		       "and acrnlog-files=N", value);
}

static enum memlog_status set_threads(struct memlog_query *q, const char *value,
				      struct memlog_err *err)
{
	uint64_t n;
	enum memlog_status s = number_of(value, "threads", 0,
					 ML_MAX_THREADS, &n, err);

	if (!s)
		q->threads = (unsigned int)n;
	return s;
}

static enum memlog_status set_tsc(struct memlog_query *q, const char *value,
				  struct memlog_err *err)
{
	double mhz;

	/* a rate of a whole Hz, that fits */
	if (ml_filter_time(value, &mhz, NULL) || mhz * 1e6 < 1 || mhz > 1e9)
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a rate in MHz such as 2899.8",
			       value);
	q->tsc_hz = (uint64_t)(mhz * 1e6 + 0.5);
	return MEMLOG_OK;
}

static enum memlog_status set_at(struct memlog_query *q, const char *value,
				 struct memlog_err *err)
{
	enum memlog_status s;

	if (q->n_at == ML_QUERY_ATS)
		return ml_fail(err, MEMLOG_LIMIT, "more than %d addresses",
			       ML_QUERY_ATS);
	s = ml_parse_at(value, &q->at[q->n_at], err);
	if (!s)
		q->n_at++;
	return s;
}

static enum memlog_status set_cpus(struct memlog_query *q, const char *value,
				   struct memlog_err *err)
{
	enum memlog_status s = ml_filter_cpus(&q->filter, value, err);

	/* the filter must not keep what the caller owns */
	q->filter.cpus = q->cpus;
	if (!s)
		s = set_string(q, &q->cpus, value, err);
	q->filter.cpus = q->cpus;
	return s;
}

static enum memlog_status set_color(struct memlog_query *q, const char *value,
				    struct memlog_err *err)
{
	bool always = !strcmp(value, "always");

	if (!always && strcmp(value, "never"))
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is neither always nor never", value);
	q->color = always;
	return MEMLOG_OK;
}

static enum memlog_status set_time_format(struct memlog_query *q,
					  const char *value,
					  struct memlog_err *err)
{
	if (strcmp(value, "seconds") && strcmp(value, "ticks") &&
	    strcmp(value, "none"))
		return ml_fail(err, MEMLOG_INVALID,
			       "no time format \"%.32s\": there are seconds, "
			       "ticks and none", value);
	return set_string(q, &q->time_format, value, err);
}

static enum memlog_status set_stats(struct memlog_query *q, const char *value,
				    struct memlog_err *err)
{
	if (!ml_stats_list_valid(value))
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.32s\" is not a list of vm_exit, irq and "
			       "cpu_usage", value);
	return set_string(q, &q->stats, value, err);
}

static enum memlog_status set_flag(struct memlog_query *q, enum ml_opt_id id)
{
	switch (id) {
	case OPT_INFO:
		q->info = true;
		break;
	case OPT_LIST:
		q->list = true;
		break;
	case OPT_EXTRACT:
		q->extract = true;
		break;
	case OPT_FOLLOW:
		q->follow = true;
		break;
	case OPT_ALL:
		q->all = true;
		break;
	case OPT_UNCOMMITTED:
		q->uncommitted = true;
		break;
	case OPT_CONSUMED:
		q->consumed = true;
		break;
	case OPT_FORCE:
		q->force = true;
		break;
	case OPT_VERBOSE:
		q->verbose = true;
		break;
	case OPT_JSON:
		q->render = &ml_render_json;
		break;
	case OPT_RAW:
		q->render = &ml_render_raw;
		break;
	default:
		break;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_query_set(struct memlog_query *q, enum ml_opt_id id,
				const char *value, struct memlog_err *err)
{
	struct ml_filter *f = &q->filter;
	enum memlog_status s;

	switch (id) {
	case OPT_FORMAT:
		return set_formats(q, value, err);
	case OPT_SCAN:
		return set_scan(q, value, err);
	case OPT_AT:
		return set_at(q, value, err);
	case OPT_RANGE:
		return ml_parse_range(q, value, err);
	case OPT_GREP:
		return ml_filter_regex(f, value, err);
	case OPT_LINES:
		return set_lines(q, value, err);
	case OPT_LEVEL:
		return ml_filter_level(f, value, err);
	case OPT_COMPONENT:
		s = set_string(q, &q->component, value, err);
		f->component = q->component;
		return s;
	case OPT_CPU:
		return set_cpus(q, value, err);
	case OPT_SINCE:
		s = ml_filter_time(value, &f->since, err);
		f->has_since |= !s;
		return s;
	case OPT_UNTIL:
		s = ml_filter_time(value, &f->until, err);
		f->has_until |= !s;
		return s;
	case OPT_OUTPUT:
		return set_render(q, value, err);
	case OPT_TSC:
		return set_tsc(q, value, err);
	case OPT_STATS:
		return set_stats(q, value, err);
	case OPT_ACRN_FORMATS:
		return ml_query_rules(q, value, err);
	case OPT_TIME_FORMAT:
		return set_time_format(q, value, err);
	case OPT_LIMIT:
		return set_limit(q, value, err);
	case OPT_THREADS:
		return set_threads(q, value, err);
	case OPT_COLOR:
		return set_color(q, value, err);
	default:
		return set_flag(q, id);
	}
}
