/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ranges.h"

#include <stdlib.h>
#include <string.h>

void host_ranges_init(struct host_ranges *ranges,
		      const struct memlog_allocator *alloc)
{
	*ranges = (struct host_ranges){ .alloc = alloc };
}

void host_ranges_fini(struct host_ranges *ranges)
{
	ranges->alloc->release(ranges->alloc->self, ranges->list);
	host_ranges_init(ranges, ranges->alloc);
}

static enum memlog_status grow(struct host_ranges *ranges)
{
	size_t cap = ranges->cap ? ranges->cap * 2 : 64;
	struct memlog_range *list;

	if (ranges->count >= HOST_MAX_RANGES)
		return MEMLOG_LIMIT;
	list = ranges->alloc->alloc(ranges->alloc->self, cap * sizeof(*list));
	if (!list)
		return MEMLOG_NO_MEMORY;
	if (ranges->count)
		memcpy(list, ranges->list, ranges->count * sizeof(*list));
	ranges->alloc->release(ranges->alloc->self, ranges->list);
	ranges->list = list;
	ranges->cap = cap;
	return MEMLOG_OK;
}

enum memlog_status host_ranges_add(struct host_ranges *ranges, uint64_t start,
				   uint64_t end)
{
	enum memlog_status s;

	if (start >= end)
		return MEMLOG_OK;
	if (ranges->count == ranges->cap) {
		s = grow(ranges);
		if (s)
			return s;
	}
	ranges->list[ranges->count++] = (struct memlog_range){
		.start = start,
		.end = end,
	};
	return MEMLOG_OK;
}

static int by_start(const void *a, const void *b)
{
	const struct memlog_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

void host_ranges_merge(struct host_ranges *ranges)
{
	struct memlog_range *out = ranges->list;
	size_t i, n = 0;

	if (!ranges->count)
		return;
	qsort(ranges->list, ranges->count, sizeof(*ranges->list), by_start);
	for (i = 1; i < ranges->count; i++) {
		if (ranges->list[i].start > out[n].end)
			out[++n] = ranges->list[i];
		else if (ranges->list[i].end > out[n].end)
			out[n].end = ranges->list[i].end;
	}
	ranges->count = n + 1;
}

enum memlog_status host_ranges_next(const struct host_ranges *ranges,
				    uint64_t addr, struct memlog_range *ret)
{
	size_t lo = 0, hi = ranges->count, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (ranges->list[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == ranges->count)
		return MEMLOG_NO_DATA;
	*ret = ranges->list[lo];
	if (ret->start < addr)
		ret->start = addr;
	return MEMLOG_OK;
}

uint64_t host_ranges_bytes(const struct host_ranges *ranges)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ranges->count; i++)
		sum += ranges->list[i].end - ranges->list[i].start;
	return sum;
}
