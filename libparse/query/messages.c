/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* messages.c - messages besides the data: nothing found, other logs. */
#include "run.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/names.h"
#include "base/plural.h"
#include "image/bytes/beside.h"
#include "image/image.h"
#include "render/words.h"

#define LINE 640

/* How many logs that are left out are named one by one. */
#define NAMED 4

static void say_va(const struct ml_run *run, int level, const char *before,
		   const char *fmt, va_list ap)
{
	char line[LINE];
	size_t n;

	if (!run->host.message || level > run->query->level)
		return;
	n = (size_t)snprintf(line, sizeof(line), "%s", before);
	vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	run->host.message(run->host.message_arg, level, line);
}

void ml_say(const struct ml_run *run, int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_va(run, level, "", fmt, ap);
	va_end(ap);
}

void ml_say_log(const struct ml_run *run, int level,
		const struct memlog_log *log, const char *fmt, ...)
{
	char before[96], addr[ML_ADDR_TEXT];
	va_list ap;

	snprintf(before, sizeof(before), "%s %s: ", log->format,
		 ml_log_addr(log, addr));
	va_start(ap, fmt);
	say_va(run, level, before, fmt, ap);
	va_end(ap);
}

/* What is missing is counted in bytes, as it is in JSON, and then so is all else in
 * the same answer. */
static const char *amount_words(const struct ml_run *run, uint64_t bytes,
				char ret[ML_SIZE_TEXT])
{
	if (!ml_missing_bytes(run))
		return ml_size_words(bytes, ret);
	snprintf(ret, ML_SIZE_TEXT, "%" PRIu64 " byte%s", bytes, ml_s(bytes));
	return ret;
}

const char *ml_unreadable_why(const struct ml_run *run)
{
	const struct memlog_err *failed = &run->image->failed;

	return failed->status == MEMLOG_IO ? failed->text : NULL;
}

static void say_add(char *list, size_t size, const char *name)
{
	size_t n = strlen(list);

	snprintf(list + n, size - n, "%s%s", n ? ", " : "", name);
}

bool ml_run_has(const struct ml_run *run, const struct ml_format *f)
{
	const struct memlog_logs *logs = run->lists[0];
	size_t i, n = memlog_logs_count(logs);

	for (i = 0; i < n; i++)
		if (!strcmp(memlog_logs_get(logs, i)->format, f->name))
			return true;
	return false;
}

/* Of those that have no likely places some are found where other memory leads. */
void ml_say_formats(const struct ml_run *run, int level)
{
	char in[240] = "", not [240] = "";
	size_t i;

	for (i = 0; ml_formats[i]; i++) {
		const struct ml_format *f = ml_formats[i];

		if (!ml_format_asked(run->asked, f))
			continue;
		if ((f->find.likely && !f->find.perhaps) || ml_run_has(run, f))
			say_add(in, sizeof(in), f->name);
		else
			say_add(not, sizeof(not ), f->name);
	}
	ml_say(run, level, "searched for: %s%s%s", in,
	       not [0] ? "; not searched for, as they may be anywhere: " : "",
	       not );
}

/* How it was searched. */
static void say_search(const struct ml_run *run)
{
	const struct memlog_scan_stats *st = &run->stats;
	const char *why = ml_unreadable_why(run);
	char denied[ML_SIZE_TEXT];

	if (run->asked)
		ml_say(run, ML_SAY_NOTE, "searched for %s only", run->asked);
	if (st->unreadable)
		ml_say(run, ML_SAY_WARNING, "%s could not be read%s%s",
		       amount_words(run, st->unreadable, denied),
		       why ? ": " : "", why ? why : "");
	if (st->likely_only || run->query->scan == MEMLOG_SCAN_LIKELY) {
		ml_say(run, ML_SAY_NOTE,
		       "only the likely places were searched: --scan=pages "
		       "looks everywhere");
		ml_say_formats(run, ML_SAY_NOTE);
	}
	if (run->image->unsure && !st->exhaustive && !run->query->n_ranges &&
	    run->query->scan != MEMLOG_SCAN_EXHAUSTIVE)
		ml_say(run, ML_SAY_NOTE,
		       "only page starts were searched; a file that is not "
		       "plain memory may have logs elsewhere: "
		       "--scan=exhaustive finds these");
	if (st->rejected)
		ml_say(run, ML_SAY_NOTE,
		       "%" PRIu64 " place%s looked like a log and %s rejected; "
		       "the first: %s",
		       st->rejected, ml_s(st->rejected),
		       st->rejected == 1 ? "was" : "were", st->rejected_first);
}

