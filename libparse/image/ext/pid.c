/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pid.c - the source pid:N, a running process. */
#include <errno.h>
#include <stdlib.h>

#include "image/process/process.h"
#include "source.h"

static enum memlog_status pid_open(const char *rest,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(rest, &end, 10);
	if (rest[0] < '0' || rest[0] > '9' || *end || errno)
		pid = 0;
	return ml_process_image(pid, opts, ret, err);
}

static const char *const pid_prefixes[] = { "pid:", NULL };

const struct ml_image_source ml_image_source_pid = {
	.name = "pid",
	.prefixes = pid_prefixes,
	.open = pid_open,
};
