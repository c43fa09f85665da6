/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.c - which boots the logs of an image are from: -b and --list-boots. */
#include "boots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "format/format.h"

/* Logs of several CPUs may go back to a boot: so far that is looked for at once,
 * and else when the list is sorted. */
#define BOOTS_BACK 16

/* How many boots an error message names. */
#define BOOTS_NAMED 6

/* The unknown first, then the oldest. */
static int boots_by_age(const void *a, const void *b)
{
	const struct ml_boot *x = a, *y = b;
	int by_name;

	if (x->known != y->known)
		return x->known ? 1 : -1;
	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	by_name = strcmp(x->log->format, y->log->format);
	if (by_name || x->turn == y->turn)
		return by_name;
	return x->turn < y->turn ? -1 : 1;
}

static bool boots_are_same(const struct ml_boot *a, const struct ml_boot *b)
{
	return a->known == b->known && a->boot == b->boot &&
	       !strcmp(a->log->format, b->log->format);
}

/* Sort the list, and join what is the same boot. */
static void boots_sort(struct ml_boots *boots)
{
	size_t i, n = 0;

	if (!boots->n)
		return;
	qsort(boots->at, boots->n, sizeof(*boots->at), boots_by_age);
	for (i = 1; i < boots->n; i++) {
		struct ml_boot *a = &boots->at[n];
		const struct ml_boot *b = &boots->at[i];

		if (!boots_are_same(a, b)) {
			boots->at[++n] = *b;
			continue;
		}
		a->logs += b->logs - (a->last == b->log);
		a->last = b->last;
	}
	boots->n = n + 1;
}

/* The oldest have to go. */
static void boots_cut(struct ml_boots *boots)
{
	size_t half = ML_MAX_BOOTS / 2;

	boots_sort(boots);
	if (boots->n <= half)
		return;
	memmove(boots->at, boots->at + boots->n - half,
		half * sizeof(*boots->at));
	boots->n = half;
	boots->cut = true;
}

static enum memlog_status boots_add(const struct ml_run *run,
				    struct ml_boots *boots, size_t turn,
				    bool known, int32_t boot,
				    struct memlog_err *err)
{
	const struct memlog_log *log = run->logs[turn];
	struct ml_boot add = { log, log, known, known ? boot : 0, 1, turn };
	enum memlog_status s;
	size_t i;

	for (i = boots->n; i && boots->n - i < BOOTS_BACK; i--)
		if (boots->at[i - 1].last == log &&
		    boots_are_same(&boots->at[i - 1], &add))
			return MEMLOG_OK;
	if (boots->n == ML_MAX_BOOTS)
		boots_cut(boots);
	s = ml_grow(&run->query->alloc, &boots->at, boots->n, &boots->cap,
		    sizeof(*boots->at), err);
	if (!s)
		boots->at[boots->n++] = add;
	return s;
}

/* The records of a log say which boot each is from. They are added to all, or, if
 * that is NULL, looked at for the wanted one. */
static enum memlog_status boots_of_records(const struct ml_run *run,
					   size_t turn, struct ml_boots *all,
					   bool *ret_held,
					   struct memlog_err *err)
{
	const struct memlog_log *log = run->logs[turn];
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
	while (!s && !*ret_held && !memlog_decoder_next(d, &rec, NULL)) {
		if (all)
			s = boots_add(run, all, turn, rec->has_boot, rec->boot,
				      err);
		else
			*ret_held = rec->has_boot &&
				    rec->boot == run->query->boot;
		bytes += rec->raw_len;
		if (!s && h->progress &&
		    h->progress(h->progress_arg, bytes, log->used))
			s = ml_fail(err, MEMLOG_STOP, "stopped");
	}
	memlog_decoder_close(d);
	return s;
}

static enum memlog_status boots_of(const struct ml_run *run, size_t turn,
				   struct ml_boots *all, bool *ret_held,
				   struct memlog_err *err)
{
	const struct memlog_log *log = run->logs[turn];

	*ret_held = false;
	if (log->flags & (MEMLOG_LOG_NOT_A_LOG | MEMLOG_LOG_EMPTY) ||
	    log->state == MEMLOG_STATE_COPY)
		return MEMLOG_OK;
	if (ml_format_find(log->format)->say.boots)
		return boots_of_records(run, turn, all, ret_held, err);
	if (all)
		return boots_add(run, all, turn, log->has_boot, log->boot, err);
	*ret_held = log->has_boot && log->boot == run->query->boot;
	return MEMLOG_OK;
}

enum memlog_status ml_boots_hold(const struct ml_run *run, size_t index,
				 bool *ret, struct memlog_err *err)
{
	return boots_of(run, index, NULL, ret, err);
}

enum memlog_status ml_boots_all(const struct ml_run *run, struct ml_boots *ret,
				struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	bool held;
	size_t i;

	for (i = 0; i < run->n_logs && !s; i++)
		s = boots_of(run, i, ret, &held, err);
	boots_sort(ret);
	return s;
}

/* The known boots of the list, from first on, into words: "-1 (cbmem), 0 (cbmem,
 * ovmf)". Returns how many. */
static size_t boots_name(const struct ml_boots *all, size_t first, char *words,
			 size_t size)
{
	const struct ml_boot *b;
	size_t i, n = 0, boots = 0;

	for (i = first; i < all->n && n + 40 < size; i++) {
		b = &all->at[i];
		if (i > first && b[-1].boot == b->boot) {
			n += (size_t)snprintf(words + n, size - n, ", %s",
					      b->log->format);
			continue;
		}
		n += (size_t)snprintf(words + n, size - n, "%s%" PRId32 " (%s",
				      boots++ ? "), " : "", b->boot,
				      b->log->format);
	}
	snprintf(words + n, size - n, "%s", boots ? ")" : "");
	return boots;
}

void ml_boots_say_none(const struct ml_run *run, const struct ml_boots *all)
{
	size_t known = 0, unknown = 0, boots = 0, from;
	char list[320], more[64] = "";

	/* the unknown come first, and the newest last */
	while (known < all->n && !all->at[known].known)
		unknown += all->at[known++].logs;
	for (from = all->n; from > known; from--) {
		boots += from == all->n ||
			 all->at[from - 1].boot != all->at[from].boot;
		if (boots > BOOTS_NAMED)
			break;
	}
	if (from > known)
		snprintf(more, sizeof(more),
			 " and older ones; see --list-boots");
	else if (unknown)
		snprintf(more, sizeof(more),
			 ", and logs whose boot is unknown; see --list");
	boots = boots_name(all, from, list, sizeof(list));
	if (boots)
		ml_say(run, ML_SAY_ERROR,
		       "no log of boot %" PRId32 "; there %s %s%s",
		       run->query->boot, boots > 1 ? "are" : "is only boot",
		       list, more);
	else
		ml_say(run, ML_SAY_ERROR, "no log of boot %" PRId32 ": %s",
		       run->query->boot,
		       run->query->n_at ? "without a search, as with --at, "
					  "the boot of the log is unknown" :
					  "the boot of no log is known; see "
					  "--list");
}
