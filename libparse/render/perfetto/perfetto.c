/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * perfetto.c - a trace for ui.perfetto.dev: one track per CPU. What a CPU does
 * in the hypervisor, from a VM exit to the next VM entry, is a slice named by its
 * reason; every other record that has a time is an instant. An exit without an
 * entry ends at the next exit or at the last event of its CPU. It, and an entry
 * without an exit, have an argument "unpaired" that says what is missing.
 *
 * Slices of a track must not overlap. Where the clock of a CPU steps back, what
 * follows has a track of its own; a slice that the clock stepped in has no length,
 * and an argument "untimed". Where the clock of a format steps, the bits of times
 * that it does not have are left out. Perfetto has no times of 2^63 ns and more:
 * such events are left out, and counted.
 *
 * Format: protocol buffers, field numbers of perfetto's trace_packet.proto,
 * track_event.proto, track_descriptor.proto and debug_annotation.proto. Time is
 * in nanoseconds; if the rate of the time stamps is unknown, a cycle counts as
 * one nanosecond, which --tsc-mhz corrects.
 */
#include "render/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/plural.h"
#include "format/format.h"
#include "record/clock.h"
#include "render/escape.h"
#include "render/out.h"
#include "annotate.h"
#include "lanes.h"

/* Trace */
enum { TRACE_PACKET = 1 };
/* TracePacket */
enum {
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE = 10,
	PACKET_EVENT = 11,
	PACKET_FLAGS = 13,
	PACKET_TRACK = 60,
};
/* TracePacket.SequenceFlags: nothing before this packet is needed. Old readers
 * skip the events of a sequence that never said so. */
enum { STATE_CLEARED = 1 };
/* TrackDescriptor */
enum { TRACK_UUID = 1, TRACK_NAME = 2, TRACK_PARENT = 5 };
/* TrackEvent */
enum {
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3 };
#define NAME_MAX_BYTES 200u

/* ---- tracks ------------------------------------------------------------- */

/* Bytes of the encoded arguments of an exit. */
#define ARGS_MAX 512u

/* A CPU's tracks and its current exit. exit_lane: the track that this is on. stepped:
 * the clock did since then. */
struct track {
	int32_t cpu;
	bool in_exit, stepped;
	uint64_t exit_time, last_time;
	struct ml_clock clock;
	struct ml_lanes lanes;
	unsigned int exit_lane;
	char name[48];
	size_t args_len;
	uint8_t args[ARGS_MAX];
};

struct perfetto {
	struct ml_out out;
	struct memlog_allocator alloc;
	uint64_t tsc_hz;
	const char *image;
	bool many;    /* images, which share one output */
	uint64_t tag; /* of this image, part of its track numbers */
	const struct memlog_log *log;
	const struct ml_format *fmt;
	struct track *tracks;
	size_t n, cap;
	uint64_t untimed, left_out; /* of this log */
	struct ml_pb inner, packet;
};

/* FNV-1a: tracks of several images in one output have distinct numbers. */
static uint64_t tag_of(const char *image)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (*image)
		h = (h ^ (uint8_t)*image++) * UINT64_C(0x100000001b3);
	return h;
}

static enum memlog_status perfetto_begin(void *state,
					 const struct ml_render_opts *opts,
					 const struct memlog_sink *sink,
					 struct memlog_err *err)
{
	struct perfetto *p = state;

	(void)err;
	ml_out_init(&p->out, sink);
	p->alloc = *opts->alloc;
	p->tsc_hz = opts->tsc_hz;
	p->image = opts->image;
	p->many = opts->many;
	p->tag = tag_of(opts->image);
	return MEMLOG_OK;
}

static uint64_t uuid_of(const struct perfetto *p, int32_t cpu,
			unsigned int lane)
{
	return p->tag ^ (uint64_t)lane << 56 ^
	       (((uint64_t)p->log->id + 1) << 32 | ((uint32_t)cpu + 2));
}

