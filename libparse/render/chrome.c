/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chrome.c - a trace for chrome://tracing, speedscope and the Firefox Profiler: what
 * render/trace makes of the records. A line of text lasts until the next one on its
 * track, since some of these show only what has a length.
 *
 * Format: Trace Event Format, a JSON object with an array of events. Times are in
 * microseconds, here with three decimals, and readers keep them as doubles: if a log
 * begins at a time that a double cannot hold to the nanosecond, its times count from
 * there, and its group has a label that says so.
 */
#include "render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "render/trace/slices.h"
#include "json_writer.h"

/* The nanoseconds that a double can count. */
#define CHROME_EXACT (UINT64_C(1) << 53)

/* Groups of tracks, "processes", of a log. */
#define CHROME_GROUPS 32u

struct chrome {
	struct ml_out out;
	struct ml_slices *slices;
	const struct memlog_log *log;
	bool any;      /* event */
	uint64_t base; /* in nanoseconds, of this log */
};

static uint32_t chrome_pid(const struct chrome *c, uint32_t group)
{
	return c->log->id * CHROME_GROUPS + group + 1;
}

/* Start an event: the caller adds members and calls chrome_end(). */
static void chrome_open(struct chrome *c, struct ml_json *j, const char *ph,
			const char *name)
{
	ml_out_str(&c->out, c->any ? ",\n" : "\n");
	c->any = true;
	*j = (struct ml_json){ .out = &c->out };
	ml_json_open(j, NULL, '{');
	ml_json_str(j, "ph", ph);
	if (name)
		ml_json_str(j, "name", name);
}

static void chrome_where(struct chrome *c, struct ml_json *j, uint32_t group,
			 const struct ml_slice_track *track)
{
	ml_json_int(j, "pid", chrome_pid(c, group));
	if (track)
		ml_json_int(j, "tid", ml_slice_rank(track));
}

/* Nanoseconds as microseconds. */
static void chrome_us(struct chrome *c, struct ml_json *j, const char *key,
		      bool negative, uint64_t ns)
{
	ml_out_fmt(&c->out, "%s\"%s\":%s%" PRIu64 ".%03u", j->comma ? "," : "",
		   key, negative ? "-" : "", ns / 1000,
		   (unsigned int)(ns % 1000));
	j->comma = true;
}

static void chrome_ts(struct chrome *c, struct ml_json *j, uint64_t ns)
{
	bool negative = ns < c->base;

	chrome_us(c, j, "ts", negative, negative ? c->base - ns : ns - c->base);
}

/* What is said of a group or track. */
static void chrome_meta(struct chrome *c, const char *what, uint32_t group,
			const struct ml_slice_track *track, const char *name,
			uint32_t rank)
{
	struct ml_json j;

	chrome_open(c, &j, "M", what);
	chrome_where(c, &j, group, track);
	ml_json_open(&j, "args", '{');
	if (strstr(what, "_sort"))
		ml_json_int(&j, "sort_index", rank);
	else
		ml_json_str(&j, strstr(what, "_labels") ? "labels" : "name",
			    name);
	ml_json_close(&j, '}');
	ml_json_close(&j, '}');
}

static void chrome_group(void *self, uint32_t group, const char *name)
{
	struct chrome *c = self;

	chrome_meta(c, "process_name", group, NULL, name, 0);
	chrome_meta(c, "process_sort_index", group, NULL, NULL,
		    chrome_pid(c, group));
}

static void chrome_track(void *self, const struct ml_slice_track *track,
			 const char *name)
{
	struct chrome *c = self;

	chrome_meta(c, "thread_name", track->group, track, name, 0);
	chrome_meta(c, "thread_sort_index", track->group, track, NULL,
		    ml_slice_rank(track));
}

/* ---- events ------------------------------------------------------------- */

/* Guest text: what is not UTF-8 becomes U+FFFD. */
static void chrome_text(struct ml_json *j, const char *key, const void *text,
			size_t len)
{
	ml_out_fmt(j->out, "%s\"%s\":\"", j->comma ? "," : "", key);
	ml_escape_json(j->out, text, len);
	ml_out_char(j->out, '"');
	j->comma = true;
}

static void chrome_field(struct ml_json *j, const char *prefix,
			 const struct memlog_field *f)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s", prefix, f->name);
	if (f->type == MEMLOG_FIELD_UINT)
		ml_json_u64(j, name, f->u);
	else if (f->type == MEMLOG_FIELD_INT)
		ml_json_i64(j, name, f->i);
	else if (f->type == MEMLOG_FIELD_HEX)
		ml_json_hex(j, name, f->u);
	else
		chrome_text(j, name, f->text, f->text_len);
}

static void chrome_args(struct ml_json *j, const struct ml_slice *s)
{
	unsigned int i;

	ml_json_open(j, "args", '{');
	if (s->text)
		chrome_text(j, "text", s->text, s->text_len);
	if (s->text && s->rec->component)
		chrome_text(j, "component", s->rec->component,
			    strlen(s->rec->component));
	if (s->text && s->rec->phase)
		chrome_text(j, "phase", s->rec->phase, strlen(s->rec->phase));
	for (i = 0; i < s->n_fields; i++)
		chrome_field(j, "", &s->fields[i]);
	for (i = 0; s->last && i < s->last->n_fields; i++)
		chrome_field(j, "exit_", &s->last->fields[i]);
	if (s->unpaired)
		ml_json_str(j, "unpaired", s->unpaired);
	if (s->untimed)
		ml_json_str(j, "untimed", "clock step");
	ml_json_close(j, '}');
}

