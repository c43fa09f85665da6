/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check.c - check the options of a query against each other. */
#include "query.h"

#include <stdio.h>

#include "base/err.h"
#include "format/format.h"
#include "render/tables/stats.h"

/* Which lines are printed, and what is in them. */
#define CHECK_GREP    "ignore-case,case-sensitive,invert-match"
#define CHECK_CONTEXT "after-context,before-context,context"
#define CHECK_LINES                          \
	"grep," CHECK_GREP "," CHECK_CONTEXT \
	",lines,level,component,cpu,since,until"
#define CHECK_TEXT \
	"uncommitted,consumed,merge,acrn-formats,time-format,delta,tsc-mhz"

/* Options that would be ignored beside another, and why. */
static const struct clash {
	const char *option, *others, *why;
} check_clashes[] = {
	{ "info",
	  "list,list-boots,extract,follow,stats,all,boot,format,scan,at,range,"
	  "limit,symbols," CHECK_LINES "," CHECK_TEXT,
	  "it describes the image, not its logs" },
	{ "list", "list-boots,extract,follow,stats," CHECK_LINES "," CHECK_TEXT,
	  "it prints no lines" },
	{ "list-boots",
	  "extract,follow,stats,all,boot," CHECK_LINES "," CHECK_TEXT,
	  "it lists all boots" },
	{ "boot", "all", "it prints one boot" },
	{ "extract",
	  "follow,stats,output-format,json,raw," CHECK_LINES "," CHECK_TEXT,
	  "it copies whole logs into an ELF core" },
	{ "follow", "stats,at,all,boot,uncommitted",
	  "it prints the current log as it grows" },
	{ "signature",
	  "info,list,list-boots,extract,follow,stats,all,time-format,delta,"
	  "tsc-mhz,merge,acrn-formats," CHECK_LINES,
	  "it prints no lines" },
	{ "at", "scan,range", "it does not search" },
	{ "ignore-case", "case-sensitive", "it is the opposite" },
	{ "stats", "acrn-formats,time-format,delta,merge",
	  "it prints no events" },
};

static enum memlog_status check_pairs(const struct memlog_query *q,
				      struct memlog_err *err)
{
	char one[ML_OPTION_TYPED], other[ML_OPTION_TYPED];
	const struct clash *c;
	size_t i;

	for (i = 0; i < sizeof(check_clashes) / sizeof(check_clashes[0]); i++) {
		c = &check_clashes[i];
		if (ml_query_given(q, c->option, one) &&
		    ml_query_given(q, c->others, other))
			return ml_fail(err, MEMLOG_INVALID,
				       "%s cannot be combined with %s: %s", one,
				       other, c->why);
	}
	return MEMLOG_OK;
}

static enum memlog_status check_lines(const struct memlog_query *q,
				      struct memlog_err *err)
{
	const struct ml_filter *f = &q->filter;
	char option[ML_OPTION_TYPED];

	if (!f->patterns.n && ml_query_given(q, CHECK_GREP, option))
		return ml_fail(err, MEMLOG_INVALID,
			       "%s has no effect without -g REGEX", option);
	/* -w -n 0 starts at the end */
	if (q->has_count && !q->count && !(q->follow && q->newest))
		return ml_fail(err, MEMLOG_INVALID, "-n 0 prints nothing");
	if (q->max_logs && q->n_at)
		return ml_fail(err, MEMLOG_INVALID,
			       "--at cannot be combined with --limit=logs: it "
			       "does not search");
	if (ml_when_after(&f->since, &f->until))
		return ml_fail(err, MEMLOG_INVALID,
			       "--since is after --until: nothing can match");
	if (q->follow && ml_filter_needs_last(f))
		return ml_fail(
			err, MEMLOG_INVALID,
			"-w cannot be combined with a --%s that counts "
			"from the end of the log: give seconds or a date",
			ml_when_needs_last(&f->since) ? "since" : "until");
	return MEMLOG_OK;
}

/* Does any of the requested formats have what is to be counted? */
static enum memlog_status check_stats(const struct memlog_query *q,
				      struct memlog_err *err)
{
	size_t i;

