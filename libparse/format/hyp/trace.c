/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.c - the events of a remote, one CPU after the other, as the kernel's
 * trace_pipe of each CPU prints them, or merged by time. A record's raw bytes are the
 * event.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "layout.h"
#include "reader.h"
#include "words.h"

enum {
	LINE = 1024,
	NS = 1000000000,
};

/* One reader of all CPUs, or one for each. */
struct hyp_trace {
	struct memlog_allocator alloc;
	struct hyp_words words;
	struct hyp_reader *readers;
	size_t n;
	char line[LINE];
};

/* ---- records ------------------------------------------------------------ */

static void trace_put_line(struct hyp_trace *d, const struct hyp_reader *r,
			   struct memlog_record *rec)
{
	uint64_t t = r->events.time;
	size_t n = (size_t)snprintf(d->line, LINE,
				    "[%03d]\t%5llu.%06lu: ", r->cpu_nr,
				    (unsigned long long)(t / NS),
				    (unsigned long)(t % NS / 1000)),
	       prefix = n;

	n += ml_hyp_words_print(&d->words, &r->event, d->line + n,
				LINE - n - 1);
	d->line[n++] = '\n';
	rec->text = (const uint8_t *)d->line;
	rec->text_len = n;
	ml_record_message(rec, prefix);
}

/* A line of its own, as the kernel prints it. */
static void trace_put_lost(struct hyp_trace *d, const struct hyp_reader *r,
			   struct memlog_record *rec)
{
	int n;

	if (r->lost)
		n = snprintf(d->line, LINE, "CPU:%d [LOST %llu EVENTS]\n",
			     r->cpu_nr, (unsigned long long)r->lost);
	else
		n = snprintf(d->line, LINE, "CPU:%d [LOST EVENTS]\n",
			     r->cpu_nr);
	rec->text = (const uint8_t *)d->line;
	rec->text_len = (size_t)n;
	ml_record_message(rec, 0);
	rec->lost = r->lost;
	rec->flags |= MEMLOG_REC_LOST_BEFORE;
}

static void trace_emit(struct hyp_trace *d, const struct hyp_reader *r,
		       struct memlog_record *rec)
{
	trace_put_line(d, r, rec);
	ml_hyp_words_fields(&d->words, &r->event, rec);
	rec->raw = r->event.raw;
	rec->raw_len = r->event.raw_len;
	rec->has_time = true;
	rec->time = r->events.time;
	rec->time_hz = NS;
}

/* The reader with the oldest event, the first of those; NULL: there is none. */
static struct hyp_reader *trace_pick_reader(struct hyp_trace *d,
					    struct ml_source *source)
{
	struct hyp_reader *ret = NULL, *r;

	for (r = d->readers; r < d->readers + d->n; r++)
		if (ml_hyp_reader_next(r, source) &&
		    (!ret || r->events.time < ret->events.time))
			ret = r;
	return ret;
}

static enum memlog_status hyp_trace_next(void *state, struct ml_source *source,
					 struct memlog_record *rec,
					 struct memlog_err *err)
{
	struct hyp_trace *d = state;
	struct hyp_reader *r = trace_pick_reader(d, source);

	if (!r)
		return MEMLOG_NO_DATA;
	rec->cpu = r->cpu_nr;
	rec->flags = MEMLOG_REC_VERBATIM | ml_hyp_reader_flags(r, source->log);
	if (d->words.guessed)
		rec->flags |= MEMLOG_REC_GUESSED;
	if (r->is_lost) {
		trace_put_lost(d, r, rec);
		r->is_lost = false;
	} else {
		trace_emit(d, r, rec);
		r->have = false;
	}
	return MEMLOG_OK;
}

/* ---- open --------------------------------------------------------------- */

static void trace_free_readers(struct hyp_trace *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		ml_free(&d->alloc, d->readers[i].page);
	ml_free(&d->alloc, d->readers);
	d->readers = NULL;
	d->n = 0;
}

static void hyp_trace_close(void *state, struct ml_source *source)
{
	struct hyp_trace *d = state;

	ml_free(&d->alloc, d->words.types);
	ml_free(&d->alloc, d->words.strings);
	trace_free_readers(d);
}

