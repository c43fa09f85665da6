/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* options.c - the table of options: one row each, and who has it. */
#include "query.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/names.h"
#include "base/sized.h"
#include "record/timeline/timeline.h"
#include "render/tables/stats.h"
#include "rules.h"
#include "render/summary.h"
#include "set.h"

enum {
	DUMP = 1 << MEMLOG_HOST_COMMAND,
	CRASH = 1 << MEMLOG_HOST_CRASH,
	GDB = 1 << MEMLOG_HOST_GDB,
	LIBRARY = 1 << MEMLOG_HOST_LIBRARY,
	PLUGINS = CRASH | GDB,
	ALL = DUMP | PLUGINS | LIBRARY,
	NONE = 0,
};

/* An option that a host lacks is either one it cannot support, or one that an
 * option of its own sets, or replaces. One that hosts describe differently has
 * several rows, with the same setter. */
static const struct option_row {
	const char *name;
	char letter;
	const char *value; /* the name of its value; NULL: takes none */
	const char *help;
	unsigned int hosts;
	ml_setter *set;
} option_rows[] = {
	{ "info", 0, NULL, "show the image: format, memory, notes, gaps", ALL,
	  ml_set_info },
	{ "list", 0, NULL, "list the logs; +2 after an address: 2 more parts",
	  ALL, ml_set_list },
	{ "list-boots", 0, NULL, "list the boots that there are logs of", ALL,
	  ml_set_list_boots },
	{ "signature", 0, NULL, "print a short key of what went wrong", ALL,
	  ml_set_signature },
	{ "extract", 0, NULL, "write only the logs, as a small ELF core",
	  PLUGINS | LIBRARY, ml_set_extract },
	{ "follow", 'w', NULL,
	  "follow a running guest's log, across resets (or -f)", DUMP | LIBRARY,
	  ml_set_follow },
	{ "all", 'a', NULL, "also print logs of earlier boots and stale copies",
	  ALL, ml_set_all },
	{ "boot", 'b', "N", "print only boot N: 0 current, -1 the one before",
	  ALL, ml_set_boot },
	{ "format", 'F', "LIST", "search only for logs of these formats", ALL,
	  ml_set_formats },
	{ "scan", 0, "MODE", "search in: likely, pages (default) or exhaustive",
	  ALL, ml_set_scan },
	{ "at", 0, "[SPACE:]ADDR", "print the log at ADDR without searching",
	  ALL, ml_set_at },
	{ "range", 0, "A-B|A+SIZE", "search only this range (repeatable)", ALL,
	  ml_parse_range },
	{ "grep", 'g', "REGEX",
	  "print only lines that match REGEX (repeatable)", ALL, ml_set_grep },
	{ "ignore-case", 'i', NULL,
	  "match also if REGEX has upper-case letters", ALL,
	  ml_set_ignore_case },
	{ "case-sensitive", 0, NULL, "match case also if it has none", ALL,
	  ml_set_exact_case },
	{ "invert-match", 0, NULL, "print lines that match no REGEX", ALL,
	  ml_set_invert },
	{ "after-context", 'A', "N", "print N lines after each that matches",
	  ALL, ml_set_after },
	{ "before-context", 'B', "N", "print N lines before each that matches",
	  ALL, ml_set_before },
	{ "context", 'C', "N", "print N lines before and after each", ALL,
	  ml_set_around },
	{ "lines", 'n', "[+]N",
	  "print the newest N lines of a log; +N: the first", ALL,
	  ml_set_lines },
	{ "level", 'l', "LEVELS",
	  "print only these: err,warn, crit..warn or err+", ALL, ml_set_level },
	{ "component", 'c', "NAME", "print only messages of this component",
	  ALL, ml_set_component },
	{ "cpu", 0, "LIST", "print only these CPUs, such as 0-3,8", ALL,
	  ml_set_cpus },
	{ "since", 0, "TIME",
	  "print only from then on: 12.5, 500ms, -5, a date", ALL,
	  ml_set_since },
	{ "until", 0, "TIME", "print only up to then", ALL, ml_set_until },
	{ "output-format", 'O', "NAME", "output format; text is the default",
	  ALL, ml_set_render },
	{ "json", 'J', NULL, "the same as -O json", ALL, ml_set_json },
	{ "raw", 'r', NULL, "the same as -O raw", ALL, ml_set_raw },
	{ "uncommitted", 0, NULL, "include text written but not yet committed",
	  ALL, ml_set_uncommitted },
	{ "consumed", 0, NULL, "include text its own reader already consumed",
	  ALL, ml_set_consumed },
	{ "merge", 0, NULL, "merge the CPUs of a trace by time", ALL,
	  ml_set_merge },
	{ "stats", 0, "LIST",
	  "a summary: vm_exit, irq, cpu_usage, hyp_exit, boot", ALL,
	  ml_set_stats },
	{ "acrn-formats", 0, "FILE",
	  "format ACRN events with the rules in FILE", ALL, ml_query_rules },
	{ "tsc-mhz", 0, "N", "TSC frequency, for timestamps in cycles", ALL,
	  ml_set_tsc },
	{ "time-format", 0, "NAME",
	  "seconds (default), ticks, none; -w: arrival", DUMP | LIBRARY,
	  ml_set_time_format },
	{ "time-format", 0, "NAME", "seconds (default), ticks, none", PLUGINS,
	  ml_set_time_format },
	{ "delta", 'd', NULL, "print the time since the line before", ALL,
	  ml_set_delta },
	{ "limit", 0, "NAME=VALUE",
	  "of logs, window, acrnlog-size or acrnlog-files", DUMP | LIBRARY,
	  ml_set_limit },
	{ "limit", 0, "logs=N", "keep N logs of those that are found", PLUGINS,
	  ml_set_limit },
	/* debuggers read memory in one thread, and never map a file */
	{ "threads", 0, "N", "search with N threads, at most 16",
	  DUMP | LIBRARY, ml_set_threads },
	{ "strict", 0, NULL, "exit with status 4 if anything is incomplete",
	  DUMP | LIBRARY, ml_set_strict },
	{ "strict", 0, NULL, "report an error if anything is incomplete",
	  PLUGINS, ml_set_strict },
	{ "force", 0, NULL, "allow raw output to a terminal", PLUGINS | LIBRARY,
	  ml_set_force },
	{ "color", 0, "WHEN", "always or never", PLUGINS | LIBRARY,
	  ml_set_color },
	{ "verbose", 'v', NULL,
	  "explain what is done; list all ranges and notes", ALL,
	  ml_set_verbose },
	{ "quiet", 'q', NULL, "print only error messages, besides the data",
	  ALL, ml_set_quiet },
	/* front ends have these, and what they do depends on the others */
	{ "symbols", 's', NULL, NULL, NONE, NULL },
	{ "output", 'o', NULL, NULL, NONE, NULL },
};
#define N_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))
_Static_assert(N_ROWS <= 64, "struct memlog_query has a bit for each");

