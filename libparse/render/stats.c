/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stats.c - a trace in numbers: tables to read, CSV with the rows of ACRN's
 * acrnalyze, JSON.
 *
 * Rates need the rate of the time stamps; without --tsc-mhz they are left out.
 * CSV goes to one stream, a line "CPU,N" before each table, or into a folder: a
 * file for each CPU and analysis, as acrnalyze makes them.
 */
#include "render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/bytes.h"
#include "../record/stats.h"
#include "json_writer.h"
#include "out.h"
#include "stats.h"

enum style { TABLES, CSV, JSON };

struct stats {
	struct ml_out out;
	struct ml_stats *stats;
	const struct ml_render_opts *opts;
	enum style style;
	struct memlog_allocator alloc;
	unsigned int logs;
};

/* ---- parts of a line ---------------------------------------------------- */

static double seconds(const struct stats *s, uint64_t cycles)
{
	return s->opts->tsc_hz ? (double)cycles / (double)s->opts->tsc_hz : 0;
}

static double percent(uint64_t part, uint64_t all)
{
	return all ? (double)part * 100 / (double)all : 0;
}

/* n a second, or nothing when that is not known. */
static const char *rate(const struct stats *s, uint64_t n, uint64_t cycles,
			char buf[32])
{
	double sec = seconds(s, cycles);

	buf[0] = '\0';
	if (sec > 0)
		snprintf(buf, 32, "%.2f", (double)n / sec);
	else if (s->style == TABLES)
		snprintf(buf, 32, "-");
	return buf;
}

static const char *mhz(const struct stats *s, char buf[32])
{
	buf[0] = '\0';
	if (s->opts->tsc_hz)
		snprintf(buf, 32, "%.10g", (double)s->opts->tsc_hz / 1e6);
	return buf;
}

static const char *cpu_name(const struct ml_stats_cpu *c, char buf[16])
{
	if (c->cpu < 0)
		snprintf(buf, 16, "all");
	else
		snprintf(buf, 16, "%" PRId32, c->cpu);
	return buf;
}

static const char *user_name(uint32_t user, char buf[16])
{
	if (user == ML_STATS_IDLE)
		snprintf(buf, 16, "Idle");
	else if (user == ML_STATS_NOT_VM)
		snprintf(buf, 16, "other");
	else
		snprintf(buf, 16, "%" PRIu32, user);
	return buf;
}

/* Sum of the column, so that the table adds up. */
static uint64_t total_exits(const struct ml_stats_cpu *c)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < ML_STATS_REASONS; i++)
		n += c->exits[i].n;
	return n;
}

/* ---- tables ------------------------------------------------------------- */

static void table_head(struct stats *s, const char *what,
		       const struct ml_stats_cpu *c, uint64_t run)
{
	char cpu[16], freq[32];

	ml_out_fmt(&s->out, "==> %s, %s %s <==\n", what,
		   c->cpu < 0 ? "CPUs" : "CPU", cpu_name(c, cpu));
	ml_out_fmt(&s->out, "Total run time: %" PRIu64 " cycles", run);
	if (s->opts->tsc_hz)
		ml_out_fmt(&s->out, ", %.3f s at %s MHz", seconds(s, run),
			   mhz(s, freq));
	ml_out_char(&s->out, '\n');
}

static void exit_row(struct stats *s, const struct ml_stats_cpu *c,
		     const char *name, const struct ml_stats_exit *e)
{
	char r[32];

	ml_out_fmt(&s->out,
		   "%-28s %10" PRIu64 " %12s %22" PRIu64 " %8.2f",
		   name, e->n, rate(s, e->n, c->exit_run, r), e->cycles,
		   percent(e->cycles, c->exit_run));
	if (e->n_samples)
		ml_out_fmt(&s->out,
			   " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
			   " %10" PRIu64 " %10" PRIu64,
			   e->samples[0], ml_stats_percentile(e, 500),
			   ml_stats_percentile(e, 900),
			   ml_stats_percentile(e, 990),
			   e->samples[e->n_samples - 1]);
	ml_out_char(&s->out, '\n');
}

