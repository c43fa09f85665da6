/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.c - the events of a ring buffer, those of all CPUs by time, as the kernel's file
 * trace has them. A record's raw bytes are the event.
 */
#include "ftrace.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/rbpage.h"
#include "text.h"

enum {
	NS = 1000000000,
	CLOCK_COUNTER = 2,
	CLOCK_UPTIME = 3,
	CLOCK_ARCH = 9,
};

/* commit: set by a reader of the page */
#define COMMIT_LOST  (1u << 31)
#define COMMIT_COUNT (1u << 30) /* how many is after the events */

/* A CPU, and its next event. */
struct ftrace_cpu {
	int32_t cpu;
	size_t first, end;   /* extents: those of its pages */
	size_t next;	     /* the extent being read */
	uint64_t off;	     /* of the next page in it */
	uint8_t *page;	     /* page_size bytes, or that of all */
	uint32_t role;	     /* of the page */
	bool is_lost, ready; /* event is one that was not returned */
	uint64_t lost;	     /* before it; 0: not known */
	uint64_t read; /* bytes of the reader's page; UINT64_MAX: not known */
	uint64_t overrun; /* events lost before the first page of the ring */
	uint64_t before; /* the same before what is left of the reader's page */
	struct ml_rb_events events;
	struct ml_rb_event event;
};

struct ftrace_trace {
	struct memlog_allocator alloc;
	struct ftrace_cpu *cpus;
	struct ftrace_cpu **heap; /* those that have an event, the oldest first */
	size_t n_cpus, n_heap;
	uint8_t *page; /* of the CPU being read, where all of them are not merged */
	size_t at;     /* that CPU */
	bool begun;
	bool consumed; /* wanted */
	bool ns;       /* time stamps are */
	uint32_t page_size;
	struct ftrace_text text;
};

/* ---- pages -------------------------------------------------------------- */

/* Events were lost; n 0: nobody knows how many. The next event reports it, also one on a
 * later page. */
static void trace_lose(struct ftrace_cpu *c, uint64_t n)
{
	if (c->is_lost)
		n = n && c->lost ? n + c->lost : 0;
	c->is_lost = true;
	c->lost = n;
}

/* The same by the header of a page, or before the first one of the ring. */
static void trace_page_lost(struct ftrace_cpu *c, uint64_t commit, size_t len,
			    size_t got)
{
	bool ring = (c->role & FTRACE_ROLE_MASK) == FTRACE_ROLE_PAGE;
	uint64_t n = ring ? c->overrun : 0;

	if (n)
		c->overrun = 0;
	if (commit & COMMIT_LOST && commit & COMMIT_COUNT && len + 8 <= got)
		n = ml_le64(c->events.bytes + len);
	if (n || commit & COMMIT_LOST)
		trace_lose(c, n);
}

/* The events on the page that was read, got bytes of it. */
static void trace_page(struct ftrace_cpu *c, struct ml_source *source,
		       uint64_t missing, size_t got, uint32_t size)
{
	size_t len, room = size - FTRACE_PAGE_HEADER;
	uint64_t commit;

	source->missing = missing;
	c->events =
		(struct ml_rb_events){ .bytes = c->page + FTRACE_PAGE_HEADER };
	if (got < FTRACE_PAGE_HEADER) {
		source->missing += room;
		return;
	}
	got -= FTRACE_PAGE_HEADER;
	commit = ml_le64(c->page + 8);
	len = (size_t)ml_min(commit & FTRACE_COMMIT, room);
	/* no more than there is was read */
	if ((c->role & FTRACE_ROLE_MASK) == FTRACE_ROLE_READER && c->read > len)
		c->read = UINT64_MAX;
	trace_page_lost(c, commit, len, got);
	if (len > got)
		source->missing += len - got;
	c->events.len = ml_min(len, got);
	c->events.time = ml_le64(c->page);
}

/* Go to the next page with events; false: there is none. */
static bool trace_turn(const struct ftrace_trace *d, struct ftrace_cpu *c,
		       struct ml_source *source)
{
	const struct memlog_extent *e;
	uint64_t missing, off;