/* How much was searched. */
static void say_searched(const struct ml_run *run)
{
	const struct memlog_scan_stats *st = &run->stats;
	char covered[ML_SIZE_TEXT], denied[ML_SIZE_TEXT];
	const char *space = memlog_space_name(run->info.space);

	if (st->unreadable && !st->covered) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found: none of %s of %s memory could be read",
		       amount_words(run, st->unreadable, covered), space);
	} else if (run->query->n_ranges && !st->covered) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found: the image has no memory in --range; "
		       "--info lists its ranges");
	} else if (run->query->n_ranges) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found in the %s that the image has in --range",
		       amount_words(run, st->covered, covered));
	} else if (!run->info.present) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found: the image has no memory");
	} else if (st->complete && !st->likely_only && st->unreadable) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found: all but %s of %s of %s memory was "
		       "searched",
		       amount_words(run, st->unreadable, denied),
		       amount_words(run, st->covered + st->unreadable, covered),
		       space);
	} else if (st->complete && !st->likely_only &&
		   (run->info.missing || run->image->cut)) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found in the %s of %s memory that the image "
		       "has",
		       amount_words(run, st->covered, covered), space);
	} else if (st->complete && st->exhaustive) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found: all %s of the file was searched, at "
		       "every 8 bytes",
		       amount_words(run, st->covered, covered));
	} else if (st->complete && !st->likely_only) {
		ml_say(run, ML_SAY_ERROR,
		       "no log found: all %s of %s memory, %zu range%s, was "
		       "searched",
		       amount_words(run, st->covered, covered), space,
		       run->info.n_ranges, ml_s(run->info.n_ranges));
	} else {
		ml_say(run, ML_SAY_ERROR,
		       "no log found in the %s of %s memory that were searched",
		       amount_words(run, st->covered, covered), space);
	}
}

/* Is it worth saying why there is no log of this format? */
static bool was_expected(const struct ml_run *run, const struct ml_format *fmt)
{
	if (run->asked)
		return ml_format_named(run->asked, fmt);
	return fmt->say.usual ||
	       (fmt->find.expected && fmt->find.expected(run->image));
}

static bool image_is(const struct ml_run *run, const char *format)
{
	return !strcmp(run->info.format, format);
}

/* Who wrote the dump decides whether firmware's memory is in it. */
static void say_writer(const struct ml_run *run)
{
	if (ml_image_is_by_kernel(run->image))
		ml_say(run, ML_SAY_NOTE,
		       "check: the guest's own kernel provided this memory, so "
		       "it is System RAM only, and firmware logs are in "
		       "reserved memory; dump from the host with "
		       "dump-guest-memory or virsh dump --memory-only");
	else if (run->info.space == MEMLOG_PHYS && !run->info.flags &&
		 !image_is(run, "raw") && !image_is(run, "qevm") &&
		 !ml_image_is_by_qemu(run->image))
		ml_say(run, ML_SAY_NOTE,
		       "check: a dump by the guest's own kdump has System RAM "
		       "only, not the log; dump from the host with "
		       "dump-guest-memory or virsh dump --memory-only");
}

/* Could there be a log of this format, although none was found? */
static bool was_possible(const struct ml_run *run, const struct ml_format *fmt)
{
	return was_expected(run, fmt) && !(fmt->say.efi && run->host.no_efi);
}

/* What there is to check about the formats that were expected, the likeliest
 * cause first. */
static void say_absent(const struct ml_run *run)
{
	bool reserved = false, efi = false;
	size_t i;

	for (i = 0; ml_formats[i]; i++) {
		reserved |= ml_formats[i]->say.reserved &&
			    was_possible(run, ml_formats[i]);
		efi |= was_expected(run, ml_formats[i]) &&
		       !was_possible(run, ml_formats[i]);
	}
	if (efi)
		ml_say(run, ML_SAY_NOTE,
		       "check: this kernel was not booted by EFI (efi.flags), "
		       "and only UEFI firmware such as OVMF keeps this log");
	if (reserved)
		say_writer(run);
	for (i = 0; ml_formats[i]; i++)
		if (ml_formats[i]->say.absent &&
		    was_possible(run, ml_formats[i]))
			ml_say(run, ML_SAY_NOTE, "check: %s",
			       ml_formats[i]->say.absent);
	if (reserved && !ml_image_is_by_kernel(run->image))
		ml_say(run, ML_SAY_NOTE,
		       "check: the memory of an encrypted guest (SEV, TDX) "
		       "cannot be read from outside");
	if (run->asked)
		ml_say(run, ML_SAY_NOTE,
		       "check: memlog(7) says which dumps have these logs; "
		       "without -F and --stats all formats are searched for");
}

