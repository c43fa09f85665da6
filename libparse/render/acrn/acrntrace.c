/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acrntrace.c - the files that ACRN's acrntrace writes and its scripts read:
 * one per CPU, named by its number, with unchanged entries.
 */
#include "render/render.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/limits.h"
#include "format/acrn/acrn.h"

/*
 * Records come merged, but files are written one after the other, so a CPU's
 * entries are collected here: at most what the rings hold, 4 MiB each.
 */
struct file {
	int32_t cpu;
	uint8_t *bytes;
	size_t len, cap;
};

struct acrntrace {
	const struct memlog_sink *sink;
	struct memlog_allocator alloc;
	struct file *files;
	size_t n, cap;
	unsigned int logs;
};

static enum memlog_status acrntrace_begin(void *state,
					  const struct ml_render_opts *opts,
					  const struct memlog_sink *sink,
					  struct memlog_err *err)
{
	struct acrntrace *a = state;

	(void)err;
	a->sink = sink;
	a->alloc = *opts->alloc;
	return MEMLOG_OK;
}

static enum memlog_status file_of(struct acrntrace *a, int32_t cpu,
				  struct file **ret, struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->files[i].cpu == cpu) {
			*ret = &a->files[i];
			return MEMLOG_OK;
		}
	s = ml_grow(&a->alloc, &a->files, a->n, &a->cap, sizeof(*a->files),
		    err);
	if (s)
		return s;
	*ret = &a->files[a->n++];
	**ret = (struct file){ .cpu = cpu };
	return MEMLOG_OK;
}

/* Make room for n more bytes, however many. */
static enum memlog_status acrntrace_reserve(struct acrntrace *a, struct file *f,
					    size_t n, struct memlog_err *err)
{
	size_t want = f->cap ? f->cap : 1u << 15;
	uint8_t *more;

	if (n <= f->cap - f->len)
		return MEMLOG_OK;
	do {
		if (want > SIZE_MAX / 2)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for the trace of a CPU");
		want *= 2;
	} while (n > want - f->len);
	more = ml_calloc(&a->alloc, want, 1);
	if (!more)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the trace of a CPU");
	if (f->len)
		memcpy(more, f->bytes, f->len);
	ml_free(&a->alloc, f->bytes);
	f->bytes = more;
	f->cap = want;
	return MEMLOG_OK;
}

static enum memlog_status acrntrace_record(void *state,
					   const struct memlog_record *rec,
					   struct memlog_err *err)
{
	struct acrntrace *a = state;
	enum memlog_status s;
	struct file *f;

	s = file_of(a, rec->cpu, &f, err);
	if (!s)
		s = acrntrace_reserve(a, f, rec->raw_len, err);
	if (s || !rec->raw_len)
		return s;
	memcpy(f->bytes + f->len, rec->raw, rec->raw_len);
	f->len += rec->raw_len;
	return MEMLOG_OK;
}

static void acrntrace_drop(struct acrntrace *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		ml_free(&a->alloc, a->files[i].bytes);
	a->n = 0;
}

/* The files of a second log have its number: 1-0, 1-1, ... */
static enum memlog_status acrntrace_log_end(void *state,
					    const struct memlog_log *log,
					    uint64_t missing,
					    struct memlog_err *err)
{
	struct acrntrace *a = state;
	const struct memlog_sink *sink = a->sink;
	enum memlog_status s = MEMLOG_OK;
	char name[48];
	size_t i;

	(void)log;
	(void)missing;
	for (i = 0; i < a->n && !s; i++) {
		struct file *f = &a->files[i];

		if (a->logs)
			snprintf(name, sizeof(name), "%u-%d", a->logs,
				 f->cpu < 0 ? 0 : f->cpu);
		else
			snprintf(name, sizeof(name), "%d",
				 f->cpu < 0 ? 0 : f->cpu);
		if (sink->begin)
			s = sink->begin(sink->self, name, err);
		if (!s && f->len)
			s = sink->write(sink->self, f->bytes, f->len, err);
		if (!s && sink->end)
			s = sink->end(sink->self, err);
	}
	a->logs++;
	acrntrace_drop(a);
	return s;
}

static void acrntrace_close(void *state)
{
	struct acrntrace *a = state;

	acrntrace_drop(a);
	ml_free(&a->alloc, a->files);
}

const struct ml_render ml_render_acrntrace = {
	.name = "acrntrace",
	.title = "the files that ACRN's acrntrace writes, for its scripts",
	.binary = true,
	.untimed = true,
	.directory = true,
	.tells_logs = true,
	.only = &ml_format_acrn_trace,
	.state_size = sizeof(struct acrntrace),
	.begin = acrntrace_begin,
	.record = acrntrace_record,
	.log_end = acrntrace_log_end,
	.close = acrntrace_close,
};
