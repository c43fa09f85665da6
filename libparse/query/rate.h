/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rate.h - the rate of time stamps that count cycles. */
#ifndef ML_QUERY_RATE_H
#define ML_QUERY_RATE_H

#include "run.h"

/* In Hz: --tsc-mhz, or what the log says that is the clock of one to be printed,
 * if the image has it; 0 when nothing says. */
uint64_t ml_query_tsc_hz(struct ml_run *run);

#endif