/* Was the memory that of one machine, and not of the host of several? */
static bool image_is_guest(const struct ml_run *run)
{
	return ml_image_is_by_qemu(run->image) || image_is(run, "qevm") ||
	       run->info.space == MEMLOG_HOST;
}

const char *ml_absent_words(const struct memlog_log *log)
{
	const struct ml_log *ml = (const struct ml_log *)log;

	if (!ml->other)
		return "not in the image";
	if (ml->unjudged)
		return "not in the image, or not looked at";
	return ml->other < ml->absent ?
		       "not in the image, or in memory that is not its own" :
		       "in memory that is not its own";
}

void ml_say_cut_off(const struct ml_run *run, const struct memlog_log *log)
{
	const struct ml_log *ml = (const struct ml_log *)log;
	const char *why =
		ml->stopped ?
			"is left out: the search was stopped before all of the "
			"log was looked at" :
		ml->unjudged ?
			"is left out: the logs of this image are too large to "
			"look at all their pages for other memory; --at with "
			"its address looks only at this log" :
		image_is_guest(run) ?
			"cannot be its text, and is left out: that memory was "
			"overwritten, or the file is damaged" :
			"is other memory, and is left out: a guest's pages are "
			"scattered over the memory of its host. Dump the guest "
			"itself, with QEMU's dump-guest-memory or virsh dump "
			"--memory-only, or take a core of its QEMU process";

	ml_say_log(run, ML_SAY_WARNING, log, "from %s:0x%" PRIx64 " on %s",
		   memlog_space_name(log->extents[0].space), ml->other_at, why);
}

/* Memory that is not there, but not missing. */
static void say_left_out(const struct ml_run *run)
{
	uint64_t bytes = ml_image_left_out(run->image);
	char size[ML_SIZE_TEXT], level[ML_LEVEL_TEXT];

	if (!bytes)
		return;
	ml_dump_level_words(run->image->dump_level, level);
	ml_say(run, ML_SAY_NOTE,
	       "check: %s of memory were left out when the image was "
	       "written%s%s",
	       amount_words(run, bytes, size), level[0] ? ": " : "", level);
}

/* What was seen to be damaged. */
static void say_damaged_file(const struct ml_run *run)
{
	const char *damage = ml_image_damage(run->image);

	if (damage)
		ml_say(run, ML_SAY_NOTE,
		       "check: %s; the log may be in that part of the file: "
		       "copy it again",
		       damage);
}

/* Memory that should be there: nothing else needs to be checked first. */
static void say_missing(const struct ml_run *run)
{
	uint64_t missing = ml_missing_bytes(run);

	if (run->image->remedy)
		ml_say(run, ML_SAY_NOTE,
		       "check: the log may be in memory that could not be "
		       "searched: %s",
		       run->image->remedy);
	else if (missing)
		ml_say(run, ML_SAY_NOTE,
		       "check: the file is incomplete: %" PRIu64 " byte%s %s "
		       "missing, and the log may be in that part; copy it again",
		       missing, ml_s(missing), ml_are(missing));
	else
		ml_say(run, ML_SAY_NOTE,
		       "check: the file is incomplete, and the log may be in "
		       "the part that is missing; copy it again");
}

/* Hyper-V's older saved states have no magic: a pair of files, or the name, is all there
 * is to go by. */
static void say_hyperv(const struct ml_run *run)
{
	const char *name = run->image->name;
	char other[PATH_MAX];

	if (!run->image->unsure || run->image->unpacked || !name)
		return;
	if (ml_beside_is(name, ".vsv") ||
	    (ml_beside_is(name, ".bin") &&
	     ml_beside_find(name, ".vsv", other, sizeof(other))))
		ml_say(run, ML_SAY_NOTE,
		       "check: by its name this is a saved state of Hyper-V, "
		       "which is not supported; on Windows, vm2dmp -bin FILE.bin "
		       "-vsv FILE.vsv -dmp NEW makes a dump of it");
}

