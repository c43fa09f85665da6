/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.c - --list-boots: one line for each boot and format. */
#include <inttypes.h>
#include <stdio.h>

#include "escape.h"
#include "json_writer.h"
#include "list.h"
#include "words.h"

static void boots_put_text(struct ml_out *out, const struct ml_boot *b)
{
	char boot[16] = "?", addr[ML_ADDR_TEXT];

	if (b->known)
		snprintf(boot, sizeof(boot), "%" PRId32, b->boot);
	ml_out_fmt(out, "%4s  %-11s  %4zu  %s\n", boot, b->log->format, b->logs,
		   ml_log_addr(b->log, addr));
}

static void boots_put_json(struct ml_out *out, const struct ml_boot *b,
			   const struct ml_list_opts *opts)
{
	struct ml_json j;

	ml_json_begin(&j, out, opts->style == ML_LIST_JSON_SEQ, "boot",
		      opts->image, b->log);
	if (b->known)
		ml_json_int(&j, "boot", b->boot);
	ml_json_int(&j, "logs", (int64_t)b->logs);
	ml_json_end(&j);
}

enum memlog_status ml_boots_write(const struct memlog_sink *sink,
				  const struct ml_boots *boots,
				  const struct ml_list_opts *opts,
				  struct memlog_err *err)
{
	struct ml_out out;
	size_t i;

	ml_out_init_lines(&out, sink, opts->alloc);
	if (opts->style == ML_LIST_TEXT) {
		if (opts->many) {
			ml_out_str(&out, "==> ");
			ml_escape_str(&out, opts->image);
			ml_out_str(&out, " <==\n");
		}
		ml_out_fmt(&out, "%sBOOT  FORMAT       LOGS  ADDRESS%s\n",
			   opts->color ? "\033[1m" : "",
			   opts->color ? "\033[0m" : "");
	}
	for (i = 0; i < boots->n; i++) {
		if (opts->style == ML_LIST_TEXT)
			boots_put_text(&out, &boots->at[i]);
		else
			boots_put_json(&out, &boots->at[i], opts);
	}
	return ml_out_flush(&out, err);
}
