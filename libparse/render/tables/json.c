/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json.c - --stats as JSON, an object for each CPU and analysis. */
#include "parts.h"

#include "render/json_writer.h"

static void json_trace(struct ml_stats_out *s, struct ml_json *j,
		       const char *what, int32_t cpu)
{
	ml_json_begin(j, &s->out, s->seq, "stats", s->opts->image, s->log);
	ml_json_str(j, "stats", what);
	if (cpu >= 0)
		ml_json_int(j, "cpu", cpu);
	else
		ml_json_null(j, "cpu");
}

static void json_start(struct ml_stats_out *s, struct ml_json *j,
		       const char *what, const struct ml_stats_cpu *c,
		       uint64_t run)
{
	json_trace(s, j, what, c->cpu);
	ml_json_u64(j, "run_cycles", run);
	if (s->opts->tsc_hz)
		ml_json_u64(j, "tsc_hz", s->opts->tsc_hz);
}

static void json_lengths(struct ml_json *j, const struct ml_stats_exit *e)
{
	if (!e->n_samples)
		return;
	ml_json_u64(j, "min", e->samples[0]);
	ml_json_u64(j, "p50", ml_stats_percentile(e, 500));
	ml_json_u64(j, "p90", ml_stats_percentile(e, 900));
	ml_json_u64(j, "p99", ml_stats_percentile(e, 990));
	ml_json_u64(j, "max", e->samples[e->n_samples - 1]);
}

static enum memlog_status exit_json(struct ml_stats_out *s,
				    const struct ml_stats_cpu *c,
				    struct memlog_err *err)
{
	struct ml_json j;
	char name[32];
	uint32_t i;

	json_start(s, &j, "vm_exit", c, c->exit_run);
	ml_json_u64(&j, "exits", ml_stats_total_exits(c));
	ml_json_u64(&j, "cycles", c->exit_cycles);
	ml_json_u64(&j, "unfinished", c->unfinished);
	ml_json_open(&j, "reasons", '[');
	for (i = 0; i < ML_STATS_REASONS; i++) {
		const struct ml_stats_exit *e = &c->exits[i];

		if (!e->n && !e->n_samples)
			continue;
		ml_json_open(&j, NULL, '{');
		ml_json_str(&j, "reason",
			    ml_stats_reason_name(s->stats, i, name));
		ml_json_u64(&j, "count", e->n);
		ml_json_u64(&j, "cycles", e->cycles);
		json_lengths(&j, e);
		ml_json_close(&j, '}');
	}
	ml_json_close(&j, ']');
	ml_json_end(&j);
	return MEMLOG_OK;
}

static enum memlog_status irq_json(struct ml_stats_out *s,
				   const struct ml_stats_cpu *c,
				   struct memlog_err *err)
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
	return MEMLOG_OK;
}

static enum memlog_status usage_json(struct ml_stats_out *s,
				     const struct ml_stats_cpu *c,
				     struct memlog_err *err)
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
		ml_json_str(&j, "vm", ml_stats_user_name(i, name));
		ml_json_u64(&j, "cycles", c->user_cycles[i]);
		ml_json_close(&j, '}');
	}
	ml_json_close(&j, ']');
	ml_json_end(&j);
	return MEMLOG_OK;
}

static enum memlog_status visit_json(struct ml_stats_out *s,
				     const struct ml_visits_cpu *c,
				     struct memlog_err *err)
{
	const struct ml_visit *v;
	struct ml_json j;
	size_t i;

	(void)err;
	json_trace(s, &j, "hyp_exit", c->cpu);
	ml_json_u64(&j, "run_ns", c->run);
	ml_json_u64(&j, "visits", c->n);
	ml_json_u64(&j, "ns", c->ns);
	ml_json_u64(&j, "untimed", c->untimed);
	ml_json_u64(&j, "no_exit", c->no_exit);
	ml_json_u64(&j, "no_enter", c->no_enter);
	ml_json_open(&j, "reasons", '[');
	for (i = 0; i < c->n_rows; i++) {
		v = &c->rows[i];
		ml_json_open(&j, NULL, '{');
		ml_json_text(&j, "reason", v->name);
		if (v->has_task)
			ml_json_int(&j, "vcpu", v->task);
		ml_json_u64(&j, "count", v->times.n);
		ml_json_u64(&j, "ns", v->times.cycles);
		ml_json_u64(&j, "untimed", v->untimed);
		json_lengths(&j, &v->times);
		ml_json_close(&j, '}');
	}
	ml_json_close(&j, ']');
	ml_json_end(&j);
	return MEMLOG_OK;
}

const struct ml_stats_writer ml_stats_json = {
	.write = {
		[ML_STATS_VM_EXIT] = exit_json,
		[ML_STATS_IRQ] = irq_json,
		[ML_STATS_CPU_USAGE] = usage_json,
	},
	.visits = visit_json,
	.boot = ml_boot_json,
};
