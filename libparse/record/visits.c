/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* visits.c - statistics of a hypervisor's own trace, by CPU. */
#include "visits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

struct ml_visits {
	struct memlog_allocator alloc;
	const struct ml_format *fmt;
	struct ml_visits_cpu *cpus;
	size_t n, cap;
	struct ml_visits_cpu all;
};

enum memlog_status ml_visits_create(const struct memlog_allocator *alloc,
				    const struct ml_format *fmt,
				    struct ml_visits **ret,
				    struct memlog_err *err)
{
	struct ml_visits *v = ml_calloc(alloc, 1, sizeof(*v));

	if (!v)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to count");
	v->alloc = *alloc;
	v->fmt = fmt;
	v->all.cpu = -1;
	*ret = v;
	return MEMLOG_OK;
}

static void visits_cpu_fini(struct ml_visits *v, struct ml_visits_cpu *c)
{
	size_t i;

	for (i = 0; i < c->n_rows; i++)
		ml_free(&v->alloc, c->rows[i].times.samples);
	ml_free(&v->alloc, c->rows);
}

void ml_visits_destroy(struct ml_visits *v)
{
	struct memlog_allocator a;
	size_t i;

	if (!v)
		return;
	a = v->alloc;
	for (i = 0; i < v->n; i++)
		visits_cpu_fini(v, &v->cpus[i]);
	visits_cpu_fini(v, &v->all);
	ml_free(&a, v->cpus);
	ml_free(&a, v);
}

static enum memlog_status visits_cpu_of(struct ml_visits *v, int32_t cpu,
					struct ml_visits_cpu **ret,
					struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	for (i = v->n; i; i--)
		if (v->cpus[i - 1].cpu == cpu) {
			*ret = &v->cpus[i - 1];
			return MEMLOG_OK;
		}
	s = ml_grow(&v->alloc, &v->cpus, v->n, &v->cap, sizeof(*v->cpus), err);
	if (s)
		return s;
	*ret = &v->cpus[v->n++];
	memset(*ret, 0, sizeof(**ret));
	(*ret)->cpu = cpu;
	return MEMLOG_OK;
}

/* ---- rows ----------------------------------------------------------------- */

static int visits_compare(const struct ml_visit *x, const struct ml_visit *y)
{
	if (x->has_task != y->has_task)
		return x->has_task ? -1 : 1;
	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	return strcmp(x->name, y->name);
}

static enum memlog_status visits_row(struct ml_visits *v,
				     struct ml_visits_cpu *c,
				     const struct ml_visit *like,
				     struct ml_visit **ret,
				     struct memlog_err *err)
{
	static const struct ml_visit others = { .reason = UINT32_MAX,
						.name = "(others)" };
	enum memlog_status s;
	size_t i;

	for (i = 0; i < c->n_rows; i++)
		if (!visits_compare(&c->rows[i], like)) {
			*ret = &c->rows[i];
			return MEMLOG_OK;
		}
	/* the last one is for all the rest */
	if (i >= ML_VISITS_ROWS) {
		*ret = &c->rows[i - 1];
		return MEMLOG_OK;
	}
	s = ml_grow(&v->alloc, &c->rows, c->n_rows, &c->cap_rows,
		    sizeof(*c->rows), err);
	if (s)
		return s;
	*ret = &c->rows[c->n_rows++];
	**ret = c->n_rows < ML_VISITS_ROWS ? *like : others;
	(*ret)->times = (struct ml_stats_exit){ .n = 0 };
	(*ret)->untimed = 0;
	return MEMLOG_OK;
}

static enum memlog_status visits_sample(struct ml_visits *v,
					struct ml_stats_exit *e, uint64_t ns,
					struct memlog_err *err)
{
	enum memlog_status s;

	if (e->n_samples >= ML_STATS_MAX_SAMPLES)
		return MEMLOG_OK;
	s = ml_grow(&v->alloc, &e->samples, e->n_samples, &e->cap,
		    sizeof(*e->samples), err);
	if (!s)
		e->samples[e->n_samples++] = ns;
	return s;
}

/* ---- events --------------------------------------------------------------- */

static void visits_set_name(struct ml_visit *to, const struct ml_event *e)
{
	to->reason = e->reason;
	if (e->name)
		snprintf(to->name, sizeof(to->name), "%.*s",
			 (int)ml_min(e->name_len, sizeof(to->name)), e->name);
	else
		snprintf(to->name, sizeof(to->name), "reason %u", e->reason);
}

