/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pipe.c - read no more of a pipe than a query needs. */
#include "run.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/bytes/pipe.h"
#include "image/open.h"
#include "scan/stream.h"

/* Bytes of an input that tell of which format it is. */
#define PIPE_LOOK 64

/* Bytes of a log read at once. */
#define PIPE_READ (256u << 10)

/* Is the answer known before the end of the input, and the same as for a file? That one is
 * complete is known only at its end, and so is that it has no other logs. */
static bool pipe_may_end(const struct memlog_query *q)
{
	if (q->info || q->list || q->list_boots || q->extract || q->strict ||
	    q->follow)
		return false;
	if (q->n_at || q->n_ranges)
		return true;
	return !q->all && !q->has_boot && !ml_query_writer(q)->all &&
	       (q->scan == MEMLOG_SCAN_AUTO || q->scan == MEMLOG_SCAN_LIKELY);
}

/* *ret: is it of a format whose headers, in front of the memory, tell where that is? */
static enum memlog_status pipe_has_headers(const struct ml_file *file,
					   const struct memlog_query *q,
					   const struct memlog_open_opts *opts,
					   bool *ret, struct memlog_err *err)
{
	static const char *const magics[] = { "\177ELF", "KDUMP   ",
					      "DISKDUMP" };
	uint8_t head[PIPE_LOOK];
	enum memlog_status s;
	size_t i, got;

	/* plain memory of unknown size: each address has its place all the same, unless
	 * that depends on the size */
	*ret = (opts->force_raw || opts->map || opts->raw_base) &&
	       opts->map != MEMLOG_MAP_Q35 && opts->map != MEMLOG_MAP_PC &&
	       (q->n_at || q->n_ranges);
	if (opts->force_raw || opts->map || opts->raw_base)
		return MEMLOG_OK;
	s = ml_file_read_some(file, 0, head, sizeof(head), &got, err);
	for (i = 0; i < sizeof(magics) / sizeof(magics[0]) && !s; i++)
		*ret |= got == sizeof(head) &&
			!memcmp(head, magics[i], strlen(magics[i]));
	return s;
}

/* Read all of a log. */
static enum memlog_status pipe_read_log(struct memlog_image *image,
					const struct memlog_log *log,
					uint8_t *buf, struct memlog_err *err)
{
	const struct memlog_extent *e;
	struct memlog_range has;
	enum memlog_status s = MEMLOG_OK;
	uint64_t addr, end;
	size_t i, got;

	for (i = 0; i < log->n_extents && !s; i++) {
		e = &log->extents[i];
		if (!ml_add(e->addr, e->len, &end))
			end = UINT64_MAX;
		for (addr = e->addr;
		     addr < end && !s &&
		     !memlog_image_next_range(image, e->space, addr, &has,
					      NULL) &&
		     has.start < end;
		     addr = has.start + (got ? got : ML_PAGE)) {
			s = memlog_image_read(
				image, e->space, has.start, buf,
				(size_t)ml_min(PIPE_READ, ml_min(has.end, end) -
								  has.start),
				&got, err);
			s = s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
		}
	}
	return s;
}

/* Read the logs of a list, which may be NULL; *ret: it has some. */
static enum memlog_status pipe_read_logs(struct memlog_image *image,
					 const struct memlog_logs *logs,
					 bool *ret, struct memlog_err *err)
{
	uint8_t *buf = ml_calloc(&image->alloc, PIPE_READ, 1);
	size_t i, n = logs ? memlog_logs_count(logs) : 0;
	enum memlog_status s = MEMLOG_OK;

	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a log");
	for (i = 0; i < n && !s; i++)
		s = pipe_read_log(image, memlog_logs_get(logs, i), buf, err);
	ml_free(&image->alloc, buf);
	*ret = n > 0;
	return s;
}

/* Search as the query will, and read what it finds. *ret: that is all there is to find. */
static enum memlog_status pipe_search(struct ml_run *run, bool *ret,
				      struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	struct memlog_scan_opts opts = ml_run_scan_opts(run);
	enum memlog_status s = MEMLOG_OK;
	struct memlog_logs *logs;
	bool some, enough = true;
	size_t i, n = q->n_at ? q->n_at : 1;

	*ret = true;
	for (i = 0; i < n && !s && *ret; i++) {
		logs = NULL;
		if (q->n_at)
			s = memlog_scan_at(run->image,
					   q->at[i].has_space ? q->at[i].space :
								run->info.space,
					   q->at[i].addr, &opts, &logs, err);
		else if (q->n_ranges)
			s = memlog_scan(run->image, &opts, &logs, NULL, err);
		else
			s = ml_scan_need(run->image, &opts, &logs, &enough,
					 err);
		if (!s)
			s = pipe_read_logs(run->image, logs, &some, err);
		*ret = !s && some && enough;
		memlog_logs_destroy(logs);
	}
	return s;
}

