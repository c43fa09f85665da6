/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.h - the command line that crash and gdb share: a query's options, and
 * those about where the answer goes. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <memlog.h>

/* An option of the debugger itself; the list ends with a NULL name. */
struct host_option {
	const char *name;
	char letter;
	const char *value;	/* its name, NULL: takes none */
	const char *help;
};

#define HOST_OPTIONS \
	{ "output", 'o', "FILE", "write to FILE, which must not exist" }, \
	{ "force", 0, NULL, \
	  "replace FILE of --output; raw bytes to a terminal too" }
extern const struct host_option host_options[];

/* What they were set to. output is borrowed from argv. */
struct host_own {
	const char *output;
	bool force;
};

/* Take one of host_options; false when it is not one. */
bool host_own_take(struct host_own *own, const char *name, const char *value);

/* The option of that name in a list, or NULL. */
const struct host_option *host_option_find(const struct host_option *options,
					   const char *name);

/*
 * Take argv[1..argc) apart: options of the query go there, the debugger's own
 * to own(arg, name, value), and to the query too if it knows them.
 * MEMLOG_INVALID with a text for anything else, and for words that are no
 * options. getopt's global state is as before.
 */
enum memlog_status
host_args_parse(struct memlog_query *query, enum memlog_host host,
		const struct host_option *options, int argc, char **argv,
		enum memlog_status (*own)(void *arg, const char *name,
					  const char *value,
					  struct memlog_err *err),
		void *arg, struct memlog_err *err);

/* One line of help on an option, without a newline: "  -n, --count N   ..." */
void host_args_help(char *buf, size_t size, const struct host_option *option);

#endif
