/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.c - read a dump from a pipe in one pass.
 *
 * A window slides over the input. The scanner looks at each page as it comes,
 * every candidate is probed at once, and the bytes of logs are kept. The result
 * is an image of the stream's headers and the logs in it, which is searched and
 * decoded like any other.
 */
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "base/range.h"
#include "base/sort.h"
#include "image/bytes/capture.h"
#include "image/open.h"
#include "image/prefix.h"
#include "stream.h"

/* Bytes that are read at once. */
#define CHUNK ML_FUZZ_OR(32u << 10, 1u << 20)

/* By then a header is complete. */
#define AHEAD (128u << 10)

/* ---- the window --------------------------------------------------------- */

/* Read more, keeping at least back bytes before scanned. The bytes are moved
 * down only when there is no room left after them. */
static enum memlog_status stream_slide(struct ml_stream *st,
				       struct memlog_err *err)
{
	uint64_t keep = st->scanned - st->base > st->back ?
				st->scanned - st->back :
				st->base;
	size_t drop = (size_t)(keep - st->base), got;
	enum memlog_status s;

	if (st->cap - st->filled < CHUNK) {
		memmove(st->buf, st->buf + drop, st->filled - drop);
		st->base += drop;
		st->filled -= drop;
	}
	s = ml_pipe_next(st->pipe, st->buf + st->filled,
			 ml_min(CHUNK, st->cap - st->filled), &got, err);
	if (s)
		return s;
	st->filled += got;
	st->eof = !got;
	if (st->opts.progress &&
	    st->opts.progress(st->opts.progress_arg, ml_stream_end(st), 0))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

/* ---- the search --------------------------------------------------------- */

static enum memlog_status stream_feed(struct ml_stream *st, uint64_t from,
				      uint64_t to, uint64_t delta, bool covered)
{
	struct ml_scanner sc;

	st->delta = delta;
	st->covered = covered;
	/* pages are aligned by address, not by offset */
	ml_scanner_init(&sc, st->formats, false, 0, ml_stream_hit, st);
	return ml_scan_feed(&sc, from + delta, st->buf + (from - st->base),
			    (size_t)(to - from));
}

/* Search what has come, except the last AHEAD bytes: each piece at the
 * addresses of the load it belongs to, bytes between loads at those of the load
 * before them. */
static enum memlog_status stream_search(struct ml_stream *st)
{
	uint64_t end = ml_stream_end(st), to;
	enum memlog_status s;

	if (!st->eof)
		end = end > AHEAD ? ml_max(st->scanned, end - AHEAD) :
				    st->scanned;
	s = ml_stream_pointers(st, end);
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

/* The loads in the order in which their bytes come. A byte of the file that
 * several loads claim goes to the first: it comes only once. */
static enum memlog_status stream_order(struct ml_stream *st,
				       struct memlog_err *err)
{
	uint64_t end = 0, cut;
	size_t i, n = st->loads.n_loads;

	st->by_off = ml_calloc(&st->alloc, n, sizeof(*st->by_off));
	if (!st->by_off)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for headers");
	if (n)
		memcpy(st->by_off, st->loads.loads, n * sizeof(*st->by_off));
	ml_sort(st->by_off, n, sizeof(*st->by_off),
		offsetof(struct ml_load, off), offsetof(struct ml_load, addr));
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

/* ---- the beginning ------------------------------------------------------ */

/* Make the window at least this large and fill it. */
static enum memlog_status fill_to(struct ml_stream *st, uint64_t len,
				  struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t *bigger;
	size_t got;

	if (len > st->cap) {
		bigger = ml_calloc(&st->alloc, (size_t)len, 1);
		if (!bigger)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for %llu byte%s of headers",
				       (unsigned long long)len, ml_s(len));
		if (st->filled)
			memcpy(bigger, st->buf, st->filled);
		ml_free(&st->alloc, st->buf);
		st->buf = bigger;
		st->cap = (size_t)len;
	}
	if (len <= st->filled)
		return MEMLOG_OK;
	s = ml_pipe_next(st->pipe, st->buf + st->filled,
			 (size_t)len - st->filled, &got, err);
	st->filled += got;
	st->eof = st->filled < len;
	return s;
}

/* Read until the headers are known. *ret_whole: all of this input has to be
 * kept. *ret_len: bytes of headers and notes. */
static enum memlog_status stream_headers(struct ml_stream *st,
					 uint64_t *ret_len, bool *ret_whole,
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
			return MEMLOG_OK; /* plain memory, or nothing */
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
	return ml_prefix_loads(st->buf, st->filled, &st->opts, &st->loads,
			       ret_whole, err);
}

/* The largest reach of the formats searched for. */
static uint64_t largest_reach(const char *formats)
{
	uint64_t reach = 0;
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		if (ml_format_asked(formats, ml_formats[i]))
			reach = ml_max(reach, ml_formats[i]->find.reach);
	return ml_min(reach, ML_STREAM_BACK);
}

/* Keep only the last bytes of the headers in the window, and make that smaller. */
static enum memlog_status stream_drop(struct ml_stream *st, uint64_t prefix,
				      struct memlog_err *err)
{
	size_t drop = prefix > ML_PAGE ? (size_t)prefix - ML_PAGE : 0;
	size_t n = st->filled - drop;
	uint8_t *smaller = ml_calloc(&st->alloc, n, 1);

