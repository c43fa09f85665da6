/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - show progress, and stop the library after a signal. */
#include "dump.h"

static struct host_progress progress;

void progress_init(enum when when)
{
	host_progress_init(&progress, when);
}

void progress_begin(const char *image)
{
	host_progress_begin(&progress, image);
}

void progress_clear(void)
{
	host_progress_clear(&progress);
}

int progress_poll(void *arg, uint64_t done, uint64_t all)
{
	if (guard_stop() || guard_shrunk())
		return 1;
	host_progress_update(&progress, done, all);
	return 0;
}
