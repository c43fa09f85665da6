/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* candidate.c - from a magic to a log in the list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "job.h"

/* Remember where the logs from first on are, and addr, which led to them: it is
 * not looked at again, whatever the result. One that may not overlap others as far as it does
 * is removed, together with those after it: real logs do not overlap. */
static enum memlog_status candidate_remember(struct ml_scan_job *job,
					     const struct ml_format *fmt,
					     enum memlog_space space,
					     uint64_t addr, size_t first,
					     struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i, k;

	for (i = first; i < job->logs->count; i++) {
		const struct ml_log *log = job->logs->logs[i];

		if (log->fmt->find.screen &&
		    !(log->pub.flags & MEMLOG_LOG_GUESSED))
			job->certain |= ml_format_bit(log->fmt);
		for (k = 0; k < log->pub.n_extents && !s; k++)
			s = ml_scan_add_place(job, log->fmt, &log->extents[k],
					      err);
		while (s == MEMLOG_NOT_MINE && job->logs->count > i)
			ml_logs_drop_last(job->logs);
	}
	s = s == MEMLOG_NOT_MINE ? MEMLOG_OK : s;
	if (s || ml_places_start(&job->places, fmt, space, addr))
		return s;
	return ml_places_add(&job->places, fmt, space, addr, 0, err);
}

static void candidate_reject(struct ml_scan_job *job,
			     const struct ml_format *fmt,
			     enum memlog_space space, uint64_t addr,
			     const struct memlog_err *why)
{
	struct memlog_scan_stats *st = &job->stats;

	if (!st->rejected++)
		snprintf(st->rejected_first, sizeof(st->rejected_first),
			 "%s %s:0x%llx: %.100s", fmt->name,
			 memlog_space_name(space), (unsigned long long)addr,
			 why->text);
}

/* Is the last log, the only one after the first n, one without a magic that expand()
 * has moved to where another one was found? */
static bool candidate_again(const struct ml_scan_job *job, size_t n,
			    const struct memlog_extent *from)
{
	const struct ml_log *log;

	if (job->logs->count != n + 1)
		return false;
	log = job->logs->logs[n];
	return log->fmt->find.screen && log->extents[0].addr != from->addr &&
	       ml_places_start(&job->places, log->fmt, log->extents[0].space,
			       log->extents[0].addr);
}

/* Add the log that probe() made to the list. The probe used a log of its own,
 * so that a rejected candidate leaves nothing in the list. */
static enum memlog_status candidate_take(struct ml_scan_job *job,
					 const struct ml_log *probed,
					 const struct memlog_extent *extent,
					 struct memlog_err *err)
{
	struct ml_log *log;
	size_t first = job->logs->count;
	enum memlog_status s;
	uint32_t id;

	if (job->overlaps == UINT64_MAX &&
	    !ml_scan_may_overlap(job, probed->fmt, extent))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it is in a log, as too many others are");
	s = ml_logs_add(job->logs, probed->fmt, &log, err);
	if (s)
		return s;
	id = log->pub.id;
	log->pub = probed->pub;
	log->pub.id = log->pub.group = id;
	memcpy(log->priv, probed->priv, sizeof(log->priv));
	memcpy(log->leads, probed->leads, sizeof(log->leads));
	log->n_leads = probed->n_leads;
	if (ml_space_guessed(&job->image->spaces[extent->space],
			     extent->addr) ||
	    job->guessed)
		log->pub.flags |= MEMLOG_LOG_GUESSED;
	s = ml_log_add_extent(job->logs, log, extent, err);
	if (s) {
		ml_logs_drop_last(job->logs);
		return s;
	}
	ml_log_settle(job->logs, log, job->image);
	s = ml_scan_kernel(job, probed->fmt, ML_KERNEL_EXPAND, err);
	if (!s && probed->fmt->group.expand)
		s = ml_scan_expand(job, log, err);
	/* what it has found so far is not the log */
	if (job->image->stopped) {
		ml_logs_drop_last(job->logs);
		return ml_fail(err, MEMLOG_STOP, "stopped");
	}
	if (s == MEMLOG_NOT_MINE)
		ml_logs_drop_last(job->logs);
	if (s != MEMLOG_OK && s != MEMLOG_LIMIT)
		return s;
	if (candidate_again(job, first, extent))
		ml_logs_drop_last(job->logs);
	if (candidate_remember(job, probed->fmt, extent->space, extent->addr,
			       first, err))
		return MEMLOG_NO_MEMORY;
	return s;
}

