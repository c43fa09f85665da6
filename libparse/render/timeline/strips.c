/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strips.c - what CPUs did, from the slices of a log. */
#include "strips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static void strips_group(void *self, uint32_t group, const char *name)
{
	struct ml_strips *s = self;

	if (group < ML_STRIPS_GROUPS)
		snprintf(s->groups[group], sizeof(*s->groups), "%s", name);
}

static struct ml_strip *strips_of(struct ml_strips *s,
				  const struct ml_slice_track *t)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->strip[i].track.group == t->group &&
		    s->strip[i].track.cpu == t->cpu &&
		    s->strip[i].track.lane == t->lane)
			return &s->strip[i];
	return NULL;
}

static void strips_track(void *self, const struct ml_slice_track *track,
			 const char *name)
{
	struct ml_strips *s = self;
	struct ml_strip *p = &s->strip[s->n];

	if (s->n == ML_STRIPS || s->status) {
		s->more++;
		return;
	}
	p->columns = ml_calloc(s->alloc, ML_STRIP_COLUMNS, sizeof(*p->columns));
	if (!p->columns) {
		s->status = MEMLOG_NO_MEMORY;
		return;
	}
	p->track = *track;
	snprintf(p->name, sizeof(p->name), "%s", name);
	if (track->group < ML_STRIPS_GROUPS)
		memcpy(p->group, s->groups[track->group], sizeof(p->group));
	s->n++;
}

static void strips_first(void *self, uint64_t ns)
{
	struct ml_strips *s = self;

	s->any = s->kept = true;
	s->from = s->until = ns;
	s->width = 1;
	s->slice = ml_calloc(s->alloc, ML_STRIP_SLICES, sizeof(*s->slice));
	if (!s->slice)
		s->status = MEMLOG_NO_MEMORY;
	snprintf(s->reason[0].name, sizeof(s->reason[0].name), "others");
	s->n_reasons = 1;
}

/* ---- columns ------------------------------------------------------------ */

static void column_add(struct ml_strip_column *c, uint64_t busy,
		       uint64_t weight, uint32_t reason)
{
	c->busy += busy;
	if (c->reason == reason) {
		c->weight += weight;
	} else if (c->weight >= weight) {
		c->weight -= weight;
	} else {
		c->weight = weight - c->weight;
		c->reason = reason;
	}
}

/* Columns get twice as wide. */
static void strips_fold(struct ml_strips *s)
{
	struct ml_strip_column c;
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		struct ml_strip_column *to = s->strip[i].columns;

		for (k = 0; k < ML_STRIP_COLUMNS / 2; k++) {
			c = to[2 * k];
			column_add(&c, to[2 * k + 1].busy, to[2 * k + 1].weight,
				   to[2 * k + 1].reason);
			to[k] = c;
		}
		memset(to + k, 0, k * sizeof(*to));
	}
	s->width *= 2;
}

static void strips_fill(struct ml_strips *s, struct ml_strip *p, uint64_t begin,
			uint64_t end, uint32_t reason)
{
	uint64_t from, to, k;

	begin = ml_max(begin, s->from) - s->from;
	end = ml_max(end, s->from) - s->from;
	while (end / s->width >= ML_STRIP_COLUMNS)
		strips_fold(s);
	for (k = begin / s->width; k <= end / s->width; k++) {
		from = ml_max(begin, k * s->width);
		to = ml_min(end, (k + 1) * s->width);
		if (to > from)
			column_add(&p->columns[k], to - from, to - from,
				   reason);
	}
}

/* ---- slices ------------------------------------------------------------- */

static uint32_t strips_reason(struct ml_strips *s, const char *name)
{
	size_t i;

	for (i = 1; i < s->n_reasons; i++)
		if (!strncmp(s->reason[i].name, name,
			     sizeof(s->reason[i].name) - 1))
			return (uint32_t)i;
	if (s->n_reasons == ML_STRIP_REASONS)
		return 0;
	snprintf(s->reason[i].name, sizeof(s->reason[i].name), "%s", name);
	return (uint32_t)s->n_reasons++;
}

static void strips_keep(struct ml_strips *s, const struct ml_strip *p,
			const struct ml_slice *slice, uint32_t reason,
			bool instant)
{
	if (s->n_slices == ML_STRIP_SLICES)
		s->kept = false;
	if (!s->kept || !s->slice)
		return;
	s->slice[s->n_slices++] = (struct ml_strip_slice){
		.strip = (uint32_t)(p - s->strip),
		.reason = reason,
		.begin = slice->begin,
		.end = slice->end,
		.instant = instant,
	};
}

static void strips_slice(void *self, const struct ml_slice_track *track,
			 const struct ml_slice *slice)
{
	struct ml_strips *s = self;
	struct ml_strip *p = strips_of(s, track);
	uint64_t ns = slice->end - slice->begin;
	uint32_t reason = 0;

	if (!p || s->status)
		return;
	/* who has a CPU is said by the group */
	if (track->group == ML_SLICES_LOG) {
		reason = strips_reason(s, slice->name);
		s->reason[reason].n++;
		s->reason[reason].busy += ns;
	}
	if (!p->slices++)
		p->first = slice->begin;
	p->busy += ns;
	p->last = slice->end;
	s->until = ml_max(s->until, slice->end);
	strips_keep(s, p, slice, reason, false);
	strips_fill(s, p, slice->begin, slice->end, reason);
}

static void strips_instant(void *self, const struct ml_slice_track *track,
			   const struct ml_slice *event)
{
	struct ml_strips *s = self;
	const struct ml_strip *p = strips_of(s, track);

	if (!p || s->status)
		return;
	s->until = ml_max(s->until, event->begin);
	strips_keep(s, p, event, 0, true);
}

static void strips_line(void *self, const struct ml_slice_track *track,
			const struct ml_slice *line)
{
	(void)self;
	(void)track;
	(void)line;
}

const struct ml_slices_ops ml_strips_ops = {
	.first = strips_first,
	.group = strips_group,
	.track = strips_track,
	.slice = strips_slice,
	.instant = strips_instant,
	.line = strips_line,
};

/* ---- the end ------------------------------------------------------------ */

static int strip_order(const void *a, const void *b)
{
	const struct ml_slice_track *x = &((const struct ml_strip *)a)->track;
	const struct ml_slice_track *y = &((const struct ml_strip *)b)->track;
	uint32_t i = ml_slice_rank(x), k = ml_slice_rank(y);

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return i < k ? -1 : i > k;
}

void ml_strips_finish(struct ml_strips *s)
{
	uint32_t place[ML_STRIPS] = { 0 }, i, k;
	struct ml_slice_track before[ML_STRIPS];

	for (i = 0; i < s->n; i++)
		before[i] = s->strip[i].track;
	qsort(s->strip, s->n, sizeof(*s->strip), strip_order);
	for (i = 0; i < s->n; i++)
		for (k = 0; k < s->n; k++)
			if (!memcmp(&before[i], &s->strip[k].track,
				    sizeof(before[i])))
				place[i] = k;
	for (i = 0; i < s->n_slices; i++)
		s->slice[i].strip = place[s->slice[i].strip];
}

void ml_strips_fini(struct ml_strips *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		ml_free(s->alloc, s->strip[i].columns);
	ml_free(s->alloc, s->slice);
}
