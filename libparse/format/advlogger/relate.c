/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relate.c - decide which of several logs is current.
 *
 * SEC, PEI and DXE each have a buffer of their own and copy what is in it to the next;
 * none is cleared. So the messages of an earlier one are the beginning of a later one's,
 * with the same times. The log of an earlier boot may be left where the new boot did not
 * write: then the dates tell, if both have one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "advlogger.h"
#include "base/limits.h"

/* What may still be spent on comparing logs. */
struct adv_effort {
	uint64_t bytes, pairs;
};

static void adv_relate_add(struct ml_log *log, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
static void adv_relate_say(struct ml_log *log, enum memlog_state state,
			   const char *fmt, ...) MEMLOG_PRINTF(3, 4);

/* Another reason, before the one that the log has. */
static void adv_relate_add_va(struct ml_log *log, const char *fmt, va_list ap)
{
	char old[sizeof(log->pub.reason)];
	size_t n;

	memcpy(old, log->pub.reason, sizeof(old));
	vsnprintf(log->pub.reason, sizeof(log->pub.reason), fmt, ap);
	n = strlen(log->pub.reason);
	if (old[0])
		snprintf(log->pub.reason + n, sizeof(log->pub.reason) - n,
			 "%s%s", n ? "; " : "", old);
}

static void adv_relate_add(struct ml_log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	adv_relate_add_va(log, fmt, ap);
	va_end(ap);
}

/* Judge a log. */
static void adv_relate_say(struct ml_log *log, enum memlog_state state,
			   const char *fmt, ...)
{
	va_list ap;

	log->pub.state = state;
	ml_advlogger(log)->judged = true;
	va_start(ap, fmt);
	adv_relate_add_va(log, fmt, ap);
	va_end(ap);
}

/* Is it a log that has messages, and is not judged yet? */
static bool adv_relate_open(const struct ml_log *log)
{
	return !ml_advlogger_const(log)->judged &&
	       !(log->pub.flags & MEMLOG_LOG_EMPTY);
}

/* ---- where it is -------------------------------------------------------- */

/* The guest physical address of a log; false: it is not known. */
static bool adv_relate_addr(const struct ml_log *log, uint64_t *ret)
{
	const struct memlog_extent *e = log->extents;

	*ret = e->space == MEMLOG_PHYS ? e->addr : e->alias_addr;
	return e->space == MEMLOG_PHYS ||
	       (e->has_alias && e->alias_space == MEMLOG_PHYS);
}

/* Is there a log at that address whose header says so? */
static bool adv_relate_is_at(struct ml_log *const *logs, size_t n,
			     uint64_t addr)
{
	uint64_t at;
	size_t i;

	for (i = 0; i < n; i++)
		if (ml_advlogger_const(logs[i])->has_base &&
		    ml_advlogger_const(logs[i])->base == addr &&
		    adv_relate_addr(logs[i], &at) && at == addr)
			return true;
	return false;
}

/* Is a log where its header says? */
static bool adv_relate_any_at(struct ml_log *const *logs, size_t n)
{
	size_t i;
	uint64_t at;

	for (i = 0; i < n; i++)
		if (ml_advlogger_const(logs[i])->has_base &&
		    adv_relate_addr(logs[i], &at) &&
		    ml_advlogger_const(logs[i])->base == at)
			return true;
	return false;
}

/* Do all headers that have their own address tell the same of where the file begins? If
 * not, some are copies, and it is not known which. */
static bool adv_relate_agree(struct ml_log *const *logs, size_t n)
{
	const struct advlogger *a;
	uint64_t at, begin = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < n; i++) {
		a = ml_advlogger_const(logs[i]);
		if (!a->has_base || !adv_relate_addr(logs[i], &at))
			continue;
		if (any && a->base - at != begin)
			return false;
		begin = a->base - at;
		any = true;
	}
	return true;
}

/* Headers up to version 4 have their own address. In a file that is not known to begin at
 * address 0 that tells where it begins. */
static void adv_relate_place(struct ml_log *log, struct ml_log *const *logs,
			     size_t n, bool placed, bool agree,
			     const struct memlog_image *image)
{
	const struct advlogger *a = ml_advlogger_const(log);
	unsigned long long base = a->base;
	struct memlog_extent *e = log->extents;
	uint64_t at, end;

	if (!a->has_base || !adv_relate_addr(log, &at) || at == a->base)
		return;
	if (adv_relate_is_at(logs, n, a->base)) {
		adv_relate_say(log, MEMLOG_STATE_COPY,
			       "of the log at phys:0x%llx, by its header",
			       base);
	} else if (!placed && !agree) {
		adv_relate_add(log, "by its header it is at phys:0x%llx", base);
	} else if (!placed && e->space == MEMLOG_PHYS && !e->has_alias &&
		   a->base >= at &&
		   ml_add(a->base - at, image->file.size, &end)) {
		e->has_alias = true;
		e->alias_space = MEMLOG_PHYS;
		e->alias_addr = a->base;
		adv_relate_add(log,
			       "by its header the file begins at 0x%llx: "
			       "--map=0x%llx",
			       base - at, base - at);
	} else {
		adv_relate_say(log, MEMLOG_STATE_UNKNOWN,
			       "a copy, or addresses are wrong: by its header "
			       "it is at phys:0x%llx",
			       base);
	}
}