	for (; c->next < c->end; c->next++, c->off = 0) {
		e = &source->log->extents[c->next];
		c->role = e->role;
		if (!ml_ftrace_is_page(e->role))
			continue;
		if ((e->role & FTRACE_ROLE_MASK) == FTRACE_ROLE_READ &&
		    !d->consumed)
			continue;
		while (c->off + d->page_size <= e->len) {
			off = c->off;
			c->off += d->page_size;
			missing = source->missing;
			trace_page(c, source, missing,
				   ml_source_fill(source, c->next, off, c->page,
						  d->page_size),
				   d->page_size);
			if (c->events.len)
				return true;
		}
	}
	return false;
}

/* Is the event one that was read? Where that is not known it may be, and is printed. */
static bool trace_was_read(const struct ftrace_cpu *c)
{
	return (c->role & FTRACE_ROLE_MASK) == FTRACE_ROLE_READER &&
	       c->read != UINT64_MAX && c->event.pos < c->read;
}

/* Find the CPU's next event. */
static void trace_advance(const struct ftrace_trace *d, struct ftrace_cpu *c,
			  struct ml_source *source)
{
	c->ready = false;
	do {
		while (ml_rb_event_next(&c->events, &c->event)) {
			if (!d->consumed && trace_was_read(c)) {
				c->is_lost = false; /* reported to its reader */
				continue;
			}
			c->ready = true;
			return;
		}
		source->damaged += ml_rb_event_skip(&c->events);
	} while (trace_turn(d, c, source));
}

/* ---- records ------------------------------------------------------------ */

/* Of two at once the lower CPU is first. */
static bool trace_is_before(const struct ftrace_cpu *a,
			    const struct ftrace_cpu *b)
{
	if (a->events.time != b->events.time)
		return a->events.time < b->events.time;
	return a < b;
}

/* Put what is at i in its place. */
static void trace_sift(struct ftrace_trace *d, size_t i)
{
	struct ftrace_cpu *c = d->heap[i];
	size_t child;

	for (; (child = 2 * i + 1) < d->n_heap; i = child) {
		if (child + 1 < d->n_heap &&
		    trace_is_before(d->heap[child + 1], d->heap[child]))
			child++;
		if (trace_is_before(c, d->heap[child]))
			break;
		d->heap[i] = d->heap[child];
	}
	d->heap[i] = c;
}

/* The first CPU that has an event, where they are not merged. */
static struct ftrace_cpu *trace_in_turn(struct ftrace_trace *d,
					struct ml_source *source)
{
	struct ftrace_cpu *c;

	for (; d->at < d->n_cpus; d->at++) {
		c = &d->cpus[d->at];
		if (!c->ready)
			trace_advance(d, c, source);
		if (c->ready)
			return c;
	}
	return NULL;
}

/* The CPU whose next event is the oldest; NULL: there is none. The record before is no
 * longer used. */
static struct ftrace_cpu *trace_oldest(struct ftrace_trace *d,
				       struct ml_source *source)
{
	struct ftrace_cpu *c;
	size_t i;

	for (i = 0; i < d->n_cpus && !d->begun; i++) {
		trace_advance(d, &d->cpus[i], source);
		if (d->cpus[i].ready)
			d->heap[d->n_heap++] = &d->cpus[i];
	}
	for (i = d->n_heap / 2; i && !d->begun; i--)
		trace_sift(d, i - 1);
	d->begun = true;
	if (!d->n_heap)
		return NULL;
	c = d->heap[0];
	if (!c->ready) {
		trace_advance(d, c, source);
		if (!c->ready)
			d->heap[0] = d->heap[--d->n_heap];
		if (d->n_heap)
			trace_sift(d, 0);
	}
	return d->n_heap ? d->heap[0] : NULL;
}

static void trace_say_lost(struct ftrace_trace *d, struct ftrace_cpu *c,
			   struct memlog_record *rec)
{
	ml_ftrace_text_lost(&d->text, c->cpu, c->lost, rec);
	rec->lost = c->lost;
	rec->flags |= MEMLOG_REC_LOST_BEFORE;
	c->is_lost = false;
}

