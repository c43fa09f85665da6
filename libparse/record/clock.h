/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock.h - steps in the clock of a CPU whose trace is read.
 *
 * While a guest runs, the clock of a hypervisor may have the guest's offset: it steps
 * back and later returns. A ring buffer has differences of time with 59 bits, so a
 * step back may look like one forwards of nearly 2^59 ns. Time that passed is known
 * only between events without a step between them.
 */
#ifndef ML_RECORD_CLOCK_H
#define ML_RECORD_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The clock steps back from one offset to another, so few are enough. */
#define ML_CLOCK_MARKS 8u

/* Nine years: no time from one event to the next. */
#define ML_CLOCK_SPAN (UINT64_C(1) << 58)

#define ML_CLOCK_BITS ((UINT64_C(1) << 59) - 1)

/* Zeroed at the start. mark: times that it stepped back from and did not return to,
 * ML_CLOCK_BITS of them, the latest last; each is later than last. */
struct ml_clock {
	bool any;
	uint64_t last, steps;
	uint64_t mark[ML_CLOCK_MARKS];
	size_t n_marks;
};

/* The next event of the CPU is at ns. False: the clock stepped before it. It stepped
 * back, or forwards by ML_CLOCK_SPAN or more, or returned to where it had
 * stepped back from. */
bool ml_clock_next(struct ml_clock *c, uint64_t ns);

#endif
