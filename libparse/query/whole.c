/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* whole.c - write logs that are not decoded: lists of them, and extracts. */
#include "run.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "format/format.h"
#include "scan/scan.h"
#include "boots.h"

void ml_whole_count_absent(struct ml_run *run,
			   const struct memlog_log *const *logs, size_t n)
{
	const struct ml_log *ml;
	size_t i;

	for (i = 0; i < n; i++) {
		ml = (const struct ml_log *)logs[i];
		if (logs[i]->flags &
		    (MEMLOG_LOG_INCOMPLETE | MEMLOG_LOG_CUT_OFF))
			run->result.damaged = true;
		if (!ml_add(run->missing, ml->absent, &run->missing))
			run->missing = UINT64_MAX;
	}
}

/* Logs in a process: what physical addresses they have in the guest. Only now, as a
 * search goes through all spaces. */
static enum memlog_status whole_add_phys(struct ml_run *run,
					 struct memlog_err *err)
{
	const struct memlog_scan_opts opts = ml_run_scan_opts(run);
	enum memlog_status s;
	size_t i;

	if (memlog_image_has_space(run->image, MEMLOG_PHYS) ||
	    !memlog_image_has_space(run->image, MEMLOG_HOST))
		return MEMLOG_OK;
	s = ml_scan_guest_phys(run->image, &opts, err);
	for (i = 0; i < run->n_lists && !s; i++)
		ml_logs_alias(run->lists[i], run->image);
	return s;
}

enum memlog_status ml_whole_list(struct ml_run *run, struct memlog_err *err)
{
	struct ml_list_opts opts = ml_run_list_opts(run);
	enum memlog_status s = whole_add_phys(run, err);

	if (s)
		return s;
	ml_whole_count_absent(run, run->logs, run->n_logs);
	run->result.logs_printed = run->n_logs;
	run->printed = true;
	return ml_list_write(run->host.sink, run->logs, run->n_logs, &opts,
			     err);
}

static enum memlog_status whole_write_boots(struct ml_run *run,
					    const struct ml_boots *boots,
					    struct memlog_err *err)
{
	struct ml_list_opts opts = ml_run_list_opts(run);

	if (!boots->n) {
		ml_say_others(run);
		return ml_fail(err, MEMLOG_NO_DATA, "no log with text");
	}
	if (boots->cut)
		ml_say(run, ML_SAY_WARNING,
		       "too many boots to list: the oldest are left out");
	ml_whole_count_absent(run, run->logs, run->n_logs);
	run->result.logs_printed = run->n_logs;
	run->printed = true;
	return ml_boots_write(run->host.sink, boots, &opts, err);
}

enum memlog_status ml_whole_boots(struct ml_run *run, struct memlog_err *err)
{
	struct ml_boots boots = { .n = 0 };
	enum memlog_status s = ml_boots_all(run, &boots, err);

	if (!s)
		s = whole_write_boots(run, &boots, err);
	ml_free(&run->query->alloc, boots.at);
	return s;
}

static enum memlog_space whole_space(const struct memlog_log *log)
{
	return log->n_extents ? log->extents[0].space : MEMLOG_PHYS;
}

/* An extract has one address space: that of the first log. Report those of
 * others, and move them to the end. Returns how many stay. */
static size_t whole_leave_out(struct ml_run *run)
{
	enum memlog_space space = whole_space(run->logs[0]);
	const struct memlog_log *log;
	size_t n = 0, i;

	for (i = 0; i < run->n_logs; i++) {
		log = run->logs[i];
		if (whole_space(log) != space) {
			ml_say_log(run, ML_SAY_WARNING, log,
				   "is not in the extract, which has %s "
				   "addresses; --at gives one of its own",
				   memlog_space_name(space));
			continue;
		}
		run->logs[i] = run->logs[n];
		run->logs[n++] = log;
	}
	return n;
}

/* What an extract of the first n logs lacks. */
static void whole_say_absent(struct ml_run *run, size_t n)
{
	const struct memlog_log *log;
	uint64_t absent;
	size_t i;

	for (i = 0; i < n; i++) {
		log = run->logs[i];
		absent = ((const struct ml_log *)log)->absent;
		if (log->flags & MEMLOG_LOG_CUT_OFF)
			ml_say_cut_off(run, log);
		if (absent)
			ml_say_log(run, ML_SAY_WARNING, log,
				   "%" PRIu64 " byte%s of it %s %s", absent,
				   ml_s(absent), ml_are(absent),
				   ml_absent_words(log));
	}
}

enum memlog_status ml_whole_extract(struct ml_run *run, struct memlog_err *err)
{
	enum memlog_status s;
	bool some = run->query->has_boot;
	uint64_t missing = 0;
	size_t n, i;

	n = whole_leave_out(run);
	whole_say_absent(run, n);
	for (i = 0; i < run->n_lists; i++)
		some |= run->lists[i]->some;
	s = ml_extract_write(run->host.sink, run->image, run->logs, n, some,
			     &run->query->alloc, &missing, err);
	if (s)
		return s;
	run->result.logs_printed = n;
	run->printed = true;
	ml_whole_count_absent(run, run->logs, n);
	if (!ml_add(run->missing, missing, &run->missing))
		run->missing = UINT64_MAX;
	if (missing) {
		run->result.damaged = true;
		ml_say(run, ML_SAY_WARNING,
		       "%" PRIu64 " byte%s of the logs %s not in the image and "
		       "%s zero in the extract",
		       missing, ml_s(missing), ml_are(missing),
		       ml_are(missing));
	}
	return MEMLOG_OK;
}
