/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - --stats as tables to read, in 80 columns. */
#include "parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/plural.h"
#include "render/escape.h"
#include "render/words.h"

static const char *rate_or_dash(const struct ml_stats_out *s, uint64_t n,
				uint64_t cycles, char buf[32])
{
	return *ml_stats_rate(s, n, cycles, buf) ? buf : "-";
}

static void table_title(struct ml_stats_out *s, const char *what, int32_t cpu)
{
	char name[16], addr[ML_ADDR_TEXT];

	ml_out_str(&s->out, "==> ");
	if (s->opts->many) {
		ml_escape_str(&s->out, s->opts->image);
		ml_out_str(&s->out, ": ");
	}
	if (s->opts->many || s->opts->n_logs > 1)
		ml_out_fmt(&s->out, "%s %s: ", s->log->format,
			   ml_log_addr(s->log, addr));
	ml_out_fmt(&s->out, "%s, %s%s%s <==\n", what, cpu < 0 ? "" : "CPU ",
		   ml_stats_cpu_name(cpu, name), cpu < 0 ? " CPUs" : "");
}

static void table_head(struct ml_stats_out *s, const char *what,
		       const struct ml_stats_cpu *c, uint64_t run)
{
	char freq[32];

	table_title(s, what, c->cpu);
	ml_out_fmt(&s->out, "Total run time: %" PRIu64 " cycle%s", run,
		   ml_s(run));
	if (s->opts->tsc_hz)
		ml_out_fmt(&s->out, ", %.3f s at %s MHz",
			   ml_stats_seconds(s, run), ml_stats_mhz(s, freq));
	ml_out_char(&s->out, '\n');
}

static void exit_row(struct ml_stats_out *s, const struct ml_stats_cpu *c,
		     const char *name, uint64_t n, uint64_t cycles)
{
	char r[32];

	ml_out_fmt(&s->out, "%-27s %10" PRIu64 " %12s %18" PRIu64 " %8.2f\n",
		   name, n, rate_or_dash(s, n, c->exit_run, r), cycles,
		   ml_stats_percent(cycles, c->exit_run));
}

/* A table of its own: all columns would not fit the 80 of a terminal. */
static void lengths_head(struct ml_stats_out *s, const char *title)
{
	ml_out_fmt(&s->out, "\n%-27s %7s %10s %10s %10s %10s\n", title, "min",
		   "p50", "p90", "p99", "max");
}

static void lengths_row(struct ml_stats_out *s, const char *name,
			const struct ml_stats_exit *e)
{
	char line[128];
	int len;

	len = snprintf(line, sizeof(line),
		       "%7" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
		       " %10" PRIu64,
		       e->samples[0], ml_stats_percentile(e, 500),
		       ml_stats_percentile(e, 900), ml_stats_percentile(e, 990),
		       e->samples[e->n_samples - 1]);
	/* larger numbers take room from a short name */
	ml_out_fmt(&s->out, "%-*s %s\n", len < 78 ? 78 - len : 0, name, line);
}

static void exit_lengths(struct ml_stats_out *s, const struct ml_stats_cpu *c)
{
	bool any = false;
	char name[32];
	uint32_t i;

	for (i = 0; i < ML_STATS_REASONS; i++) {
		if (!c->exits[i].n_samples)
			continue;
		if (!any)
			lengths_head(s, "Cycles of one exit");
		any = true;
		lengths_row(s, ml_stats_reason_name(s->stats, i, name),
			    &c->exits[i]);
	}
}

static enum memlog_status exit_table(struct ml_stats_out *s,
				     const struct ml_stats_cpu *c,
				     struct memlog_err *err)
{
	const struct ml_stats_exit *e;
	char name[32];
	uint32_t i;

	table_head(s, "vm_exit", c, c->exit_run);
	ml_out_fmt(&s->out, "%-27s %10s %12s %18s %8s\n", "Reason", "Count",
		   "Per second", "Cycles", "Time %");
	for (i = 0; i < ML_STATS_REASONS; i++) {
		e = &c->exits[i];
		if (e->n || e->n_samples)
			exit_row(s, c, ml_stats_reason_name(s->stats, i, name),
				 e->n, e->cycles);
	}
	exit_row(s, c, "Total", ml_stats_total_exits(c), c->exit_cycles);
	if (c->unfinished)
		ml_out_fmt(&s->out,
			   "%" PRIu64 " exit%s no end in the trace: counted, "
			   "not timed\n",
			   c->unfinished,
			   c->unfinished == 1 ? " has" : "s have");
	exit_lengths(s, c);
	ml_out_char(&s->out, '\n');
	return MEMLOG_OK;
}

static enum memlog_status irq_table(struct ml_stats_out *s,
				    const struct ml_stats_cpu *c,
				    struct memlog_err *err)
{
	char r[32];
	size_t i;

