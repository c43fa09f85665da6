/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.c - one object per record, each on its own line (JSON Lines), so that
 * the output can be read while it is written. json-seq is the same with RS
 * before each, RFC 7464. The schema is docs/output.schema.json.
 */
#include "render.h"

#include "json_writer.h"
#include "render/tables/stats.h"
#include "words.h"

struct json {
	struct ml_out out;
	const char *image;
	bool seq;
};

static enum memlog_status jsonl_begin(void *state,
				      const struct ml_render_opts *opts,
				      const struct memlog_sink *sink,
				      struct memlog_err *err)
{
	struct json *s = state;

	ml_out_init_lines(&s->out, sink, opts->alloc);
	s->image = opts->image;
	return MEMLOG_OK;
}

static enum memlog_status seq_begin(void *state,
				    const struct ml_render_opts *opts,
				    const struct memlog_sink *sink,
				    struct memlog_err *err)
{
	struct json *s = state;

	s->seq = true;
	return jsonl_begin(state, opts, sink, err);
}

static void json_put_fields(struct ml_json *j, const struct memlog_record *rec)
{
	unsigned int i;

	ml_json_open(j, "fields", '{');
	for (i = 0; i < rec->n_fields && i < MEMLOG_RECORD_FIELDS; i++) {
		const struct memlog_field *f = &rec->fields[i];

		switch (f->type) {
		case MEMLOG_FIELD_UINT:
			ml_json_u64(j, f->name, f->u);
			break;
		case MEMLOG_FIELD_INT:
			ml_json_i64(j, f->name, f->i);
			break;
		case MEMLOG_FIELD_HEX:
			ml_json_hex(j, f->name, f->u);
			break;
		case MEMLOG_FIELD_TEXT:
			ml_json_bytes(j, f->name, f->text, f->text_len);
			break;
		}
	}
	ml_json_close(j, '}');
}

static void put_flags(struct ml_json *j, uint32_t flags)
{
	const struct ml_word *w;

	ml_json_open(j, "flags", '[');
	for (w = ml_record_words; w->word; w++)
		if (flags & w->flag)
			ml_json_str(j, NULL, w->word);
	ml_json_close(j, ']');
}

static enum memlog_status json_record(void *state,
				      const struct memlog_record *rec,
				      struct memlog_err *err)
{
	struct json *s = state;
	struct ml_json j;

	ml_json_begin(&j, &s->out, s->seq, "record", s->image, rec->log);
	if (rec->log->variant[0])
		ml_json_str(&j, "variant", rec->log->variant);
	if (rec->has_boot)
		ml_json_int(&j, "boot", rec->boot);
	if (rec->has_seq)
		ml_json_u64(&j, "seq", rec->seq);
	if (rec->has_time) {
		ml_json_u64(&j, "time", rec->time);
		ml_json_u64(&j, "time_hz", rec->time_hz);
	}
	if (rec->has_level)
		ml_json_int(&j, "level", rec->level);
	if (rec->cpu >= 0)
		ml_json_int(&j, "cpu", rec->cpu);
	if (rec->component)
		ml_json_text(&j, "component", rec->component);
	if (rec->phase)
		ml_json_text(&j, "phase", rec->phase);
	ml_json_lines(&j, "text", rec->text, rec->text_len);
	if (rec->message)
		ml_json_lines(&j, "message", rec->message, rec->message_len);
	if (rec->n_fields)
		json_put_fields(&j, rec);
	if (rec->flags & MEMLOG_REC_LOST_BEFORE)
		ml_json_u64(&j, "lost", rec->lost);
	if (rec->flags & ~MEMLOG_REC_VERBATIM)
		put_flags(&j, rec->flags);
	ml_json_end(&j);
	return s->out.status ? ml_out_flush(&s->out, err) : MEMLOG_OK;
}

static enum memlog_status json_log_end(void *state,
				       const struct memlog_log *log,
				       uint64_t missing, struct memlog_err *err)
{
	struct json *s = state;

	return ml_out_flush(&s->out, err);
}

static enum memlog_status json_flush(void *state, struct memlog_err *err)
{
	return ml_out_flush(&((struct json *)state)->out, err);
}

static void json_close(void *state)
{
	ml_out_fini(&((struct json *)state)->out);
}

const struct ml_render ml_render_json = {
	.name = "json",
	.title = "one JSON object a record, one a line",
	.suffix = "json",
	.list = ML_LIST_JSON,
	.context = true,
	.tables = &ml_render_stats_json,
	.state_size = sizeof(struct json),
	.begin = jsonl_begin,
	.record = json_record,
	.log_end = json_log_end,
	.flush = json_flush,
	.close = json_close,
};

const struct ml_render ml_render_json_seq = {
	.name = "json-seq",
	.title = "the same as a JSON text sequence, RFC 7464",
	.suffix = "json-seq",
	.list = ML_LIST_JSON_SEQ,
	.context = true,
	.tables = &ml_render_stats_json_seq,
	.state_size = sizeof(struct json),
	.begin = seq_begin,
	.record = json_record,
	.log_end = json_log_end,
	.flush = json_flush,
	.close = json_close,
};
