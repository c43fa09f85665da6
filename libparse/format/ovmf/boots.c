/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * boots.c - number the boots that OVMF logs are from.
 *
 * From the newest to the oldest: an early log that was kept, of a boot that did
 * not get further; a main log that nothing marked yet, because the current boot
 * has none; a main log that was kept. The early log of a resume is of the same
 * boot as the newest of these main logs.
 */
#include "ovmf.h"

/* What there is of each kind, and which boot it is from. */
struct ovmf_boots {
	size_t early, stale, kept;
	int32_t early_boot, stale_boot, kept_boot, resume_boot;
	bool main_now, has_stale, has_kept, has_resume;
};

static bool ovmf_boots_kept(const struct ml_log *log)
{
	return ml_ovmf_const(log)->kind == OVMF_KIND_PREVIOUS;
}

static void ovmf_boots_count(struct ml_log *const *logs, size_t n,
			     struct ovmf_boots *ret)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct ovmf *o = ml_ovmf_const(logs[i]);

		if (o->resume)
			continue;
		if (ovmf_boots_kept(logs[i]) && o->early)
			ret->early++;
		else if (ovmf_boots_kept(logs[i]))
			ret->kept++;
		else if (logs[i]->pub.state == MEMLOG_STATE_STALE)
			ret->stale++;
		else
			ret->main_now |= !o->early &&
					 logs[i]->pub.state ==
						 MEMLOG_STATE_CURRENT;
	}
}

/* Of several of a kind nothing tells which boots they are from, nor then how
 * old the next are. */
static void ovmf_boots_decide(struct ovmf_boots *b)
{
	bool known = b->early <= 1;
	bool between = b->stale && !b->main_now;

	b->early_boot = -1;
	b->stale_boot = b->early ? -2 : -1;
	b->kept_boot = b->stale_boot - between;
	b->resume_boot = b->stale_boot;
	b->has_stale = known && b->stale == 1;
	b->has_kept = known && b->kept == 1 && (b->main_now || b->stale <= 1);
	b->has_resume = between ? b->has_stale : b->has_kept;
}

void ml_ovmf_number_boots(struct ml_log *const *logs, size_t n, bool some)
{
	struct ovmf_boots b = { .early = 0 };
	size_t i;

	if (some)
		return;

	ovmf_boots_count(logs, n, &b);
	ovmf_boots_decide(&b);
	for (i = 0; i < n; i++) {
		struct memlog_log *log = &logs[i]->pub;
		const struct ovmf *o = ml_ovmf_const(logs[i]);

		if (log->state != MEMLOG_STATE_STALE)
			continue;
		if (o->resume) {
			log->boot = b.resume_boot;
			log->has_boot = b.has_resume;
		} else if (ovmf_boots_kept(logs[i]) && o->early) {
			log->boot = b.early_boot;
			log->has_boot = b.early == 1;
		} else if (ovmf_boots_kept(logs[i])) {
			log->boot = b.kept_boot;
			log->has_boot = b.has_kept;
		} else {
			log->boot = b.stale_boot;
			log->has_boot = b.has_stale;
		}
	}
}
