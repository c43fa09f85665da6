/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* options.c - the options that all front ends share. */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/err.h"
#include "../base/sized.h"
#include "../format/format.h"
#include "../render/stats.h"
#include "../scan/scan.h"
#include "acrn.h"

enum opt_id {
	OPT_INFO, OPT_LIST, OPT_EXTRACT, OPT_FOLLOW, OPT_ALL, OPT_FORMAT, OPT_SCAN, OPT_AT,
	OPT_RANGE, OPT_GREP, OPT_LINES, OPT_LEVEL, OPT_COMPONENT, OPT_CPU,
	OPT_SINCE, OPT_UNTIL, OPT_OUTPUT, OPT_JSON, OPT_RAW, OPT_UNCOMMITTED,
	OPT_CONSUMED, OPT_TSC, OPT_TIME_FORMAT, OPT_LIMIT, OPT_THREADS,
	OPT_STATS, OPT_ACRN_FORMATS, OPT_FORCE, OPT_COLOR, OPT_VERBOSE,
};

/* PLUGINS: a command of its own name or meaning has it in memlog-dump. COMMAND:
 * in memlog-dump alone. */
enum { EVERYWHERE, PLUGINS, COMMAND };

static const struct opt {
	enum opt_id id;
	const char *name;
	char letter;
	const char *value, *help;
	int where;
} opts[] = {
	{ OPT_INFO, "info", 0, NULL,
	  "what the image is: format, memory, notes, what is missing", 0 },
	{ OPT_LIST, "list", 0, NULL,
	  "the logs that were found, one line each", 0 },
	{ OPT_EXTRACT, "extract", 0, NULL,
	  "a small ELF core of the logs alone", PLUGINS },
	{ OPT_FOLLOW, "follow", 'w', NULL,
	  "go on with what a running guest writes, through resets", COMMAND },
	{ OPT_ALL, "all", 'a', NULL,
	  "logs of older boots and copies as well", 0 },
	{ OPT_FORMAT, "format", 'F', "LIST", "only logs of these formats", 0 },
	{ OPT_SCAN, "scan", 0, "MODE",
	  "where to look: likely, pages (default) or exhaustive", 0 },
	{ OPT_AT, "at", 0, "[SPACE:]ADDR",
	  "the log that starts there, without a search", 0 },
	{ OPT_RANGE, "range", 0, "A-B|A+SIZE",
	  "look only there; may be given again", 0 },
	{ OPT_GREP, "grep", 'g', "REGEX",
	  "only lines that match an extended regular expression", 0 },
	{ OPT_LINES, "lines", 'n', "[-]N",
	  "only the first N lines of each log; -N: the newest N", 0 },
	{ OPT_LEVEL, "level", 'l', "LEVEL[+]",
	  "only that level; with + that and more urgent ones", 0 },
	{ OPT_COMPONENT, "component", 'c', "NAME",
	  "only what that component wrote", 0 },
	{ OPT_CPU, "cpu", 0, "LIST", "only these CPUs, such as 0-3,8", 0 },
	{ OPT_SINCE, "since", 0, "SECONDS", "only from that time on", 0 },
	{ OPT_UNTIL, "until", 0, "SECONDS", "only up to that time", 0 },
	{ OPT_OUTPUT, "output-format", 'O', "NAME", "how to write it", 0 },
	{ OPT_JSON, "json", 'J', NULL, "the same as -O json", 0 },
	{ OPT_RAW, "raw", 'r', NULL, "the same as -O raw", 0 },
	{ OPT_UNCOMMITTED, "uncommitted", 0, NULL,
	  "text too that was copied but not yet counted", 0 },
	{ OPT_CONSUMED, "consumed", 0, NULL,
	  "text too that the log's own reader has taken", 0 },
	{ OPT_STATS, "stats", 0, "LIST",
	  "a trace in numbers: vm_exit, irq, cpu_usage", 0 },
	{ OPT_ACRN_FORMATS, "acrn-formats", 0, "FILE",
	  "text of ACRN's events by the rules of this file", 0 },
	{ OPT_TSC, "tsc-mhz", 0, "N", "the rate of time stamps in cycles", 0 },
	{ OPT_TIME_FORMAT, "time-format", 0, "NAME",
	  "seconds (default), ticks or none", 0 },
	{ OPT_LIMIT, "limit", 0, "NAME=VALUE",
	  "logs=N that are kept; acrnlog-size=BYTES, acrnlog-files=N", 0 },
	{ OPT_THREADS, "threads", 0, "N", "search with N threads", 0 },
	{ OPT_FORCE, "force", 0, NULL,
	  "raw bytes to a terminal all the same", PLUGINS },
	{ OPT_COLOR, "color", 0, "WHEN", "always or never", PLUGINS },
	{ OPT_VERBOSE, "verbose", 'v', NULL,
	  "all ranges and notes; say what is done", 0 },
};
#define N_OPTS (sizeof(opts) / sizeof(opts[0]))

enum memlog_status memlog_query_create(const struct memlog_allocator *allocator,
				       enum memlog_host host,
				       struct memlog_query **ret,
				       struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(allocator);
	struct memlog_query *q = ml_calloc(&a, 1, sizeof(*q));

	if (!q)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a query");
	q->alloc = a;
	q->host = host;
	/* no threads of ours in somebody else's program */
	q->threads = host == MEMLOG_HOST_COMMAND ? 0 : 1;
	q->scan = MEMLOG_SCAN_AUTO;
	q->render = ml_renders[0];
	*ret = q;
	return MEMLOG_OK;
}

