/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stats.c - --stats: statistics of a trace. The requested analyses, one after
 * the other, each for every CPU.
 *
 * Rates need the rate of the time stamps; if it is unknown they are left out.
 */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "parts.h"

static const char *const analyses[ML_STATS_ANALYSES] = {
	[ML_STATS_VM_EXIT] = "vm_exit",	    [ML_STATS_IRQ] = "irq",
	[ML_STATS_CPU_USAGE] = "cpu_usage", [ML_STATS_HYP_EXIT] = "hyp_exit",
	[ML_STATS_BOOT] = "boot",
};

/* Is this analysis of what records of the format are about? */
static bool analysis_fits(size_t which, const struct ml_format *fmt)
{
	if (which == ML_STATS_BOOT)
		return fmt->say.moment;
	return fmt->say.event &&
	       fmt->say.visits == (which == ML_STATS_HYP_EXIT);
}

/* The index of the name that list starts with, SIZE_MAX for none; *ret_len is
 * the name's length. */
static size_t analysis_at(const char *list, size_t *ret_len)
{
	size_t i;

	*ret_len = strcspn(list, ",");
	for (i = 0; i < ML_STATS_ANALYSES; i++)
		if (strlen(analyses[i]) == *ret_len &&
		    !memcmp(analyses[i], list, *ret_len))
			return i;
	return SIZE_MAX;
}

bool ml_analysis_get(size_t index, const char **ret_name,
		     const char **ret_title)
{
	if (index >= ML_STATS_ANALYSES)
		return false;
	*ret_name = *ret_title = analyses[index];
	return true;
}

/* Those of a list, a bit for each. */
static unsigned int analysis_set(const char *list)
{
	unsigned int set = 0;
	size_t len, which;

	for (;; list += len + 1) {
		which = analysis_at(list, &len);
		if (which < ML_STATS_ANALYSES)
			set |= 1u << which;
		if (!list[len])
			return set;
	}
}

bool ml_analysis_wants(const char *list, const struct ml_format *fmt)
{
	unsigned int set = analysis_set(list);
	size_t i;

	for (i = 0; i < ML_STATS_ANALYSES; i++)
		if (set >> i & 1 && analysis_fits(i, fmt))
			return true;
	return false;
}

bool ml_analysis_several(const char *list)
{
	unsigned int set = analysis_set(list);

	return set & (set - 1);
}

bool ml_analysis_boot(const char *list)
{
	return analysis_set(list) >> ML_STATS_BOOT & 1;
}

static enum memlog_status stats_begin(void *state,
				      const struct ml_render_opts *opts,
				      const struct memlog_sink *sink,
				      struct memlog_err *err)
{
	struct ml_stats_out *s = state;

	(void)err;
	ml_out_init_lines(&s->out, sink, opts->alloc);
	s->opts = opts;
	s->alloc = *opts->alloc;
	return MEMLOG_OK;
}

static enum memlog_status tables_begin(void *state,
				       const struct ml_render_opts *opts,
				       const struct memlog_sink *sink,
				       struct memlog_err *err)
{
	((struct ml_stats_out *)state)->writer = &ml_stats_table;
	return stats_begin(state, opts, sink, err);
}

static enum memlog_status csv_start(void *state,
				    const struct ml_render_opts *opts,
				    const struct memlog_sink *sink,
				    struct memlog_err *err)
{
	((struct ml_stats_out *)state)->writer = &ml_stats_csv;
	return stats_begin(state, opts, sink, err);
}

static enum memlog_status stats_json_begin(void *state,
					   const struct ml_render_opts *opts,
					   const struct memlog_sink *sink,
					   struct memlog_err *err)
{
	((struct ml_stats_out *)state)->writer = &ml_stats_json;
	return stats_begin(state, opts, sink, err);
}

static enum memlog_status stats_seq_begin(void *state,
					  const struct ml_render_opts *opts,
					  const struct memlog_sink *sink,
					  struct memlog_err *err)
{
	((struct ml_stats_out *)state)->seq = true;
	return stats_json_begin(state, opts, sink, err);
}

static void stats_drop(struct ml_stats_out *s)
{
	ml_stats_destroy(s->stats);
	ml_visits_destroy(s->visits);
	s->stats = NULL;
	s->visits = NULL;
}

static enum memlog_status stats_log_begin(void *state,
					  const struct memlog_log *log,
					  struct memlog_err *err)
{
	struct ml_stats_out *s = state;

	stats_drop(s);
	s->fmt = ml_format_find(log->format);
	if (!s->fmt->say.event)
		return MEMLOG_OK;
	if (s->fmt->say.visits)
		return ml_visits_create(&s->alloc, s->fmt, &s->visits, err);
	return ml_stats_create(&s->alloc, s->fmt, &s->stats, err);
}

static enum memlog_status stats_record(void *state,
				       const struct memlog_record *rec,
				       struct memlog_err *err)
{
	struct ml_stats_out *s = state;

