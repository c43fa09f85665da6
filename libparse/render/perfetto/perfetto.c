/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * perfetto.c - a trace for ui.perfetto.dev: what render/trace makes of the records,
 * lines of text as events without a length.
 *
 * Format: protocol buffers, field numbers of perfetto's trace_packet.proto,
 * track_event.proto, track_descriptor.proto and debug_annotation.proto. Time is
 * in nanoseconds.
 */
#include "render/render.h"

#include <stdio.h>
#include <string.h>

#include "render/out.h"
#include "render/trace/slices.h"
#include "annotate.h"

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
/* TrackDescriptor; tracks of a parent are in the order of their ranks */
enum {
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PARENT = 5,
	TRACK_CHILDREN = 11,
	TRACK_RANK = 12,
};
enum { CHILDREN_BY_RANK = 3 };
/* TrackEvent */
enum {
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3 };
#define NAME_MAX_BYTES 200u

/* Number of the track of a group itself, which has no CPU. */
#define TRACK_GROUP INT32_C(-2)

struct perfetto {
	struct ml_out out;
	const char *image;
	bool many;    /* images, which share one output */
	uint64_t tag; /* of this image, part of its track numbers */
	const struct memlog_log *log;
	struct ml_slices *slices;
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

static uint64_t uuid_of(const struct perfetto *p,
			const struct ml_slice_track *t)
{
	return p->tag ^ (uint64_t)t->lane << 56 ^ (uint64_t)t->group << 48 ^
	       (((uint64_t)p->log->id + 1) << 32 | ((uint32_t)t->cpu + 2));
}

static uint64_t uuid_of_group(const struct perfetto *p, uint32_t group)
{
	const struct ml_slice_track t = { group, TRACK_GROUP, 0 };

	return uuid_of(p, &t);
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

/* ---- tracks ------------------------------------------------------------- */

static void perfetto_group(void *self, uint32_t group, const char *name)
{
	struct perfetto *p = self;

	p->inner.len = p->packet.len = 0;
	ml_pb_uint(&p->inner, TRACK_UUID, uuid_of_group(p, group));
	ml_pb_str(&p->inner, TRACK_NAME, name);
	ml_pb_uint(&p->inner, TRACK_CHILDREN, CHILDREN_BY_RANK);
	ml_pb_uint(&p->packet, PACKET_SEQUENCE, 1);
	if (group == ML_SLICES_LOG)
		ml_pb_uint(&p->packet, PACKET_FLAGS, STATE_CLEARED);
	ml_pb_bytes(&p->packet, PACKET_TRACK, p->inner.buf, p->inner.len);
	put_packet(p);
}

static void perfetto_track(void *self, const struct ml_slice_track *track,
			   const char *name)
{
	struct perfetto *p = self;

	p->inner.len = p->packet.len = 0;
	ml_pb_uint(&p->inner, TRACK_UUID, uuid_of(p, track));
	ml_pb_str(&p->inner, TRACK_NAME, name);
	ml_pb_uint(&p->inner, TRACK_PARENT, uuid_of_group(p, track->group));
	ml_pb_uint(&p->inner, TRACK_RANK, ml_slice_rank(track));
	ml_pb_uint(&p->packet, PACKET_SEQUENCE, 1);
	ml_pb_bytes(&p->packet, PACKET_TRACK, p->inner.buf, p->inner.len);
	put_packet(p);
}

/* ---- events ------------------------------------------------------------- */

/* Start an event in p->inner. */
static void perfetto_event(struct perfetto *p,
			   const struct ml_slice_track *track, int type,
			   const struct ml_slice *s)
{
	unsigned int i;

	p->inner.len = p->packet.len = 0;
	ml_pb_uint(&p->inner, EVENT_TYPE, (uint64_t)type);
	ml_pb_uint(&p->inner, EVENT_TRACK, uuid_of(p, track));
	if (type == TYPE_END)
		return;
	ml_pb_str(&p->inner, EVENT_CATEGORY, s->category);
	ml_pb_str(&p->inner, EVENT_NAME, s->name);
	if (s->text)
		ml_annotate_text(&p->inner, "text", s->text, s->text_len);
	if (s->text && s->rec->component)
		ml_annotate_mark(&p->inner, "component", s->rec->component);
	if (s->text && s->rec->phase)
		ml_annotate_mark(&p->inner, "phase", s->rec->phase);
	for (i = 0; i < s->n_fields && p->inner.len < ML_PB_MAX / 2; i++)
		ml_annotate(&p->inner, "", &s->fields[i]);
	if (s->unpaired)
		ml_annotate_mark(&p->inner, "unpaired", s->unpaired);
}

static void put_event(struct perfetto *p, uint64_t ns)
{
	ml_pb_uint(&p->packet, PACKET_TIMESTAMP, ns);
	ml_pb_uint(&p->packet, PACKET_SEQUENCE, 1);
	ml_pb_bytes(&p->packet, PACKET_EVENT, p->inner.buf, p->inner.len);
	put_packet(p);
}

static void perfetto_slice(void *self, const struct ml_slice_track *track,
			   const struct ml_slice *s)
{
	struct perfetto *p = self;

	perfetto_event(p, track, TYPE_BEGIN, s);
	put_event(p, s->begin);
	perfetto_event(p, track, TYPE_END, s);
	if (s->last)
		ml_annotate_fields(&p->inner, "exit_", s->last);
	if (s->untimed)
		ml_annotate_mark(&p->inner, "untimed", "clock step");
	put_event(p, s->end);
}

static void perfetto_instant(void *self, const struct ml_slice_track *track,
			     const struct ml_slice *s)
{
	struct perfetto *p = self;

	perfetto_event(p, track, TYPE_INSTANT, s);
	put_event(p, s->begin);
}

static const struct ml_slices_ops perfetto_ops = {
	.group = perfetto_group,
	.track = perfetto_track,
	.slice = perfetto_slice,
	.instant = perfetto_instant,
	.line = perfetto_instant,
};

static enum memlog_status perfetto_begin(void *state,
					 const struct ml_render_opts *opts,
					 const struct memlog_sink *sink,
					 struct memlog_err *err)
{
	struct perfetto *p = state;

	ml_out_init(&p->out, sink);
	p->image = opts->image;
	p->many = opts->many;
	p->tag = tag_of(opts->image);
	return ml_slices_create(opts->alloc, opts->tsc_hz, &perfetto_ops, p,
				&p->slices, err);
}

static enum memlog_status perfetto_log_begin(void *state,
					     const struct memlog_log *log,
					     struct memlog_err *err)
{
	struct perfetto *p = state;
	char name[NAME_MAX_BYTES], safe[2 * NAME_MAX_BYTES];

	(void)err;
	p->log = log;
	snprintf(name, sizeof(name), "%s%s%s%s%.100s", log->title,
		 log->variant[0] ? ", " : "", log->variant,
		 p->many ? " of " : "", p->many ? p->image : "");
	ml_slices_begin(p->slices, log,
			memlog_escape(name, safe, sizeof(safe)));
	return MEMLOG_OK;
}

static enum memlog_status perfetto_record(void *state,
					  const struct memlog_record *rec,
					  struct memlog_err *err)
{
	struct perfetto *p = state;
	enum memlog_status s = ml_slices_add(p->slices, rec, err);

	return s || !p->out.status ? s : ml_out_flush(&p->out, err);
}

static enum memlog_status perfetto_log_end(void *state,
					   const struct memlog_log *log,
					   uint64_t missing,
					   struct memlog_err *err)
{
	struct perfetto *p = state;

	(void)log;
	(void)missing;
	ml_slices_end(p->slices);
	return ml_out_flush(&p->out, err);
}

static bool perfetto_remark(const void *state, char *buf, size_t size)
{
	const struct perfetto *p = state;

	return ml_slices_remark(p->slices, buf, size);
}

static void perfetto_close(void *state)
{
	struct perfetto *p = state;

	ml_slices_destroy(p->slices);
}

const struct ml_render ml_render_perfetto = {
	.name = "perfetto",
	.title = "a trace for ui.perfetto.dev",
	.binary = true,
	.tells_logs = true,
	.timed = true,
	.seconds = true,
	.state_size = sizeof(struct perfetto),
	.begin = perfetto_begin,
	.log_begin = perfetto_log_begin,
	.record = perfetto_record,
	.log_end = perfetto_log_end,
	.remark = perfetto_remark,
	.close = perfetto_close,
};
