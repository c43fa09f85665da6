/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* limit.c - the option --limit. */
#include "set.h"

#include <string.h>

#include "base/err.h"

enum memlog_status ml_set_limit(struct memlog_query *q, const char *value,
				struct memlog_err *err)
{
	const char *eq = strchr(value, '=');
	size_t n = eq ? (size_t)(eq - value) : 0;
	enum memlog_status s;

	if (n == 4 && !memcmp(value, "logs", n))
		return ml_set_number(eq + 1, "logs", 1, UINT32_MAX,
				     &q->max_logs, err);
	if (n == 6 && !memcmp(value, "window", n)) {
		if (q->host != MEMLOG_HOST_COMMAND &&
		    q->host != MEMLOG_HOST_LIBRARY)
			return ml_fail(err, MEMLOG_INVALID,
				       "--limit=window is for compressed "
				       "files, which debuggers do not open");
		return ml_set_number(eq + 1, "bytes", 1, UINT64_MAX, &q->window,
				     err);
	}
	if (n == 12 && !memcmp(value, "acrnlog-size", n)) {
		s = ml_set_number(eq + 1, "bytes", 0, UINT64_MAX, &q->file_size,
				  err);
		q->has_file_size |= !s;
		return s;
	}
	if (n == 13 && !memcmp(value, "acrnlog-files", n))
		return ml_set_number(eq + 1, "files", 0, UINT32_MAX,
				     &q->max_files, err);
	return ml_fail(err, MEMLOG_INVALID,
		       "unknown limit \"%.32s\"; there are logs=N to keep of "
		       "one image, window=SIZE to unpack it, "
		       "acrnlog-size=BYTES and acrnlog-files=N",
		       value);
}
