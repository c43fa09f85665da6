/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lanes.h - the tracks of one CPU: on each, time goes forwards. */
#ifndef ML_RENDER_TRACE_LANES_H
#define ML_RENDER_TRACE_LANES_H

#include <stdbool.h>
#include <stdint.h>

/* Tracks of a CPU, each for one offset of its clock; what exceeds them is on the
 * last. */
#define ML_LANES 8u

/* Zeroed at the start. n tracks; now: that of the last event; end: the time of the
 * last one on each. */
struct ml_lanes {
	uint64_t end[ML_LANES];
	unsigned int n, now;
};

/* Set now for an event at ns. steady: the clock did not step before it. True: it is
 * a new track. */
bool ml_lanes_choose(struct ml_lanes *l, uint64_t ns, bool steady);

#endif
