/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* now.h - the clocks of the host. */
#ifndef ML_BASE_NOW_H
#define ML_BASE_NOW_H

#include <stdint.h>
#include <time.h>

/* In nanoseconds; 0 if there is no such clock. */
static inline uint64_t ml_now(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
