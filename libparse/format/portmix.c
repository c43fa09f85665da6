/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * portmix.c - the lives of machines whose monitors write one log, without the numbers of
 * their processes: the clocks in the lines tell them apart.
 *
 * The difference between the monitor's time and that of a mark is the same for a life,
 * and a mark is of the life that it fits best. It must not be before the one before it.
 * And no two monitors may disagree about how long something took: what was last heard
 * of a second ago by the clock of another monitor cannot go on where it was.
 */
#include "portlife.h"

/* Lives that may be another one, of each; and what shows that they are not: marks of
 * both, and which share of them at least. */
enum { LIFE_NEAR = 4, LIFE_MANY = 4, LIFE_SHARE = 2 };

/* ---- places ------------------------------------------------------------- */

/* A place is used for another life: nothing is known of that. */
static void life_forget(struct ml_port_machines *m, size_t at)
{
	struct ml_port_active *a = &m->any[at];
	size_t i;

	if (a->used && a->doubt != ML_PORT_NONE)
		m->any[a->doubt].doubted = ML_PORT_NONE;
	if (a->used && a->doubted != ML_PORT_NONE)
		m->any[a->doubted].doubt = ML_PORT_NONE;
	a->used = false;
	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		m->after[at][i] = m->after[i][at] = INT64_MIN;
		if (m->any[i].like == at)
			m->any[i].like = ML_PORT_NONE;
	}
}

/* ---- the order of lines -------------------------------------------------- */

/* May the next line of a life, with that time, come now, by the clocks of others? */
static bool life_in_order(const struct ml_port_machines *m, size_t at,
			  uint64_t monitor)
{
	int64_t by;
	size_t i;

	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		const struct ml_port_active *o = &m->any[i];

		if (i == at || !o->used || m->after[i][at] == INT64_MIN)
			continue;
		by = m->after[i][at] + ((int64_t)o->monitor - (int64_t)monitor);
		if (by > ML_PORT_ORDER_US + (int64_t)((monitor | o->monitor) >>
						      ML_PORT_OFFSET_BITS))
			return false;
	}
	return true;
}

/* The same for all lives that may be that one. */
static bool life_all_in_order(const struct ml_port_machines *m, size_t at,
			      uint64_t monitor)
{
	size_t i, k;

	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		for (k = i; k != at && m->any[k].used &&
			    m->any[k].like != ML_PORT_NONE;)
			k = m->any[k].like;
		if (k == at && !life_in_order(m, i, monitor))
			return false;
	}
	return true;
}

/* What a line of a life with that time says about the start of its monitor. */
static void life_order(struct ml_port_machines *m, size_t at)
{
	struct ml_port_active *a = &m->any[at];
	int64_t by;
	size_t i;

	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		if (i == at || !m->any[i].used || !m->any[i].has_monitor)
			continue;
		by = (int64_t)m->any[i].monitor - (int64_t)a->monitor;
		if (by > m->after[at][i])
			m->after[at][i] = by;
	}
}

/* How far a mark is from what fits a life; -1: it does not fit. */
static int64_t life_distance(const struct ml_port_active *a,
			     const struct ml_port_said *l)
{
	int64_t offset = (int64_t)(l->monitor - l->us);

	if (!a->used || ml_port_life_apart(a, l))
		return -1;
	if (a->has_offset)
		return offset < a->offset ? a->offset - offset :
					    offset - a->offset;
	/* marks without the monitor's time say little */
	return INT64_MAX;
}

/* Is that close? */
static bool life_close(int64_t distance, const struct ml_port_said *l)
{
	return distance >= 0 &&
	       distance <= ML_PORT_CLOSE_US +
				   (int64_t)(l->monitor >> ML_PORT_OFFSET_BITS);
}

/* The same for a life with a mark, as long as another one may be that one: it must be close
 * to it, and not to the other. */
static int64_t life_distance_of(const struct ml_port_machines *m, size_t at,
				const struct ml_port_said *l)
{
	const struct ml_port_active *a = &m->any[at];
	int64_t distance = a->any ? life_distance(a, l) : -1;

	if (a->used && a->doubted != ML_PORT_NONE &&
	    (!life_close(distance, l) ||
	     life_close(life_distance(&m->any[a->doubted], l), l)))
		return -1;
	return distance;
}

/* Is a the better one for a mark at these distances? The closest one; of those that are
 * not close it is the one whose line was the last. */
static bool life_better(const struct ml_port_active *a, int64_t distance,
			const struct ml_port_active *b, int64_t other,
			const struct ml_port_said *l)
{
	bool close = life_close(distance, l);

	if (close != life_close(other, l))
		return close;
	if (close && distance != other)
		return distance < other;
	return a->stamp > b->stamp;
}