	for (i = 0; q->stats && q->formats && ml_formats[i]; i++)
		if (ml_format_asked(q->formats, ml_formats[i]) &&
		    ml_analysis_wants(q->stats, ml_formats[i]))
			return MEMLOG_OK;
	if (!q->stats || !q->formats)
		return MEMLOG_OK;
	return ml_fail(err, MEMLOG_INVALID,
		       "--stats=%s finds nothing to count in logs of -F %s: "
		       "without -F it takes those that fit",
		       q->stats, q->formats);
}

/* Do the requested formats fit the output and the search? */
static enum memlog_status check_formats(const struct memlog_query *q,
					struct memlog_err *err)
{
	const struct ml_render *w = ml_query_writer(q);
	size_t i;

	if (q->formats && ml_query_prints(q) && w->only &&
	    !ml_format_asked(q->formats, w->only))
		return ml_fail(err, MEMLOG_INVALID,
			       "-O %s writes logs of %s only, not of -F %s",
			       w->name, w->only->name, q->formats);
	if (!q->formats || q->scan != MEMLOG_SCAN_LIKELY)
		return MEMLOG_OK;
	for (i = 0; ml_formats[i]; i++)
		if (!ml_formats[i]->find.likely &&
		    ml_format_named(q->formats, ml_formats[i]))
			return ml_fail(err, MEMLOG_INVALID,
				       "--scan=likely: %s has no likely places",
				       ml_formats[i]->name);
	return MEMLOG_OK;
}

/* Can the output format write what was asked for? */
static enum memlog_status check_render(const struct memlog_query *q,
				       struct memlog_err *err)
{
	const struct ml_render *r = q->render;
	char option[ML_OPTION_TYPED];

	if (r->list == ML_LIST_NONE &&
	    ml_query_given(q, "info,list,list-boots,signature", option))
		return ml_fail(err, MEMLOG_INVALID,
			       "%s is written as text, json or json-seq, "
			       "not as %s",
			       option, r->name);
	if (q->follow && !r->flush)
		return ml_fail(err, MEMLOG_INVALID,
			       "-w is written as text, raw, json or json-seq, "
			       "not as %s",
			       r->name);
	if (ml_query_arrival(q) && !q->follow)
		return ml_fail(err, MEMLOG_INVALID,
			       "--time-format=arrival needs -w: a line that "
			       "is there already does not arrive");
	if (q->stats && !r->tables)
		return ml_fail(err, MEMLOG_INVALID,
			       "--stats is written as text, csv, json or "
			       "json-seq, not as %s",
			       r->name);
	if (!q->stats && r->only_tables)
		return ml_fail(err, MEMLOG_INVALID,
			       "-O %s needs --stats=vm_exit, irq, cpu_usage, "
			       "hyp_exit or boot",
			       r->name);
	if (ml_query_writer(q)->all && ml_query_given(q, "all", option))
		return ml_fail(
			err, MEMLOG_INVALID,
			"%s cannot be combined with -O %s: it writes all "
			"logs",
			option, r->name);
	if (r != ml_renders[0] &&
	    ml_query_given(q, "time-format,delta", option))
		return ml_fail(err, MEMLOG_INVALID,
			       "%s cannot be combined with -O %s: only text "
			       "has a choice",
			       option, r->name);
	if (ml_query_writer(q)->untimed && !q->filter.since.from &&
	    !q->filter.until.from && ml_query_given(q, "tsc-mhz", option))
		return ml_fail(err, MEMLOG_INVALID,
			       "%s cannot be combined with -O %s: it writes no "
			       "times",
			       option, r->name);
	if (!r->rotates && (q->has_file_size || q->max_files))
		return ml_fail(err, MEMLOG_INVALID,
			       "--limit=acrnlog-%s needs -O acrnlog",
			       q->has_file_size ? "size" : "files");
	return MEMLOG_OK;
}

/* Can there be lines around those that match? */
static enum memlog_status check_context(const struct memlog_query *q,
					struct memlog_err *err)
{
	char option[ML_OPTION_TYPED];

