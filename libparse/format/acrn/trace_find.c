/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* trace_find.c - the rings of ACRN's trace: whose they are, and which belong
 * together. */
#include "acrn.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "event.h"

enum memlog_status ml_acrn_trace_probe(const struct ml_probe *probe,
				       struct ml_log *log, struct ml_found *ret,
				       struct memlog_err *err)
{
	enum memlog_status s;
	struct ml_sbuf h;

	s = ml_sbuf_parse(probe->bytes, probe->len, &h, err);
	if (s && s != MEMLOG_CORRUPT)
		return s;
	/* memory has no captures */
	if (ml_sbuf_kind(&h) != ML_SBUF_TRACE || h.last ||
	    (h.captured && probe->addr))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "a shared buffer with %u slots of %u byte%s",
			       h.ele_num, h.ele_size, ml_s(h.ele_size));
	ml_acrn_log_of_ring(log, &h, probe->addr, &ret->extent);
	return s;
}

/* The CPU that the oldest entry names; -1 if none does. */
static int32_t acrn_trace_find_cpu_of(struct memlog_image *image,
				      const struct memlog_extent *e)
{
	uint8_t head[ML_SBUF_HEADER], entry[ML_ACRN_ENTRY];
	struct ml_acrn_event ev;
	struct ml_sbuf h;
	enum memlog_status s;
	uint32_t from;

	if (ml_sbuf_read(image, e->space, e->addr, head, sizeof(head)) !=
	    sizeof(head))
		return -1;
	s = ml_sbuf_parse(head, sizeof(head), &h, NULL);
	from = s || h.head == h.tail ? 0 : h.head;
	if (ml_sbuf_read(image, e->space, e->addr + ML_SBUF_HEADER + from,
			 entry, sizeof(entry)) != sizeof(entry))
		return -1;
	ml_acrn_event_load(entry, &ev);
	return ev.tsc ? ev.cpu : -1;
}

static bool acrn_trace_find_has_cpu(const struct ml_log *log, int32_t cpu)
{
	size_t i;

	for (i = 0; i < log->pub.n_extents; i++)
		if (log->extents[i].cpu == cpu)
			return true;
	return false;
}

static size_t rings_of(const struct memlog_logs *logs,
		       const struct ml_format *fmt)
{
	size_t i, n = 0;

	for (i = 0; i < logs->count; i++)
		if (logs->logs[i]->fmt == fmt)
			n += logs->logs[i]->pub.n_extents;
	return n;
}

/* Each CPU has its own ring: add it to the others' log. Two rings of one CPU
 * are from two boots. */
enum memlog_status ml_acrn_trace_expand(struct memlog_logs *logs,
					struct ml_log *log,
					struct memlog_image *image,
					struct memlog_err *err)
{
	struct memlog_extent *e = &log->extents[0];
	struct ml_log *other = NULL;
	enum memlog_status s;
	struct ml_sbuf h;
	uint8_t head[ML_SBUF_HEADER];
	size_t i;

	/* each is compared with all known ones */
	if (rings_of(logs, log->fmt) > ML_ACRN_MAX_RINGS)
		return ml_fail(err, MEMLOG_NOT_MINE, "more than %u rings",
			       ML_ACRN_MAX_RINGS);
	e->cpu = acrn_trace_find_cpu_of(image, e);
	for (i = 0; i < logs->count && !other; i++) {
		struct ml_log *l = logs->logs[i];

		if (l == log || l->fmt != log->fmt ||
		    l->extents[0].space != e->space ||
		    (e->cpu >= 0 && acrn_trace_find_has_cpu(l, e->cpu)))
			continue;
		other = l;
	}
	if (!other)
		return MEMLOG_OK;
	if (ml_sbuf_read(image, e->space, e->addr, head, sizeof(head)) !=
	    sizeof(head))
		return MEMLOG_OK;
	s = ml_sbuf_parse(head, sizeof(head), &h, NULL);
	if (s && s != MEMLOG_CORRUPT)
		return MEMLOG_OK;
	s = ml_log_add_extent(logs, other, e, err);
	if (s)
		return s;
	ml_acrn_log_add_ring(other, &h);
	ml_logs_drop_last(logs);
	return MEMLOG_OK;
}

