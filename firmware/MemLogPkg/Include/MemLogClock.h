/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Stores in a ring what both clocks say now, for modules that use TimerLib. */
#ifndef MEMLOG_CLOCK_H
#define MEMLOG_CLOCK_H

#include <MemLogRing.h>
#include <MemLogCounter.h>
#include <Library/TimerLib.h>

/* Of the ACPI PM timer; a TimerLib over another clock is of no use here. */
#define MEMLOG_PM_TIMER_HZ	3579545U

STATIC
inline
VOID
MemLogClock(
	IN struct ml_ring *Ring,
	IN enum ml_ring_moment Moment
	)
{
	UINT64 Start, End;

	if (GetPerformanceCounterProperties(&Start, &End) == MEMLOG_PM_TIMER_HZ)
		ml_ring_clock(Ring, Moment, MemLogCounter(),
			      (UINT32)GetPerformanceCounter());
}

#endif