/* How far the reader's page was read is in the kernel only. */
static bool trace_may_be_read(const struct ftrace_cpu *c)
{
	return (c->role & FTRACE_ROLE_MASK) == FTRACE_ROLE_READER &&
	       c->read == UINT64_MAX;
}

/* Before the first event of the reader's page that was not read, or what is there instead. */
static void trace_take_lost(struct ftrace_cpu *c)
{
	if (!c->before || (c->role & FTRACE_ROLE_MASK) == FTRACE_ROLE_READ ||
	    trace_was_read(c))
		return;
	trace_lose(c, c->before);
	c->before = 0;
}

static enum memlog_status ftrace_next(void *state, struct ml_source *source,
				      struct memlog_record *rec,
				      struct memlog_err *err)
{
	struct ftrace_trace *d = state;
	struct ftrace_cpu *c = d->page ? trace_in_turn(d, source) :
					 trace_oldest(d, source);

	if (!c)
		return MEMLOG_NO_DATA;
	rec->cpu = c->cpu;
	rec->flags = MEMLOG_REC_VERBATIM;
	if ((c->role & FTRACE_ROLE_MASK) == FTRACE_ROLE_READ ||
	    trace_was_read(c) || trace_may_be_read(c))
		rec->flags |= MEMLOG_REC_CONSUMED;
	if (c->role & FTRACE_ROLE_GUESSED)
		rec->flags |= MEMLOG_REC_GUESSED;
	trace_take_lost(c);
	if (c->is_lost) {
		trace_say_lost(d, c, rec);
		return MEMLOG_OK;
	}
	c->ready = false;
	rec->raw = c->event.raw;
	rec->raw_len = c->event.raw_len;
	rec->has_time = true;
	rec->time = c->events.time;
	rec->time_hz = d->ns ? NS : 0;
	return ml_ftrace_text_event(&d->text, c->event.payload,
				    c->event.payload_len, d->ns, rec, err);
}

/* ---- open and close ----------------------------------------------------- */

static void ftrace_close(void *state, struct ml_source *source)
{
	struct ftrace_trace *d = state;
	size_t i;

	for (i = 0; i < d->n_cpus && !d->page; i++)
		ml_free(&d->alloc, d->cpus[i].page);
	ml_free(&d->alloc, d->page);
	ml_free(&d->alloc, d->cpus);
	ml_free(&d->alloc, d->heap);
	ml_ftrace_text_fini(&d->text);
}

/* A u64 of struct ring_buffer_per_cpu; 0: not known. */
static uint64_t trace_counter(struct ml_source *source, size_t extent,
			      uint16_t off)
{
	uint64_t missing = source->missing;
	uint8_t b[8];
	size_t n = ml_source_fill(source, extent, off, b, sizeof(b));

	source->missing = missing;
	return n == sizeof(b) ? ml_le64(b) : 0;
}

/* What an ordinary buffer says of a CPU. */
static void trace_counters(struct ftrace_cpu *c, struct ml_source *source,
			   size_t extent)
{
	const struct ftrace *f = ml_ftrace_const(source->log);
	uint64_t overrun, last;

	c->read = UINT64_MAX;
	if (!f->ordinary)
		return;
	overrun = trace_counter(source, extent, f->cpu_overrun);
	last = trace_counter(source, extent, f->cpu_last);
	c->before = trace_counter(source, extent, f->cpu_lost);
	c->overrun = overrun > last ? overrun - last : 0;
}

static void trace_position(struct ftrace_cpu *c, struct ml_source *source,
			   size_t extent)
{
	uint64_t missing = source->missing;
	uint8_t b[4];

	if (ml_source_fill(source, extent, 0, b, sizeof(b)) == sizeof(b))
		c->read = ml_le32(b);
	source->missing = missing;
}

/* A page for each CPU, from which its events are merged; one for all where that is too
 * much. */
static bool trace_add_page(struct ftrace_trace *d, struct ftrace_cpu *c)
{
	if (!c->page)
		c->page = d->page ? d->page :
				    ml_calloc(&d->alloc, 1, d->page_size);
	return c->page;
}

