/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lane.c - what is kept of the records of a source. */
#include "lane.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/err.h"

void ml_lane_text(char ret[ML_TIMELINE_TEXT], const uint8_t *text, size_t n)
{
	size_t i, all;

	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	all = n;
	n = ml_min(n, ML_TIMELINE_TEXT - 1);
	/* not in the middle of a character */
	while (n && n < all && (text[n] & 0xc0) == 0x80)
		n--;
	for (i = 0; i < n; i++)
		ret[i] = text[i] ? (char)text[i] : ' ';
	ret[n] = '\0';
}

/* ---- what is kept ------------------------------------------------------- */

bool ml_lane_common(const struct ml_lane *l, unsigned int common, int64_t *ret)
{
	size_t i;

	for (i = 0; i < l->n_commons; i++)
		if (l->commons[i].common == common) {
			*ret = l->commons[i].time;
			return true;
		}
	return false;
}

/* The last of each: a loader may be tried more than once. */
enum memlog_status ml_lane_add_common(struct ml_timeline *t, struct ml_lane *l,
				      unsigned int common, bool again,
				      int64_t time, struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	for (i = 0; i < l->n_commons; i++)
		if (l->commons[i].common == common)
			break;
	if (i == l->n_commons) {
		s = ml_grow(&t->alloc, &l->commons, i, &l->cap_commons,
			    sizeof(*l->commons), err);
		if (s)
			return s;
		l->n_commons++;
	} else if (!again && common >= ML_COMMON_CODE + 256) {
		return MEMLOG_OK;
	}
	l->commons[i] = (struct ml_lane_common){ common, time };
	return MEMLOG_OK;
}

/* What is of a phase that is over changes nothing. */
void ml_lane_add_bound(struct ml_lane *l, const struct ml_moment *m, bool timed,
		       int64_t time)
{
	struct ml_lane_bound *b = &l->bounds[m->phase];

	if (m->phase <= ML_STAGE_NONE || m->phase >= ML_STAGES ||
	    m->phase < l->phase ||
	    (b->has && !m->again && !(m->exact && !b->exact) &&
	     (m->weak || !b->weak)))
		return;
	b->has = true;
	b->exact = m->exact;
	b->timed = timed;
	b->weak = m->weak;
	b->time = time;
	memcpy(b->text, l->text, sizeof(b->text));
	l->phase = m->phase;
}

void ml_lane_add_gap(struct ml_lane *l, int64_t from, int64_t to,
		     const char *before)
{
	struct ml_lane_gap *g;
	size_t i, least = 0;

	if (to <= from)
		return;
	if (l->n_gaps < ML_TIMELINE_GAPS) {
		g = &l->gaps[l->n_gaps++];
	} else {
		for (i = 1; i < l->n_gaps; i++)
			if (l->gaps[i].to - l->gaps[i].from <
			    l->gaps[least].to - l->gaps[least].from)
				least = i;
		g = &l->gaps[least];
		if (g->to - g->from >= to - from)
			return;
	}
	g->from = from;
	g->to = to;
	memcpy(g->before, before, sizeof(g->before));
	memcpy(g->after, l->text, sizeof(g->after));
}

static int spans_by_length(const void *a, const void *b)
{
	const struct ml_timeline_span *x = a, *y = b;
	int64_t m = x->end - x->start, n = y->end - y->start;

	return m != n		   ? (m < n ? 1 : -1) :
	       x->start < y->start ? -1 :
				     x->start > y->start;
}

void ml_lanes_cut_spans(struct ml_timeline *t)
{
	struct ml_lanes_spans *s = &t->spans;
	size_t i;

	if (s->n <= ML_TIMELINE_SPANS)
		return;
	qsort(s->list, s->n, sizeof(*s->list), spans_by_length);
	for (i = ML_TIMELINE_SPANS; i < s->n; i++)
		t->lanes[s->list[i].source]->spans_left++;
	s->n = ML_TIMELINE_SPANS;
}

enum memlog_status ml_lane_add_span(struct ml_timeline *t,
				    const struct ml_moment *m, int64_t time,
				    struct memlog_err *err)
{
	struct ml_lanes_spans *spans = &t->spans;
	struct ml_timeline_span *span;
	enum memlog_status s;

