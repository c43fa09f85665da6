/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* add.c - timelines, and the records that are added to them. */
#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "lane.h"

#define SECOND INT64_C(1000000000)

/* CPUs that write at the same time may differ by so much. */
#define DIFFER (SECOND / 1000)

enum memlog_status ml_timeline_create(const struct memlog_allocator *alloc,
				      struct ml_timeline **ret,
				      struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	struct ml_timeline *t = ml_calloc(&a, 1, sizeof(*t));

	if (!t)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a timeline");
	t->alloc = a;
	t->current = SIZE_MAX;
	*ret = t;
	return MEMLOG_OK;
}

void ml_timeline_destroy(struct ml_timeline *t)
{
	struct memlog_allocator a;
	size_t i;

	if (!t)
		return;
	a = t->alloc;
	for (i = 0; i < t->n_lanes; i++) {
		ml_free(&a, t->lanes[i]->commons);
		ml_free(&a, t->lanes[i]);
	}
	for (i = 0; i < t->n_boots; i++) {
		ml_free(&a, (void *)t->boots[i].sources);
		ml_free(&a, (void *)t->boots[i].phases);
		ml_free(&a, (void *)t->boots[i].silences);
		ml_free(&a, (void *)t->boots[i].spans);
		ml_free(&a, (void *)t->boots[i].marks);
		ml_free(&a, (void *)t->boots[i].parts);
	}
	ml_free(&a, t->lanes);
	ml_free(&a, t->boots);
	ml_free(&a, t->spans.list);
	ml_free(&a, t->marks.list);
	ml_free(&a, t->parts.list);
	ml_free(&a, t->names.list);
	ml_free(&a, t);
}

enum memlog_status ml_timeline_log(struct ml_timeline *t, const char *image,
				   const char *label,
				   const struct ml_format *format,
				   struct memlog_err *err)
{
	(void)err;
	snprintf(t->image, sizeof(t->image), "%s", image);
	snprintf(t->label, sizeof(t->label), "%s", label);
	t->format = format;
	t->n_logs++;
	t->current = SIZE_MAX;
	return MEMLOG_OK;
}

uint64_t ml_timeline_left(const struct ml_timeline *t)
{
	return t->left;
}

/* ---- lanes -------------------------------------------------------------- */

static int32_t lane_boot(const struct memlog_record *rec)
{
	if (rec->has_boot)
		return rec->boot;
	return rec->flags & MEMLOG_REC_STALE ? INT32_MIN : 0;
}

static bool lane_is(const struct ml_timeline *t, size_t i, int32_t boot,
		    const struct ml_moment *m)
{
	const struct ml_lane *l = t->lanes[i];
	size_t n = ml_min(m->vm_len, sizeof(l->vm) - 1);

	return l->log == t->n_logs && l->boot == boot && strlen(l->vm) == n &&
	       (!n || !memcmp(l->vm, m->vm, n));
}

/* The lane of a record; *ret is NULL if there are too many. */
static enum memlog_status lane_of(struct ml_timeline *t,
				  const struct memlog_record *rec,
				  const struct ml_moment *m,
				  struct ml_lane **ret, struct memlog_err *err)
{
	int32_t boot = lane_boot(rec);
	enum memlog_status s;
	struct ml_lane *l;
	size_t i;

	if (t->current != SIZE_MAX && lane_is(t, t->current, boot, m)) {
		*ret = t->lanes[t->current];
		return MEMLOG_OK;
	}
	*ret = NULL;
	for (i = 0; i < t->n_lanes && !*ret; i++)
		if (lane_is(t, i, boot, m))
			*ret = t->lanes[t->current = i];
	if (*ret || t->n_lanes == ML_TIMELINE_SOURCES)
		return MEMLOG_OK;
	s = ml_grow(&t->alloc, &t->lanes, t->n_lanes, &t->cap_lanes,
		    sizeof(*t->lanes), err);
	if (s)
		return s;
	l = ml_calloc(&t->alloc, 1, sizeof(*l));
	if (!l)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a timeline");
	memcpy(l->pub.image, t->image, sizeof(l->pub.image));
	memcpy(l->pub.label, t->label, sizeof(l->pub.label));
	l->pub.format = t->format->name;
	l->log = t->n_logs;
	l->boot = boot;
	if (m->vm_len)
		memcpy(l->vm, m->vm, ml_min(m->vm_len, sizeof(l->vm) - 1));
	l->part = SIZE_MAX;
	t->current = t->n_lanes;
	t->lanes[t->n_lanes++] = *ret = l;
	return MEMLOG_OK;
}

