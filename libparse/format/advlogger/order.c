/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * order.c - in which order the messages of a log were written.
 *
 * A log that is full drops what comes, unless the firmware was built to start over once
 * the operating system runs. Then the cursor goes back to the first message, and nothing
 * says so. That happened if, in a log at run time, there are messages from the cursor to
 * the end, older than those before it. In memory that has messages of an earlier boot
 * there, the first message is one of SEC, PEI or DXE: those are over when a log wraps.
 */
#include "advlogger.h"
#include "base/limits.h"

/* A message has so many bytes at most: as many may be unused at the end. */
#define ADV_LONGEST (ADV_ALM2 + 65536u)

/* The first version that may start over, and the phase that is after those before run
 * time, which also has number 0 if it is not known. */
enum { WRAPS_FROM = 4, PHASE_DXE = 4 };

/* The stamp of the last message before the cursor into *ret. False: the first one is of
 * before run time. If none is finished, *ret stays. */
static bool adv_order_newest(struct ml_log *log, struct ml_source *source,
			     struct adv_walk *w, uint64_t *ret)
{
	struct adv_message m;
	bool first = true;

	w->part[0] = (struct memlog_range){ ml_advlogger(log)->header,
					    ml_advlogger(log)->cursor };
	w->n_parts = 1;
	w->at = w->part[0].start;
	while (ml_advlogger_walk_next(w, source, &m)) {
		if (first && m.phase && m.phase <= PHASE_DXE)
			return false;
		first = false;
		*ret = m.stamp;
	}
	return true;
}

/* The messages after the cursor into *ret, up to the last that is not older than the
 * first of them: those are left from the turn before. False: there are none. */
static bool adv_order_older(struct ml_log *log, struct ml_source *source,
			    struct adv_walk *w, struct memlog_range *ret,
			    uint64_t *ret_stamp)
{
	const struct advlogger *a = ml_advlogger(log);
	struct adv_message m;
	uint64_t oldest = 0;

	w->part[0] = (struct memlog_range){ (a->cursor + ADV_ALIGN - 1) /
						    ADV_ALIGN * ADV_ALIGN,
					    a->header + a->size };
	w->n_parts = 1;
	w->at = w->part[0].start;
	w->cur = 0;
	ret->end = 0;
	while (ml_advlogger_walk_next(w, source, &m)) {
		if (!ret->end) {
			ret->start = m.at;
			oldest = m.stamp;
		}
		if (m.stamp < oldest)
			continue;
		ret->end = m.end;
		*ret_stamp = m.stamp;
	}
	return ret->end;
}

void ml_advlogger_settle(struct ml_log *log, struct ml_source *source,
			 uint64_t *budget)
{
	struct advlogger *a = ml_advlogger(log);
	uint64_t end = a->header + a->size, newest = UINT64_MAX, last = 0;
	struct adv_walk w = { .n_parts = 0 };
	struct memlog_range older;
	struct ml_source look = *source;

	if (!a->runtime || a->version < WRAPS_FROM || *budget < a->size)
		return;
	*budget -= a->size;
	if (!adv_order_newest(log, &look, &w, &newest) ||
	    !adv_order_older(log, &look, &w, &older, &last) || last > newest ||
	    end - older.end > ADV_LONGEST)
		return;
	a->wrapped = true;
	a->older = older;
	log->pub.used = a->cursor - a->header + (older.end - older.start);
	/* nothing but their stamps gives the order */
	log->pub.flags |= MEMLOG_LOG_WRAPPED | MEMLOG_LOG_GUESSED;
}