static void visits_begin(struct ml_visits_cpu *c, const struct ml_event *e,
			 uint64_t ns)
{
	c->no_exit += c->inside;
	c->inside = true;
	c->stepped = false;
	c->begin = ns;
	c->current =
		(struct ml_visit){ .has_task = e->has_task, .task = e->task };
	visits_set_name(&c->current, e);
}

static enum memlog_status visits_end(struct ml_visits *v,
				     struct ml_visits_cpu *c, uint64_t ns,
				     struct memlog_err *err)
{
	struct ml_visit *row;
	enum memlog_status s;

	if (!c->inside) {
		c->no_enter++;
		return MEMLOG_OK;
	}
	c->inside = false;
	s = visits_row(v, c, &c->current, &row, err);
	if (s)
		return s;
	c->n++;
	row->times.n++;
	if (c->stepped) {
		c->untimed++;
		row->untimed++;
		return MEMLOG_OK;
	}
	ns -= c->begin;
	c->ns += ns;
	row->times.cycles += ns;
	return visits_sample(v, &row->times, ns, err);
}

enum memlog_status ml_visits_add(struct ml_visits *v,
				 const struct memlog_record *rec,
				 struct memlog_err *err)
{
	struct ml_visits_cpu *c;
	enum memlog_status s;
	struct ml_event e;
	uint64_t ns = rec->time, last;

	if (!rec->has_time || !v->fmt->say.event(rec, &e))
		return MEMLOG_OK;
	s = visits_cpu_of(v, rec->cpu, &c, err);
	if (s)
		return s;
	last = c->clock.any ? c->clock.last : ns;
	if (ml_clock_next(&c->clock, ns))
		c->run += ns - last;
	else
		c->stepped = true;
	if (e.kind == ML_EVENT_LEAVE)
		visits_begin(c, &e, ns);
	else if (e.kind == ML_EVENT_ENTER)
		return visits_end(v, c, ns, err);
	else if (e.kind == ML_EVENT_REASON && c->inside)
		visits_set_name(&c->current, &e);
	return MEMLOG_OK;
}

/* ---- sums ----------------------------------------------------------------- */

static enum memlog_status visits_sum(struct ml_visits *v,
				     const struct ml_visits_cpu *c,
				     struct memlog_err *err)
{
	struct ml_visits_cpu *all = &v->all;
	enum memlog_status s = MEMLOG_OK;
	struct ml_visit *row;
	size_t i, k;

	all->run += c->run;
	all->n += c->n;
	all->ns += c->ns;
	all->untimed += c->untimed;
	all->no_exit += c->no_exit;
	all->no_enter += c->no_enter;
	for (i = 0; i < c->n_rows && !s; i++) {
		const struct ml_stats_exit *e = &c->rows[i].times;

		s = visits_row(v, all, &c->rows[i], &row, err);
		if (s)
			break;
		row->times.n += e->n;
		row->times.cycles += e->cycles;
		row->untimed += c->rows[i].untimed;
		for (k = 0; k < e->n_samples && !s; k++)
			s = visits_sample(v, &row->times, e->samples[k], err);
	}
	return s;
}

static int visits_by_row(const void *a, const void *b)
{
	return visits_compare(a, b);
}

static int visits_by_cpu(const void *a, const void *b)
{
	const struct ml_visits_cpu *x = a, *y = b;

	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static int visits_by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void visits_sort(struct ml_visits_cpu *c)
{
	size_t i;

	if (c->n_rows)
		qsort(c->rows, c->n_rows, sizeof(*c->rows), visits_by_row);
	for (i = 0; i < c->n_rows; i++)
		if (c->rows[i].times.n_samples)
			qsort(c->rows[i].times.samples,
			      c->rows[i].times.n_samples, sizeof(uint64_t),
			      visits_by_time);
}

enum memlog_status ml_visits_finish(struct ml_visits *v, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	if (v->n)
		qsort(v->cpus, v->n, sizeof(*v->cpus), visits_by_cpu);
	for (i = 0; i < v->n && !s; i++) {
		v->cpus[i].no_exit += v->cpus[i].inside;
		v->cpus[i].inside = false;
		s = visits_sum(v, &v->cpus[i], err);
		visits_sort(&v->cpus[i]);
	}
	visits_sort(&v->all);
	return s;
}

const struct ml_visits_cpu *ml_visits_get(const struct ml_visits *v,
					  size_t index)
{
	if (index < v->n)
		return &v->cpus[index];
	return index == v->n && v->n > 1 ? &v->all : NULL;
}