enum memlog_status memlog_query_create(const struct memlog_allocator *allocator,
				       enum memlog_host host,
				       struct memlog_query **ret,
				       struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(allocator);
	struct memlog_query *q;

	if ((unsigned int)host > MEMLOG_HOST_LIBRARY)
		return ml_fail(err, MEMLOG_INVALID, "unknown host %u",
			       (unsigned int)host);
	q = ml_calloc(&a, 1, sizeof(*q));
	if (!q)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a query");
	q->alloc = a;
	q->host = host;
	/* no threads of ours in another program */
	q->threads = host == MEMLOG_HOST_COMMAND ? 0 : 1;
	q->scan = MEMLOG_SCAN_AUTO;
	q->render = ml_renders[0];
	q->level = ML_SAY_NOTE;
	*ret = q;
	return MEMLOG_OK;
}

void memlog_query_destroy(struct memlog_query *query)
{
	struct memlog_allocator a;

	if (!query)
		return;
	a = query->alloc;
	ml_timeline_destroy(query->timeline);
	ml_filter_fini(&query->filter);
	ml_free(&a, query->formats);
	ml_free(&a, query->component);
	ml_free(&a, query->cpus);
	ml_free(&a, query->time_format);
	ml_free(&a, query->stats);
	ml_free(&a, query->rules);
	ml_free(&a, query->rules_file);
	ml_free(&a, query);
}