/* Write the contents of packet as one TracePacket. */
static void put_packet(struct perfetto *p)
{
	struct ml_pb head = { .len = 0 };

	ml_pb_varint(&head, TRACE_PACKET << 3 | 2);
	ml_pb_varint(&head, p->packet.len);
	ml_out_write(&p->out, head.buf, head.len);
	ml_out_write(&p->out, p->packet.buf, p->packet.len);
}

static void put_track(struct perfetto *p, uint64_t uuid, uint64_t parent,
		      const char *name)
{
	p->inner.len = p->packet.len = 0;
	ml_pb_uint(&p->inner, TRACK_UUID, uuid);
	ml_pb_str(&p->inner, TRACK_NAME, name);
	if (parent)
		ml_pb_uint(&p->inner, TRACK_PARENT, parent);
	ml_pb_uint(&p->packet, PACKET_SEQUENCE, 1);
	if (!parent)
		ml_pb_uint(&p->packet, PACKET_FLAGS, STATE_CLEARED);
	ml_pb_bytes(&p->packet, PACKET_TRACK, p->inner.buf, p->inner.len);
	put_packet(p);
}

static enum memlog_status track_of(struct perfetto *p, int32_t cpu,
				   struct track **ret, struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->tracks[i].cpu == cpu) {
			*ret = &p->tracks[i];
			return MEMLOG_OK;
		}
	s = ml_grow(&p->alloc, &p->tracks, p->n, &p->cap, sizeof(*p->tracks),
		    err);
	if (s)
		return s;
	*ret = &p->tracks[p->n++];
	memset(*ret, 0, sizeof(**ret));
	(*ret)->cpu = cpu;
	return MEMLOG_OK;
}

/* Start the current track of the CPU. */
static void track_start(struct perfetto *p, const struct track *t)
{
	char name[48];
	int n;

	if (t->cpu < 0)
		n = snprintf(name, sizeof(name), "no CPU");
	else
		n = snprintf(name, sizeof(name), "CPU %" PRId32, t->cpu);
	if (t->lanes.now)
		snprintf(name + n, sizeof(name) - (size_t)n, ", clock %u",
			 t->lanes.now + 1);
	put_track(p, uuid_of(p, t->cpu, t->lanes.now), uuid_of(p, -2, 0), name);
}

/* ---- events ------------------------------------------------------------- */

static uint64_t perfetto_nanoseconds(const struct perfetto *p,
				     const struct memlog_record *rec)
{
	uint64_t hz = rec->time_hz ? rec->time_hz : p->tsc_hz;

	if (p->fmt->say.visits)
		return rec->time & ML_CLOCK_BITS;
	if (!hz)
		return rec->time;
	return (uint64_t)((unsigned __int128)rec->time * 1000000000u / hz);
}

/* Start an event in p->inner. */
static void perfetto_event(struct perfetto *p, const struct track *t,
			   unsigned int lane, int type, const char *category,
			   const char *name)
{
	p->inner.len = p->packet.len = 0;
	ml_pb_uint(&p->inner, EVENT_TYPE, (uint64_t)type);
	ml_pb_uint(&p->inner, EVENT_TRACK, uuid_of(p, t->cpu, lane));
	if (category)
		ml_pb_str(&p->inner, EVENT_CATEGORY, category);
	if (name)
		ml_pb_str(&p->inner, EVENT_NAME, name);
}

static void put_event(struct perfetto *p, uint64_t ns)
{
	ml_pb_uint(&p->packet, PACKET_TIMESTAMP, ns);
	ml_pb_uint(&p->packet, PACKET_SEQUENCE, 1);
	ml_pb_bytes(&p->packet, PACKET_EVENT, p->inner.buf, p->inner.len);
	put_packet(p);
}

/* The current exit of a track, which ends at ns, with entry unless that is
 * missing. */
