/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* phases.c - the phases of a boot, by the first lines of each in all its logs. */
#include <string.h>

#include "lane.h"

/* Is lane a a better witness of a phase than b? */
static bool phase_better(const struct ml_lane *a, const struct ml_lane *b,
			 enum ml_stage phase)
{
	if (a->bounds[phase].weak != b->bounds[phase].weak)
		return b->bounds[phase].weak;
	if (a->pub.has_error != b->pub.has_error)
		return a->pub.has_error;
	return a->pub.error < b->pub.error;
}

/* The lane whose line starts the phase, SIZE_MAX for none. */
static size_t phase_lane(struct ml_lane *const *lanes, size_t n,
			 enum ml_stage phase, bool timed)
{
	size_t i, best = SIZE_MAX;

	for (i = 0; i < n; i++) {
		const struct ml_lane_bound *b = &lanes[i]->bounds[phase];

		if (timed ? b->timed && lanes[i]->pub.aligned &&
				    (best == SIZE_MAX ||
				     phase_better(lanes[i], lanes[best],
						  phase)) :
			    b->has && (best == SIZE_MAX ||
				       lanes[i]->pub.records >
					       lanes[best]->pub.records))
			best = i;
	}
	return best;
}

/* Firmware as a whole is no phase beside its steps. */
static bool phase_left_out(struct ml_lane *const *lanes, size_t n,
			   enum ml_stage phase, bool timed)
{
	enum ml_stage i;

	for (i = ML_STAGE_SEC; i <= ML_STAGE_BDS; i++)
		if (phase == ML_STAGE_FIRMWARE &&
		    phase_lane(lanes, n, i, timed) != SIZE_MAX)
			return true;
	return false;
}

void ml_lanes_phases(struct ml_lane *const *lanes, size_t n, bool timed,
		     struct ml_timeline_phase *ret, size_t *ret_n, int64_t end)
{
	struct ml_timeline_phase *p;
	const struct ml_lane *l;
	int64_t start = 0;
	enum ml_stage i;
	size_t lane;

	*ret_n = 0;
	for (i = ML_STAGE_NONE + 1; i < ML_STAGES; i++) {
		lane = phase_lane(lanes, n, i, timed);
		if (lane == SIZE_MAX || phase_left_out(lanes, n, i, timed))
			continue;
		l = lanes[lane];
		/* the first one starts with the first message; none before the
		 * one that it follows */
		if (timed && *ret_n &&
		    l->bounds[i].time + l->pub.offset > start)
			start = l->bounds[i].time + l->pub.offset;
		if (*ret_n)
			ret[*ret_n - 1].end = start;
		p = &ret[(*ret_n)++];
		*p = (struct ml_timeline_phase){
			.phase = i,
			.name = ml_stage_name(i),
			.start = start,
			.source = lane,
			.records = l->pub.in[i].records,
			.bytes = l->pub.in[i].bytes,
		};
		memcpy(p->text, l->bounds[i].text, sizeof(p->text));
		if (*ret_n == 1) {
			p->records += l->pub.in[ML_STAGE_NONE].records;
			p->bytes += l->pub.in[ML_STAGE_NONE].bytes;
		}
	}
	if (*ret_n)
		ret[*ret_n - 1].end = end > start ? end : start;
}
