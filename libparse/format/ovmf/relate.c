/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relate.c - decide which of several OVMF logs is current.
 *
 * Before memory is initialised, the firmware writes to an early buffer at a
 * fixed address; then it copies that to the main buffer, near the top of low
 * memory, and clears it. So a valid early buffer with text is the log of the
 * running boot, unless the main log has the same text and no more: then the
 * dump was taken between the copy and the clearing. A warm reset clears
 * nothing: the main log of the previous boot stays until it is overwritten. A
 * main log that starts with the early text and continues proves nothing: two
 * boots of one machine start alike.
 *
 * On resume from suspend to RAM (S3) the firmware starts again, so there is an
 * early log with text next to the main log of the same boot. Only its text says
 * that it was a resume. If a main buffer is allocated for the resume too, there
 * are two main logs, and that of the resume may also be left from an earlier
 * boot: nothing clears the memory that is kept for S3.
 *
 * memlog's own firmware changes the second magic of what is no longer written
 * to: of a resume that is over, and of the boot before.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "ovmf.h"

/* What may still be spent on judging the logs of one image, in bytes. */
struct effort {
	uint64_t pairs;	 /* of logs compared with each other */
	uint64_t ranges; /* of memory walked around logs */
};

static void ovmf_relate_say(struct ml_log *log, enum memlog_state state,
			    const char *fmt, ...) MEMLOG_PRINTF(3, 4);

/* Judge a log, once; the reason given by the probe stays after the new one. */
static void ovmf_relate_say(struct ml_log *log, enum memlog_state state,
			    const char *fmt, ...)
{
	char old[sizeof(log->pub.reason)];
	va_list ap;
	size_t n;

	memcpy(old, log->pub.reason, sizeof(old));
	log->pub.state = state;
	ml_ovmf(log)->judged = true;
	va_start(ap, fmt);
	vsnprintf(log->pub.reason, sizeof(log->pub.reason), fmt, ap);
	va_end(ap);
	n = strlen(log->pub.reason);
	if (old[0] && n < sizeof(log->pub.reason))
		snprintf(log->pub.reason + n, sizeof(log->pub.reason) - n,
			 "%s%s", n ? "; " : "", old);
}

/* The guest physical address of a log, if that is known. In a process the low
 * memory of a guest is the start of a large mapping, whose start an extract names; if
 * that is more than OVMF_EARLY_TO before the log, the result is at least that. */
static bool ovmf_relate_guest_addr(const struct ml_log *log,
				   struct memlog_image *image,
				   struct effort *effort, uint64_t *ret)
{
	const struct memlog_extent *e = log->extents;
	struct memlog_range r;
	uint64_t addr;

	if (e->space == MEMLOG_PHYS) {
		*ret = e->addr;
		return true;
	}
	if (e->has_alias && e->alias_space == MEMLOG_PHYS) {
		*ret = e->alias_addr;
		return true;
	}
	if (e->space != MEMLOG_HOST)
		return false;
	if (ml_image_named_base(image, e->addr, &addr)) {
		*ret = e->addr - addr;
		return true;
	}
	/* what starts further down does not matter, and a hostile core has
	 * millions of ranges */
	addr = e->addr > OVMF_EARLY_TO ? e->addr - OVMF_EARLY_TO : 0;
	for (; effort->ranges &&
	       !memlog_image_next_range(image, MEMLOG_HOST, addr, &r, NULL) &&
	       r.start <= e->addr;
	     addr = r.end, effort->ranges--) {
		if (e->addr < r.end) {
			*ret = e->addr - r.start;
			return true;
		}
	}
	return false;
}

static bool is_early(const struct ml_log *log, struct memlog_image *image,
		     struct effort *effort)
{
	const struct ovmf *o = ml_ovmf_const(log);
	uint64_t addr;

