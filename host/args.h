/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.h - the options that crash and gdb have in addition to a query's: the
 * output file, and those of memlog-dump that a debugger cannot have. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <limits.h>
#include <memlog.h>

/* Their values. The front end sets query and host before it parses. --extract
 * and --force are also passed to query. */
struct host_own {
	struct memlog_query *query;
	enum memlog_host host;
	const char *output; /* NULL: none; else it is path */
	char path[PATH_MAX];
	bool extract, force;
};

#define HOST_ROW sizeof(struct memlog_option)

#define HOST_OPTION(name, letter, value, optional, help, take)      \
	{                                                           \
		HOST_ROW, name, letter, value, optional, help, take \
	}
/* An option of memlog-dump that is refused, with the reason. */
#define HOST_REFUSED(name, letter, value)                                  \
	{                                                                  \
		HOST_ROW, name, letter, value, true, NULL, host_own_refuse \
	}

/* Rows for memlog_query_parse(), whose arg must point to a struct host_own. */
#define HOST_OPTIONS                                                        \
	HOST_OPTION("extract", 0, "FILE", true,                             \
		    "write only the logs, as a small ELF core",             \
		    host_own_extract),                                      \
		HOST_OPTION("output", 'o', "FILE", false,                   \
			    "write to a new FILE (mode 0600)",              \
			    host_own_output),                               \
		HOST_OPTION("force", 0, NULL, false,                        \
			    "replace FILE; allow raw output to a terminal", \
			    host_own_force),                                \
		HOST_REFUSED("follow", 'w', NULL),                          \
		HOST_REFUSED("map", 0, "PRESET|ADDR"),                      \
		HOST_REFUSED("symbols", 's', "FILE"),                       \
		HOST_REFUSED("via-qemu", 0, NULL),                          \
		HOST_REFUSED("threads", 0, "N"),                            \
		HOST_REFUSED("sandbox", 0, "MODE")
extern const struct memlog_option host_options[];

enum memlog_status host_own_output(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err);
enum memlog_status host_own_extract(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err);
enum memlog_status host_own_force(void *arg, const struct memlog_option *opt,
				  const char *value, struct memlog_err *err);
enum memlog_status host_own_refuse(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err);

/* Take the next word of a command line, as a shell does: quotes and backslashes are
 * removed from it, in place. *text moves past it. *ret is NULL after the last word.
 * INVALID: the closing quote is missing. */
enum memlog_status host_args_word(char **text, char **ret,
				  struct memlog_err *err);

/* Take the operands, argv[first..argc): only the file of --extract may be one.
 * INVALID. */
enum memlog_status host_own_operands(struct host_own *own, int argc,
				     char **argv, int first,
				     struct memlog_err *err);

/* Can the query's output go to one file? INVALID, before that is created. */
enum memlog_status host_own_check(const struct host_own *own,
				  struct memlog_err *err);

#endif