	if (s->visits)
		return ml_visits_add(s->visits, rec, err);
	return s->stats ? ml_stats_add(s->stats, rec, err) : MEMLOG_OK;
}

/* One analysis, if the trace has any event. */
static enum memlog_status stats_analysis(struct ml_stats_out *s, size_t which,
					 struct memlog_err *err)
{
	const struct ml_stats_writer *w = s->writer;
	enum memlog_status status = MEMLOG_OK;
	const struct ml_visits_cpu *v;
	const struct ml_stats_cpu *c;
	size_t i;

	if (which == ML_STATS_BOOT || !analysis_fits(which, s->fmt) ||
	    !(s->visits ? (void *)ml_visits_get(s->visits, 0) :
			  (void *)ml_stats_get(s->stats, 0)))
		return MEMLOG_OK;
	if (w->begin)
		status = w->begin(s, which, analyses[which], err);
	for (i = 0; s->visits && !status && (v = ml_visits_get(s->visits, i));
	     i++)
		status = w->visits(s, v, err);
	for (i = 0; s->stats && !status && (c = ml_stats_get(s->stats, i)); i++)
		status = w->write[which](s, c, err);
	if (!status && w->end)
		status = w->end(s, err);
	return status;
}

static enum memlog_status stats_log_end(void *state,
					const struct memlog_log *log,
					uint64_t missing,
					struct memlog_err *err)
{
	struct ml_stats_out *s = state;
	const char *list = s->opts->stats ? s->opts->stats : "vm_exit";
	unsigned int left = analysis_set(list);
	enum memlog_status status;
	size_t len, which;

	(void)missing;
	s->log = log;
	if (!s->visits && !s->stats)
		return MEMLOG_OK;
	status = s->visits ? ml_visits_finish(s->visits, err) :
			     ml_stats_finish(s->stats, err);
	for (; !status && left; list += len + 1) {
		which = analysis_at(list, &len);
		if (which == SIZE_MAX || !(left >> which & 1))
			continue;
		left &= ~(1u << which);
		status = stats_analysis(s, which, err);
	}
	return status ? status : ml_out_flush(&s->out, err);
}

static enum memlog_status stats_timeline(void *state,
					 const struct ml_timeline *timeline,
					 struct memlog_err *err)
{
	const struct ml_timeline_boot *b;
	struct ml_stats_out *s = state;
	enum memlog_status status = MEMLOG_OK;
	size_t i;

	if (!ml_timeline_get(timeline, 0))
		return MEMLOG_OK;
	s->log = NULL;
	if (s->writer->begin)
		status = s->writer->begin(s, ML_STATS_BOOT,
					  analyses[ML_STATS_BOOT], err);
	for (i = 0; !status && (b = ml_timeline_get(timeline, i)); i++)
		s->writer->boot(s, b);
	if (!status && s->writer->end)
		status = s->writer->end(s, err);
	return status ? status : ml_out_flush(&s->out, err);
}

static bool stats_remark(const void *state, char *buf, size_t size)
{
	const struct ml_stats_out *s = state;
	const struct ml_visits_cpu *v = NULL, *all = NULL;
	size_t i;

	/* the total is the last */
	for (i = 0; s->visits && (v = ml_visits_get(s->visits, i)); i++)
		all = v;
	if (!all || !all->untimed ||
	    !ml_analysis_wants(s->opts->stats ? s->opts->stats : "vm_exit",
			       s->fmt))
		return false;
	snprintf(buf, size,
		 "the clock stepped, as it does while a guest runs: %" PRIu64
		 " of %" PRIu64 " visit%s %s not timed",
		 all->untimed, all->n, ml_s(all->n),
		 all->untimed == 1 ? "was" : "were");
	return true;
}

static void stats_close(void *state)
{
	stats_drop(state);
	ml_out_fini(&((struct ml_stats_out *)state)->out);
}

#define STATS_RENDER(var, id, words, start, files)         \
	const struct ml_render var = {                     \
		.tables = &var,                            \
		.only_tables = true,                       \
		.name = id,                                \
		.title = words,                            \
		.may_directory = files,                    \
		.one_table = files,                        \
		.events = true,                            \
		.state_size = sizeof(struct ml_stats_out), \
		.begin = start,                            \
		.log_begin = stats_log_begin,              \
		.record = stats_record,                    \
		.log_end = stats_log_end,                  \
		.remark = stats_remark,                    \
		.timeline = stats_timeline,                \
		.close = stats_close,                      \
	}

STATS_RENDER(ml_render_stats, "stats", "tables of --stats", tables_begin,
	     false);
STATS_RENDER(ml_render_stats_json, "stats-json", "--stats as JSON",
	     stats_json_begin, false);
STATS_RENDER(ml_render_stats_json_seq, "stats-json-seq",
	     "--stats as a JSON text sequence", stats_seq_begin, false);
STATS_RENDER(ml_render_csv, "csv", "a table of --stats as CSV", csv_start,
	     true);
