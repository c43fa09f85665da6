/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slices.c - what the records of a log look like on tracks. */
#include "slices.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/plural.h"
#include "record/clock.h"
#include "render/words.h"
#include "render/escape.h"
#include "keep.h"
#include "pairs.h"
#include "tracks.h"

/* The name of a line is this much of its text. */
#define SLICES_NAME 48u

/* Lines of several CPUs may be in another order than their times, by less than
 * this. */
#define SLICES_LATE 1000000000u

enum memlog_status ml_slices_create(const struct memlog_allocator *alloc,
				    uint64_t tsc_hz,
				    const struct ml_slices_ops *ops, void *self,
				    struct ml_slices **ret,
				    struct memlog_err *err)
{
	struct ml_slices *s = ml_calloc(alloc, 1, sizeof(*s));

	if (!s)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for tracks");
	s->alloc = *alloc;
	s->tsc_hz = tsc_hz;
	s->ops = ops;
	s->self = self;
	*ret = s;
	return MEMLOG_OK;
}

void ml_slices_destroy(struct ml_slices *s)
{
	struct memlog_allocator alloc;

	if (!s)
		return;
	alloc = s->alloc;
	ml_tracks_clear(s);
	ml_free(&alloc, s->cpus);
	ml_free(&alloc, s);
}

static struct ml_slice_track slices_track(const struct ml_slice_cpu *c)
{
	return (struct ml_slice_track){ ML_SLICES_LOG, c->cpu, c->lanes.now };
}

static bool slices_ns(struct ml_slices *s, const struct memlog_record *rec,
		      uint64_t *ret)
{
	uint64_t hz = rec->time_hz ? rec->time_hz : s->tsc_hz;
	unsigned __int128 ns = rec->time;

	if (s->fmt->say.visits)
		ns &= ML_CLOCK_BITS;
	else if (hz)
		ns = ns * 1000000000u / hz;
	else
		s->cycles++;
	if (!hz && !s->fmt->say.visits)
		return false;
	*ret = ns > INT64_MAX ? UINT64_MAX : (uint64_t)ns;
	return true;
}

/* ---- records without a length ------------------------------------------- */

static void slices_instant(struct ml_slices *s, const struct ml_slice_cpu *c,
			   const struct memlog_record *rec, uint64_t ns,
			   const char *unpaired)
{
	struct ml_slice_track track = slices_track(c);
	struct ml_slice event = {
		.begin = ns,
		.end = ns,
		.category = s->log->format,
		.fields = rec->fields,
		.n_fields = rec->n_fields,
		.rec = rec,
		.unpaired = unpaired,
	};
	struct ml_keep k = { .n = 0 };

	if (ns > INT64_MAX) {
		s->left_out++;
		return;
	}
	if (s->fmt->say.event && rec->component)
		ml_escape_cut((const uint8_t *)rec->component,
			      strlen(rec->component), k.name, sizeof(k.name));
	else
		ml_pair_name(s, &k, rec);
	event.name = k.name;
	s->ops->instant(s->self, &track, &event);
}

static void slices_line_end(struct ml_slices *s, struct ml_slice_cpu *c,
			    uint64_t ns)
{
	if (c->in_line && s->ops->line_end)
		s->ops->line_end(s->self, &c->line, ns);
	c->in_line = false;
}

static void slices_line(struct ml_slices *s, struct ml_slice_cpu *c,
			const struct memlog_record *rec, uint64_t ns,
			uint64_t shown)
{
	struct ml_slice line = {
		.category = rec->has_level ? ml_level_word(rec->level) :
					     s->log->format,
		.fields = rec->fields,
		.n_fields = rec->n_fields,
		.rec = rec,
		.text = rec->message ? rec->message : rec->text,
		.text_len = rec->message ? rec->message_len : rec->text_len,
	};
	char name[4 * SLICES_NAME + 8];

	if (ns > INT64_MAX) {
		s->left_out++;
		return;
	}
	slices_line_end(s, c, shown);
	while (line.text_len && (line.text[line.text_len - 1] == '\n' ||
				 line.text[line.text_len - 1] == '\r'))
		line.text_len--;
	ml_keep_short(line.text, line.text_len, SLICES_NAME, name,
		      sizeof(name));
	line.name = name;
	line.begin = ns;
	line.end = shown;
	c->line = slices_track(c);
	c->line_time = shown;
	c->in_line = true;
	s->ops->line(s->self, &c->line, &line);
}

/* ---- records ------------------------------------------------------------ */

void ml_slices_begin(struct ml_slices *s, const struct memlog_log *log,
		     const char *name)
{
	s->log = log;
	s->fmt = ml_format_find(log->format);
	s->vms = 0;
	s->any = false;
	s->untimed = s->left_out = s->cycles = s->others = 0;
	ml_tracks_clear(s);
	s->ops->group(s->self, ML_SLICES_LOG, name);
}

