/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* missing.c - how much the image lacks of what a query had to look at. */
#include "run.h"

#include "base/bytes.h"
#include "image/image.h"

/* Bytes of --range that the image should have and does not. */
static uint64_t missing_in_ranges(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	enum memlog_space space = q->ranges_in_space ? q->ranges_space :
						       run->info.space;
	struct memlog_range r, gap;
	uint64_t absent = 0;
	size_t i;

	for (i = 0; i < q->n_ranges; i++) {
		uint64_t addr = q->ranges[i].start, end = q->ranges[i].end;

		for (; addr < end; addr = r.end) {
			if (memlog_image_next_range(run->image, space, addr, &r,
						    NULL) ||
			    r.start > end)
				r.start = r.end = end;
			gap = (struct memlog_range){ addr, r.start };
			if (!ml_add(absent,
				    ml_image_promised(run->image, space, gap),
				    &absent))
				return UINT64_MAX;
		}
	}
	return absent;
}

uint64_t ml_missing_bytes(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	uint64_t missing = run->info.missing;

	if (q->n_at && run->n_logs)
		return run->missing;
	if (q->n_ranges && missing)
		missing = ml_min(missing, missing_in_ranges(run));
	if (!ml_add(missing, run->stats.unreadable, &missing))
		missing = UINT64_MAX;
	return ml_max(missing, run->missing);
}
