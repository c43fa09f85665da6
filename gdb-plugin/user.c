/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user.c - Ctrl-C and messages in gdb. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plugin.h"

static struct {
	bool stopped; /* by Ctrl-C, since the command began */
	int level;    /* of messages that are shown, up to it */
	bool piped, text;
	char error[1024]; /* the last one, not yet shown */
	char after[4096]; /* messages since, each with its NUL */
	size_t after_len;
} user = { .level = 2 };

void plugin_user_reset(void)
{
	memset(&user, 0, sizeof(user));
	user.level = 2;
}

void plugin_user_pipe(bool piped)
{
	user.piped = piped;
}

void plugin_user_level(int level)
{
	user.level = level;
}

void plugin_user_text(void)
{
	user.text = true;
}

/*
 * Consumes the signal, so that gdb does not see it: gdb would abort the script
 * before it resets the stub's mode.
 */
bool plugin_interrupted(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	if (!user.stopped && sigtimedwait(&set, NULL, &now) == SIGINT)
		user.stopped = true;
	return user.stopped;
}

/* A pager or the TUI may have the terminal: return to the first column, too. */
static void user_print(const char *line)
{
	char text[sizeof(user.error) + 16];

	snprintf(text, sizeof(text), "memlog: %s", line);
	if (user.piped)
		fprintf(stderr, "%s%s\n", text,
			isatty(STDERR_FILENO) ? "\r" : "");
	else
		script_line(!user.text, text);
}

/* What came after the error comes before it if it becomes gdb's. */
static void user_flush(bool failed)
{
	size_t at;

	if (*user.error && !failed)
		user_print(user.error);
	for (at = 0; at < user.after_len; at += strlen(user.after + at) + 1)
		user_print(user.after + at);
	if (failed)
		script_fail(user.error);
	user.error[0] = '\0';
	user.after_len = 0;
}

void plugin_message(void *arg, int level, const char *line)
{
	static const char *const words[] = { "", "warning: ", "note: ", "" };
	char text[sizeof(user.error)];
	size_t len;

	(void)arg;
	if (level < 0 || level > user.level)
		return;
	snprintf(text, sizeof(text), "%s%s", words[level], line);
	len = strlen(text) + 1;
	if (!level || len > sizeof(user.after) - user.after_len)
		user_flush(false);
	if (!level) {
		strcpy(user.error, text);
	} else if (*user.error) {
		memcpy(user.after + user.after_len, text, len);
		user.after_len += len;
	} else {
		user_print(text);
	}
}

void plugin_user_finish(bool failed)
{
	user_flush(failed);
}
