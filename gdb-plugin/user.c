/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user.c - Ctrl-C and messages in gdb. */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "plugin.h"

static bool stopped;	  /* by Ctrl-C, since the command began */
static int max_level = 2; /* of messages that are shown */

void plugin_user_reset(void)
{
	stopped = false;
	max_level = 2;
}

void plugin_user_level(int level)
{
	max_level = level;
}

/*
 * Consumes the signal, so that gdb does not see it: gdb would abort the script
 * before it restores the selected frame and the stub's mode.
 */
bool plugin_interrupted(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	if (!stopped && sigtimedwait(&set, NULL, &now) == SIGINT)
		stopped = true;
	return stopped;
}

void plugin_message(void *arg, int level, const char *line)
{
	static const char *const words[] = { "", "warning: ", "note: ", "" };

	(void)arg;
	if (level < 0 || level > max_level)
		return;
	fprintf(stderr, "memlog: %s%s\n", words[level], line);
}