/* Whatever else fails will fail again when all is read. */
static bool pipe_ends(enum memlog_status s)
{
	return s == MEMLOG_STOP || s == MEMLOG_NO_MEMORY;
}

/* Open what of the pipe is asked for; *ret is NULL if that is not enough, so that it has to
 * be read to its end. STOP, NO_MEMORY. */
static enum memlog_status pipe_try(const struct memlog_query *q,
				   struct ml_pipe *pipe,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	struct ml_run run = { .query = q };
	struct memlog_image *image = NULL;
	bool enough = false, ended = true;
	enum memlog_status s;
	struct ml_file file;
	uint64_t bytes;

	*ret = NULL;
	ml_pipe_file(pipe, opts->name, &file);
	s = pipe_has_headers(&file, q, opts, &enough, err);
	if (!s && enough)
		s = ml_image_open_on(&file, opts, &image, err);
	if (!image)
		return pipe_ends(s) ? s : MEMLOG_OK;
	run.image = image;
	run.host.progress = opts->progress;
	run.host.progress_arg = opts->progress_arg;
	run.info.size = sizeof(run.info);
	ml_run_ask(&run);
	s = memlog_image_info(image, &run.info, err);
	if (!s)
		s = pipe_search(&run, &enough, err);
	(void)ml_pipe_count(&image->file, &bytes, &ended);
	/* at the end of the input it is as good as a file */
	if (!s && enough && !ended && !image->failed.status) {
		ml_pipe_own(pipe);
		*ret = image;
		return MEMLOG_OK;
	}
	memlog_image_close(image);
	return pipe_ends(s) ? s : MEMLOG_OK;
}

/* Is all of the input in the temporary file by now? */
static bool pipe_is_whole(struct ml_pipe *pipe)
{
	struct ml_file file;
	uint64_t bytes;
	bool ended;

	ml_pipe_file(pipe, "", &file);
	return ml_pipe_count(&file, &bytes, &ended) && ended &&
	       ml_pipe_keeps(pipe);
}

static enum memlog_status pipe_open_query(const struct memlog_query *q,
					  struct ml_pipe *pipe,
					  const struct memlog_open_opts *opts,
					  bool whole, struct memlog_image **ret,
					  int *ret_spool,
					  struct memlog_err *err)
{
	/* at an address whatever has to be kept is */
	uint64_t most = q->n_at || q->n_ranges ? UINT64_MAX : opts->keep;
	enum memlog_status s = MEMLOG_OK;
	const char *formats;
	bool all;

	memlog_query_stream(q, &formats, &all);
	if (pipe_may_end(q) && !whole && opts->keep &&
	    !ml_pipe_keep(pipe, most, NULL, 0, NULL))
		s = pipe_try(q, pipe, opts, ret, err);
	if (s || *ret)
		return s;
	return ml_stream_open(pipe, opts->name, opts, formats,
			      all || whole || pipe_is_whole(pipe), ret,
			      ret_spool, err);
}

enum memlog_status memlog_query_open_pipe(const struct memlog_query *query,
					  int fd, const char *name,
					  const struct memlog_open_opts *opts,
					  bool whole, struct memlog_image **ret,
					  int *ret_spool,
					  struct memlog_err *err)
{
	struct memlog_err why = { .status = MEMLOG_OK };
	struct ml_pipe *pipe = NULL;
	struct memlog_open_opts o;
	enum memlog_status s;
	uint64_t bytes;
	bool ended;

	*ret = NULL;
	*ret_spool = -1;
	s = ml_open_opts_check(opts, err);
	if (s)
		return s;
	o = ml_open_opts(opts);
	o.name = name;
	s = ml_pipe_create(fd, &o, &pipe, &why);
	if (!s)
		s = pipe_open_query(query, pipe, &o, whole, ret, ret_spool,
				    &why);
	/* the image may be the pipe */
	if (!*ret || !ml_pipe_count(&(*ret)->file, &bytes, &ended))
		ml_pipe_destroy(pipe);
	return ml_open_done(s, name, &why, err);
}
