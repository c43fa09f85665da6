/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* print.c - decode, filter, render. */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/plural.h"
#include "render/words.h"
#include "scan/scan.h"
#include "signature.h"

/* Print all records. *ret_read is the status of reading, the return value that
 * of writing. */
static enum memlog_status each_record(struct ml_job *j,
				      enum memlog_status *ret_read,
				      struct memlog_err *read_err,
				      struct memlog_err *err)
{
	const struct memlog_query_host *h = &j->run->host;
	const struct memlog_record *rec;
	enum memlog_status s = MEMLOG_OK;

	while (!s && !j->enough) {
		*ret_read = memlog_decoder_next(j->decoder, &rec, read_err);
		/* data read from a file that just shrank is not printed */
		if (h->progress &&
		    h->progress(h->progress_arg, j->bytes, j->log->used))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		if (*ret_read)
			break;
		j->bytes += rec->raw_len;
		ml_sign_record(j, rec);
		s = ml_job_take(j, rec, err);
	}
	return s;
}

/* Why --since and --until match nothing; NULL: there are such times. */
static const char *print_no_time(const struct ml_job *j)
{
	const struct ml_when *since = &j->run->query->filter.since;
	const struct ml_when *until = &j->run->query->filter.until;

	if (!(j->seen & HAS_STAMP))
		return "this log records no times";
	/* no rate makes dates of cycles */
	if (!(j->seen & HAS_DATE) &&
	    (ml_when_is_date(since) || ml_when_is_date(until)))
		return "this log records no dates; give seconds of its own "
		       "clock, as in --since=12.5";
	if (!(j->seen & (HAS_TIME | HAS_DATE)))
		return "its times are in cycles of unknown rate; give "
		       "--tsc-mhz=N";
	if (!(j->seen & HAS_TIME) &&
	    (since->from == ML_WHEN_CLOCK || until->from == ML_WHEN_CLOCK))
		return "the times of this log are dates, as in "
		       "--since=\"2026-11-28 10:00:03\"";
	return NULL;
}

/* A log with text, and none was read; or it may have been. */
static void print_say_consumed(const struct ml_job *j, bool whole)
{
	if (whole && !j->bytes && !(j->log->flags & MEMLOG_LOG_EMPTY) &&
	    !memlog_decoder_note(j->decoder)[0] && !j->run->query->consumed)
		ml_say_log(j->run, ML_SAY_NOTE, j->log,
			   "its own reader has read all of it; --consumed "
			   "prints what is left");
	if (j->maybe_read)
		ml_say_log(j->run, ML_SAY_WARNING, j->log,
			   "%" PRIu64 " line%s may have been read before: how "
			   "far its own reader got is not known",
			   j->maybe_read, ml_s(j->maybe_read));
}

static void say_filtered(const struct ml_job *j)
{
	const struct ml_filter *f = &j->run->query->filter;
	const struct ml_render *w = ml_query_writer(j->run->query);
	const char *why = NULL;

	if (j->records && w->timed && !(j->seen & HAS_STAMP))
		ml_say_log(j->run, ML_SAY_WARNING, j->log,
			   "-O %s shows nothing of it: its lines have no times",
			   w->name);
	else if (j->records && w->seconds && !j->run->tsc_hz &&
		 !(j->seen & (HAS_TIME | HAS_DATE)))
		ml_say_log(j->run, ML_SAY_WARNING, j->log,
			   "-O %s shows nothing of it: its times are in cycles "
			   "of unknown rate; give --tsc-mhz=N",
			   w->name);
	if (j->records || !ml_filter_active(f))
		return;
	if (f->has_level && !(j->seen & HAS_LEVEL))
		why = "this log records no levels";
	else if (f->cpus && !(j->seen & HAS_CPU))
		why = "this log records no CPU numbers";
	else if (f->component && !(j->seen & HAS_COMPONENT))
		why = "this log records no components";
	else if (f->since.from || f->until.from)
		why = print_no_time(j);
	/* of the only log it says why nothing was printed */
	j->run->said_none |= j->run->n_chosen == 1;
	ml_say_log(j->run,
		   j->run->n_chosen == 1 ? ML_SAY_ERROR :
		   why			 ? ML_SAY_WARNING :
					   ML_SAY_NOTE,
		   j->log, "no line matches%s%s", why ? ": " : "",
		   why ? why : "");
}

