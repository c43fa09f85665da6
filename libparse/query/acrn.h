/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acrn.h - what ACRN's logs need of a query, besides what all have. */
#ifndef ML_QUERY_ACRN_H
#define ML_QUERY_ACRN_H

#include "run.h"

/* --acrn-formats FILE: read it, and see that its rules can be understood. */
enum memlog_status ml_query_rules(struct memlog_query *query, const char *file,
				  struct memlog_err *err);

/* The rate of time stamps: --tsc-mhz, or what the hypervisor wrote into its own
 * log when it measured it, if the image has that; 0 when nobody says. */
uint64_t ml_query_tsc_hz(struct ml_run *run);

#endif