/* A log without a magic also covers the places inside it that look like its
 * start; and once one is certain there is nothing left to guess. */
static bool candidate_covered(const struct ml_scan_job *job,
			      const struct ml_format *fmt,
			      const struct ml_probe *p)
{
	if (!fmt->find.screen)
		return false;
	if (!p->at && !p->hint && job->certain & ml_format_bit(fmt))
		return true;
	return ml_places_hold(&job->places, fmt, p->space, p->addr);
}

/* Probe these bytes; a log that probe() accepts goes into the list. leads: the n
 * headers that led here. ret->points: it points on. */
static enum memlog_status
probe_bytes(struct ml_scan_job *job, const struct ml_format *fmt,
	    const struct ml_probe *probe, const struct memlog_range *leads,
	    size_t n, struct ml_found *ret, struct memlog_err *err)
{
	struct ml_log probed = { .fmt = fmt, .n_leads = n };
	struct memlog_err why = { 0 };
	enum memlog_status s = MEMLOG_NOT_MINE;

	*ret = (struct ml_found){ .extent = { .space = probe->space,
					      .addr = probe->addr,
					      .cpu = -1 } };
	probed.pub.size = sizeof(probed.pub);
	probed.pub.format = fmt->name;
	probed.pub.title = fmt->title;
	memcpy(probed.leads, leads, n * sizeof(*leads));
	if (!probe->len)
		ml_fail(&why, s, "its page cannot be read");
	else if (probe->len < fmt->probe_min)
		ml_fail(&why, s, "only %zu byte%s %s there", probe->len,
			ml_s(probe->len), ml_are(probe->len));
	else
		s = fmt->probe(probe, &probed, ret, &why);
	if (s && s != MEMLOG_CORRUPT) {
		ret->points = false;
		candidate_reject(job, fmt, probe->space, probe->addr, &why);
		return MEMLOG_OK;
	}
	if (ret->points)
		return MEMLOG_OK;
	if (s == MEMLOG_CORRUPT) {
		probed.pub.flags |= MEMLOG_LOG_DAMAGED;
		if (!probed.pub.reason[0])
			snprintf(probed.pub.reason, sizeof(probed.pub.reason),
				 "%.150s", why.text);
	}
	if (ml_places_start(&job->places, fmt, probe->space, probe->addr))
		return MEMLOG_OK;
	s = candidate_take(job, &probed, &ret->extent, err);
	if (s == MEMLOG_NOT_MINE) {
		candidate_reject(job, fmt, probe->space, probe->addr, err);
		return MEMLOG_OK;
	}
	if (s == MEMLOG_LIMIT) {
		job->full = true;
		ml_fail(&job->limit, MEMLOG_LIMIT, "%s", err ? err->text : "");
		s = MEMLOG_OK;
	}
	return s;
}

/*
 * Memory of a domain is contiguous only in the domain's addresses: probe it
 * there. A frame of another domain mapped by this one has no address of its own
 * here, and one that is mapped twice has one.
 */
static void candidate_place(struct ml_scan_job *job,
			    const struct ml_format *fmt, struct ml_probe *p)
{
	struct memlog_image *image = job->image;
	enum memlog_space space;
	uint64_t addr;

	if (p->space == MEMLOG_HOST && fmt->find.kernel & ML_KERNEL_PHYS &&
	    !ml_image_alias(image, p->space, p->addr, &space, &addr)) {
		p->space = space;
		p->addr = addr;
		return;
	}
	if (!image->p2m && p->space != MEMLOG_MACH)
		return;
	if (p->space == MEMLOG_PHYS) {
		p->domain = true;
		if (job->at ||
		    ml_image_alias(image, p->space, p->addr, &space, &addr) ||
		    space != MEMLOG_MACH)
			return;
		p->space = space;
		p->addr = addr;
	}
	p->domain = p->space == MEMLOG_MACH &&
		    !ml_image_alias(image, MEMLOG_MACH, p->addr, &space, &addr);
	if (p->domain) {
		p->space = space;
		p->addr = addr;
	}
}

/* A peek saw a page that turned out to be damaged: it is counted once, however many
 * formats look at it. */
static void candidate_torn(struct ml_scan_job *job, uint64_t addr)
{
	if (job->has_torn && job->torn == addr)
		return;
	job->has_torn = true;
	job->torn = addr;
	job->stats.unreadable += ML_PAGE;
}