static void put_exit(struct perfetto *p, struct track *t, uint64_t ns,
		     const struct memlog_record *entry)
{
	const char *category = p->fmt->say.visits ? p->log->format : "vm_exit";

	t->in_exit = false;
	if (t->stepped)
		ns = t->exit_time;
	if (t->exit_time > INT64_MAX || ns > INT64_MAX) {
		p->left_out += entry ? 2 : 1;
		return;
	}
	perfetto_event(p, t, t->exit_lane, TYPE_BEGIN, category, t->name);
	memcpy(p->inner.buf + p->inner.len, t->args, t->args_len);
	p->inner.len += t->args_len;
	if (!entry)
		ml_annotate_mark(&p->inner, "unpaired",
				 p->fmt->say.visits ? "no exit" : "no entry");
	put_event(p, t->exit_time);
	perfetto_event(p, t, t->exit_lane, TYPE_END, NULL, NULL);
	if (entry && p->fmt->say.visits)
		ml_annotate_fields(&p->inner, "exit_", entry);
	if (entry && t->stepped) {
		ml_annotate_mark(&p->inner, "untimed", "clock step");
		p->untimed++;
	}
	put_event(p, ns);
}

static void add_arg(struct track *t, const struct memlog_field *f)
{
	struct ml_pb a = { .len = 0 };

	ml_annotate(&a, "", f);
	if (a.len > ARGS_MAX - t->args_len)
		return;
	memcpy(t->args + t->args_len, a.buf, a.len);
	t->args_len += a.len;
}

static void perfetto_name(const struct perfetto *p, struct track *t,
			  const struct ml_event *e)
{
	const char *name = p->fmt->say.reason ? p->fmt->say.reason(e->reason) :
						NULL;
	char raw[sizeof(t->name) / 2];

	if (e->name) {
		snprintf(raw, sizeof(raw), "%.*s", (int)e->name_len, e->name);
		memlog_escape(raw, t->name, sizeof(t->name));
	} else if (name) {
		snprintf(t->name, sizeof(t->name), "%s", name);
	} else {
		snprintf(t->name, sizeof(t->name), "%s %" PRIu32,
			 p->fmt->say.visits ? "reason" : "VM_EXIT", e->reason);
	}
}

static void begin_exit(struct perfetto *p, struct track *t,
		       const struct memlog_record *rec,
		       const struct ml_event *e, uint64_t ns)
{
	unsigned int i;

	/* the previous one never ended, as far as the trace says */
	if (t->in_exit)
		put_exit(p, t, ns, NULL);
	t->in_exit = true;
	t->stepped = false;
	t->exit_time = ns;
	t->exit_lane = t->lanes.now;
	perfetto_name(p, t, e);
	t->args_len = 0;
	for (i = 0; i < rec->n_fields; i++)
		if (p->fmt->say.visits || i == 1 || i == 2)
			add_arg(t, &rec->fields[i]);
}

static void add_reason(struct perfetto *p, struct track *t,
		       const struct memlog_record *rec,
		       const struct ml_event *e)
{
	unsigned int i;

	perfetto_name(p, t, e);
	for (i = 0; i < rec->n_fields; i++)
		if (p->fmt->say.visits ||
		    (i && rec->fields[i].type == MEMLOG_FIELD_HEX))
			add_arg(t, &rec->fields[i]);
}

static void put_instant(struct perfetto *p, const struct track *t,
			const struct memlog_record *rec, uint64_t ns,
			const char *unpaired)
{
	char raw[NAME_MAX_BYTES], safe[2 * NAME_MAX_BYTES];
	size_t n = ml_min(rec->text_len, sizeof(raw) - 1);
	const char *name = raw;

	if (ns > INT64_MAX) {
		p->left_out++;
		return;
	}
	memcpy(raw, rec->text, n);
	while (n && (raw[n - 1] == '\n' || raw[n - 1] == '\r'))
		n--;
	raw[n] = '\0';
	if (p->fmt->say.event && rec->component)
		name = rec->component;
	perfetto_event(p, t, t->lanes.now, TYPE_INSTANT, rec->log->format,
		       memlog_escape(name, safe, sizeof(safe)));
	ml_annotate_fields(&p->inner, "", rec);
	if (unpaired)
		ml_annotate_mark(&p->inner, "unpaired", unpaired);
	put_event(p, ns);
}