bool ml_query_prints(const struct memlog_query *q)
{
	return !q->info && !q->list && !q->list_boots && !q->extract;
}

bool ml_query_arrival(const struct memlog_query *q)
{
	return q->time_format && !strcmp(q->time_format, "arrival");
}

const struct ml_render *ml_query_writer(const struct memlog_query *q)
{
	if (q->signature)
		return &ml_render_summary;
	if (!q->stats || !ml_query_prints(q) || !q->render->tables)
		return q->render;
	return q->render->tables;
}

bool ml_query_timeline(const struct memlog_query *q)
{
	return ml_query_prints(q) && ml_query_writer(q)->timeline &&
	       (!q->stats || ml_analysis_boot(q->stats));
}

int memlog_query_level(const struct memlog_query *query)
{
	return query->level;
}

bool memlog_query_wants_directory(const struct memlog_query *query)
{
	return ml_query_prints(query) && ml_query_writer(query)->directory;
}

/* The row of a front end's own options, in our size; false after the last. */
static bool options_own(const struct memlog_option *own, size_t index,
			struct memlog_option *ret)
{
	if (!own)
		return false;
	ml_sized_in(ret, sizeof(*ret), (const char *)own + index * own->size);
	return ret->name;
}

static bool options_has_own(const struct memlog_option *own, const char *name)
{
	struct memlog_option o;
	size_t i;

	for (i = 0; options_own(own, i, &o); i++)
		if (!strcmp(o.name, name))
			return true;
	return false;
}

bool ml_options_next(struct ml_options *o)
{
	const struct option_row *row;

	while (o->next < N_ROWS) {
		row = &option_rows[o->next++];
		if (!(row->hosts & o->hosts) ||
		    options_has_own(o->own, row->name))
			continue;
		o->option = (struct memlog_option){
			.size = sizeof(o->option),
			.name = row->name,
			.letter = row->letter,
			.value = row->value,
			.help = row->help,
		};
		o->set = row->set;
		return true;
	}
	o->set = NULL;
	return options_own(o->own, o->next++ - N_ROWS, &o->option);
}

void ml_query_note(struct memlog_query *query, const char *name, ml_setter *set)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		if (option_rows[i].set == set &&
		    !strcmp(option_rows[i].name, name))
			query->given |= UINT64_C(1) << i;
}

bool ml_query_given(const struct memlog_query *query, const char *names,
		    char ret[ML_OPTION_TYPED])
{
	const struct option_row *row;
	size_t i;

	for (i = 0; i < N_ROWS; i++) {
		row = &option_rows[i];
		if (!(query->given >> i & 1) ||
		    !ml_name_in_list(names, row->name))
			continue;
		if (row->letter)
			snprintf(ret, ML_OPTION_TYPED, "-%c", row->letter);
		else
			snprintf(ret, ML_OPTION_TYPED, "--%s", row->name);
		return true;
	}
	return false;
}

static unsigned int options_hosts(enum memlog_host host)
{
	return (unsigned int)host > MEMLOG_HOST_LIBRARY ? 0 : 1u << host;
}

bool memlog_query_option_get(enum memlog_host host, size_t index,
			     struct memlog_option *ret)
{
	struct ml_options o = { .hosts = options_hosts(host) };

	do {
		if (!ml_options_next(&o))
			return false;
	} while (index--);
	ml_sized_out(ret, &o.option, sizeof(o.option));
	return true;
}

bool memlog_query_help(enum memlog_host host, const struct memlog_option *own,
		       size_t index, char *ret, size_t size)
{
	struct ml_options o = { .hosts = options_hosts(host), .own = own };
	const struct memlog_option *opt = &o.option;
	char left[64];

	do {
		do {
			if (!ml_options_next(&o))
				return false;
		} while (!opt->help);
	} while (index--);
	snprintf(left, sizeof(left), "%c%c%s --%s%s%s%s",
		 opt->letter ? '-' : ' ', opt->letter ? opt->letter : ' ',
		 opt->letter ? "," : " ", opt->name,
		 !opt->value   ? "" :
		 opt->optional ? "[=" :
				 "=",
		 opt->value ? opt->value : "",
		 opt->value && opt->optional ? "]" : "");
	snprintf(ret, size, "%-24s %s", left, opt->help);
	return true;
}
