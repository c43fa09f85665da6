/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lanes.c - the tracks of one CPU: on each, time goes forwards. */
#include "lanes.h"

#include "record/clock.h"

/* Of those whose last event is earlier, by less than what is a step, the one with the
 * latest; n: there is none. */
static unsigned int lanes_find(const struct ml_lanes *l, uint64_t ns)
{
	unsigned int i, ret = l->n;

	for (i = 0; i < l->n; i++)
		if (l->end[i] <= ns && ns - l->end[i] < ML_CLOCK_SPAN &&
		    (ret == l->n || l->end[i] > l->end[ret]))
			ret = i;
	return ret;
}

bool ml_lanes_choose(struct ml_lanes *l, uint64_t ns, bool steady)
{
	bool is_new = false;

	if (!l->n || !steady)
		l->now = lanes_find(l, ns);
	if (l->now == ML_LANES) {
		l->now--;
	} else if (l->now == l->n) {
		l->n++;
		is_new = true;
	}
	l->end[l->now] = ns;
	return is_new;
}
