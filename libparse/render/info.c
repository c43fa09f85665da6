/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* info.c - describe an image, before any search. */
#include "list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "escape.h"
#include "image/image.h"
#include "json_writer.h"
#include "words.h"
#include "wrap.h"

/* Ranges and notes shown unless all are requested: they fit on a screen. */
#define SHOWN_RANGES	 16
#define SHOWN_NOTES	 24
#define SHOWN_NOTE_LINES 8

/* Columns of a field's name, and before a note's text. */
#define INFO_NAME 12
#define INFO_TEXT 6

static void info_field(struct ml_out *out, const char *name)
{
	ml_out_fmt(out, "%-*s", INFO_NAME, name);
}

/* Returns its columns. */
static size_t put_size(struct ml_out *out, uint64_t size)
{
	char words[ML_SIZE_TEXT], text[ML_SIZE_TEXT + 32];

	ml_size_words(size, words);
	if (size < 1024)
		snprintf(text, sizeof(text), "%s", words);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " bytes (%s)", size,
			 words);
	ml_out_str(out, text);
	return strlen(text);
}

static void put_ranges(struct ml_out *out, struct memlog_image *image,
		       enum memlog_space space, bool all)
{
	struct memlog_range r = { 0, 0 };
	char words[ML_SIZE_TEXT];
	uint64_t n = 0, bytes = 0;

	while (!memlog_image_next_range(image, space, r.end, &r, NULL)) {
		if (n == 0)
			ml_out_fmt(out, "%s ranges:\n",
				   memlog_space_name(space));
		if (all || n < SHOWN_RANGES)
			ml_out_fmt(out,
				   "  0x%016" PRIx64 "-0x%016" PRIx64 "  %s\n",
				   r.start, r.end,
				   ml_size_words(r.end - r.start, words));
		bytes += r.end - r.start;
		n++;
	}
	if (!all && n > SHOWN_RANGES)
		ml_out_fmt(out, "  and %" PRIu64 " more; -v shows all\n",
			   n - SHOWN_RANGES);
	if (n) {
		ml_out_fmt(out, "  %" PRIu64 " range%s, ", n, ml_s(n));
		put_size(out, bytes);
		ml_out_char(out, '\n');
	} else {
		ml_out_fmt(out, "%s ranges: none\n", memlog_space_name(space));
	}
}

static void put_note_head(struct ml_out *out, const struct memlog_note *note)
{
	char size[64];
	size_t n;

	n = (size_t)snprintf(size, sizeof(size), " 0x%" PRIx32, note->type);
	if (note->desc)
		n += (size_t)snprintf(size + n, sizeof(size) - n,
				      ", %zu byte%s", note->desc_len,
				      ml_s(note->desc_len));
	ml_out_str(out, "  ");
	ml_escape_str(out, note->owner);
	ml_out_str(out, size);
	if (note->title && note->title[0]) {
		ml_out_str(out, ": ");
		n += 4 + ml_wrap_chars(note->owner, strlen(note->owner));
		ml_wrap(out, note->title, strlen(note->title), n, INFO_TEXT);
	}
	ml_out_char(out, '\n');
}

/* A note's text, each of its lines indented, and what does not fit in it more. */
static void put_note_text(struct ml_out *out, const char *text, bool all)
{
	unsigned int lines = 0;
	const char *lf;
	size_t len;

	while (*text) {
		lf = strchr(text, '\n');
		len = lf ? (size_t)(lf - text) : strlen(text);
		if (!all && lines++ == SHOWN_NOTE_LINES) {
			ml_out_str(out, "      ... -v shows the rest\n");
			return;
		}
		ml_out_fmt(out, "%*s", INFO_TEXT, "");
		ml_wrap(out, text, len, INFO_TEXT, INFO_TEXT + 2);
		ml_out_char(out, '\n');
		text = lf ? lf + 1 : "";
	}
}

static void put_notes(struct ml_out *out, const struct memlog_image *image,
		      size_t n, bool all)
{
	struct memlog_note note = { .size = sizeof(note) };
	size_t i;

	if (!n)
		return;
	ml_out_str(out, "notes:\n");
	for (i = 0; !memlog_image_note(image, i, &note); i++) {
		if (!all && i == SHOWN_NOTES) {
			ml_out_fmt(out, "  and %zu more; -v shows all\n",
				   n - i);
			break;
		}
		put_note_head(out, &note);
		if (note.text)
			put_note_text(out, note.text, all);
	}
}

static void put_warnings(struct ml_out *out, const struct memlog_image *image)
{
	const char *w;
	size_t i;

	for (i = 0; (w = memlog_image_warning(image, i)); i++) {
		info_field(out, "warning");
		ml_wrap(out, w, strlen(w), INFO_NAME, INFO_NAME);
		ml_out_char(out, '\n');
	}
}

