/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stats.c - statistics of a trace, by CPU: exits, interrupts, time. */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

struct ml_stats {
	struct memlog_allocator alloc;
	const struct ml_format *fmt;
	struct ml_stats_cpu **cpus;
	size_t n, cap;
	struct ml_stats_cpu all;
	bool finished;
};

enum memlog_status ml_stats_create(const struct memlog_allocator *alloc,
				   const struct ml_format *fmt,
				   struct ml_stats **ret,
				   struct memlog_err *err)
{
	struct ml_stats *s = ml_calloc(alloc, 1, sizeof(*s));

	if (!s)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to count");
	s->alloc = *alloc;
	s->fmt = fmt;
	s->all.cpu = -1;
	*ret = s;
	return MEMLOG_OK;
}

static void cpu_fini(struct ml_stats *s, struct ml_stats_cpu *c)
{
	size_t i;

	for (i = 0; i < ML_STATS_REASONS; i++)
		ml_free(&s->alloc, c->exits[i].samples);
	ml_free(&s->alloc, c->vectors);
}

void ml_stats_destroy(struct ml_stats *s)
{
	struct memlog_allocator a;
	size_t i;

	if (!s)
		return;
	a = s->alloc;
	for (i = 0; i < s->n; i++) {
		cpu_fini(s, s->cpus[i]);
		ml_free(&a, s->cpus[i]);
	}
	cpu_fini(s, &s->all);
	ml_free(&a, s->cpus);
	ml_free(&a, s);
}

static enum memlog_status stats_cpu_of(struct ml_stats *s, int32_t cpu,
				       struct ml_stats_cpu **ret,
				       struct memlog_err *err)
{
	enum memlog_status status;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->cpus[i]->cpu == cpu) {
			*ret = s->cpus[i];
			return MEMLOG_OK;
		}
	status = ml_grow(&s->alloc, &s->cpus, s->n, &s->cap, sizeof(*s->cpus),
			 err);
	if (status)
		return status;
	*ret = ml_calloc(&s->alloc, 1, sizeof(**ret));
	if (!*ret)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a CPU");
	(*ret)->cpu = cpu;
	s->cpus[s->n++] = *ret;
	return MEMLOG_OK;
}

/* Cycles from one time stamp to a later one, even if the counter wrapped; 0 if
 * it is not later. */
static uint64_t stats_since(uint64_t from, uint64_t to)
{
	return to - from <= INT64_MAX ? to - from : 0;
}

/* ---- exits -------------------------------------------------------------- */

static uint32_t stats_reason(uint32_t reason)
{
	if (reason == ML_EVENT_UNHANDLED)
		return ML_STATS_UNHANDLED;
	return reason < ML_STATS_VMX ? reason : ML_STATS_OTHER;
}

/* An exit is over, whether its end was recorded or not. */
static void stats_exit_over(struct ml_stats_cpu *c)
{
	if (c->in_exit && !c->counted)
		c->exits[c->reason].n++;
	c->in_exit = false;
}

static enum memlog_status end_exit(struct ml_stats *s, struct ml_stats_cpu *c,
				   uint64_t tsc, struct memlog_err *err)
{
	struct ml_stats_exit *e = &c->exits[c->reason];
	uint64_t cycles = stats_since(c->exit_tsc, tsc);
	enum memlog_status status;

	stats_exit_over(c);
	e->cycles += cycles;
	c->exit_cycles += cycles;
	if (e->n_samples >= ML_STATS_MAX_SAMPLES)
		return MEMLOG_OK;
	status = ml_grow(&s->alloc, &e->samples, e->n_samples, &e->cap,
			 sizeof(*e->samples), err);
	if (!status)
		e->samples[e->n_samples++] = cycles;
	return status;
}

/* An exit whose end is missing. */
static void end_unfinished(struct ml_stats_cpu *c)
{
	c->unfinished += c->in_exit;
	stats_exit_over(c);
}

