/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tracks.c - the CPUs of a log while its records are read. */
#include "tracks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "render/escape.h"

uint32_t ml_slice_rank(const struct ml_slice_track *track)
{
	uint32_t cpu = (uint32_t)track->cpu + 1;

	return cpu > UINT32_MAX / ML_LANES - 1 ? UINT32_MAX :
						 cpu * ML_LANES + track->lane;
}

void ml_tracks_clear(struct ml_slices *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		ml_free(&s->alloc, s->cpus[i]->edges);
		ml_free(&s->alloc, s->cpus[i]);
	}
	s->n = s->n_machines = 0;
}

int32_t ml_track_machine(struct ml_slices *s, const char *name, size_t len)
{
	char safe[ML_KEEP_NAME];
	size_t i;

	ml_escape_cut((const uint8_t *)name, len, safe, sizeof(safe));
	for (i = 0; i < s->n_machines; i++)
		if (!strcmp(s->machines[i], safe))
			return ML_SLICES_MACHINE + (int32_t)i;
	if (i == ML_SLICES_MACHINES)
		return -1;
	memcpy(s->machines[s->n_machines++], safe, sizeof(safe));
	return ML_SLICES_MACHINE + (int32_t)i;
}

enum memlog_status ml_track_of(struct ml_slices *s, int32_t cpu,
			       struct ml_slice_cpu **ret,
			       struct memlog_err *err)
{
	size_t lo = 0, hi = s->n, mid;
	struct ml_slice_cpu *c;
	enum memlog_status e;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->cpus[mid]->cpu < cpu)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = NULL;
	if (lo < s->n && s->cpus[lo]->cpu == cpu)
		*ret = s->cpus[lo];
	if (*ret || s->n == ML_SLICES_CPUS)
		return MEMLOG_OK;
	e = ml_grow(&s->alloc, &s->cpus, s->n, &s->cap, sizeof(*s->cpus), err);
	if (e)
		return e;
	c = ml_calloc(&s->alloc, 1, sizeof(*c));
	if (!c)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a track");
	c->cpu = cpu;
	memmove(s->cpus + lo + 1, s->cpus + lo, (s->n - lo) * sizeof(*s->cpus));
	s->cpus[lo] = *ret = c;
	s->n++;
	return MEMLOG_OK;
}

void ml_track_start(struct ml_slices *s, const struct ml_slice_track *track)
{
	size_t machine = (size_t)track->cpu - ML_SLICES_MACHINE;
	char name[ML_KEEP_NAME + 32];
	int n;

	if (track->cpu < 0)
		n = snprintf(name, sizeof(name), "no CPU");
	else if (track->cpu >= ML_SLICES_MACHINE && machine < s->n_machines)
		n = snprintf(name, sizeof(name), "%s", s->machines[machine]);
	else
		n = snprintf(name, sizeof(name), "CPU %" PRId32, track->cpu);
	if (track->lane)
		snprintf(name + n, sizeof(name) - (size_t)n, ", clock %u",
			 track->lane + 1);
	s->ops->track(s->self, track, name);
}

void ml_track_put(struct ml_slices *s, const struct ml_slice_cpu *c,
		  const struct ml_slice_open *o, uint64_t end,
		  const struct memlog_record *last, const char *unpaired)
{
	const struct ml_slice_track track = { ML_SLICES_LOG, c->cpu, o->lane };
	struct ml_slice slice = {
		.begin = o->since,
		.end = o->stepped ? o->since : end,
		.name = o->what.name,
		.category = o->what.category,
		.fields = o->what.fields,
		.n_fields = o->what.n,
		.last = last,
		.unpaired = unpaired,
		.untimed = !unpaired && o->stepped,
	};

	/* a line between them may have had a later time */
	if (slice.end < slice.begin)
		slice.end = slice.begin;
	s->untimed += slice.untimed;
	if (slice.begin > INT64_MAX || slice.end > INT64_MAX)
		s->left_out += unpaired ? 1 : 2;
	else
		s->ops->slice(s->self, &track, &slice);
}
