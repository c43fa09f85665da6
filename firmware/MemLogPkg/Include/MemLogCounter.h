/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The clock of the index: x86's time stamp counter, or Arm's virtual counter, whose
 * rate is in a register.
 */
#ifndef MEMLOG_COUNTER_H
#define MEMLOG_COUNTER_H

#include <MemLogRing.h>
#include <Library/BaseLib.h>

STATIC
inline
UINT64
MemLogCounter(
	VOID
	)
{
#ifdef MDE_CPU_AARCH64
	UINT64 Value;

	__asm__ volatile ("isb\n\tmrs %0, cntvct_el0" : "=r" (Value));
	return Value;
#else
	return AsmReadTsc();
#endif
}

/* Stores the rate, if it is known without asking the hypervisor. */
STATIC
inline
VOID
MemLogCounterRate(
	IN struct ml_ring *Ring
	)
{
#ifdef MDE_CPU_AARCH64
	UINT64 Rate;

	__asm__ volatile ("mrs %0, cntfrq_el0" : "=r" (Rate));
	if (Rate != 0)
		ml_ring_hz(Ring, Rate, ML_RING_ARM_COUNTER);
#endif
}

#endif
