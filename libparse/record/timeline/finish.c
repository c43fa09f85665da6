/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* finish.c - the timeline of one boot, from what was kept of its sources. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "lane.h"

/* The lanes of a boot: which they are, and the index that each has in it. */
struct finish {
	struct ml_lane *lanes[ML_TIMELINE_SOURCES];
	size_t index[ML_TIMELINE_SOURCES];
	size_t n;
};

static enum ml_stage finish_phase(const struct ml_timeline_boot *b,
				  int64_t time)
{
	size_t i = b->n_phases;

	while (i--)
		if (time >= b->phases[i].start)
			return b->phases[i].phase;
	return b->n_phases ? b->phases[0].phase : ML_STAGE_NONE;
}

static void *finish_array(struct ml_timeline *t, size_t n, size_t size,
			  enum memlog_status *s, struct memlog_err *err)
{
	void *array = *s ? NULL : ml_calloc(&t->alloc, n ? n : 1, size);

	if (!*s && !array)
		*s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a timeline");
	return array;
}

static bool finish_has(const struct finish *f, size_t lane)
{
	return f->index[lane] != SIZE_MAX;
}

/* How many of n elements of size bytes, with their source at off, are of this boot. */
static size_t finish_count(const struct finish *f, const void *list, size_t n,
			   size_t size, size_t off)
{
	size_t i, lane, count = 0;

	for (i = 0; i < n; i++) {
		memcpy(&lane, (const char *)list + i * size + off,
		       sizeof(lane));
		count += finish_has(f, lane);
	}
	return count;
}

