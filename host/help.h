/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.h - the options, and the names of formats, as the front ends' help shows
 * them. */
#ifndef HOST_HELP_H
#define HOST_HELP_H

#include <memlog.h>

/* Take a line of at most 75 columns, without a newline. False ends the help. */
typedef bool host_help_line(void *arg, const char *line);

/* Show the options of a host and its own, grouped and ordered as in
 * memlog-dump(1), the log formats, and the output formats that the host can
 * write. False if line returned that, or without memory. */
bool host_help(enum memlog_host host, const struct memlog_option *own,
	       host_help_line *line, void *arg);

#endif
