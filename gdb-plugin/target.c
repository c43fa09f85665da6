/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.c - what gdb says of its target, in the words of its own commands. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* The next line of text: its start in *ret; returns its length, or -1. */
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

/* A line as a string of its own, cut to fit: sscanf() measures what it gets. */
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

static char *copy(const struct memlog_allocator *alloc, const char *s,
		  size_t len)
{
	char *p = alloc->alloc(alloc->self, len + 1);

	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

/* "Core file: `/tmp/core', file type elf64-x86-64.", in gdb 10 on two lines. */
static char *core_path(const char *text, const struct memlog_allocator *alloc)
{
	const char *at = strstr(text, "Core file:"), *end;

	at = at ? strchr(at, '`') : NULL;
	end = at ? strstr(at, "', file type") : NULL;
	return end ? copy(alloc, at + 1, (size_t)(end - at - 1)) : NULL;
}

/* The line of the current inferior of `info inferiors`:
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
		ret->core = core_path(text, alloc);
	if (ret->core)
		ret->kind = TARGET_CORE;
}

void target_sections(const char *text, struct host_ranges *ranges)
{
	const char *at = strstr(text, "Core file:"), *line, *p;
	uint64_t start, end;
	char buf[256], name[16];
	long len;

	at = at ? at : "";
	while ((len = next_line(&at, &line)) >= 0) {
		p = strstr(line_string(buf, sizeof(buf), line, len), "0x");
		if (p && sscanf(p, "0x%" SCNx64 "->0x%" SCNx64
				" at 0x%*x: %15s", &start, &end, name) == 3 &&
		    !strncmp(name, "load", 4))
			host_ranges_add(ranges, start, end);
	}
	host_ranges_merge(ranges);
}

void target_mappings(const char *text, struct host_ranges *ranges)
{
	const char *at = strstr(text, "Mapped address spaces"), *line;
	uint64_t start, end;
	char buf[256];
	long len;

	at = at ? at : "";
	while ((len = next_line(&at, &line)) >= 0)
		if (sscanf(line_string(buf, sizeof(buf), line, len), " 0x%"
			   SCNx64 " 0x%" SCNx64 " 0x%*x", &start, &end) == 2)
			host_ranges_add(ranges, start, end);
	host_ranges_merge(ranges);
}

/* "FlatView #1", lines ' AS "memory", root: system', " Root memory region: ...",
 * then "  0000000000000000-00000000000bffff (prio 0, ram): pc.ram". */
void target_mtree(const char *text, struct host_ranges *ranges)
{
	const char *line;
	bool memory = false;
	uint64_t start, end;
	char buf[256], kind[32];
	long len;
	int prio;

	while ((len = next_line(&text, &line)) >= 0) {
		if (!strncmp(line, "FlatView", 8))
			memory = false;
		else if (len >= 12 && !strncmp(line, " AS \"memory\"", 12))
			memory = true;
		else if (memory &&
			 sscanf(line_string(buf, sizeof(buf), line, len),
				" %" SCNx64 "-%" SCNx64 " (prio %d, %31[^)])", &start, &end, &prio,
				kind) == 4 &&
			 !strcmp(kind, "ram") && end < UINT64_MAX)
			host_ranges_add(ranges, start, end + 1);
	}
	host_ranges_merge(ranges);
}