static void put_left_out(struct ml_out *out, struct memlog_image *image)
{
	uint64_t bytes = ml_image_left_out(image);
	char level[ML_LEVEL_TEXT], words[ML_LEVEL_TEXT + 80];
	size_t at;

	if (!bytes)
		return;
	info_field(out, "left out");
	at = INFO_NAME + put_size(out, bytes);
	ml_dump_level_words(image->dump_level, level);
	snprintf(words, sizeof(words), " when it was written%s%s",
		 level[0] ? ": " : "", level);
	ml_wrap(out, words, strlen(words), at, INFO_NAME);
	ml_out_char(out, '\n');
}

static void info_put_text(struct ml_out *out, struct memlog_image *image,
			  const struct memlog_image_info *info,
			  const struct ml_list_opts *opts)
{
	int s;

	info_field(out, "image");
	ml_escape_str(out, opts->image);
	ml_out_char(out, '\n');
	info_field(out, "format");
	ml_out_fmt(out, "%s (%s)\n", info->format, info->title);
	info_field(out, "machine");
	ml_out_fmt(out, "%s\n", info->machine[0] ? info->machine : "unknown");
	if (info->file_size) {
		info_field(out, "file size");
		put_size(out, info->file_size);
		ml_out_char(out, '\n');
	}
	info_field(out, "memory");
	put_size(out, info->present);
	ml_out_str(out, " can be read");
	if (info->flags & MEMLOG_READER_LIVE)
		ml_out_str(out, ", live");
	ml_out_char(out, '\n');
	if (info->missing) {
		info_field(out, "missing");
		put_size(out, info->missing);
		ml_out_str(out, " that the headers promise\n");
	}
	put_left_out(out, image);
	put_warnings(out, image);
	for (s = 0; s < MEMLOG_SPACES; s++)
		if (memlog_image_has_space(image, s) &&
		    (s != MEMLOG_FILE || info->space == MEMLOG_FILE ||
		     opts->verbose))
			put_ranges(out, image, s, opts->verbose);
	put_notes(out, image, info->n_notes, opts->verbose);
}

static void json_spaces(struct ml_json *j, struct memlog_image *image)
{
	struct memlog_range r;
	int s;

	ml_json_open(j, "ranges", '[');
	for (s = 0; s < MEMLOG_SPACES; s++) {
		r.end = 0;
		while (!memlog_image_next_range(image, s, r.end, &r, NULL)) {
			ml_json_open(j, NULL, '{');
			ml_json_str(j, "space", memlog_space_name(s));
			ml_json_hex(j, "start", r.start);
			ml_json_hex(j, "end", r.end);
			ml_json_close(j, '}');
		}
	}
	ml_json_close(j, ']');
}

static void json_notes(struct ml_json *j, const struct memlog_image *image)
{
	struct memlog_note note = { .size = sizeof(note) };
	size_t i;

	ml_json_open(j, "notes", '[');
	for (i = 0; !memlog_image_note(image, i, &note); i++) {
		ml_json_open(j, NULL, '{');
		ml_json_text(j, "owner", note.owner);
		ml_json_int(j, "type", note.type);
		ml_json_text(j, "title", note.title ? note.title : "");
		ml_json_text(j, "text", note.text ? note.text : "");
		ml_json_u64(j, "size", note.desc_len);
		ml_json_close(j, '}');
	}
	ml_json_close(j, ']');
}

static void info_put_json(struct ml_out *out, struct memlog_image *image,
			  const struct memlog_image_info *info,
			  const struct ml_list_opts *opts)
{
	struct ml_json j;
	const char *w;
	size_t i;

	ml_json_begin(&j, out, opts->style == ML_LIST_JSON_SEQ, "info",
		      opts->image, NULL);
	ml_json_str(&j, "format", info->format);
	ml_json_str(&j, "space", memlog_space_name(info->space));
	ml_json_null(&j, "addr");
	ml_json_str(&j, "title", info->title);
	ml_json_str(&j, "machine", info->machine);
	ml_json_bool(&j, "live", info->flags & MEMLOG_READER_LIVE);
	ml_json_int(&j, "page_size", info->page_size);
	ml_json_u64(&j, "file_size", info->file_size);
	ml_json_u64(&j, "present", info->present);
	ml_json_u64(&j, "missing", info->missing);
	ml_json_open(&j, "warnings", '[');
	for (i = 0; (w = memlog_image_warning(image, i)); i++)
		ml_json_str(&j, NULL, w);
	ml_json_close(&j, ']');
	json_spaces(&j, image);
	json_notes(&j, image);
	ml_json_end(&j);
}

enum memlog_status ml_info_write(const struct memlog_sink *sink,
				 struct memlog_image *image,
				 const struct ml_list_opts *opts,
				 struct memlog_err *err)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	enum memlog_status s = memlog_image_info(image, &info, err);
	struct ml_out out;

	if (s)
		return s;
	ml_out_init_lines(&out, sink, opts->alloc);
	if (opts->style == ML_LIST_TEXT)
		info_put_text(&out, image, &info, opts);
	else
		info_put_json(&out, image, &info, opts);
	return ml_out_flush(&out, err);
}