	if (!ovmf_relate_guest_addr(log, image, effort, &addr))
		return false;
	if (addr >= OVMF_EARLY_FROM && addr < OVMF_EARLY_TO)
		return true;
	/* main logs of x86 may be at such addresses, too */
	if (o->header_size + o->size > OVMF_ARM_EARLY_SIZE)
		return false;
	addr -= addr >= OVMF_ARM_RAM ? OVMF_ARM_RAM : 0;
	return addr >= OVMF_ARM_EARLY_FROM &&
	       addr - OVMF_ARM_EARLY_FROM < OVMF_ARM_EARLY_SIZE;
}

/* Is it a log whose text can be compared with others? */
static bool ovmf_relate_sound(const struct ml_log *log)
{
	const struct ovmf *o = ml_ovmf_const(log);

	return o->kind == OVMF_KIND_PLAIN &&
	       !(log->pub.flags & MEMLOG_LOG_DAMAGED) &&
	       (o->state == OVMF_LINEAR || o->state == OVMF_WRAPPED);
}

static void name_all(struct ml_log *const *logs, size_t n,
		     struct memlog_image *image, struct effort *effort)
{
	static const char *const family[] = { "A", "B", "C" };
	size_t i, looked = 0;

	for (i = 0; i < n; i++) {
		struct ovmf *o = ml_ovmf(logs[i]);

		o->early = is_early(logs[i], image, effort);
		o->judged = false;
		o->resume = o->kind == OVMF_KIND_RESUME ||
			    (o->early && o->kind == OVMF_KIND_PREVIOUS &&
			     looked++ < ML_OVMF_COMPARED &&
			     ml_ovmf_of_resume(logs[i], image));
		logs[i]->turn = o->resume;
		snprintf(logs[i]->pub.variant, sizeof(logs[i]->pub.variant),
			 "%s%s%s", ml_ovmf_variant(o),
			 o->family == OVMF_C ? "" : ", family ",
			 o->family == OVMF_C ? "" : family[o->family]);
	}
}

/* Is it the early log of a boot, and not of a resume, that is still in use? */
static bool ovmf_relate_begun(const struct ml_log *log)
{
	const struct ovmf *o = ml_ovmf_const(log);

	return o->kind == OVMF_KIND_PLAIN && o->early && !log->turn &&
	       log->pub.state == MEMLOG_STATE_CURRENT;
}

/* With nothing to compare with, a log may be of any boot. */
static void ovmf_relate_doubt(struct ml_log *log)
{
	ovmf_relate_say(log, MEMLOG_STATE_UNKNOWN,
			"it may be from an earlier boot: no other memory was "
			"searched");
}

/* What the firmware marked: all but plain logs, which were judged before. */
static void judge_marked(struct ml_log *log, bool reset, bool some)
{
	struct ovmf *o = ml_ovmf(log);

	if (o->kind == OVMF_KIND_PREVIOUS)
		ovmf_relate_say(
			log, MEMLOG_STATE_STALE, "kept by the firmware from %s",
			o->resume ? "a resume (S3) in the boot before" :
			o->early  ? "the boot before, which ended early" :
				    "an earlier boot");
	else if (o->kind == OVMF_KIND_RESUME && reset)
		ovmf_relate_say(log, MEMLOG_STATE_STALE,
				"of a resume from suspend to RAM (S3), before "
				"the reset");
	else if (o->kind == OVMF_KIND_RESUME && some)
		ovmf_relate_doubt(log);
	else if (o->kind == OVMF_KIND_RESUME)
		ovmf_relate_say(log, MEMLOG_STATE_CURRENT,
				"of the last resume from suspend to RAM (S3)");
	else if (o->kind == OVMF_KIND_UNKNOWN && o->state != OVMF_MID_INIT)
		ovmf_relate_say(log, MEMLOG_STATE_UNKNOWN,
				"its second magic is not one that is known");
}

static bool ovmf_relate_unjudged(const struct ml_log *log, bool early)
{
	const struct ovmf *o = ml_ovmf_const(log);

	return ovmf_relate_sound(log) && o->early == early && !o->judged;
}

