/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.c - the events of a remote, one CPU after the other, as the kernel's
 * trace_pipe of each CPU prints them. A record's raw bytes are the event.
 */
#include "hyp.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "data.h"
#include "layout.h"
#include "words.h"

enum {
	COMMIT_LOST = 3u << 30, /* a reader's marks: events lost before */
	LINE = 1024,
	NS = 1000000000,
};

/* Of the CPU whose extents are being read. */
struct hyp_trace_cpu {
	struct hyp_meta meta;
	bool has_meta, has_last, has_read, swapped, told;
	uint64_t last_overrun;
	uint32_t read; /* bytes of the reader page, if has_read */
};

struct hyp_trace {
	struct memlog_allocator alloc;
	struct hyp_words words;
	bool consumed; /* wanted */
	size_t next;   /* extent */
	struct hyp_trace_cpu cpu;
	/* the page being read */
	uint8_t *page;
	uint32_t role;
	int32_t cpu_nr;
	struct ml_rb_events events;
	uint64_t lost; /* before its first event */
	bool is_lost;
	char line[LINE];
};

/* ---- pages -------------------------------------------------------------- */

/* What was lost before the reader page is reported with its first event, which may
 * have been read; before the head what came since that page was taken. */
static void trace_lost(struct hyp_trace *d, uint64_t commit)
{
	struct hyp_trace_cpu *c = &d->cpu;
	bool first = !c->told;

	d->lost = 0;
	d->is_lost = commit & COMMIT_LOST;
	if (d->role == HYP_ROLE_READER) {
		if (c->has_meta && !(c->has_read && c->read))
			d->lost = c->meta.lost;
	} else if (first && c->has_meta) {
		c->told = true;
		if (c->has_last)
			d->lost = c->meta.overrun -
				  ml_min(c->last_overrun, c->meta.overrun);
		else if (!c->swapped)
			d->lost = c->meta.overrun;
		else if (c->meta.overrun > c->meta.lost)
			d->is_lost = true;
	}
	d->is_lost |= d->lost != 0;
}

static void trace_load_page(struct hyp_trace *d, struct ml_source *source,
			    size_t extent)
{
	uint64_t commit;

	ml_hyp_page_load(source, extent, d->page, &d->events, &commit);
	if (d->role == HYP_ROLE_READER && d->events.len)
		d->cpu.swapped = true;
	if (d->events.len)
		trace_lost(d, commit);
}

/* Go to the next page; false: there is none. */
static bool trace_next_page(struct hyp_trace *d, struct ml_source *source)
{
	const struct ml_log *log = source->log;
	const struct hyp_layout *l = ml_hyp_layout(ml_hyp_const(log));
	uint8_t b[HYP_META];
	size_t i;

	while (d->next < log->pub.n_extents) {
		i = d->next++;
		d->role = log->extents[i].role & HYP_ROLE_MASK;
		d->cpu_nr = log->extents[i].cpu;
		switch (d->role) {
		case HYP_ROLE_META:
			memset(&d->cpu, 0, sizeof(d->cpu));
			d->cpu.has_meta =
				ml_hyp_extent_read(source, i, b, l->meta) ==
					l->meta &&
				ml_hyp_meta_load(l, b, &d->cpu.meta);
			d->cpu.swapped = d->cpu.meta.reader || d->cpu.meta.lost;
			break;
		case HYP_ROLE_RB:
			d->cpu.has_last = ml_hyp_extent_read(source, i, b,
							     HYP_RB) == HYP_RB;
			d->cpu.last_overrun = ml_le64(b + l->rb_overrun);
			break;
		case HYP_ROLE_POSITION:
			d->cpu.has_read = ml_hyp_extent_read(source, i, b, 4) ==
					  4;
			d->cpu.read = ml_le32(b);
			break;
		case HYP_ROLE_READER:
		case HYP_ROLE_PAGE:
			trace_load_page(d, source, i);
			if (d->events.len)
				return true;
		}
	}
	return false;
}

/* ---- records ------------------------------------------------------------ */

static void trace_put_line(struct hyp_trace *d, const struct ml_rb_event *e,
			   struct memlog_record *rec)
{
	uint64_t t = d->events.time;
	size_t n = (size_t)snprintf(d->line, LINE,
				    "[%03d]\t%5llu.%06lu: ", d->cpu_nr,
				    (unsigned long long)(t / NS),
				    (unsigned long)(t % NS / 1000)),
	       prefix = n;

	n += ml_hyp_words_print(&d->words, e, d->line + n, LINE - n - 1);
	d->line[n++] = '\n';
	rec->text = (const uint8_t *)d->line;
	rec->text_len = n;
	ml_record_message(rec, prefix);
}

