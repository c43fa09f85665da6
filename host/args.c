/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args.c - the options that crash and gdb have in addition to a query's. */
#include "args.h"

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
