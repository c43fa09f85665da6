/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message.c - print messages on standard error, one line each. */
#include "dump.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int max_level = 2;

void message_init(int level)
{
	max_level = level;
}

const char *message_name(const char *image)
{
	static const char *last;
	static char *shown;
	size_t size = 4 * strlen(image) + 1;

	if (!strcmp(image, "-"))
		return "standard input";
	if (!strstr(image, "://") && strncmp(image, "nbdkit:", 7))
		return image;
	/* it is asked for again and again, and kept meanwhile */
	if (image == last || image == shown)
		return shown;
	free(shown);
	last = NULL;
	shown = malloc(size);
	if (!shown)
		return "image";
	last = image;
	return memlog_image_shown(image, shown, size);
}

static void message_put(int level, const char *image, const char *text)
{
	char line[2048];

	if (level > max_level)
		return;
	progress_clear();
	fputs(PROGRAM ": ", stderr);
	if (image) {
		memlog_escape(message_name(image), line, sizeof(line));
		/* "pid:" has its colon */
		fprintf(stderr, "%s%s ", line,
			line[strlen(line) - 1] == ':' ? "" : ":");
	}
	if (level == 1)
		fputs("warning: ", stderr);
	fprintf(stderr, "%s\n", memlog_escape(text, line, sizeof(line)));
}

void message(int level, const char *image, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	message_put(level, image, text);
}

void message_err(const char *image, const struct memlog_err *err)
{
	const char *text = err->text[0] ? err->text :
					  memlog_status_name(err->status);

	message_put(0, image, text);
}
