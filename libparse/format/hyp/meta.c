/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * meta.c - from the meta page of one CPU to the remote, where the table of events
 * is not in the dump, or not where it can be found.
 *
 * In all of memory, what points to the meta page is searched for: the CPU's part of
 * the descriptor, which also says where the kernel has memory; then what points to
 * the descriptor, the remote; then what points to that, the table.
 */
#include "base/bytes.h"
#include "hyp.h"
#include "structs.h"

struct meta_search {
	struct memlog_logs *logs;
	struct memlog_image *image;
	struct hyp *h;
	uint64_t meta, remote, events, table; /* physical, but for events */
};

/* Is it in this chunk: a part of a descriptor that points to the page? */
static bool meta_look_part(void *arg, uint64_t addr, const uint8_t *p,
			   size_t len)
{
	struct meta_search *s = arg;
	bool old = s->h->gen == HYP_ANDROID_15;
	uint64_t va;
	size_t at;

	for (at = 0; at + 8 <= len; at += 4) {
		va = ml_le64(p + at);
		if (va < HYP_KERNEL || (va - s->meta) % ML_HYP_STEP ||
		    addr + at < HYP_PART_META || !ml_hyp_try(s->logs, s->image))
			continue;
		s->h->direct = va - s->meta;
		/* Android's are not aligned */
		if (!old)
			s->h->gen = at % 8 ? HYP_ANDROID : HYP_MAINLINE;
		if (ml_hyp_desc_walk(s->logs, s->image, s->h,
				     addr + at - HYP_PART_META + s->h->direct))
			return true;
	}
	return false;
}

static bool meta_look_remote(void *arg, uint64_t addr, const uint8_t *p,
			     size_t len)
{
	struct meta_search *s = arg;
	uint8_t b[HYP_REMOTE];
	uint64_t n;
	size_t at;

	for (at = 0; at + 8 <= len; at += 8) {
		if (ml_le64(p + at) != s->h->desc ||
		    addr + at < HYP_REMOTE_DESC ||
		    !ml_hyp_try(s->logs, s->image) ||
		    !ml_hyp_read(s->image, addr + at - HYP_REMOTE_DESC, b,
				 sizeof(b)))
			continue;
		n = ml_le64(b + HYP_REMOTE_N_EVENTS);
		s->events = ml_le64(b + HYP_REMOTE_EVENTS);
		if (!n || n > ML_HYP_EVENTS || s->events < HYP_KERNEL)
			continue;
		s->remote = addr + at - HYP_REMOTE_DESC;
		s->h->n_events = (uint32_t)n;
		return true;
	}
	return false;
}

static bool meta_look_table(void *arg, uint64_t addr, const uint8_t *p,
			    size_t len)
{
	struct meta_search *s = arg;
	uint64_t remote = s->remote + s->h->direct;
	uint8_t b[HYP_EVENT];
	size_t at;

	for (at = 0; at + 8 <= len; at += 8) {
		s->table = addr + at - HYP_EVENT_REMOTE;
		if (ml_le64(p + at) == remote &&
		    addr + at >= HYP_EVENT_REMOTE &&
		    !((s->table ^ s->events) % ML_PAGE) &&
		    ml_hyp_try(s->logs, s->image) &&
		    ml_hyp_read(s->image, s->table, b, sizeof(b)) &&
		    ml_hyp_is_event(b, sizeof(b)))
			return true;
	}
	return false;
}

bool ml_hyp_meta_find(struct memlog_logs *logs, struct memlog_image *image,
		      struct hyp *h, uint64_t phys)
{
	struct meta_search s = {
		.logs = logs, .image = image, .h = h, .meta = phys
	};
	struct hyp_sweep sweep = { &logs->sought, image, meta_look_part, &s };
	uint64_t own = 0;

	if (image->brief || logs->sought + 2 * ML_HYP_STEP <= ML_MAX_AROUND)
		return ml_hyp_sweep_from(&sweep, phys);
	/* some pages of any guest look like one: they may use that up, and what is beside
	 * the next is looked at all the same */
	if (logs->strays++ >= ML_HYP_STRAYS) {
		ml_curtail(image, HYP_FORMAT);
		return false;
	}
	sweep.budget = &own;
	return ml_hyp_sweep(&sweep, (struct memlog_range){
					    phys - ml_min(phys, ML_HYP_BESIDE),
					    ml_sum(phys, ML_HYP_BESIDE) });
}

bool ml_hyp_meta_remote(struct memlog_logs *logs, struct memlog_image *image,
			struct hyp *h, uint64_t *ret, uint64_t *ret_table)
{
	struct meta_search s = { .logs = logs, .image = image, .h = h };
	struct hyp_sweep sweep = { &logs->around, image, meta_look_remote, &s };

	*ret_table = 0;
	if (!ml_hyp_sweep_from(&sweep, h->desc - h->direct))
		return false;
	*ret = s.remote;
	sweep.look = meta_look_table;
	if (ml_hyp_sweep_from(&sweep, s.remote))
		*ret_table = s.table;
	return true;
}
