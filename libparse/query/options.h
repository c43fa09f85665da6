/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* options.h - one option of a query: its number, and what its value does. */
#ifndef ML_QUERY_OPTIONS_H
#define ML_QUERY_OPTIONS_H

#include "query.h"

enum ml_opt_id {
	OPT_INFO, OPT_LIST, OPT_EXTRACT, OPT_FOLLOW, OPT_ALL, OPT_FORMAT,
	OPT_SCAN, OPT_AT, OPT_RANGE, OPT_GREP, OPT_LINES, OPT_LEVEL,
	OPT_COMPONENT, OPT_CPU, OPT_SINCE, OPT_UNTIL, OPT_OUTPUT, OPT_JSON,
	OPT_RAW, OPT_UNCOMMITTED, OPT_CONSUMED, OPT_TSC, OPT_TIME_FORMAT,
	OPT_LIMIT, OPT_THREADS, OPT_STATS, OPT_ACRN_FORMATS, OPT_FORCE,
	OPT_COLOR, OPT_VERBOSE,
};

/* Take the option into the query. value is NULL where it has none. On INVALID
 * the text says what would be right, and the query is as it was. */
enum memlog_status ml_query_set(struct memlog_query *q, enum ml_opt_id id,
				const char *value, struct memlog_err *err);

#endif
