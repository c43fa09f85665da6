/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* filter.h - select the records that a user wants. */
#ifndef ML_RECORD_FILTER_H
#define ML_RECORD_FILTER_H

#include "regex.h"

/* Zeroed: everything passes. */
struct ml_filter {
	struct ml_regex *regex; /* -g, per line; NULL: none */
	bool has_level;
	uint32_t level_min, level_max; /* -l */
	const char *component;	       /* -c, borrowed */
	const char *cpus; /* --cpu LIST ("0-3,8"), checked, borrowed */
	bool has_since, has_until;
	double since, until; /* seconds of the log's own clock */
};

/* Set -g, -l, --cpu, --since/--until from text; INVALID: err has the reason. A
 * second call replaces what the first one set. */
enum memlog_status ml_filter_regex(struct ml_filter *f,
				   const struct memlog_allocator *alloc,
				   const char *text, struct memlog_err *err);
/* "err", "3": that level; "err+": that and all more urgent ones. */
enum memlog_status ml_filter_level(struct ml_filter *f, const char *text,
				   struct memlog_err *err);
enum memlog_status ml_filter_cpus(struct ml_filter *f, const char *text,
				  struct memlog_err *err);
/* "12.5": seconds, with a decimal point whatever the locale. */
enum memlog_status ml_filter_time(const char *text, double *ret,
				  struct memlog_err *err);

/* Is any filter set? */
bool ml_filter_active(const struct ml_filter *f);

/* Does a record pass? A record without the requested property does not. The
 * regex sees the text without its line end; NULs in it are ordinary bytes. */
bool ml_filter_match(const struct ml_filter *f,
		     const struct memlog_record *rec);

void ml_filter_fini(struct ml_filter *f);

#endif
