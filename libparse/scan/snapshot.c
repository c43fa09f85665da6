/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.c - read a log consistently while it is being written.
 *
 * Read the header, the text, then the header again. If the headers are equal
 * nothing happened in between, and the copy is what the header describes. A log
 * that is written all the time never stays unchanged that long: then the first
 * header is kept, what was overwritten since is removed from it if the format
 * can do that, and the log is marked.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "scan.h"

/* A message takes microseconds; a burst of them ends within milliseconds. */
#define TRIES	8
#define WAIT_NS 200000

/* The most bytes of a header that are compared and read again. */
#define HEADER_MAX  (80u << 10)
#define HEADER_SOME 4096

bool ml_snapshot_needed(const struct memlog_image *image,
			const struct ml_log *log)
{
	const struct memlog_reader_ops *ops;

	if (!log->pub.n_extents ||
	    !memlog_image_has_space(image, log->extents[0].space))
		return false;
	ops = image->spaces[log->extents[0].space].ops;
	return ops->flags & MEMLOG_READER_LIVE;
}

static void snapshot_pause_for(int tries)
{
	struct timespec ts = { 0, (long)WAIT_NS * (tries + 1) };

	nanosleep(&ts, NULL);
}

/* ---- one extent --------------------------------------------------------- */

static enum memlog_status copy_init(struct ml_copy *c, uint64_t len,
				    const struct memlog_allocator *alloc,
				    struct memlog_err *err)
{
	*c = (struct ml_copy){ .len = len };
	c->bytes = ml_calloc(alloc, (size_t)len, 1);
	if (!c->bytes)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory to copy %llu byte%s of a live log",
			       (unsigned long long)len, ml_s(len));
	return MEMLOG_OK;
}

static void copy_fini(struct ml_copy *c, const struct memlog_allocator *alloc)
{
	ml_free(alloc, c->bytes);
	ml_free(alloc, c->have);
	*c = (struct ml_copy){ 0 };
}

static enum memlog_status snapshot_have(struct ml_copy *c, uint64_t off,
					uint64_t len,
					const struct memlog_allocator *alloc,
					struct memlog_err *err)
{
	enum memlog_status s;

	if (c->n_have && c->have[c->n_have - 1].end == off) {
		c->have[c->n_have - 1].end += len;
		return MEMLOG_OK;
	}
	s = ml_grow(alloc, &c->have, c->n_have, &c->cap_have, sizeof(*c->have),
		    err);
	if (!s)
		c->have[c->n_have++] = (struct memlog_range){ off, off + len };
	return s;
}

/* Fill a copy with the bytes of the extent that can be read. */
static enum memlog_status copy_read(struct ml_copy *c,
				    struct memlog_image *image,
				    const struct memlog_extent *e,
				    const struct memlog_allocator *alloc,
				    struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t off, step;
	size_t got;

	c->n_have = 0;
	for (off = 0; off < c->len; off += step) {
		s = memlog_image_read(image, e->space, e->addr + off,
				      c->bytes + off, (size_t)(c->len - off),
				      &got, err);
		if (s && s != MEMLOG_NO_DATA)
			return s;
		step = got;
		if (!s && got)
			s = snapshot_have(c, off, got, alloc, err);
		else
			s = MEMLOG_OK;
		if (s)
			return s;
		if (!got) /* a missing page */
			step = ML_PAGE - (e->addr + off) % ML_PAGE;
	}
	return MEMLOG_OK;
}

/* ---- a header ----------------------------------------------------------- */

struct header {
	uint8_t *bytes;
	size_t len;
};

static enum memlog_status header_read(struct header *h, size_t want,
				      struct memlog_image *image,
				      const struct memlog_extent *e,
				      struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t got = 1;

	for (h->len = 0; h->len < want && got && !s; h->len += got)
		s = memlog_image_read(image, e->space, e->addr + h->len,
				      h->bytes + h->len, want - h->len, &got,
				      err);
	return s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
}

static bool snapshot_stable(const struct ml_format *fmt, const struct header *a,
			    const struct header *b)
{
	size_t len = fmt->live.header ? ml_min(fmt->live.header, a->len) :
					a->len;

	if (a->len != b->len)
		return false;
	return fmt->live.stable ? fmt->live.stable(a->bytes, b->bytes, a->len) :
				  !memcmp(a->bytes, b->bytes, len);
}

