/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* absent.c - how much of a log's text is not in the image. */
#include "format.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/plural.h"
#include "base/range.h"

size_t ml_ring_parts(uint64_t from, uint64_t size, uint64_t head, uint64_t tail,
		     struct memlog_range ret[2])
{
	ret[0] = (struct memlog_range){ from + head, from + tail };
	if (head <= tail)
		return head < tail;
	ret[0].end = from + size;
	ret[1] = (struct memlog_range){ from, from + tail };
	return 2;
}

size_t ml_text_of_header(const struct ml_log *log, size_t extent,
			 struct memlog_image *image, struct memlog_range ret[2])
{
	return ml_ring_parts(log->fmt->live.header, log->pub.capacity, 0,
			     log->pub.used, ret);
}

size_t ml_text_of_extent(const struct ml_log *log, size_t extent,
			 struct memlog_image *image, struct memlog_range ret[2])
{
	ret[0] = (struct memlog_range){ 0, log->extents[extent].len };
	return 1;
}

/* What is missing of a log's text. */
struct absent {
	const struct ml_log *log;
	struct memlog_image *image;
	uint64_t *budget;
	uint64_t all, missing, foreign; /* bytes */
	uint64_t foreign_at;
};

/* Count bytes of [at, end) of an extent that are not in the image. */
static void absent_missing(struct absent *a, const struct memlog_extent *e,
			   uint64_t at, uint64_t end)
{
	struct memlog_range r;

	for (; at < end && *a->budget; --*a->budget) {
		if (memlog_image_next_range(a->image, e->space, e->addr + at,
					    &r, NULL) ||
		    r.start - e->addr >= end) {
			a->missing += end - at;
			return;
		}
		a->missing += r.start - e->addr - at;
		at = r.end - e->addr;
	}
}

/* The same, and those that are not the log's own. */
static void absent_part(struct absent *a, const struct memlog_extent *e,
			struct memlog_range part)
{
	const struct ml_log *log = a->log;
	uint64_t at = part.start, from, to;
	size_t i;

	a->all += part.end - part.start;
	i = e->space == log->extents[0].space ?
		    ml_ranges_find(log->foreign, log->n_foreign, e->addr + at) :
		    log->n_foreign;
	for (; i < log->n_foreign && at < part.end; i++, at = to) {
		if (log->foreign[i].start >= e->addr + part.end)
			break;
		from = log->foreign[i].start > e->addr + at ?
			       log->foreign[i].start - e->addr :
			       at;
		to = ml_min(log->foreign[i].end - e->addr, part.end);
		absent_missing(a, e, at, from);
		if (!a->foreign)
			a->foreign_at = e->addr + from;
		a->foreign += to - from;
	}
	absent_missing(a, e, at, part.end);
}

/* The same of a part that is in one extent, or of a joined log in several. */
static void absent_parts(struct absent *a, size_t extent,
			 struct memlog_range part)
{
	const struct ml_log *log = a->log;
	struct memlog_range here;
	size_t i;

	while (part.start < part.end) {
		here.start = part.start;
		i = ml_log_piece(log, extent, &here.start);
		here.end = here.start + (part.end - part.start);
		if (log->joined && i + 1 < log->pub.n_extents)
			here.end = ml_min(here.end, log->extents[i].len);
		absent_part(a, &log->extents[i], here);
		part.start += here.end - here.start;
	}
}

/* Put words before the reason of the log's state. */
static void absent_before(struct ml_log *log, const char *words)
{
	char old[sizeof(log->pub.reason)];
	char *reason = log->pub.reason;
	size_t n;

	memcpy(old, reason, sizeof(old));
	n = (size_t)snprintf(reason, sizeof(old), "%s", words);
	if (old[0] && n < sizeof(old))
		snprintf(reason + n, sizeof(old) - n, "; %s", old);
}

/* How much is missing. */
static void absent_say(struct ml_log *log, uint64_t n, uint64_t all,
		       const char *where)
{
	char words[160];

	snprintf(words, sizeof(words), "%llu of the %llu byte%s of %s %s %s",
		 (unsigned long long)n, (unsigned long long)all, ml_s(all),
		 log->pub.flags & MEMLOG_LOG_NOT_A_LOG ? "it" : "its text",
		 ml_are(n), where);
	absent_before(log, words);
}

/* A log in pieces. */
static void absent_say_between(struct ml_log *log)
{
	char words[96];

	snprintf(words, sizeof(words),
		 "%llu bytes between its pages are not its own",
		 (unsigned long long)log->between);
	absent_before(log, words);
}

/* The same of pages that are not its own, and where the first is. */
static void absent_say_foreign(struct ml_log *log, const struct absent *a)
{
	char where[96];

	snprintf(where, sizeof(where),
		 "in pages that %s, the first at %s:0x%llx",
		 log->unjudged ? "were not looked at" : "are not its own",
		 memlog_space_name(log->extents[0].space),
		 (unsigned long long)a->foreign_at);
	absent_say(log, a->foreign, a->all, where);
}

void ml_log_note_absent(struct ml_log *log, struct memlog_image *image,
			uint64_t *budget)
{
	struct absent a = { log, image, budget, 0, 0, 0, 0 };
	struct memlog_range part[2];
	size_t i, k, n;

	for (i = 0;
	     log->fmt->group.text && i < (log->joined ? 1 : log->pub.n_extents);
	     i++) {
		n = log->fmt->group.text(log, i, image, part);
		for (k = 0; k < n; k++)
			absent_parts(&a, i, part[k]);
	}
	if (log->between)
		absent_say_between(log);
	if (!log->fmt->group.text && log->absent)
		absent_say(log, log->absent, log->text, "not in the image");
	log->absent += a.missing + a.foreign;
	log->other = a.foreign;
	log->other_at = a.foreign_at;
	if (a.foreign)
		absent_say_foreign(log, &a);
	if (a.missing)
		absent_say(log, a.missing, a.all, "not in the image");
	if (a.missing || (a.foreign && !(log->pub.flags & MEMLOG_LOG_CUT_OFF)))
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
}