/* A log that was truncated or has holes: say so, go on with the next. */
static void say_damage(struct ml_job *j, enum memlog_status read,
		       const struct memlog_err *read_err, uint64_t missing)
{
	uint64_t damaged = memlog_decoder_damaged(j->decoder);
	const char *note = memlog_decoder_note(j->decoder);
	struct ml_run *run = j->run;

	if (missing) {
		run->missing += missing;
		ml_say_log(run, ML_SAY_WARNING, j->log,
			   "%" PRIu64 " byte%s of it %s %s", missing,
			   ml_s(missing), ml_are(missing),
			   ml_absent_words(j->log));
		run->result.damaged = true;
	}
	if (damaged) {
		ml_say_log(run, ML_SAY_WARNING, j->log,
			   "%" PRIu64 " byte%s of it %s damaged and left out",
			   damaged, ml_s(damaged), ml_are(damaged));
		run->result.damaged = true;
	}
	if (note[0])
		ml_say_log(run, ML_SAY_WARNING, j->log, "%s", note);
	if (!read || read == MEMLOG_NO_DATA)
		return;
	run->result.damaged = true;
	ml_say_log(run, ML_SAY_ERROR, j->log,
		   "%s; what comes before it was "
		   "printed",
		   read_err->text);
	if (read != MEMLOG_CORRUPT && !run->pending) {
		run->pending = read;
		run->pending_err = *read_err;
	}
}

static void say_state(const struct ml_run *run, const struct memlog_log *log)
{
	char reason[2 * sizeof(log->reason)];
	int level = ML_SAY_DETAIL;

	memlog_escape(log->reason, reason, sizeof(reason));
	if (log->flags & (MEMLOG_LOG_DAMAGED | MEMLOG_LOG_RACED))
		level = ML_SAY_WARNING;
	else if (log->flags & (MEMLOG_LOG_INCOMPLETE | MEMLOG_LOG_EMPTY))
		level = ML_SAY_NOTE;
	if (reason[0])
		ml_say_log(run, level, log, "%s", reason);
	if (log->flags & MEMLOG_LOG_EMPTY && !reason[0])
		ml_say_log(run, ML_SAY_NOTE, log, "it is empty");
	if (log->flags & MEMLOG_LOG_CUT_OFF)
		ml_say_cut_off(run, log);
	if (log->flags & MEMLOG_LOG_RACED)
		ml_say_log(run, ML_SAY_WARNING, log,
			   "it changed while it was read: lines may be torn");
	if (log->flags & MEMLOG_LOG_LOCKED && !run->query->uncommitted)
		ml_say_log(run, ML_SAY_NOTE, log,
			   "caught while it was being written: --uncommitted "
			   "shows the end of the last message");
}

/* What the writer says of its output. */
static void print_remark(const struct ml_job *j)
{
	const struct ml_render *render = ml_query_writer(j->run->query);
	char line[400];

	if (render->remark && render->remark(j->state, line, sizeof(line)))
		ml_say_log(j->run, ML_SAY_WARNING, j->log, "%s", line);
}

static enum memlog_status begin_file(const struct ml_job *j,
				     struct memlog_err *err)
{
	const struct memlog_sink *sink = j->run->host.sink;
	char name[ML_FILE_NAME];

	ml_file_name(j->run->host.many ? j->run->info.name : NULL, j->log, NULL,
		     ml_query_writer(j->run->query)->suffix, name);
	return sink->begin(sink->self, name, err);
}

static enum memlog_status print_open_log(struct ml_job *j,
					 struct memlog_err *err)
{
	const struct memlog_sink *sink = j->run->host.sink;
	const struct ml_render *render = ml_query_writer(j->run->query);
	enum memlog_status s = MEMLOG_OK, read = MEMLOG_OK, e;
	struct memlog_err read_err = { .status = MEMLOG_OK };
	uint64_t missing;

	if (ml_run_apart(j->run))
		s = begin_file(j, err);
	if (!s)
		s = ml_boot_log(j->run, j->log, err);
	if (!s && render->log_begin)
		s = render->log_begin(j->state, j->log, err);
	if (!s)
		s = each_record(j, &read, &read_err, err);
	if (!s && j->newest)
		s = ml_job_newest(j, err);
	if (!s && read == MEMLOG_NO_MEMORY) {
		if (err)
			*err = read_err;
		return read;
	}
	missing = memlog_decoder_missing(j->decoder);
	ml_sign_log_end(j, read, missing);
	/* what was rendered before a stop is still written */
	if (render->log_end && (!s || s == MEMLOG_STOP)) {
		e = render->log_end(j->state, j->log, missing, s ? NULL : err);
		s = s ? s : e;
	}
	if (!s && ml_run_apart(j->run) && sink->end)
		s = sink->end(sink->self, err);
	if (s)
		return s;
	say_damage(j, read, &read_err, missing);
	print_remark(j);
	print_say_consumed(j, read == MEMLOG_NO_DATA && !missing);
	say_filtered(j);
	ml_say_older(j);
	j->run->seen |= j->seen;
	j->run->result.logs_printed++;
	return MEMLOG_OK;
}