static enum memlog_status add_exit(struct ml_stats *s, struct ml_stats_cpu *c,
				   const struct ml_event *e, uint64_t tsc,
				   struct memlog_err *err)
{
	if (e->kind == ML_EVENT_LEAVE) {
		end_unfinished(c);
		if (!c->any_exit)
			c->first_exit = tsc;
		c->any_exit = c->in_exit = true;
		c->exit_tsc = tsc;
		c->reason = stats_reason(e->reason);
		c->counted = false;
		c->n_exits++;
	} else if (e->kind == ML_EVENT_ENTER && c->in_exit) {
		return end_exit(s, c, tsc, err);
	} else if (e->kind == ML_EVENT_REASON && c->any_exit) {
		c->reason = stats_reason(e->reason);
		c->exits[c->reason].n++;
		c->counted = true;
	}
	return MEMLOG_OK;
}

/* ---- interrupts --------------------------------------------------------- */

static enum memlog_status count_vector(struct ml_stats *s,
				       struct ml_stats_cpu *c, uint64_t vector,
				       uint64_t n, struct memlog_err *err)
{
	enum memlog_status status;
	size_t i;

	for (i = 0; i < c->n_vectors; i++)
		if (c->vectors[i].vector == vector) {
			c->vectors[i].n += n;
			return MEMLOG_OK;
		}
	if (c->n_vectors >= ML_STATS_MAX_VECTORS)
		return MEMLOG_OK;
	status = ml_grow(&s->alloc, &c->vectors, c->n_vectors, &c->cap_vectors,
			 sizeof(*c->vectors), err);
	if (!status)
		c->vectors[c->n_vectors++] =
			(struct ml_stats_vector){ vector, n };
	return status;
}

/* ---- who had the CPU ---------------------------------------------------- */

static void add_switch(struct ml_stats_cpu *c, const struct ml_event *e,
		       uint64_t tsc)
{
	uint64_t cycles =
		stats_since(c->switches ? c->switch_tsc : c->first, tsc);

	/* what runs now must be what was switched to, or a switch is missing */
	if (c->switches && e->prev != c->next)
		c->ambiguous += cycles;
	else
		c->user_cycles[e->prev] += cycles;
	c->switches++;
	c->switch_tsc = tsc;
	c->next = e->next;
}

/* ------------------------------------------------------------------------- */

enum memlog_status ml_stats_add(struct ml_stats *s,
				const struct memlog_record *rec,
				struct memlog_err *err)
{
	struct ml_stats_cpu *c;
	struct ml_event e;
	enum memlog_status status;