/* The life that a mark fits best, and the youngest without any mark; NONE. */
static void life_fit(const struct ml_port_machines *m,
		     const struct ml_port_said *l, size_t *ret_best,
		     size_t *ret_fresh)
{
	bool refused[ML_PORT_ACTIVE] = { false };
	int64_t distance, best;
	size_t i, at;

	*ret_fresh = ML_PORT_NONE;
	do {
		*ret_best = at = ML_PORT_NONE;
		best = -1;
		for (i = 0; i < ML_PORT_ACTIVE; i++) {
			distance = refused[i] ? -1 : life_distance_of(m, i, l);
			if (distance < 0 ||
			    (at != ML_PORT_NONE &&
			     !life_better(&m->any[i], distance, &m->any[at],
					  best, l)))
				continue;
			at = i;
			best = distance;
		}
		if (at == ML_PORT_NONE)
			break;
		*ret_best = at;
		refused[at] = true;
	} while (!life_all_in_order(m, at, l->monitor));
	for (i = 0; i < ML_PORT_ACTIVE; i++)
		if (m->any[i].used && !m->any[i].any &&
		    m->any[i].monitor <= l->monitor + ML_PORT_OFFSET_US &&
		    life_in_order(m, i, l->monitor) &&
		    (*ret_fresh == ML_PORT_NONE ||
		     m->any[i].begun > m->any[*ret_fresh].begun))
			*ret_fresh = i;
}

/*
 * No life fits a mark. If there is one that began with a line without a mark, and whose
 * marks may be of an older life, this mark shows that they are: the line was of the
 * monitor that has its first mark now.
 */
static void life_resolve(struct ml_port_machines *m,
			 const struct ml_port_said *l)
{
	struct ml_port_active *a, *old;
	size_t i, k, at = ML_PORT_NONE;

	for (i = 0; i < ML_PORT_ACTIVE; i++)
		if (m->any[i].used && m->any[i].doubt != ML_PORT_NONE &&
		    l->monitor < m->any[i].monitor &&
		    (at == ML_PORT_NONE || m->any[i].begun > m->any[at].begun))
			at = i;
	if (at == ML_PORT_NONE)
		return;
	a = &m->any[at];
	k = a->doubt;
	old = &m->any[k];
	old->us = a->us;
	old->monitor = a->monitor;
	old->seen = a->seen;
	old->stamp = a->stamp;
	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		if (i == k || i == at)
			continue;
		if (m->after[at][i] > m->after[k][i])
			m->after[k][i] = m->after[at][i];
		if (m->after[i][at] > m->after[i][k])
			m->after[i][k] = m->after[i][at];
	}
	if (!m->again && a->life != old->life)
		m->lives[a->life].same = old->life;
	life_forget(m, at);
}

/* Which lives may have been of the monitor of one that begins? */
static void life_maybe(struct ml_port_machines *m, size_t at,
		       const struct ml_port_said *l)
{
	struct ml_port_life *life = &m->lives[m->any[at].life];
	size_t i;

	life->place = (uint8_t)at;
	life->maybe = 0;
	for (i = 0; i < ML_PORT_ACTIVE && l->has_monitor; i++)
		if (i != at && m->any[i].used &&
		    life_in_order(m, i, l->monitor))
			life->maybe |= UINT64_C(1) << i;
}

static enum memlog_status life_new(struct ml_port_machines *m,
				   const struct ml_port_said *l, size_t *ret,
				   struct memlog_err *err)
{
	size_t life, at = ml_port_life_place(m->any, ML_PORT_ACTIVE);
	enum memlog_status s = ml_port_life_number(m, &life, err);

	if (s)
		return s;
	life_forget(m, at);
	ml_port_life_begin(m, &m->any[at], life, l);
	if (!m->again)
		life_maybe(m, at, l);
	*ret = at;
	return MEMLOG_OK;
}

/*
 * A mark is near those of a life, but not close. It may be late, or of another machine
 * that was created as long after its monitor started. It gets a place of its own, until
 * the order of marks tells. *ret: the life's, and then that of the mark.
 */
static enum memlog_status life_near(struct ml_port_machines *m,
				    const struct ml_port_said *l, size_t *ret,
				    struct memlog_err *err)
{
	size_t i, n = 0, at = ML_PORT_NONE, like = *ret;
	enum memlog_status s;

	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		if (!m->any[i].used || m->any[i].like != like)
			continue;
		n++;
		if (m->any[i].marks < 2 &&
		    (at == ML_PORT_NONE || m->any[i].stamp < m->any[at].stamp))
			at = i;
	}
	if ((n == LIFE_NEAR && at == ML_PORT_NONE) ||
	    m->passed >= ML_PORT_LIVES / 2)
		return MEMLOG_OK;
	if (n == LIFE_NEAR)
		life_forget(m, at);
	s = life_new(m, l, ret, err);
	/* its place may have been used */
	if (s || *ret == like)
		return s;
	m->any[*ret].like = like;
	m->any[*ret].like_marks = m->any[like].marks;
	if (!m->again)
		m->lives[m->any[*ret].life].same = m->any[like].life;
	return MEMLOG_OK;
}

/* Is it another life than the one that it is like? Marks go back in time from one to the
 * other, or too many of both are close to each other. */
