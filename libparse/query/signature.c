/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* signature.c - which records of an image its signature is made of, and what it is of an
 * image without any. */
#include "signature.h"

/* Is the record of the boot that was asked for? With --all there are others. */
static bool sign_is_of_boot(const struct ml_job *j,
			    const struct memlog_record *rec)
{
	const struct memlog_query *q = j->run->query;
	const struct memlog_log *log = j->log;

	if (q->has_boot)
		return rec->has_boot && rec->boot == q->boot;
	if (q->n_at && !q->all)
		return !(rec->flags & MEMLOG_REC_STALE) ||
		       log->state == MEMLOG_STATE_STALE;
	return !(rec->flags & MEMLOG_REC_STALE) &&
	       log->state != MEMLOG_STATE_STALE &&
	       log->state != MEMLOG_STATE_COPY &&
	       (!rec->has_boot || !rec->boot);
}

void ml_sign_record(struct ml_job *j, const struct memlog_record *rec)
{
	if (!sign_is_of_boot(j, rec))
		return;
	if (!j->is_signed)
		ml_signing_log(&j->run->signing, j->log,
			       ml_format_find(j->log->format));
	j->is_signed = true;
	ml_signing_take(&j->run->signing, rec);
}

void ml_sign_log_end(struct ml_job *j, enum memlog_status read,
		     uint64_t missing)
{
	const uint32_t lossy = MEMLOG_LOG_WRAPPED | MEMLOG_LOG_LOST_HEAD |
			       MEMLOG_LOG_RACED | MEMLOG_LOG_DAMAGED |
			       MEMLOG_LOG_INCOMPLETE | MEMLOG_LOG_CUT_OFF;

	if (j->enough)
		j->run->unsigned_rest = true;
	if (j->is_signed)
		ml_signing_log_end(
			&j->run->signing,
			read == MEMLOG_NO_DATA && !missing &&
				!memlog_decoder_damaged(j->decoder) &&
				!(j->log->flags & lossy));
}

/* Why a log may be where nobody looked; NULL: all was searched. */
static const char *sign_unsearched(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;

	if (q->n_at)
		return "only an address was looked at";
	if (q->n_ranges)
		return "only a range was searched";
	return run->stats.likely_only ? "only likely places were searched" :
					NULL;
}

/* Of an image whose logs tell nothing. */
static void sign_no_log(const struct ml_run *run, enum memlog_exit exit,
			enum memlog_status status, struct ml_signature *ret)
{
	if (exit == MEMLOG_EXIT_UNREADABLE)
		ml_signature_of_image("unreadable", "unreadable",
				      memlog_status_name(status), ret);
	else if (exit == MEMLOG_EXIT_INCOMPLETE)
		ml_signature_of_image("incomplete", "no log",
				      run->image->n_curtailed &&
						      !run->result.missing &&
						      !ml_missing_unknown(run) ?
					      "not all was searched" :
					      "the image is incomplete",
				      ret);
	else if (run->result.logs_found)
		ml_signature_of_image("no-text", "no text", NULL, ret);
	else
		ml_signature_of_image("no-log", "no log", sign_unsearched(run),
				      ret);
}

bool ml_sign_image(const struct ml_run *run, enum memlog_exit exit,
		   enum memlog_status status, struct ml_signature *ret)
{
	const struct memlog_query *q = run->query;

	if (!ml_query_prints(q) || q->follow || run->image->ports ||
	    run->unsigned_rest)
		return false;
	if (!ml_signing_get(&run->signing, ret)) {
		sign_no_log(run, exit, status, ret);
		return true;
	}
	if (exit == MEMLOG_EXIT_UNREADABLE || exit == MEMLOG_EXIT_INCOMPLETE)
		ret->whole = false;
	return true;
}
