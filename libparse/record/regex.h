/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* regex.h - a regular expression of a user, within limits: the C library's
 * matcher has none of its own. */
#ifndef ML_RECORD_REGEX_H
#define ML_RECORD_REGEX_H

#include "base/alloc.h"
#include "memlog.h"

struct ml_regex;

/* SMART: case counts if the expression has an upper-case letter, except after a
 * backslash. Letters are those of ASCII. */
enum ml_regex_case { ML_REGEX_SMART, ML_REGEX_IGNORE, ML_REGEX_EXACT };

/* Compile a POSIX extended expression. The caller frees *ret. INVALID: it is
 * not one, or is larger than base/limits.h allows; err says what is allowed. */
enum memlog_status ml_regex_create(const struct memlog_allocator *alloc,
				   const char *text, enum ml_regex_case how,
				   struct ml_regex **ret,
				   struct memlog_err *err);
void ml_regex_destroy(struct ml_regex *re);

/* Compile it again in another way; on failure it stays as it was. */
enum memlog_status ml_regex_set_case(struct ml_regex *re,
				     enum ml_regex_case how,
				     struct memlog_err *err);

/* It is one of n that together may use as much memory as a single one. */
void ml_regex_share(struct ml_regex *re, size_t n);

/* Does it match anywhere in this line, a string of len bytes? */
bool ml_regex_match(struct ml_regex *re, const char *line, size_t len);

/* The first match that begins at byte `from' or later, which may be empty. */
bool ml_regex_find(struct ml_regex *re, const char *line, size_t from,
		   size_t len, size_t *ret_first, size_t *ret_end);

#endif