/* The time of a record in ns of the lane's clock; false: it has none, or one that is
 * no time of a boot. */
static bool lane_time(struct ml_lane *l, const struct memlog_record *rec,
		      int64_t *ret)
{
	__extension__ typedef __int128 wide;
	wide ns;

	if (!rec->has_time)
		return false;
	if (!rec->time_hz) {
		l->pub.cycles = true;
		return false;
	}
	ns = (wide)rec->time * SECOND / rec->time_hz;
	/* dates: the clock is 0 at the first one */
	if (rec->flags & MEMLOG_REC_DATE && !l->pub.has_clock && !l->dated &&
	    ns < INT64_MAX) {
		l->dated = true;
		l->zero = (int64_t)ns;
	}
	ns -= l->zero;
	if (ns > ML_LANE_YEAR || ns < -ML_LANE_YEAR) {
		l->pub.back++;
		return false;
	}
	*ret = (int64_t)ns;
	return true;
}

/* ---- records ------------------------------------------------------------ */

/* A record with a time: how long nothing was written before it. */
static void lane_advance(struct ml_timeline *t, struct ml_lane *l,
			 const char *before, bool is_mark, int64_t time)
{
	if (!l->pub.has_clock) {
		l->pub.has_clock = true;
		l->pub.first = l->pub.last = l->latest = time;
		return;
	}
	l->pub.first = is_mark && time < l->pub.first ? time : l->pub.first;
	l->pub.last = time > l->pub.last ? time : l->pub.last;
	if (time < l->latest) {
		if (!is_mark && l->latest - time > DIFFER)
			l->pub.back++;
		return;
	}
	ml_lane_add_gap(l, l->latest, time, before);
	if (l->part != SIZE_MAX)
		t->parts.list[l->part].time += time - l->latest;
	l->latest = time;
}

static enum memlog_status lane_moment(struct ml_timeline *t, struct ml_lane *l,
				      const struct ml_moment *m, bool timed,
				      int64_t time, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	ml_lane_add_bound(l, m, timed, time);
	if (m->has_machine && !l->has_machine) {
		l->has_machine = true;
		l->machine = m->machine_ns;
	}
	if (!timed)
		return MEMLOG_OK;
	if (m->common && m->common < ML_COMMONS)
		s = ml_lane_add_common(t, l, m->common, m->again, time, err);
	if (!s && m->also && m->also < ML_COMMONS)
		s = ml_lane_add_common(t, l, m->also, false, time, err);
	if (!s && m->is_mark)
		s = ml_lane_add_mark(t, l, m, time, err);
	return s || !m->took_ns ? s : ml_lane_add_span(t, m, time, err);
}

enum memlog_status ml_timeline_add(struct ml_timeline *t,
				   const struct memlog_record *rec,
				   struct memlog_err *err)
{
	struct ml_moment m = { .phase = ML_STAGE_NONE };
	char before[ML_TIMELINE_TEXT];
	struct ml_lane *l = NULL;
	enum memlog_status s;
	int64_t time = 0;
	bool timed;
	size_t part;

