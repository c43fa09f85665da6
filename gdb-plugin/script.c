/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script.c - commands for gdb, and the text that it prints at the end. */
#include "plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of text in one printf command. gdb has no limit, but Ctrl-C should stop
 * the output soon. */
#define CHUNK 2048

/* The longest string of a variable, in bytes. */
#define LONGEST 1024

bool script_empty(void)
{
	struct stat st;

	return !mailbox_is_ours(SCRIPT_FD) || fstat(SCRIPT_FD, &st) ||
	       !st.st_size;
}

void script_begin(void)
{
	mailbox_empty(SCRIPT_FD);
	script_add("# memlog\n");
}

static bool script_write(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

void script_add(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(line))
		script_write(SCRIPT_FD, line, (size_t)n);
}

void script_again(void)
{
	script_add("set $_memlog_again = 1\n");
}

/* Quote a character for a format of gdb's printf. Returns the length. */
static size_t script_quote(char *out, char c)
{
	switch (c) {
	case '\n':
		return memcpy(out, "\\n", 2), 2;
	case '\r':
		return memcpy(out, "\\r", 2), 2;
	case '"':
	case '\\':
		out[0] = '\\';
		out[1] = c;
		return 2;
	case '%':
		return memcpy(out, "%%", 2), 2;
	default:
		out[0] = c;
		return 1;
	}
}

/* Write printf commands that print text, which has no NUL. */
static bool script_printf(int fd, const char *p, size_t len)
{
	char line[2 * CHUNK + 16];
	size_t i, n, at;

	while (len) {
		n = len < CHUNK ? len : CHUNK;
		at = (size_t)snprintf(line, sizeof(line), "printf \"");
		for (i = 0; i < n; i++)
			at += script_quote(line + at, p[i]);
		at += (size_t)snprintf(line + at, sizeof(line) - at, "\"\n");
		if (!script_write(fd, line, at))
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static enum memlog_status script_text(void *self, const void *buf, size_t len,
				      struct memlog_err *err)
{
	(void)self;
	if (memchr(buf, '\0', len)) {
		if (err) {
			*err = (struct memlog_err){ .status = MEMLOG_INVALID };
			strcpy(err->text, "gdb cannot print NUL bytes: write "
					  "them to a file, with -o FILE");
		}
		return MEMLOG_INVALID;
	}
	return script_printf(TEXT_FD, buf, len) ? MEMLOG_OK : MEMLOG_IO;
}

const struct memlog_sink script_sink = {
	.size = sizeof(script_sink),
	.write = script_text,
};

void script_line(bool now, const char *line)
{
	int fd = now ? SCRIPT_FD : TEXT_FD;

	script_printf(fd, line, strlen(line));
	script_printf(fd, "\n", 1);
}

/* In C's syntax; all but plain ASCII in octal, which no character set of the
 * target changes. */
void script_set(const char *name, const char *value)
{
	char line[4 * LONGEST + 64];
	size_t at, end = sizeof(line) - 8;

	at = (size_t)snprintf(line, 64,
			      "with language c -- set $_memlog_%s = \"", name);
	for (; *value && at < end; value++) {
		if (*value >= ' ' && *value <= '~' && !strchr("\"\\", *value))
			line[at++] = *value;
		else
			at += (size_t)snprintf(line + at, 5, "\\%03o",
					       (unsigned char)*value);
	}
	memcpy(line + at, "\"\n", 2);
	script_write(SCRIPT_FD, line, at + 2);
}

bool script_is_argument(const char *text)
{
	return !strncmp(text, "$arg", 4) && text[4] &&
	       strchr("c0123456789", text[4]);
}

/* gdb replaces arguments even in what was evaluated: put a space into these. */
void script_fail(const char *text)
{
	char safe[LONGEST];
	size_t at = 0;

	for (; *text && at + 2 < sizeof(safe); text++) {
		safe[at++] = *text;
		if (script_is_argument(text))
			safe[at++] = ' ';
	}
	safe[at] = '\0';
	script_set("error", *safe ? safe : "failed");
	script_add("set $_memlog_failed = 1\n");
}