static bool life_differs(const struct ml_port_active *a,
			 const struct ml_port_active *like, bool is_last)
{
	uint64_t since = like->marks - a->like_marks;
	uint64_t us = is_last ? a->us : like->us;
	uint64_t other = is_last ? like->us : a->us;

	return (us < other && other - us > ML_PORT_BACK_US) ||
	       (a->marks >= LIFE_MANY && since >= LIFE_MANY &&
		a->marks >= since / LIFE_SHARE);
}

/* A life got a mark. */
static void life_unlike(struct ml_port_machines *m, size_t at)
{
	struct ml_port_active *a;
	size_t i;

	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		a = &m->any[i];
		if (!a->used || a->like == ML_PORT_NONE ||
		    (i != at && a->like != at) ||
		    !life_differs(a, &m->any[a->like], i == at))
			continue;
		a->like = ML_PORT_NONE;
		if (!m->again)
			m->lives[a->life].same = ML_PORT_NONE;
	}
}

/* The place of the last line; NONE at first. */
static size_t life_latest(const struct ml_port_machines *m)
{
	size_t i, at = ML_PORT_NONE;

	for (i = 0; i < ML_PORT_ACTIVE; i++)
		if (m->any[i].used &&
		    (at == ML_PORT_NONE || m->any[i].stamp > m->any[at].stamp))
			at = i;
	return at;
}

static enum memlog_status life_mark(struct ml_port_machines *m,
				    const struct ml_port_said *l, size_t *ret,
				    struct memlog_err *err)
{
	size_t best, fresh = ML_PORT_NONE;

	if (l->has_monitor) {
		life_fit(m, l, &best, &fresh);
	} else {
		best = life_latest(m);
		if (best != ML_PORT_NONE &&
		    ml_port_life_apart(&m->any[best], l))
			best = ML_PORT_NONE;
	}
	/* it goes on, and so does the one that might have been it */
	if (best != ML_PORT_NONE && m->any[best].doubted != ML_PORT_NONE) {
		m->any[m->any[best].doubted].doubt = ML_PORT_NONE;
		m->any[best].doubted = ML_PORT_NONE;
	}
	/* a monitor that started after the last line of that life */
	if (fresh != ML_PORT_NONE &&
	    (best == ML_PORT_NONE ||
	     m->any[fresh].begun > m->any[best].stamp)) {
		if (best != ML_PORT_NONE) {
			m->any[fresh].doubt = best;
			m->any[best].doubted = fresh;
		}
		best = fresh;
	}
	if (best == ML_PORT_NONE) {
		if (l->has_monitor)
			life_resolve(m, l);
		return life_new(m, l, ret, err);
	}
	*ret = best;
	if (l->has_monitor && m->any[best].has_offset &&
	    !life_close(life_distance(&m->any[best], l), l))
		return life_near(m, l, ret, err);
	return MEMLOG_OK;
}

/* A line with a monitor's time and without a mark: of the monitor whose clock was last
 * seen just before it. */
static enum memlog_status life_line(struct ml_port_machines *m,
				    const struct ml_port_said *l, size_t *ret,
				    bool *ret_new, struct memlog_err *err)
{
	size_t i, at = ML_PORT_NONE, next = ML_PORT_NONE;

	for (i = 0; i < ML_PORT_ACTIVE; i++) {
		const struct ml_port_active *a = &m->any[i];

		if (!a->used || a->doubted != ML_PORT_NONE)
			continue;
		if (!a->has_monitor ||
		    a->seen > l->monitor + ML_PORT_OFFSET_US) {
			if (next == ML_PORT_NONE || a->seen < m->any[next].seen)
				next = i;
		} else if (life_in_order(m, i, l->monitor) &&
			   (at == ML_PORT_NONE || a->seen > m->any[at].seen)) {
			at = i;
		}
	}
	if (at == ML_PORT_NONE && next != ML_PORT_NONE &&
	    !ml_port_life_restarted(l->monitor, m->any[next].seen))
		at = next;
	*ret_new = at == ML_PORT_NONE;
	*ret = at;
	return *ret_new ? life_new(m, l, ret, err) : MEMLOG_OK;
}

enum memlog_status ml_port_life_any(struct ml_port_machines *m,
				    const struct ml_port_said *l, size_t *ret,
				    bool *ret_sure, struct memlog_err *err)
{
	enum memlog_status s;
	bool began = false;
	size_t at = 0;

	if (!l->is_mark && !l->has_monitor)
		return MEMLOG_OK;
	s = l->is_mark ? life_mark(m, l, &at, err) :
			 life_line(m, l, &at, &began, err);
	if (s)
		return s;
	ml_port_life_add(m, &m->any[at], l);
	if (l->is_mark && l->has_monitor) {
		life_order(m, at);
		life_unlike(m, at);
	}
	if (l->is_mark || began)
		ml_port_life_note(m, &m->any[at], false);
	*ret_sure = l->is_mark;
	*ret = m->current = m->any[at].life;
	return MEMLOG_OK;
}
