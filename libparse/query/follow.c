/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* follow.c - print a live log as it grows. */
#include "capture.h"

#include <inttypes.h>
#include <time.h>

#include "base/err.h"
#include "base/plural.h"
#include "scan/follow.h"

/* Time between two looks: quick for a person, almost no load for a guest. With times of
 * arrival it is what they may be late. */
#define LOOK_MS	   200
#define ARRIVAL_MS 20
#define SLICE_MS   50

/* Report once what was found at first; then it may take a while. */
struct follow {
	struct ml_run *run;
	struct memlog_follow *follow;
	struct ml_job job;
	const struct ml_render *render;
	bool begun;   /* log_begin was called, log_end not yet */
	bool waiting; /* reported that there is nothing yet */
	bool seen;    /* a log was */
};

static enum memlog_status follow_pause_for(struct follow *f,
					   struct memlog_err *err)
{
	const struct memlog_query_host *h = &f->run->host;
	int look = f->job.arrival ? ARRIVAL_MS : LOOK_MS, ms;
	int slice = look < SLICE_MS ? look : SLICE_MS;
	struct timespec ts = { 0, slice * 1000000l };

	for (ms = 0; ms < look; ms += slice) {
		if (h->progress && h->progress(h->progress_arg, 0, 0))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		nanosleep(&ts, NULL);
	}
	return MEMLOG_OK;
}

static void say_news(struct follow *f, const struct memlog_follow_news *news)
{
	if (news->reset)
		ml_say(f->run, ML_SAY_NOTE, "the guest was reset");
	if (news->started)
		ml_say_log(f->run, ML_SAY_DETAIL, f->job.log, "followed");
	if (news->overrun && news->lost)
		ml_say_log(f->run, ML_SAY_WARNING, f->job.log,
			   "written faster than it could be read: %" PRIu64
			   " byte%s %s lost",
			   news->lost, ml_s(news->lost), ml_are(news->lost));
	else if (news->overrun)
		ml_say_log(f->run, ML_SAY_WARNING, f->job.log,
			   "written faster than it could be read: some text is "
			   "lost, and its header does not count how much");
	if (news->overrun)
		f->run->result.damaged = true;
	if (f->job.log->flags & MEMLOG_LOG_RACED)
		ml_say_log(f->run, ML_SAY_DETAIL, f->job.log,
			   "it changed while it was read");
}

/* The log that the output is of. */
static const struct memlog_log *follow_shown(const struct follow *f)
{
	return f->job.arrival ? ml_arrival_log(f->job.arrival) : f->job.log;
}

static enum memlog_status end_log(struct follow *f, struct memlog_err *err)
{
	if (!f->begun)
		return MEMLOG_OK;
	f->begun = false;
	return f->render->log_end ?
		       f->render->log_end(f->job.state, follow_shown(f), 0,
					  err) :
		       MEMLOG_OK;
}

static enum memlog_status begin_printing(struct follow *f,
					 struct memlog_err *err)
{
	f->begun = true;
	return f->render->log_begin ?
		       f->render->log_begin(f->job.state, follow_shown(f),
					    err) :
		       MEMLOG_OK;
}

/* Another log than before: times of arrival are one log all along. */
static enum memlog_status next_log(struct follow *f,
				   const struct memlog_follow_news *news,
				   struct memlog_err *err)
{
	enum memlog_status s;

	ml_job_next_log(&f->job);
	if (f->job.arrival && ml_format_find(f->job.log->format)->say.event)
		return ml_fail(err, MEMLOG_INVALID,
			       "--time-format=arrival is for lines of text: "
			       "%s has events, with times",
			       f->job.log->format);
	if (f->job.arrival)
		return news->reset ? ml_arrival_again(&f->job, err) : MEMLOG_OK;
	s = end_log(f, err);
	return s ? s : begin_printing(f, err);
}

/* What the last look brought. */
static enum memlog_status take_batch(struct follow *f, struct memlog_err *err)
{
	const struct memlog_record *rec;
	enum memlog_status s = MEMLOG_OK;

	while (!s && !f->job.enough &&
	       !memlog_follow_next(f->follow, &rec, NULL))
		s = ml_job_take(&f->job, rec, err);
	if (!s && f->job.newest)
		s = ml_job_newest(&f->job, err);
	return s ? s : f->render->flush(f->job.state, err);
}

