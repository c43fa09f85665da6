/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run.c - search for the requested logs, choose, and pass them to the
 * writer. */
#include "answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/now.h"
#include "base/plural.h"
#include "base/sized.h"
#include "image/image.h"
#include "record/timeline/timeline.h"
#include "boots.h"
#include "effort.h"
#include "rate.h"

/* Bytes that are gone from a file read as zeros, or as a hole: whatever came of
 * it, that is the first thing to know. */
static enum memlog_status check_file(const struct ml_run *run,
				     enum memlog_status s,
				     struct memlog_err *err)
{
	enum memlog_status gone;

	if (s == MEMLOG_INVALID || s == MEMLOG_NO_MEMORY)
		return s;
	gone = ml_image_check(run->image, err);
	return gone ? gone : s;
}

static bool run_has_current(const struct ml_run *run, const char *format)
{
	size_t i;

	for (i = 0; i < run->n_logs; i++)
		if (run->logs[i]->state == MEMLOG_STATE_CURRENT &&
		    !strcmp(run->logs[i]->format, format))
			return true;
	return false;
}

/* The logs of the current boot; for a format with none known to be current,
 * those that may be. */
static bool is_current(const struct ml_run *run, const struct memlog_log *log)
{
	if (log->flags & MEMLOG_LOG_EMPTY)
		return false;
	return log->state == MEMLOG_STATE_CURRENT ||
	       (log->state == MEMLOG_STATE_UNKNOWN &&
		!run_has_current(run, log->format));
}

/* Does the log, or one of its parts, start at that address? Others found along
 * with it are judged too, but were not requested. */
static bool starts_at(const struct ml_run *run, const struct memlog_log *log,
		      const struct ml_query_at *at)
{
	enum memlog_space space = at->has_space ? at->space : run->info.space;
	const struct ml_log *ml = (const struct ml_log *)log;
	size_t i;

	/* or does a header there point to it? */
	for (i = 0; i < ml->n_leads; i++)
		if (log->extents[0].space == space &&
		    ml->leads[i].start == at->addr)
			return true;
	for (i = 0; i < log->n_extents; i++) {
		const struct memlog_extent *e = &log->extents[i];

		if ((e->space == space && e->addr == at->addr) ||
		    (e->has_alias && e->alias_space == space &&
		     e->alias_addr == at->addr))
			return true;
	}
	return false;
}

static int32_t run_boot_of(const struct memlog_log *log)
{
	if (log->has_boot)
		return log->boot;
	return log->state == MEMLOG_STATE_STALE ? INT32_MIN : 0;
}

