/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* opts.c - make the options of searches, decoders and renderers from a
 * query. */
#include "run.h"

#include <stdio.h>

#include "base/names.h"
#include "render/tables/stats.h"
#include "scan/scan.h"

void ml_run_ask(struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	const struct ml_render *writer = ml_query_writer(q);
	size_t i;

	run->asked = q->formats;
	if (q->formats || !ml_query_prints(q))
		return;
	if (writer->only)
		run->asked = writer->only->name;
	for (i = 0; (writer->events || writer->draws) && ml_formats[i]; i++)
		if ((writer->draws ?
			     ml_formats[i]->say.moment ||
				     ml_formats[i]->say.event :
			     ml_analysis_wants(q->stats, ml_formats[i])) &&
		    ml_name_add(run->asked_list, sizeof(run->asked_list),
				ml_formats[i]->name))
			run->asked = run->asked_list;
}

/* Search for a format, too, if there is one; false: the list is full. */
static bool opts_add(struct ml_run *run, const struct ml_format *fmt)
{
	return !fmt || ml_format_asked(run->formats, fmt) ||
	       ml_name_add(run->formats, sizeof(run->formats), fmt->name);
}

/* The formats to search for: the requested ones, their clocks and what
 * has names for them. All for a list, for
 * an address, and in an extract: it has those that were asked for when it was made. */
static const char *opts_formats(struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	struct ml_named named;
	size_t i;

	if (!run->asked &&
	    (q->list || q->n_at || ml_image_named(run->image, 0, &named)))
		return ML_FORMATS_ALL;
	if (!run->asked || !ml_query_prints(q) ||
	    (size_t)snprintf(run->formats, sizeof(run->formats), "%s",
			     run->asked) >= sizeof(run->formats))
		return run->asked;
	for (i = 0; ml_formats[i]; i++)
		if (ml_format_asked(run->asked, ml_formats[i]) &&
		    (!opts_add(run,
			       q->tsc_hz ? NULL : ml_formats[i]->say.clock) ||
		     !opts_add(run, ml_formats[i]->say.named_by)))
			return run->asked;
	return run->formats;
}

struct memlog_scan_opts ml_run_scan_opts(struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	struct memlog_scan_opts o = {
		.size = sizeof(o),
		.mode = q->scan,
		.formats = opts_formats(run),
		.ranges = q->n_ranges ? q->ranges : NULL,
		.n_ranges = q->n_ranges,
		.ranges_space = q->ranges_space,
		.ranges_in_space = q->ranges_in_space,
		.threads = q->threads,
		.max_logs = q->max_logs,
		.symbols = run->host.symbols,
		.progress = run->host.progress,
		.progress_arg = run->host.progress_arg,
	};

	return o;
}

/* Are physical addresses asked for? */
static bool opts_wants_phys(const struct memlog_query *q)
{
	size_t i;

	if (q->ranges_in_space && q->ranges_space == MEMLOG_PHYS)
		return true;
	for (i = 0; i < q->n_at; i++)
		if (q->at[i].has_space && q->at[i].space == MEMLOG_PHYS)
			return true;
	return false;
}

enum memlog_status ml_run_guest_phys(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_scan_opts opts = ml_run_scan_opts(run);

	return opts_wants_phys(run->query) ?
		       ml_scan_guest_phys(run->image, &opts, err) :
		       MEMLOG_OK;
}

struct memlog_decode_opts ml_run_decode_opts(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	struct memlog_decode_opts opts = {
		.size = sizeof(opts),
		.uncommitted = q->uncommitted,
		.consumed = q->consumed,
		.merge = q->merge,
		.tsc_hz = run->tsc_hz,
		.rules = q->rules,
		.rules_len = q->rules_len,
		.symbols = run->host.symbols,
		.printer = run->host.printer,
		.deflate = run->host.deflate,
		.names = run->names,
	};

	return opts;
}

bool ml_run_apart(const struct ml_run *run)
{
	const struct ml_render *render = ml_query_writer(run->query);

	return run->host.sink->begin && render->suffix && !render->directory;
}

struct ml_render_opts ml_run_render_opts(const struct ml_run *run,
					 size_t n_logs)
{
	const struct memlog_query *q = run->query;
	struct ml_render_opts opts = {
		.alloc = &q->alloc,
		.image = run->info.name,
		.n_logs = ml_run_apart(run) ? 1 : n_logs,
		.many = run->host.many && !ml_run_apart(run),
		.continued = run->host.continued,
		.color = q->color,
		.patterns = &q->filter.patterns,
		.one_boot = q->has_boot,
		/* such a line has its time */
		.time_format = ml_query_arrival(q) ? NULL : q->time_format,
		.delta = q->delta,
		.tsc_hz = run->tsc_hz,
		.stats = q->stats,
		.has_file_size = q->has_file_size,
		.file_size = q->file_size,
		.max_files = q->max_files,
		.tmpdir = run->host.tmpdir,
	};

	return opts;
}

struct ml_list_opts ml_run_list_opts(const struct ml_run *run)
{
	struct ml_list_opts o = {
		.alloc = &run->query->alloc,
		.image = run->info.name,
		.style = run->query->render->list,
		.many = run->host.many,
		.color = run->query->color,
		.verbose = run->query->verbose,
	};

	return o;
}
