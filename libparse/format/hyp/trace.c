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
#include "names.h"

enum {
	RB_LAST_OVERRUN = 48,
	COMMIT_LOST = 3u << 30, /* a reader's marks: events lost before */
	LINE = 1024,
	DATA = 64, /* bytes of an unknown event that are printed */
	NS = 1000000000,
	REASONS_MAX = HYP_REASONS,
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
	struct hyp_type *types;
	size_t n_types;
	char reasons[REASONS_MAX][HYP_REASON + 1];
	size_t n_reasons;
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
	bool raw; /* events may be unknown to us, not only to the kernel */
	char data[2 * DATA + 1];
};

/* ---- names -------------------------------------------------------------- */

static void trace_load_types(struct hyp_trace *d, struct ml_source *source)
{
	const struct hyp *h = ml_hyp_const(source->log);
	struct hyp_kernel k = { .source = source, .h = h };
	uint64_t missing = source->missing;
	uint32_t i;

	d->raw = !h->table;
	if (!h->table)
		d->n_types =
			ml_hyp_names(source, d->page, d->types, ML_HYP_EVENTS);
	for (i = 0; h->table && i < h->n_events; i++)
		if (ml_hyp_type_load(&k, i, &d->types[d->n_types]) ||
		    ml_hyp_name_known(&d->types[d->n_types]))
			d->n_types++;
	source->missing = missing;
}

static void trace_add_reason(struct hyp_trace *d, const char *name)
{
	snprintf(d->reasons[d->n_reasons++], HYP_REASON + 1, "%s", name);
}

/* Until 7.1 there was no "sys". */
static void trace_known_reasons(struct hyp_trace *d, const struct hyp *h)
{
	static const char *const names[] = {
		"smc",	     "hvc",	   "sys",
		"psci",	     "host_abort", "guest_exit",
		"eret_host", "eret_guest", "unknown",
	};
	uint64_t flags = h->hint[HYP_HINT_FLAGS];
	bool sys = flags & HYP_HAS_SYS ||
		   (!(flags & HYP_HAS_PSCI) && h->release != (7u << 16 | 1));
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (i != 2 || sys)
			trace_add_reason(d, names[i]);
}

static bool trace_is_reason(const uint8_t *p)
{
	size_t n = 0;

	while (n < HYP_REASON && (p[n] == '_' || (p[n] >= 'a' && p[n] <= 'z')))
		n++;
	return n && n < HYP_REASON && !p[n];
}

/* The kernel's own, up to the one that stands for all others. */
static void trace_load_reasons(struct hyp_trace *d, struct ml_source *source)
{
	uint8_t b[HYP_REASON * HYP_REASONS] = { 0 }, *p = b;
	const struct ml_log *log = source->log;
	size_t i, got = 0;

	for (i = 0; i < log->pub.n_extents; i++)
		if (log->extents[i].role == HYP_ROLE_REASONS)
			got = ml_hyp_extent_read(source, i, b, sizeof(b));
	for (; p < b + got && trace_is_reason(p); p += HYP_REASON) {
		trace_add_reason(d, (const char *)p);
		if (!strcmp((const char *)p, "unknown"))
			return;
	}
	d->n_reasons = 0;
	trace_known_reasons(d, ml_hyp_const(log));
}

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
				ml_hyp_extent_read(source, i, b, HYP_META) ==
					HYP_META &&
				ml_hyp_meta_load(b, &d->cpu.meta);
			d->cpu.swapped = d->cpu.meta.reader || d->cpu.meta.lost;
			break;
		case HYP_ROLE_RB:
			d->cpu.has_last = ml_hyp_extent_read(source, i, b,
							     HYP_RB) == HYP_RB;
			d->cpu.last_overrun = ml_le64(b + RB_LAST_OVERRUN);
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

static const struct hyp_type *trace_type(const struct hyp_trace *d,
					 const struct ml_rb_event *e)
{
	size_t i;

	for (i = 0; e->payload_len >= 2 && i < d->n_types; i++)
		if (d->types[i].id == ml_le16(e->payload))
			return &d->types[i];
	return NULL;
}

static void trace_put_line(struct hyp_trace *d, const struct hyp_type *type,
			   const struct ml_rb_event *e,
			   struct memlog_record *rec)
{
	uint64_t t = d->events.time;
	size_t n = (size_t)snprintf(d->line, LINE,
				    "[%03d]\t%5llu.%06lu: ", d->cpu_nr,
				    (unsigned long long)(t / NS),
				    (unsigned long)(t % NS / 1000)),
	       prefix = n;

