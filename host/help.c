/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - the options, and the names of formats, as help shows them. */
#include "help.h"

#include <stdio.h>
#include <string.h>

struct help {
	enum memlog_host host;
	const struct memlog_option *own;
	host_help_line *line;
	void *arg;
};

static const struct help_group {
	const char *title;
	const char *names[20];
} help_groups[] = {
	{ "What to do",
	  { "info", "list", "list-boots", "signature", "follow", "extract" } },
	{ "Which logs",
	  { "all", "boot", "format", "scan", "at", "range", "map", "symbols",
	    "via-qemu" } },
	{ "Which lines",
	  { "grep", "ignore-case", "case-sensitive", "invert-match",
	    "after-context", "before-context", "context", "lines", "level",
	    "component", "cpu", "since", "until", "uncommitted", "consumed",
	    "merge" } },
	{ "How to print",
	  { "output-format", "json", "raw", "tsc-mhz", "stats", "acrn-formats",
	    "time-format", "delta", "output", "force", "color" } },
	/* and what is in no group */
	{ "Other",
	  { "strict", "limit", "threads", "progress", "quiet", "verbose",
	    "sandbox", "help", "version" } },
};
#define N_GROUPS (sizeof(help_groups) / sizeof(help_groups[0]))

/* Is the line of an option, "-x, --name" or "    --name", that of this name? */
static bool help_is_line_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(line + 6, name, n) && strchr(" =[", line[6 + n]);
}

static bool help_has_group(const char *line)
{
	size_t i, k;

	for (i = 0; i < N_GROUPS; i++)
		for (k = 0; help_groups[i].names[k]; k++)
			if (help_is_line_of(line, help_groups[i].names[k]))
				return true;
	return false;
}

/* The option of that name, if the host has it; NULL: those without a group. */
static bool help_option(const struct help *h, const char *name)
{
	char line[128] = "  ";
	bool ok = true;
	size_t i;

	for (i = 0; ok && memlog_query_help(h->host, h->own, i, line + 2,
					    sizeof(line) - 2);
	     i++)
		if (name ? help_is_line_of(line + 2, name) :
			   !help_has_group(line + 2))
			ok = h->line(h->arg, line);
	return ok;
}

static bool help_title(const struct help *h, const char *title)
{
	char line[80];

	snprintf(line, sizeof(line), "%s:", title);
	return h->line(h->arg, line);
}

static bool help_options(const struct help *h)
{
	const struct help_group *g;
	bool ok = true;
	size_t i, k;

	for (i = 0; i < N_GROUPS && ok; i++) {
		g = &help_groups[i];
		ok = (!i || h->line(h->arg, "")) && help_title(h, g->title);
		for (k = 0; ok && g->names[k]; k++)
			ok = help_option(h, g->names[k]);
		if (i + 1 == N_GROUPS)
			ok = ok && help_option(h, NULL);
	}
	return ok;
}

/* Can the host write this output? A debugger writes one file only. */
static bool help_can_write(const struct help *h, struct memlog_query *query,
			   const char *name)
{
	return h->host == MEMLOG_HOST_COMMAND ||
	       (!memlog_query_option(query, "output-format", name, NULL) &&
		!memlog_query_wants_directory(query));
}

/* query: to try output formats on; NULL: the names are those of log formats. */
static bool help_names(const struct help *h, const char *title,
		       bool (*get)(size_t, const char **, const char **),
		       struct memlog_query *query)
{
	const char *name, *words;
	char line[128];
	bool ok = h->line(h->arg, "") && help_title(h, title);
	size_t i;

	for (i = 0; ok && get(i, &name, &words); i++) {
		if (query && !help_can_write(h, query, name))
			continue;
		snprintf(line, sizeof(line), "  %-12s %s", name, words);
		ok = h->line(h->arg, line);
	}
	return ok;
}

bool host_help(enum memlog_host host, const struct memlog_option *own,
	       host_help_line *line, void *arg)
{
	const struct help h = { host, own, line, arg };
	struct memlog_query *query;
	bool ok;

	if (memlog_query_create(NULL, host, &query, NULL))
		return false;
	ok = help_options(&h) &&
	     help_names(&h, "Log formats (-F)", memlog_format_get, NULL) &&
	     help_names(&h, "Output formats (-O)", memlog_render_get, query);
	memlog_query_destroy(query);
	return ok;
}
