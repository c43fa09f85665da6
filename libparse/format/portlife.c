/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portlife.c - the lives of machines in the log of a monitor, if all lines are of one
 * process. portmix.c tells several apart. */
#include <string.h>

#include "base/err.h"
#include "portlife.h"

/* As long as the monitor's time has all digits. */
#define LIFE_PRECISE (UINT64_C(1) << 26)

/* ---- lives -------------------------------------------------------------- */

static bool life_moved(int64_t a, int64_t b, uint64_t monitor)
{
	int64_t by = a < b ? b - a : a - b;

	return by >
	       ML_PORT_OFFSET_US + (int64_t)(monitor >> ML_PORT_OFFSET_BITS);
}

bool ml_port_life_restarted(uint64_t monitor, uint64_t before)
{
	return monitor < before / 2 && before - monitor > ML_PORT_OFFSET_US;
}

bool ml_port_life_stray(const struct ml_port_active *a)
{
	return a->used && a->like != ML_PORT_NONE && a->marks < 2;
}

size_t ml_port_life_place(const struct ml_port_active *places, size_t n)
{
	size_t i, best = 0;

	for (i = 0; i < n; i++) {
		if (!places[i].used)
			return i;
		if (ml_port_life_stray(&places[i]) !=
				    ml_port_life_stray(&places[best]) ?
			    ml_port_life_stray(&places[i]) :
			    places[i].stamp < places[best].stamp)
			best = i;
	}
	return best;
}

enum memlog_status ml_port_life_number(struct ml_port_machines *m, size_t *ret,
				       struct memlog_err *err)
{
	enum memlog_status s;

	/* a live log may have changed since the first time */
	if (m->passed == (m->again ? m->n_lives : ML_PORT_LIVES)) {
		*ret = m->passed ? m->passed - 1 : 0;
		return MEMLOG_OK;
	}
	*ret = m->passed++;
	if (!m->again) {
		s = ml_grow(&m->alloc, &m->lives, m->n_lives, &m->cap_lives,
			    sizeof(*m->lives), err);
		if (s)
			return s;
		m->lives[m->n_lives++] =
			(struct ml_port_life){ .first = m->line,
					       .last = m->line,
					       .place = ML_PORT_ACTIVE,
					       .before = ML_PORT_NONE,
					       .same = ML_PORT_NONE };
	}
	return MEMLOG_OK;
}

void ml_port_life_note(struct ml_port_machines *m,
		       const struct ml_port_active *a, bool has_process)
{
	struct ml_port_life *l;

	if (m->again)
		return;
	l = &m->lives[a->life];
	l->has_process = has_process;
	l->process = a->process;
	l->last = m->line;
	l->has_monitor = a->has_monitor;
	l->monitor = a->monitor;
	l->has_created |= a->has_offset;
	l->created = a->offset;
}

/* ---- one monitor -------------------------------------------------------- */

bool ml_port_life_apart(const struct ml_port_active *a,
			const struct ml_port_said *l)
{
	return a->any && (l->boot_timer || a->boot_timer ||
			  (l->us < a->us && a->us - l->us > ML_PORT_BACK_US) ||
			  (l->has_monitor && a->has_offset &&
			   life_moved((int64_t)(l->monitor - l->us), a->offset,
				      l->monitor)));
}

/* Does a life begin with this line, if all lines are of one monitor? */
static bool life_begins(const struct ml_port_active *a,
			const struct ml_port_said *l)
{
	return (l->has_monitor && a->has_monitor &&
		ml_port_life_restarted(l->monitor, a->seen)) ||
	       (l->is_mark && ml_port_life_apart(a, l));
}

void ml_port_life_begin(struct ml_port_machines *m, struct ml_port_active *a,
			size_t life, const struct ml_port_said *l)
{
	*a = (struct ml_port_active){ .used = true,
				      .life = life,
				      .doubt = ML_PORT_NONE,
				      .doubted = ML_PORT_NONE,
				      .like = ML_PORT_NONE,
				      .process = l->process,
				      .has_monitor = l->has_monitor,
				      .monitor = l->monitor,
				      .seen = l->monitor,
				      .begun = m->line,
				      .stamp = m->line };
}

void ml_port_life_add(struct ml_port_machines *m, struct ml_port_active *a,
		      const struct ml_port_said *l)
{
	int64_t offset = (int64_t)(l->monitor - l->us);

	a->stamp = m->line;
	if (l->has_monitor) {
		a->seen = l->monitor;
		a->monitor = l->is_mark || !a->has_monitor ? l->monitor :
							     a->monitor;
		a->has_monitor = true;
	}
	if (!l->is_mark)
		return;
	a->marks++;
	a->any = true;
	a->boot_timer = l->boot_timer;
	a->us = l->us;
	/* a message may be late, never early; later on there are few digits */
	if (l->has_monitor && (!a->has_offset || (offset < a->offset &&
						  l->monitor < LIFE_PRECISE))) {
		a->has_offset = true;
		a->offset = offset;
	}
}

/* ---- a process with a number -------------------------------------------- */

enum memlog_status ml_port_life_named(struct ml_port_machines *m,
				      const struct ml_port_said *l, size_t *ret,
				      bool *ret_sure, struct memlog_err *err)
{
	struct ml_port_active *a = NULL;
	enum memlog_status s;
	size_t i, life;

	for (i = 0; i < ML_PORT_PROCESSES && !a; i++)
		if (m->named[i].used && m->named[i].process == l->process)
			a = &m->named[i];
	/* a line of some other program */
	*ret_sure = a || l->of_monitor;
	if (!*ret_sure)
		return MEMLOG_OK;
	if (!a || life_begins(a, l)) {
		s = ml_port_life_number(m, &life, err);
		if (s)
			return s;
		if (!a)
			a = &m->named[ml_port_life_place(m->named,
							 ML_PORT_PROCESSES)];
		else if (!m->again && a->life != life)
			m->lives[life].before = a->life;
		ml_port_life_begin(m, a, life, l);
	}
	ml_port_life_add(m, a, l);
	ml_port_life_note(m, a, true);
	*ret = a->life;
	if (l->is_mark || l->has_monitor)
		m->current = a->life;
	return MEMLOG_OK;
}
