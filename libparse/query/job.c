/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.c - pass one record of a log through the filters to the renderer. */
#include "capture.h"

#include <inttypes.h>

#include "base/err.h"
#include "base/plural.h"
#include "record/newest.h"
#include "record/timeline/timeline.h"

/* Is it of a boot that is to be printed? Of a log with text of several boots that
 * is its own, and what may be of it. What its reader has taken is there only on
 * request, of all boots. */
static bool job_is_of_boot(struct ml_job *j, const struct memlog_record *rec)
{
	const struct memlog_query *q = j->run->query;

	if (q->has_boot)
		return rec->has_boot && rec->boot == q->boot;
	if (q->all || ml_query_writer(q)->all ||
	    !(rec->flags & MEMLOG_REC_STALE) ||
	    rec->flags & MEMLOG_REC_CONSUMED ||
	    j->log->state == MEMLOG_STATE_STALE)
		return true;
	j->older_unknown |= !rec->has_boot;
	if (rec->has_boot && !j->older)
		j->oldest = rec->boot;
	if (rec->has_boot) {
		j->older = true;
		j->last_older = rec->boot;
	}
	return false;
}

static bool job_wanted(struct ml_job *j, const struct memlog_record *rec)
{
	const struct memlog_query *q = j->run->query;
	const struct ml_filter *f = &q->filter;
	bool inside = j->inside, goes_on = inside && j->passed;

	j->seen |= (rec->has_level ? HAS_LEVEL : 0) |
		   (rec->cpu >= 0 ? HAS_CPU : 0) |
		   (rec->component ? HAS_COMPONENT : 0) |
		   (rec->has_time ? HAS_STAMP : 0);
	if (rec->has_time && (!rec->time_hz || rec->time_hz == q->tsc_hz))
		j->seen |= HAS_CYCLES;
	if (rec->has_time && rec->time_hz)
		j->seen |= rec->flags & MEMLOG_REC_DATE ? HAS_DATE : HAS_TIME;
	j->inside = rec->flags & MEMLOG_REC_CONTINUES;
	if (!job_is_of_boot(j, rec))
		j->passed = false;
	else
		j->passed = inside ? ml_filter_goes_on(f, rec, &j->last,
						       j->passed) :
				     ml_filter_match(f, rec, &j->last);
	if (!j->passed)
		return false;
	if (!goes_on)
		j->lines++;
	return true;
}

/* Does the writer show it? Some leave out what has no time in seconds. */
static bool job_is_shown(const struct ml_job *j,
			 const struct memlog_record *rec)
{
	const struct ml_render *writer = ml_query_writer(j->run->query);

	if (!writer->timed)
		return true;
	return rec->has_time &&
	       (!writer->seconds || rec->time_hz || j->run->tsc_hz);
}

static enum memlog_status job_render(struct ml_job *j,
				     const struct memlog_record *rec,
				     struct memlog_err *err)
{
	const struct ml_render *writer = ml_query_writer(j->run->query);
	enum memlog_status s;

	if (!j->records && (rec->flags & MEMLOG_REC_TRUNCATED_HEAD))
		ml_say_log(
			j->run, ML_SAY_NOTE, j->log,
			"%s: the first line is cut",
			j->log->flags & MEMLOG_LOG_WRAPPED ?
				"the ring wrapped and the oldest text is gone" :
				"its beginning is lost");
	j->records++;
	j->maybe_read += !j->consumed && rec->flags & MEMLOG_REC_CONSUMED;
	j->run->result.matched++;
	j->run->printed |= job_is_shown(j, rec);
	s = j->run->timeline ? ml_timeline_add(j->run->timeline, rec, err) :
			       MEMLOG_OK;
	if (s)
		return s;
	return j->arrival ? ml_arrival_take(j, rec, err) :
			    writer->record(j->state, rec, err);
}

enum memlog_status ml_job_take(struct ml_job *j,
			       const struct memlog_record *rec,
			       struct memlog_err *err)
{
	const struct memlog_query *q = j->run->query;

	if (!job_wanted(j, rec))
		return MEMLOG_OK;
	if (j->newest) {
		j->records++;
		return ml_newest_add(j->newest, rec, err);
	}
	/* the newest of a live log were printed; what follows is newer */
	if (q->has_count && !q->newest && j->lines > q->count) {
		j->enough = true;
		return MEMLOG_OK;
	}
	return job_render(j, rec, err);
}

enum memlog_status ml_job_newest(struct ml_job *j, struct memlog_err *err)
{
	const struct memlog_record *rec;
	enum memlog_status s = MEMLOG_OK;

	j->records = 0;
	while (!s && (rec = ml_newest_take(j->newest)))
		s = job_render(j, rec, err);
	if (ml_newest_dropped(j->newest))
		ml_say_log(j->run, ML_SAY_WARNING, j->log,
			   "the newest %" PRIu64 " line%s %s too much to "
			   "hold: only %" PRIu64 " printed",
			   j->run->query->count, ml_s(j->run->query->count),
			   ml_are(j->run->query->count), j->records);
	return s;
}