/* The extents of each CPU follow its header. */
static bool trace_add_cpus(struct ftrace_trace *d, struct ml_source *source)
{
	const struct ml_log *log = source->log;
	struct ftrace_cpu *c = NULL;
	size_t i, n = 0;
	uint32_t role;

	for (i = 0; i < log->pub.n_extents; i++)
		n += log->extents[i].role == FTRACE_ROLE_CPU;
	d->cpus = ml_calloc(&d->alloc, n + 1, sizeof(*d->cpus));
	d->heap = ml_calloc(&d->alloc, n + 1, sizeof(struct ftrace_cpu *));
	if (!d->cpus || !d->heap)
		return false;
	if (n > ML_FTRACE_MERGE / d->page_size) {
		d->page = ml_calloc(&d->alloc, 1, d->page_size);
		if (!d->page)
			return false;
		ml_source_note_add(source, "it has too many CPUs to merge: "
					   "they are printed one after the "
					   "other");
	}
	for (i = 0; i < log->pub.n_extents; i++) {
		role = log->extents[i].role & FTRACE_ROLE_MASK;
		if (role == FTRACE_ROLE_CPU) {
			c = &d->cpus[d->n_cpus++];
			c->cpu = log->extents[i].cpu;
			c->first = c->next = c->end = i + 1;
			trace_counters(c, source, i);
		} else if (c && role == FTRACE_ROLE_POSITION) {
			trace_position(c, source, i);
		} else if (c && ml_ftrace_is_page(role)) {
			c->end = i + 1;
			if (!trace_add_page(d, c))
				return false;
		}
	}
	return true;
}

static enum memlog_status ftrace_open(void *state, struct ml_source *source,
				      const struct ml_decoder_opts *opts,
				      struct memlog_err *err)
{
	const struct ftrace *f = ml_ftrace_const(source->log);
	struct ftrace_trace *d = state;
	enum memlog_status s = MEMLOG_OK;

	d->alloc = opts->alloc;
	ml_source_note_guessed(source, FTRACE_ROLE_GUESSED);
	source->missing += f->lost;
	d->consumed = opts->user->consumed;
	d->page_size = f->page_size;
	d->ns = !f->cycles && f->clock != CLOCK_COUNTER &&
		f->clock != CLOCK_UPTIME && f->clock < CLOCK_ARCH;
	if (!trace_add_cpus(d, source))
		s = ml_fail(err, MEMLOG_NO_MEMORY,
			    "no memory for the CPUs of a ring buffer");
	if (!s)
		s = ml_ftrace_text_init(&d->text, source, opts, err);
	if (s)
		ftrace_close(d, source);
	return s;
}

static enum memlog_status ftrace_expand(struct memlog_logs *logs,
					struct ml_log *log,
					struct memlog_image *image,
					struct memlog_err *err)
{
	return ml_ftrace_const(log)->ordinary ?
		       ml_ftrace_buffer_expand(logs, log, image, err) :
		       ml_ftrace_expand(logs, log, image, err);
}

static const struct ml_magic ftrace_magics[] = {
	{ .bytes = "\xed\xfe\xad\x0b", .len = 4, .align = ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_ftrace = {
	.name = "ftrace",
	.title = "ring buffer of Linux",
	.magics = ftrace_magics,
	.probe = ml_ftrace_probe,
	.probe_min = FTRACE_OLD,
	.probe_len = FTRACE_META_MAX,
	.open = ftrace_open,
	.next = ftrace_next,
	.close = ftrace_close,
	.state_size = sizeof(struct ftrace_trace),
	.find.needs_random = true,
	.find.glance = ml_ftrace_glance,
	.find.kernel = ML_KERNEL_EXPAND | ML_KERNEL_PHYS | ML_KERNEL_NAMED,
	.find.pointed = ml_ftrace_pointed,
	.find.by_kernel = ml_ftrace_by_kernel,
	.group.expand = ftrace_expand,
	.group.shared = 1u << FTRACE_ROLE_KERNEL,
	.say.takes = ML_TAKES_CONSUMED | ML_TAKES_RATE,
	.say.symbols = "ftrace_trace_arrays,ftrace_events",
	.say.absent = "Linux keeps a ring buffer across boots only with "
		      "reserve_mem= and trace_instance= on its command line; "
		      "all others are found by VMCOREINFO or with -s vmlinux",
};