/* Older ones come first. What may be current counts as current. */
static int run_by_age(const void *a, const void *b)
{
	const struct memlog_log *x = *(const struct memlog_log *const *)a;
	const struct memlog_log *y = *(const struct memlog_log *const *)b;
	uint32_t turn_x = ((const struct ml_log *)x)->turn;
	uint32_t turn_y = ((const struct ml_log *)y)->turn;
	int32_t i = run_boot_of(x), k = run_boot_of(y);

	if (i != k)
		return i < k ? -1 : 1;
	if (turn_x != turn_y)
		return turn_x < turn_y ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static bool run_names(const struct ml_run *run, const struct memlog_log *log,
		      const struct ml_query_at *at)
{
	if (at && !ml_query_writer(run->query)->all)
		return starts_at(run, log, at);
	return run->query->all || ml_query_writer(run->query)->all ||
	       is_current(run, log);
}

static enum memlog_status run_no_boot(struct ml_run *run,
				      struct memlog_err *err)
{
	struct ml_boots all = { .n = 0 };
	enum memlog_status s = ml_boots_all(run, &all, err);

	if (!s) {
		ml_boots_say_none(run, &all);
		ml_whole_count_absent(run, run->logs, run->n_logs);
		s = ml_fail(err, MEMLOG_NO_DATA, "no log of that boot");
	}
	ml_free(&run->query->alloc, all.at);
	return s;
}

/* With -b: the logs with text of that boot, and no others. */
static enum memlog_status run_choose_boot(struct ml_run *run,
					  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i, n = 0;
	bool held;

	for (i = 0; i < run->n_logs && !s; i++) {
		s = ml_boots_hold(run, i, &held, err);
		if (held)
			run->chosen[n++] = run->logs[i];
	}
	run->n_chosen = n;
	if (s || !run->n_logs)
		return s;
	if (!n)
		return run_no_boot(run, err);
	memcpy(run->logs, run->chosen, n * sizeof(*run->logs));
	run->n_logs = n;
	return MEMLOG_OK;
}

/* "+2" after an address, as --list shows it, when the log has not 2 more
 * parts. */
static void run_say_more(const struct ml_run *run, const struct memlog_log *log,
			 const struct ml_query_at *at)
{
	size_t more = log->n_extents ? log->n_extents - 1 : 0;

	if (at && at->has_more && at->more != more && starts_at(run, log, at))
		ml_say_log(run, ML_SAY_WARNING, log,
			   "--at: it has %zu more part%s, not %" PRIu64, more,
			   ml_s(more), at->more);
}

/* Is it of a format that was asked for? An extract has logs of those that were when it
 * was made. */
static bool run_asks(const struct ml_run *run, const struct memlog_log *log)
{
	const struct ml_format *fmt = ml_format_find(log->format);
	const struct memlog_query *q = run->query;
	struct ml_named named;
	size_t i;

	if (ml_format_asked(run->asked, fmt) ||
	    (!run->asked && (q->list || q->n_at)))
		return true;
	for (i = 0; !run->asked && i < ML_NAMED_LOGS &&
		    ml_image_named(run->image, i, &named);
	     i++)
		if (named.format_len == strlen(fmt->name) &&
		    !memcmp(named.format, fmt->name, named.format_len))
			return true;
	return false;
}

/* The logs of the lists: with --at and -b only those that start there. */
static void run_collect(struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	const struct memlog_log *log;
	size_t i, k;

	for (i = 0; i < run->n_lists; i++)
		for (k = 0; k < memlog_logs_count(run->lists[i]); k++) {
			const struct ml_query_at *at = run->ats[i];

			log = memlog_logs_get(run->lists[i], k);
			if (!run_asks(run, log) ||
			    (q->has_boot && at && !starts_at(run, log, at)))
				continue;
			run->logs[run->n_logs++] = log;
			run_say_more(run, log, at);
			if (at && !(log->flags & MEMLOG_LOG_NOT_A_LOG) &&
			    run_names(run, log, at))
				run->chosen[run->n_chosen++] = log;
		}
}

/* run->logs: all of them. run->chosen: what is printed. */
static enum memlog_status run_choose(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	size_t n = 0, i;

	for (i = 0; i < run->n_lists; i++)
		n += memlog_logs_count(run->lists[i]);
	run->logs = ml_calloc(&q->alloc, n, sizeof(*run->logs));
	run->chosen = ml_calloc(&q->alloc, n, sizeof(*run->chosen));
	if (!run->logs || !run->chosen)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a list of %zu log%s", n, ml_s(n));
	run_collect(run);
	run->result.logs_found = run->n_logs;
	if (!q->n_at)
		qsort(run->logs, run->n_logs, sizeof(*run->logs), run_by_age);
	if (q->has_boot)
		return run_choose_boot(run, err);
	for (i = 0; !q->n_at && i < run->n_logs; i++)
		if (!(run->logs[i]->flags & MEMLOG_LOG_NOT_A_LOG) &&
		    run_names(run, run->logs[i], NULL))
			run->chosen[run->n_chosen++] = run->logs[i];
	return MEMLOG_OK;
}

static void say_unreadable(const struct ml_run *run)
{
	uint64_t bytes = run->stats.unreadable;
	const char *why = ml_unreadable_why(run);

	if (bytes && !run->query->n_at)
		ml_say(run, ML_SAY_WARNING,
		       "%" PRIu64 " byte%s could not be read and %s not "
		       "searched%s%s",
		       bytes, ml_s(bytes), bytes == 1 ? "was" : "were",
		       why ? ": " : "", why ? why : "");
}

/* Report warnings from first on; returns how many there are. A search adds
 * some, and so does decoding. */
static size_t say_warnings(const struct ml_run *run, size_t first)
{
	const char *line;
	char safe[512];
	size_t i;

	if (run->query->info)
		return 0; /* they are part of the output */
	for (i = first; (line = memlog_image_warning(run->image, i)); i++)
		ml_say(run, ML_SAY_WARNING, "%s",
		       memlog_escape(line, safe, sizeof(safe)));
	return i;
}

/* For ml_image_stop(). */
static bool run_stop(void *arg)
{
	const struct memlog_query_host *h = &((struct ml_run *)arg)->host;

	return h->progress && h->progress(h->progress_arg, 0, 0);
}

/* Names of modules for the logs that are printed, if one of them can use them: of the
 * first list that has some. */
static enum memlog_status run_load_names(struct ml_run *run,
					 struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	bool wanted = false;
	size_t i;

	for (i = 0; i < run->n_chosen; i++)
		wanted |=
			ml_format_find(run->chosen[i]->format)->say.named_by !=
			NULL;
	run->image->stop = run_stop;
	run->image->stop_arg = run;
	for (i = 0; wanted && i < run->n_lists && !s; i++) {
		memlog_names_free(run->names);
		s = memlog_names_load(run->image, run->lists[i], &run->names,
				      err);
		wanted = !s && !run->names->n;
	}
	run->image->stop = NULL;
	return s;
}

static enum memlog_status run_answer(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	size_t said = say_warnings(run, 0);
	enum memlog_status s = ml_find_logs(run, err);

	said = say_warnings(run, said);
	if (!s)
		s = run_choose(run, err);
	if (s)
		return s;
	ml_effort_say_search(run);
	if (!run->n_logs) {
		ml_say_nothing(run);
		return ml_fail(err, MEMLOG_NO_DATA, "no log found");
	}
	say_unreadable(run);
	if (q->list)
		return ml_whole_list(run, err);
	if (q->list_boots)
		return ml_whole_boots(run, err);
	if (q->extract)
		return ml_whole_extract(run, err);
	ml_takes_say(run, run->chosen, run->n_chosen);
	run->tsc_hz = ml_query_tsc_hz(run);
	s = run_load_names(run, err);
	if (s)
		return s;
	s = run->n_chosen ? ml_print_logs(run, err) : MEMLOG_OK;
	say_warnings(run, said);
	if (!s)
		ml_say_others(run);
	return s || run->printed || run->pending ? s : ml_say_none(run, err);
}

static enum memlog_status run_all(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	const struct memlog_sink *sink = run->host.sink;
	struct ml_list_opts opts;
	enum memlog_status s;

	s = memlog_query_check(q, sink, err);
	if (s)
		return s;
	run->checked = true;
	ml_run_ask(run);
	run->info.size = sizeof(run->info);
	s = memlog_image_info(run->image, &run->info, err);
	if (s)
		return s;
	s = ml_run_guest_phys(run, err);
	if (s)
		return s;
	if (q->ranges_in_space &&
	    !memlog_image_has_space(run->image, q->ranges_space))
		return ml_fail(err, MEMLOG_INVALID,
			       "--range: the image has no %s addresses",
			       memlog_space_name(q->ranges_space));
	if (!run->said_symbols)
		run->said_symbols = ml_takes_say_symbols(run);
	if (run->image->ports && !q->info)
		return ml_ports_run(run, err);
	if (q->follow) {
		say_warnings(run, 0);
		return ml_follow_run(run, err);
	}
	if (!q->info)
		return run_answer(run, err);
	opts = ml_run_list_opts(run);
	run->printed = true;
	return ml_info_write(sink, run->image, &opts, err);
}

/* A copy of the host's sink: it may be shorter than ours. */
static enum memlog_status run_sink(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_sink *sink = run->host.sink;
	enum memlog_status s = ml_sized_check(sink, "memlog_sink", err);

	if (s)
		return s;
	ml_sized_in(&run->sink, sizeof(run->sink), sink);
	if (!run->sink.write)
		return ml_fail(err, MEMLOG_INVALID, "a sink needs write");
	run->host.sink = &run->sink;
	return MEMLOG_OK;
}

enum memlog_status memlog_query_run(struct memlog_query *query,
				    struct memlog_image *image,
				    const struct memlog_query_host *host,
				    struct memlog_query_result *ret,
				    struct memlog_err *err)
{
	struct ml_run run = { .query = query,
			      .image = image,
			      .timeline = query->timeline };
	struct memlog_err why;
	enum memlog_status s;
	size_t i;

	if (!err)
		err = &why;
	s = ml_sized_check(host, "memlog_query_host", err);
	if (s)
		return s;
	ml_sized_in(&run.host, sizeof(run.host), host);
	s = run_sink(&run, err);
	if (s)
		return s;
	if (!run.host.started)
		run.host.started = ml_now(CLOCK_MONOTONIC);
	run.stats.size = sizeof(run.stats);
	/* a pipe was searched before */
	if (!image->passed)
		image->n_curtailed = 0;
	run.said_symbols = query->said_symbols;
	s = run_all(&run, err);
	query->said_symbols = run.said_symbols;
	/* of several images: until the last */
	if (!run.host.many) {
		ml_timeline_destroy(run.timeline);
		run.timeline = NULL;
	}
	query->timeline = run.timeline;
	if (!s && run.pending) {
		s = run.pending;
		*err = run.pending_err;
	}
	s = check_file(&run, s, err);
	ml_effort_say_requests(&run);
	s = ml_answer_run(&run, s, err);
	for (i = 0; i < run.n_lists; i++)
		memlog_logs_destroy(run.lists[i]);
	ml_free(&query->alloc, run.logs);
	memlog_names_free(run.names);
	ml_free(&query->alloc, run.chosen);
	if (ret)
		ml_sized_out(ret, &run.result, sizeof(run.result));
	return ml_return(err, s);
}
