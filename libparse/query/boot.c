/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boot.c - the timeline of all images of a query, which is written after the last. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/plural.h"
#include "base/sized.h"
#include "record/timeline/timeline.h"
#include "render/words.h"
#include "run.h"

/* Logs of one boot do not differ by that, in nanoseconds. */
#define BOOT_DIFFERS INT64_C(1000000000)

enum memlog_status ml_boot_begin(struct ml_run *run, struct memlog_err *err)
{
	if (!ml_query_timeline(run->query) || run->timeline)
		return MEMLOG_OK;
	return ml_timeline_create(&run->query->alloc, &run->timeline, err);
}

enum memlog_status ml_boot_log(struct ml_run *run, const struct memlog_log *log,
			       struct memlog_err *err)
{
	char label[64 + ML_ADDR_TEXT], addr[ML_ADDR_TEXT];

	if (!run->timeline)
		return MEMLOG_OK;
	snprintf(label, sizeof(label), "%s %s", log->format,
		 ml_log_addr(log, addr));
	return ml_timeline_log(run->timeline, run->info.name, label,
			       ml_format_find(log->format), err);
}

/* Finish and write it; state is that of its writer. */
static enum memlog_status boot_write(const struct memlog_query *q, void *state,
				     struct ml_timeline *timeline,
				     struct memlog_err *err)
{
	enum memlog_status s = ml_timeline_finish(timeline, err);

	return s ? s : ml_query_writer(q)->timeline(state, timeline, err);
}

/* Are there several images with times? */
static bool boot_several(const struct ml_timeline_boot *b)
{
	const char *first = NULL;
	size_t i;

	for (i = 0; i < b->n_sources; i++) {
		if (!b->sources[i].has_clock)
			continue;
		if (first && strcmp(first, b->sources[i].image) != 0)
			return true;
		first = b->sources[i].image;
	}
	return false;
}

/* All images are taken for those of one machine, unless the logs say otherwise. */
static void boot_say_other(const struct ml_run *run,
			   const struct ml_timeline_boot *b)
{
	const struct ml_timeline_source *s;
	char image[4 * ML_TIMELINE_TEXT];
	size_t i;

	if (!boot_several(b))
		return;
	for (i = 0; i < b->n_sources; i++) {
		s = &b->sources[i];
		memlog_escape(s->image, image, sizeof(image));
		if (s->has_clock && !s->aligned)
			ml_say(run, ML_SAY_WARNING,
			       "%s, %s: nothing shows that it is of the same "
			       "machine and boot; its times stay apart",
			       image, s->label);
		else if (s->aligned && s->has_error && s->error > BOOT_DIFFERS)
			ml_say(run, ML_SAY_WARNING,
			       "%s, %s: it may be of another machine or boot: "
			       "its marks differ from those of the others by "
			       "%" PRId64 " s",
			       image, s->label, s->error / 1000000000);
	}
}

static void boot_say_doubts(struct ml_run *run)
{
	uint64_t left = ml_timeline_left(run->timeline);
	const struct ml_timeline_boot *b;
	size_t i;

	for (i = 0; (b = ml_timeline_get(run->timeline, i)); i++)
		boot_say_other(run, b);
	if (left)
		ml_say(run, ML_SAY_WARNING,
		       "too many logs and boots: %" PRIu64
		       " line%s not in the summary of the boot",
		       left, left == 1 ? " is" : "s are");
}

enum memlog_status ml_boot_end(struct ml_run *run, void *state,
			       struct memlog_err *err)
{
	enum memlog_status s;

	if (!run->timeline || run->host.many)
		return MEMLOG_OK;
	s = boot_write(run->query, state, run->timeline, err);
	boot_say_doubts(run);
	ml_timeline_destroy(run->timeline);
	run->timeline = NULL;
	return s;
}

enum memlog_status memlog_query_finish(struct memlog_query *query,
				       const struct memlog_query_host *host,
				       struct memlog_err *err)
{
	struct ml_run run = { .query = query, .timeline = query->timeline };
	const struct ml_render *render = ml_query_writer(query);
	struct ml_render_opts opts;
	enum memlog_status s;
	void *state;

	if (!query->timeline)
		return MEMLOG_OK;
	s = ml_sized_check(host, "memlog_query_host", err);
	if (s)
		return s;
	ml_sized_in(&run.host, sizeof(run.host), host);
	run.info.name = "";
	opts = ml_run_render_opts(&run, 0);
	state = ml_calloc(&query->alloc, 1, render->state_size);
	if (!state)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to write");
	s = render->begin(state, &opts, host->sink, err);
	if (!s) {
		s = boot_write(query, state, query->timeline, err);
		boot_say_doubts(&run);
		if (render->close)
			render->close(state);
	}
	ml_free(&query->alloc, state);
	ml_timeline_destroy(query->timeline);
	query->timeline = NULL;
	return ml_return(err, s);
}
