/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* filter.h - select the records that a user wants. */
#ifndef ML_RECORD_FILTER_H
#define ML_RECORD_FILTER_H

#include "patterns.h"
#include "when.h"

/* Zeroed: everything passes. */
struct ml_filter {
	struct ml_patterns patterns; /* -g, per line */
	bool has_level;
	uint8_t levels;	       /* -l: a bit for each */
	const char *component; /* -c, borrowed */
	const char *cpus;      /* --cpu LIST ("0-3,8"), checked, borrowed */
	struct ml_when since, until;
};

/* Set -l, --cpu from text; INVALID: err has the reason and quotes the text. A
 * second call replaces what the first one set. */
/* A list of "err" or "3", that level; "err+", that and all more severe ones;
 * "crit..warn", these and those between them. */
enum memlog_status ml_filter_level(struct ml_filter *f, const char *text,
				   struct memlog_err *err);
enum memlog_status ml_filter_cpus(struct ml_filter *f, const char *text,
				  struct memlog_err *err);
/* Is any filter set? */
bool ml_filter_active(const struct ml_filter *f);

/* Must the last record of a log be known to filter it? */
bool ml_filter_needs_last(const struct ml_filter *f);

/* Does a record pass? A record without the requested property does not. The
 * regex sees the text without its line end; NULs in it are ordinary bytes. last
 * may be NULL if ml_filter_needs_last() says no. */
bool ml_filter_match(const struct ml_filter *f, const struct memlog_record *rec,
		     const struct ml_last *last);

/* The same for a record that continues a line, of which the pieces before passed or did
 * not. All from the piece that matches on passes; with --invert-match, all before. */
bool ml_filter_goes_on(const struct ml_filter *f,
		       const struct memlog_record *rec,
		       const struct ml_last *last, bool passed);

void ml_filter_fini(struct ml_filter *f);

#endif
