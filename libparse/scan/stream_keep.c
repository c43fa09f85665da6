/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stream_keep.c - which bytes of a pipe belong to logs, and are kept. */
#include "stream.h"

#include <string.h>

#include "base/bytes.h"
#include "base/range.h"

/* ---- what is kept ------------------------------------------------------- */

/* Keep [off, end): what is in the window now, the rest when it comes. For
 * places close to each other most was already requested. */
static enum memlog_status stream_want(struct ml_stream *st, uint64_t off,
				      uint64_t end, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t from, to;

	if (off >= st->kept.start && off <= st->kept.end)
		off = st->kept.end;
	else
		st->kept.start = off;
	if (off >= end)
		return MEMLOG_OK;
	st->kept.end = end;
	from = ml_max(off, st->base);
	to = ml_min(end, ml_stream_end(st));
	if (from < to)
		s = ml_capture_add(st->capture, from,
				   st->buf + (from - st->base),
				   (size_t)(to - from), err);
	from = ml_max(off, ml_stream_end(st));
	if (s || from >= end)
		return s;
	s = ml_grow(&st->alloc, &st->wanted, st->n_wanted, &st->cap_wanted,
		    sizeof(*st->wanted), err);
	if (s)
		return s;
	st->wanted[st->n_wanted++] = (struct memlog_range){ from, end };
	st->n_wanted = ml_ranges_merge(st->wanted, st->n_wanted);
	return MEMLOG_OK;
}

enum memlog_status ml_stream_keep_new(struct ml_stream *st,
				      struct memlog_err *err)
{
	uint64_t end = ml_stream_end(st), to;
	enum memlog_status s = MEMLOG_OK;
	size_t i, left = 0;

	for (i = 0; i < st->n_wanted && !s; i++) {
		struct memlog_range *w = &st->wanted[i];

		to = ml_min(w->end, end);
		if (w->start < to)
			s = ml_capture_add(st->capture, w->start,
					   st->buf + (w->start - st->base),
					   (size_t)(to - w->start), err);
		w->start = ml_max(w->start, to);
		if (w->start < w->end)
			st->wanted[left++] = *w;
	}
	st->n_wanted = left;
	return s;
}

/* Keep the pages of a run of addresses, wherever the headers put them in the
 * file. log: it is a log, not the surroundings of one. */
static enum memlog_status stream_want_addr(struct ml_stream *st, uint64_t addr,
					   uint64_t len, bool log,
					   struct memlog_err *err)
{
	uint64_t end, off, n;
	enum memlog_status s = MEMLOG_OK;
	const struct ml_load *l;

	st->found |= log;
	if (!ml_add(addr, len, &end) ||
	    !ml_add(end, (ML_PAGE - end % ML_PAGE) % ML_PAGE, &end))
		end = UINT64_MAX;
	addr -= addr % ML_PAGE;
	if (!st->covered)
		return stream_want(st, ml_max(addr, st->delta) - st->delta,
				   end - st->delta, err);
	while (addr < end && !s) {
		l = ml_loads_find(&st->loads, addr);
		if (!l) {
			size_t i = ml_loads_after(&st->loads, addr);

			if (i == st->loads.n_loads)
				break;
			addr = st->loads.loads[i].addr;
			continue;
		}
		n = ml_min(end - addr, l->addr + l->len - addr);
		off = l->off + (addr - l->addr);
		if (log && off < st->base &&
		    (off < st->kept.start || off > st->kept.end))
			st->late = true;
		s = stream_want(st, off, off + n, err);
		addr += n;
	}
	return s;
}

/* ---- candidates --------------------------------------------------------- */

static enum memlog_status stream_keep(struct ml_stream *st,
				      const struct ml_format *fmt,
				      const struct memlog_extent *e,
				      bool pointed)
{
	uint64_t reach = ml_min(fmt->find.reach, ML_STREAM_BACK), start;
	enum memlog_status s;

	if (fmt->find.needs_random)
		st->random = fmt->name;
	s = stream_want_addr(st, e->addr, e->len, true, st->err);
	/* a header says where all of the log is */
	if (s || pointed || !reach || st->n_reached++ >= ML_MAX_LOGS)
		return s;
	start = e->addr > reach ? e->addr - reach : 0;
	return stream_want_addr(st, start, e->addr - start + reach, false,
				st->err);
}

