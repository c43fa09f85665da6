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

/* Where it comes from is in members as those of each object of a log. */
static void summary_sign(struct ml_json *j, const struct ml_signature *s)
{
	if (!s) {
		ml_json_null(j, "signature");
		return;
	}
	ml_json_open(j, "signature", '{');
	ml_json_str(j, "key", s->key);
	ml_json_str(j, "kind", s->kind);
	if (s->log.format) {
		ml_json_str(j, "format", s->log.format);
		ml_json_str(j, "space", memlog_space_name(s->log.space));
		ml_json_hex(j, "addr", s->log.addr);
		ml_json_bool(j, "whole", s->whole);
	}
	ml_json_close(j, '}');
}

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
	if (summary->likely_only)
		ml_json_bool(&j, "likely_only", true);
	ml_json_u64(&j, "missing", r->missing);
	ml_json_bool(&j, "damaged", r->damaged);
	ml_json_u64(&j, "left_out", r->left_out);
	summary_sign(&j, summary->signature);
	ml_json_seconds(&j, "elapsed", summary->elapsed);
	ml_json_end(&j);
	return ml_out_flush(&out, err);
}

enum memlog_status ml_summary_write_text(const struct memlog_sink *sink,
					 const struct ml_summary *summary,
					 bool many, struct memlog_err *err)
{
	struct ml_out out;

	ml_out_init(&out, sink);
	if (many) {
		ml_escape_str(&out, summary->image);
		ml_out_str(&out, ": ");
	}
	ml_out_str(&out, summary->signature->key);
	ml_out_char(&out, '\n');
	return ml_out_flush(&out, err);
}

static enum memlog_status summary_begin(void *state,
					const struct ml_render_opts *opts,
					const struct memlog_sink *sink,
					struct memlog_err *err)
{
	return MEMLOG_OK;
}

static enum memlog_status summary_record(void *state,
					 const struct memlog_record *rec,
					 struct memlog_err *err)
{
	return MEMLOG_OK;
}

const struct ml_render ml_render_summary = {
	.name = "summary",
	.title = "only the summary",
	.tells_logs = true,
	.state_size = 1,
	.begin = summary_begin,
	.record = summary_record,
};
