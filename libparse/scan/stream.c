/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.c - read a dump from a pipe in one pass.
 *
 * A window slides over the input. The scanner looks at each page as it comes,
 * every candidate is probed at once, and the bytes of logs are kept. The result
 * is an image of the stream's headers and the logs in it, which is searched and
 * decoded like any other.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/names.h"
#include "base/range.h"
#include "image/bytes/capture.h"
#include "image/open.h"
#include "image/prefix.h"
#include "image/bytes/spool.h"
#include "scan.h"

#define CHUNK		(1u << 20)	/* read at once */
#define AHEAD		(128u << 10)	/* a header is complete by then */

struct stream {
	int fd;
	const char *name;
	const char *formats;
	struct memlog_open_opts opts;
	struct memlog_allocator alloc;
	uint8_t *buf;		/* the window, from offset base on */
	size_t cap, filled;
	uint64_t base;
	uint64_t scanned;	/* everything before this offset was searched */
	bool eof;
	uint64_t back;		/* kept in the window before scanned */
	struct ml_loads loads;
	struct ml_load *by_off;	/* the same, by offset, no byte twice */
	size_t n_by_off, cur;
	struct memlog_range *wanted;	/* offsets still to come, sorted */
	size_t n_wanted, cap_wanted, taken;
	struct memlog_range kept;	/* the last offsets requested, in one
					   run */
	size_t n_reached;	/* places whose surroundings were kept */
	bool late;		/* bytes of a log had already passed */
	const char *random;	/* a format was found that needs all of the
				   input */
	struct ml_capture *capture;
	/* while a piece is fed: address minus offset */
	uint64_t delta;
	bool covered;		/* by a load: delta leads into loads */
	struct memlog_err *err;
};

/* ---- the window ------------------------------------------------------------ */

static uint64_t window_end(const struct stream *st)
{
	return st->base + st->filled;
}

/* Read more, keeping at least back bytes before scanned. The bytes are moved
 * down only when there is no room left after them. */
static enum memlog_status stream_slide(struct stream *st,
				       struct memlog_err *err)
{
	uint64_t keep = st->scanned - st->base > st->back ?
				st->scanned - st->back : st->base;
	size_t drop = (size_t)(keep - st->base), got;
	enum memlog_status s;