/* A record of a hypervisor's trace. */
static void slices_event(struct ml_slices *s, struct ml_slice_cpu *c,
			 const struct memlog_record *rec, uint64_t ns)
{
	struct ml_event e = { .kind = ML_EVENT_OTHER };

	s->fmt->say.event(rec, &e);
	if (e.kind == ML_EVENT_SWITCH)
		ml_pair_switch(s, c, &e, ns);
	if (e.kind == ML_EVENT_LEAVE)
		ml_pair_exit(s, c, rec, &e, ns);
	else if (e.kind == ML_EVENT_ENTER && c->in_exit)
		ml_pair_entry(s, c, ns, rec);
	else if (e.kind == ML_EVENT_REASON && c->in_exit)
		ml_pair_reason(s, c, rec, &e);
	else
		slices_instant(s, c, rec, ns,
			       e.kind != ML_EVENT_ENTER ? NULL :
			       s->fmt->say.visits	? "no enter" :
							  "no exit");
}

/* The clock of a CPU goes on. *ret is where a line is shown. */
static void slices_tick(struct ml_slices *s, struct ml_slice_cpu *c,
			const struct memlog_record *rec, uint64_t ns,
			uint64_t *ret)
{
	struct ml_slice_track track;
	bool steady;
	unsigned int i;

	if (!s->fmt->say.event && ns < c->line_time &&
	    c->line_time - ns < SLICES_LATE)
		ns = c->line_time;
	*ret = ns;
	steady = ml_clock_next(&c->clock, s->fmt->say.visits ? rec->time : ns);
	if (!steady) {
		c->exit.stepped = c->user_stepped = true;
		for (i = 0; i < c->n_edges; i++)
			c->edges[i].stepped = true;
		slices_line_end(s, c, c->line_time);
	}
	if (!c->lanes.n)
		c->first_time = ns;
	c->last_time = ns;
	if (ns <= INT64_MAX && ml_lanes_choose(&c->lanes, ns, steady)) {
		track = slices_track(c);
		ml_track_start(s, &track);
	}
}

/* The number of the CPU, or what is in place of it for a line that names a machine. */
static int32_t slices_cpu(struct ml_slices *s, const struct memlog_record *rec)
{
	struct ml_moment m = { .vm = NULL };

	if (rec->cpu < 0 && rec->n_fields && s->fmt->say.moment)
		s->fmt->say.moment(rec, &m);
	return m.vm ? ml_track_machine(s, m.vm, m.vm_len) : rec->cpu;
}

enum memlog_status ml_slices_add(struct ml_slices *s,
				 const struct memlog_record *rec,
				 struct memlog_err *err)
{
	struct ml_slice_cpu *c;
	enum memlog_status e;
	uint64_t ns, shown;
	bool paired;

	if (!rec->has_time || !slices_ns(s, rec, &ns))
		return MEMLOG_OK;
	e = ml_track_of(s, slices_cpu(s, rec), &c, err);
	if (e)
		return e;
	if (!c) {
		s->others++;
		return MEMLOG_OK;
	}
	if (!s->any && ns <= INT64_MAX && s->ops->first)
		s->ops->first(s->self, ns);
	s->any |= ns <= INT64_MAX;
	slices_tick(s, c, rec, ns, &shown);
	if (s->fmt->say.event)
		slices_event(s, c, rec, ns);
	else
		e = ml_pair_edge(s, c, rec, ns, &paired, err);
	if (e || s->fmt->say.event)
		return e;
	if (!c->edges)
		slices_line(s, c, rec, ns, shown);
	else
		slices_line_end(s, c, shown);
	if (c->edges && !paired)
		slices_instant(s, c, rec, ns, NULL);
	return MEMLOG_OK;
}

void ml_slices_end(struct ml_slices *s)
{
	struct ml_slice_cpu *c;
	size_t i;

	for (i = 0; i < s->n; i++) {
		c = s->cpus[i];
		ml_pair_end(s, c);
		slices_line_end(s, c, c->last_time);
	}
}

static void slices_say(char *buf, size_t size, uint64_t n, const char *what)
{
	size_t len = strlen(buf);

	if (n)
		snprintf(buf + len, size - len,
			 "%s%" PRIu64 " event%s %s %s "
			 "left out",
			 len ? "; " : "", n, ml_s(n), what, ml_are(n));
}

bool ml_slices_remark(const struct ml_slices *s, char *buf, size_t size)
{
	buf[0] = '\0';
	if (s->untimed)
		snprintf(buf, size,
			 "the clock stepped while %" PRIu64 " slice%s "
			 "lasted, which %s shown without a length",
			 s->untimed, ml_s(s->untimed), ml_are(s->untimed));
	slices_say(buf, size, s->left_out, "at times of 2^63 ns and more");
	slices_say(buf, size, s->others, "of more CPUs than a machine has");
	/* if all are, the query says so */
	if (s->n)
		slices_say(buf, size, s->cycles,
			   "with times in cycles of unknown rate");
	return buf[0];
}
