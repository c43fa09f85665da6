/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* effort.h - what a search cost, and how far it went. */
#ifndef ML_QUERY_EFFORT_H
#define ML_QUERY_EFFORT_H

#include "run.h"

/* After a search: how much was looked at; and which formats were searched for where, if
 * that was not everywhere. */
void ml_effort_say_search(const struct ml_run *run);

/* After all is read of an image that is far away, or comes through a pipe: what was read
 * of it. */
void ml_effort_say_requests(const struct ml_run *run);

#endif
