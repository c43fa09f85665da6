/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * csv.c - --stats as CSV, with the rows of ACRN's acrnalyze. To one stream, a
 * line "CPU,N" before each table, or to a directory: a file for each CPU and
 * analysis, as acrnalyze makes them.
 */
#include "parts.h"

#include <inttypes.h>
#include <stdio.h>

static bool in_directory(const struct ml_stats_out *s)
{
	return s->out.sink->begin;
}

static enum memlog_status csv_begin(struct ml_stats_out *s, const char *what,
				    const struct ml_stats_cpu *c,
				    struct memlog_err *err)
{
	char cpu[16], name[64];

	ml_stats_cpu_name(c, cpu);
	if (!in_directory(s)) {
		ml_out_fmt(&s->out, "CPU,%s\n", cpu);
		return MEMLOG_OK;
	}
	/* the files of a second trace have its number */
	if (s->logs)
		snprintf(name, sizeof(name), "%u-cpu%s_%s.csv", s->logs, cpu,
			 what);
	else
		snprintf(name, sizeof(name), "cpu%s_%s.csv", cpu, what);
	return s->out.sink->begin(s->out.sink->self, name, err);
}

static enum memlog_status csv_end(struct ml_stats_out *s,
				  struct memlog_err *err)
{
	enum memlog_status status;

	if (!in_directory(s)) {
		ml_out_char(&s->out, '\n');
		return MEMLOG_OK;
	}
	status = ml_out_flush(&s->out, err);
	if (!status && s->out.sink->end)
		status = s->out.sink->end(s->out.sink->self, err);
	return status;
}

static void csv_run(struct ml_stats_out *s, const char *head, uint64_t run)
{
	char freq[32];

	ml_out_fmt(&s->out, "%s\n%" PRIu64 ",", head, run);
	if (s->opts->tsc_hz)
		ml_out_fmt(&s->out, "%.3f", ml_stats_seconds(s, run));
	ml_out_fmt(&s->out, ",%s\n", ml_stats_mhz(s, freq));
}

static void csv_exit_row(struct ml_stats_out *s, const struct ml_stats_cpu *c,
			 const char *name, uint64_t n, uint64_t cycles)
{
	char r[32];

	ml_out_fmt(&s->out, "%s,%" PRIu64 ",%s,%" PRIu64 ",%.2f\n", name, n,
		   ml_stats_rate(s, n, c->exit_run, r), cycles,
		   ml_stats_percent(cycles, c->exit_run));
}

static void csv_percentiles(struct ml_stats_out *s,
			    const struct ml_stats_cpu *c)
{
	char name[32];
	uint32_t i;

	ml_out_str(&s->out, "Exit_Reason,Min(cycles),P50,P90,P99,P99.9,Max\n");
	for (i = 0; i < ML_STATS_REASONS; i++) {
		const struct ml_stats_exit *e = &c->exits[i];

		if (!e->n_samples)
			continue;
		ml_out_fmt(&s->out,
			   "%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			   ",%" PRIu64 ",%" PRIu64 "\n",
			   ml_stats_reason_name(s->stats, i, name),
			   e->samples[0], ml_stats_percentile(e, 500),
			   ml_stats_percentile(e, 900),
			   ml_stats_percentile(e, 990),
			   ml_stats_percentile(e, 999),
			   e->samples[e->n_samples - 1]);
	}
}

static enum memlog_status exit_csv(struct ml_stats_out *s,
				   const struct ml_stats_cpu *c,
				   struct memlog_err *err)
{
	enum memlog_status status = csv_begin(s, "vm_exit", c, err);
	char name[32];
	uint32_t i;

	if (status)
		return status;
	csv_run(s, "Run time(cycles),Run time(Sec),Freq(MHz)", c->exit_run);
	ml_out_str(
		&s->out,
		"Exit_Reason,NR_Exit,NR_Exit/Sec,Time Consumed(cycles),Time Percentage\n");
	for (i = 0; i < ML_STATS_REASONS; i++)
		if (c->exits[i].n)
			csv_exit_row(s, c,
				     ml_stats_reason_name(s->stats, i, name),
				     c->exits[i].n, c->exits[i].cycles);
	csv_exit_row(s, c, "Total", ml_stats_total_exits(c), c->exit_cycles);
	status = csv_end(s, err);
	if (!status)
		status = csv_begin(s, "vm_exit_percentiles", c, err);
	if (status)
		return status;
	csv_percentiles(s, c);
	return csv_end(s, err);
}

static enum memlog_status irq_csv(struct ml_stats_out *s,
				  const struct ml_stats_cpu *c,
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
			   ml_stats_rate(s, c->vectors[i].n, c->run, r));
	return csv_end(s, err);
}

static enum memlog_status usage_csv(struct ml_stats_out *s,
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
	ml_out_str(
		&s->out,
		"PCPU ID,VM_ID,Time Consumed/sec,Time Consumed(tsc cycles),CPU Usage%\n");
	for (i = 0; i < ML_STATS_USERS; i++) {
		if (i == ML_STATS_NOT_VM && !c->user_cycles[i])
			continue;
		ml_out_fmt(&s->out, "%s,%s,", ml_stats_cpu_name(c, cpu),
			   ml_stats_user_name(i, name));
		if (s->opts->tsc_hz)
			ml_out_fmt(&s->out, "%.2f",
				   ml_stats_seconds(s, c->user_cycles[i]));
		ml_out_fmt(&s->out, ",%" PRIu64 ",%.2f\n", c->user_cycles[i],
			   ml_stats_percent(c->user_cycles[i], c->run));
	}
	return csv_end(s, err);
}

const struct ml_stats_writer ml_stats_csv = {
	.write = {
		[ML_STATS_VM_EXIT] = exit_csv,
		[ML_STATS_IRQ] = irq_csv,
		[ML_STATS_CPU_USAGE] = usage_csv,
	},
};
