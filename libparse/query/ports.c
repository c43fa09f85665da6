/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ports.c - print what a guest writes to debug ports, as it comes. */
#include "capture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/plural.h"
#include "image/image.h"
#include "image/ports/ports.h"

/* How long to wait before the caller is asked again whether to stop. */
#define CAPTURE_MS 50

struct capture {
	struct ml_run *run;
	struct ml_ports *ports;
	struct ml_job job;
	const struct ml_render *render;
	struct ml_capture capture;
};

static enum memlog_status ports_take(struct capture *c, const uint8_t *text,
				     size_t len, struct memlog_err *err)
{
	struct memlog_record rec;

	ml_capture_record(&c->capture, text, len, &rec);
	return ml_job_take(&c->job, &rec, err);
}

static void ports_news(const struct capture *c)
{
	const char *line;

	while ((line = ml_ports_news(c->ports)))
		ml_say(c->run, ML_SAY_NOTE, "%s", line);
}

/* All that has come. */
static enum memlog_status ports_drain(struct capture *c, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	const uint8_t *text;
	size_t len;

	while (!s && !c->job.enough && ml_ports_next(c->ports, &text, &len))
		s = ports_take(c, text, len, err);
	ports_news(c);
	if (!s && c->render->flush)
		s = c->render->flush(c->job.state, err);
	return s;
}

/* Until nothing more comes or the caller stops it, which is how a capture ends. */
static enum memlog_status ports_loop(struct capture *c, struct memlog_err *err)
{
	const struct memlog_query_host *h = &c->run->host;
	enum memlog_status s;

	do {
		s = ports_drain(c, err);
		if (h->progress && h->progress(h->progress_arg, 0, 0))
			break;
	} while (!s && !c->job.enough && ml_ports_wait(c->ports, CAPTURE_MS));
	ml_ports_finish(c->ports);
	if (!s && !c->job.enough)
		s = ports_drain(c, err);
	return !s && c->job.newest ? ml_job_newest(&c->job, err) : s;
}

static void ports_summary(const struct capture *c)
{
	const struct ml_ports *p = c->ports;
	uint64_t delays = 0, ms = (p->now - p->start) / 1000000;
	size_t i;

	for (i = 0; i < p->n; i++)
		delays += p->ports[i].delays;
	ml_say(c->run, ML_SAY_NOTE,
	       "%" PRIu64 " line%s of %zu port%s in %" PRIu64 ".%" PRIu64
	       " s, %" PRIu64 " restart%s, %" PRIu64
	       " write%s left out as a delay",
	       p->lines, ml_s(p->lines), p->n, ml_s(p->n), ms / 1000,
	       ms / 100 % 10, p->restarts, ml_s(p->restarts), delays,
	       ml_s(delays));
	if (!c->job.records && ml_filter_active(&c->run->query->filter))
		ml_say(c->run, ML_SAY_ERROR, "no line matches");
}

static enum memlog_status ports_write(struct capture *c, struct memlog_err *err)
{
	const struct memlog_query *q = c->run->query;
	struct ml_render_opts opts = ml_run_render_opts(c->run, 1);
	enum memlog_status s;

	s = ml_job_begin(&c->job, !q->follow, err);
	if (s)
		return s;
	s = c->render->begin(c->job.state, &opts, c->run->host.sink, err);
	if (!s) {
		if (c->render->log_begin)
			s = c->render->log_begin(c->job.state, c->job.log, err);
		if (!s)
			s = ports_loop(c, err);
		if (!s && c->render->log_end)
			s = c->render->log_end(c->job.state, c->job.log, 0,
					       err);
		if (!s && c->render->end)
			s = c->render->end(c->job.state, err);
		if (c->render->close)
			c->render->close(c->job.state);
	}
	return s;
}

/* Options for what a capture does not have. */
static enum memlog_status ports_check(const struct ml_run *run,
				      struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	const char *what = q->list		 ? "--list" :
			   q->list_boots	 ? "--list-boots" :
			   q->signature		 ? "--signature" :
			   q->extract		 ? "--extract" :
			   q->stats		 ? "--stats" :
			   q->n_at		 ? "--at" :
			   q->n_ranges		 ? "--range" :
			   q->has_boot		 ? "--boot" :
			   q->has_context	 ? "--context" :
			   ml_query_timeline(q)	 ? "a picture" :
			   run->host.sink->begin ? "a directory" :
						   NULL;

	if (what)
		return ml_fail(err, MEMLOG_INVALID,
			       "%s is not for ports: save what they have with "
			       "-o FILE, and give that file",
			       what);
	if (!ml_format_asked(run->asked, &ml_format_debugport))
		return ml_fail(err, MEMLOG_INVALID,
			       "ports have logs of %s only",
			       ml_format_debugport.name);
	if (ml_filter_needs_last(&q->filter))
		return ml_fail(err, MEMLOG_INVALID,
			       "ports have no end that --since and --until "
			       "could count from: give seconds");
	if (q->follow && q->has_count && q->newest)
		return ml_fail(err, MEMLOG_INVALID,
			       "-w -n N is not for ports, which have nothing "
			       "from before; -n +N prints the first N lines");
	return MEMLOG_OK;
}

/* A port that could not be read to its end. What came before was written. */
static enum memlog_status ports_failed(const struct capture *c,
				       struct memlog_err *err)
{
	size_t i;

	c->run->result.damaged |= c->ports->failed;
	for (i = 0; i < c->ports->n && !c->ports->follow; i++)
		if (c->ports->ports[i].failed)
			return ml_fail_errno(err, MEMLOG_IO,
					     c->ports->ports[i].failed,
					     "%s: cannot read",
					     c->ports->ports[i].name);
	return MEMLOG_OK;
}

enum memlog_status ml_ports_run(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	struct capture *c;
	enum memlog_status s = ports_check(run, err);

	if (s)
		return s;
	c = ml_calloc(&q->alloc, 1, sizeof(*c));
	if (!c)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to capture");
	c->run = c->job.run = run;
	c->ports = run->image->ports;
	c->render = ml_query_writer(q);
	ml_capture_init(&c->capture);
	c->job.log = &c->capture.log.pub;
	s = ml_ports_start(c->ports, q->follow, err);
	if (!s) {
		c->job.state = ml_calloc(&q->alloc, 1, c->render->state_size);
		s = c->job.state ? ports_write(c, err) :
				   ml_fail(err, MEMLOG_NO_MEMORY,
					   "no memory to write");
		ml_free(&q->alloc, c->job.state);
		ml_job_end(&c->job);
	}
	run->result.logs_found = run->result.logs_printed = !s;
	if (!s) {
		ports_summary(c);
		s = ports_failed(c, err);
	}
	ml_free(&q->alloc, c);
	return s;
}
