/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.h - the options that crash and gdb have in addition to a query's: the
 * output file. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <memlog.h>

/* Their values. output is borrowed from argv. --force is also passed to
 * query. */
struct host_own {
	struct memlog_query *query;
	const char *output;
	bool force;
};

/* Rows for memlog_query_parse(), whose arg must point to a struct host_own. */
#define HOST_OPTIONS                                                             \
	{ sizeof(struct memlog_option),	     "output",	     'o', "FILE", false, \
	  "write to a new FILE (mode 0600)", host_own_output },                  \
	{                                                                        \
		sizeof(struct memlog_option), "force", 0, NULL, false,           \
			"replace FILE; allow raw output to a terminal",          \
			host_own_force                                           \
	}
extern const struct memlog_option host_options[];

enum memlog_status host_own_output(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err);
enum memlog_status host_own_force(void *arg, const struct memlog_option *opt,
				  const char *value, struct memlog_err *err);

/* Take the next word of a command line, as a shell does: quotes and backslashes are
 * removed from it, in place. *text moves past it. *ret is NULL after the last word.
 * INVALID: the closing quote is missing. */
enum memlog_status host_args_word(char **text, char **ret,
				  struct memlog_err *err);

/* Can the query's output go to one file? INVALID, before that is created. */
enum memlog_status host_own_check(const struct host_own *own,
				  struct memlog_err *err);

#endif