/* Find the last record with a time, and go back to the first. */
static enum memlog_status print_find_last(struct ml_job *j,
					  struct memlog_err *err)
{
	const struct memlog_query_host *h = &j->run->host;
	const struct memlog_query *q = j->run->query;
	const struct memlog_record *rec;
	uint64_t bytes = 0;
	double s;

	while (!memlog_decoder_next(j->decoder, &rec, NULL)) {
		if (h->progress &&
		    h->progress(h->progress_arg, bytes, j->log->used))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		bytes += rec->raw_len;
		if (!ml_when_of(rec, &s) ||
		    (q->has_boot && rec->boot != q->boot))
			continue;
		j->last.has_boot = rec->has_boot;
		j->last.boot = rec->boot;
		j->last.known = true;
		j->last.date = rec->flags & MEMLOG_REC_DATE;
		j->last.s = s;
	}
	return ml_decoder_rewind(j->decoder, err);
}

static enum memlog_status print_log(struct ml_run *run, void *state,
				    const struct memlog_log *log,
				    struct memlog_err *err)
{
	struct ml_job j = { .run = run, .log = log, .state = state };
	const struct memlog_query *q = run->query;
	struct memlog_decode_opts opts = ml_run_decode_opts(run);
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s;

	/* what is left of an older boot was consumed */
	if (q->has_boot && log->boot != q->boot)
		opts.consumed = true;
	j.consumed = opts.consumed;
	s = memlog_decoder_open(run->image, log, &opts, &j.decoder, &why);
	/* in a live image the decoder's own is newer than the list's */
	if (!s)
		log = j.log = memlog_decoder_log(j.decoder);
	say_state(run, log);
	if (log->flags & MEMLOG_LOG_DAMAGED)
		run->result.damaged = true;
	if (s == MEMLOG_NO_MEMORY) {
		if (err)
			*err = why;
		return s;
	}
	if (s) {
		ml_say_log(run, ML_SAY_ERROR, log, "%s", why.text);
		run->result.damaged = true;
		if (s == MEMLOG_IO) {
			run->pending = s;
			run->pending_err = why;
		}
		return MEMLOG_OK;
	}
	s = ml_job_begin(&j, true, err);
	if (!s && ml_filter_needs_last(&q->filter))
		s = print_find_last(&j, err);
	if (!s)
		s = print_open_log(&j, err);
	ml_job_end(&j);
	memlog_decoder_close(j.decoder);
	return s;
}

static enum memlog_status print_all(struct ml_run *run, void *state,
				    struct memlog_err *err)
{
	const struct ml_render *render = ml_query_writer(run->query);
	const struct memlog_log *log;
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; i < run->n_chosen && !s; i++) {
		log = run->chosen[i];
		if (render->only && strcmp(log->format, render->only->name))
			ml_say_log(run, ML_SAY_NOTE, log,
				   "left out: -O %s writes logs of %s only",
				   render->name, render->only->name);
		else
			s = print_log(run, state, log, err);
	}
	if (!s && render->end)
		s = render->end(state, err);
	return s ? s : ml_boot_end(run, state, err);
}

enum memlog_status ml_print_logs(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	const struct ml_render *render = ml_query_writer(q);
	struct ml_render_opts opts = ml_run_render_opts(run, run->n_chosen);
	enum memlog_status s;
	void *state;

	if (render->binary && !render->tells_logs && run->n_chosen > 1 &&
	    !ml_run_apart(run))
		ml_say(run, ML_SAY_NOTE,
		       "%zu logs are printed one after the other, unmarked; "
		       "--at prints one",
		       run->n_chosen);
	state = ml_calloc(&q->alloc, 1, render->state_size);
	if (!state)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to write");
	s = ml_boot_begin(run, err);
	if (!s)
		s = render->begin(state, &opts, run->host.sink, err);
	if (!s) {
		s = print_all(run, state, err);
		if (!s && run->printed)
			ml_takes_say_times(run);
		if (render->close)
			render->close(state);
	}
	ml_free(&q->alloc, state);
	return s;
}
