/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * portmachine.c - machines in the log of monitors, from the lives that portlife.c found.
 *
 * Lives of one monitor follow each other: those of one process, or those whose
 * monitor's clock goes on. Monitors of which lines are mixed are of several machines;
 * one that starts after the last line of another is that of the next boot.
 */
#include "portmachine.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "portlife.h"

/* Machines that may go on, as many as lives that may: all others have had their last
 * line. */
#define MACHINE_OPEN (ML_PORT_ACTIVE + ML_PORT_PROCESSES)

/* What settling needs: of each monitor its lines and its machine, in order of first
 * line; and of open machines the number and the last line. */
struct machine_settle {
	struct machine_span {
		uint64_t first, last;
		size_t machine;
	} * monitors;
	size_t n_monitors, n_open;
	struct machine_open {
		size_t number;
		uint64_t last;
	} open[MACHINE_OPEN];
};

static void machine_restart(struct ml_port_machines *m)
{
	size_t i, k;

	m->passed = 0;
	m->current = ML_PORT_NONE;
	m->line = 0;
	for (i = 0; i < ML_PORT_PROCESSES; i++)
		m->named[i] = (struct ml_port_active){ .used = false };
	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		m->any[i] = (struct ml_port_active){ .used = false };
		for (k = 0; k < ML_PORT_ACTIVE; k++)
			m->after[i][k] = INT64_MIN;
	}
}

enum memlog_status ml_port_machines_create(const struct memlog_allocator *alloc,
					   struct ml_port_machines **ret,
					   struct memlog_err *err)
{
	struct ml_port_machines *m = ml_calloc(alloc, 1, sizeof(*m));

	if (!m)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory to tell machines apart");
	m->alloc = *alloc;
	machine_restart(m);
	*ret = m;
	return MEMLOG_OK;
}

void ml_port_machines_destroy(struct ml_port_machines *m)
{
	struct memlog_allocator a;

	if (!m)
		return;
	a = m->alloc;
	ml_free(&a, m->lives);
	ml_free(&a, m);
}

/* ---- monitors ----------------------------------------------------------- */

/* Lives that turned out to be an older one. */
static void machine_same(struct ml_port_machines *m)
{
	struct ml_port_life *l, *of;
	size_t i;

	for (i = m->n_lives; i--;) {
		l = &m->lives[i];
		if (l->same == ML_PORT_NONE)
			continue;
		of = &m->lives[l->same];
		if (l->last > of->last) {
			of->last = l->last;
			of->monitor = l->monitor;
		}
	}
}

/* Was the machine of a life created after the last mark of the other, if both are of one
 * monitor? */
static bool machine_created_after(const struct ml_port_life *l,
				  const struct ml_port_life *of)
{
	int64_t differ =
		ML_PORT_BACK_US + (int64_t)(of->monitor >> ML_PORT_OFFSET_BITS);

	return l->has_created && of->has_monitor &&
	       l->created + differ >= (int64_t)of->monitor;
}

/* The life that a monitor had before this one, NONE: it is its first. Of several that had
 * their last line it is the one that had it last. at: the last life at each place. */
static size_t machine_before(const struct ml_port_machines *m,
			     const struct ml_port_life *l,
			     const size_t at[ML_PORT_ACTIVE])
{
	const struct ml_port_life *of;
	size_t i, life, best = ML_PORT_NONE;

	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		life = l->maybe >> i & 1 ? at[i] : ML_PORT_NONE;
		while (life != ML_PORT_NONE &&
		       m->lives[life].same != ML_PORT_NONE)
			life = m->lives[life].same;
		if (life == ML_PORT_NONE)
			continue;
		of = &m->lives[life];
		/* it had its reset before it was created anew */
		if (!of->continued && of->last < l->first &&
		    machine_created_after(l, of) &&
		    (best == ML_PORT_NONE || of->last > m->lives[best].last))
			best = life;
	}
	return best;
}

/* Number the monitors, into machine of each life. */
static void machine_monitors(struct ml_port_machines *m,
			     struct machine_settle *t)
{
	size_t i, before, at[ML_PORT_ACTIVE];
	struct ml_port_life *l;

	for (i = 0; i < ML_PORT_ACTIVE; i++)
		at[i] = ML_PORT_NONE;
	for (i = 0; i < m->n_lives; i++) {
		l = &m->lives[i];
		before = l->before;
		if (l->same == ML_PORT_NONE && !l->has_process)
			before = machine_before(m, l, at);
		if (l->place < ML_PORT_ACTIVE)
			at[l->place] = i;
		if (l->same != ML_PORT_NONE)
			continue;
		if (before == ML_PORT_NONE) {
			l->machine = t->n_monitors;
			t->monitors[t->n_monitors++] =
				(struct machine_span){ .first = l->first,
						       .last = l->last };
			continue;
		}
		m->lives[before].continued = true;
		l->machine = m->lives[before].machine;
		if (l->last > t->monitors[l->machine].last)
			t->monitors[l->machine].last = l->last;
	}
}