void ml_say_nothing(const struct ml_run *run)
{
	say_searched(run);
	say_search(run);
	say_hyperv(run);
	say_damaged_file(run);
	if (run->query->n_ranges)
		return;
	if (run->info.missing || run->image->cut)
		say_missing(run);
	say_left_out(run);
	if (run->info.missing || run->image->cut)
		return;
	if (image_is(run, "acrn"))
		ml_say(run, ML_SAY_NOTE,
		       "check: the devices have no log; another program, such "
		       "as acrnlog, may have read it");
	else
		say_absent(run);
}

static bool is_chosen(const struct ml_run *run, const struct memlog_log *log)
{
	size_t i;

	for (i = 0; i < run->n_chosen; i++)
		if (run->chosen[i] == log)
			return true;
	return false;
}

static void say_other(const struct ml_run *run, const struct memlog_log *log)
{
	char addr[ML_ADDR_TEXT], reason[2 * sizeof(log->reason)];
	char boot[24] = "";
	const char *what = memlog_state_name(log->state);

	memlog_escape(log->reason, reason, sizeof(reason));
	ml_log_addr(log, addr);
	if (log->has_boot && log->boot)
		snprintf(boot, sizeof(boot), "-b %" PRId32 ", ", log->boot);
	if (log->flags & MEMLOG_LOG_NOT_A_LOG)
		ml_say(run, ML_SAY_NOTE, "also found: %s %s, no text%s%s",
		       log->format, addr, reason[0] ? ": " : "", reason);
	else if (log->flags & MEMLOG_LOG_EMPTY)
		ml_say(run, ML_SAY_NOTE, "also found: %s %s, empty%s%s",
		       log->format, addr, reason[0] ? ": " : "", reason);
	else
		ml_say(run, ML_SAY_NOTE,
		       "not shown: %s %s, %s%s%s; use %s--at %s or --all",
		       log->format, addr, what, reason[0] ? ": " : "", reason,
		       boot, addr);
}

void ml_say_older(const struct ml_job *j)
{
	const char *rest = j->older_unknown ? " and older ones" : "";
	char addr[ML_ADDR_TEXT], what[64], use[24] = "-b N or ";

	if (!j->older && !j->older_unknown)
		return;
	if (!j->older) {
		snprintf(what, sizeof(what), "older boots");
		use[0] = '\0';
	} else if (j->oldest < j->last_older) {
		snprintf(what, sizeof(what),
			 "boots %" PRId32 " to %" PRId32 "%s", j->oldest,
			 j->last_older, rest);
	} else {
		snprintf(what, sizeof(what), "boot %" PRId32 "%s", j->oldest,
			 rest);
		snprintf(use, sizeof(use), "-b %" PRId32 " or ", j->oldest);
	}
	ml_say(j->run, ML_SAY_NOTE, "not shown: %s %s, %s; use %s--all",
	       j->log->format, ml_log_addr(j->log, addr), what, use);
}

void ml_say_others(const struct ml_run *run)
{
	size_t left = 0, i;

	if (!run->n_chosen)
		ml_say(run, ML_SAY_ERROR,
		       "%zu log%s found, none with text of the current boot",
		       run->n_logs, ml_s(run->n_logs));
	for (i = 0; i < run->n_logs; i++) {
		/* --at did not ask for what else is there */
		if (is_chosen(run, run->logs[i]) ||
		    (run->query->n_at && run->n_chosen))
			continue;
		if (left++ < NAMED)
			say_other(run, run->logs[i]);
	}
	if (left > NAMED)
		ml_say(run, ML_SAY_NOTE, "and %zu more; --list names all",
		       left - NAMED);
}

enum memlog_status ml_say_none(const struct ml_run *run, struct memlog_err *err)
{
	if (run->n_chosen && !run->said_none && !run->result.damaged)
		ml_say(run, ML_SAY_ERROR, "no line %s",
		       ml_filter_active(&run->query->filter) ? "matches" :
							       "was printed");
	return ml_fail(err, MEMLOG_NO_DATA, "nothing was printed");
}