static void exit_table(struct stats *s, const struct ml_stats_cpu *c)
{
	struct ml_stats_exit total = { .n = total_exits(c),
				       .cycles = c->exit_cycles };
	const struct ml_stats_exit *none = &c->exits[ML_STATS_NO_REASON];
	uint32_t i;

	table_head(s, "vm_exit", c, c->exit_run);
	ml_out_fmt(&s->out, "%-28s %10s %12s %22s %8s %10s %10s %10s %10s %10s\n",
		   "Event", "NR_Exit", "NR_Exit/Sec", "Time Consumed(cycles)",
		   "Time %", "min", "p50", "p90", "p99", "max");
	for (i = 0; i < ML_STATS_REASONS; i++)
		if (c->exits[i].n || c->exits[i].n_samples)
			exit_row(s, c, ml_stats_reason_name(i), &c->exits[i]);
	exit_row(s, c, "Total", &total);
	if (none->n)
		ml_out_fmt(&s->out, "%" PRIu64 " exits have no reason recorded\n",
			   none->n);
	if (c->unfinished)
		ml_out_fmt(&s->out,
			   "%" PRIu64 " exits do not end in the trace: counted, without time\n",
			   c->unfinished);
	ml_out_char(&s->out, '\n');
}

static void irq_table(struct stats *s, const struct ml_stats_cpu *c)
{
	char r[32];
	size_t i;

	table_head(s, "irq", c, c->run);
	ml_out_fmt(&s->out, "%-12s %10s %12s\n", "Vector", "Count",
		   "NR_Exit/Sec");
	for (i = 0; i < c->n_vectors; i++)
		ml_out_fmt(&s->out, "0x%08" PRIx64 "   %10" PRIu64 " %12s\n",
			   c->vectors[i].vector, c->vectors[i].n,
			   rate(s, c->vectors[i].n, c->run, r));
	ml_out_char(&s->out, '\n');
}

static void usage_table(struct stats *s, const struct ml_stats_cpu *c)
{
	char name[16];
	uint32_t i;

	table_head(s, "cpu_usage", c, c->run);
	if (!c->switches) {
		ml_out_str(&s->out, "no switch was recorded\n\n");
		return;
	}
	ml_out_fmt(&s->out, "%-8s %22s %12s %10s\n", "VM ID",
		   "VM Running(tsc cycles)", "sec", "CPU Usage");
	for (i = 0; i < ML_STATS_USERS; i++)
		if (c->user_cycles[i])
			ml_out_fmt(&s->out,
				   "%-8s %22" PRIu64 " %12.3f %9.2f%%\n",
				   user_name(i, name), c->user_cycles[i],
				   seconds(s, c->user_cycles[i]),
				   percent(c->user_cycles[i], c->run));
	if (c->ambiguous)
		ml_out_fmt(&s->out,
			   "%" PRIu64 " cycles (%.2f%%) belong to nobody for sure: switches are missing\n",
			   c->ambiguous, percent(c->ambiguous, c->run));
	ml_out_char(&s->out, '\n');
}

/* ---- CSV ---------------------------------------------------------------- */

static bool in_folder(const struct stats *s)
{
	return s->out.sink->begin;
}

static enum memlog_status csv_begin(struct stats *s, const char *what,
				    const struct ml_stats_cpu *c,
				    struct memlog_err *err)
{
	char cpu[16], name[64];

	cpu_name(c, cpu);
	if (!in_folder(s)) {
		ml_out_fmt(&s->out, "CPU,%s\n", cpu);
		return MEMLOG_OK;
	}
	/* a second trace's files carry its number */
	if (s->logs)
		snprintf(name, sizeof(name), "%u-cpu%s_%s.csv", s->logs, cpu,
			 what);
	else
		snprintf(name, sizeof(name), "cpu%s_%s.csv", cpu, what);
	return s->out.sink->begin(s->out.sink->self, name, err);
}

static enum memlog_status csv_end(struct stats *s, struct memlog_err *err)
{
	enum memlog_status status;

	if (!in_folder(s)) {
		ml_out_char(&s->out, '\n');
		return MEMLOG_OK;
	}
	status = ml_out_flush(&s->out, err);
	if (!status && s->out.sink->end)
		status = s->out.sink->end(s->out.sink->self, err);
	return status;
}

static void csv_run(struct stats *s, const char *head, uint64_t run)
{
	char freq[32];

	ml_out_fmt(&s->out, "%s\n%" PRIu64 ",", head, run);
	if (s->opts->tsc_hz)
		ml_out_fmt(&s->out, "%.3f", seconds(s, run));
	ml_out_fmt(&s->out, ",%s\n", mhz(s, freq));
}

