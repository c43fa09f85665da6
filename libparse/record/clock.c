/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clock.c - steps in the clock of a CPU whose trace is read. */
#include "clock.h"

#include <string.h>

static void clock_push(struct ml_clock *c, uint64_t ns)
{
	/* the earliest step back is forgotten first */
	if (c->n_marks == ML_CLOCK_MARKS)
		memmove(c->mark, c->mark + 1, --c->n_marks * sizeof(*c->mark));
	c->mark[c->n_marks++] = ns;
}

bool ml_clock_next(struct ml_clock *c, uint64_t ns)
{
	uint64_t from = c->last & ML_CLOCK_BITS, to = ns & ML_CLOCK_BITS;
	bool steady = !c->any ||
		      (ns >= c->last && ns - c->last < ML_CLOCK_SPAN);

	/* nor from before its zero to after it */
	if (c->any && to < from) {
		clock_push(c, from);
		steady = false;
	}
	for (; c->n_marks && c->mark[c->n_marks - 1] <= to; c->n_marks--)
		steady = false;
	c->any = true;
	c->last = ns;
	c->steps += !steady;
	return steady;
}
