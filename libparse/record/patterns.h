/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* patterns.h - the regular expressions of -g, and what they match in a line. */
#ifndef ML_RECORD_PATTERNS_H
#define ML_RECORD_PATTERNS_H

#include "base/limits.h"
#include "regex.h"

/* Zeroed: none. */
struct ml_patterns {
	struct ml_regex *regex[ML_MAX_PATTERNS];
	size_t n;
	enum ml_regex_case how;
	bool invert; /* lines that match none of them */
};

/* Bytes first to end of a text. */
struct ml_span {
	size_t first, end;
};

/* Add one. INVALID: err has the reason and quotes the text; LIMIT: there are too
 * many. */
enum memlog_status ml_patterns_add(struct ml_patterns *p,
				   const struct memlog_allocator *alloc,
				   const char *text, struct memlog_err *err);

/* Compile all of them, and those that follow, this way. */
enum memlog_status ml_patterns_case(struct ml_patterns *p,
				    enum ml_regex_case how,
				    struct memlog_err *err);

/* Does any of them match text, without its line end? NULs are ordinary bytes. A
 * text of more than ML_MAX_LINE bytes is matched in pieces of that size. */
bool ml_patterns_match(const struct ml_patterns *p, const uint8_t *text,
		       size_t len);

/* What they match, in order and without overlaps: the longest of those that begin
 * first. At most max of them are written to ret; how many, is returned. Empty
 * matches are left out. */
size_t ml_patterns_spans(const struct ml_patterns *p, const uint8_t *text,
			 size_t len, struct ml_span *ret, size_t max);

void ml_patterns_fini(struct ml_patterns *p);

#endif
