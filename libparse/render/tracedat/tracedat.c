/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracedat.c - a trace for trace-cmd and KernelShark, of one log. Every record
 * that has a time is an event: one with fields or, where a log has only text, with
 * its text. Time is in nanoseconds; if the rate of the time stamps is unknown, it is in
 * cycles, and the clock of the file is the processor's counter.
 */
#include "tracedat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "render/render.h"

/* Tasks that are no threads have numbers that no thread of Linux has. Number 0 is
 * always shown as idle. NONE: nothing says yet who has the CPU. */
enum {
	TASK_IDLE = 0,
	TASK_NONE = 1 << 22,
	TASK_HOST,
	TASK_OTHER,
	TASK_VM,
};

struct tracedat {
	struct ml_out out;
	struct memlog_allocator alloc;
	uint64_t tsc_hz;
	const struct ml_format *fmt;
	char system[DAT_NAME]; /* of all events */
	bool cycles;	       /* times have no known rate */
	struct dat_pages pages;
	struct dat_events events;
};

static enum memlog_status tracedat_begin(void *state,
					 const struct ml_render_opts *opts,
					 const struct memlog_sink *sink,
					 struct memlog_err *err)
{
	struct tracedat *t = state;

	if (opts->n_logs > 1 || opts->many)
		return ml_fail(err, MEMLOG_INVALID,
			       "a trace.dat has one log: choose it with -F or "
			       "--at, or give -o DIR/ for a file of each");
	ml_out_init(&t->out, sink);
	t->alloc = *opts->alloc;
	t->tsc_hz = opts->tsc_hz;
	ml_dat_pages_init(&t->pages, &t->alloc, opts->tmpdir);
	ml_dat_events_init(&t->events, &t->alloc);
	return MEMLOG_OK;
}

/* CPUs without an event are in the file too. */
static enum memlog_status tracedat_log_begin(void *state,
					     const struct memlog_log *log,
					     struct memlog_err *err)
{
	struct tracedat *t = state;
	enum memlog_status s = MEMLOG_OK;
	struct dat_cpu *c;
	size_t i;

	t->fmt = ml_format_find(log->format);
	ml_dat_name(t->system, log->variant[0] ? log->variant : log->format);
	for (i = 0; i < log->n_extents && !s; i++)
		if (log->extents[i].cpu >= 0)
			s = ml_dat_cpu(&t->pages, log->extents[i].cpu, &c, err);
	return s;
}

/* The task that an event is about, or that was there before. */
static enum memlog_status tracedat_task(struct tracedat *t, struct dat_cpu *c,
					const struct memlog_record *rec,
					struct memlog_err *err)
{
	struct ml_event e = { .kind = ML_EVENT_OTHER };
	char name[DAT_NAME];
	uint64_t pid;

	if (ml_dat_common(rec, "common_pid", &pid)) {
		c->task = (int32_t)pid;
		return ml_dat_comm(&t->events, rec, c->task, err);
	}
	if (t->fmt->say.event)
		t->fmt->say.event(rec, &e);
	if (e.has_task && e.task) {
		c->task = e.task;
		snprintf(name, sizeof(name), "vcpu-%" PRId32, e.task);
	} else if (e.has_task) {
		c->task = TASK_HOST;
		snprintf(name, sizeof(name), "host");
	} else if (e.kind == ML_EVENT_SWITCH && e.next < ML_EVENT_VMS) {
		c->task = TASK_VM + (int32_t)e.next;
		snprintf(name, sizeof(name), "vm%" PRIu32, e.next);
	} else if (e.kind == ML_EVENT_SWITCH && e.next == ML_EVENT_NOT_VM) {
		c->task = TASK_OTHER;
		snprintf(name, sizeof(name), "other");
	} else if (e.kind == ML_EVENT_SWITCH) {
		c->task = TASK_IDLE;
		return MEMLOG_OK;
	} else {
		if (c->has_task)
			return MEMLOG_OK;
		c->task = TASK_NONE;
		snprintf(name, sizeof(name), "%s", t->system);
	}
	c->has_task = true;
	return ml_dat_task(&t->events, c->task, name, err);
}

static uint64_t tracedat_nanoseconds(const struct tracedat *t,
				     const struct memlog_record *rec)
{
	uint64_t hz = rec->time_hz ? rec->time_hz : t->tsc_hz;

	if (!hz || hz == 1000000000u)
		return rec->time;
	return (uint64_t)((unsigned __int128)rec->time * 1000000000u / hz);
}

static enum memlog_status tracedat_record(void *state,
					  const struct memlog_record *rec,
					  struct memlog_err *err)
{
	struct tracedat *t = state;
	struct dat_cpu *c;
	enum memlog_status s;
	size_t len;

	if (!rec->has_time && !(rec->flags & MEMLOG_REC_LOST_BEFORE))
		return MEMLOG_OK;
	s = ml_dat_cpu(&t->pages, rec->cpu, &c, err);
	if (s)
		return s;
	if (rec->flags & MEMLOG_REC_LOST_BEFORE) {
		c->lost = rec->lost;
		c->is_lost = true;
	}
	if (!rec->has_time)
		return MEMLOG_OK;
	t->cycles |= !rec->time_hz && !t->tsc_hz;
	s = tracedat_task(t, c, rec, err);
	if (!s)
		s = ml_dat_is_kernel(rec) ?
			    ml_dat_encode_kernel(&t->events, rec, &len, err) :
			    ml_dat_encode(&t->events, rec, t->fmt->say.event,
					  c->task, &len, err);
	if (!s)
		s = ml_dat_add(&t->pages, c, tracedat_nanoseconds(t, rec),
			       t->events.buf, len, err);
	return s;
}

static void tracedat_reset(struct tracedat *t)
{
	ml_dat_pages_fini(&t->pages);
	ml_dat_events_fini(&t->events);
}

static enum memlog_status tracedat_log_end(void *state,
					   const struct memlog_log *log,
					   uint64_t missing,
					   struct memlog_err *err)
{
	struct tracedat *t = state;
	enum memlog_status s;

	(void)log;
	(void)missing;
	s = ml_dat_pages_end(&t->pages, err);
	if (!s)
		s = ml_dat_write(&t->out, &t->pages, &t->events, t->system,
				 t->cycles, err);
	t->cycles = false;
	tracedat_reset(t);
	return s;
}

static void tracedat_close(void *state)
{
	tracedat_reset(state);
}

const struct ml_render ml_render_tracedat = {
	.name = "tracedat",
	.title = "a trace for trace-cmd and KernelShark",
	.suffix = "dat",
	.binary = true,
	.timed = true,
	.state_size = sizeof(struct tracedat),
	.begin = tracedat_begin,
	.log_begin = tracedat_log_begin,
	.record = tracedat_record,
	.log_end = tracedat_log_end,
	.close = tracedat_close,
};
