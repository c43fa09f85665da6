/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set.h - the functions that set options: the last column of the table. */
#ifndef ML_QUERY_SET_H
#define ML_QUERY_SET_H

#include "query.h"

/* See ml_setter; also ml_parse_range() and ml_query_rules(). */
ml_setter ml_set_info, ml_set_list, ml_set_list_boots, ml_set_boot,
	ml_set_extract, ml_set_follow, ml_set_all, ml_set_uncommitted,
	ml_set_consumed, ml_set_merge, ml_set_force, ml_set_verbose,
	ml_set_quiet, ml_set_json, ml_set_raw, ml_set_formats, ml_set_scan,
	ml_set_at, ml_set_grep, ml_set_lines, ml_set_level, ml_set_component,
	ml_set_cpus, ml_set_since, ml_set_until, ml_set_render, ml_set_stats,
	ml_set_tsc, ml_set_time_format, ml_set_limit, ml_set_threads,
	ml_set_color, ml_set_strict, ml_set_ignore_case, ml_set_exact_case,
	ml_set_invert, ml_set_after, ml_set_before, ml_set_around, ml_set_delta,
	ml_set_signature;

/* Set *ret to the number in a value. INVALID: it is none, or not from min to max; what
 * says what is counted. */
enum memlog_status ml_set_number(const char *value, const char *what,
				 uint64_t min, uint64_t max, uint64_t *ret,
				 struct memlog_err *err);

#endif