/* n readers, each of the extents of one CPU; 1: of all. */
static enum memlog_status trace_readers(struct hyp_trace *d,
					const struct ml_log *log, size_t n,
					bool consumed, struct memlog_err *err)
{
	uint32_t start = ml_hyp_layout(ml_hyp_const(log))->meta ?
				 HYP_ROLE_META :
				 HYP_ROLE_RB;
	struct hyp_reader *r;
	size_t i;

	d->readers = ml_calloc(&d->alloc, n, sizeof(*d->readers));
	for (i = 0; d->readers && i < log->pub.n_extents; i++) {
		if (log->extents[i].role != start || (n == 1 && d->n == 1))
			continue;
		r = &d->readers[d->n++];
		r->next = i;
		r->consumed = consumed;
		r->page = ml_calloc(&d->alloc, 1, ml_hyp_const(log)->page_size);
		if (!r->page)
			break;
	}
	if (!d->readers || i < log->pub.n_extents)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	for (i = 0; i < d->n; i++)
		d->readers[i].end = i + 1 < d->n ? d->readers[i + 1].next :
						   log->pub.n_extents;
	return MEMLOG_OK;
}

/* Does time go forwards on each CPU? *ret: one where it does not. */
static bool trace_is_sorted(struct hyp_trace *d, struct ml_source *source,
			    int32_t *ret)
{
	uint64_t missing = source->missing, damaged = source->damaged, last;
	struct hyp_reader *r, start;

	for (r = d->readers; r < d->readers + d->n; r++) {
		start = *r;
		for (last = 0;
		     ml_hyp_reader_next(r, source) && r->events.time >= last;
		     r->have = false)
			last = r->events.time;
		*ret = r->cpu_nr;
		if (r->have)
			return false;
		*r = start;
	}
	source->missing = missing;
	source->damaged = damaged;
	return true;
}

/* One reader for each CPU, if their events can be merged. */
static enum memlog_status trace_merge(struct hyp_trace *d,
				      struct ml_source *source, bool consumed,
				      struct memlog_err *err)
{
	const struct hyp *h = ml_hyp_const(source->log);
	uint64_t missing = source->missing, damaged = source->damaged;
	enum memlog_status s;
	int32_t cpu;

	if (h->n_cpus > ML_HYP_MERGE / h->page_size) {
		ml_image_warn(source->image,
			      "the trace of more than %u CPUs is not merged",
			      ML_HYP_MERGE / h->page_size);
		return MEMLOG_OK;
	}
	s = trace_readers(d, source->log, h->n_cpus, consumed, err);
	if (s || trace_is_sorted(d, source, &cpu))
		return s;
	source->missing = missing;
	source->damaged = damaged;
	ml_image_warn(source->image,
		      "time goes back in the trace of CPU %d, as it does while "
		      "a guest runs: CPUs are not merged",
		      cpu);
	trace_free_readers(d);
	return MEMLOG_OK;
}

static enum memlog_status hyp_trace_open(void *state, struct ml_source *source,
					 const struct ml_decoder_opts *opts,
					 struct memlog_err *err)
{
	const struct memlog_decode_opts *user = opts->user;
	struct hyp_trace *d = state;
	enum memlog_status s = MEMLOG_OK;

	d->alloc = opts->alloc;
	ml_source_note_guessed(source, HYP_ROLE_GUESSED);
	source->missing += ml_hyp_const(source->log)->lost;
	if (user->merge)
		s = trace_merge(d, source, user->consumed, err);
	if (!s && !d->readers)
		s = trace_readers(d, source->log, 1, user->consumed, err);
	if (!s)
		s = ml_hyp_words_open(&d->words, &d->alloc, source,
				      d->readers[0].page, err);
	if (!s && d->words.guessed)
		ml_source_note_add(source, "which events these are is guessed");
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
	.name = HYP_FORMAT,
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
	.find.kernel = ML_KERNEL_LOCATE | ML_KERNEL_PHYS,
	.find.likely = ml_hyp_likely,
	.find.locate = ml_hyp_locate,
	.group.expand = ml_hyp_expand,
	.group.relate = ml_hyp_relate,
	.group.shared = 1u << HYP_ROLE_TABLE | 1u << HYP_ROLE_KERNEL |
			1u << HYP_ROLE_REASONS | 1u << HYP_ROLE_LIST |
			1u << HYP_ROLE_STRINGS,
	.say.event = ml_hyp_event,
	.say.visits = true,
	.say.takes = ML_TAKES_CONSUMED | ML_TAKES_MERGE,
	.say.symbols = "__hyp_events_start,trace_buffer,remote_event_selftest,"
		       "remote_test_buffer_desc,hyp_trace_buffer,"
		       "__kvm_nvhe_trace_rb",
	.say.absent = "Linux traces its hypervisor only with "
		      "CONFIG_NVHE_EL2_TRACING, while tracing is on or not all "
		      "of it was read",
};
