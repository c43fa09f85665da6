/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* opts.c - what of a query goes to searches, decoders and renderers. */
#include "run.h"

#include <stdio.h>

#include "base/names.h"

/* Those to search for. ACRN's log may tell what its trace needs. */
static const char *opts_formats(struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	const char *asked = ml_query_formats(q);

	if (!asked || q->list || q->extract || q->tsc_hz ||
	    !ml_name_in_list(asked, "acrn-trace") ||
	    ml_name_in_list(asked, "acrn-log") ||
	    (size_t)snprintf(run->formats, sizeof(run->formats),
			     "%s,acrn-log", asked) >= sizeof(run->formats))
		return asked;
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

struct memlog_decode_opts ml_run_decode_opts(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	struct memlog_decode_opts opts = {
		.size = sizeof(opts),
		.uncommitted = q->uncommitted,
		.consumed = q->consumed,
		.tsc_hz = run->tsc_hz,
		.acrn_rules = q->acrn_rules,
		.acrn_rules_len = q->acrn_rules_len,
	};

	return opts;
}

bool ml_run_apart(const struct ml_run *run)
{
	const struct ml_render *render = ml_query_writer(run->query);

	return run->host.sink->begin && render->suffix && !render->folder;
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
		.color = q->color,
		.time_format = q->time_format,
		.tsc_hz = run->tsc_hz,
		.stats = q->stats,
		.has_acrnlog_size = q->has_acrnlog_size,
		.acrnlog_size = q->acrnlog_size,
		.acrnlog_files = q->acrnlog_files,
	};

	return opts;
}