static enum memlog_status perfetto_log_begin(void *state,
					     const struct memlog_log *log,
					     struct memlog_err *err)
{
	struct perfetto *p = state;
	char name[NAME_MAX_BYTES], safe[2 * NAME_MAX_BYTES];

	(void)err;
	p->log = log;
	p->fmt = ml_format_find(log->format);
	p->n = 0;
	p->untimed = p->left_out = 0;
	snprintf(name, sizeof(name), "%s%s%s%s%.100s", log->title,
		 log->variant[0] ? ", " : "", log->variant,
		 p->many ? " of " : "", p->many ? p->image : "");
	put_track(p, uuid_of(p, -2, 0), 0,
		  memlog_escape(name, safe, sizeof(safe)));
	return MEMLOG_OK;
}

static enum memlog_status perfetto_record(void *state,
					  const struct memlog_record *rec,
					  struct memlog_err *err)
{
	struct perfetto *p = state;
	struct ml_event e = { .kind = ML_EVENT_OTHER };
	enum memlog_status s;
	struct track *t;
	uint64_t ns;
	bool steady;

	if (!rec->has_time)
		return MEMLOG_OK;
	s = track_of(p, rec->cpu, &t, err);
	if (s)
		return s;
	ns = perfetto_nanoseconds(p, rec);
	if (p->fmt->say.event)
		p->fmt->say.event(rec, &e);
	steady = ml_clock_next(&t->clock, p->fmt->say.visits ? rec->time : ns);
	t->stepped |= !steady;
	t->last_time = ns;
	if (ns <= INT64_MAX && ml_lanes_choose(&t->lanes, ns, steady))
		track_start(p, t);
	if (e.kind == ML_EVENT_LEAVE)
		begin_exit(p, t, rec, &e, ns);
	else if (e.kind == ML_EVENT_ENTER && t->in_exit)
		put_exit(p, t, ns, rec);
	else if (e.kind == ML_EVENT_REASON && t->in_exit)
		add_reason(p, t, rec, &e);
	else
		put_instant(p, t, rec, ns,
			    e.kind != ML_EVENT_ENTER ? NULL :
			    p->fmt->say.visits	     ? "no enter" :
						       "no exit");
	return p->out.status ? ml_out_flush(&p->out, err) : MEMLOG_OK;
}

static enum memlog_status perfetto_log_end(void *state,
					   const struct memlog_log *log,
					   uint64_t missing,
					   struct memlog_err *err)
{
	struct perfetto *p = state;
	size_t i;

	(void)log;
	(void)missing;
	for (i = 0; i < p->n; i++)
		if (p->tracks[i].in_exit)
			put_exit(p, &p->tracks[i], p->tracks[i].last_time,
				 NULL);
	return ml_out_flush(&p->out, err);
}

static bool perfetto_remark(const void *state, char *buf, size_t size)
{
	const struct perfetto *p = state;
	int n = 0;

	buf[0] = '\0';
	if (p->untimed)
		n = snprintf(buf, size,
			     "the clock stepped while %" PRIu64 " slice%s "
			     "lasted, which %s shown without a length",
			     p->untimed, ml_s(p->untimed), ml_are(p->untimed));
	if (p->left_out)
		snprintf(buf + n, size - (size_t)n,
			 "%s%" PRIu64 " event%s at times of 2^63 ns and more, "
			 "which Perfetto does not have, %s left out",
			 n ? "; " : "", p->left_out, ml_s(p->left_out),
			 ml_are(p->left_out));
	return buf[0];
}

static void perfetto_close(void *state)
{
	struct perfetto *p = state;

	ml_free(&p->alloc, p->tracks);
}

const struct ml_render ml_render_perfetto = {
	.name = "perfetto",
	.title = "a trace for ui.perfetto.dev",
	.binary = true,
	.tells_logs = true,
	.timed = true,
	.state_size = sizeof(struct perfetto),
	.begin = perfetto_begin,
	.log_begin = perfetto_log_begin,
	.record = perfetto_record,
	.log_end = perfetto_log_end,
	.remark = perfetto_remark,
	.close = perfetto_close,
};
