/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list.c - the logs of an image, one line each. */
#include "list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "json_writer.h"
#include "words.h"

enum {
	COL_FORMAT,
	COL_VARIANT,
	COL_ADDR,
	COL_SIZE,
	COL_USED,
	COL_WRAPPED,
	COL_BOOT,
	COL_STATE,
	COL_VERSION,
	COLS
};

/* A cell has room for the longest version with every byte escaped as \xNN, and
 * more; what does not fit is cut. */
#define CELL 640

struct row {
	char cell[COLS][CELL];
	size_t width[COLS];
};

/* In characters, not bytes. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void addr_cell(char cell[CELL], const struct memlog_log *log)
{
	char addr[ML_ADDR_TEXT];
	size_t n;

	n = (size_t)snprintf(cell, CELL, "%s", ml_log_addr(log, addr));
	if (log->n_extents && log->extents[0].has_alias)
		n += (size_t)snprintf(
			cell + n, CELL - n, "=%s:0x%" PRIx64,
			memlog_space_name(log->extents[0].alias_space),
			log->extents[0].alias_addr);
	if (log->n_extents > 1)
		snprintf(cell + n, CELL - n, "+%zu", log->n_extents - 1);
}

static const char *wrapped_word(const struct memlog_log *log)
{
	if (log->flags & MEMLOG_LOG_NOT_A_LOG)
		return "-";
	if (log->flags & MEMLOG_LOG_WRAPPED)
		return "yes";
	return log->flags & MEMLOG_LOG_LOST_HEAD ? "lost-head" : "no";
}

static void fill_row(struct row *row, const struct memlog_log *log)
{
	size_t i;

	snprintf(row->cell[COL_FORMAT], CELL, "%s", log->format);
	memlog_escape(log->variant[0] ? log->variant : "-",
		      row->cell[COL_VARIANT], CELL);
	addr_cell(row->cell[COL_ADDR], log);
	snprintf(row->cell[COL_SIZE], CELL, "%" PRIu64, log->capacity);
	snprintf(row->cell[COL_USED], CELL, "%" PRIu64, log->used);
	snprintf(row->cell[COL_WRAPPED], CELL, "%s", wrapped_word(log));
	snprintf(row->cell[COL_BOOT], CELL, log->has_boot ? "%" PRId32 : "-",
		 log->boot);
	snprintf(row->cell[COL_STATE], CELL, "%s",
		 log->flags & MEMLOG_LOG_NOT_A_LOG ?
			 "-" :
			 memlog_state_name(log->state));
	memlog_escape(log->version[0] ? log->version : "-",
		      row->cell[COL_VERSION], CELL);
	for (i = 0; i < COLS; i++)
		row->width[i] = width_of(row->cell[i]);
}

static const char *const heads[COLS] = {
	"FORMAT",  "VARIANT", "ADDRESS", "SIZE",    "USED",
	"WRAPPED", "BOOT",    "STATE",	 "VERSION",
};

static void put_cell(struct ml_out *out, const char *text, size_t width,
		     size_t want, bool right)
{
	size_t pad = want > width ? want - width : 0;

	if (!right)
		ml_out_str(out, text);
	while (pad--)
		ml_out_char(out, ' ');
	if (right)
		ml_out_str(out, text);
	ml_out_str(out, "  ");
}

/* The flags that have no column of their own, then the reason. */
static void list_put_note(struct ml_out *out, const struct memlog_log *log)
{
	uint32_t shown = MEMLOG_LOG_WRAPPED | MEMLOG_LOG_LOST_HEAD;
	const struct ml_word *w;
	const char *before = "";

	for (w = ml_log_words; w->word; w++) {
		if (!(log->flags & w->flag & ~shown))
			continue;
		ml_out_fmt(out, "%s%s", before, w->word);
		before = ", ";
	}
	if (log->reason[0]) {
		ml_out_str(out, before[0] ? ": " : "");
		ml_escape_str(out, log->reason);
	} else if (!before[0]) {
		ml_out_char(out, '-');
	}
	ml_out_char(out, '\n');
}

