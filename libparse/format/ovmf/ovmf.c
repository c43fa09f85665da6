/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ovmf.c - the memory debug log of OVMF and ArmVirtQemu, as text.
 *
 * A byte ring without records; a line is a record. The byte at tail is never
 * used, so a ring of N bytes holds N-1. Our firmware keeps times and levels
 * beside it.
 */
#include "ovmf.h"

#include "base/bytes.h"
#include "format/edk2.h"
#include "format/lines.h"
#include "index.h"

struct ovmf_decoder {
	struct ml_lines lines;
	struct ovmf_index index;
	uint64_t user_hz;
	bool within; /* the record before was the beginning of a line */
};

/* A ring that wrapped starts in the middle of a line, unless the last byte
 * dropped, still in the unused slot, is a line end. */
static bool first_line_whole(struct ml_source *source, const struct ovmf *o)
{
	uint8_t before;
	size_t got;

	if (o->state != OVMF_WRAPPED || o->lock == 2 ||
	    o->head != (o->tail + 1) % o->size)
		return false;
	return !ml_source_read(source, 0, o->header_size + o->tail, &before, 1,
			       &got, NULL, NULL) &&
	       got == 1 && before == '\n';
}

/* How many bytes a message in flight has put after the tail. Known if the head
 * has already moved; else what looks new: up to the first NUL of a ring that
 * was zeroed, up to the first line end in one that wrapped. */
static uint64_t uncommitted_len(struct ml_source *source, const struct ovmf *o)
{
	uint64_t n = 0, max = ml_min(OVMF_MESSAGE_MAX - 1, o->size - 1);
	uint8_t c;
	size_t got;

	if (o->in_flight)
		return o->in_flight;
	if (o->lock != 2)
		return 0;
	while (n < max &&
	       !ml_source_read(source, 0,
			       o->header_size + (o->tail + n) % o->size, &c, 1,
			       &got, NULL, NULL) &&
	       got == 1) {
		if (!c)
			break;
		n++;
		if (c == '\n' && o->state == OVMF_WRAPPED)
			break;
	}
	return n;
}

static void add_uncommitted(struct ovmf_decoder *d, struct ml_source *source,
			    const struct ovmf *o)
{
	uint32_t flags = MEMLOG_REC_UNCOMMITTED;

	if (!o->in_flight && o->state == OVMF_WRAPPED)
		flags |= MEMLOG_REC_GUESSED;
	ml_lines_add_ring(&d->lines, o->header_size, o->size, o->tail,
			  uncommitted_len(source, o), flags);
}

/* The rest of the ring may be missing: dumps leave out pages of zeros. */
static size_t ovmf_text(const struct ml_log *log, size_t extent,
			struct memlog_image *image, struct memlog_range ret[2])
{
	const struct ovmf *o = ml_ovmf_const(log);
	uint64_t from = o->header_size;

	(void)extent;
	(void)image;
	switch (o->state) {
	case OVMF_LINEAR:
	case OVMF_WRAPPED:
		return ml_ring_parts(from, o->size, o->head, o->tail, ret);
	case OVMF_BAD_OFFSETS:
		ret[0] = (struct memlog_range){ from, from + o->size };
		return 1;
	default:
		return 0;
	}
}

/* If the offsets cannot be trusted, the text is the whole ring without the
 * zeros at its end. */
static uint64_t trimmed_len(struct ml_source *source, const struct ovmf *o)
{
	uint8_t buf[512];
	uint64_t end = o->size, from;
	size_t got;

	while (end) {
		from = end > sizeof(buf) ? end - sizeof(buf) : 0;
		if (ml_source_read(source, 0, o->header_size + from, buf,
				   end - from, &got, NULL, NULL) ||
		    got != end - from)
			return end;
		while (got && !buf[got - 1])
			got--;
		if (got)
			return from + got;
		end = from;
	}
	return 0;
}

static enum memlog_status ovmf_open(void *state, struct ml_source *source,
				    const struct ml_decoder_opts *opts,
				    struct memlog_err *err)
{
	const struct ovmf *o = ml_ovmf_const(source->log);
	struct ovmf_decoder *d = state;

