/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw.c - the bytes of the log as they were in memory, and nothing else. */
#include "render.h"

#include "out.h"

static enum memlog_status raw_begin(void *state,
				    const struct ml_render_opts *opts,
				    const struct memlog_sink *sink,
				    struct memlog_err *err)
{
	ml_out_init(state, sink);
	return MEMLOG_OK;
}

static enum memlog_status
raw_record(void *state, const struct memlog_record *rec, struct memlog_err *err)
{
	struct ml_out *out = state;

	ml_out_write(out, rec->raw, rec->raw_len);
	return out->status ? ml_out_flush(out, err) : MEMLOG_OK;
}

static enum memlog_status raw_log_end(void *state, const struct memlog_log *log,
				      uint64_t missing, struct memlog_err *err)
{
	return ml_out_flush(state, err);
}

static enum memlog_status raw_flush(void *state, struct memlog_err *err)
{
	return ml_out_flush(state, err);
}

const struct ml_render ml_render_raw = {
	.name = "raw",
	.title = "the bytes of the log, untouched",
	.binary = true,
	.untimed = true,
	.suffix = "raw",
	.state_size = sizeof(struct ml_out),
	.begin = raw_begin,
	.record = raw_record,
	.log_end = raw_log_end,
	.flush = raw_flush,
};
