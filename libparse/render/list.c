/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list.c - the logs of an image: a row each, with a note. */
#include "list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "escape.h"
#include "json_writer.h"
#include "words.h"
#include "wrap.h"

enum {
	COL_FORMAT,
	COL_VARIANT,
	COL_ADDR,
	COL_SIZE,
	COL_USED,
	COL_WRAPPED,
	COL_BOOT,
	COL_STATE,
	COLS
};

/* What does not fit in a line goes on below, this far to the right. */
#define LIST_INDENT 8

/* Room for all flags, an escaped reason and an escaped version. */
#define LIST_NOTE 1280

/* A cell has room for the longest variant with every byte escaped as \xNN, and
 * more. */
#define CELL 160

struct row {
	char cell[COLS][CELL];
};

struct list_layout {
	size_t width[COLS];
	size_t gap; /* between two columns */
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
}

static const struct row heads = {
	{ "FORMAT", "VARIANT", "ADDRESS", "SIZE", "USED", "WRAPPED", "BOOT",
	  "STATE" },
};

static void list_put_spaces(struct ml_out *out, size_t n)
{
	while (n--)
		ml_out_char(out, ' ');
}

static void list_put_row(struct ml_out *out, const struct row *row,
			 const struct list_layout *l)
{
	size_t c, at = 0, pad = 0;
	bool right;

	for (c = 0; c < COLS; c++) {
		if (c && at + pad + l->gap + l->width[c] > ML_WRAP_WIDTH) {
			ml_out_char(out, '\n');
			at = LIST_INDENT;
			list_put_spaces(out, at);
		} else if (c) {
			list_put_spaces(out, pad + l->gap);
			at += pad + l->gap;
		}
		pad = l->width[c] - width_of(row->cell[c]);
		right = c == COL_SIZE || c == COL_USED || c == COL_BOOT;
		if (right)
			list_put_spaces(out, pad);
		ml_out_str(out, row->cell[c]);
		at += l->width[c] - (right ? 0 : pad);
		pad = right ? 0 : pad;
	}
}

/* The flags that have no column of their own, the reason, the version, and the
 * address in another space; "" if there is nothing to say. */
static void list_note(char ret[LIST_NOTE], const struct memlog_log *log)
{
	uint32_t shown = MEMLOG_LOG_WRAPPED | MEMLOG_LOG_LOST_HEAD;
	char safe[4 * sizeof(log->reason)];
	char version[4 * sizeof(log->version)];
	const struct ml_word *w;
	size_t n = 0;

	memlog_escape(log->reason, safe, sizeof(safe));
	memlog_escape(log->version, version, sizeof(version));
	ret[0] = '\0';
	for (w = ml_log_words; w->word; w++)
		if (log->flags & w->flag & ~shown)
			n += (size_t)snprintf(ret + n, LIST_NOTE - n, "%s%s",
					      n ? ", " : "", w->word);
	if (safe[0])
		n += (size_t)snprintf(ret + n, LIST_NOTE - n, "%s%s",
				      n ? ": " : "", safe);
	if (version[0])
		n += (size_t)snprintf(ret + n, LIST_NOTE - n, "%sversion %s",
				      n ? "; " : "", version);
	if (log->n_extents && log->extents[0].has_alias)
		snprintf(ret + n, LIST_NOTE - n, "%salso %s:0x%" PRIx64,
			 n ? "; " : "",
			 memlog_space_name(log->extents[0].alias_space),
			 log->extents[0].alias_addr);
}

static void list_layout_init(struct list_layout *l,
			     const struct memlog_log *const *logs, size_t n)
{
	size_t i, c, sum = 0;
	struct row row = { { "" } };

	for (c = 0; c < COLS; c++)
		l->width[c] = strlen(heads.cell[c]);
	for (i = 0; i < n; i++) {
		fill_row(&row, logs[i]);
		for (c = 0; c < COLS; c++)
			l->width[c] =
				ml_max(l->width[c], width_of(row.cell[c]));
	}
	for (c = 0; c < COLS; c++)
		sum += l->width[c];
	l->gap = sum + 2 * (COLS - 1) > ML_WRAP_WIDTH ? 1 : 2;
}

static void put_table(struct ml_out *out, const struct memlog_log *const *logs,
		      size_t n, const struct ml_list_opts *opts)
{
	struct list_layout l;
	char note[LIST_NOTE];
	struct row row = { { "" } };
	size_t i;

	list_layout_init(&l, logs, n);
	if (opts->many) {
		ml_out_str(out, "==> ");
		ml_escape_str(out, opts->image);
		ml_out_str(out, " <==\n");
	}
	if (opts->color)
		ml_out_str(out, "\033[1m");
	list_put_row(out, &heads, &l);
	if (opts->color)
		ml_out_str(out, "\033[0m");
	ml_out_char(out, '\n');
	for (i = 0; i < n; i++) {
		fill_row(&row, logs[i]);
		list_put_row(out, &row, &l);
		list_note(note, logs[i]);
		if (note[0]) {
			ml_out_char(out, '\n');
			list_put_spaces(out, LIST_INDENT);
			ml_wrap(out, note, strlen(note), LIST_INDENT,
				LIST_INDENT);
		}
		ml_out_char(out, '\n');
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