	switch (o->state) {
	case OVMF_LINEAR:
	case OVMF_WRAPPED:
		ml_lines_add_ring(&d->lines, o->header_size, o->size, o->head,
				  (o->tail + o->size - o->head) % o->size, 0);
		break;
	case OVMF_BAD_OFFSETS:
		ml_lines_add(&d->lines, 0, o->header_size,
			     trimmed_len(source, o), MEMLOG_REC_GUESSED);
		break;
	case OVMF_EMPTY:
	case OVMF_MID_INIT:
		break;
	}
	if ((source->log->pub.flags &
	     (MEMLOG_LOG_WRAPPED | MEMLOG_LOG_LOST_HEAD)) &&
	    !first_line_whole(source, o))
		d->lines.first_flags = MEMLOG_REC_TRUNCATED_HEAD;
	d->user_hz = opts->user->tsc_hz;
	ml_ovmf_index_open(&d->index, source);
	if (opts->user->uncommitted && o->state <= OVMF_WRAPPED)
		add_uncommitted(d, source, o);
	/* bytes read only to decide do not count as missing text */
	source->missing = 0;
	return MEMLOG_OK;
}

/* Its prefix has less than the index, and counts only without an entry of that. */
static void ovmf_describe(struct ovmf_decoder *d, struct ml_source *source,
			  struct memlog_record *rec)
{
	struct ovmf_prefix prefix;
	size_t n = 0;

	if (!d->index.ext.unprefixed && !d->within)
		n = ml_ovmf_prefix(rec->text, rec->text_len, &prefix);
	d->within = rec->flags & MEMLOG_REC_CONTINUES;
	d->index.ext.prefixed |= n > 0;
	if (d->index.ext.prefixed)
		ml_record_message(rec, n);
	ml_ovmf_index_apply(&d->index, source, d->user_hz, rec);
	if (!n || rec->has_level)
		return;
	rec->has_level = true;
	rec->level = prefix.level;
	rec->has_time = prefix.has_time;
	rec->time = prefix.us;
	rec->time_hz = 1000000;
}

static enum memlog_status ovmf_next(void *state, struct ml_source *source,
				    struct memlog_record *rec,
				    struct memlog_err *err)
{
	struct ovmf_decoder *d = state;
	enum memlog_status s = ml_lines_next(&d->lines, source, rec, err);

	if (!s)
		ovmf_describe(d, source, rec);
	else
		ml_ovmf_index_end(&d->index, source);
	return s;
}

/* The first eight bytes also find unknown second magics; their copies in
 * firmware code are never at the start of a page. */
static const struct ml_magic magics[] = {
	{ .bytes = "ovmfmdg1", .len = 8, .align = 4096 },
	{ .bytes = "ovmfmdgl", .len = 8, .align = 4096 },
	{ .bytes = "ovmfmemdebugmagc", .len = 16, .align = 4096 },
	{ .len = 0 },
};

const struct ml_format ml_format_ovmf = {
	.name = "ovmf",
	.title = "OVMF memory debug log",
	.magics = magics,
	.probe = ml_ovmf_probe,
	.probe_min = OVMF_PROBE_MIN,
	.probe_len = OVMF_PROBE_LEN,
	.open = ovmf_open,
	.next = ovmf_next,
	.state_size = sizeof(struct ovmf_decoder),
	.find.glance = ml_ovmf_glance,
	.find.likely = ml_ovmf_likely,
	.find.locate = ml_ovmf_locate,
	.find.pointed = ml_ovmf_pointed,
	.group.relate = ml_ovmf_relate,
	.group.text = ovmf_text,
	.group.own = ml_ovmf_own,
	.live.stable = ml_ovmf_stable,
	.live.narrow = ml_ovmf_narrow,
	.live.position = ml_ovmf_position,
	.say.module = ml_ovmf_module,
	.say.moment = ml_edk2_moment,
	.say.fault = ml_edk2_fault,
	.say.takes = ML_TAKES_UNCOMMITTED,
	.say.absent = "the firmware may not log into memory: OVMF does if "
		      "built with -D DEBUG_TO_MEM=TRUE, and not with fw_cfg "
		      "opt/ovmf/MemDebugLogPages 0; memlog(7) says how to tell",
	.say.usual = true,
	.say.reserved = true,
	.say.efi = true,
};