static size_t count_unjudged(struct ml_log *const *logs, size_t n, bool early)
{
	size_t i, left = 0;

	for (i = 0; i < n; i++)
		left += ovmf_relate_unjudged(logs[i], early);
	return left;
}

/* Early logs that a main log was filled from, and those main logs. */
static bool judge_copied(struct ml_log *const *logs, size_t n,
			 struct memlog_image *image, struct effort *effort)
{
	size_t i, k, compared = 0;
	bool found = false;

	for (i = 0; i < n; i++) {
		if (!ovmf_relate_unjudged(logs[i], true))
			continue;
		for (k = 0; k < n && effort->pairs; k++, effort->pairs--) {
			if (!ovmf_relate_sound(logs[k]) ||
			    ml_ovmf_const(logs[k])->early)
				continue;
			if (++compared > ML_OVMF_COMPARED)
				return found;
			if (!ml_ovmf_copied_from(logs[k], logs[i], image))
				continue;
			if (!ml_ovmf_const(logs[k])->judged)
				ovmf_relate_say(
					logs[k], MEMLOG_STATE_CURRENT,
					"just filled from the early log");
			ovmf_relate_say(
				logs[i], MEMLOG_STATE_COPY,
				"copied to the main log and not yet cleared");
			found = true;
			break;
		}
	}
	return found;
}

/* Early rings are smaller than main ones: where addresses do not tell which is which, as
 * in the memory of a host, sizes do. */
static bool ovmf_relate_same_size(const struct ml_log *a,
				  const struct ml_log *b)
{
	return ml_ovmf_const(a)->size == ml_ovmf_const(b)->size;
}

/* Logs with the same text as another of their kind. A main log that is the
 * beginning of another of its size is a copy too; early logs start alike at every
 * boot. */
static void judge_twins(struct ml_log *const *logs, size_t n, bool early,
			struct memlog_image *image, struct effort *effort)
{
	size_t i, k, compared = 0;

	for (i = 0; i < n; i++) {
		uint64_t used = logs[i]->pub.used;

		for (k = 0; k < n && effort->pairs &&
			    ovmf_relate_unjudged(logs[i], early);
		     k++, effort->pairs--) {
			uint64_t other = logs[k]->pub.used;

			if (k == i || !ovmf_relate_unjudged(logs[k], early) ||
			    other < used ||
			    (other > used &&
			     (early ||
			      !ovmf_relate_same_size(logs[i], logs[k]))) ||
			    (other == used && k > i))
				continue;
			if (compared++ == ML_OVMF_COMPARED)
				return;
			if (ml_ovmf_same_text(logs[i], 0, logs[k], 0, used,
					      image))
				ovmf_relate_say(
					logs[i], MEMLOG_STATE_COPY,
					"the same text is also at %s:0x%llx",
					memlog_space_name(
						logs[k]->extents->space),
					(unsigned long long)logs[k]
						->extents->addr);
		}
	}
}

/* The one that remains is current; if there are several, each gets a reason
 * that says so. */
static struct ml_log *the_only(struct ml_log *const *logs, size_t n, bool early)
{
	size_t i, left = count_unjudged(logs, n, early);

	for (i = 0; i < n; i++) {
		if (!ovmf_relate_unjudged(logs[i], early))
			continue;
		if (left == 1)
			return logs[i];
		ovmf_relate_say(logs[i], MEMLOG_STATE_UNKNOWN,
				"one of %zu %s logs that "
				"differ",
				left, early ? "early" : "main");
	}
	return NULL;
}

static bool being_filled(const struct ml_log *main_log,
			 const struct ml_log *early, struct memlog_image *image)
{
	uint64_t used = main_log->pub.used;

	return (used < early->pub.used &&
		ml_ovmf_same_text(main_log, 0, early, 0, used, image)) ||
	       ml_ovmf_filled_from(main_log, early, image, false);
}