void memlog_query_destroy(struct memlog_query *query)
{
	struct memlog_allocator a;

	if (!query)
		return;
	a = query->alloc;
	ml_filter_fini(&query->filter);
	ml_free(&a, query->formats);
	ml_free(&a, query->component);
	ml_free(&a, query->cpus);
	ml_free(&a, query->time_format);
	ml_free(&a, query->stats);
	ml_free(&a, query->acrn_rules);
	ml_free(&a, query);
}

bool memlog_query_option_get(enum memlog_host host, size_t index,
			     struct memlog_query_option_info *ret)
{
	struct memlog_query_option_info info = { 0 };
	size_t i;

	for (i = 0; i < N_OPTS; i++) {
		if (opts[i].where == (host == MEMLOG_HOST_COMMAND ? PLUGINS :
								    COMMAND))
			continue;
		if (index--)
			continue;
		info.name = opts[i].name;
		info.letter = opts[i].letter;
		info.value = opts[i].value;
		info.help = opts[i].help;
		ml_sized_out(ret, &info, sizeof(info));
		return true;
	}
	return false;
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
	enum memlog_status s = number_of(value, "threads", 0, 256, &n, err);

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

const struct ml_render *ml_query_writer(const struct memlog_query *q)
{
	if (!q->stats || q->info || q->list || q->extract)
		return q->render;
	if (!strcmp(q->render->name, "text"))
		return &ml_render_stats;
	return strncmp(q->render->name, "json", 4) ? q->render :
						     &ml_render_stats_json;
}

bool memlog_query_wants_folder(const struct memlog_query *query)
{
	return !query->info && !query->list && !query->extract &&
	       ml_query_writer(query)->folder;
}

static enum memlog_status set_flag(struct memlog_query *q, enum opt_id id)
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
		q->render = ml_render_find("json");
		break;
	case OPT_RAW:
		q->render = ml_render_find("raw");
		break;
	default:
		break;
	}
	return MEMLOG_OK;
}

static enum memlog_status set_value(struct memlog_query *q, enum opt_id id,
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

enum memlog_status memlog_query_option(struct memlog_query *query,
				       const char *name, const char *value,
				       struct memlog_err *err)
{
	const struct opt *o = NULL;
	enum memlog_status s;
	size_t i;

	for (i = 0; i < N_OPTS && !o; i++)
		if (!strcmp(opts[i].name, name) ||
		    (opts[i].letter && name[0] == opts[i].letter && !name[1]))
			o = &opts[i];
	if (!o || (o->where == COMMAND && query->host != MEMLOG_HOST_COMMAND))
		return ml_fail(err, MEMLOG_NOT_MINE, "no option \"%.32s\"",
			       name);
	if (!o->value != !value)
		return ml_fail(err, MEMLOG_INVALID, "--%s takes %s%s", o->name,
			       o->value ? "a value: " : "no value",
			       o->value ? o->value : "");
	s = set_value(query, o->id, value, err);
	return s ? ml_prefix(err, s, "--%s", o->name) : s;
}

enum memlog_status ml_query_check(const struct memlog_query *q,
				  struct memlog_err *err)
{
	const char *r = q->render->name;

	if (q->info + q->list + q->extract > 1)
		return ml_fail(err, MEMLOG_INVALID,
			       "one of --info, --list and --extract at a time");
	if (q->follow && (q->info || q->list || q->extract || q->n_at ||
			  q->stats || !q->render->flush))
		return ml_fail(err, MEMLOG_INVALID,
			       "-w prints one log as it grows, as text, raw, "
			       "json or json-seq: leave out --info, --list, "
			       "--extract, --at and --stats");
	if (q->extract && strcmp(r, "text"))
		return ml_fail(err, MEMLOG_INVALID,
			       "--extract writes an ELF core: leave out -O %s",
			       r);
	if ((q->info || q->list) && strcmp(r, "text") && strcmp(r, "json") &&
	    strcmp(r, "json-seq"))
		return ml_fail(err, MEMLOG_INVALID,
			       "--%s is written as text, json or json-seq, "
			       "not as %s", q->info ? "info" : "list", r);
	if (q->stats && strcmp(r, "text") && strcmp(r, "csv") &&
	    strcmp(r, "json"))
		return ml_fail(err, MEMLOG_INVALID,
			       "--stats is written as text, csv or json, not "
			       "as %s", r);
	if (!q->stats && !strcmp(r, "csv"))
		return ml_fail(err, MEMLOG_INVALID,
			       "-O csv writes the tables of --stats: say which");
	if (q->n_at && (q->n_ranges || q->scan == MEMLOG_SCAN_EXHAUSTIVE))
		return ml_fail(err, MEMLOG_INVALID,
			       "--at does not search: leave out --range and "
			       "--scan, or --at");
	return MEMLOG_OK;
}

void memlog_query_stream(const struct memlog_query *q, const char **ret_formats,
			 bool *ret_whole)
{
	size_t i;

	*ret_formats = q->formats;
	*ret_whole = q->n_at || q->n_ranges ||
		     q->scan == MEMLOG_SCAN_EXHAUSTIVE;
	for (i = 0; q->formats && ml_formats[i]; i++)
		*ret_whole |= ml_formats[i]->needs_random &&
			      ml_name_in_list(q->formats, ml_formats[i]->name);
}
