/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * advlogger.c - the AdvancedLogger of Project Mu, in guests of Hyper-V too, as text.
 *
 * A message is not a line: lines are put together, and have the time and the phase of the
 * message that begins them, and the most severe level.
 */
#include "advlogger.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/plural.h"
#include "format/edk2.h"
#include "format/lines.h"

struct advlogger_decoder {
	struct adv_walk walk;
	struct adv_message message;
	uint64_t at;   /* the next byte of its text */
	uint64_t end;  /* of its text; at if there is no message */
	uint64_t lost; /* bytes before what is in buf */
	uint64_t user_hz;
	uint32_t first_flags; /* for the first record only */
	size_t n, keep; /* bytes in buf; the first that the next record has */
	bool noted;
	uint8_t buf[ML_MAX_LINE];
};

static size_t advlogger_text(const struct ml_log *log, size_t extent,
			     struct memlog_image *image,
			     struct memlog_range ret[2])
{
	(void)extent;
	(void)image;
	return ml_advlogger_parts(log, ret);
}

static enum memlog_status advlogger_open(void *state, struct ml_source *source,
					 const struct ml_decoder_opts *opts,
					 struct memlog_err *err)
{
	const struct advlogger *a = ml_advlogger_const(source->log);
	const struct memlog_extent *e = source->log->extents;
	struct advlogger_decoder *d = state;

	(void)err;
	ml_advlogger_walk_init(&d->walk, source->log);
	d->user_hz = opts->user->tsc_hz;
	if (a->wrapped)
		d->first_flags = MEMLOG_REC_TRUNCATED_HEAD;
	if (a->discarded)
		ml_image_warn(source->image,
			      "the log at %s:0x%" PRIx64 " was full: the "
			      "firmware discarded %" PRIu32
			      " byte%s of messages",
			      memlog_space_name(e->space), e->addr,
			      a->discarded, ml_s(a->discarded));
	return MEMLOG_OK;
}

/* ---- what is known of a message ----------------------------------------- */

/* When that was, in microseconds since 1970 */
static void advlogger_date(const struct advlogger *a, uint64_t stamp,
			   struct memlog_record *rec)
{
	double us, since = (double)stamp - (double)a->ticks;

	if (!a->dated || !a->hz)
		return;
	us = (a->date + since / (double)a->hz) * 1e6;
	if (us >= 0 && us <= 1e18)
		ml_record_field(rec, "utc_us", MEMLOG_FIELD_UINT, (uint64_t)us);
}

/* The record has text of this message. */
static void advlogger_describe(struct advlogger_decoder *d,
			       const struct advlogger *a,
			       struct memlog_record *rec)
{
	const struct adv_message *m = &d->message;
	uint32_t level = ml_edk2_level(m->level);

	if (rec->has_level) {
		rec->level = (uint32_t)ml_min(rec->level, level);
		return;
	}
	rec->has_level = true;
	rec->level = level;
	rec->phase = ml_edk2_phase(m->phase);
	rec->has_time = m->stamp > 0;
	rec->time = m->stamp;
	rec->time_hz = a->hz ? a->hz : d->user_hz;
	if (rec->has_time)
		advlogger_date(a, m->stamp, rec);
}

/* ---- lines -------------------------------------------------------------- */

/* The next message that has text; false: there is none. */
static bool advlogger_message(struct advlogger_decoder *d,
			      struct ml_source *source)
{
	while (d->at == d->end) {
		if (!ml_advlogger_walk_next(&d->walk, source, &d->message))
			return false;
		d->at = d->message.text;
		d->end = d->at + d->message.len;
	}
	return true;
}

/* Append text of the message, up to the end of a line or of buf. True: that ends the
 * record. */
static bool advlogger_append(struct advlogger_decoder *d,
			     struct ml_source *source)
{
	size_t room = sizeof(d->buf) - d->n, n;
	const uint8_t *p, *lf;

