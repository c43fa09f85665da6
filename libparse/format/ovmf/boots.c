/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.c - number the boots that OVMF logs are from. */
#include "ovmf.h"

static bool ovmf_boots_kept(const struct ml_log *log)
{
	return ml_ovmf_const(log)->kind == OVMF_KIND_PREVIOUS;
}

/* A main log of an earlier boot is of the one before, if there is one such; of
 * several nothing tells which boots they are from. What the firmware kept is of
 * the boot before the one that has a main log: that is not the current one if
 * that has got no further than its early log. */
void ml_ovmf_number_boots(struct ml_log *const *logs, size_t n)
{
	size_t i, stale = 0, kept = 0;
	bool main_now = false;

	for (i = 0; i < n; i++) {
		if (ovmf_boots_kept(logs[i]))
			kept++;
		else if (logs[i]->pub.state == MEMLOG_STATE_STALE)
			stale++;
		else
			main_now |= !ml_ovmf_const(logs[i])->early &&
				    logs[i]->pub.state == MEMLOG_STATE_CURRENT;
	}
	for (i = 0; i < n; i++) {
		struct memlog_log *log = &logs[i]->pub;

		if (log->state != MEMLOG_STATE_STALE)
			continue;
		if (ovmf_boots_kept(logs[i])) {
			log->boot = stale && !main_now ? -2 : -1;
			log->has_boot = kept == 1 && (main_now || stale <= 1);
		} else {
			log->boot = -1;
			log->has_boot = stale == 1;
		}
	}
}