	if (t->format && t->format->say.moment)
		t->format->say.moment(rec, &m);
	s = lane_of(t, rec, &m, &l, err);
	if (s || !l) {
		t->left += !s;
		return s;
	}
	if (t->format && t->format->say.moment)
		t->format->say.moment(rec, &m);
	if (m.aside)
		return MEMLOG_OK;
	timed = lane_time(l, rec, &time);
	memcpy(before, l->text, sizeof(before));
	ml_lane_text(l->text, rec->message ? rec->message : rec->text,
		     rec->message ? rec->message_len : rec->text_len);
	if (timed && !l->pub.has_clock)
		memcpy(l->start, l->text, sizeof(l->start));
	if (timed)
		lane_advance(t, l, before, m.is_mark, time);
	s = lane_moment(t, l, &m, timed, time, err);
	if (!s)
		s = ml_lane_add_name(t, l, &m, err);
	if (!s)
		s = ml_lane_part(t, l, m.part, &part, err);
	/* it goes on in the lines that follow */
	if (!s && !m.part)
		part = l->part;
	if (s)
		return s;
	l->part = part;
	l->pub.records++;
	l->pub.bytes += rec->raw_len;
	l->pub.in[l->phase].records++;
	l->pub.in[l->phase].bytes += rec->raw_len;
	if (part != SIZE_MAX) {
		if (!t->parts.list[part].records && timed)
			t->parts.list[part].start = time;
		t->parts.list[part].records++;
		t->parts.list[part].bytes += rec->raw_len;
	}
	return MEMLOG_OK;
}

/* ---- machines ----------------------------------------------------------- */

/* A boot of a machine. order: of the machine, by the first line of each; those without a
 * name come last. */
struct boots_of {
	const char *vm;
	size_t order;
	int32_t boot;
};

static int machines_order(const void *a, const void *b)
{
	const struct boots_of *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->boot < y->boot ? -1 : x->boot > y->boot;
}

/* The first lane of the machine with that name. */
static size_t machines_first(const struct ml_timeline *t, const char *vm)
{
	size_t i;

	for (i = 0; i < t->n_lanes; i++)
		if (!strcmp(t->lanes[i]->vm, vm))
			break;
	return i;
}

/* Names matter only if there are several. */
static void machines_name(struct ml_timeline *t)
{
	const char *name = NULL;
	bool several = false;
	struct ml_lane *l;
	size_t i, n;

	for (i = 0; i < t->n_lanes; i++) {
		if (!t->lanes[i]->vm[0])
			continue;
		several |= name && strcmp(name, t->lanes[i]->vm) != 0;
		name = t->lanes[i]->vm;
	}
	for (i = 0; i < t->n_lanes; i++) {
		l = t->lanes[i];
		n = strlen(l->pub.label);
		if (!several)
			l->vm[0] = '\0';
		else if (l->vm[0])
			snprintf(l->pub.label + n, sizeof(l->pub.label) - n,
				 " %s", l->vm);
	}
}

/* Is there anything of a boot in a lane? Some lines of a log of several machines are of
 * none. */
static bool machines_any(const struct ml_lane *l)
{
	size_t i;

	for (i = 0; i < ML_STAGES; i++)
		if (l->bounds[i].has)
			return true;
	return false;
}

enum memlog_status ml_timeline_finish(struct ml_timeline *t,
				      struct memlog_err *err)
{
	struct boots_of boots[ML_TIMELINE_SOURCES] = { { .vm = NULL } };
	struct boots_of *b;
	enum memlog_status s = MEMLOG_OK;
	size_t i, n = 0;
	bool named = false;

	ml_lanes_cut_spans(t);
	machines_name(t);
	for (i = 0; i < t->n_lanes; i++)
		named |= t->lanes[i]->vm[0];
	for (i = 0; i < t->n_lanes; i++) {
		b = &boots[n];
		b->vm = t->lanes[i]->vm;
		b->order = b->vm[0] ? machines_first(t, b->vm) : t->n_lanes;
		b->boot = t->lanes[i]->boot;
		n += !named || b->vm[0] || machines_any(t->lanes[i]);
	}
	qsort(boots, n, sizeof(*boots), machines_order);
	for (i = 0; i < n && !s; i++)
		if (!i || machines_order(&boots[i - 1], &boots[i]))
			s = ml_lanes_boot(t, boots[i].vm, boots[i].boot, err);
	return s;
}

const struct ml_timeline_boot *ml_timeline_get(const struct ml_timeline *t,
					       size_t index)
{
	return index < t->n_boots ? &t->boots[index] : NULL;
}