	n = ml_advlogger_walk_see(&d->walk, source, d->at,
				  ml_min(room, d->end - d->at),
				  d->walk.part[d->walk.cur].end, &p);
	if (!n) {
		n = ml_advlogger_walk_gap(source, d->at, d->end);
		d->at += n;
		d->walk.lost += n;
		return false;
	}
	lf = memchr(p, '\n', n);
	if (lf)
		n = (size_t)(lf - p) + 1;
	memcpy(d->buf + d->n, p, n);
	d->n += n;
	d->at += n;
	return lf || d->n == sizeof(d->buf);
}

/* The first n bytes of buf; the rest is for the next record. */
static void advlogger_emit(struct advlogger_decoder *d, size_t n,
			   struct memlog_record *rec)
{
	rec->text = rec->raw = d->buf;
	rec->text_len = rec->raw_len = n;
	rec->lost = d->lost;
	if (d->lost)
		rec->flags |= MEMLOG_REC_LOST_BEFORE;
	if (d->buf[n - 1] != '\n')
		rec->flags |= d->n == sizeof(d->buf) ? MEMLOG_REC_CONTINUES :
						       MEMLOG_REC_PARTIAL_TAIL;
	rec->flags |= d->first_flags;
	d->lost = 0;
	d->first_flags = 0;
	d->keep = n;
}

/* Fill buf with a line, or with what there is of it before bytes are lost. */
static void advlogger_line(struct advlogger_decoder *d,
			   struct ml_source *source, struct memlog_record *rec)
{
	const struct advlogger *a = ml_advlogger_const(source->log);
	bool ended = false;

	memmove(d->buf, d->buf + d->keep, d->n - d->keep);
	d->n -= d->keep;
	d->keep = 0;
	if (d->n)
		advlogger_describe(d, a, rec);
	while (!ended && advlogger_message(d, source)) {
		if (d->walk.lost && d->n)
			return;
		d->lost += d->walk.lost;
		d->walk.lost = 0;
		ended = advlogger_append(d, source);
		if (d->n)
			advlogger_describe(d, a, rec);
	}
}

static enum memlog_status advlogger_next(void *state, struct ml_source *source,
					 struct memlog_record *rec,
					 struct memlog_err *err)
{
	const struct advlogger *a = ml_advlogger_const(source->log);
	struct advlogger_decoder *d = state;
	size_t n;

	(void)err;
	advlogger_line(d, source, rec);
	if (a->wrapped)
		rec->flags |= MEMLOG_REC_GUESSED;
	if (!d->n && a->wrapped && !d->noted) {
		ml_source_note_add(source, "the order of its messages is "
					   "guessed: nothing says that it "
					   "wrapped");
		d->noted = true;
	}
	if (!d->n)
		return MEMLOG_NO_DATA;
	n = d->n;
	if (n == sizeof(d->buf) && d->buf[n - 1] != '\n')
		n = ml_lines_cut(d->buf, n);
	advlogger_emit(d, n, rec);
	return MEMLOG_OK;
}

static const struct ml_magic advlogger_magics[] = {
	{ .bytes = "ALOG", .len = 4, .align = ML_PAGE, .fine = ADV_ALIGN },
	{ .len = 0 },
};

const struct ml_format ml_format_advlogger = {
	.name = "advlogger",
	.title = "AdvancedLogger of Project Mu and Hyper-V",
	.magics = advlogger_magics,
	.probe = ml_advlogger_probe,
	.probe_min = ADV_PROBE_MIN,
	.probe_len = ADV_PROBE_LEN,
	.open = advlogger_open,
	.next = advlogger_next,
	.state_size = sizeof(struct advlogger_decoder),
	.find.glance = ml_advlogger_glance,
	.group.settle = ml_advlogger_settle,
	.group.expand = ml_advlogger_expand,
	.group.relate = ml_advlogger_relate,
	.group.text = advlogger_text,
	.group.own = ml_advlogger_own,
	.live.header = ADV_HEADER,
	.live.narrow = ml_advlogger_narrow,
	.live.position = ml_advlogger_position,
	.say.moment = ml_edk2_moment,
	.say.fault = ml_edk2_fault,
	.say.takes = ML_TAKES_RATE,
	.say.absent = "firmware of Project Mu and of Hyper-V's machines of "
		      "generation 2 has an AdvancedLogger; other firmware, "
		      "such as OVMF, has none",
	.say.reserved = true,
	.say.efi = true,
};