/* ---- copies ------------------------------------------------------------- */

/* Are the messages of a the first ones of b? */
static bool adv_relate_begins(const struct ml_log *a, const struct ml_log *b,
			      struct memlog_image *image,
			      struct adv_effort *effort)
{
	const struct advlogger *x = ml_advlogger_const(a),
			       *y = ml_advlogger_const(b);
	struct ml_source s = { .image = image, .log = a },
			 t = { .image = image, .log = b };
	uint64_t used = x->cursor - x->header, at;
	uint8_t p[1024], q[sizeof(p)];
	size_t n;

	if (x->wrapped || y->wrapped || y->cursor - y->header < used ||
	    memcmp(x->first, y->first, sizeof(x->first)) != 0 ||
	    effort->bytes < used)
		return false;
	effort->bytes -= used;
	for (at = 0; at < used; at += n) {
		n = ml_min(sizeof(p), used - at);
		if (ml_source_fill(&s, 0, x->header + at, p, n) != n ||
		    ml_source_fill(&t, 0, y->header + at, q, n) != n ||
		    memcmp(p, q, n) != 0)
			return false;
	}
	return true;
}

/* Does the header of a lead to b? */
static bool adv_relate_leads(const struct ml_log *a, const struct ml_log *b)
{
	uint64_t next = ml_advlogger_const(a)->next, at;

	return next && adv_relate_addr(b, &at) && at == next;
}

/* Of two with the same messages: is b the one that is written to? */
static bool adv_relate_later(const struct ml_log *a, const struct ml_log *b)
{
	const struct advlogger *x = ml_advlogger_const(a),
			       *y = ml_advlogger_const(b);
	uint64_t m = x->cursor - x->header, n = y->cursor - y->header;

	if (m != n)
		return n > m;
	if (adv_relate_leads(a, b) || !x->next != !y->next)
		return x->next;
	return y->permanent && !x->permanent;
}

/* The log of which this one is a copy, or the beginning; NULL: none. */
static const struct ml_log *adv_relate_original(struct ml_log *const *logs,
						size_t n, size_t i,
						struct memlog_image *image,
						struct adv_effort *effort)
{
	const struct ml_log *best = NULL;
	size_t k;

	for (k = 0; k < n && effort->pairs; k++, effort->pairs--) {
		/* of two that are the same in all, the first one stays */
		if (k == i || logs[k]->pub.flags & MEMLOG_LOG_EMPTY ||
		    logs[k]->pub.state == MEMLOG_STATE_COPY ||
		    (!adv_relate_later(logs[i], logs[k]) &&
		     (adv_relate_later(logs[k], logs[i]) || k > i)))
			continue;
		if (best && !adv_relate_later(best, logs[k]))
			continue;
		if (adv_relate_begins(logs[i], logs[k], image, effort))
			best = logs[k];
	}
	return best;
}

/* Was the clock of both read at the same time? Then they are of the same boot. */
static bool adv_relate_same_boot(const struct ml_log *a, const struct ml_log *b)
{
	const struct advlogger *x = ml_advlogger_const(a),
			       *y = ml_advlogger_const(b);

	return x->dated && y->dated && x->ticks == y->ticks &&
	       x->date <= y->date && x->date >= y->date;
}

/* The log that goes on with this one and has wrapped; NULL: none. */
static const struct ml_log *adv_relate_wrapped(struct ml_log *const *logs,
					       size_t n, size_t i)
{
	size_t k;

	for (k = 0; k < n && !ml_advlogger_const(logs[i])->wrapped; k++)
		if (k != i && ml_advlogger_const(logs[k])->wrapped &&
		    (adv_relate_leads(logs[i], logs[k]) ||
		     adv_relate_same_boot(logs[i], logs[k])))
			return logs[k];
	return NULL;
}

static void adv_relate_copy(struct ml_log *log, const struct ml_log *of,
			    const char *what)
{
	adv_relate_say(log, MEMLOG_STATE_COPY, "%s %s:0x%llx", what,
		       memlog_space_name(of->extents->space),
		       (unsigned long long)of->extents->addr);
}

