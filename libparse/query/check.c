/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* check.c - check the options of a query against each other. */
#include "query.h"

#include "base/err.h"
#include "base/names.h"
#include "format/format.h"

const struct ml_render *ml_query_writer(const struct memlog_query *q)
{
	if (!q->stats || q->info || q->list || q->extract || !q->render->tables)
		return q->render;
	return q->render->tables;
}

int memlog_query_level(const struct memlog_query *query)
{
	return query->level;
}

bool memlog_query_wants_directory(const struct memlog_query *query)
{
	return !query->info && !query->list && !query->extract &&
	       ml_query_writer(query)->directory;
}

enum memlog_status ml_query_check(const struct memlog_query *q,
				  struct memlog_err *err)
{
	const struct ml_render *r = q->render;

	if (q->info + q->list + q->extract > 1)
		return ml_fail(err, MEMLOG_INVALID,
			       "one of --info, --list and --extract at a time");
	if (q->follow && (q->info || q->list || q->extract || q->n_at ||
			  q->stats || !r->flush))
		return ml_fail(err, MEMLOG_INVALID,
			       "-w prints one log as it grows, as text, raw, "
			       "json or json-seq: leave out --info, --list, "
			       "--extract, --at and --stats");
	if (q->follow && ml_filter_needs_last(&q->filter))
		return ml_fail(
			err, MEMLOG_INVALID,
			"-w has no last line yet, from which --since and "
			"--until could count: give seconds or a date");
	if (ml_when_after(&q->filter.since, &q->filter.until))
		return ml_fail(err, MEMLOG_INVALID,
			       "--since is after --until: nothing can match");
	if (q->extract && r != ml_renders[0])
		return ml_fail(err, MEMLOG_INVALID,
			       "--extract writes an ELF core: leave out -O %s",
			       r->name);
	if ((q->info || q->list) && r->list == ML_LIST_NONE)
		return ml_fail(err, MEMLOG_INVALID,
			       "--%s is written as text, json or json-seq, "
			       "not as %s",
			       q->info ? "info" : "list", r->name);
	if (q->stats && !r->tables)
		return ml_fail(err, MEMLOG_INVALID,
			       "--stats is written as text, csv or json, not "
			       "as %s",
			       r->name);
	if (!q->stats && r->only_tables)
		return ml_fail(err, MEMLOG_INVALID,
			       "-O %s needs --stats=vm_exit, irq or cpu_usage",
			       r->name);
	if (q->n_at && (q->n_ranges || q->scan == MEMLOG_SCAN_EXHAUSTIVE))
		return ml_fail(err, MEMLOG_INVALID,
			       "--at does not search: leave out --range and "
			       "--scan, or --at");
	return MEMLOG_OK;
}

void memlog_query_stream(const struct memlog_query *q, const char **ret_formats,
			 bool *ret_whole)
{
	size_t i;

	*ret_formats = q->formats;
	*ret_whole = q->n_at || q->n_ranges ||
		     q->scan == MEMLOG_SCAN_EXHAUSTIVE;
	for (i = 0; q->formats && ml_formats[i]; i++)
		*ret_whole |= ml_formats[i]->find.needs_random &&
			      ml_name_in_list(q->formats, ml_formats[i]->name);
}