/* Probe what is in the window at p->off. ret->points: it is a header, and is
 * kept. */
static enum memlog_status stream_probe(struct ml_stream *st,
				       const struct ml_stream_pointer *p,
				       struct ml_found *ret)
{
	struct ml_probe probe = { .space = MEMLOG_PHYS,
				  .addr = p->addr,
				  .hint = p->n ? p->hint : NULL };
	struct ml_log log = { .fmt = p->fmt };
	enum memlog_status s;

	*ret = (struct ml_found){
		.extent = { .space = MEMLOG_PHYS, .addr = p->addr, .cpu = -1 }
	};
	if (p->off < st->base || p->off >= ml_stream_end(st))
		return MEMLOG_OK;
	probe.bytes = st->buf + (p->off - st->base);
	probe.len = ml_min(ml_stream_end(st) - p->off, p->fmt->probe_len);
	if (probe.len < p->fmt->probe_min)
		return MEMLOG_OK;
	log.pub.size = sizeof(log.pub);
	s = p->fmt->probe(&probe, &log, ret, NULL);
	if (s && s != MEMLOG_CORRUPT) {
		ret->points = false;
		return MEMLOG_OK;
	}
	if (ret->points)
		return stream_want_addr(st, p->addr, probe.len, true, st->err);
	return stream_keep(st, p->fmt, &ret->extent, p->n);
}

/* Where an address of the piece that is fed is in the input. */
static bool stream_offset(struct ml_stream *st, uint64_t addr, uint64_t *ret)
{
	const struct ml_load *l;

	if (!st->covered) {
		*ret = addr - st->delta;
		return addr >= st->delta;
	}
	l = ml_loads_find(&st->loads, addr);
	if (l)
		*ret = l->off + (addr - l->addr);
	return l;
}

/* Probe a candidate and what it points to: at once if that is in the window,
 * else when it comes. */
static enum memlog_status stream_candidate(struct ml_stream *st,
					   struct ml_stream_pointer *p)
{
	struct ml_found found;
	enum memlog_status s;
	uint64_t end;

	for (;;) {
		s = stream_probe(st, p, &found);
		if (s || !found.points || p->n++ == ML_MAX_POINTERS)
			return s;
		p->addr = found.extent.addr;
		memcpy(p->hint, found.hint, sizeof(p->hint));
		if (!stream_offset(st, p->addr, &p->off))
			return MEMLOG_OK;
		if (p->off < st->base) {
			/* another header may have led there before */
			st->late |= !ml_capture_has(st->capture, p->off);
			return MEMLOG_OK;
		}
		if (st->eof || (ml_add(p->off, p->fmt->probe_len, &end) &&
				end <= ml_stream_end(st)))
			continue;
		if (st->n_pointers < ML_STREAM_POINTERS)
			st->pointers[st->n_pointers++] = *p;
		else
			st->late = true;
		return MEMLOG_OK;
	}
}

enum memlog_status ml_stream_hit(void *arg, const struct ml_format *fmt,
				 uint64_t addr)
{
	struct ml_stream *st = arg;
	struct ml_stream_pointer p = {
		.fmt = fmt,
		.addr = addr,
		.off = addr - st->delta,
		.delta = st->delta,
		.covered = st->covered,
	};

	return stream_candidate(st, &p);
}

enum memlog_status ml_stream_pointers(struct ml_stream *st, uint64_t end)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i, n = st->n_pointers;
	struct ml_stream_pointer p;

	st->n_pointers = 0;
	for (i = 0; i < n; i++) {
		p = st->pointers[i];
		st->delta = p.delta;
		st->covered = p.covered;
		if (s || p.off >= end)
			st->pointers[st->n_pointers++] = p;
		else
			s = stream_candidate(st, &p);
	}
	return s;
}