/* Probe what is at header, and, while it points on, what is there. buf has want
 * bytes. */
static enum memlog_status candidate_look(struct ml_scan_job *job,
					 const struct ml_format *fmt,
					 const struct ml_probe *header,
					 uint8_t *buf, size_t want,
					 struct memlog_err *err)
{
	struct memlog_range leads[ML_MAX_POINTERS] = { { 0, 0 } };
	struct ml_probe probe = *header;
	uint64_t hint[ML_HINTS], end;
	struct ml_found found;
	struct memlog_err why;
	enum memlog_status s;
	unsigned int n;

	probe.bytes = buf;
	for (n = 0;; n++) {
		s = ml_image_fill(job->image, probe.space, probe.addr, buf,
				  want, &probe.len, err);
		if (!s && !probe.len && !n && job->searching)
			candidate_torn(job, probe.addr);
		if (!s)
			s = probe_bytes(job, fmt, &probe, leads, n, &found,
					err);
		if (s || !found.points)
			return s;
		if (n == ML_MAX_POINTERS)
			break;
		if (!ml_add(probe.addr, found.extent.len, &end))
			end = UINT64_MAX;
		leads[n] = (struct memlog_range){ probe.addr, end };
		memcpy(hint, found.hint, sizeof(hint));
		probe.addr = found.extent.addr;
		probe.hint = hint;
	}
	ml_fail(&why, MEMLOG_NOT_MINE, "more than %u headers point on",
		ML_MAX_POINTERS);
	candidate_reject(job, fmt, header->space, header->addr, &why);
	return MEMLOG_OK;
}

enum memlog_status ml_scan_candidate(struct ml_scan_job *job,
				     const struct ml_format *fmt, uint64_t addr,
				     const uint64_t *hint,
				     struct memlog_err *err)
{
	struct ml_probe probe = {
		.space = job->space, .addr = addr, .at = job->at, .hint = hint
	};
	uint8_t small[1024], *buf = small;
	size_t want = ml_min(fmt->probe_len, ML_PROBE_MAX), before;
	uint64_t rejected = job->stats.rejected;
	enum memlog_status s;

	job->stats.candidates++;
	if (job->full)
		return MEMLOG_OK;
	if (job->space == MEMLOG_HOST) {
		s = ml_scan_kernel(job, fmt, ML_KERNEL_PHYS, err);
		if (s)
			return s;
	}
	candidate_place(job, fmt, &probe);
	if (candidate_covered(job, fmt, &probe)) {
		job->page_hit |= addr % ML_PAGE == 0;
		return MEMLOG_OK;
	}
	if (want > sizeof(small)) {
		buf = ml_calloc(&job->logs->alloc, want, 1);
		if (!buf)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for a header");
	}
	before = job->logs->count;
	s = candidate_look(job, fmt, &probe, buf, want, err);
	if (job->logs->count > before || job->full) {
		job->last_hit = addr;
		job->any_hit = true;
	}
	job->page_hit |= addr % ML_PAGE == 0 && job->stats.rejected == rejected;
	if (buf != small)
		ml_free(&job->logs->alloc, buf);
	return s;
}

static int candidate_by_place(const void *a, const void *b)
{
	const struct ml_log *x = *(struct ml_log *const *)a;
	const struct ml_log *y = *(struct ml_log *const *)b;
	const struct memlog_extent *ex = x->extents, *ey = y->extents;

	if (x->fmt != y->fmt)
		return ml_format_index(x->fmt) < ml_format_index(y->fmt) ? -1 :
									   1;
	if (ex->space != ey->space)
		return ex->space < ey->space ? -1 : 1;
	if (ex->addr != ey->addr)
		return ex->addr < ey->addr ? -1 : 1;
	/* siblings at the same place keep the order in which they were added */
	return x->pub.id < y->pub.id ? -1 : x->pub.id > y->pub.id;
}

