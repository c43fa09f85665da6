/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * csv.c - --stats as CSV (RFC 4180, lines end in LF). A table has one header
 * line and one row for each reason, vector or VM of each CPU, and of all CPUs
 * together. To one stream it goes on from image to image, which the first
 * columns tell apart; in a directory each analysis of a trace is a file.
 */
#include "parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "render/escape.h"
#include "render/words.h"

/* What a row is about, the same in all tables; and in those of ACRN's traces. */
#define CSV_TRACE "image,format,space,addr,cpu,"
#define CSV_HEAD  CSV_TRACE "run_cycles,tsc_hz,"

static const char *const csv_heads[ML_STATS_ANALYSES] = {
	[ML_STATS_VM_EXIT] = CSV_HEAD "reason,count,per_sec,cycles,percent,"
				      "min,p50,p90,p99,max\n",
	[ML_STATS_IRQ] = CSV_HEAD "vector,count,per_sec\n",
	[ML_STATS_CPU_USAGE] = CSV_HEAD "vm,cycles,seconds,percent\n",
	[ML_STATS_HYP_EXIT] = CSV_TRACE "run_ns,reason,vcpu,count,per_sec,ns,"
					"percent,min,p50,p90,p99,max,untimed\n",
};

static enum memlog_status csv_begin(struct ml_stats_out *s, size_t which,
				    const char *name, struct memlog_err *err)
{
	const struct memlog_sink *sink = s->out.sink;
	const char *image = s->opts->many ? s->opts->image : NULL;
	enum memlog_status status;
	char file[ML_FILE_NAME];

	if (sink->begin) {
		if (s->log)
			ml_file_name(image, s->log, name, "csv", file);
		else
			snprintf(file, sizeof(file), "%s.csv", name);
		status = sink->begin(sink->self, file, err);
		if (status)
			return status;
	}
	if (sink->begin || (!s->opts->continued && !s->headed))
		ml_out_str(&s->out, which == ML_STATS_BOOT ? ml_boot_csv_head :
							     csv_heads[which]);
	s->headed = true;
	return MEMLOG_OK;
}

static enum memlog_status csv_end(struct ml_stats_out *s,
				  struct memlog_err *err)
{
	const struct memlog_sink *sink = s->out.sink;
	enum memlog_status status = ml_out_flush(&s->out, err);

	if (!status && sink->begin && sink->end)
		status = sink->end(sink->self, err);
	return status;
}

/* The columns of CSV_TRACE. */
static void csv_trace(struct ml_stats_out *s, int32_t cpu)
{
	const struct memlog_log *log = s->log;
	char name[16];

	ml_csv_text(&s->out, s->opts->image);
	ml_out_fmt(&s->out, ",%s,", log->format);
	if (log->n_extents)
		ml_out_fmt(&s->out, "%s,0x%" PRIx64,
			   memlog_space_name(log->extents[0].space),
			   log->extents[0].addr);
	else
		ml_out_char(&s->out, ',');
	ml_out_fmt(&s->out, ",%s,", ml_stats_cpu_name(cpu, name));
}

/* The columns of CSV_HEAD. */
static void csv_row(struct ml_stats_out *s, const struct ml_stats_cpu *c,
		    uint64_t run)
{
	csv_trace(s, c->cpu);
	ml_out_fmt(&s->out, "%" PRIu64 ",", run);
	if (s->opts->tsc_hz)
		ml_out_fmt(&s->out, "%" PRIu64, s->opts->tsc_hz);
	ml_out_char(&s->out, ',');
}

/* The columns of how long one took. */
static void csv_lengths(struct ml_stats_out *s, const struct ml_stats_exit *e)
{
	if (e->n_samples)
		ml_out_fmt(&s->out,
			   ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			   ",%" PRIu64,
			   e->samples[0], ml_stats_percentile(e, 500),
			   ml_stats_percentile(e, 900),
			   ml_stats_percentile(e, 990),
			   e->samples[e->n_samples - 1]);
	else
		ml_out_str(&s->out, ",,,,,");
}

