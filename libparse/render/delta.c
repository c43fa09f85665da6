/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* delta.c - the time from one line to the next, nearly as dmesg(1) prints it. */
#include "delta.h"

#include <inttypes.h>

void ml_delta_put(struct ml_out *out, struct ml_delta *delta,
		  const struct memlog_record *rec, uint64_t hz, bool ticks)
{
	struct ml_delta now = {
		.known = true,
		.date = rec->flags & MEMLOG_REC_DATE,
		.time = rec->time,
		.hz = rec->time_hz ? rec->time_hz : hz,
	};
	uint64_t from = rec->time, n, us;
	char sign = ' ';

	if (delta->known && delta->date == now.date && delta->hz == now.hz)
		from = delta->time;
	*delta = now;
	if (from > now.time)
		sign = '-';
	n = from > now.time ? from - now.time : now.time - from;
	if (ticks || !now.hz) {
		ml_out_fmt(out, "[<%c%15" PRIu64 ">]", sign, n);
		return;
	}
	us = (uint64_t)((double)(n % now.hz) * 1e6 / (double)now.hz);
	ml_out_fmt(out, "[<%c%4" PRIu64 ".%06" PRIu64 ">]", sign, n / now.hz,
		   us);
}
