/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* answer.c - decide the exit status of a query, for all front ends. */
#include "answer.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/now.h"
#include "base/plural.h"
#include "base/sized.h"
#include "image/image.h"
#include "render/summary.h"
#include "signature.h"

enum memlog_exit ml_answer_exit(const struct ml_answer *a)
{
	switch (a->status) {
	case MEMLOG_INVALID:
		return MEMLOG_EXIT_USAGE;
	case MEMLOG_OK:
	case MEMLOG_NO_DATA:
	case MEMLOG_NOT_MINE: /* no log at that address */
	case MEMLOG_CORRUPT:
		break;
	default:
		return MEMLOG_EXIT_UNREADABLE;
	}
	if ((a->strict || !a->printed) &&
	    (a->damaged || a->missing || a->status == MEMLOG_CORRUPT))
		return MEMLOG_EXIT_INCOMPLETE;
	return a->printed ? MEMLOG_EXIT_PRINTED : MEMLOG_EXIT_NONE;
}

/* Why it is not the status that the output suggests. */
static void answer_say(const struct ml_run *run)
{
	uint64_t missing = run->result.missing;

	if (!run->result.missing && ml_missing_unknown(run))
		ml_say(run, ML_SAY_ERROR,
		       "incomplete: a part of the image is missing");
	else if (!run->result.missing && run->image->n_curtailed)
		ml_say(run, ML_SAY_ERROR,
		       "incomplete: not every place that looks like a "
		       "log was searched");
	else if (!run->result.missing)
		ml_say(run, ML_SAY_ERROR, "incomplete: %s is damaged",
		       run->printed ? "what was printed" : "the image");
	else if (!run->printed)
		ml_say(run, ML_SAY_ERROR,
		       "incomplete: a log may be in the %" PRIu64 " byte%s "
		       "that %s missing from the image",
		       missing, ml_s(missing), ml_are(missing));
	else
		ml_say(run, ML_SAY_ERROR,
		       "incomplete: %" PRIu64 " byte%s %s missing from the "
		       "image",
		       missing, ml_s(missing), ml_are(missing));
}

/* The object of one image, if the output is one stream of JSON, or its signature. */
static enum memlog_status answer_write(const struct memlog_query *query,
				       const struct memlog_query_host *host,
				       const struct ml_summary *summary,
				       struct memlog_err *err)
{
	enum ml_list_style style = query->render->list;

	if (query->signature && style == ML_LIST_TEXT && !host->sink->begin)
		return ml_summary_write_text(host->sink, summary, host->many,
					     err);
	if ((style != ML_LIST_JSON && style != ML_LIST_JSON_SEQ) ||
	    host->sink->begin)
		return MEMLOG_OK;
	return ml_summary_write(host->sink, style, summary, err);
}

/* Nanoseconds since host->started. */
static uint64_t answer_elapsed(const struct memlog_query_host *host)
{
	uint64_t now = ml_now(CLOCK_MONOTONIC);

	return host->started && now > host->started ? now - host->started : 0;
}

enum memlog_status ml_answer_run(struct ml_run *run, enum memlog_status s,
				 struct memlog_err *err)
{
	struct memlog_err why = { .status = MEMLOG_OK };
	struct ml_summary summary = {
		.image = run->image->name,
		.result = &run->result,
		.error = s && s != MEMLOG_NO_DATA ? err->text : NULL,
		.elapsed = answer_elapsed(&run->host),
	};
	struct memlog_query_result *result = &run->result;
	bool cut = ml_missing_unknown(run);
	struct ml_signature signature;
	struct ml_answer answer;
	enum memlog_status written;

	result->damaged |= run->image->suspect || run->image->unread ||
			   run->image->n_curtailed || cut;
	result->searched = run->stats.covered;
	summary.likely_only = run->stats.likely_only;
	result->missing = ml_missing_bytes(run);
	answer = (struct ml_answer){
		.status = s,
		.printed = run->printed,
		.damaged = result->damaged,
		.missing = result->missing > 0 || cut,
		.strict = true,
	};
	summary.status = ml_answer_exit(&answer);
	answer.strict = run->query->strict;
	result->exit = ml_answer_exit(&answer);
	if (result->exit == MEMLOG_EXIT_INCOMPLETE)
		answer_say(run);
	if (run->query->render->list != ML_LIST_TEXT)
		result->left_out = ml_image_left_out(run->image);
	/* not of options that fit no image, and not after Ctrl-C */
	if (!run->checked || s == MEMLOG_STOP)
		return s;
	if (ml_sign_image(run, summary.status, s, &signature))
		summary.signature = &signature;
	written = answer_write(run->query, &run->host, &summary, &why);
	if (!written)
		return s;
	result->exit = MEMLOG_EXIT_UNREADABLE;
	if (s && s != MEMLOG_NO_DATA)
		return s;
	/* a sink need not say why */
	*err = why;
	return written;
}

enum memlog_exit memlog_query_failed(const struct memlog_query *query,
				     const char *name,
				     enum memlog_status status,
				     const struct memlog_err *err,
				     const struct memlog_query_host *host)
{
	struct memlog_query_result result = {
		.size = sizeof(result),
		.exit = MEMLOG_EXIT_UNREADABLE,
	};
	struct ml_summary summary = {
		.image = name,
		.result = &result,
		.error = err && err->text[0] ? err->text :
					       memlog_status_name(status),
	};
	struct ml_signature signature;
	struct memlog_query_host h;

	if (status == MEMLOG_INVALID || (!name && status != MEMLOG_NO_MEMORY))
		result.exit = MEMLOG_EXIT_USAGE;
	if (!name || !query || !host || status == MEMLOG_STOP)
		return result.exit;
	ml_sized_in(&h, sizeof(h), host);
	summary.status = result.exit;
	summary.elapsed = answer_elapsed(&h);
	ml_signature_of_image("unreadable", "unreadable",
			      memlog_status_name(status), &signature);
	summary.signature = &signature;
	if (answer_write(query, &h, &summary, NULL))
		return MEMLOG_EXIT_UNREADABLE;
	return result.exit;
}
