/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * planted.c - what planted headers must not do: keep logs of other formats from being found,
 * and make any amount of text of a small file, by logs that overlap. Real ones do not.
 */
#include "base/bytes.h"
#include "image/image.h"
#include "job.h"

/* May several logs have it? */
static bool planted_shared(const struct ml_format *fmt,
			   const struct memlog_extent *e)
{
	return fmt->group.shared >> (e->role & 63) & 1;
}

bool ml_scan_may_overlap(struct ml_scan_job *job, const struct ml_format *fmt,
			 const struct memlog_extent *e)
{
	uint64_t most = ml_max(job->image->file.size, ML_OVERLAP_LEAST), all;

	/* own() leaves out the pages of other logs, and looks at ML_LOOKED_AT bytes in all */
	if (fmt->group.own || planted_shared(fmt, e) ||
	    !ml_places_hold(&job->places, fmt, e->space, e->addr))
		return true;
	if (!ml_add(job->overlaps, e->len, &all) || all / ML_REPEATS > most) {
		job->overlaps = UINT64_MAX;
		ml_curtail(job->image, fmt->name);
		return false;
	}
	job->overlaps = all;
	return true;
}

enum memlog_status ml_scan_add_place(struct ml_scan_job *job,
				     const struct ml_format *fmt,
				     const struct memlog_extent *e,
				     struct memlog_err *err)
{
	/* each of a kernel's logs has these: once is enough */
	if (planted_shared(fmt, e) &&
	    ml_places_start(&job->places, fmt, e->space, e->addr))
		return MEMLOG_OK;
	if (!ml_scan_may_overlap(job, fmt, e))
		return MEMLOG_NOT_MINE;
	return ml_places_add(&job->places, fmt, e->space, e->addr, e->len, err);
}

enum memlog_status ml_scan_expand(struct ml_scan_job *job, struct ml_log *log,
				  struct memlog_err *err)
{
	uint64_t *around = &job->around[ml_format_index(log->fmt)];
	enum memlog_status s;

	job->logs->around = *around;
	s = log->fmt->group.expand(job->logs, log, job->image, err);
	*around = job->logs->around;
	return s;
}