static void csv_exit_row(struct stats *s, const struct ml_stats_cpu *c,
			 const char *name, uint64_t n, uint64_t cycles)
{
	char r[32];

	ml_out_fmt(&s->out, "%s,%" PRIu64 ",%s,%" PRIu64 ",%.2f\n", name, n,
		   rate(s, n, c->exit_run, r), cycles,
		   percent(cycles, c->exit_run));
}

static void csv_percentiles(struct stats *s, const struct ml_stats_cpu *c)
{
	uint32_t i;

	ml_out_str(&s->out, "Exit_Reason,Min(cycles),P50,P90,P99,P99.9,Max\n");
	for (i = 0; i < ML_STATS_REASONS; i++) {
		const struct ml_stats_exit *e = &c->exits[i];

		if (!e->n_samples)
			continue;
		ml_out_fmt(&s->out, "%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64
			   ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
			   ml_stats_reason_name(i), e->samples[0],
			   ml_stats_percentile(e, 500),
			   ml_stats_percentile(e, 900),
			   ml_stats_percentile(e, 990),
			   ml_stats_percentile(e, 999),
			   e->samples[e->n_samples - 1]);
	}
}

static enum memlog_status exit_csv(struct stats *s,
				   const struct ml_stats_cpu *c,
				   struct memlog_err *err)
{
	enum memlog_status status = csv_begin(s, "vm_exit", c, err);
	uint32_t i;

	if (status)
		return status;
	csv_run(s, "Run time(cycles),Run time(Sec),Freq(MHz)", c->exit_run);
	ml_out_str(&s->out, "Exit_Reason,NR_Exit,NR_Exit/Sec,Time Consumed(cycles),Time Percentage\n");
	/* those that ACRN records are there even when none came */
	for (i = 0; i < ML_STATS_REASONS; i++)
		if (ml_stats_reason_name(i) &&
		    (i <= ML_STATS_UNHANDLED || c->exits[i].n))
			csv_exit_row(s, c, ml_stats_reason_name(i),
				     c->exits[i].n, c->exits[i].cycles);
	csv_exit_row(s, c, "Total", total_exits(c), c->exit_cycles);
	status = csv_end(s, err);
	if (!status)
		status = csv_begin(s, "vm_exit_percentiles", c, err);
	if (status)
		return status;
	csv_percentiles(s, c);
	return csv_end(s, err);
}

static enum memlog_status irq_csv(struct stats *s, const struct ml_stats_cpu *c,
				  struct memlog_err *err)
{
	enum memlog_status status = csv_begin(s, "irq", c, err);
	char r[32];
	size_t i;

	if (status)
		return status;
	ml_out_str(&s->out, "Vector,NR_Exit,NR_Exit/Sec\n");
	for (i = 0; i < c->n_vectors; i++)
		ml_out_fmt(&s->out, "0x%08" PRIx64 ",%" PRIu64 ",%s\n",
			   c->vectors[i].vector, c->vectors[i].n,
			   rate(s, c->vectors[i].n, c->run, r));
	return csv_end(s, err);
}

static enum memlog_status usage_csv(struct stats *s,
				    const struct ml_stats_cpu *c,
				    struct memlog_err *err)
{
	enum memlog_status status = csv_begin(s, "cpu_usage", c, err);
	char name[16], cpu[16];
	uint32_t i;

	if (status)
		return status;
	csv_run(s, "Total run time(tsc cycles),Total run time(sec),Freq(MHz)",
		c->run);
	ml_out_str(&s->out, "PCPU ID,VM_ID,Time Consumed/sec,Time Consumed(tsc cycles),CPU Usage%\n");
	for (i = 0; i < ML_STATS_USERS; i++) {
		if (i == ML_STATS_NOT_VM && !c->user_cycles[i])
			continue;
		ml_out_fmt(&s->out, "%s,%s,", cpu_name(c, cpu),
			   user_name(i, name));
		if (s->opts->tsc_hz)
			ml_out_fmt(&s->out, "%.2f",
				   seconds(s, c->user_cycles[i]));
		ml_out_fmt(&s->out, ",%" PRIu64 ",%.2f\n", c->user_cycles[i],
			   percent(c->user_cycles[i], c->run));
	}
	return csv_end(s, err);
}

