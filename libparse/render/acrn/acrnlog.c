/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acrnlog.c - the files that ACRN's own acrnlog would have written: one message
 * per line, a warning where numbers are missing, a new file when one is full,
 * the oldest removed. acrnlog_cur.N is from the running hypervisor,
 * acrnlog_last.N from the previous boot.
 *
 * Unlike acrnlog, this loses nothing when a ring starts with half a message,
 * does not join pieces of different messages, and escapes what a terminal would
 * act on, unless the files are to be raw.
 */
#include "render/render.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "format/acrn/acrn.h"
#include "render/escape.h"

#define SIZE_DEFAULT  (1u << 20)
#define FILES_DEFAULT 4u

/* Exactly what acrnlog writes with its default interval (which it counts in
 * microseconds). */
static const char gap[] = "\n\n\tWARNING: logs missing here! "
			  "Try reducing polling interval[100000 ms]\n\n\n";

struct acrnlog {
	struct ml_out out;
	uint64_t size, files; /* of each file, 0: unlimited; how many */
	const char *name;     /* NULL: this log gets no file */
	bool current, open, raw;
	uint64_t index, left;
	uint64_t seq; /* of the last message */
	unsigned int n_current, n_last;
};

static enum memlog_status acrnlog_begin(void *state,
					const struct ml_render_opts *opts,
					const struct memlog_sink *sink,
					struct memlog_err *err)
{
	struct acrnlog *a = state;

	(void)err;
	ml_out_init(&a->out, sink);
	a->size = opts->has_file_size ? opts->file_size : SIZE_DEFAULT;
	a->files = opts->max_files ? opts->max_files : FILES_DEFAULT;
	return MEMLOG_OK;
}

static enum memlog_status acrnlog_begin_raw(void *state,
					    const struct ml_render_opts *opts,
					    const struct memlog_sink *sink,
					    struct memlog_err *err)
{
	((struct acrnlog *)state)->raw = true;
	return acrnlog_begin(state, opts, sink, err);
}

static enum memlog_status close_file(struct acrnlog *a, struct memlog_err *err)
{
	enum memlog_status s = ml_out_flush(&a->out, err);

	if (!a->open)
		return s;
	a->open = false;
	if (!s && a->out.sink->end)
		s = a->out.sink->end(a->out.sink->self, err);
	return s;
}

static enum memlog_status acrnlog_open_file(struct acrnlog *a,
					    struct memlog_err *err)
{
	const struct memlog_sink *sink = a->out.sink;
	enum memlog_status s = MEMLOG_OK;
	char name[64];

	snprintf(name, sizeof(name), "%s.%llu", a->name,
		 (unsigned long long)a->index);
	if (sink->begin)
		s = sink->begin(sink->self, name, err);
	if (s)
		return s;
	a->open = true;
	a->left = a->size;
	if (a->index < a->files || !sink->remove)
		return MEMLOG_OK;
	snprintf(name, sizeof(name), "%s.%llu", a->name,
		 (unsigned long long)(a->index - a->files));
	return sink->remove(sink->self, name, err);
}

/* Write one piece, never cut: if it does not fit, it starts the next file. */
static enum memlog_status acrnlog_put(struct acrnlog *a, const void *text,
				      size_t len, bool line,
				      struct memlog_err *err)
{
	bool escape = line && !a->raw;
	size_t n = escape ? ml_escaped_len(text, len, true) : len;
	enum memlog_status s;

	if (a->size && n + line >= a->left && a->left < a->size) {
		s = close_file(a, err);
		a->index++;
		if (!s)
			s = acrnlog_open_file(a, err);
		if (s)
			return s;
	}
	if (escape)
		ml_escape_text(&a->out, text, len, true);
	else
		ml_out_write(&a->out, text, len);
	if (line)
		ml_out_char(&a->out, '\n');
	a->left -= ml_min(a->left, n + line);
	return a->out.status ? ml_out_flush(&a->out, err) : MEMLOG_OK;
}

static enum memlog_status acrnlog_log_begin(void *state,
					    const struct memlog_log *log,
					    struct memlog_err *err)
{
	struct acrnlog *a = state;

	a->name = NULL;
	a->current = log->state != MEMLOG_STATE_STALE;
	if (a->current && !a->n_current++)
		a->name = "acrnlog_cur";
	else if (!a->current && !strcmp(log->variant, "last boot") &&
		 !a->n_last++)
		a->name = "acrnlog_last";
	a->index = a->seq = 0;
	return a->name ? acrnlog_open_file(a, err) : MEMLOG_OK;
}

static enum memlog_status acrnlog_record(void *state,
					 const struct memlog_record *rec,
					 struct memlog_err *err)
{
	bool older = rec->flags & MEMLOG_REC_STALE &&
		     rec->log->state != MEMLOG_STATE_STALE;
	struct acrnlog *a = state;
	enum memlog_status s = MEMLOG_OK;

	/* pieces without a head, and what acrnlog could never see */
	if (!a->name || !rec->has_seq || older)
		return MEMLOG_OK;
	if (a->current && (uint32_t)(rec->seq - a->seq) > 1)
		s = acrnlog_put(a, gap, sizeof(gap) - 1, false, err);
	a->seq = rec->seq;
	return s ? s : acrnlog_put(a, rec->text, rec->text_len, true, err);
}

static enum memlog_status acrnlog_log_end(void *state,
					  const struct memlog_log *log,
					  uint64_t missing,
					  struct memlog_err *err)
{
	(void)log;
	(void)missing;
	return close_file(state, err);
}

const struct ml_render ml_render_acrnlog = {
	.name = "acrnlog",
	.title = "the files that ACRN's acrnlog writes",
	.directory = true,
	.rotates = true,
	.tells_logs = true,
	.only = &ml_format_acrn_log,
	.all = true,
	.state_size = sizeof(struct acrnlog),
	.begin = acrnlog_begin,
	.log_begin = acrnlog_log_begin,
	.record = acrnlog_record,
	.log_end = acrnlog_log_end,
};

const struct ml_render ml_render_acrnlog_raw = {
	.name = "acrnlog-raw",
	.title = "the same, with the bytes of the log untouched",
	.binary = true,
	.directory = true,
	.rotates = true,
	.tells_logs = true,
	.only = &ml_format_acrn_log,
	.all = true,
	.state_size = sizeof(struct acrnlog),
	.begin = acrnlog_begin_raw,
	.log_begin = acrnlog_log_begin,
	.record = acrnlog_record,
	.log_end = acrnlog_log_end,
};
