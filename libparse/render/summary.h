/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* summary.h - the last object of each image in JSON, and its signature as text. */
#ifndef ML_RENDER_SUMMARY_H
#define ML_RENDER_SUMMARY_H

#include "record/signature.h"
#include "render.h"

/* What became of an image. status: as with --strict, whatever the exit status of
 * the program is. error, signature: NULL if there was none. likely_only: not all of it was
 * searched, only where logs are likely. elapsed is in nanoseconds. */
struct ml_summary {
	const char *image;
	const struct memlog_query_result *result;
	enum memlog_exit status;
	const char *error;
	const struct ml_signature *signature;
	bool likely_only;
	uint64_t elapsed;
};

/* Write it. style: ML_LIST_JSON or ML_LIST_JSON_SEQ. */
enum memlog_status ml_summary_write(const struct memlog_sink *sink,
				    enum ml_list_style style,
				    const struct ml_summary *summary,
				    struct memlog_err *err);

/* Write its signature as a line of text, with the image's name before it if there are
 * many. */
enum memlog_status ml_summary_write_text(const struct memlog_sink *sink,
					 const struct ml_summary *summary,
					 bool many, struct memlog_err *err);

/* Takes all records and writes none: of the logs only the summary is wanted. Not in the
 * table. */
extern const struct ml_render ml_render_summary;

#endif
