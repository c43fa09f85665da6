/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user.c - Ctrl-C and messages in crash. */
#include "crash-ext.h"

bool ext_interrupted(void)
{
	sigset_t pending;

	return !sigpending(&pending) && sigismember(&pending, SIGINT) == 1;
}

/*
 * Not with crash's error(), which prints to the terminal and also to redirected
 * output: a file should have only the log.
 */
void ext_message(void *arg, int level, const char *line)
{
	static const char *const words[] = { "", "WARNING: ", "NOTE: ", "" };
	struct session *s = arg;
	int wanted = s->query ? memlog_query_level(s->query) : 2;

	if (level > wanted || level < 0)
		return;
	host_progress_clear(&s->progress);
	if (fp == stdout || fp == pc->stdpipe)
		fprintf(fp, "%s: %s%s\n", pc->curcmd, words[level], line);
	else
		fprintf(stderr, "%s: %s%s\n", pc->curcmd, words[level], line);
}

int ext_progress(void *arg, uint64_t done, uint64_t all)
{
	struct session *s = arg;

	if (ext_interrupted())
		return 1;
	host_progress_update(&s->progress, done, all);
	return 0;
}