	if (!type) {
		n += (size_t)snprintf(
			d->line + n, LINE - n, "UNKNOWN id=%d",
			e->payload_len >= 2 ? ml_le16(e->payload) : -1);
		if (d->data[0])
			n += (size_t)snprintf(d->line + n, LINE - n - 1,
					      " data=%s", d->data);
	} else {
		n += (size_t)snprintf(d->line + n, LINE - n, "%s%s", type->name,
				      type->n_fields ? " " : "");
		n += ml_hyp_print(type, e->payload, e->payload_len,
				  (const char(*)[HYP_REASON + 1]) d->reasons,
				  d->n_reasons, d->line + n, LINE - n - 1);
	}
	d->line[n++] = '\n';
	rec->text = (const uint8_t *)d->line;
	rec->text_len = n;
	ml_record_message(rec, prefix);
}

static void trace_add_fields(const struct hyp_trace *d,
			     const struct hyp_type *type,
			     const struct ml_rb_event *e,
			     struct memlog_record *rec)
{
	const struct hyp_field *f;
	struct memlog_field *to;
	uint32_t i;
	uint64_t v;

	for (i = 0;
	     type && i < type->n_fields && rec->n_fields < MEMLOG_RECORD_FIELDS;
	     i++) {
		f = &type->field[i];
		if (!ml_hyp_value(f, e->payload, e->payload_len, &v))
			continue;
		to = &rec->fields[rec->n_fields++];
		to->name = f->name;
		to->type = f->is_signed ? MEMLOG_FIELD_INT : MEMLOG_FIELD_UINT;
		to->u = v;
		if (strcmp(f->name, ML_HYP_REASON) || !d->n_reasons ||
		    rec->n_fields == MEMLOG_RECORD_FIELDS)
			continue;
		to = &rec->fields[rec->n_fields++];
		to->name = ML_HYP_REASON_NAME;
		to->type = MEMLOG_FIELD_TEXT;
		to->text = d->reasons[ml_min(v, d->n_reasons - 1)];
		to->text_len = strlen(to->text);
	}
}

/* An event that only its number is known of. */
static void trace_put_raw(struct hyp_trace *d, const struct ml_rb_event *e,
			  struct memlog_record *rec)
{
	struct memlog_field *f = rec->fields;
	size_t i, n = 0;

	if (!d->raw || e->payload_len < 2)
		return;
	for (i = 2; i < e->payload_len && i < DATA; i++)
		n += (size_t)snprintf(d->data + n, sizeof(d->data) - n, "%02x",
				      e->payload[i]);
	f[0] = (struct memlog_field){ .name = "id", .u = ml_le16(e->payload) };
	f[1] = (struct memlog_field){ .name = "data",
				      .type = MEMLOG_FIELD_TEXT,
				      .text = d->data,
				      .text_len = n };
	rec->n_fields = 2;
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

static enum memlog_status trace_emit(struct hyp_trace *d,
				     struct ml_source *source,
				     const struct ml_rb_event *e,
				     struct memlog_record *rec)
{
	const struct hyp_type *type = trace_type(d, e);

	d->data[0] = 0;
	if (!type)
		trace_put_raw(d, e, rec);
	trace_put_line(d, type, e, rec);
	trace_add_fields(d, type, e, rec);
	rec->raw = e->raw;
	rec->raw_len = e->raw_len;
	rec->has_time = true;
	rec->time = d->events.time;
	rec->time_hz = NS;
	rec->component = type ? type->name : NULL;
	return MEMLOG_OK;
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
	if (source->log->extents[d->next - 1].role & HYP_ROLE_GUESSED)
		rec->flags |= MEMLOG_REC_GUESSED;
	if (d->is_lost) {
		d->events = before;
		trace_put_lost(d, rec);
		return MEMLOG_OK;
	}
	return trace_emit(d, source, &e, rec);
}

static void hyp_trace_close(void *state, struct ml_source *source)
{
	struct hyp_trace *d = state;

	ml_free(&d->alloc, d->types);
	ml_free(&d->alloc, d->page);
}

static enum memlog_status hyp_trace_open(void *state, struct ml_source *source,
					 const struct ml_decoder_opts *opts,
					 struct memlog_err *err)
{
	const struct hyp *h = ml_hyp_const(source->log);
	struct hyp_trace *d = state;

	d->alloc = opts->alloc;
	d->consumed = opts->user->consumed;
	d->types = ml_calloc(&d->alloc, ML_HYP_EVENTS, sizeof(*d->types));
	d->page = ml_calloc(&d->alloc, 1, h->page_size);
	if (!d->types || !d->page) {
		hyp_trace_close(d, source);
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the events of a trace");
	}
	trace_load_types(d, source);
	trace_load_reasons(d, source);
	return MEMLOG_OK;
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
