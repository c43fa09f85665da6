/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sized.h - public structs that start with their size. Those of a caller built
 * with another memlog.h may be shorter or longer than ours.
 */
#ifndef ML_BASE_SIZED_H
#define ML_BASE_SIZED_H

#include <string.h>

#include "bytes.h"
#include "err.h"

/* Copy a caller's struct into the size bytes of ours: members that it lacks are
 * zero. NULL is all zero. */
static inline void ml_sized_in(void *to, size_t size, const void *from)
{
	size_t theirs;

	memset(to, 0, size);
	if (from) {
		memcpy(&theirs, from, sizeof(theirs));
		memcpy(to, from, ml_min(theirs, size));
	}
	memcpy(to, &size, sizeof(size));
}

/* INVALID for a struct whose size was not set: nothing of it would be read. */
static inline enum memlog_status
ml_sized_check(const void *from, const char *what, struct memlog_err *err)
{
	size_t theirs;

	if (!from)
		return MEMLOG_OK;
	memcpy(&theirs, from, sizeof(theirs));
	return theirs >= sizeof(theirs) ?
		       MEMLOG_OK :
		       ml_fail(err, MEMLOG_INVALID, "the size of %s is not set",
			       what);
}

/* Fill in a caller's struct from the size bytes of ours, as much as it has. */
static inline void ml_sized_out(void *to, const void *from, size_t size)
{
	size_t theirs;

	memcpy(&theirs, to, sizeof(theirs));
	memcpy(to, from, ml_min(theirs, size));
	if (theirs >= sizeof(theirs))
		memcpy(to, &theirs, sizeof(theirs));
}

#endif
