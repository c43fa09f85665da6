/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * empty.h - where next_data found nothing to search.
 *
 * A search that goes downwards asks from lower and lower addresses. Through pages
 * of zeros the way from each up to the next data would be that of the one before
 * again, and more.
 */
#ifndef ML_IMAGE_BYTES_EMPTY_H
#define ML_IMAGE_BYTES_EMPTY_H

#include "base/bytes.h"

/* The last such range, in pages or, where those do not matter, bytes; none at first. */
struct ml_empty {
	uint64_t start, end;
};

/* The first page at or after page that is not known to be empty. */
static inline uint64_t ml_empty_skip(const struct ml_empty *e, uint64_t page)
{
	return page >= e->start && page < e->end ? e->end : page;
}

/* How far pages from page on, up to end, are not known to be empty. */
static inline uint64_t ml_empty_until(const struct ml_empty *e, uint64_t page,
				      uint64_t end)
{
	return page < e->start ? ml_min(end, e->start) : end;
}

/* Nothing is in the pages from start up to end. */
static inline void ml_empty_add(struct ml_empty *e, uint64_t start,
				uint64_t end)
{
	if (start >= end)
		return;
	if (e->start < e->end && start <= e->end && end >= e->start) {
		start = ml_min(start, e->start);
		end = ml_max(end, e->end);
	}
	e->start = start;
	e->end = end;
}

#endif
