/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* range.c - sort, join and look up address ranges. */
#include "range.h"

#include "bytes.h"
#include "sort.h"

size_t ml_ranges_merge(struct memlog_range *r, size_t n)
{
	size_t i, out = 0;

	ml_sort(r, n, sizeof(*r), offsetof(struct memlog_range, start),
		offsetof(struct memlog_range, end));
	for (i = 0; i < n; i++) {
		if (r[i].start >= r[i].end)
			continue;
		if (out && r[i].start <= r[out - 1].end)
			r[out - 1].end = ml_max(r[out - 1].end, r[i].end);
		else
			r[out++] = r[i];
	}
	return out;
}

size_t ml_ranges_find(const struct memlog_range *r, size_t n, uint64_t addr)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum memlog_status ml_ranges_next(const struct memlog_range *r, size_t n,
				  uint64_t addr, struct memlog_range *ret)
{
	size_t i = ml_ranges_find(r, n, addr);

	if (i == n)
		return MEMLOG_NO_DATA;
	ret->start = ml_max(r[i].start, addr);
	ret->end = r[i].end;
	return MEMLOG_OK;
}

uint64_t ml_ranges_bytes(const struct memlog_range *r, size_t n)
{
	uint64_t bytes = 0;

	while (n--)
		bytes += r[n].end - r[n].start;
	return bytes;
}

bool ml_range_intersect(struct memlog_range a, struct memlog_range b,
			struct memlog_range *ret)
{
	ret->start = ml_max(a.start, b.start);
	ret->end = ml_min(a.end, b.end);
	return ret->start < ret->end;
}