/* ---- JSON --------------------------------------------------------------- */

static void json_start(struct stats *s, struct ml_json *j, const char *what,
		       const struct ml_stats_cpu *c, uint64_t run)
{
	ml_json_begin(j, &s->out, false);
	ml_json_str(j, "stats", what);
	if (c->cpu >= 0)
		ml_json_int(j, "cpu", c->cpu);
	else
		ml_json_str(j, "cpu", "all");
	ml_json_u64(j, "run_cycles", run);
	if (s->opts->tsc_hz)
		ml_json_u64(j, "tsc_hz", s->opts->tsc_hz);
}

static void exit_json(struct stats *s, const struct ml_stats_cpu *c)
{
	struct ml_json j;
	uint32_t i;

	json_start(s, &j, "vm_exit", c, c->exit_run);
	ml_json_u64(&j, "exits", total_exits(c));
	ml_json_u64(&j, "cycles", c->exit_cycles);
	ml_json_u64(&j, "unfinished", c->unfinished);
	ml_json_u64(&j, "no_reason", c->exits[ML_STATS_NO_REASON].n);
	ml_json_open(&j, "reasons", '[');
	for (i = 0; i < ML_STATS_REASONS; i++) {
		const struct ml_stats_exit *e = &c->exits[i];

		if (!e->n && !e->n_samples)
			continue;
		ml_json_open(&j, NULL, '{');
		ml_json_str(&j, "reason", ml_stats_reason_name(i));
		ml_json_u64(&j, "count", e->n);
		ml_json_u64(&j, "cycles", e->cycles);
		if (e->n_samples) {
			ml_json_u64(&j, "min", e->samples[0]);
			ml_json_u64(&j, "p50", ml_stats_percentile(e, 500));
			ml_json_u64(&j, "p90", ml_stats_percentile(e, 900));
			ml_json_u64(&j, "p99", ml_stats_percentile(e, 990));
			ml_json_u64(&j, "max", e->samples[e->n_samples - 1]);
		}
		ml_json_close(&j, '}');
	}
	ml_json_close(&j, ']');
	ml_json_end(&j);
}

static void irq_json(struct stats *s, const struct ml_stats_cpu *c)
{
	struct ml_json j;
	size_t i;

	json_start(s, &j, "irq", c, c->run);
	ml_json_open(&j, "vectors", '[');
	for (i = 0; i < c->n_vectors; i++) {
		ml_json_open(&j, NULL, '{');
		ml_json_hex(&j, "vector", c->vectors[i].vector);
		ml_json_u64(&j, "count", c->vectors[i].n);
		ml_json_close(&j, '}');
	}
	ml_json_close(&j, ']');
	ml_json_end(&j);
}

static void usage_json(struct stats *s, const struct ml_stats_cpu *c)
{
	struct ml_json j;
	char name[16];
	uint32_t i;

	json_start(s, &j, "cpu_usage", c, c->run);
	ml_json_u64(&j, "switches", c->switches);
	ml_json_u64(&j, "ambiguous", c->ambiguous);
	ml_json_open(&j, "vms", '[');
	for (i = 0; i < ML_STATS_USERS; i++) {
		if (!c->user_cycles[i])
			continue;
		ml_json_open(&j, NULL, '{');
		ml_json_str(&j, "vm", user_name(i, name));
		ml_json_u64(&j, "cycles", c->user_cycles[i]);
		ml_json_close(&j, '}');
	}
	ml_json_close(&j, ']');
	ml_json_end(&j);
}

/* ---- the renderer ------------------------------------------------------- */

static const struct analysis {
	const char *name;
	void (*table)(struct stats *s, const struct ml_stats_cpu *c);
	enum memlog_status (*csv)(struct stats *s, const struct ml_stats_cpu *c,
				  struct memlog_err *err);
	void (*json)(struct stats *s, const struct ml_stats_cpu *c);
} analyses[] = {
	{ "vm_exit", exit_table, exit_csv, exit_json },
	{ "irq", irq_table, irq_csv, irq_json },
	{ "cpu_usage", usage_table, usage_csv, usage_json },
};
#define N_ANALYSES (sizeof(analyses) / sizeof(analyses[0]))

