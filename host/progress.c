/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - show on standard error how far something is. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* When progress is first shown, and how often on a terminal and in a file. */
#define FIRST_MS     1000
#define AGAIN_MS     200
#define AGAIN_LOG_MS 1000

static int64_t progress_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool host_progress_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

enum memlog_status host_when_parse(const char *value, enum when *ret,
				   struct memlog_err *err)
{
	static const char *const names[] = { "auto", "always", "never", NULL };

	if (!value || !strcmp(value, "always") || !strcmp(value, "yes") ||
	    !strcmp(value, "force"))
		*ret = WHEN_ALWAYS;
	else if (!strcmp(value, "auto") || !strcmp(value, "tty") ||
		 !strcmp(value, "if-tty"))
		*ret = WHEN_AUTO;
	else if (!strcmp(value, "never") || !strcmp(value, "no") ||
		 !strcmp(value, "none"))
		*ret = WHEN_NEVER;
	else
		return memlog_query_unknown("value", value, names, err);
	return MEMLOG_OK;
}

void host_progress_init(struct host_progress *p, enum when when)
{
	*p = (struct host_progress){ .tty = host_progress_terminal(
					     STDERR_FILENO) };
	p->enabled = when == WHEN_ALWAYS || (when == WHEN_AUTO && p->tty);
}

void host_progress_begin(struct host_progress *p, const char *image)
{
	const char *slash = strrchr(image, '/');

	memlog_escape(slash && slash[1] ? slash + 1 : image, p->name,
		      sizeof(p->name));
	p->next_ms = progress_now_ms() + FIRST_MS;
}

void host_progress_clear(struct host_progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	p->shown = false;
}

static void progress_show(struct host_progress *p, uint64_t done, uint64_t all)
{
	const double mib = 1 << 20;

	if (p->tty)
		fputs("\r", stderr);
	fprintf(stderr, "%s: %.0f", p->name, (double)done / mib);
	if (all)
		fprintf(stderr, " of %.0f MiB, %.0f%%", (double)all / mib,
			100.0 * (double)done / (double)all);
	else
		fputs(" MiB", stderr);
	fputs(p->tty ? "\033[K" : "\n", stderr);
	fflush(stderr);
	p->shown = p->tty;
}

void host_progress_update(struct host_progress *p, uint64_t done, uint64_t all)
{
	if (!p->enabled || progress_now_ms() < p->next_ms)
		return;
	progress_show(p, done, all);
	p->next_ms = progress_now_ms() + (p->tty ? AGAIN_MS : AGAIN_LOG_MS);
}
