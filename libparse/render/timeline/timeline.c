/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeline.c - pictures: where the time of a boot went, from the timeline of all logs,
 * and what CPUs did in the hypervisor, from traces. As one SVG image, or as HTML that
 * can be read in a browser without a network.
 */
#include "record/timeline/timeline.h"

#include <stdio.h>

#include "base/err.h"
#include "render/render.h"
#include "boots.h"
#include "cpus.h"
#include "xml.h"

struct picture {
	struct ml_out out;
	struct memlog_allocator alloc;
	uint64_t tsc_hz;
	const char *image;
	bool html, many;
	struct ml_slices *slices;  /* of the log that is read */
	struct ml_strips **strips; /* of each log with events */
	size_t n, cap;
	uint64_t events; /* of the last log */
	bool left_out;	 /* the last log is one trace too many */
	const struct ml_timeline *timeline;
};

static enum memlog_status picture_begin(void *state,
					const struct ml_render_opts *opts,
					const struct memlog_sink *sink,
					struct memlog_err *err)
{
	struct picture *s = state;

	(void)err;
	ml_out_init(&s->out, sink);
	s->alloc = *opts->alloc;
	s->tsc_hz = opts->tsc_hz;
	s->image = opts->image;
	s->many = opts->many;
	return MEMLOG_OK;
}

static enum memlog_status html_begin(void *state,
				     const struct ml_render_opts *opts,
				     const struct memlog_sink *sink,
				     struct memlog_err *err)
{
	((struct picture *)state)->html = true;
	return picture_begin(state, opts, sink, err);
}

/* Only traces have slices; what has several images shows boots only. */
static enum memlog_status picture_log_begin(void *state,
					    const struct memlog_log *log,
					    struct memlog_err *err)
{
	struct picture *s = state;
	enum memlog_status e;
	struct ml_strips *strips;

	s->events = 0;
	s->left_out = false;
	if (!ml_format_find(log->format)->say.event)
		return MEMLOG_OK;
	if (s->n == ML_PICTURE_TRACES) {
		s->left_out = true;
		return MEMLOG_OK;
	}
	e = ml_grow(&s->alloc, &s->strips, s->n, &s->cap, sizeof(*s->strips),
		    err);
	if (e)
		return e;
	strips = ml_calloc(&s->alloc, 1, sizeof(*strips));
	if (!strips)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for CPUs");
	s->strips[s->n++] = strips;
	strips->alloc = &s->alloc;
	snprintf(strips->title, sizeof(strips->title), "%s%s%s", log->title,
		 log->variant[0] ? ", " : "", log->variant);
	e = ml_slices_create(&s->alloc, s->tsc_hz, &ml_strips_ops, strips,
			     &s->slices, err);
	if (!e)
		ml_slices_begin(s->slices, log, strips->title);
	return e;
}

static enum memlog_status picture_record(void *state,
					 const struct memlog_record *rec,
					 struct memlog_err *err)
{
	struct picture *s = state;
	enum memlog_status e;

	if (!s->slices)
		return MEMLOG_OK;
	s->events += rec->has_time;
	e = ml_slices_add(s->slices, rec, err);
	if (!e && s->strips[s->n - 1]->status)
		e = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for CPUs");
	return e;
}

static enum memlog_status picture_log_end(void *state,
					  const struct memlog_log *log,
					  uint64_t missing,
					  struct memlog_err *err)
{
	struct picture *s = state;

	(void)log;
	(void)missing;
	(void)err;
	if (!s->slices)
		return MEMLOG_OK;
	ml_slices_end(s->slices);
	ml_strips_finish(s->strips[s->n - 1]);
	ml_slices_destroy(s->slices);
	s->slices = NULL;
	return MEMLOG_OK;
}

static bool picture_remark(const void *state, char *buf, size_t size)
{
	const struct picture *s = state;

	buf[0] = '\0';
	if (s->left_out)
		snprintf(buf, size,
			 "its CPUs are not drawn: those of %u traces are; "
			 "choose some with --at or --cpu",
			 ML_PICTURE_TRACES);
	else if (s->events && s->many)
		snprintf(buf, size,
			 "its CPUs are not drawn: there are several "
			 "images");
	else if (s->events && !s->strips[s->n - 1]->any)
		snprintf(buf, size,
			 "its CPUs are not drawn: its times are in "
			 "cycles of unknown rate; give --tsc-mhz=N");
	return buf[0];
}

/* ---- the page ----------------------------------------------------------- */

static void picture_draw(struct ml_sheet *p, void *arg)
{
	const struct picture *s = arg;
	const struct ml_timeline_boot *b;
	char text[300];
	bool any = false;
	size_t i;

	ml_sheet_heading(p, 1, s->image[0] ? s->image : "Boot of a machine");
	snprintf(text, sizeof(text), "Drawn by memlog %s", memlog_version());
	ml_sheet_note(p, text);
	for (i = 0; (b = ml_timeline_get(s->timeline, i)); i++)
		if (ml_boot_shown(b)) {
			ml_boot_draw(p, b);
			any = true;
		}
	for (i = 0; i < s->n; i++)
		if (s->strips[i]->n) {
			ml_cpus_draw(p, s->strips[i]);
			any = true;
		}
	if (!any)
		ml_sheet_note(p, "Nothing to draw: no log has phases of a boot "
				 "or a trace of CPUs.");
}

static enum memlog_status picture_timeline(void *state,
					   const struct ml_timeline *timeline,
					   struct memlog_err *err)
{
	struct picture *s = state;

	s->timeline = timeline;
	ml_sheet_write(&s->out, s->html,
		       s->image[0] ? s->image : "Boot of a machine",
		       picture_draw, s);
	return ml_out_flush(&s->out, err);
}

static void picture_close(void *state)
{
	struct picture *s = state;
	size_t i;

	ml_slices_destroy(s->slices);
	for (i = 0; i < s->n; i++) {
		ml_strips_fini(s->strips[i]);
		ml_free(&s->alloc, s->strips[i]);
	}
	ml_free(&s->alloc, s->strips);
}

#define PICTURE(symbol, word, words, begins)          \
	const struct ml_render symbol = {             \
		.name = word,                         \
		.title = words,                       \
		.tells_logs = true,                   \
		.draws = true,                        \
		.state_size = sizeof(struct picture), \
		.begin = begins,                      \
		.log_begin = picture_log_begin,       \
		.record = picture_record,             \
		.log_end = picture_log_end,           \
		.remark = picture_remark,             \
		.timeline = picture_timeline,         \
		.close = picture_close,               \
	}

PICTURE(ml_render_svg, "svg", "a picture of the boot, or of a trace",
	picture_begin);
PICTURE(ml_render_html, "html", "the same as a page with tables", html_begin);