/* The name that list begins with, SIZE_MAX for none; *ret_len of it. */
static size_t analysis_at(const char *list, size_t *ret_len)
{
	size_t i;

	*ret_len = strcspn(list, ",");
	for (i = 0; i < N_ANALYSES; i++)
		if (strlen(analyses[i].name) == *ret_len &&
		    !memcmp(analyses[i].name, list, *ret_len))
			return i;
	return SIZE_MAX;
}

bool ml_stats_list_valid(const char *list)
{
	size_t len;

	for (;; list += len + 1) {
		if (analysis_at(list, &len) == SIZE_MAX)
			return false;
		if (!list[len])
			return true;
	}
}

static enum memlog_status stats_begin(void *state,
				      const struct ml_render_opts *opts,
				      const struct memlog_sink *sink,
				      struct memlog_err *err)
{
	struct stats *s = state;

	(void)err;
	ml_out_init(&s->out, sink);
	s->opts = opts;
	s->alloc = *opts->alloc;
	return MEMLOG_OK;
}

static enum memlog_status tables_begin(void *state,
				       const struct ml_render_opts *opts,
				       const struct memlog_sink *sink,
				       struct memlog_err *err)
{
	((struct stats *)state)->style = TABLES;
	return stats_begin(state, opts, sink, err);
}

static enum memlog_status csv_start(void *state,
				    const struct ml_render_opts *opts,
				    const struct memlog_sink *sink,
				    struct memlog_err *err)
{
	((struct stats *)state)->style = CSV;
	return stats_begin(state, opts, sink, err);
}

static enum memlog_status json_begin(void *state,
				     const struct ml_render_opts *opts,
				     const struct memlog_sink *sink,
				     struct memlog_err *err)
{
	((struct stats *)state)->style = JSON;
	return stats_begin(state, opts, sink, err);
}

static enum memlog_status stats_log_begin(void *state,
					  const struct memlog_log *log,
					  struct memlog_err *err)
{
	struct stats *s = state;

	(void)log;
	ml_stats_destroy(s->stats);
	s->stats = NULL;
	return ml_stats_create(&s->alloc, &s->stats, err);
}

static enum memlog_status stats_record(void *state,
				       const struct memlog_record *rec,
				       struct memlog_err *err)
{
	return ml_stats_add(((struct stats *)state)->stats, rec, err);
}

static enum memlog_status put_one(struct stats *s, const struct analysis *a,
				  const struct ml_stats_cpu *c,
				  struct memlog_err *err)
{
	if (s->style == CSV)
		return a->csv(s, c, err);
	if (s->style == TABLES)
		a->table(s, c);
	else
		a->json(s, c);
	return MEMLOG_OK;
}

static enum memlog_status stats_log_end(void *state,
					const struct memlog_log *log,
					uint64_t missing,
					struct memlog_err *err)
{
	struct stats *s = state;
	const char *list = s->opts->stats ? s->opts->stats : "vm_exit";
	const struct ml_stats_cpu *c;
	enum memlog_status status;
	size_t len, which, i;

	(void)log;
	(void)missing;
	status = ml_stats_finish(s->stats, err);
	for (;; list += len + 1) {
		which = analysis_at(list, &len);
		for (i = 0; !status && which < N_ANALYSES &&
			    (c = ml_stats_get(s->stats, i)); i++)
			status = put_one(s, &analyses[which], c, err);
		if (!list[len])
			break;
	}
	s->logs++;
	return status ? status : ml_out_flush(&s->out, err);
}

static void stats_close(void *state)
{
	ml_stats_destroy(((struct stats *)state)->stats);
}

#define STATS_RENDER(var, id, words, start, files)	\
const struct ml_render var = {			\
	.name = id,				\
	.title = words,				\
	.may_folder = files,			\
	.format = "acrn-trace",			\
	.state_size = sizeof(struct stats),	\
	.begin = start,				\
	.log_begin = stats_log_begin,		\
	.record = stats_record,			\
	.log_end = stats_log_end,		\
	.close = stats_close,			\
}

STATS_RENDER(ml_render_stats, "stats", "tables of --stats", tables_begin,
	     false);
STATS_RENDER(ml_render_stats_json, "stats-json", "--stats as JSON", json_begin,
	     false);
STATS_RENDER(ml_render_csv, "csv", "tables of --stats as CSV", csv_start,
	     true);
