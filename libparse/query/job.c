/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.c - pass one record of a log through the filters to the renderer. */
#include "capture.h"

#include <inttypes.h>

#include "base/err.h"
#include "base/plural.h"
#include "record/context.h"
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

static void job_see(struct ml_job *j, const struct memlog_record *rec)
{
	j->seen |= (rec->has_level ? HAS_LEVEL : 0) |
		   (rec->cpu >= 0 ? HAS_CPU : 0) |
		   (rec->component ? HAS_COMPONENT : 0) |
		   (rec->has_time ? HAS_STAMP : 0);
	if (rec->has_time &&
	    (!rec->time_hz || rec->time_hz == j->run->query->tsc_hz))
		j->seen |= HAS_CYCLES;
	if (rec->has_time && rec->time_hz)
		j->seen |= rec->flags & MEMLOG_REC_DATE ? HAS_DATE : HAS_TIME;
}

/* Does it pass the filters? inside: it goes on with a line. */
static bool job_passes(struct ml_job *j, const struct memlog_record *rec,
		       bool inside)
{
	const struct ml_filter *f = &j->run->query->filter;
	bool before = inside && j->passed;

	j->passed = inside ? ml_filter_goes_on(f, rec, &j->last, j->passed) :
			     ml_filter_match(f, rec, &j->last);
	if (j->passed && !before)
		j->lines++;
	return j->passed;
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

/* Between groups of lines that do not follow one another. */
static void job_gap(struct ml_job *j, uint64_t number)
{
	const struct ml_render *writer = ml_query_writer(j->run->query);

	if (j->context && j->number && number - j->number > 1 && writer->gap)
		writer->gap(j->state);
	j->number = number;
}

/* Write a record of the line with this number. */
static enum memlog_status job_render(void *arg, const struct memlog_record *rec,
				     uint64_t number, struct memlog_err *err)
{
	struct ml_job *j = arg;
	const struct ml_render *writer = ml_query_writer(j->run->query);
	enum memlog_status s;

	if (!j->records && (rec->flags & MEMLOG_REC_TRUNCATED_HEAD))
		ml_say_log(
			j->run, ML_SAY_NOTE, j->log,
			"%s: the first line is cut",
			j->log->flags & MEMLOG_LOG_WRAPPED ?
				"the ring wrapped and the oldest text is gone" :
				"its beginning is lost");
	job_gap(j, number);
	j->records++;
	j->maybe_read += !j->consumed && rec->flags & MEMLOG_REC_CONSUMED;
	j->run->result.matched += !(rec->flags & MEMLOG_REC_CONTEXT);
	j->run->printed |= job_is_shown(j, rec);
	s = j->run->timeline ? ml_timeline_add(j->run->timeline, rec, err) :
			       MEMLOG_OK;
	if (s)
		return s;
	return j->arrival ? ml_arrival_take(j, rec, err) :
			    writer->record(j->state, rec, err);
}

/* A record that is selected: write it, or keep it until the newest are known. */
static enum memlog_status job_put(void *arg, const struct memlog_record *rec,
				  uint64_t number, struct memlog_err *err)
{
	struct ml_job *j = arg;

	if (!j->newest)
		return job_render(j, rec, number, err);
	j->records++;
	return ml_newest_add(j->newest, rec, number, err);
}

enum memlog_status ml_job_take(struct ml_job *j,
			       const struct memlog_record *rec,
			       struct memlog_err *err)
{
	const struct memlog_query *q = j->run->query;
	bool inside = j->inside, first = q->has_count && !q->newest, wanted;
	enum memlog_status s;

	job_see(j, rec);
	j->inside = rec->flags & MEMLOG_REC_CONTINUES;
	if (!job_is_of_boot(j, rec)) {
		j->passed = false;
		return MEMLOG_OK;
	}
	wanted = job_passes(j, rec, inside);
	/* the newest of a live log were printed; what follows is newer */
	if (first && j->lines > q->count)
		wanted = false;
	if (j->context) {
		s = ml_context_take(j->context, rec, wanted, job_put, j, err);
		j->enough = first && j->lines >= q->count &&
			    ml_context_done(j->context);
		return s;
	}
	j->enough = first && j->lines > q->count;
	return wanted ? job_put(j, rec, j->lines, err) : MEMLOG_OK;
}

enum memlog_status ml_job_begin(struct ml_job *j, bool newest,
				struct memlog_err *err)
{
	const struct memlog_query *q = j->run->query;
	enum memlog_status s = MEMLOG_OK;

	if (newest && q->has_count && q->newest)
		s = ml_newest_create(&q->alloc, q->count, q->before, &j->newest,
				     err);
	if (!s && q->has_context)
		s = ml_context_create(&q->alloc, q->before, q->after,
				      &j->context, err);
	return s;
}

/* log: that had them, or NULL: it is gone. */
static void job_say_dropped(struct ml_job *j, const struct memlog_log *log)
{
	static const char words[] = "the lines before one that matches are too "
				    "much to hold: the first of them are left "
				    "out";

	if (!j->context || !ml_context_dropped(j->context))
		return;
	if (log)
		ml_say_log(j->run, ML_SAY_WARNING, log, "%s", words);
	else
		ml_say(j->run, ML_SAY_WARNING, "%s", words);
}

void ml_job_end(struct ml_job *j)
{
	job_say_dropped(j, j->log);
	ml_newest_destroy(j->newest);
	ml_context_destroy(j->context);
	j->newest = NULL;
	j->context = NULL;
}

void ml_job_next_log(struct ml_job *j)
{
	j->inside = false;
	j->number = 0;
	job_say_dropped(j, NULL);
	if (j->context)
		ml_context_cut(j->context);
}

enum memlog_status ml_job_newest(struct ml_job *j, struct memlog_err *err)
{
	const struct memlog_record *rec;
	enum memlog_status s = MEMLOG_OK;
	uint64_t number;

	j->records = 0;
	while (!s && (rec = ml_newest_take(j->newest, &number)))
		s = job_render(j, rec, number, err);
	/* what follows -n 0 is not around lines that were left out */
	if (j->context && !j->run->query->count)
		ml_context_cut(j->context);
	if (ml_newest_dropped(j->newest, NULL))
		ml_say_log(j->run, ML_SAY_WARNING, j->log,
			   "the newest %" PRIu64 " line%s %s too much to "
			   "hold: only %" PRIu64 " printed",
			   j->run->query->count, ml_s(j->run->query->count),
			   ml_are(j->run->query->count), j->records);
	ml_newest_destroy(j->newest);
	j->newest = NULL;
	return s;
}