/* A line of its own, as the kernel prints it. */
static void trace_put_lost(struct hyp_trace *d, struct memlog_record *rec)
{
	int n;

	if (d->lost)
		n = snprintf(d->line, LINE, "CPU:%d [LOST %llu EVENTS]\n",
			     d->cpu_nr, (unsigned long long)d->lost);
	else
		n = snprintf(d->line, LINE, "CPU:%d [LOST EVENTS]\n",
			     d->cpu_nr);
	rec->text = (const uint8_t *)d->line;
	rec->text_len = (size_t)n;
	ml_record_message(rec, 0);
	rec->lost = d->lost;
	rec->flags |= MEMLOG_REC_LOST_BEFORE;
	d->is_lost = false;
}

/* The next event that is wanted; false: a page without one. */
static bool trace_event(struct hyp_trace *d, struct ml_source *source,
			struct ml_rb_event *ret)
{
	bool known = d->role == HYP_ROLE_READER && d->cpu.has_read;

	while (ml_rb_event_next(&d->events, ret))
		if (!known || d->consumed || ret->pos >= d->cpu.read)
			return true;
	if (d->events.bad)
		source->missing += d->events.len - d->events.pos;
	return false;
}

static void trace_emit(struct hyp_trace *d, const struct ml_rb_event *e,
		       struct memlog_record *rec)
{
	trace_put_line(d, e, rec);
	ml_hyp_words_fields(&d->words, e, rec);
	rec->raw = e->raw;
	rec->raw_len = e->raw_len;
	rec->has_time = true;
	rec->time = d->events.time;
	rec->time_hz = NS;
}

static enum memlog_status hyp_trace_next(void *state, struct ml_source *source,
					 struct memlog_record *rec,
					 struct memlog_err *err)
{
	struct hyp_trace *d = state;
	struct ml_rb_events before;
	struct ml_rb_event e;

	for (;;) {
		before = d->events;
		if (trace_event(d, source, &e))
			break;
		if (!trace_next_page(d, source))
			return MEMLOG_NO_DATA;
	}
	rec->cpu = d->cpu_nr;
	rec->flags = MEMLOG_REC_VERBATIM;
	/* how far the reader page was read may not be known */
	if (d->role == HYP_ROLE_READER &&
	    (!d->cpu.has_read || e.pos < d->cpu.read))
		rec->flags |= MEMLOG_REC_CONSUMED;
	if (source->log->extents[d->next - 1].role & HYP_ROLE_GUESSED ||
	    d->words.guessed)
		rec->flags |= MEMLOG_REC_GUESSED;
	if (d->is_lost) {
		d->events = before;
		trace_put_lost(d, rec);
		return MEMLOG_OK;
	}
	trace_emit(d, &e, rec);
	return MEMLOG_OK;
}

static void hyp_trace_close(void *state, struct ml_source *source)
{
	struct hyp_trace *d = state;

	ml_free(&d->alloc, d->words.types);
	ml_free(&d->alloc, d->words.strings);
	ml_free(&d->alloc, d->page);
}

static enum memlog_status hyp_trace_open(void *state, struct ml_source *source,
					 const struct ml_decoder_opts *opts,
					 struct memlog_err *err)
{
	const struct hyp *h = ml_hyp_const(source->log);
	struct hyp_trace *d = state;
	enum memlog_status s;

	d->alloc = opts->alloc;
	d->consumed = opts->user->consumed;
	d->page = ml_calloc(&d->alloc, 1, h->page_size);
	if (!d->page)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	s = ml_hyp_words_open(&d->words, &d->alloc, source, d->page, err);
	if (s)
		hyp_trace_close(d, source);
	return s;
}

/* Most kernels have the table at the start of a page. Meta pages begin with
 * the size of a page and two zeros. */
static const struct ml_magic hyp_magics[] = {
	{ .bytes = "hyp_enter\0\0\0\0\0\0\0",
	  .len = 16,
	  .align = ML_PAGE,
	  .fine = 8 },
	{ .bytes = "\0\x10\0\0\0\0\0\0\0\0\0\0",
	  .len = 12,
	  .align = ML_PAGE,
	  .fine = ML_PAGE },
	{ .bytes = "\0\x40\0\0\0\0\0\0\0\0\0\0",
	  .len = 12,
	  .align = ML_PAGE,
	  .fine = ML_PAGE },
	{ .bytes = "\0\0\x01\0\0\0\0\0\0\0\0\0",
	  .len = 12,
	  .align = ML_PAGE,
	  .fine = ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_hyp_trace = {
	.name = "hyp-trace",
	.title = "hypervisor trace of Linux",
	.magics = hyp_magics,
	.probe = ml_hyp_probe,
	.probe_min = HYP_EVENT,
	.probe_len = HYP_EVENT * ML_HYP_EVENTS,
	.open = hyp_trace_open,
	.next = hyp_trace_next,
	.close = hyp_trace_close,
	.state_size = sizeof(struct hyp_trace),
	.find.needs_random = true,
	.find.glance = ml_hyp_glance,
	.find.likely = ml_hyp_likely,
	.find.locate = ml_hyp_locate,
	.group.expand = ml_hyp_expand,
	.say.event = ml_hyp_event,
	.say.visits = true,
	.say.absent = "Linux traces its hypervisor only with "
		      "CONFIG_NVHE_EL2_TRACING, while tracing is on or not all "
		      "of it was read",
};
