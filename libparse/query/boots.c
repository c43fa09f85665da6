/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.c - which boots the logs of an image are from: -b and --list-boots. */
#include "boots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "format/format.h"

static void boots_add(struct ml_boots *boots, const struct memlog_log *log,
		      bool known, int32_t boot)
{
	struct ml_boot *b;
	size_t i;

	for (i = 0; i < boots->n; i++) {
		b = &boots->at[i];
		if (b->known != known || b->boot != boot ||
		    strcmp(b->log->format, log->format))
			continue;
		b->logs += b->last != log;
		b->last = log;
		return;
	}
	if (boots->n == ML_BOOTS)
		return;
	boots->at[boots->n++] = (struct ml_boot){ log, log, known, boot, 1 };
}

/* Its records say which boot each is from. */
static enum memlog_status boots_of_records(const struct ml_run *run,
					   const struct memlog_log *log,
					   struct ml_boots *ret,
					   struct memlog_err *err)
{
	const struct memlog_query_host *h = &run->host;
	struct memlog_decode_opts opts = { .size = sizeof(opts),
					   .consumed = true };
	struct memlog_err why = { .status = MEMLOG_OK };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	enum memlog_status s;
	uint64_t bytes = 0;

	s = memlog_decoder_open(run->image, log, &opts, &d, &why);
	if (s)
		return s == MEMLOG_NO_MEMORY ? ml_fail(err, s, "%s", why.text) :
					       MEMLOG_OK;
	while (!s && !memlog_decoder_next(d, &rec, NULL)) {
		boots_add(ret, log, rec->has_boot, rec->boot);
		bytes += rec->raw_len;
		if (h->progress &&
		    h->progress(h->progress_arg, bytes, log->used))
			s = ml_fail(err, MEMLOG_STOP, "stopped");
	}
	memlog_decoder_close(d);
	return s;
}

enum memlog_status ml_boots_of(const struct ml_run *run,
			       const struct memlog_log *log,
			       struct ml_boots *ret, struct memlog_err *err)
{
	if (log->flags & (MEMLOG_LOG_NOT_A_LOG | MEMLOG_LOG_EMPTY) ||
	    log->state == MEMLOG_STATE_COPY)
		return MEMLOG_OK;
	if (ml_format_find(log->format)->say.boots)
		return boots_of_records(run, log, ret, err);
	boots_add(ret, log, log->has_boot, log->has_boot ? log->boot : 0);
	return MEMLOG_OK;
}

bool ml_boots_have(const struct ml_boots *boots, int32_t boot)
{
	size_t i;

	for (i = 0; i < boots->n; i++)
		if (boots->at[i].known && boots->at[i].boot == boot)
			return true;
	return false;
}

/* The unknown first, then the oldest. */
static int boots_by_age(const void *a, const void *b)
{
	const struct ml_boot *x = a, *y = b;

	if (x->known != y->known)
		return x->known ? 1 : -1;
	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	return strcmp(x->log->format, y->log->format);
}

enum memlog_status ml_boots_all(const struct ml_run *run, struct ml_boots *ret,
				struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	ret->n = 0;
	for (i = 0; i < run->n_logs && !s; i++)
		s = ml_boots_of(run, run->logs[i], ret, err);
	qsort(ret->at, ret->n, sizeof(*ret->at), boots_by_age);
	return s;
}

void ml_boots_say_none(const struct ml_run *run, const struct ml_boots *all)
{
	char list[240] = "";
	const char *before = "";
	size_t i, n = 0, unknown = 0;

	for (i = 0; i < all->n && n + 48 < sizeof(list); i++) {
		if (!all->at[i].known) {
			unknown += all->at[i].logs;
			continue;
		}
		n += (size_t)snprintf(list + n, sizeof(list) - n,
				      "%s%" PRId32 " (%s)", before,
				      all->at[i].boot, all->at[i].log->format);
		before = ", ";
	}
	if (n)
		ml_say(run, ML_SAY_ERROR,
		       "no log of boot %" PRId32 "; there %s %s%s",
		       run->query->boot,
		       strchr(list, ',') ? "are" : "is only boot", list,
		       unknown ?
			       ", and logs whose boot is unknown; see --list" :
			       "");
	else
		ml_say(run, ML_SAY_ERROR,
		       "no log of boot %" PRId32
		       ": the boot of no log is known; "
		       "see --list",
		       run->query->boot);
}
