/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.h - which boots the logs of an image are from. */
#ifndef ML_QUERY_BOOTS_H
#define ML_QUERY_BOOTS_H

#include "run.h"

/* Does the index-th of run->logs have text of the wanted boot, and is it no copy?
 * Decodes it if it may hold several. STOP, NO_MEMORY. */
enum memlog_status ml_boots_hold(const struct ml_run *run, size_t index,
				 bool *ret, struct memlog_err *err);

/* The boots of all logs, oldest first, those of unknown boots before them. ret is
 * zeroed; the caller frees ret->at. STOP, NO_MEMORY. */
enum memlog_status ml_boots_all(const struct ml_run *run, struct ml_boots *ret,
				struct memlog_err *err);

/* No log is of the wanted boot: say which boots there are. */
void ml_boots_say_none(const struct ml_run *run, const struct ml_boots *all);

#endif
