/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.c - the options that crash and gdb have in addition to a query's. */
#include "args.h"

#include <stdio.h>
#include <string.h>

#include "file.h"

const struct memlog_option host_options[] = {
	HOST_OPTIONS,
	{ 0 },
};

enum memlog_status host_own_output(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err)
{
	struct host_own *own = arg;

	own->output = value;
	return host_file_check_name(value, err);
}

enum memlog_status host_own_force(void *arg, const struct memlog_option *opt,
				  const char *value, struct memlog_err *err)
{
	struct host_own *own = arg;

	own->force = true;
	return memlog_query_option(own->query, "force", value, err);
}

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
	*err = (struct memlog_err){ .status = MEMLOG_INVALID };
	snprintf(err->text, sizeof(err->text), "the closing %c is missing",
		 quote);
	return MEMLOG_INVALID;
}
