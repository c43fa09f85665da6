/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rate.h - the rate of time stamps that count cycles. */
#ifndef ML_QUERY_RATE_H
#define ML_QUERY_RATE_H

#include "run.h"

/* In Hz: --tsc-mhz, or the rate in the clock log of a log to be printed, if the
 * image has one; 0 if unknown. */
uint64_t ml_query_tsc_hz(struct ml_run *run);

#endif
