/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user.c - the person at gdb: Ctrl-C and messages. */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "plugin.h"

static bool stopped;		/* by Ctrl-C, since the command began */
static int max_level = 2;	/* of messages that are shown */

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
 * A Ctrl-C is taken from gdb: gdb would leave the script where it stands, and
 * with it the user's frame and the stub's mode as the script had set them.
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
