/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* summary.c - the last object of each image in JSON: what became of it. */
#include "summary.h"

#include "json_writer.h"

static const char *const summary_words[] = {
	[MEMLOG_EXIT_PRINTED] = "printed",
	[MEMLOG_EXIT_NONE] = "none",
	[MEMLOG_EXIT_USAGE] = "usage",
	[MEMLOG_EXIT_UNREADABLE] = "unreadable",
	[MEMLOG_EXIT_INCOMPLETE] = "incomplete",
};

enum memlog_status ml_summary_write(const struct memlog_sink *sink,
				    enum ml_list_style style,
				    const struct ml_summary *summary,
				    struct memlog_err *err)
{
	const struct memlog_query_result *r = summary->result;
	struct ml_json j;
	struct ml_out out;

	ml_out_init(&out, sink);
	ml_json_begin(&j, &out, style == ML_LIST_JSON_SEQ, "image",
		      summary->image, NULL);
	/* every object has these */
	ml_json_null(&j, "format");
	ml_json_null(&j, "space");
	ml_json_null(&j, "addr");
	ml_json_str(&j, "status", summary_words[summary->status]);
	ml_json_int(&j, "exit", r->exit);
	if (summary->error)
		ml_json_str(&j, "error", summary->error);
	else
		ml_json_null(&j, "error");
	ml_json_int(&j, "logs", (long long)r->logs_found);
	ml_json_u64(&j, "matched", r->matched);
	ml_json_u64(&j, "searched", r->searched);
	ml_json_u64(&j, "missing", r->missing);
	ml_json_bool(&j, "damaged", r->damaged);
	ml_json_u64(&j, "left_out", r->left_out);
	ml_json_seconds(&j, "elapsed", summary->elapsed);
	ml_json_end(&j);
	return ml_out_flush(&out, err);
}