	table_head(s, "irq", c, c->run);
	ml_out_fmt(&s->out, "%-12s %10s %12s\n", "Vector", "Count",
		   "Per second");
	for (i = 0; i < c->n_vectors; i++)
		ml_out_fmt(&s->out, "0x%08" PRIx64 "   %10" PRIu64 " %12s\n",
			   c->vectors[i].vector, c->vectors[i].n,
			   rate_or_dash(s, c->vectors[i].n, c->run, r));
	ml_out_char(&s->out, '\n');
	return MEMLOG_OK;
}

static enum memlog_status usage_table(struct ml_stats_out *s,
				      const struct ml_stats_cpu *c,
				      struct memlog_err *err)
{
	char name[16], sec[32] = "-";
	uint32_t i;

	table_head(s, "cpu_usage", c, c->run);
	if (!c->switches) {
		ml_out_str(&s->out, "no switch was recorded\n\n");
		return MEMLOG_OK;
	}
	ml_out_fmt(&s->out, "%-8s %22s %12s %10s\n", "VM", "Cycles", "Seconds",
		   "CPU %");
	for (i = 0; i < ML_STATS_USERS; i++) {
		if (!c->user_cycles[i])
			continue;
		if (s->opts->tsc_hz)
			snprintf(sec, sizeof(sec), "%.3f",
				 ml_stats_seconds(s, c->user_cycles[i]));
		ml_out_fmt(&s->out, "%-8s %22" PRIu64 " %12s %10.2f\n",
			   ml_stats_user_name(i, name), c->user_cycles[i], sec,
			   ml_stats_percent(c->user_cycles[i], c->run));
	}
	if (c->ambiguous)
		ml_out_fmt(
			&s->out,
			"%" PRIu64
			" cycles (%.2f%%) cannot be attributed: switches are missing\n",
			c->ambiguous, ml_stats_percent(c->ambiguous, c->run));
	ml_out_char(&s->out, '\n');
	return MEMLOG_OK;
}

static void visit_row(struct ml_stats_out *s, const struct ml_visits_cpu *c,
		      const char *name, const char *whose, uint64_t n,
		      uint64_t ns)
{
	char rate[32] = "-";

	if (c->run)
		snprintf(rate, sizeof(rate), "%.2f",
			 (double)n * 1e9 / (double)c->run);
	ml_out_fmt(&s->out,
		   "%-16s %-10s %10" PRIu64 " %12s %18" PRIu64 " %8.2f\n", name,
		   whose, n, rate, ns, ml_stats_percent(ns, c->run));
}

static void visit_unpaired(struct ml_stats_out *s,
			   const struct ml_visits_cpu *c)
{
	if (c->no_exit || c->no_enter)
		ml_out_fmt(&s->out,
			   "not counted: %" PRIu64 " without an end, %" PRIu64
			   " without a beginning\n",
			   c->no_exit, c->no_enter);
	if (c->untimed)
		ml_out_fmt(&s->out,
			   "%" PRIu64 " visit%s across a clock step: counted, "
			   "not timed\n",
			   c->untimed, ml_s(c->untimed));
}

static void visit_lengths(struct ml_stats_out *s, const struct ml_visits_cpu *c)
{
	char name[80], safe[64], whose[16];
	const struct ml_visit *v;
	bool any = false;
	size_t i;

	for (i = 0; i < c->n_rows; i++) {
		v = &c->rows[i];
		if (!v->times.n_samples)
			continue;
		if (!any)
			lengths_head(s, "ns of one visit");
		any = true;
		snprintf(name, sizeof(name), "%-16s %s",
			 memlog_escape(v->name, safe, sizeof(safe)),
			 ml_stats_visitor(v, whose));
		lengths_row(s, name, &v->times);
	}
}

static enum memlog_status visit_table(struct ml_stats_out *s,
				      const struct ml_visits_cpu *c,
				      struct memlog_err *err)
{
	char safe[64], whose[16];
	const struct ml_visit *v;
	size_t i;

	(void)err;
	table_title(s, "hyp_exit", c->cpu);
	ml_out_fmt(&s->out, "Total run time: %" PRIu64 " ns\n", c->run);
	ml_out_fmt(&s->out, "%-16s %-10s %10s %12s %18s %8s\n", "Reason",
		   "vCPU", "Count", "Per second", "ns", "Time %");
	for (i = 0; i < c->n_rows; i++) {
		v = &c->rows[i];
		visit_row(s, c, memlog_escape(v->name, safe, sizeof(safe)),
			  ml_stats_visitor(v, whose), v->times.n,
			  v->times.cycles);
	}
	visit_row(s, c, "Total", "", c->n, c->ns);
	visit_unpaired(s, c);
	visit_lengths(s, c);
	ml_out_char(&s->out, '\n');
	return MEMLOG_OK;
}

const struct ml_stats_writer ml_stats_table = {
	.write = {
		[ML_STATS_VM_EXIT] = exit_table,
		[ML_STATS_IRQ] = irq_table,
		[ML_STATS_CPU_USAGE] = usage_table,
	},
	.visits = visit_table,
	.boot = ml_boot_table,
};