static enum memlog_status on_news(struct follow *f,
				  const struct memlog_follow_news *news,
				  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	f->job.log = memlog_follow_log(f->follow);
	if (news->started) {
		s = next_log(f, news, err);
		if (!f->run->result.logs_printed)
			ml_takes_say(f->run, &f->job.log, 1);
		f->run->result.logs_printed++;
		f->run->result.logs_found++;
	}
	if (s)
		return s;
	say_news(f, news);
	s = take_batch(f, err);
	/* nobody saw when that was written */
	if (!s && f->job.arrival && !f->seen && !f->waiting)
		s = ml_arrival_note(&f->job, "the text so far was there before",
				    err);
	f->seen = true;
	return s;
}

static void say_waiting(struct follow *f)
{
	if (!f->waiting && !f->run->result.logs_found)
		ml_say(f->run, ML_SAY_NOTE, "no log yet; waiting for one");
	f->waiting = true;
}

static enum memlog_status follow_loop(struct follow *f, struct memlog_err *err)
{
	struct memlog_follow_news news = { .size = sizeof(news) };
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s = MEMLOG_OK, look = MEMLOG_OK;

	while (!s && !f->job.enough) {
		look = memlog_follow_look(f->follow, &news, &why);
		if (f->job.arrival)
			ml_arrival_look(f->job.arrival);
		if (!look)
			s = on_news(f, &news, err);
		else if (look != MEMLOG_NO_DATA)
			break;
		else
			say_waiting(f);
		if (!s && !f->job.enough)
			s = follow_pause_for(f, err);
	}
	if (s || f->job.enough)
		return s;
	if (look != MEMLOG_IO || !f->run->result.logs_found) {
		if (err)
			*err = why;
		return look;
	}
	/* when the guest ends, so does its log */
	s = take_batch(f, err);
	ml_say(f->run, ML_SAY_NOTE, "%s", why.text);
	return s;
}

static enum memlog_status begin_arrival(struct follow *f,
					struct memlog_err *err)
{
	enum memlog_status s = begin_printing(f, err);

	return s ? s : ml_arrival_began(&f->job, err);
}

static enum memlog_status run_with(struct follow *f, struct memlog_err *err)
{
	struct ml_render_opts opts = ml_run_render_opts(f->run, 1);
	enum memlog_status s, e;

	s = ml_job_begin(&f->job, true, err);
	if (s)
		return s;
	s = f->render->begin(f->job.state, &opts, f->run->host.sink, err);
	if (!s) {
		if (f->job.arrival)
			s = begin_arrival(f, err);
		if (!s)
			s = follow_loop(f, err);
		/* what was rendered before a stop is still written */
		if (!s || s == MEMLOG_STOP || s == MEMLOG_IO) {
			e = end_log(f, s ? NULL : err);
			if (!e && f->render->end)
				e = f->render->end(f->job.state,
						   s ? NULL : err);
			s = s ? s : e;
		}
		if (f->render->close)
			f->render->close(f->job.state);
	}
	return s;
}

enum memlog_status ml_follow_run(struct ml_run *run, struct memlog_err *err)
{
	struct memlog_scan_opts scan = ml_run_scan_opts(run);
	struct memlog_decode_opts decode = ml_run_decode_opts(run);
	struct follow f = { .run = run, .job = { .run = run } };
	const struct memlog_query *q = run->query;
	enum memlog_status s;

	f.render = ml_query_writer(q);
	s = memlog_follow_open(run->image, &scan, &decode, &f.follow, err);
	if (!s && ml_query_arrival(q)) {
		ml_follow_often(f.follow);
		s = ml_arrival_create(&q->alloc, &f.job.arrival, err);
	}
	if (!s) {
		f.job.state = ml_calloc(&q->alloc, 1, f.render->state_size);
		s = f.job.state ? run_with(&f, err) :
				  ml_fail(err, MEMLOG_NO_MEMORY,
					  "no memory to write");
	}
	/* a look that failed may have freed it */
	f.job.log = NULL;
	ml_job_end(&f.job);
	ml_free(&q->alloc, f.job.state);
	ml_free(&q->alloc, f.job.arrival);
	memlog_follow_close(f.follow);
	return s;
}