	if (spans->n == 2 * ML_TIMELINE_SPANS)
		ml_lanes_cut_spans(t);
	s = ml_grow(&t->alloc, &spans->list, spans->n, &spans->cap,
		    sizeof(*spans->list), err);
	if (s)
		return s;
	span = &spans->list[spans->n++];
	*span = (struct ml_timeline_span){
		.start = time -
			 (int64_t)ml_min(m->took_ns, (uint64_t)ML_LANE_YEAR),
		.end = time,
		.source = t->current,
	};
	if (m->name)
		ml_lane_text(span->name, (const uint8_t *)m->name,
			     strlen(m->name));
	return MEMLOG_OK;
}

enum memlog_status ml_lane_add_mark(struct ml_timeline *t, struct ml_lane *l,
				    const struct ml_moment *m, int64_t time,
				    struct memlog_err *err)
{
	struct ml_lanes_marks *marks = &t->marks;
	struct ml_timeline_mark *mark;
	enum memlog_status s;

	if (marks->n == ML_TIMELINE_MARKS) {
		l->marks_left++;
		return MEMLOG_OK;
	}
	s = ml_grow(&t->alloc, &marks->list, marks->n, &marks->cap,
		    sizeof(*marks->list), err);
	if (s)
		return s;
	mark = &marks->list[marks->n++];
	*mark = (struct ml_timeline_mark){
		.time = time,
		.source = t->current,
		.phase = m->phase,
		.has_code = m->has_code,
		.code = m->code,
		.port = m->port,
	};
	memcpy(mark->text, l->text, sizeof(mark->text));
	return MEMLOG_OK;
}

/* ---- components --------------------------------------------------------- */

/* The part of the record's component, SIZE_MAX for none. */
enum memlog_status ml_lane_part(struct ml_timeline *t, struct ml_lane *l,
				const char *name, size_t *ret,
				struct memlog_err *err)
{
	struct ml_lanes_parts *parts = &t->parts;
	char cut[ML_TIMELINE_TEXT];
	enum memlog_status s;
	size_t i, own = 0;

	*ret = SIZE_MAX;
	if (!name)
		return MEMLOG_OK;
	ml_lane_text(cut, (const uint8_t *)name, strlen(name));
	if (l->part != SIZE_MAX && !strcmp(parts->list[l->part].name, cut)) {
		*ret = l->part;
		return MEMLOG_OK;
	}
	for (i = 0; i < parts->n; i++) {
		if (parts->list[i].source != t->current)
			continue;
		own++;
		if (!strcmp(parts->list[i].name, cut)) {
			*ret = i;
			return MEMLOG_OK;
		}
	}
	if (own == ML_TIMELINE_LOG_PARTS || parts->n == ML_TIMELINE_PARTS) {
		l->parts_left++;
		return MEMLOG_OK;
	}
	s = ml_grow(&t->alloc, &parts->list, parts->n, &parts->cap,
		    sizeof(*parts->list), err);
	if (s)
		return s;
	*ret = parts->n++;
	parts->list[*ret] = (struct ml_timeline_part){ .source = t->current,
						       .phase = l->phase };
	memcpy(parts->list[*ret].name, cut, sizeof(cut));
	return MEMLOG_OK;
}

enum memlog_status ml_lane_add_name(struct ml_timeline *t, struct ml_lane *l,
				    const struct ml_moment *m,
				    struct memlog_err *err)
{
	struct ml_lanes_names *names = &t->names;
	enum memlog_status s;

	if (m->guid[0])
		memcpy(l->guid, m->guid, sizeof(l->guid));
	if (!m->loaded[0] || !l->guid[0] || ml_lane_name(t, l->guid) ||
	    names->n == ML_TIMELINE_NAMES)
		return MEMLOG_OK;
	s = ml_grow(&t->alloc, &names->list, names->n, &names->cap,
		    sizeof(*names->list), err);
	if (s)
		return s;
	memcpy(names->list[names->n].guid, l->guid, sizeof(l->guid));
	memcpy(names->list[names->n++].name, m->loaded, sizeof(m->loaded));
	l->guid[0] = '\0';
	return MEMLOG_OK;
}

const char *ml_lane_name(const struct ml_timeline *t, const char *guid)
{
	size_t i;

	for (i = 0; i < t->names.n; i++)
		if (!strcasecmp(t->names.list[i].guid, guid))
			return t->names.list[i].name;
	return NULL;
}
