/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* find.c - search for the logs of a query, or look at the addresses of --at. */
#include "run.h"

#include "base/err.h"

/* What was found before an error is still printed. */
static enum memlog_status find_some(struct ml_run *run, enum memlog_status s,
				    const struct memlog_err *why,
				    struct memlog_err *err)
{
	if (!s)
		return MEMLOG_OK;
	if ((s != MEMLOG_IO && s != MEMLOG_LIMIT) ||
	    !memlog_logs_count(run->lists[0])) {
		if (err)
			*err = *why;
		return s;
	}
	ml_say(run, s == MEMLOG_IO ? ML_SAY_ERROR : ML_SAY_WARNING,
	       "the search ended early: %s", why->text);
	if (s == MEMLOG_IO) {
		run->pending = s;
		run->pending_err = *why;
	}
	return MEMLOG_OK;
}

/* The log of each --at. Where one has none, the others are printed all the same;
 * NOT_MINE: none of them has. */
static enum memlog_status find_at(struct ml_run *run,
				  const struct memlog_scan_opts *opts,
				  struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	struct memlog_err none = { .status = MEMLOG_OK };
	const struct ml_query_at *at;
	enum memlog_status s;
	size_t i;

	for (i = 0; i < q->n_at; i++) {
		at = &q->at[i];
		s = memlog_scan_at(run->image,
				   at->has_space ? at->space : run->info.space,
				   at->addr, opts, &run->lists[run->n_lists],
				   err);
		if (!s) {
			run->ats[run->n_lists++] = at;
			continue;
		}
		if (s != MEMLOG_NOT_MINE)
			return ml_prefix(err, s, "--at");
		/* the last one is the front end's to report, if there are no
		 * others */
		if (none.status)
			ml_say(run, ML_SAY_ERROR, "%s", none.text);
		ml_prefix(err, s, "--at");
		none = *err;
	}
	if (none.status && run->n_lists)
		ml_say(run, ML_SAY_ERROR, "%s", none.text);
	return run->n_lists ? MEMLOG_OK : none.status;
}

enum memlog_status ml_find_logs(struct ml_run *run, struct memlog_err *err)
{
	const struct memlog_query *q = run->query;
	struct memlog_scan_opts opts = ml_run_scan_opts(run);
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s;

	if (q->n_at)
		return find_at(run, &opts, err);
	run->n_lists = 1;
	s = memlog_scan(run->image, &opts, &run->lists[0], &run->stats, &why);
	return find_some(run, s, &why, err);
}
