/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* delta.h - the time from one line to the next. */
#ifndef ML_RENDER_DELTA_H
#define ML_RENDER_DELTA_H

#include "out.h"

/* The last record that had a time; zeroed: there was none. */
struct ml_delta {
	bool known, date;
	uint64_t time, hz;
};

/* Write "[<    0.001234>]", the time since the record before, and keep that of rec, which
 * has one. It is negative where the clock stepped back, 0 where the record before has
 * another clock. In ticks if that is asked for, or if neither rec nor hz (0: unknown)
 * tells how long one is. */
void ml_delta_put(struct ml_out *out, struct ml_delta *delta,
		  const struct memlog_record *rec, uint64_t hz, bool ticks);

#endif
