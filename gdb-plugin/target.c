/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.c - parse the output of gdb's commands about its target. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* Get the next line of text. *ret is its start. Returns its length; -1:
 * none. */
static long next_line(const char **text, const char **ret)
{
	const char *end;

	if (!**text)
		return -1;
	*ret = *text;
	end = strchr(*text, '\n');
	if (!end)
		end = *text + strlen(*text);
	*text = *end ? end + 1 : end;
	return end - *ret;
}

/* Copy a line to a string, truncated: sscanf() calls strlen() on all of
 * text. */
static const char *line_string(char *buf, size_t size, const char *line,
			       long len)
{
	size_t n = (size_t)len < size - 1 ? (size_t)len : size - 1;

	memcpy(buf, line, n);
	buf[n] = '\0';
	return buf;
}

static bool line_has(const char *line, long len, const char *word)
{
	return memmem(line, (size_t)len, word, strlen(word)) != NULL;
}

static char *gdb_target_copy(const struct memlog_allocator *alloc,
			     const char *s, size_t len)
{
	char *p = alloc->alloc(alloc->self, len + 1);

	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

/* Parse "Core file: `/tmp/core', file type elf64-x86-64.", two lines in gdb 10.
 * what is "Core file:" or "Exec file:". */
static char *target_path(const char *text, const char *what,
			 const struct memlog_allocator *alloc)
{
	const char *at = strstr(text, what), *end;

	at = at ? strchr(at, '`') : NULL;
	end = at ? strstr(at, "', file type") : NULL;
	return end ? gdb_target_copy(alloc, at + 1, (size_t)(end - at - 1)) :
		     NULL;
}

/* Parse the line of the current inferior in `info inferiors`:
 * "* 1    process 4711      1 (native)         /usr/bin/qemu". */
static void parse_inferior(struct target *t, const char *line, long len)
{
	const char *p = memmem(line, (size_t)len, "process ", 8);

	if (p)
		t->pid = strtol(p + 8, NULL, 10);
	if (line_has(line, len, " (core)"))
		t->kind = TARGET_CORE;
	else if (line_has(line, len, " (native)"))
		t->kind = TARGET_NATIVE;
	else if (line_has(line, len, " (remote ") ||
		 line_has(line, len, " (extended-remote "))
		t->kind = TARGET_REMOTE;
}

void target_parse(struct target *ret, const char *text,
		  const struct memlog_allocator *alloc)
{
	bool inferiors = false, threads = false;
	const char *at = text, *line;
	long len;

	*ret = (struct target){ .kind = TARGET_NONE };
	while ((len = next_line(&at, &line)) >= 0) {
		if (!strncmp(line, "Core file:", 10) ||
		    !strncmp(line, "Exec file:", 10))
			break;
		if (line_has(line, len, "Description"))
			inferiors = true, threads = false;
		else if (line_has(line, len, "Target Id"))
			threads = true, inferiors = false;
		else if (*line == '*' && inferiors)
			parse_inferior(ret, line, len);
		else if (*line == '*' && threads)
			ret->frames = !line_has(line, len, "(running)");
	}
	if (ret->kind == TARGET_CORE || ret->kind == TARGET_NONE)
		ret->core = target_path(text, "Core file:", alloc);
	if (ret->core)
		ret->kind = TARGET_CORE;
	ret->exec = target_path(text, "Exec file:", alloc);
}

size_t target_lines(const char *text)
{
	const char *line;
	size_t n = 0;

	while (next_line(&text, &line) >= 0)
		n++;
	return n;
}

size_t target_sections(const char *text, struct memlog_range *ret, size_t max)
{
	const char *at = strstr(text, "Core file:"), *line, *p;
	char buf[256], name[16];
	size_t n = 0;
	long len;

	at = at ? at : "";
	while (n < max && (len = next_line(&at, &line)) >= 0) {
		p = strstr(line_string(buf, sizeof(buf), line, len), "0x");
		if (p &&
		    sscanf(p, "0x%" SCNx64 "->0x%" SCNx64 " at 0x%*x: %15s",
			   &ret[n].start, &ret[n].end, name) == 3 &&
		    !strncmp(name, "load", 4))
			n++;
	}
	return n;
}

size_t target_mappings(const char *text, struct memlog_range *ret, size_t max)
{
	const char *at = strstr(text, "Mapped address spaces"), *line;
	char buf[256];
	size_t n = 0;
	long len;

	at = at ? at : "";
	while (n < max && (len = next_line(&at, &line)) >= 0)
		if (sscanf(line_string(buf, sizeof(buf), line, len),
			   " 0x%" SCNx64 " 0x%" SCNx64 " 0x%*x", &ret[n].start,
			   &ret[n].end) == 2)
			n++;
	return n;
}
