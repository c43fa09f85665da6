/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * silences.c - times in which no log of a boot has a message: what the gaps of all of them
 * have in common. A log is also silent before its first message and after its last.
 *
 * Of each log only the longest gaps are known. So is any silence that is longer than the
 * shortest of these, and shorter ones are not wanted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "lane.h"

/* before, after: the lines; NULL where a log begins and ends. */
struct silence {
	int64_t from, to;
	const char *before, *after;
	size_t source;
};

static int silence_by_start(const void *a, const void *b)
{
	const struct silence *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static int silence_by_length(const void *a, const void *b)
{
	const struct silence *x = a, *y = b;
	/* what is before a log began, or after it ended, has no length */
	uint64_t m = (uint64_t)x->to - (uint64_t)x->from;
	uint64_t n = (uint64_t)y->to - (uint64_t)y->from;

	return m != n ? (m < n ? 1 : -1) : silence_by_start(a, b);
}

/* The gaps of a lane, by start. */
static size_t silence_of(const struct ml_lane *l, size_t source,
			 struct silence *ret)
{
	size_t i, n = 0;

	ret[n++] = (struct silence){ INT64_MIN, l->pub.first + l->pub.offset,
				     NULL, l->start, source };
	for (i = 0; i < l->n_gaps; i++)
		ret[n++] = (struct silence){ l->gaps[i].from + l->pub.offset,
					     l->gaps[i].to + l->pub.offset,
					     l->gaps[i].before,
					     l->gaps[i].after, source };
	ret[n++] = (struct silence){ l->pub.last + l->pub.offset, INT64_MAX,
				     l->text, NULL, source };
	qsort(ret, n, sizeof(*ret), silence_by_start);
	return n;
}

/* What a and b, n and m of them, have in common; *ret is empty. */
static size_t silence_both(const struct silence *a, size_t n,
			   const struct silence *b, size_t m,
			   struct silence *ret)
{
	size_t i = 0, k = 0, count = 0;
	struct silence s;

	while (i < n && k < m) {
		s = a[i].from >= b[k].from ? a[i] : b[k];
		s.to = a[i].to <= b[k].to ? a[i].to : b[k].to;
		s.after = a[i].to <= b[k].to ? a[i].after : b[k].after;
		if (s.from < s.to)
			ret[count++] = s;
		if (a[i].to <= b[k].to)
			i++;
		else
			k++;
	}
	return count;
}

enum memlog_status
ml_lanes_silences(const struct memlog_allocator *alloc,
		  struct ml_lane *const *lanes, size_t n,
		  struct ml_timeline_silence ret[ML_TIMELINE_SILENCES],
		  size_t *ret_n, struct memlog_err *err)
{
	size_t room = n * (ML_TIMELINE_GAPS + 2), have = 0, m, i;
	struct silence *buf, *all, *one, *next, *swap;
	bool any = false;

	*ret_n = 0;
	buf = ml_calloc(alloc, 3 * room, sizeof(*buf));
	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a timeline");
	all = buf;
	one = buf + room;
	next = buf + 2 * room;
	for (i = 0; i < n; i++) {
		if (!lanes[i]->pub.aligned)
			continue;
		m = silence_of(lanes[i], i, any ? one : all);
		if (any) {
			have = silence_both(all, have, one, m, next);
			swap = all;
			all = next;
			next = swap;
		} else {
			have = m;
		}
		any = true;
	}
	qsort(all, have, sizeof(*all), silence_by_length);
	for (i = 0; i < have && *ret_n < ML_TIMELINE_SILENCES; i++) {
		struct ml_timeline_silence *s = &ret[*ret_n];

		if (!all[i].before || !all[i].after)
			continue;
		*s = (struct ml_timeline_silence){ .start = all[i].from,
						   .end = all[i].to,
						   .source = all[i].source };
		memcpy(s->before, all[i].before, sizeof(s->before));
		memcpy(s->after, all[i].after, sizeof(s->after));
		(*ret_n)++;
	}
	ml_free(alloc, buf);
	return MEMLOG_OK;
}