	if (!rec->has_time || !s->fmt->say.event || s->fmt->say.visits ||
	    !s->fmt->say.event(rec, &e))
		return MEMLOG_OK;
	status = stats_cpu_of(s, rec->cpu, &c, err);
	if (status)
		return status;
	if (!c->events++)
		c->first = rec->time;
	c->last = rec->time;
	status = add_exit(s, c, &e, rec->time, err);
	if (!status && e.kind == ML_EVENT_REASON && e.has_vector)
		status = count_vector(s, c, e.vector, 1, err);
	if (e.kind == ML_EVENT_SWITCH)
		add_switch(c, &e, rec->time);
	return status;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int stats_by_cpu(const void *a, const void *b)
{
	const struct ml_stats_cpu *x = *(struct ml_stats_cpu *const *)a;
	const struct ml_stats_cpu *y = *(struct ml_stats_cpu *const *)b;

	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static void finish_cpu(struct ml_stats_cpu *c)
{
	c->run = stats_since(c->first, c->last);
	c->exit_run = c->any_exit ? stats_since(c->first_exit, c->last) : 0;
	end_unfinished(c);
	if (c->switches)
		c->user_cycles[c->next] += stats_since(c->switch_tsc, c->last);
}

static enum memlog_status add_samples(struct ml_stats *s,
				      struct ml_stats_exit *to,
				      const struct ml_stats_exit *from,
				      struct memlog_err *err)
{
	enum memlog_status status = MEMLOG_OK;
	size_t i;

	to->n += from->n;
	to->cycles += from->cycles;
	for (i = 0; i < from->n_samples && !status &&
		    to->n_samples < ML_STATS_MAX_SAMPLES;
	     i++) {
		status = ml_grow(&s->alloc, &to->samples, to->n_samples,
				 &to->cap, sizeof(*to->samples), err);
		if (!status)
			to->samples[to->n_samples++] = from->samples[i];
	}
	return status;
}

static enum memlog_status stats_add_cpu(struct ml_stats *s,
					const struct ml_stats_cpu *c,
					struct memlog_err *err)
{
	struct ml_stats_cpu *all = &s->all;
	enum memlog_status status = MEMLOG_OK;
	size_t i;

	all->events += c->events;
	all->run += c->run;
	all->n_exits += c->n_exits;
	all->exit_cycles += c->exit_cycles;
	all->exit_run += c->exit_run;
	all->unfinished += c->unfinished;
	all->any_exit |= c->any_exit;
	all->switches += c->switches;
	all->ambiguous += c->ambiguous;
	for (i = 0; i < ML_STATS_USERS; i++)
		all->user_cycles[i] += c->user_cycles[i];
	for (i = 0; i < ML_STATS_REASONS && !status; i++)
		status = add_samples(s, &all->exits[i], &c->exits[i], err);
	for (i = 0; i < c->n_vectors && !status; i++)
		status = count_vector(s, all, c->vectors[i].vector,
				      c->vectors[i].n, err);
	return status;
}

static int by_vector(const void *a, const void *b)
{
	const struct ml_stats_vector *x = a, *y = b;

	return x->vector < y->vector ? -1 : x->vector > y->vector;
}

static void sort_cpu(struct ml_stats_cpu *c)
{
	size_t i;

	if (c->n_vectors)
		qsort(c->vectors, c->n_vectors, sizeof(*c->vectors), by_vector);

	for (i = 0; i < ML_STATS_REASONS; i++)
		if (c->exits[i].n_samples)
			qsort(c->exits[i].samples, c->exits[i].n_samples,
			      sizeof(uint64_t), by_value);
}

enum memlog_status ml_stats_finish(struct ml_stats *s, struct memlog_err *err)
{
	enum memlog_status status = MEMLOG_OK;
	size_t i;

	if (s->n)
		qsort(s->cpus, s->n, sizeof(*s->cpus), stats_by_cpu);
	for (i = 0; i < s->n && !status; i++) {
		finish_cpu(s->cpus[i]);
		status = stats_add_cpu(s, s->cpus[i], err);
		sort_cpu(s->cpus[i]);
	}
	sort_cpu(&s->all);
	s->finished = true;
	return status;
}

const struct ml_stats_cpu *ml_stats_get(const struct ml_stats *s, size_t index)
{
	if (index < s->n)
		return s->cpus[index];
	return index == s->n && s->n > 1 ? &s->all : NULL;
}

const char *ml_stats_reason_name(const struct ml_stats *s, uint32_t reason,
				 char buf[32])
{
	const char *name = NULL;

	if (reason == ML_STATS_OTHER)
		return "(other reasons)";
	if (s->fmt->say.reason)
		name = s->fmt->say.reason(reason == ML_STATS_UNHANDLED ?
						  ML_EVENT_UNHANDLED :
						  reason);
	if (name)
		return name;
	snprintf(buf, 32, "VM_EXIT %" PRIu32, reason);
	return buf;
}

uint64_t ml_stats_percentile(const struct ml_stats_exit *e, unsigned int p)
{
	size_t rank;

	if (!e->n_samples)
		return 0;
	rank = (e->n_samples * (size_t)p + 999) / 1000;
	return e->samples[rank ? rank - 1 : 0];
}
