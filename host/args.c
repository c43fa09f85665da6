/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.c - the options that crash and gdb have in addition to a query's, and the
 * words of their command lines. */
#include "args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

const struct memlog_option host_options[] = {
	HOST_OPTIONS,
	{ 0 },
};

static enum memlog_status args_fail(struct memlog_err *err, const char *before,
				    const char *text)
{
	*err = (struct memlog_err){ .status = MEMLOG_INVALID };
	snprintf(err->text, sizeof(err->text), "%s%s", before, text);
	return MEMLOG_INVALID;
}

/* ---- the output file ----------------------------------------------------- */

/* Keep the name of the output file. "~/" is the home directory: no shell has
 * replaced it. */
static enum memlog_status args_path(struct host_own *own, const char *name,
				    struct memlog_err *err)
{
	const char *home = name[0] == '~' && name[1] == '/' ? getenv("HOME") :
							      NULL;

	if (own->output)
		return args_fail(err, "",
				 "only one of -o and --extract=FILE, once");
	if (!*name)
		return args_fail(err, "", "the name of the file is empty");
	if ((size_t)snprintf(own->path, sizeof(own->path), "%s%s",
			     home ? home : "",
			     home ? name + 1 : name) >= sizeof(own->path))
		return args_fail(err, "", "the name of the file is too long");
	own->output = own->path;
	return MEMLOG_OK;
}

enum memlog_status host_own_output(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err)
{
	enum memlog_status s = args_path(arg, value, err);

	return s ? s : host_file_check_name(value, err);
}

/* With a file, as memlog-dump has it; without, to -o or a pipe. */
enum memlog_status host_own_extract(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err)
{
	struct host_own *own = arg;
	enum memlog_status s = value ? args_path(own, value, err) : MEMLOG_OK;

	own->extract = true;
	return s ? s : memlog_query_option(own->query, "extract", NULL, err);
}

enum memlog_status host_own_operands(struct host_own *own, int argc,
				     char **argv, int first,
				     struct memlog_err *err)
{
	char safe[128];

	if (first == argc)
		return MEMLOG_OK;
	if (own->extract && !own->output && first + 1 == argc)
		return args_path(own, argv[first], err);
	return args_fail(err, "unexpected argument: ",
			 memlog_escape(argv[first], safe, sizeof(safe)));
}

enum memlog_status host_own_force(void *arg, const struct memlog_option *opt,
				  const char *value, struct memlog_err *err)
{
	struct host_own *own = arg;

	own->force = true;
	return memlog_query_option(own->query, "force", value, err);
}

/* ---- options that only memlog-dump has ----------------------------------- */

static const struct args_refusal {
	const char *name, *crash, *gdb;
} args_refusals[] = {
	{ "follow", "a dump does not change; memlog-dump -w follows a guest",
	  "the target is stopped; memlog-dump -w follows a running guest" },
	{ "map", "crash knows the addresses; memlog-dump --map reads raw files",
	  "gdb knows the addresses; memlog-dump --map reads raw files" },
	{ "symbols", "the symbols are crash's; memlog-dump -s reads others",
	  "this command uses no symbols; memlog-dump -s does" },
	{ "via-qemu", "it is for qmp:SOCKET of memlog-dump",
	  "it is for qmp:SOCKET of memlog-dump" },
	{ "threads", "crash reads in one thread; memlog-dump may use several",
	  "gdb reads in one thread; memlog-dump may use several" },
	{ "sandbox", "crash needs its rights; memlog-dump gives up its own",
	  "gdb needs its rights; memlog-dump gives up its own" },
	{ "progress", NULL,
	  "gdb shows output when a command has ended; Ctrl-C ends it early" },
};

enum memlog_status host_own_refuse(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err)
{
	const struct host_own *own = arg;
	const struct args_refusal *r = args_refusals;

	while (strcmp(r->name, opt->name))
		r++;
	return args_fail(err, "",
			 own->host == MEMLOG_HOST_GDB ? r->gdb : r->crash);
}

/* ---- all options, and words ---------------------------------------------- */

enum memlog_status host_own_check(const struct host_own *own,
				  struct memlog_err *err)
{
	const struct memlog_sink one = { .size = sizeof(one) };

	return memlog_query_check(own->query, &one, err);
}

/* Does a backslash before it take away what a character means? quote: the one that is
 * open, or NUL. */
static bool args_escapes(char quote, char next)
{
	return next && quote != '\'' && (!quote || strchr("\"\\$`", next));
}

enum memlog_status host_args_word(char **text, char **ret,
				  struct memlog_err *err)
{
	char *p = *text + strspn(*text, " \t"), *out = p, quote = '\0';

	*ret = *p ? p : NULL;
	for (; *p && (quote || !strchr(" \t", *p)); p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"') {
			quote = quote ? '\0' : *p;
			continue;
		}
		if (*p == '\\' && args_escapes(quote, p[1]))
			p++;
		*out++ = *p;
	}
	*text = p + (*p != '\0');
	*out = '\0';
	if (!quote)
		return MEMLOG_OK;
	return args_fail(err, "the closing ",
			 quote == '"' ? "\" is missing" : "' is missing");
}