static void put_table(struct ml_out *out, const struct memlog_log *const *logs,
		      size_t n, const struct ml_list_opts *opts)
{
	size_t want[COLS], i, c;
	struct row row;

	memset(&row, 0, sizeof(row));
	for (c = 0; c < COLS; c++)
		want[c] = strlen(heads[c]);
	for (i = 0; i < n; i++) {
		fill_row(&row, logs[i]);
		for (c = 0; c < COLS; c++)
			if (row.width[c] > want[c])
				want[c] = row.width[c];
	}
	if (opts->many) {
		ml_out_str(out, "==> ");
		ml_escape_str(out, opts->image);
		ml_out_str(out, " <==\n");
	}
	if (opts->color)
		ml_out_str(out, "\033[1m");
	for (c = 0; c < COLS; c++)
		put_cell(out, heads[c], strlen(heads[c]), want[c],
			 c == COL_SIZE || c == COL_USED || c == COL_BOOT);
	ml_out_str(out, "NOTE");
	if (opts->color)
		ml_out_str(out, "\033[0m");
	ml_out_char(out, '\n');
	for (i = 0; i < n; i++) {
		fill_row(&row, logs[i]);
		for (c = 0; c < COLS; c++)
			put_cell(out, row.cell[c], row.width[c], want[c],
				 c == COL_SIZE || c == COL_USED ||
					 c == COL_BOOT);
		list_put_note(out, logs[i]);
	}
}

static void put_extent(struct ml_json *j, const struct memlog_extent *e)
{
	ml_json_open(j, NULL, '{');
	ml_json_str(j, "space", memlog_space_name(e->space));
	ml_json_hex(j, "addr", e->addr);
	ml_json_u64(j, "len", e->len);
	if (e->cpu >= 0)
		ml_json_int(j, "cpu", e->cpu);
	if (e->has_alias) {
		ml_json_str(j, "alias_space",
			    memlog_space_name(e->alias_space));
		ml_json_hex(j, "alias_addr", e->alias_addr);
	}
	ml_json_close(j, '}');
}

static void list_put_json(struct ml_out *out, const struct memlog_log *log,
			  const struct ml_list_opts *opts)
{
	const struct ml_word *w;
	struct ml_json j;
	size_t i;

	ml_json_begin(&j, out, opts->style == ML_LIST_JSON_SEQ, "log",
		      opts->image, log);
	if (log->variant[0])
		ml_json_str(&j, "variant", log->variant);
	ml_json_str(&j, "title", log->title);
	ml_json_u64(&j, "size", log->capacity);
	ml_json_u64(&j, "used", log->used);
	ml_json_bool(&j, "wrapped", log->flags & MEMLOG_LOG_WRAPPED);
	if (log->has_boot)
		ml_json_int(&j, "boot", log->boot);
	ml_json_str(&j, "state", memlog_state_name(log->state));
	ml_json_text(&j, "reason", log->reason);
	ml_json_text(&j, "version", log->version);
	ml_json_int(&j, "group", log->group);
	ml_json_open(&j, "flags", '[');
	for (w = ml_log_words; w->word; w++)
		if (log->flags & w->flag)
			ml_json_str(&j, NULL, w->word);
	ml_json_close(&j, ']');
	ml_json_open(&j, "extents", '[');
	for (i = 0; i < log->n_extents; i++)
		put_extent(&j, &log->extents[i]);
	ml_json_close(&j, ']');
	ml_json_end(&j);
}

enum memlog_status ml_list_write(const struct memlog_sink *sink,
				 const struct memlog_log *const *logs, size_t n,
				 const struct ml_list_opts *opts,
				 struct memlog_err *err)
{
	struct ml_out out;
	size_t i;

	ml_out_init_lines(&out, sink, opts->alloc);
	if (opts->style == ML_LIST_TEXT)
		put_table(&out, logs, n, opts);
	else
		for (i = 0; i < n; i++)
			list_put_json(&out, logs[i], opts);
	return ml_out_flush(&out, err);
}
