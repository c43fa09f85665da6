/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* takes.c - options that only some log formats know: refused where no such log
 * can be printed, and reported where none is. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/names.h"
#include "base/sized.h"
#include "render/tables/stats.h"

/* Room for the names of all symbols that formats look for. */
#define TAKES_SYMBOLS 256

static bool takes_rules(const struct ml_format *fmt)
{
	return fmt->say.rules;
}

/* A file cannot give the values of variables, by which some are located. */
static bool takes_symbols(const struct ml_format *fmt)
{
	return fmt->say.symbols;
}

static const struct takes {
	const char *option;
	unsigned int bit;
	bool (*has)(const struct ml_format *fmt); /* instead of the bit */
} takes_options[] = {
	{ "uncommitted", ML_TAKES_UNCOMMITTED, NULL },
	{ "consumed", ML_TAKES_CONSUMED, NULL },
	{ "merge", ML_TAKES_MERGE, NULL },
	{ "tsc-mhz", ML_TAKES_RATE, NULL },
	{ "acrn-formats", 0, takes_rules },
	{ "symbols", 0, takes_symbols },
};
#define N_TAKES (sizeof(takes_options) / sizeof(takes_options[0]))

static bool takes_fits(const struct takes *t, const struct ml_format *fmt)
{
	return t->has ? t->has(fmt) : fmt->say.takes & t->bit;
}

/* "acrn-log, acrn-trace" */
static void takes_names(const struct takes *t, char ret[ML_FORMAT_NAMES])
{
	size_t i, n = 0;

	ret[0] = '\0';
	for (i = 0; ml_formats[i]; i++)
		if (takes_fits(t, ml_formats[i]))
			n += (size_t)snprintf(ret + n, ML_FORMAT_NAMES - n,
					      "%s%s", n ? ", " : "",
					      ml_formats[i]->name);
}

/* Can logs of the format be in the output? */
static bool takes_possible(const struct memlog_query *q,
			   const struct ml_format *fmt)
{
	const struct ml_render *w = ml_query_writer(q);

	if (!ml_format_asked(q->formats, fmt))
		return false;
	if (!ml_query_prints(q))
		return true;
	if (w->only && w->only != fmt)
		return false;
	return !w->events || ml_analysis_wants(q->stats, fmt);
}

static enum memlog_status takes_refuse(const struct memlog_query *q,
				       const struct takes *t,
				       const char *option,
				       struct memlog_err *err)
{
	char names[ML_FORMAT_NAMES];

	takes_names(t, names);
	if (q->formats)
		return ml_fail(err, MEMLOG_INVALID,
			       "%s cannot be combined with -F %s: it is for "
			       "logs of %s",
			       option, q->formats, names);
	return ml_fail(err, MEMLOG_INVALID,
		       "%s cannot be combined with %s%s: it is for logs of %s",
		       option, q->stats ? "--stats=" : "-O ",
		       q->stats ? q->stats : q->render->name, names);
}

enum memlog_status ml_takes_check(const struct memlog_query *q,
				  struct memlog_err *err)
{
	char option[ML_OPTION_TYPED];
	const struct takes *t;
	bool known;
	size_t i, k;

	for (i = 0; i < N_TAKES; i++) {
		t = &takes_options[i];
		if (!ml_query_given(q, t->option, option))
			continue;
		known = false;
		for (k = 0; ml_formats[k]; k++)
			known |= takes_fits(t, ml_formats[k]) &&
				 takes_possible(q, ml_formats[k]);
		if (!known)
			return takes_refuse(q, t, option, err);
	}
	return MEMLOG_OK;
}

void ml_takes_say(struct ml_run *run, const struct memlog_log *const *logs,
		  size_t n)
{
	char names[ML_FORMAT_NAMES], option[ML_OPTION_TYPED];
	const struct takes *t;
	bool known;
	size_t i, k;

	for (i = 0; i < N_TAKES && n; i++) {
		t = &takes_options[i];
		if (!ml_query_given(run->query, t->option, option) ||
		    (t->has == takes_symbols && run->said_symbols))
			continue;
		known = false;
		for (k = 0; k < n; k++)
			known |= takes_fits(t, ml_format_find(logs[k]->format));
		takes_names(t, names);
		if (known)
			continue;
		ml_say(run, ML_SAY_WARNING,
		       "%s has no effect: it is for logs of %s", option, names);
		run->said_rate |= t->bit == ML_TAKES_RATE;
	}
}

/* "conring, t_info"; returns whether the file has one of them. */
static bool takes_find_symbols(const struct ml_run *run,
			       const struct memlog_symbols *symbols,
			       char ret[TAKES_SYMBOLS])
{
	const char *at, *end;
	char name[64];
	uint64_t addr;
	size_t i, n = 0;

	ret[0] = '\0';
	for (i = 0; ml_formats[i]; i++) {
		at = ml_formats[i]->say.symbols;
		if (!ml_format_asked(run->asked, ml_formats[i]))
			continue;
		for (; at && *at; at = *end ? end + 1 : end) {
			end = strchrnul(at, ',');
			snprintf(name, sizeof(name), "%.*s", (int)(end - at),
				 at);
			if (!symbols->addr(symbols->self, name, &addr))
				return true;
			n += (size_t)snprintf(ret + n, TAKES_SYMBOLS - n,
					      "%s%s", n ? ", " : "", name);
			n = ml_min(n, TAKES_SYMBOLS - 1);
		}
	}
	return false;
}

bool ml_takes_say_symbols(const struct ml_run *run)
{
	char names[TAKES_SYMBOLS], option[ML_OPTION_TYPED], file[256];
	struct memlog_symbols symbols;

	ml_sized_in(&symbols, sizeof(symbols), run->host.symbols);
	/* debuggers have no file, and know more than names */
	if (!symbols.addr || !symbols.file ||
	    !ml_query_given(run->query, "symbols", option) ||
	    takes_find_symbols(run, &symbols, names) || !names[0])
		return false;
	ml_say(run, ML_SAY_WARNING,
	       "%s: %s has none of the symbols that are looked for: %s", option,
	       memlog_escape(symbols.file, file, sizeof(file)), names);
	return true;
}

/* Do all lines have their times as the log's own tools print them? */
static bool takes_verbatim(const struct ml_run *run)
{
	size_t i;

	for (i = 0; i < run->n_chosen; i++)
		if (!(run->chosen[i]->flags & MEMLOG_LOG_TELLS_ALL))
			return false;
	return run->query->render == ml_renders[0] && !run->query->stats &&
	       !run->query->time_format && !run->query->delta;
}

void ml_takes_say_times(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;

	if ((q->time_format || q->delta) && !(run->seen & HAS_STAMP))
		ml_say(run, ML_SAY_WARNING,
		       "%s has no effect: the log%s no times",
		       q->time_format ? "--time-format" : "-d",
		       run->n_chosen == 1 ? " records" : "s record");
	if (!q->tsc_hz || run->said_rate)
		return;
	if (!(run->seen & HAS_CYCLES))
		ml_say(run, ML_SAY_WARNING,
		       "--tsc-mhz has no effect: no times are in cycles");
	else if (takes_verbatim(run) && !q->filter.since.from &&
		 !q->filter.until.from)
		ml_say(run, ML_SAY_WARNING,
		       "--tsc-mhz has no effect on these lines; "
		       "--time-format=seconds puts seconds before them");
}
