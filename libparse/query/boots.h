/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.h - which boots the logs of an image are from. */
#ifndef ML_QUERY_BOOTS_H
#define ML_QUERY_BOOTS_H

#include "run.h"

/* Add the boots of a log with text that is no copy to ret. Decodes it if it may
 * hold several. STOP, NO_MEMORY. */
enum memlog_status ml_boots_of(const struct ml_run *run,
			       const struct memlog_log *log,
			       struct ml_boots *ret, struct memlog_err *err);

/* The boots of all logs, oldest first, those of unknown boots before them. */
enum memlog_status ml_boots_all(const struct ml_run *run, struct ml_boots *ret,
				struct memlog_err *err);

bool ml_boots_have(const struct ml_boots *boots, int32_t boot);

/* No log is of the wanted boot: say which boots there are. */
void ml_boots_say_none(const struct ml_run *run, const struct ml_boots *all);

#endif