/* Do the entries of any ring name its CPU? */
static bool is_named(const struct ml_log *log)
{
	size_t i;

	for (i = 0; i < log->pub.n_extents; i++)
		if (log->extents[i].cpu >= 0)
			return true;
	return false;
}

/*
 * Entries written before June 2018 do not name a CPU. If no pointer does
 * either, rings are numbered by their order in memory: events of different CPUs
 * must not mix. Returns how many were numbered this way.
 */
static size_t number_by_place(struct ml_log *log)
{
	struct memlog_extent *e = log->extents;
	size_t n = log->pub.n_extents, i, k, ret = 0;
	int32_t next = 0, place[ML_ACRN_MAX_RINGS];

	for (i = 0; i < n && i < ML_ACRN_MAX_RINGS; i++) {
		next = ml_max(next, e[i].cpu + 1);
		for (place[i] = 0, k = 0; k < n; k++)
			place[i] += e[k].cpu < 0 && e[k].addr < e[i].addr;
	}
	for (i = 0; i < n && i < ML_ACRN_MAX_RINGS; i++)
		if (e[i].cpu < 0) {
			e[i].cpu = next + place[i];
			ret++;
		}
	return ret;
}

static void acrn_trace_find_judge(struct ml_log *log,
				  struct memlog_image *image, size_t by_place)
{
	struct memlog_log *p = &log->pub;
	uint32_t full = 0;
	size_t i;

	for (i = 0; i < p->n_extents; i++) {
		uint8_t head[ML_SBUF_HEADER];
		struct ml_sbuf h;

		if (ml_sbuf_read(image, p->extents[i].space, p->extents[i].addr,
				 head, sizeof(head)) == sizeof(head) &&
		    !ml_sbuf_parse(head, sizeof(head), &h, NULL) &&
		    ml_sbuf_unread(&h) + h.ele_size == h.size)
			full++;
	}
	p->state = MEMLOG_STATE_CURRENT;
	if (ml_acrn(log)->captured) {
		snprintf(p->reason, sizeof(p->reason),
			 "%llu event%s that acrntrace wrote",
			 (unsigned long long)ml_acrn(log)->unread,
			 ml_s(ml_acrn(log)->unread));
		return;
	}
	i = (size_t)snprintf(p->reason, sizeof(p->reason),
			     "rings of %zu CPU%s; %llu event%s to be read",
			     p->n_extents, ml_s(p->n_extents),
			     (unsigned long long)ml_acrn(log)->unread,
			     ml_acrn(log)->unread == 1 ? " waits" : "s wait");
	if (full && i < sizeof(p->reason))
		i += (size_t)snprintf(p->reason + i, sizeof(p->reason) - i,
				      "; %u of them %s full: newer events "
				      "were dropped",
				      full, ml_are(full));
	if (by_place && i < sizeof(p->reason))
		snprintf(p->reason + i, sizeof(p->reason) - i,
			 "; %zu CPU%s numbered by the place of %s", by_place,
			 by_place == 1 ? " is" : "s are",
			 by_place == 1 ? "its ring" : "their rings");
}

void ml_acrn_trace_relate(struct ml_log *const *logs, size_t n,
			  struct memlog_image *image, bool some)
{
	size_t i, by_place;

	for (i = 0; i < n; i++) {
		by_place = 0;
		if (!is_named(logs[i]) &&
		    !(logs[i]->pub.flags & MEMLOG_LOG_EMPTY)) {
			ml_acrn_name_by_pointers(logs[i], image);
			by_place = number_by_place(logs[i]);
		}
		ml_acrn_sort_extents(logs[i]);
		acrn_trace_find_judge(logs[i], image, by_place);
	}
	if (n > 1 || (some && !ml_acrn(logs[0])->captured))
		ml_acrn_ask_pointers(logs, n, image);
}
