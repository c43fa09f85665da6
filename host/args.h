/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.h - the options that crash and gdb have beside those of a query: where
 * the answer goes. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <memlog.h>

/* What they were set to. output is borrowed from argv. query gets --force
 * as well. */
struct host_own {
	struct memlog_query *query;
	const char *output;
	bool force;
};

/* Rows for memlog_query_parse(), with a struct host_own at its arg. */
#define HOST_OPTIONS \
	{ sizeof(struct memlog_option), "output", 'o', "FILE", false, \
	  "write to a new FILE (mode 0600)", host_own_output }, \
	{ sizeof(struct memlog_option), "force", 0, NULL, false, \
	  "replace FILE; allow raw output to a terminal", \
	  host_own_force }
extern const struct memlog_option host_options[];

enum memlog_status host_own_output(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err);
enum memlog_status host_own_force(void *arg, const struct memlog_option *opt,
				  const char *value, struct memlog_err *err);

#endif