/* ---- machines ----------------------------------------------------------- */

/* An unused place, else the one whose last line is the first. */
static size_t machine_place(struct machine_settle *t)
{
	size_t i, best = 0;

	if (t->n_open < MACHINE_OPEN)
		return t->n_open++;
	for (i = 1; i < MACHINE_OPEN; i++)
		if (t->open[i].last < t->open[best].last)
			best = i;
	return best;
}

/* Each monitor is the next of the machine whose last line was the last one before it,
 * else of a new machine. */
static void machine_machines(struct ml_port_machines *m,
			     struct machine_settle *t)
{
	struct machine_span *s;
	size_t i, k, best;

	for (i = 0; i < t->n_monitors; i++) {
		s = &t->monitors[i];
		best = ML_PORT_NONE;
		for (k = 0; k < t->n_open; k++)
			if (t->open[k].last < s->first &&
			    (best == ML_PORT_NONE ||
			     t->open[k].last > t->open[best].last))
				best = k;
		if (best == ML_PORT_NONE) {
			best = machine_place(t);
			t->open[best].number = m->n_machines++;
		}
		s->machine = t->open[best].number;
		t->open[best].last = s->last;
	}
}

/* Boots of each machine, the last one is 0. */
static enum memlog_status machine_boots(struct ml_port_machines *m,
					struct memlog_err *err)
{
	int32_t *boots = ml_calloc(&m->alloc, m->n_machines, sizeof(*boots));
	struct ml_port_life *l;
	size_t i;

	if (!boots)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory to tell machines apart");
	for (i = m->n_lives; i--;) {
		l = &m->lives[i];
		if (l->same == ML_PORT_NONE)
			l->boot = boots[l->machine]--;
	}
	ml_free(&m->alloc, boots);
	/* it is an older one */
	for (i = 0; i < m->n_lives; i++) {
		l = &m->lives[i];
		if (l->same == ML_PORT_NONE)
			continue;
		l->machine = m->lives[l->same].machine;
		l->boot = m->lives[l->same].boot;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_port_machines_settle(struct ml_port_machines *m,
					   struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct machine_settle *t;
	size_t i;

	m->again = true;
	machine_restart(m);
	if (!m->n_lives)
		return MEMLOG_OK;
	t = ml_calloc(&m->alloc, 1, sizeof(*t));
	if (t)
		t->monitors =
			ml_calloc(&m->alloc, m->n_lives, sizeof(*t->monitors));
	if (t && t->monitors) {
		machine_same(m);
		machine_monitors(m, t);
		machine_machines(m, t);
		for (i = 0; i < m->n_lives; i++)
			m->lives[i].machine =
				t->monitors[m->lives[i].machine].machine;
		s = machine_boots(m, err);
	} else {
		s = ml_fail(err, MEMLOG_NO_MEMORY,
			    "no memory to tell machines apart");
	}
	if (t)
		ml_free(&m->alloc, t->monitors);
	ml_free(&m->alloc, t);
	return s;
}

/* ---- lines -------------------------------------------------------------- */

/* The life of a line, NONE if there is none so far; *ret_sure: it can be of no other. */
static enum memlog_status machine_life(struct ml_port_machines *m,
				       const struct ml_port_said *said,
				       size_t *ret, bool *ret_sure,
				       struct memlog_err *err)
{
	struct ml_port_said l = *said;
	enum memlog_status s;

	m->line++;
	if (l.monitor >= ML_PORT_CLOCK || (l.is_mark && l.us >= ML_PORT_CLOCK))
		l.has_monitor = false;
	if (!l.has_monitor)
		l.monitor = 0;
	*ret = m->current;
	*ret_sure = false;
	if (l.has_process) {
		s = ml_port_life_named(m, &l, ret, ret_sure, err);
		if (s || *ret_sure)
			return s;
	}
	l.process = 0;
	return ml_port_life_any(m, &l, ret, ret_sure, err);
}

enum memlog_status ml_port_machines_line(struct ml_port_machines *m,
					 const struct ml_port_said *said,
					 struct ml_port_whose *ret,
					 struct memlog_err *err)
{
	const struct ml_port_life *l;
	enum memlog_status s;
	size_t life;
	bool sure;

	s = machine_life(m, said, &life, &sure, err);
	if (s || !m->again)
		return s;
	*ret = (struct ml_port_whose){ .boot = 0 };
	/* what comes before all of them is of the first one */
	if (life == ML_PORT_NONE)
		life = 0;
	if (life >= m->n_lives)
		return MEMLOG_OK;
	l = &m->lives[life];
	ret->boot = l->boot;
	if (!sure || m->n_machines < 2)
		return MEMLOG_OK;
	if (l->has_process)
		snprintf(ret->vm, sizeof(ret->vm), "%" PRIu64, l->process);
	else
		snprintf(ret->vm, sizeof(ret->vm), "vm%zu", l->machine + 1);
	return MEMLOG_OK;
}
