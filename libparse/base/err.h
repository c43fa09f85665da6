/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* err.h - say what went wrong, and pass it up. */
#ifndef ML_BASE_ERR_H
#define ML_BASE_ERR_H

#include "memlog.h"

/* Record status and text in err (which may be NULL) and return status:
 *	return ml_fail(err, MEMLOG_CORRUPT, "tail %u > size %u", t, n);
 * Never put bytes of an image into the text: it goes to a terminal. */
enum memlog_status ml_fail(struct memlog_err *err, enum memlog_status status,
			   const char *fmt, ...) MEMLOG_PRINTF(3, 4);

/* The same with errno: its words are appended, and it is kept in err->sys. */
enum memlog_status ml_fail_errno(struct memlog_err *err,
				 enum memlog_status status, int sys,
				 const char *fmt, ...) MEMLOG_PRINTF(4, 5);

/* The same for trouble at an address. */
enum memlog_status ml_fail_at(struct memlog_err *err,
			      enum memlog_status status, uint64_t addr,
			      const char *fmt, ...) MEMLOG_PRINTF(4, 5);

/* Put "text: " in front of what err says, on the way up. Returns err's status,
 * so that it can end a function; MEMLOG_OK with err NULL must not happen: pass
 * the status. */
enum memlog_status ml_prefix(struct memlog_err *err,
			     enum memlog_status status, const char *fmt, ...)
	MEMLOG_PRINTF(3, 4);

#endif