static void chrome_event(struct chrome *c, const char *ph,
			 const struct ml_slice_track *track,
			 const struct ml_slice *s, uint64_t ns)
{
	struct ml_json j;

	chrome_open(c, &j, ph, s->name);
	ml_json_str(&j, "cat", s->category);
	chrome_where(c, &j, track->group, track);
	chrome_ts(c, &j, ns);
	if (*ph == 'X')
		chrome_us(c, &j, "dur", false, s->end - s->begin);
	if (*ph == 'i')
		ml_json_str(&j, "s", "t");
	chrome_args(&j, s);
	ml_json_close(&j, '}');
}

static void chrome_slice(void *self, const struct ml_slice_track *track,
			 const struct ml_slice *s)
{
	chrome_event(self, "X", track, s, s->begin);
}

static void chrome_instant(void *self, const struct ml_slice_track *track,
			   const struct ml_slice *s)
{
	chrome_event(self, "i", track, s, s->begin);
}

static void chrome_line(void *self, const struct ml_slice_track *track,
			const struct ml_slice *s)
{
	chrome_event(self, "B", track, s, s->end);
}

static void chrome_line_end(void *self, const struct ml_slice_track *track,
			    uint64_t ns)
{
	struct chrome *c = self;
	struct ml_json j;

	chrome_open(c, &j, "E", NULL);
	chrome_where(c, &j, track->group, track);
	chrome_ts(c, &j, ns);
	ml_json_close(&j, '}');
}

/* The first time of a log. */
static void chrome_first(void *self, uint64_t ns)
{
	struct chrome *c = self;
	char label[64];

	c->base = ns < CHROME_EXACT ? 0 : ns - ns % 1000000000u;
	if (!c->base)
		return;
	snprintf(label, sizeof(label), "0 is %" PRIu64 " s",
		 c->base / 1000000000u);
	chrome_meta(c, "process_labels", ML_SLICES_LOG, NULL, label, 0);
}

static const struct ml_slices_ops chrome_ops = {
	.first = chrome_first,
	.group = chrome_group,
	.track = chrome_track,
	.slice = chrome_slice,
	.instant = chrome_instant,
	.line = chrome_line,
	.line_end = chrome_line_end,
};

/* ---- the file ----------------------------------------------------------- */

static enum memlog_status chrome_begin(void *state,
				       const struct ml_render_opts *opts,
				       const struct memlog_sink *sink,
				       struct memlog_err *err)
{
	struct chrome *c = state;
	struct ml_json j = { .out = &c->out };

	if (opts->many)
		return ml_fail(err, MEMLOG_INVALID,
			       "a trace in JSON has one image: write a file of "
			       "each");
	ml_out_init(&c->out, sink);
	ml_json_open(&j, NULL, '{');
	ml_json_str(&j, "displayTimeUnit", "ns");
	ml_json_open(&j, "otherData", '{');
	ml_json_text(&j, "image", opts->image);
	ml_json_str(&j, "memlog", memlog_version());
	ml_json_close(&j, '}');
	ml_json_open(&j, "traceEvents", '[');
	return ml_slices_create(opts->alloc, opts->tsc_hz, &chrome_ops, c,
				&c->slices, err);
}

static enum memlog_status chrome_log_begin(void *state,
					   const struct memlog_log *log,
					   struct memlog_err *err)
{
	struct chrome *c = state;
	char name[200];

	(void)err;
	c->log = log;
	c->base = 0;
	snprintf(name, sizeof(name), "%s%s%s", log->title,
		 log->variant[0] ? ", " : "", log->variant);
	ml_slices_begin(c->slices, log, name);
	return MEMLOG_OK;
}

static enum memlog_status chrome_record(void *state,
					const struct memlog_record *rec,
					struct memlog_err *err)
{
	struct chrome *c = state;
	enum memlog_status s = ml_slices_add(c->slices, rec, err);

	return s || !c->out.status ? s : ml_out_flush(&c->out, err);
}

static enum memlog_status chrome_log_end(void *state,
					 const struct memlog_log *log,
					 uint64_t missing,
					 struct memlog_err *err)
{
	struct chrome *c = state;

	(void)log;
	(void)missing;
	ml_slices_end(c->slices);
	return ml_out_flush(&c->out, err);
}

static enum memlog_status chrome_end(void *state, struct memlog_err *err)
{
	struct chrome *c = state;

	ml_out_str(&c->out, "\n]}\n");
	return ml_out_flush(&c->out, err);
}

static bool chrome_remark(const void *state, char *buf, size_t size)
{
	const struct chrome *c = state;

	return ml_slices_remark(c->slices, buf, size);
}

static void chrome_close(void *state)
{
	struct chrome *c = state;

	ml_slices_destroy(c->slices);
}

const struct ml_render ml_render_chrome = {
	.name = "chrome",
	.title = "a trace for chrome://tracing, speedscope, Firefox Profiler",
	.tells_logs = true,
	.timed = true,
	.seconds = true,
	.state_size = sizeof(struct chrome),
	.begin = chrome_begin,
	.log_begin = chrome_log_begin,
	.record = chrome_record,
	.log_end = chrome_log_end,
	.remark = chrome_remark,
	.end = chrome_end,
	.close = chrome_close,
};