	if (st->cap - st->filled < CHUNK) {
		memmove(st->buf, st->buf + drop, st->filled - drop);
		st->base += drop;
		st->filled -= drop;
	}
	s = ml_pipe_read(st->fd, st->buf + st->filled,
			 ml_min(CHUNK, st->cap - st->filled), &st->opts, &got,
			 err);
	if (s)
		return s;
	st->filled += got;
	st->eof = !got;
	if (st->opts.progress &&
	    st->opts.progress(st->opts.progress_arg, window_end(st), 0))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

/* ---- what is kept ---------------------------------------------------------- */

/* Keep [off, end): what is in the window now, the rest when it comes. For
 * places close to each other most was already requested. */
static enum memlog_status stream_want(struct stream *st, uint64_t off,
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
	to = ml_min(end, window_end(st));
	if (from < to)
		s = ml_capture_add(st->capture, from,
				   st->buf + (from - st->base),
				   (size_t)(to - from), err);
	from = ml_max(off, window_end(st));
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

/* New bytes have come, from offset old on: keep those that were waited for. */
static enum memlog_status keep_new(struct stream *st, uint64_t old,
				   struct memlog_err *err)
{
	uint64_t end = window_end(st), to;
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
static enum memlog_status want_addr(struct stream *st, uint64_t addr,
				    uint64_t len, bool log,
				    struct memlog_err *err)
{
	uint64_t end, off, n;
	enum memlog_status s = MEMLOG_OK;
	const struct ml_load *l;

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

static enum memlog_status stream_on_hit(void *arg, const struct ml_format *fmt,
					uint64_t addr)
{
	struct stream *st = arg;
	uint64_t off = addr - st->delta, reach, start;
	struct ml_log log = { .fmt = fmt };
	struct memlog_extent e = { .space = MEMLOG_PHYS, .addr = addr };
	struct ml_probe probe = { .space = MEMLOG_PHYS, .addr = addr };
	enum memlog_status s;

	if (off < st->base || off >= window_end(st))
		return MEMLOG_OK;
	probe.bytes = st->buf + (off - st->base);
	probe.len = ml_min(window_end(st) - off, fmt->probe_len);
	if (probe.len < fmt->probe_min)
		return MEMLOG_OK;
	log.pub.size = sizeof(log.pub);
	s = fmt->probe(&probe, &log, &e, NULL);
	if (s && s != MEMLOG_CORRUPT)
		return MEMLOG_OK;
	if (fmt->find.needs_random)
		st->random = fmt->name;
	s = want_addr(st, addr, e.len, true, st->err);
	reach = ml_min(fmt->find.reach, ML_STREAM_BACK);
	start = addr > reach ? addr - reach : 0;
	if (!s && reach && st->n_reached++ < ML_MAX_LOGS)
		s = want_addr(st, start, addr - start + reach, false, st->err);
	return s;
}

/* ---- the search ------------------------------------------------------------ */

static enum memlog_status stream_feed(struct stream *st, uint64_t from,
				      uint64_t to, uint64_t delta, bool covered)
{
	struct ml_scanner sc;

	st->delta = delta;
	st->covered = covered;
	/* pages are aligned by address, not by offset */
	ml_scanner_init(&sc, st->formats, false, 0, stream_on_hit, st);
	return ml_scan_feed(&sc, from + delta, st->buf + (from - st->base),
			    (size_t)(to - from));
}

/* Search what has come, except the last AHEAD bytes: each piece at the
 * addresses of the load it belongs to, bytes between loads at those of the load
 * before them. */
static enum memlog_status stream_search(struct stream *st)
{
	uint64_t end = window_end(st), to;
	enum memlog_status s = MEMLOG_OK;

	if (!st->eof)
		end = end > AHEAD ? ml_max(st->scanned, end - AHEAD) :
				    st->scanned;
	while (st->scanned < end && !s) {
		const struct ml_load *l = NULL;

		while (st->cur < st->n_by_off &&
		       st->by_off[st->cur].off + st->by_off[st->cur].len <=
			       st->scanned)
			st->cur++;
		if (st->cur < st->n_by_off)
			l = &st->by_off[st->cur];
		if (l && l->off <= st->scanned) {
			to = ml_min(end, l->off + l->len);
			s = stream_feed(st, st->scanned, to, l->addr - l->off,
					true);
		} else {
			const struct ml_load *prev =
				st->cur ? &st->by_off[st->cur - 1] : l;

			to = l ? ml_min(end, l->off) : end;
			s = stream_feed(
				st, st->scanned, to,
				prev ? (prev->addr - prev->off) % ML_PAGE : 0,
				false);
		}
		st->scanned = to;
	}
	return s;
}

static int by_offset(const void *a, const void *b)
{
	const struct ml_load *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

/* The loads in the order in which their bytes come. A byte of the file that
 * several loads claim goes to the first: it comes only once. */
static enum memlog_status stream_order(struct stream *st,
				       struct memlog_err *err)
{
	uint64_t end = 0, cut;
	size_t i, n = st->loads.n_loads;

	st->by_off = ml_calloc(&st->alloc, n, sizeof(*st->by_off));
	if (!st->by_off)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for headers");
	if (n)
		memcpy(st->by_off, st->loads.loads, n * sizeof(*st->by_off));
	if (n)
		qsort(st->by_off, n, sizeof(*st->by_off), by_offset);
	for (i = 0; i < n; i++) {
		struct ml_load l = st->by_off[i];

		cut = l.off < end ? end - l.off : 0;
		if (cut >= l.len)
			continue;
		l.off += cut;
		l.addr += cut;
		l.len -= cut;
		end = l.off + l.len;
		st->by_off[st->n_by_off++] = l;
	}
	return MEMLOG_OK;
}

/* ---- the beginning --------------------------------------------------------- */

/* Make the window at least this large and fill it. */
static enum memlog_status fill_to(struct stream *st, uint64_t len,
				  struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t *bigger;
	size_t got;

	if (len > st->cap) {
		bigger = ml_calloc(&st->alloc, (size_t)len, 1);
		if (!bigger)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for %llu bytes of headers",
				       (unsigned long long)len);
		if (st->filled)
			memcpy(bigger, st->buf, st->filled);
		ml_free(&st->alloc, st->buf);
		st->buf = bigger;
		st->cap = (size_t)len;
	}
	if (len <= st->filled)
		return MEMLOG_OK;
	s = ml_pipe_read(st->fd, st->buf + st->filled,
			 (size_t)len - st->filled, &st->opts, &got, err);
	st->filled += got;
	st->eof = st->filled < len;
	return s;
}

/* Read until the headers are known. *ret_whole: all of this input has to be
 * kept. *ret_len: bytes of headers and notes. */
static enum memlog_status stream_headers(struct stream *st, uint64_t *ret_len,
					 bool *ret_whole,
					 struct memlog_err *err)
{
	uint64_t need = AHEAD, more;
	enum memlog_status s;

	*ret_len = 0;
	s = fill_to(st, need, err);
	if (s)
		return s;
	s = ml_prefix_needs_file(st->buf, st->filled, &st->opts, ret_whole,
				 err);
	if (s || *ret_whole || st->opts.force_raw)
		return s;
	for (;;) {
		s = ml_prefix_need(st->buf, st->filled, &more, err);
		if (s == MEMLOG_NOT_MINE || s == MEMLOG_CORRUPT)
			return MEMLOG_OK;	/* plain memory, or nothing */
		*ret_whole = s == MEMLOG_LIMIT;
		if (*ret_whole)
			return MEMLOG_OK;
		if (s)
			return s;
		*ret_len = ml_min(more, st->filled);
		if (more <= st->filled || st->eof)
			break;
		s = fill_to(st, more, err);
		if (s)
			return s;
	}
	return ml_prefix_loads(st->buf, st->filled, &st->alloc, &st->loads,
			       ret_whole, err);
}

/* The largest reach of the formats searched for. */
static uint64_t largest_reach(const char *formats)
{
	uint64_t reach = 0;
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		if (ml_name_in_list(formats, ml_formats[i]->name))
			reach = ml_max(reach, ml_formats[i]->find.reach);
	return ml_min(reach, ML_STREAM_BACK);
}

static enum memlog_status go_through(struct stream *st, uint64_t prefix,
				     struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t old;

	st->back = largest_reach(st->formats) + ML_PAGE;
	s = stream_order(st, err);
	if (!s)
		s = fill_to(st, st->filled + 2 * st->back + AHEAD + CHUNK, err);
	if (!s)
		s = ml_capture_add(st->capture, 0, st->buf,
				   (size_t)ml_min(prefix ? prefix : ML_PAGE,
						  st->filled), err);
	st->scanned = prefix;
	while (!s) {
		s = stream_search(st);
		if (s || st->eof)
			break;
		old = window_end(st);
		s = stream_slide(st, err);
		if (!s)
			s = keep_new(st, old, err);
	}
	return s;
}

/* ---- the whole ------------------------------------------------------------- */

static enum memlog_status keep_whole(struct stream *st, int *ret_spool,
				     struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t end;
	int fd;

	s = ml_spool_create(st->opts.tmpdir, &fd, err);
	if (s)
		return s;
	s = ml_spool_write(fd, 0, st->buf, st->filled, err);
	if (!s)
		s = ml_spool_copy(fd, st->filled, st->fd, &st->opts, &end, err);
	if (s)
		close(fd);
	else
		*ret_spool = fd;
	return s;
}

static enum memlog_status to_image(struct stream *st,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	struct memlog_image *image;
	struct ml_file file;
	enum memlog_status s;

	ml_capture_file(st->capture, st->name, window_end(st), &file);
	st->capture = NULL;	/* the image has it now */
	s = ml_image_open_on(&file, &st->opts, &image, err);
	if (s)
		return s;
	if (st->late)
		ml_image_warn(image, "this input comes once, and a part of a "
			      "log had gone by before its beginning: read it "
			      "from a file");
	if (st->random)
		ml_image_warn(image, "this input comes once, and only what is "
			      "near its logs was kept: what %s tells may be "
			      "less than of a file; -F %s keeps all of it",
			      st->random, st->random);
	return ml_image_opened(image, ret, err);
}

enum memlog_status memlog_stream_open(int fd, const char *name,
				      const struct memlog_open_opts *opts,
				      const char *formats, bool whole,
				      struct memlog_image **ret,
				      int *ret_spool, struct memlog_err *err)
{
	struct stream st = { .fd = fd, .name = name, .formats = formats,
			     .err = err };
	enum memlog_status s;
	bool must = false;
	uint64_t prefix;

	*ret = NULL;
	*ret_spool = -1;
	s = ml_open_opts_check(opts, err);
	if (s)
		return s;
	st.opts = ml_open_opts(opts);
	st.alloc = ml_allocator(st.opts.allocator);
	s = ml_capture_create(&st.alloc, st.opts.tmpdir, &st.capture, err);
	if (!s)
		s = stream_headers(&st, &prefix, &must, err);
	whole |= must;
	if (!s && whole)
		s = keep_whole(&st, ret_spool, err);
	else if (!s)
		s = go_through(&st, prefix, err);
	if (!s && !whole)
		s = to_image(&st, ret, err);
	else if (s)
		ml_prefix(err, s, "%s", name);
	ml_capture_destroy(st.capture);
	ml_loads_fini(&st.loads);
	ml_free(&st.alloc, st.by_off);
	ml_free(&st.alloc, st.wanted);
	ml_free(&st.alloc, st.buf);
	return s;
}