static enum memlog_status exit_csv(struct ml_stats_out *s,
				   const struct ml_stats_cpu *c,
				   struct memlog_err *err)
{
	const struct ml_stats_exit *e;
	char r[32], name[32];
	uint32_t i;

	(void)err;
	for (i = 0; i < ML_STATS_REASONS; i++) {
		e = &c->exits[i];
		if (!e->n && !e->n_samples)
			continue;
		csv_row(s, c, c->exit_run);
		ml_out_fmt(&s->out, "%s,%" PRIu64 ",%s,%" PRIu64 ",%.2f",
			   ml_stats_reason_name(s->stats, i, name), e->n,
			   ml_stats_rate(s, e->n, c->exit_run, r), e->cycles,
			   ml_stats_percent(e->cycles, c->exit_run));
		csv_lengths(s, e);
		ml_out_char(&s->out, '\n');
	}
	return MEMLOG_OK;
}

static enum memlog_status irq_csv(struct ml_stats_out *s,
				  const struct ml_stats_cpu *c,
				  struct memlog_err *err)
{
	char r[32];
	size_t i;

	(void)err;
	for (i = 0; i < c->n_vectors; i++) {
		csv_row(s, c, c->run);
		ml_out_fmt(&s->out, "0x%08" PRIx64 ",%" PRIu64 ",%s\n",
			   c->vectors[i].vector, c->vectors[i].n,
			   ml_stats_rate(s, c->vectors[i].n, c->run, r));
	}
	return MEMLOG_OK;
}

static enum memlog_status usage_csv(struct ml_stats_out *s,
				    const struct ml_stats_cpu *c,
				    struct memlog_err *err)
{
	char name[16];
	uint32_t i;

	(void)err;
	for (i = 0; i < ML_STATS_USERS; i++) {
		if (!c->user_cycles[i])
			continue;
		csv_row(s, c, c->run);
		ml_out_fmt(&s->out, "%s,%" PRIu64 ",",
			   ml_stats_user_name(i, name), c->user_cycles[i]);
		if (s->opts->tsc_hz)
			ml_out_fmt(&s->out, "%.3f",
				   ml_stats_seconds(s, c->user_cycles[i]));
		ml_out_fmt(&s->out, ",%.2f\n",
			   ml_stats_percent(c->user_cycles[i], c->run));
	}
	return MEMLOG_OK;
}

static enum memlog_status visit_csv(struct ml_stats_out *s,
				    const struct ml_visits_cpu *c,
				    struct memlog_err *err)
{
	const struct ml_visit *v;
	char whose[16];
	size_t i;

	(void)err;
	for (i = 0; i < c->n_rows; i++) {
		v = &c->rows[i];
		csv_trace(s, c->cpu);
		ml_out_fmt(&s->out, "%" PRIu64 ",", c->run);
		ml_csv_text(&s->out, v->name);
		ml_out_fmt(&s->out, ",%s,%" PRIu64 ",",
			   ml_stats_visitor(v, whose), v->times.n);
		if (c->run)
			ml_out_fmt(&s->out, "%.2f",
				   (double)v->times.n * 1e9 / (double)c->run);
		ml_out_fmt(&s->out, ",%" PRIu64 ",%.2f", v->times.cycles,
			   ml_stats_percent(v->times.cycles, c->run));
		csv_lengths(s, &v->times);
		ml_out_fmt(&s->out, ",%" PRIu64 "\n", v->untimed);
	}
	return MEMLOG_OK;
}

const struct ml_stats_writer ml_stats_csv = {
	.begin = csv_begin,
	.end = csv_end,
	.write = {
		[ML_STATS_VM_EXIT] = exit_csv,
		[ML_STATS_IRQ] = irq_csv,
		[ML_STATS_CPU_USAGE] = usage_csv,
	},
	.visits = visit_csv,
	.boot = ml_boot_csv,
};