static int by_group(const void *a, const void *b)
{
	const struct memlog_log *x = &(*(struct ml_log *const *)a)->pub;
	const struct memlog_log *y = &(*(struct ml_log *const *)b)->pub;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int candidate_by_id(const void *a, const void *b)
{
	const struct memlog_log *x = &(*(struct ml_log *const *)a)->pub;
	const struct memlog_log *y = &(*(struct ml_log *const *)b)->pub;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* A group is numbered by its first log. Until here that is a log's id, its
 * index in the list. */
static void number_groups(struct memlog_logs *logs)
{
	uint32_t group = 0, first = 0;
	struct memlog_log *log;
	size_t i;

	for (i = 0; i < logs->count; i++) {
		log = &logs->logs[i]->pub;
		if (log->group >= logs->count)
			log->group = log->id;
	}
	qsort(logs->logs, logs->count, sizeof(*logs->logs), candidate_by_place);
	for (i = 0; i < logs->count; i++)
		logs->logs[i]->pub.id = (uint32_t)i;
	qsort(logs->logs, logs->count, sizeof(*logs->logs), by_group);
	for (i = 0; i < logs->count; i++) {
		log = &logs->logs[i]->pub;
		if (!i || log->group != group) {
			group = log->group;
			first = log->id;
		}
		log->group = first;
	}
	qsort(logs->logs, logs->count, sizeof(*logs->logs), candidate_by_id);
}

void ml_logs_alias(struct memlog_logs *logs, struct memlog_image *image)
{
	struct memlog_extent *e;
	size_t i, k;

	for (i = 0; i < logs->count; i++)
		for (k = 0; k < logs->logs[i]->pub.n_extents; k++) {
			e = &logs->logs[i]->extents[k];
			e->has_alias = !ml_image_alias(image, e->space, e->addr,
						       &e->alias_space,
						       &e->alias_addr);
		}
}

/* Are these the same log, in the same memory? */
static bool same_extents(const struct ml_log *a, const struct ml_log *b)
{
	size_t i;

	if (a->pub.n_extents != b->pub.n_extents)
		return false;
	for (i = 0; i < a->pub.n_extents; i++)
		if (a->extents[i].space != b->extents[i].space ||
		    a->extents[i].addr != b->extents[i].addr ||
		    a->extents[i].len != b->extents[i].len)
			return false;
	return true;
}

/* Was all of the log its own when it was found before? *k goes through those logs,
 * which are in the same order. */
static bool was_own(const struct ml_scan_job *job, const struct ml_log *log,
		    size_t *k)
{
	const struct ml_log *old;

	for (; job->known && *k < job->known->count; ++*k) {
		old = job->known->logs[*k];
		if (candidate_by_place(&old, &log) < 0)
			continue;
		return old->fmt == log->fmt && !old->n_foreign &&
		       same_extents(old, log);
	}
	return false;
}

/* Find what is not the logs' own. A stop leaves the rest out, as if it were not. */
static enum memlog_status candidate_judge(struct ml_scan_job *job,
					  struct memlog_err *err)
{
	struct memlog_logs *logs = job->logs;
	enum memlog_status s = MEMLOG_OK;
	uint64_t looked = ML_LOOKED_AT;
	size_t n, k = 0;

	for (n = 0; n < logs->count && !s; n++)
		if (!was_own(job, logs->logs[n], &k))
			s = ml_log_find_foreign(logs, logs->logs[n], job->image,
						&looked, err);
	return s;
}

/* What was stopped may have been a log, wherever that was noticed. */
static enum memlog_status candidate_stopped(const struct ml_scan_job *job,
					    struct memlog_err *err)
{
	return job->image->stopped ? ml_fail(err, MEMLOG_STOP, "stopped") :
				     MEMLOG_OK;
}

enum memlog_status ml_scan_finish(struct ml_scan_job *job,
				  struct memlog_err *err)
{
	uint64_t budget = ML_TEXT_RANGES;
	struct memlog_logs *logs = job->logs;
	enum memlog_status s = MEMLOG_OK;
	size_t n, first;

	logs->image = NULL;
	logs->symbols = NULL;
	logs->some = job->some;
	if (!logs->count)
		return candidate_stopped(job, err);
	number_groups(logs);
	ml_logs_alias(job->logs, job->image);
	s = candidate_judge(job, err);
	for (first = 0; first < logs->count; first += n) {
		const struct ml_format *fmt = logs->logs[first]->fmt;

		for (n = 1; first + n < logs->count; n++)
			if (logs->logs[first + n]->fmt != fmt)
				break;
		if (fmt->group.relate)
			fmt->group.relate(logs->logs + first, n, job->image,
					  job->some ||
						  (job->stats.likely_only &&
						   !fmt->find.likely));
	}
	for (n = 0; n < logs->count; n++) {
		ml_log_note_absent(logs->logs[n], job->image, &budget);
		if (logs->logs[n]->pub.state == MEMLOG_STATE_CURRENT)
			logs->logs[n]->pub.has_boot = true;
	}
	return s ? s : candidate_stopped(job, err);
}
