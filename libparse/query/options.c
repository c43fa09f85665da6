/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* options.c - the options that all front ends share, and who has which. */
#include "options.h"

#include <string.h>

#include "base/err.h"
#include "base/sized.h"

/* PLUGINS: a command of its own name or meaning has it in memlog-dump. COMMAND:
 * in memlog-dump alone. */
enum { EVERYWHERE, PLUGINS, COMMAND };

static const struct opt {
	enum ml_opt_id id;
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
	{ OPT_THREADS, "threads", 0, "N", "search with N threads, at most 16", 0 },
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
	s = ml_query_set(query, o->id, value, err);
	return s ? ml_prefix(err, s, "--%s", o->name) : s;
}