/* Main logs if there is a live early one, or one already judged. */
static void judge_stale(struct ml_log *const *logs, size_t n,
			const struct ml_log *early, struct memlog_image *image)
{
	size_t i, left = count_unjudged(logs, n, false);

	for (i = 0; i < n; i++) {
		if (!ovmf_relate_unjudged(logs[i], false))
			continue;
		if (early && being_filled(logs[i], early, image))
			ovmf_relate_say(logs[i], MEMLOG_STATE_COPY,
					"being filled from the early log");
		else if (early)
			ovmf_relate_say(
				logs[i], MEMLOG_STATE_STALE,
				"from %s boot: the dump was taken during a reset, "
				"the early log is in use",
				left > 1 ? "an earlier" : "the previous");
		else
			ovmf_relate_say(
				logs[i], MEMLOG_STATE_STALE,
				"from an earlier boot: another main log is current");
	}
}

/* Main logs that nothing else decides; why_current: NULL if the only one need not
 * be. */
static void judge_mains(struct ml_log *const *logs, size_t n,
			const char *why_current, struct memlog_image *image,
			struct effort *effort)
{
	struct ml_log *only;
	size_t i, looked = 0;

	judge_twins(logs, n, false, image, effort);
	if (count_unjudged(logs, n, false) > 1)
		for (i = 0; i < n && looked < ML_OVMF_COMPARED; i++) {
			if (!ovmf_relate_unjudged(logs[i], false))
				continue;
			looked++;
			if (ml_ovmf_of_resume(logs[i], image))
				ovmf_relate_say(
					logs[i], MEMLOG_STATE_UNKNOWN,
					"of a resume from suspend to RAM (S3), in "
					"this boot or in one before");
		}
	only = the_only(logs, n, false);
	if (only && why_current)
		ovmf_relate_say(only, MEMLOG_STATE_CURRENT, "%s", why_current);
	else if (only)
		ovmf_relate_doubt(only);
}

/* Main logs next to early ones, none of which is known to be live. */
static void judge_beside(struct ml_log *const *logs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ovmf_relate_unjudged(logs[i], false))
			ovmf_relate_say(
				logs[i], MEMLOG_STATE_UNKNOWN,
				"several early logs differ: it is unknown which "
				"is live, and which boot this is from");
}

static void judge_all(struct ml_log *const *logs, size_t n,
		      struct memlog_image *image, bool some,
		      struct effort *effort)
{
	bool copied = judge_copied(logs, n, image, effort);
	size_t earlies;
	struct ml_log *early;

	judge_twins(logs, n, true, image, effort);
	earlies = count_unjudged(logs, n, true);
	early = the_only(logs, n, true);
	if (early && some && n == 1) {
		ovmf_relate_doubt(early);
	} else if (early && ml_ovmf_of_resume(early, image)) {
		early->turn = 1;
		ovmf_relate_say(early, MEMLOG_STATE_CURRENT,
				"of the last resume from suspend to RAM (S3)");
		judge_mains(logs, n,
			    "of the boot; the early log is of a "
			    "resume from suspend to RAM (S3) since then",
			    image, effort);
	} else if (early) {
		ovmf_relate_say(
			early, MEMLOG_STATE_CURRENT,
			"early log in use: the main log did not exist yet, or "
			"there was no room for it");
		judge_stale(logs, n, early, image);
	} else if (copied) {
		judge_stale(logs, n, NULL, image);
	} else if (earlies) {
		judge_beside(logs, n);
	} else {
		judge_mains(logs, n, some ? NULL : "the only main log found",
			    image, effort);
	}
}

void ml_ovmf_relate(struct ml_log *const *logs, size_t n,
		    struct memlog_image *image, bool some)
{
	struct effort effort = { ML_OVMF_PAIRS, ML_OVMF_RANGES };
	bool reset = false;
	size_t i;

	name_all(logs, n, image, &effort);
	judge_all(logs, n, image, some, &effort);
	for (i = 0; i < n; i++)
		reset |= ovmf_relate_begun(logs[i]);
	for (i = 0; i < n; i++)
		judge_marked(logs[i], reset, some);
	ml_ovmf_number_boots(logs, n, some);
}