static int span_by_start(const void *a, const void *b)
{
	const struct ml_timeline_span *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

static enum memlog_status finish_spans(struct ml_timeline *t,
				       const struct finish *f,
				       struct ml_timeline_boot *b,
				       struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct ml_timeline_span *ret;
	const struct ml_lane *l;
	const char *name;
	size_t i, n;

	n = finish_count(f, t->spans.list, t->spans.n, sizeof(*t->spans.list),
			 offsetof(struct ml_timeline_span, source));
	b->spans = ret = finish_array(t, n, sizeof(*ret), &s, err);
	for (i = 0; !s && i < t->spans.n; i++) {
		if (!finish_has(f, t->spans.list[i].source))
			continue;
		l = t->lanes[t->spans.list[i].source];
		ret[b->n_spans] = t->spans.list[i];
		name = ml_lane_name(t, ret[b->n_spans].name);
		if (name)
			snprintf(ret[b->n_spans].name,
				 sizeof(ret[b->n_spans].name), "%s", name);
		ret[b->n_spans].start += l->pub.offset;
		ret[b->n_spans].end += l->pub.offset;
		ret[b->n_spans].phase =
			l->pub.aligned ?
				finish_phase(b, ret[b->n_spans].start) :
				ML_STAGE_NONE;
		ret[b->n_spans++].source = f->index[t->spans.list[i].source];
	}
	if (!s)
		qsort(ret, b->n_spans, sizeof(*ret), span_by_start);
	return s;
}

/* apart: its source is not aligned; these come last. */
struct finish_mark {
	struct ml_timeline_mark mark;
	bool apart;
};

static int mark_by_time(const void *a, const void *b)
{
	const struct finish_mark *x = a, *y = b;

	if (x->apart != y->apart)
		return x->apart ? 1 : -1;
	return x->mark.time < y->mark.time ? -1 : x->mark.time > y->mark.time;
}

static enum memlog_status finish_marks(struct ml_timeline *t,
				       const struct finish *f,
				       struct ml_timeline_boot *b,
				       struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct finish_mark *sorted, *m;
	struct ml_timeline_mark *ret;
	const struct ml_lane *l;
	size_t i, n;

	n = finish_count(f, t->marks.list, t->marks.n, sizeof(*t->marks.list),
			 offsetof(struct ml_timeline_mark, source));
	sorted = finish_array(t, n, sizeof(*sorted), &s, err);
	b->marks = ret = finish_array(t, n, sizeof(*ret), &s, err);
	for (i = 0; !s && i < t->marks.n; i++) {
		if (!finish_has(f, t->marks.list[i].source))
			continue;
		l = t->lanes[t->marks.list[i].source];
		m = &sorted[b->n_marks++];
		m->mark = t->marks.list[i];
		m->apart = !l->pub.aligned;
		m->mark.time += l->pub.offset;
		m->mark.source = f->index[m->mark.source];
	}
	if (!s)
		qsort(sorted, b->n_marks, sizeof(*sorted), mark_by_time);
	for (i = 0; !s && i < b->n_marks; i++)
		ret[i] = sorted[i].mark;
	ml_free(&t->alloc, sorted);
	return s;
}

static enum memlog_status finish_parts(struct ml_timeline *t,
				       const struct finish *f,
				       struct ml_timeline_boot *b,
				       struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct ml_timeline_part *ret;
	size_t i, n;

	n = finish_count(f, t->parts.list, t->parts.n, sizeof(*t->parts.list),
			 offsetof(struct ml_timeline_part, source));
	b->parts = ret = finish_array(t, n, sizeof(*ret), &s, err);
	for (i = 0; !s && i < t->parts.n; i++) {
		if (!finish_has(f, t->parts.list[i].source))
			continue;
		ret[b->n_parts] = t->parts.list[i];
		ret[b->n_parts].start +=
			t->lanes[t->parts.list[i].source]->pub.offset;
		ret[b->n_parts++].source = f->index[t->parts.list[i].source];
	}
	return s;
}

/* The sources, what was left out of them, and when the boot ends: with the last message or
 * mark of them. */
static enum memlog_status finish_sources(struct ml_timeline *t,
					 const struct finish *f,
					 struct ml_timeline_boot *b,
					 struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct ml_timeline_source *ret =
		finish_array(t, f->n, sizeof(*ret), &s, err);
	size_t i;

	b->sources = ret;
	for (i = 0; !s && i < f->n; i++) {
		ret[i] = f->lanes[i]->pub;
		ret[i].first += ret[i].offset;
		ret[i].last += ret[i].offset;
		if (ret[i].aligned && ret[i].last > b->end)
			b->end = ret[i].last;
		b->spans_left += f->lanes[i]->spans_left;
		b->marks_left += f->lanes[i]->marks_left;
		b->parts_left += f->lanes[i]->parts_left;
	}
	b->n_sources = s ? 0 : f->n;
	return s;
}

static enum memlog_status finish_phases(struct ml_timeline *t,
					const struct finish *f,
					struct ml_timeline_boot *b,
					struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct ml_timeline_phase *phases =
		finish_array(t, ML_STAGES, sizeof(*phases), &s, err);
	struct ml_timeline_silence *silences;
	size_t i;

	b->phases = phases;
	if (!s)
		ml_lanes_phases(f->lanes, f->n, b->has_clock, phases,
				&b->n_phases, b->end);
	b->silences = silences = finish_array(t, ML_TIMELINE_SILENCES,
					      sizeof(*silences), &s, err);
	if (!s && b->has_clock)
		s = ml_lanes_silences(&t->alloc, f->lanes, f->n, silences,
				      &b->n_silences, err);
	for (i = 0; !s && i < b->n_silences; i++)
		silences[i].phase = finish_phase(b, silences[i].start);
	return s;
}

/* Most firmware does not say that it ends: its last message is close, if the kernel comes
 * after it. */
static void finish_firmware(struct finish *f)
{
	struct ml_lane_bound *b;
	struct ml_lane *l;
	bool kernel = false;
	size_t i;

	for (i = 0; i < f->n; i++)
		kernel |= f->lanes[i]->pub.aligned &&
			  f->lanes[i]->bounds[ML_STAGE_KERNEL].timed;
	for (i = 0; i < f->n && kernel; i++) {
		l = f->lanes[i];
		b = &l->bounds[ML_STAGE_HANDOVER];
		if (!l->pub.aligned || b->has || l->phase < ML_STAGE_BDS ||
		    l->phase > ML_STAGE_LOADER)
			continue;
		b->has = b->timed = b->weak = true;
		b->time = l->pub.last;
		memcpy(b->text, l->text, sizeof(b->text));
	}
}

enum memlog_status ml_lanes_boot(struct ml_timeline *t, const char *vm,
				 int32_t boot, struct memlog_err *err)
{
	struct finish f = { .n = 0 };
	struct ml_timeline_boot *b;
	enum memlog_status s;
	size_t i;

	s = ml_grow(&t->alloc, &t->boots, t->n_boots, &t->cap_boots,
		    sizeof(*t->boots), err);
	if (s)
		return s;
	b = &t->boots[t->n_boots++];
	*b = (struct ml_timeline_boot){ .boot = boot };
	snprintf(b->vm, sizeof(b->vm), "%s", vm);
	for (i = 0; i < t->n_lanes; i++) {
		f.index[i] = SIZE_MAX;
		if (t->lanes[i]->boot != boot || strcmp(t->lanes[i]->vm, vm))
			continue;
		f.index[i] = f.n;
		f.lanes[f.n++] = t->lanes[i];
	}
	b->has_clock = ml_lanes_align(f.lanes, f.n, &b->clock);
	finish_firmware(&f);
	s = finish_sources(t, &f, b, err);
	if (!s)
		s = finish_phases(t, &f, b, err);
	if (!s)
		s = finish_spans(t, &f, b, err);
	if (!s)
		s = finish_marks(t, &f, b, err);
	return s ? s : finish_parts(t, &f, b, err);
}
