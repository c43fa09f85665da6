/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* regex.h - a regular expression of a user, within limits: the C library's
 * matcher has none of its own. */
#ifndef ML_RECORD_REGEX_H
#define ML_RECORD_REGEX_H

#include "base/alloc.h"
#include "memlog.h"

struct ml_regex;

/* Compile a POSIX extended expression. The caller frees *ret. INVALID: it is
 * not one, or is larger than base/limits.h allows; err says what is allowed. */
enum memlog_status ml_regex_create(const struct memlog_allocator *alloc,
				   const char *text, struct ml_regex **ret,
				   struct memlog_err *err);
void ml_regex_destroy(struct ml_regex *re);

/* Does it match anywhere in this line, a string of len bytes? */
bool ml_regex_match(struct ml_regex *re, const char *line, size_t len);

#endif
