/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* collect.h - what of the kernel a log needs. */
#ifndef ML_FORMAT_FTRACE_COLLECT_H
#define ML_FORMAT_FTRACE_COLLECT_H

#include "view.h"

/* Find the kernel of the image by the symbols of the search, and add the pages that
 * have the types of the log's events and the names of tasks. Without them the log
 * stays as it is. */
enum memlog_status ml_ftrace_collect(struct memlog_logs *logs,
				     struct ml_log *log,
				     struct memlog_image *image,
				     struct memlog_err *err);

/* The same for a kernel that was found. */
enum memlog_status ml_ftrace_collect_view(struct ftrace_view *v,
					  struct memlog_logs *logs,
					  struct ml_log *log,
					  struct memlog_err *err);

#endif
