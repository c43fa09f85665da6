/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arrival.c - the lines of a live log with the time at which they were seen. They are
 * written as a capture of a debug port without a number.
 */
#include "capture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/now.h"
#include "base/plural.h"
#include "image/ports/ports.h"

struct ml_arrival {
	struct ml_capture capture;
	uint64_t start, wall, now; /* in nanoseconds */
	bool goes_on;		   /* the line has no end yet */
	char text[2 * ML_PORT_PREFIX + ML_PORTS_LINE + 1];
};

enum memlog_status ml_arrival_create(const struct memlog_allocator *alloc,
				     struct ml_arrival **ret,
				     struct memlog_err *err)
{
	struct ml_arrival *a = ml_calloc(alloc, 1, sizeof(*a));

	if (!a)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for times of arrival");
	ml_capture_init(&a->capture);
	a->start = a->now = ml_now(CLOCK_MONOTONIC);
	a->wall = ml_now(CLOCK_REALTIME);
	*ret = a;
	return MEMLOG_OK;
}

const struct memlog_log *ml_arrival_log(const struct ml_arrival *arrival)
{
	return &arrival->capture.log.pub;
}

void ml_arrival_look(struct ml_arrival *arrival)
{
	arrival->now = ml_now(CLOCK_MONOTONIC);
}

/* Print a line with len bytes of text, which fit. */
static enum memlog_status arrival_line(struct ml_job *job,
				       struct ml_port_line *line,
				       const void *text, size_t len,
				       struct memlog_err *err)
{
	struct ml_arrival *a = job->arrival;
	struct memlog_record rec;
	size_t n;

	line->ns = a->now - a->start;
	line->wall_ns = a->wall;
	line->monotonic_ns = a->start;
	n = ml_port_line_put(line, a->text);
	if (len)
		memcpy(a->text + n, text, len);
	n += len;
	if (a->text[n - 1] != '\n')
		a->text[n++] = '\n';
	ml_capture_record(&a->capture, (uint8_t *)a->text, n, &rec);
	return ml_query_writer(job->run->query)->record(job->state, &rec, err);
}

enum memlog_status ml_arrival_began(struct ml_job *job, struct memlog_err *err)
{
	struct ml_port_line line = { .kind = ML_PORT_BEGAN };

	return arrival_line(job, &line, NULL, 0, err);
}

enum memlog_status ml_arrival_again(struct ml_job *job, struct memlog_err *err)
{
	struct ml_port_line line = { .kind = ML_PORT_AGAIN };

	job->arrival->goes_on = false;
	return arrival_line(job, &line, NULL, 0, err);
}

enum memlog_status ml_arrival_note(struct ml_job *job, const char *words,
				   struct memlog_err *err)
{
	struct ml_port_line line = { .kind = ML_PORT_NOTE };

	return arrival_line(job, &line, words, strlen(words), err);
}

static enum memlog_status arrival_lost(struct ml_job *job,
				       const struct memlog_record *rec,
				       struct memlog_err *err)
{
	char words[80] = "some of it is lost";

	job->arrival->goes_on = false;
	if (rec->lost)
		snprintf(words, sizeof(words), "%" PRIu64 " %s%s lost",
			 rec->lost, rec->has_seq ? "record" : "byte",
			 ml_s(rec->lost));
	return ml_arrival_note(job, words, err);
}

/* May the next record go on in the same line? */
static bool arrival_goes_on(const struct memlog_record *rec)
{
	if (rec->flags & MEMLOG_REC_CONTINUES)
		return true;
	return rec->log->flags & MEMLOG_LOG_PLAIN && rec->text_len &&
	       rec->text[rec->text_len - 1] != '\n';
}

enum memlog_status ml_arrival_take(struct ml_job *job,
				   const struct memlog_record *rec,
				   struct memlog_err *err)
{
	struct ml_arrival *a = job->arrival;
	enum memlog_status s = MEMLOG_OK;
	struct ml_port_line line;
	const uint8_t *lf;
	size_t at, n;

	if (rec->flags & MEMLOG_REC_LOST_BEFORE)
		s = arrival_lost(job, rec, err);
	for (at = 0; !s && at < rec->text_len; at += n) {
		n = (size_t)ml_min(rec->text_len - at, ML_PORTS_LINE);
		lf = memchr(rec->text + at, '\n', n);
		if (lf)
			n = (size_t)(lf + 1 - (rec->text + at));
		line = (struct ml_port_line){ .kind = ML_PORT_TEXT,
					      .goes_on = a->goes_on };
		s = arrival_line(job, &line, rec->text + at, n, err);
		a->goes_on = !lf;
	}
	a->goes_on = arrival_goes_on(rec);
	return s;
}
