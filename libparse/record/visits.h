/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * visits.h - statistics of a hypervisor's own trace: how long CPUs were in it, by
 * what led there and for which virtual CPU.
 *
 * A visit lasts from an event of kind LEAVE to the next ENTER on the same CPU. If
 * one of them is missing it is no visit, and the other is counted as unpaired. If
 * the clock stepped between them the visit is counted, and not timed.
 */
#ifndef ML_RECORD_VISITS_H
#define ML_RECORD_VISITS_H

#include "clock.h"
#include "format/format.h"
#include "stats.h"

/* Visits of one reason for one task; has_task false: it is not known, or the row
 * is for all that did not get one of their own. name: guest bytes, NUL-terminated.
 * times: in nanoseconds; untimed: of times.n, how many the clock stepped in. */
struct ml_visit {
	uint32_t reason;
	char name[32];
	bool has_task;
	int32_t task;
	struct ml_stats_exit times;
	uint64_t untimed;
};

/* A CPU. run: nanoseconds from its first event to the last, without those between
 * which the clock stepped. rows: by task, then reason. no_exit, no_enter: unpaired.
 * untimed: of n, how many the clock stepped in. */
struct ml_visits_cpu {
	int32_t cpu; /* -1: all of them */
	uint64_t run, n, ns, untimed, no_exit, no_enter;
	struct ml_visit *rows;
	size_t n_rows, cap_rows;
	/* while it is read */
	struct ml_clock clock;
	bool inside, stepped;
	uint64_t begin;
	struct ml_visit current;
};

struct ml_visits;

/* As for statistics of exits, see stats.h; of a format with say.visits. */
enum memlog_status ml_visits_create(const struct memlog_allocator *alloc,
				    const struct ml_format *fmt,
				    struct ml_visits **ret,
				    struct memlog_err *err);
void ml_visits_destroy(struct ml_visits *visits);
enum memlog_status ml_visits_add(struct ml_visits *visits,
				 const struct memlog_record *rec,
				 struct memlog_err *err);
enum memlog_status ml_visits_finish(struct ml_visits *visits,
				    struct memlog_err *err);
const struct ml_visits_cpu *ml_visits_get(const struct ml_visits *visits,
					  size_t index);

#endif
