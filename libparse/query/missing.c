/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* missing.c - how much the image lacks of what a query had to look at. */
#include "run.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "image/image.h"

/* Bytes of [r) that the image should have and does not. */
static uint64_t missing_in(const struct ml_run *run, enum memlog_space space,
			   struct memlog_range r)
{
	struct memlog_range has, gap;
	uint64_t addr, absent = 0;

	if (!memlog_image_has_space(run->image, space))
		return 0;
	for (addr = r.start; addr < r.end; addr = has.end) {
		if (memlog_image_next_range(run->image, space, addr, &has,
					    NULL) ||
		    has.start > r.end)
			has.start = has.end = r.end;
		gap = (struct memlog_range){ addr, has.start };
		if (!ml_add(absent, ml_image_promised(run->image, space, gap),
			    &absent))
			return UINT64_MAX;
	}
	return absent;
}

static uint64_t missing_in_ranges(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	enum memlog_space space = q->ranges_in_space ? q->ranges_space :
						       run->info.space;
	uint64_t absent = 0;
	size_t i;

	for (i = 0; i < q->n_ranges; i++)
		if (!ml_add(absent, missing_in(run, space, q->ranges[i]),
			    &absent))
			return UINT64_MAX;
	return absent;
}

/* Did --at find a log there? */
static bool missing_found(const struct ml_run *run,
			  const struct ml_query_at *at)
{
	size_t i;

	for (i = 0; i < run->n_lists; i++)
		if (run->ats[i] == at)
			return true;
	return false;
}

/* Of the pages where --at found no logs. *ret_cut: is one not in the image? */
static uint64_t missing_at(const struct ml_run *run, bool *ret_cut)
{
	const struct memlog_query *q = run->query;
	struct memlog_range page, has;
	enum memlog_space space;
	uint64_t absent = 0;
	size_t i;

	*ret_cut = false;
	for (i = 0; i < q->n_at; i++) {
		if (missing_found(run, &q->at[i]))
			continue;
		space = q->at[i].has_space ? q->at[i].space : run->info.space;
		page.start = q->at[i].addr;
		if (!ml_add(page.start, ML_PAGE, &page.end))
			page.end = UINT64_MAX;
		*ret_cut |= memlog_image_next_range(run->image, space,
						    page.start, &has, NULL) ||
			    has.start > page.start || has.end < page.end;
		if (!ml_add(absent, missing_in(run, space, page), &absent))
			return UINT64_MAX;
	}
	return absent;
}

uint64_t ml_missing_bytes(const struct ml_run *run)
{
	const struct memlog_query *q = run->query;
	uint64_t missing = run->image->missing, lost = run->image->lost;
	bool cut;

	if (q->n_at && missing)
		missing = ml_min(missing, missing_at(run, &cut));
	/* a page that was not there, and what the logs lack */
	if (q->n_at && run->n_logs)
		return ml_sum(missing, run->missing);
	if (q->n_ranges && missing)
		missing = ml_min(missing, missing_in_ranges(run));
	/* where less was searched, what was seen there counts */
	if (q->n_at || q->n_ranges)
		lost = 0;
	missing = ml_sum(missing, ml_max(lost, run->stats.unreadable));
	return ml_max(missing, run->missing);
}

bool ml_missing_unknown(const struct ml_run *run)
{
	bool cut = run->image->cut;

	if (run->query->n_at && cut)
		missing_at(run, &cut);
	return cut;
}
