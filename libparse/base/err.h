/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* err.h - report errors and pass them up. */
#ifndef ML_BASE_ERR_H
#define ML_BASE_ERR_H

#include "memlog.h"

/* Record status and text in err (which may be NULL) and return status: return
 *	ml_fail(err, MEMLOG_CORRUPT, "tail %u > size %u", t, n); Never put bytes
 *	of an image into the text: it is printed to a terminal. */
enum memlog_status ml_fail(struct memlog_err *err, enum memlog_status status,
			   const char *fmt, ...) MEMLOG_PRINTF(3, 4);

/* The same with errno: its message is appended, or is the whole text if that is
 * empty, and errno is kept in err->sys. */
enum memlog_status ml_fail_errno(struct memlog_err *err,
				 enum memlog_status status, int sys,
				 const char *fmt, ...) MEMLOG_PRINTF(4, 5);

/* The same for an error at an address. */
enum memlog_status ml_fail_at(struct memlog_err *err, enum memlog_status status,
			      uint64_t addr, const char *fmt, ...)
	MEMLOG_PRINTF(4, 5);

/* Prefix err's text with "text: ", on the way up. Returns err's status, so that
 * it can end a function; MEMLOG_OK with err NULL must not happen: pass the
 * status. */
enum memlog_status ml_prefix(struct memlog_err *err, enum memlog_status status,
			     const char *fmt, ...) MEMLOG_PRINTF(3, 4);

/* Zero it but for the text, which is long: it is "". */
static inline void ml_err_clear(struct memlog_err *err)
{
	err->status = MEMLOG_OK;
	err->sys = 0;
	err->has_addr = false;
	err->addr = 0;
	err->text[0] = '\0';
}

/* End a function that callers see: what was met on the way to MEMLOG_OK is not
 * its result. */
static inline enum memlog_status ml_return(struct memlog_err *err,
					   enum memlog_status status)
{
	if (!status && err)
		err->text[0] = '\0';
	return status;
}

/* Each returns the status it was given. Compilers and analyzers do not see that
 * for a function in another file; these show it. */
#define ml_fail(err, status, ...)                          \
	({                                                 \
		enum memlog_status given_ = (status);      \
		(void)(ml_fail)(err, given_, __VA_ARGS__); \
		given_;                                    \
	})
#define ml_fail_errno(err, status, sys, ...)                          \
	({                                                            \
		enum memlog_status given_ = (status);                 \
		(void)(ml_fail_errno)(err, given_, sys, __VA_ARGS__); \
		given_;                                               \
	})
#define ml_fail_at(err, status, addr, ...)                          \
	({                                                          \
		enum memlog_status given_ = (status);               \
		(void)(ml_fail_at)(err, given_, addr, __VA_ARGS__); \
		given_;                                             \
	})
#define ml_prefix(err, status, ...)                          \
	({                                                   \
		enum memlog_status given_ = (status);        \
		(void)(ml_prefix)(err, given_, __VA_ARGS__); \
		given_;                                      \
	})

#endif
