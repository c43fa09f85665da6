/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* decoder.c - read the records of one log. */
#include <string.h>

#include "base/err.h"
#include "base/sized.h"
#include "scan.h"

struct memlog_decoder {
	struct memlog_allocator alloc;
	struct ml_source source;
	const struct ml_format *fmt;
	struct memlog_decode_opts user;
	struct memlog_record rec;
	struct ml_snapshot snap; /* of a live image */
	bool ended, has_snap, is_open;
	_Alignas(16) uint8_t state[];
};

static enum memlog_status take_snapshot(struct memlog_decoder *d,
					struct memlog_err *err)
{
	enum memlog_status s;

	if (!ml_snapshot_needed(d->source.image, d->source.log))
		return MEMLOG_OK;
	s = ml_snapshot_init(&d->snap, d->source.image, d->source.log, err);
	if (s)
		return s;
	d->has_snap = true;
	d->source.log = &d->snap.log;
	d->source.copies = d->snap.copies;
	return MEMLOG_OK;
}

/* After a format's open() or next(): a read that failed is the decoder's error, also where
 * the format took it for missing bytes. What can be read comes first. */
static enum memlog_status decoder_failed(const struct memlog_decoder *d,
					 enum memlog_status s,
					 struct memlog_err *err)
{
	const struct memlog_err *failed = &d->source.failed;

	if (!failed->status || (!s && failed->status != MEMLOG_STOP &&
				failed->status != MEMLOG_NO_MEMORY))
		return s;
	if (err)
		*err = *failed;
	return failed->status;
}

static enum memlog_status decoder_format_open(struct memlog_decoder *d,
					      const struct ml_decoder_opts *o,
					      struct memlog_err *err)
{
	enum memlog_status s = d->fmt->open(d->state, &d->source, o, err), all;

	all = decoder_failed(d, s, err);
	if (all && !s && d->fmt->close)
		d->fmt->close(d->state, &d->source);
	return all;
}

enum memlog_status memlog_decoder_open(struct memlog_image *image,
				       const struct memlog_log *log,
				       const struct memlog_decode_opts *opts,
				       struct memlog_decoder **ret,
				       struct memlog_err *err)
{
	const struct ml_log *ml = (const struct ml_log *)log;
	struct ml_decoder_opts o = { .alloc = image->alloc };
	struct memlog_decoder *d;
	enum memlog_status s;

	s = ml_sized_check(opts, "memlog_decode_opts", err);
	if (s)
		return s;
	if (!ml->fmt->open || (log->flags & MEMLOG_LOG_NOT_A_LOG))
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "%s is listed, and has no text to print",
			       log->title);
	d = ml_calloc(&image->alloc, 1, sizeof(*d) + ml->fmt->state_size);
	if (!d)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to decode");
	d->alloc = image->alloc;
	d->source.image = image;
	d->source.log = ml;
	d->fmt = ml->fmt;
	ml_sized_in(&d->user, sizeof(d->user), opts);
	o.user = &d->user;
	s = take_snapshot(d, err);
	if (!s) {
		s = decoder_format_open(d, &o, err);
		if (s && d->has_snap)
			ml_snapshot_fini(&d->snap);
	}
	if (s) {
		ml_free(&d->alloc, d);
		return s;
	}
	d->is_open = true;
	*ret = d;
	return ml_return(err, MEMLOG_OK);
}

enum memlog_status memlog_decoder_next(struct memlog_decoder *d,
				       const struct memlog_record **ret,
				       struct memlog_err *err)
{
	enum memlog_status s;

	if (d->ended)
		return MEMLOG_NO_DATA;
	memset(&d->rec, 0, sizeof(d->rec));
	d->rec.size = sizeof(d->rec);
	d->rec.log = &d->source.log->pub;
	d->rec.cpu = -1;
	d->rec.has_boot = d->source.log->pub.has_boot;
	s = d->fmt->next(d->state, &d->source, &d->rec, err);
	s = decoder_failed(d, s, err);
	if (s) {
		d->ended = true;
		return s;
	}
	d->rec.boot += d->source.log->pub.boot;
	if (d->source.log->pub.flags & MEMLOG_LOG_RACED)
		d->rec.flags |= MEMLOG_REC_RACED;
	if (d->source.log->pub.flags & MEMLOG_LOG_GUESSED)
		d->rec.flags |= MEMLOG_REC_GUESSED;
	if (d->source.log->pub.state == MEMLOG_STATE_STALE)
		d->rec.flags |= MEMLOG_REC_STALE;
	*ret = &d->rec;
	return ml_return(err, MEMLOG_OK);
}

const struct memlog_log *memlog_decoder_log(const struct memlog_decoder *d)
{
	return &d->source.log->pub;
}

struct ml_source *ml_decoder_source(struct memlog_decoder *d)
{
	return &d->source;
}

enum memlog_status ml_decoder_rewind(struct memlog_decoder *d,
				     struct memlog_err *err)
{
	struct ml_decoder_opts o = { .user = &d->user, .alloc = d->alloc };
	enum memlog_status s;

	if (d->is_open && d->fmt->close)
		d->fmt->close(d->state, &d->source);
	memset(d->state, 0, d->fmt->state_size);
	d->source.missing = d->source.damaged = 0;
	d->source.failed.status = MEMLOG_OK;
	d->source.note[0] = '\0';
	s = decoder_format_open(d, &o, err);
	d->is_open = !s;
	d->ended = s;
	return s;
}

uint64_t memlog_decoder_missing(const struct memlog_decoder *d)
{
	return d->source.missing;
}

uint64_t memlog_decoder_damaged(const struct memlog_decoder *d)
{
	return d->source.damaged;
}

const char *memlog_decoder_note(const struct memlog_decoder *d)
{
	return d->source.note;
}

void memlog_decoder_close(struct memlog_decoder *d)
{
	if (!d)
		return;
	if (d->is_open && d->fmt->close)
		d->fmt->close(d->state, &d->source);
	if (d->has_snap)
		ml_snapshot_fini(&d->snap);
	ml_free(&d->alloc, d);
}
