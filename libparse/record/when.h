/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* when.h - the times of --since and --until. */
#ifndef ML_RECORD_WHEN_H
#define ML_RECORD_WHEN_H

#include "memlog.h"

/* What a time counts from. */
enum ml_when_from {
	ML_WHEN_NOT_SET,
	ML_WHEN_CLOCK, /* where the log's own clock starts */
	ML_WHEN_END,   /* back from the log's last record */
	ML_WHEN_EPOCH, /* 1970-01-01 UTC */
	ML_WHEN_DAY,   /* midnight UTC of the day of the last record */
};

struct ml_when {
	enum ml_when_from from;
	double s; /* seconds */
};

/* The last record of a log that has a time in seconds. */
struct ml_last {
	bool known;
	bool date; /* it is MEMLOG_REC_DATE */
	bool has_boot;
	int32_t boot;
	double s;
};

/* "12.5", "500ms", "5s", "2m", "-5", "2026-11-28 10:00:03", "10:00:03",
 * "@1795860003", with a decimal point whatever the locale. INVALID: err quotes the text. */
enum memlog_status ml_when_parse(const char *text, struct ml_when *ret,
				 struct memlog_err *err);

/* Parse "12.5" at *s, and move *s past it. false: not a number. */
bool ml_take_decimal(const char **s, double *ret);

/* Does it depend on the last record? */
bool ml_when_needs_last(const struct ml_when *when);

/* Is it a date or a time of day? */
bool ml_when_is_date(const struct ml_when *when);

/* Is a after b, if both count from the same? */
bool ml_when_after(const struct ml_when *a, const struct ml_when *b);

/* The time of a record in seconds; false: it has none. */
bool ml_when_of(const struct memlog_record *rec, double *ret);

/*
 * -1, 0, 1: is a record before, at or after that time? last may be NULL where it
 * is not needed. false: that cannot be known, as the record has no time, or not
 * one of that clock.
 */
bool ml_when_compare(const struct ml_when *when,
		     const struct memlog_record *rec,
		     const struct ml_last *last, int *ret);

#endif