static enum memlog_status snapshot_probe(struct ml_snapshot *snap,
					 const struct ml_log *old,
					 const struct header *h,
					 struct ml_log *ret,
					 struct memlog_err *err)
{
	struct ml_found found = { .extent = *old->extents };
	struct ml_probe p = { .bytes = h->bytes,
			      .len = h->len,
			      .space = old->extents->space,
			      .addr = old->extents->addr,
			      .at = true };
	uint32_t keep = MEMLOG_LOG_GUESSED | MEMLOG_LOG_INCOMPLETE |
			MEMLOG_LOG_CUT_OFF;
	enum memlog_status s = MEMLOG_NOT_MINE;

	memset(ret, 0, sizeof(*ret));
	ret->fmt = old->fmt;
	ret->boot_step = old->boot_step;
	ret->pub = old->pub;
	ret->pub.flags = 0;
	ret->pub.reason[0] = ret->pub.version[0] = '\0';
	ret->extents = &snap->extent;
	ret->pub.extents = &snap->extent;
	if (h->len >= old->fmt->probe_min)
		s = old->fmt->probe(&p, ret, &found, err);
	if (found.points || (s && s != MEMLOG_CORRUPT))
		return ml_fail_at(err, MEMLOG_NO_DATA, old->extents->addr,
				  "the log is not there any more: the guest "
				  "was reset or used the memory");
	ret->pub.flags |= old->pub.flags & keep;
	if (s)
		ret->pub.flags |= MEMLOG_LOG_DAMAGED;
	memcpy(ret->pub.variant, old->pub.variant, sizeof(ret->pub.variant));
	ret->pub.state = old->pub.state;
	if (!ret->pub.reason[0])
		memcpy(ret->pub.reason, old->pub.reason,
		       sizeof(ret->pub.reason));
	ret->foreign = old->foreign;
	ret->n_foreign = old->n_foreign;
	ret->absent = old->absent;
	ret->other = old->other;
	ret->other_at = old->other_at;
	ret->unjudged = old->unjudged;
	snap->extent = *old->extents;
	snap->extent.len = found.extent.len;
	return MEMLOG_OK;
}

/* ---- a log of one ring: its header is probed anew ----------------------- */

/* The last try: what the first header describes and was not overwritten. */
static void snapshot_narrow(struct ml_snapshot *snap, const struct ml_log *old,
			    const struct header *after)
{
	struct memlog_extent extent = snap->extent;
	bool lost = true;
	struct ml_log now;

	if (!old->fmt->live.narrow ||
	    snapshot_probe(snap, old, after, &now, NULL) ||
	    !old->fmt->live.narrow(&snap->log, &now, &lost))
		lost = true;
	snap->extent = extent;
	if (lost)
		snap->log.pub.flags |= MEMLOG_LOG_RACED;
}

static void snapshot_settle(struct ml_snapshot *snap,
			    struct memlog_image *image)
{
	struct ml_source source = { .image = image,
				    .log = &snap->log,
				    .copies = snap->copies };
	uint64_t budget = ML_SETTLED;

	if (snap->log.fmt->group.settle)
		snap->log.fmt->group.settle(&snap->log, &source, &budget);
}

static enum memlog_status one_try(struct ml_snapshot *snap,
				  struct memlog_image *image,
				  const struct ml_log *old, struct header *h,
				  bool last, struct memlog_err *err)
{
	size_t want = ml_min(old->fmt->probe_len, HEADER_MAX);
	struct ml_copy *c = snap->copies;
	enum memlog_status s;

	s = header_read(&h[0], want, image, old->extents, err);
	if (!s)
		s = snapshot_probe(snap, old, &h[0], &snap->log, err);
	if (s)
		return s;
	if (c->len != snap->extent.len) {
		copy_fini(c, &snap->alloc);
		s = copy_init(c, snap->extent.len, &snap->alloc, err);
	}
	if (!s)
		s = copy_read(c, image, &snap->extent, &snap->alloc, err);
	if (!s)
		snapshot_settle(snap, image);
	if (!s)
		s = header_read(&h[1], want, image, old->extents, err);
	if (s || snapshot_stable(old->fmt, &h[0], &h[1]))
		return s;
	if (last)
		snapshot_narrow(snap, old, &h[1]);
	return MEMLOG_LIMIT;
}

