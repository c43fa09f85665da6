/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* summary.h - the last object of each image in JSON. */
#ifndef ML_RENDER_SUMMARY_H
#define ML_RENDER_SUMMARY_H

#include "render.h"

/* What became of an image. status: as with --strict, whatever the exit status of
 * the program is. error: NULL if there was none. elapsed is in nanoseconds. */
struct ml_summary {
	const char *image;
	const struct memlog_query_result *result;
	enum memlog_exit status;
	const char *error;
	uint64_t elapsed;
};

/* Write it. style: ML_LIST_JSON or ML_LIST_JSON_SEQ. */
enum memlog_status ml_summary_write(const struct memlog_sink *sink,
				    enum ml_list_style style,
				    const struct ml_summary *summary,
				    struct memlog_err *err);

#endif
