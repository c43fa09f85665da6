/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* effort.c - what a search cost, and how far it went. */
#include "effort.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "image/bytes/pipe.h"
#include "image/bytes/remote.h"
#include "render/words.h"

/* The format that the image may have anywhere, if it was not found; NULL: there is none. */
static const struct ml_format *effort_left(const struct ml_run *run)
{
	const struct ml_format *f;
	size_t i;

	for (i = 0; (f = ml_formats[i]); i++)
		if (f->find.perhaps && ml_format_asked(run->asked, f) &&
		    f->find.expected(run->image) && !ml_run_has(run, f))
			return f;
	return NULL;
}

static void effort_say_work(const struct ml_run *run)
{
	const struct memlog_scan_stats *st = &run->stats;

	ml_say(run, ML_SAY_DETAIL,
	       "searched %" PRIu64 " byte%s by looking at %" PRIu64 ": %" PRIu64
	       " candidate%s, %" PRIu64 " rejected, %zu log%s%s",
	       st->covered, ml_s(st->covered), st->touched, st->candidates,
	       ml_s(st->candidates), st->rejected, run->n_logs,
	       ml_s(run->n_logs),
	       st->likely_only ? "; only the likely places" : "");
}

/* A log that was found where it is likely says nothing of others. */
static void effort_say_likely(const struct ml_run *run)
{
	bool all = run->query->scan == MEMLOG_SCAN_LIKELY;
	const struct ml_format *left = effort_left(run);
	char searched[ML_SIZE_TEXT];

	ml_say(run, ML_SAY_NOTE,
	       "only %s, where logs are likely, were searched%s%s%s%s: "
	       "--scan=pages looks everywhere",
	       ml_size_words(run->stats.covered, searched),
	       all ? "" : ", up to a current log", left ? ", and not for " : "",
	       left ? left->name : "", left ? ", which may be anywhere" : "");
	ml_say_formats(run, ML_SAY_DETAIL);
}

void ml_effort_say_search(const struct ml_run *run)
{
	if (run->query->n_at)
		return;
	effort_say_work(run);
	if (run->stats.likely_only && run->n_logs)
		effort_say_likely(run);
}

void ml_effort_say_requests(const struct ml_run *run)
{
	uint64_t requests, bytes;
	bool ended;

	if (ml_pipe_count(&run->image->file, &bytes, &ended))
		ml_say(run, ML_SAY_DETAIL,
		       "%" PRIu64 " byte%s of the pipe were read%s", bytes,
		       ml_s(bytes), ended ? ", to its end" : "");
	if (ml_remote_count(&run->image->file, &requests, &bytes))
		ml_say(run, ML_SAY_DETAIL,
		       "%" PRIu64 " request%s for %" PRIu64
		       " byte%s of the file",
		       requests, ml_s(requests), bytes, ml_s(bytes));
}