static enum memlog_status take_one(struct ml_snapshot *snap,
				   struct memlog_image *image,
				   const struct ml_log *old, struct header *h,
				   struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_LIMIT;
	int tries;

	for (tries = 0; s == MEMLOG_LIMIT && tries < TRIES; tries++) {
		if (tries)
			snapshot_pause_for(tries);
		s = one_try(snap, image, old, h, tries == TRIES - 1, err);
	}
	return s == MEMLOG_LIMIT ? MEMLOG_OK : s;
}

/* ---- a log of many parts: each is copied while it stands still ---------- */

static enum memlog_status take_part(struct ml_snapshot *snap,
				    struct memlog_image *image, size_t part,
				    struct header *h, struct memlog_err *err)
{
	const struct memlog_extent *e = &snap->log.extents[part];
	size_t want = ml_min(snap->log.fmt->probe_len, HEADER_MAX);
	struct ml_copy *c = &snap->copies[part];
	enum memlog_status s;
	int tries;

	want = ml_min(want ? want : HEADER_SOME, e->len);
	s = copy_init(c, e->len, &snap->alloc, err);
	for (tries = 0; !s && tries < TRIES; tries++) {
		if (tries)
			snapshot_pause_for(tries);
		s = header_read(&h[0], want, image, e, err);
		if (!s)
			s = copy_read(c, image, e, &snap->alloc, err);
		/* decoders read the header from the copy: the older one */
		if (!s && c->n_have)
			memcpy(c->bytes, h[0].bytes, h[0].len);
		if (!s)
			s = header_read(&h[1], want, image, e, err);
		if (!s && snapshot_stable(snap->log.fmt, &h[0], &h[1]))
			return MEMLOG_OK;
	}
	snap->log.pub.flags |= MEMLOG_LOG_RACED;
	return s;
}

static enum memlog_status take_all(struct ml_snapshot *snap,
				   struct memlog_image *image,
				   const struct ml_log *old, struct header *h,
				   struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	snap->log = *old;
	for (i = 0; i < snap->n_copies && !s; i++)
		s = take_part(snap, image, i, h, err);
	return s;
}

/* ------------------------------------------------------------------------- */

/* Does probe() of the first bytes tell what a decoder needs? Of what has no magic,
 * expand() does. */
static bool has_header(const struct ml_log *log)
{
	return !log->fmt->find.screen || !log->fmt->group.expand;
}

/* Is it too large to copy? */
static bool too_large(const struct ml_log *log)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < log->pub.n_extents; i++)
		if (!ml_add(all, log->extents[i].len, &all) ||
		    all > ML_MAX_SNAPSHOT)
			return true;
	return false;
}

enum memlog_status ml_snapshot_init(struct ml_snapshot *snap,
				    struct memlog_image *image,
				    const struct ml_log *log,
				    struct memlog_err *err)
{
	struct header h[2] = { { 0 } };
	enum memlog_status s;

	memset(snap, 0, sizeof(*snap));
	snap->alloc = image->alloc;
	if (too_large(log)) {
		snap->log = *log;
		snap->log.pub.flags |= MEMLOG_LOG_RACED;
		return MEMLOG_OK;
	}
	snap->n_copies = log->pub.n_extents;
	snap->copies =
		ml_calloc(&snap->alloc, snap->n_copies, sizeof(*snap->copies));
	h[0].bytes = ml_calloc(&snap->alloc, 2, HEADER_MAX);
	s = MEMLOG_NO_MEMORY;
	if (!snap->copies || !h[0].bytes) {
		ml_fail(err, s, "no memory to copy a live log");
	} else {
		h[1].bytes = h[0].bytes + HEADER_MAX;
		s = has_header(log) && snap->n_copies == 1 ?
			    take_one(snap, image, log, h, err) :
			    take_all(snap, image, log, h, err);
	}
	ml_free(&snap->alloc, h[0].bytes);
	if (s)
		ml_snapshot_fini(snap);
	return s;
}

void ml_snapshot_fini(struct ml_snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->n_copies && snap->copies; i++)
		copy_fini(&snap->copies[i], &snap->alloc);
	ml_free(&snap->alloc, snap->copies);
	snap->copies = NULL;
	snap->n_copies = 0;
}