static void adv_relate_copies(struct ml_log *const *logs, size_t n,
			      struct memlog_image *image)
{
	struct adv_effort effort = { ML_ADVLOGGER_COMPARED,
				     ML_ADVLOGGER_PAIRS };
	const struct ml_log *of;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!adv_relate_open(logs[i]))
			continue;
		of = adv_relate_original(logs, n, i, image, &effort);
		if (of)
			adv_relate_copy(
				logs[i], of,
				of->pub.used > logs[i]->pub.used ?
					"its messages are the first of those at" :
					"its messages are a copy of those at");
		else if ((of = adv_relate_wrapped(logs, n, i)))
			adv_relate_copy(
				logs[i], of,
				"older than what is left of its copy at");
	}
}

/* ---- boots -------------------------------------------------------------- */

/* The only one that is not judged. */
static void adv_relate_only(struct ml_log *log, struct ml_log *const *logs,
			    size_t n, bool some)
{
	uint64_t next = ml_advlogger(log)->next;
	bool back = false;
	size_t i;

	for (i = 0; i < n; i++)
		back |= adv_relate_leads(log, logs[i]);
	if (next && !back)
		adv_relate_say(
			log, some ? MEMLOG_STATE_UNKNOWN : MEMLOG_STATE_CURRENT,
			"it goes on at phys:0x%llx, where no log was "
			"found",
			(unsigned long long)next);
	else if (some)
		adv_relate_say(log, MEMLOG_STATE_UNKNOWN,
			       "it may be from an earlier boot: no other "
			       "memory was searched");
	else
		adv_relate_say(log, MEMLOG_STATE_CURRENT, "%s", "");
}

/* How many that are not judged have a later date than this log; SIZE_MAX: one has the
 * same, or none, so that it is not known. */
static size_t adv_relate_newer(struct ml_log *const *logs, size_t n, size_t i)
{
	const struct advlogger *a = ml_advlogger_const(logs[i]), *b;
	size_t newer = 0, k;

	for (k = 0; k < n; k++) {
		b = ml_advlogger_const(logs[k]);
		if (k == i || !adv_relate_open(logs[k]))
			continue;
		if (!a->dated || !b->dated ||
		    (a->date <= b->date && a->date >= b->date))
			return SIZE_MAX;
		newer += b->date > a->date;
	}
	return newer;
}

/* Several that differ are of different boots. Boots are numbered before any is judged. */
static void adv_relate_boots(struct ml_log *const *logs, size_t n, size_t open,
			     bool some)
{
	bool known = !some;
	size_t i, newer;

	for (i = 0; i < n && open <= ML_ADVLOGGER_BOOTS && known; i++)
		known = !adv_relate_open(logs[i]) ||
			adv_relate_newer(logs, n, i) != SIZE_MAX;
	known &= open <= ML_ADVLOGGER_BOOTS;
	for (i = 0; known && i < n; i++)
		if (adv_relate_open(logs[i]))
			logs[i]->pub.boot =
				-(int32_t)adv_relate_newer(logs, n, i);
	for (i = 0; i < n; i++) {
		if (!adv_relate_open(logs[i]))
			continue;
		newer = known ? (size_t)-logs[i]->pub.boot : 0;
		if (!known)
			adv_relate_say(logs[i], MEMLOG_STATE_UNKNOWN,
				       "one of %zu logs that differ", open);
		else if (newer)
			adv_relate_say(
				logs[i], MEMLOG_STATE_STALE,
				"from an earlier boot: another log has a "
				"later date");
		else
			adv_relate_say(logs[i], MEMLOG_STATE_CURRENT,
				       "it has the latest date");
		logs[i]->pub.has_boot = known;
	}
}

void ml_advlogger_relate(struct ml_log *const *logs, size_t n,
			 struct memlog_image *image, bool some)
{
	bool placed = !image->unplaced || adv_relate_any_at(logs, n);
	bool agree = adv_relate_agree(logs, n);
	size_t i, open = 0, last = 0;

	for (i = 0; i < n; i++)
		ml_advlogger(logs[i])->judged = false;
	for (i = 0; i < n; i++)
		adv_relate_place(logs[i], logs, n, placed, agree, image);
	adv_relate_copies(logs, n, image);
	for (i = 0; i < n; i++)
		if (adv_relate_open(logs[i])) {
			last = i;
			open++;
		}
	if (open == 1)
		adv_relate_only(logs[last], logs, n, some);
	else if (open)
		adv_relate_boots(logs, n, open, some);
	else if (n == 1 && logs[0]->pub.flags & MEMLOG_LOG_EMPTY && !some)
		logs[0]->pub.state = MEMLOG_STATE_CURRENT;
}
