/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* logs.c - the list of logs that a scan fills. */
#include "format.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

enum memlog_status ml_logs_add(struct memlog_logs *logs,
			       const struct ml_format *fmt, struct ml_log **ret,
			       struct memlog_err *err)
{
	enum memlog_status s;
	struct ml_log *log;

	if (logs->count >= logs->max)
		return ml_fail(
			err, MEMLOG_LIMIT,
			"more than %llu log%s; raise with --limit logs=N",
			(unsigned long long)logs->max, ml_s(logs->max));
	s = ml_grow(&logs->alloc, &logs->logs, logs->count, &logs->cap,
		    sizeof(*logs->logs), err);
	if (s)
		return s;
	log = ml_calloc(&logs->alloc, 1, sizeof(*log));
	if (!log)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a log");
	log->fmt = fmt;
	log->pub.size = sizeof(log->pub);
	log->pub.format = fmt->name;
	log->pub.title = fmt->title;
	log->pub.id = log->pub.group = (uint32_t)logs->count;
	logs->logs[logs->count++] = log;
	*ret = log;
	return MEMLOG_OK;
}

void ml_log_settle(struct memlog_logs *logs, struct ml_log *log,
		   struct memlog_image *image)
{
	struct ml_source source = { .image = image, .log = log };
	uint64_t budget = ML_SETTLED - logs->settled;

	if (!log->fmt->group.settle)
		return;
	log->fmt->group.settle(log, &source, &budget);
	logs->settled = ML_SETTLED - budget;
}

static void logs_free(struct memlog_logs *logs, struct ml_log *log)
{
	ml_free(&logs->alloc, log->extents);
	ml_free(&logs->alloc, log->foreign);
	ml_free(&logs->alloc, log);
}

void ml_logs_drop_last(struct memlog_logs *logs)
{
	struct ml_log *log = logs->logs[--logs->count];

	logs->n_extents -= log->pub.n_extents;
	logs_free(logs, log);
}

/* The output of an image whose headers show the same bytes again and again is
 * bounded by its file. */
static bool logs_afford(struct memlog_logs *logs, const struct memlog_extent *e,
			uint64_t end)
{
	uint64_t n, all;

	if (!logs->image)
		return true;
	n = ml_image_repeated(logs->image, e->space,
			      (struct memlog_range){ e->addr, end });
	if (!n)
		return true;
	if (!ml_add(logs->repeated, n, &all) ||
	    all / ML_REPEATS > logs->image->file.size)
		return false;
	logs->repeated = all;
	return true;
}

enum memlog_status ml_log_add_extent(struct memlog_logs *logs,
				     struct ml_log *log,
				     const struct memlog_extent *extent,
				     struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t end;

	if (!extent->len)
		return ml_fail(err, MEMLOG_INVALID, "a log of 0 bytes");
	if (!ml_add(extent->addr, extent->len, &end))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it would end after the last address");
	if (!logs_afford(logs, extent, end))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "the same bytes of the file as other logs");
	if (logs->n_extents >= ML_MAX_EXTENTS)
		return ml_fail(err, MEMLOG_LIMIT, "logs of more than %u parts",
			       ML_MAX_EXTENTS);
	s = ml_grow(&logs->alloc, &log->extents, log->pub.n_extents,
		    &log->cap_extents, sizeof(*log->extents), err);
	if (s)
		return s;
	logs->n_extents++;
	log->extents[log->pub.n_extents++] = *extent;
	log->pub.extents = log->extents;
	return MEMLOG_OK;
}

void ml_log_place(struct ml_log *log, const struct memlog_image *image,
		  uint64_t addr, const char *by)
{
	struct memlog_extent *e = log->extents;
	unsigned long long from = addr - e->addr;
	uint64_t end;

	if (!image->unplaced || e->space != MEMLOG_PHYS || e->has_alias ||
	    addr <= e->addr || from % ML_PAGE ||
	    !ml_add(from, image->file.size, &end))
		return;
	e->has_alias = true;
	e->alias_space = MEMLOG_PHYS;
	e->alias_addr = addr;
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "by %s the file begins at 0x%llx: --map=0x%llx", by, from,
		 from);
}

size_t memlog_logs_count(const struct memlog_logs *logs)
{
	return logs ? logs->count : 0;
}

const struct memlog_log *memlog_logs_get(const struct memlog_logs *logs,
					 size_t index)
{
	return logs && index < logs->count ? &logs->logs[index]->pub : NULL;
}

void ml_logs_clear(struct memlog_logs *logs)
{
	size_t i;

	for (i = 0; i < logs->count; i++)
		logs_free(logs, logs->logs[i]);
	ml_claims_clear(logs);
	logs->count = 0;
	logs->n_extents = 0;
	logs->around = logs->writers = logs->repeated = logs->places = 0;
	logs->pages = logs->counted = logs->tries = logs->guessed = 0;
	logs->settled = logs->strays = logs->named = logs->sought = 0;
	logs->around_low = logs->dmesg_refused = false;
}

void memlog_logs_destroy(struct memlog_logs *logs)
{
	struct memlog_allocator a;

	if (!logs)
		return;
	a = logs->alloc;
	ml_logs_clear(logs);
	ml_free(&a, logs->logs);
	ml_free(&a, logs);
}
