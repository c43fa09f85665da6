/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - show progress on a terminal. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* When progress is first shown, and how often on a terminal and in a file. */
#define FIRST_MS     1000
#define AGAIN_MS     200
#define AGAIN_LOG_MS 1000

static bool enabled, tty, shown;
static int64_t next_ms;
static char name[48];

static int64_t progress_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool progress_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

void progress_init(enum when when)
{
	tty = progress_terminal(STDERR_FILENO);
	enabled = when == WHEN_ALWAYS || (when == WHEN_AUTO && tty);
}

void progress_begin(const char *image)
{
	const char *slash = strrchr(image, '/');

	memlog_escape(slash && slash[1] ? slash + 1 : image, name,
		      sizeof(name));
	next_ms = progress_now_ms() + FIRST_MS;
}

void progress_clear(void)
{
	if (!shown)
		return;
	fputs("\r\033[K", stderr);
	shown = false;
}

static void progress_show(uint64_t done, uint64_t all)
{
	const double mib = 1 << 20;

	if (tty)
		fputs("\r", stderr);
	fprintf(stderr, "%s: %.0f", name, (double)done / mib);
	if (all)
		fprintf(stderr, " of %.0f MiB, %.0f%%", (double)all / mib,
			100.0 * (double)done / (double)all);
	else
		fputs(" MiB", stderr);
	fputs(tty ? "\033[K" : "\n", stderr);
	fflush(stderr);
	shown = tty;
}

int progress_poll(void *arg, uint64_t done, uint64_t all)
{
	if (guard_stop() || guard_shrunk())
		return 1;
	if (enabled && progress_now_ms() >= next_ms) {
		progress_show(done, all);
		next_ms = progress_now_ms() + (tty ? AGAIN_MS : AGAIN_LOG_MS);
	}
	return 0;
}
