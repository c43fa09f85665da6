/* SPDX-License-Identifier: GPL-3.0-or-later */
/* args.c - parse the arguments of the command that gdb wrote to the mailbox. */
#include <string.h>

#include "../host/help.h"
#include "session.h"

/* The most words of a command line. */
#define MAX_ARGS 128

static enum memlog_status args_pmemsave(void *arg,
					const struct memlog_option *opt,
					const char *value,
					struct memlog_err *err)
{
	struct session *s = arg;

	s->pmemsave = true;
	return MEMLOG_OK;
}

static enum memlog_status args_help(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err);
static enum memlog_status args_version(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err);

static const struct memlog_option args_options[] = {
	HOST_OPTIONS,
	HOST_REFUSED("progress", 0, "WHEN"),
	{ sizeof(struct memlog_option), "pmemsave", 0, NULL, false,
	  "with QEMU's stub: have QEMU write its memory", args_pmemsave },
	{ sizeof(struct memlog_option), "help", 'h', NULL, false,
	  "show this help", args_help },
	{ sizeof(struct memlog_option), "version", 'V', NULL, false,
	  "show the version", args_version },
	{ 0 },
};

static bool args_line(void *arg, const char *line)
{
	(void)arg;
	return !script_sink.write(NULL, line, strlen(line), NULL) &&
	       !script_sink.write(NULL, "\n", 1, NULL);
}

static enum memlog_status args_help(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err)
{
	host_help(MEMLOG_HOST_GDB, args_options, args_line, NULL);
	return MEMLOG_STOP;
}

static enum memlog_status args_version(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err)
{
	char line[64];

	snprintf(line, sizeof(line), "memlog %s", memlog_version());
	args_line(NULL, line);
	return MEMLOG_STOP;
}

/* Add the words of a line: gdb has split the line already, and a shell would
 * split these further. */
static enum memlog_status args_add(char *line, char **argv, int *argc,
				   struct memlog_err *err)
{
	enum memlog_status st;
	char *word;

	while (!(st = host_args_word(&line, &word, err)) && word) {
		if (*argc == MAX_ARGS) {
			snprintf(err->text, sizeof(err->text),
				 "more than %d "
				 "arguments",
				 MAX_ARGS - 1);
			return MEMLOG_INVALID;
		}
		argv[(*argc)++] = word;
	}
	return st;
}

enum memlog_status session_take_args(struct session *s, char *text,
				     char **ret_rest, struct memlog_err *err)
{
	const struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = args_options,
		.arg = s,
	};
	char *argv[MAX_ARGS + 1], *p = text, *end;
	enum memlog_status st;
	int argc = 0, first;

	argv[argc++] = text; /* instead of the command's name; unused */
	while ((end = strchr(p, '\n'))) {
		*end = '\0';
		if (!strcmp(p, ARGS_END))
			break;
		st = args_add(p, argv, &argc, err);
		if (st)
			return st;
		p = end + 1;
	}
	if (!end) {
		strcpy(err->text, "gdb did not pass the arguments");
		return MEMLOG_INVALID;
	}
	*ret_rest = end + 1;
	argv[argc] = NULL;
	s->own.query = s->query;
	s->own.host = MEMLOG_HOST_GDB;
	st = memlog_query_parse(s->query, argc, argv, &opts, &first, err);
	return st ? st : host_own_operands(&s->own, argc, argv, first, err);
}
