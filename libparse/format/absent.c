/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* absent.c - how much of a log's text is not in the image. */
#include "format.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/plural.h"

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

/* How many bytes of [at, end) of an extent are not in the image. */
static uint64_t absent_within(const struct memlog_extent *e, uint64_t at,
			      uint64_t end, struct memlog_image *image,
			      uint64_t *budget)
{
	struct memlog_range r;
	uint64_t absent = 0;

	for (; at < end && *budget; --*budget) {
		if (memlog_image_next_range(image, e->space, e->addr + at, &r,
					    NULL) ||
		    r.start - e->addr >= end)
			return absent + end - at;
		absent += r.start - e->addr - at;
		at = r.end - e->addr;
	}
	return absent;
}

/* Put what is missing before the reason of the log's state. */
static void absent_say(struct ml_log *log, uint64_t absent, uint64_t all)
{
	char old[sizeof(log->pub.reason)];
	char *reason = log->pub.reason;
	size_t n;

	memcpy(old, reason, sizeof(old));
	n = (size_t)snprintf(
		reason, sizeof(old),
		"%llu of the %llu byte%s of %s %s not in the image",
		(unsigned long long)absent, (unsigned long long)all, ml_s(all),
		log->pub.flags & MEMLOG_LOG_NOT_A_LOG ? "it" : "its text",
		ml_are(absent));
	if (old[0])
		snprintf(reason + n, sizeof(old) - n, "; %s", old);
}

void ml_log_note_absent(struct ml_log *log, struct memlog_image *image,
			uint64_t *budget)
{
	uint64_t absent = 0, beyond = 0, all = 0;
	struct memlog_range part[2];
	size_t i, k, n;

	for (i = 0; log->fmt->group.text && i < log->pub.n_extents; i++) {
		const struct memlog_extent *e = &log->extents[i];

		n = log->fmt->group.text(log, i, image, part);
		for (k = 0; k < n; k++) {
			/* the extent of a scattered log is cut */
			uint64_t end = ml_min(part[k].end, e->len);
			uint64_t at = ml_min(part[k].start, end);

			all += part[k].end - part[k].start;
			beyond += part[k].end - ml_max(part[k].start, end);
			absent += absent_within(e, at, end, image, budget);
		}
	}
	if (!log->fmt->group.text && log->absent)
		absent_say(log, log->absent, log->text);
	log->absent += absent + beyond;
	if (!absent)
		return;
	log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
	absent_say(log, absent, all);
}