	if (!smaller)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu byte%s of a pipe", n,
			       ml_s(n));
	if (n)
		memcpy(smaller, st->buf + drop, n);
	ml_free(&st->alloc, st->buf);
	st->buf = smaller;
	st->base = drop;
	st->cap = st->filled = n;
	return MEMLOG_OK;
}

static enum memlog_status go_through(struct ml_stream *st, uint64_t prefix,
				     struct memlog_err *err)
{
	enum memlog_status s;

	st->back = largest_reach(st->formats) + ML_PAGE;
	s = stream_order(st, err);
	if (!s)
		s = ml_capture_add(st->capture, 0, st->buf,
				   (size_t)ml_min(prefix ? prefix : ML_PAGE,
						  st->filled),
				   err);
	st->scanned = prefix;
	ml_stream_copy_init(st);
	if (!s)
		s = stream_drop(st, prefix, err);
	if (!s)
		s = fill_to(st, st->filled + 2 * st->back + AHEAD + CHUNK, err);
	while (!s) {
		s = stream_search(st);
		if (s || st->eof)
			break;
		s = stream_slide(st, err);
		if (!s)
			s = ml_stream_keep_new(st, err);
	}
	return s;
}

/* ---- the whole ---------------------------------------------------------- */

static enum memlog_status keep_whole(struct ml_stream *st, int *ret_spool,
				     struct memlog_err *err)
{
	enum memlog_status s =
		ml_pipe_keep(st->pipe, UINT64_MAX, st->buf, st->filled, err);

	return s ? s : ml_pipe_take(st->pipe, true, ret_spool, err);
}

static enum memlog_status to_image(struct ml_stream *st,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	struct memlog_image *image;
	struct ml_file file;
	enum memlog_status s;

	/* what was needed to go through it */
	ml_free(&st->alloc, st->buf);
	ml_free(&st->alloc, st->by_off);
	st->buf = NULL;
	st->by_off = NULL;
	ml_loads_fini(&st->loads);
	ml_capture_file(st->capture, st->name, ml_stream_end(st), &file);
	st->capture = NULL; /* the image has it now */
	s = ml_image_open_on(&file, &st->opts, &image, err);
	if (s)
		return s;
	image->passed = true;
	image->unread = false;
	if (st->late)
		ml_image_warn_cut(
			image, "this input comes once, and a part of a "
			       "log had gone by before its beginning: read it "
			       "from a file");
	if (st->random)
		ml_image_warn_cut(
			image,
			"this input comes once, and only what is near its "
			"logs was kept: what %s tells may be less than of a "
			"file; -F %s keeps all of it",
			st->random, st->random);
	return ml_image_opened(image, ret, err);
}

static enum memlog_status stream_open(struct ml_stream *st, bool whole,
				      struct memlog_image **ret, int *ret_spool,
				      struct memlog_err *err)
{
	enum memlog_status s;
	bool must = false;
	uint64_t prefix;

	s = ml_capture_create(&st->alloc, st->opts.tmpdir, &st->capture, err);
	if (!s)
		s = stream_headers(st, &prefix, &must, err);
	whole |= must;
	if (!s && whole)
		return keep_whole(st, ret_spool, err);
	if (!s)
		s = go_through(st, prefix, err);
	if (!s)
		s = to_image(st, ret, err);
	if (!s && ml_stream_copy_take(st, *ret, ret_spool)) {
		memlog_image_close(*ret);
		*ret = NULL;
	} else if (!s) {
		/* most of it is gone */
		(*ret)->unsure = false;
	}
	return s;
}

enum memlog_status ml_stream_open(struct ml_pipe *pipe, const char *name,
				  const struct memlog_open_opts *opts,
				  const char *formats, bool whole,
				  struct memlog_image **ret, int *ret_spool,
				  struct memlog_err *err)
{
	struct ml_stream st = { .pipe = pipe,
				.name = name,
				.formats = formats,
				.opts = *opts,
				.err = err };
	enum memlog_status s;

	st.opts.name = name;
	st.alloc = ml_allocator(st.opts.allocator);
	s = stream_open(&st, whole, ret, ret_spool, err);
	ml_capture_destroy(st.capture);
	ml_loads_fini(&st.loads);
	ml_free(&st.alloc, st.by_off);
	ml_free(&st.alloc, st.wanted);
	ml_free(&st.alloc, st.buf);
	return s;
}

enum memlog_status memlog_stream_open(int fd, const char *name,
				      const struct memlog_open_opts *opts,
				      const char *formats, bool whole,
				      struct memlog_image **ret, int *ret_spool,
				      struct memlog_err *err)
{
	struct memlog_err why = { .status = MEMLOG_OK };
	struct memlog_open_opts o;
	struct ml_pipe *pipe = NULL;
	enum memlog_status s;

	*ret = NULL;
	*ret_spool = -1;
	s = ml_open_opts_check(opts, err);
	if (s)
		return s;
	o = ml_open_opts(opts);
	s = ml_pipe_create(fd, &o, &pipe, &why);
	if (!s)
		s = ml_stream_open(pipe, name, &o, formats, whole, ret,
				   ret_spool, &why);
	ml_pipe_destroy(pipe);
	return ml_open_done(s, name, &why, err);
}