	if (!ml_query_given(q, CHECK_CONTEXT, option))
		return MEMLOG_OK;
	if (!ml_filter_active(&q->filter))
		return ml_fail(err, MEMLOG_INVALID,
			       "%s has no effect without a filter such as -g",
			       option);
	if (!ml_query_writer(q)->context)
		return ml_fail(err, MEMLOG_INVALID,
			       "%s cannot be combined with %s%s: only text and "
			       "JSON tell what is context",
			       option, q->stats ? "--stats=" : "-O ",
			       q->stats ? q->stats : q->render->name);
	if (ml_query_arrival(q))
		return ml_fail(err, MEMLOG_INVALID,
			       "%s cannot be combined with "
			       "--time-format=arrival: save all lines, and "
			       "give it to that file",
			       option);
	return MEMLOG_OK;
}

/* Front ends have --force for a file, and for a terminal. */
static enum memlog_status check_force(const struct memlog_query *q,
				      struct memlog_err *err)
{
	char option[ML_OPTION_TYPED];

	if (!q->force || q->host == MEMLOG_HOST_LIBRARY || q->extract ||
	    ml_query_given(q, "output", option) ||
	    (ml_query_prints(q) && ml_query_writer(q)->binary))
		return MEMLOG_OK;
	return ml_fail(err, MEMLOG_INVALID,
		       "--force has no effect: it is for -o FILE, "
		       "--extract=FILE and raw bytes to a terminal");
}

/* Can the sink take it? */
static enum memlog_status check_sink(const struct memlog_query *q,
				     const struct memlog_sink *sink,
				     struct memlog_err *err)
{
	const struct ml_render *w = ml_query_writer(q);
	const char *with = q->host == MEMLOG_HOST_COMMAND ? "" :
							    "memlog-dump with ";
	bool one = !ml_query_prints(q);

	if (sink->tty && !q->force && (q->extract || (!one && w->binary)))
		return ml_fail(err, MEMLOG_INVALID,
			       "raw bytes can take over a terminal: send them "
			       "to a file, or give --force");
	if (memlog_query_wants_directory(q) && !sink->begin)
		return ml_fail(err, MEMLOG_INVALID,
			       "-O %s writes several files: use %s-o DIR",
			       q->render->name, with);
	if (q->stats && w->one_table && !sink->begin &&
	    ml_analysis_several(q->stats))
		return ml_fail(err, MEMLOG_INVALID,
			       "-O %s writes one table to one file: choose it "
			       "with --stats=NAME, or use %s-o DIR",
			       q->render->name, with);
	if (q->follow && sink->begin)
		return ml_fail(err, MEMLOG_INVALID,
			       "-w writes to one file, not to a directory");
	if (sink->begin && !memlog_query_wants_directory(q) &&
	    (one || (!w->suffix && !w->may_directory)))
		return ml_fail(err, MEMLOG_INVALID,
			       "this output is one file, and -o names a "
			       "directory");
	return MEMLOG_OK;
}

enum memlog_status memlog_query_check(const struct memlog_query *q,
				      const struct memlog_sink *sink,
				      struct memlog_err *err)
{
	enum memlog_status s = check_pairs(q, err);

	if (!s)
		s = check_lines(q, err);
	if (!s)
		s = check_stats(q, err);
	if (!s)
		s = check_formats(q, err);
	if (!s)
		s = ml_takes_check(q, err);
	if (!s)
		s = check_render(q, err);
	if (!s)
		s = check_context(q, err);
	if (!s)
		s = check_force(q, err);
	return s || !sink ? s : check_sink(q, sink, err);
}

void memlog_query_open(const struct memlog_query *q,
		       struct memlog_open_opts *opts)
{
	const size_t end = offsetof(struct memlog_open_opts, window) +
			   sizeof(opts->window);

	if (q->window && opts->size >= end)
		opts->window = q->window;
}

void memlog_query_stream(const struct memlog_query *q, const char **ret_formats,
			 bool *ret_whole)
{
	size_t i;

	*ret_formats = !q->formats && q->list ? ML_FORMATS_ALL : q->formats;
	*ret_whole = q->n_at || q->n_ranges ||
		     q->scan == MEMLOG_SCAN_EXHAUSTIVE;
	for (i = 0; q->formats && ml_formats[i]; i++)
		*ret_whole |= ml_formats[i]->find.needs_random &&
			      ml_format_named(q->formats, ml_formats[i]);
}
