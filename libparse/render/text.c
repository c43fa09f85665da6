/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.c - text to read: lines that end with LF, nothing that controls a
 * terminal.
 *
 * A plain text log is printed byte for byte, except for CR LF and what is
 * escaped. If records have more (a time, a CPU), that is printed before each.
 * Where text is missing, a separate line in brackets says so.
 */
#include "render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "delta.h"
#include "escape.h"
#include "render/tables/stats.h"
#include "shade.h"
#include "words.h"

enum time_style { TIME_SECONDS, TIME_TICKS, TIME_NONE };

struct text {
	struct ml_out out;
	const struct ml_render_opts *opts;
	enum time_style time;
	bool headings;
	bool heading; /* that of this log is still to be printed */
	bool tty, color;
	struct ml_shade shade; /* of this record, if color */
	bool bol;	       /* at the start of a line */
	bool inside;	       /* the previous record continues in the next */
	uint32_t state;	       /* STATE_FLAGS of the previous record */
	int32_t boot;	       /* of the previous record, see text_boot() */
	uint8_t carry[4];      /* bytes that the next piece completes */
	size_t n_carry;
	uint64_t tsc_hz;
	struct ml_delta delta; /* of this boot */
};

/* Flags for which a mark is printed when they start: they change how to read
 * the text. */
#define STATE_FLAGS (MEMLOG_REC_UNCOMMITTED | MEMLOG_REC_CONSUMED)

/* Boots without a number; those with one are 0 or less. */
enum { BOOT_OLDER = 1, BOOT_UNKNOWN = 2 };

static enum memlog_status text_begin(void *state,
				     const struct ml_render_opts *opts,
				     const struct memlog_sink *sink,
				     struct memlog_err *err)
{
	struct text *t = state;

	ml_out_init_lines(&t->out, sink, opts->alloc);
	t->opts = opts;
	t->headings = opts->many || opts->n_logs > 1;
	t->tty = sink->tty;
	t->color = opts->color;
	t->tsc_hz = opts->tsc_hz;
	t->bol = true;
	if (opts->time_format && !strcmp(opts->time_format, "none"))
		t->time = TIME_NONE;
	else if (opts->time_format && !strcmp(opts->time_format, "ticks"))
		t->time = TIME_TICKS;
	return MEMLOG_OK;
}

static void start_line(struct text *t)
{
	if (!t->bol)
		ml_out_char(&t->out, '\n');
	t->bol = true;
}

static void text_color(struct text *t, const char *code)
{
	if (t->color)
		ml_out_fmt(&t->out, "\033[%sm", code);
}

static int32_t text_boot(bool has_boot, int32_t boot, bool stale)
{
	return has_boot ? boot : stale ? BOOT_OLDER : BOOT_UNKNOWN;
}

/* Of a log, or of another boot in it. */
static void text_put_heading(struct text *t, const struct memlog_record *rec)
{
	const struct memlog_log *log = rec->log;
	bool part = rec->has_boot && log->has_boot && rec->boot != log->boot;
	char addr[ML_ADDR_TEXT];

	start_line(t);
	text_color(t, "1");
	ml_out_str(&t->out, "==> ");
	if (t->opts->many) {
		ml_escape_str(&t->out, t->opts->image);
		ml_out_str(&t->out, ": ");
	}
	ml_out_fmt(&t->out, "%s%s%s %s (", log->format,
		   log->variant[0] ? " " : "", log->variant,
		   ml_log_addr(log, addr));
	if (log->has_boot)
		ml_out_fmt(&t->out, "boot %" PRId32 ", ",
			   part ? rec->boot : log->boot);
	ml_out_fmt(&t->out, "%s) <==",
		   memlog_state_name(part ? MEMLOG_STATE_STALE : log->state));
	text_color(t, ML_SHADE_NONE);
	ml_out_char(&t->out, '\n');
}

/* Before the first line of a log: one without any has no heading. If that line
 * is of another boot than the log, it is that boot's. */
static void text_heading(struct text *t, const struct memlog_record *rec)
{
	if (!t->heading)
		return;
	t->heading = false;
	text_put_heading(t, rec);
	if (rec->has_boot)
		t->boot = rec->boot;
}

static enum memlog_status text_log_begin(void *state,
					 const struct memlog_log *log,
					 struct memlog_err *err)
{
	struct text *t = state;

	t->state = 0;
	t->delta.known = false;
	t->boot = text_boot(log->has_boot, log->boot,
			    log->state == MEMLOG_STATE_STALE);
	t->inside = false;
	t->heading = t->headings;
	return MEMLOG_OK;
}

static void text_mark(struct text *t, const char *words)
{
	start_line(t);
	text_color(t, "2");
	ml_out_fmt(&t->out, "[... %s]", words);
	text_color(t, ML_SHADE_NONE);
	ml_out_char(&t->out, '\n');
}

/* Is its text what the log itself says of lost records? */
static bool says_lost(const struct memlog_record *rec)
{
	return rec->log->flags & MEMLOG_LOG_TELLS_ALL && !rec->has_time;
}

/* Of a log with several boots: a heading, as if each had a log of its own, or a
 * mark if the number of the boot is not known. */
static void text_mark_boot(struct text *t, const struct memlog_record *rec)
{
	int32_t boot = text_boot(rec->has_boot, rec->boot,
				 rec->flags & MEMLOG_REC_STALE);

	if (boot == t->boot || t->opts->one_boot)
		return;
	t->boot = boot;
	t->delta.known = false;
	if (rec->has_boot)
		text_put_heading(t, rec);
	else
		text_mark(t, boot == BOOT_OLDER ?
				     "of an older boot" :
				     "of the current boot or an older one");
}

static void text_marks(struct text *t, const struct memlog_record *rec)
{
	uint32_t now = rec->flags & STATE_FLAGS, added;
	char words[80];

	if (rec->flags & MEMLOG_REC_VERBATIM)
		now &= ~MEMLOG_REC_CONSUMED; /* nobody misses it */
	added = now & ~t->state;
	if (rec->flags & MEMLOG_REC_LOST_BEFORE && !says_lost(rec)) {
		if (rec->lost)
			snprintf(words, sizeof(words), "%" PRIu64 " %s%s lost",
				 rec->lost, rec->has_seq ? "record" : "byte",
				 ml_s(rec->lost));
		else
			snprintf(words, sizeof(words), "some of it is lost");
		text_mark(t, words);
	}
	text_mark_boot(t, rec);
	if (added & MEMLOG_REC_CONSUMED)
		text_mark(t, "was read by the log's own reader already");
	if (added & MEMLOG_REC_UNCOMMITTED)
		text_mark(t, "was being written and is not counted yet");
	if (t->state & ~now)
		text_mark(t, "from here on as usual");
	t->state = now;
}

static void put_time(struct text *t, const struct memlog_record *rec)
{
	uint64_t hz = rec->time_hz ? rec->time_hz : t->tsc_hz;

	if (t->time == TIME_TICKS || !hz)
		ml_out_fmt(&t->out, "[%16" PRIu64 "]", rec->time);
	else
		ml_out_fmt(&t->out, "[%5" PRIu64 ".%06" PRIu64 "]",
			   rec->time / hz,
			   (uint64_t)((double)(rec->time % hz) * 1e6 /
				      (double)hz));
}

static void text_delta(struct text *t, const struct memlog_record *rec)
{
	if (!rec->has_time)
		return;
	text_color(t, ML_SHADE_TIME);
	ml_delta_put(&t->out, &t->delta, rec, t->tsc_hz, t->time == TIME_TICKS);
	text_color(t, ML_SHADE_NONE);
	ml_out_char(&t->out, ' ');
}

static void put_level(struct text *t, uint32_t level)
{
	const char *code = ml_shade_level(level);

	if (code)
		text_color(t, code);
	ml_out_fmt(&t->out, "%-6s", ml_level_word(level));
	if (code)
		text_color(t, ML_SHADE_NONE);
	ml_out_char(&t->out, ' ');
}

static void put_prefix(struct text *t, const struct memlog_record *rec)
{
	if (rec->flags & MEMLOG_REC_VERBATIM)
		return;
	if (rec->has_time && t->time != TIME_NONE) {
		text_color(t, ML_SHADE_TIME);
		put_time(t, rec);
		text_color(t, ML_SHADE_NONE);
		ml_out_char(&t->out, ' ');
	}
	if (rec->cpu >= 0)
		ml_out_fmt(&t->out, "cpu%" PRId32 " ", rec->cpu);
	if (rec->has_level)
		put_level(t, rec->level);
	if (rec->phase) {
		ml_escape_str(&t->out, rec->phase);
		ml_out_char(&t->out, ' ');
	}
	if (rec->component) {
		text_color(t, ML_SHADE_COMPONENT);
		ml_escape_str(&t->out, rec->component);
		text_color(t, ML_SHADE_NONE);
		ml_out_str(&t->out, ": ");
	}
}

/* The colours of a record whose text is shown from text on. A line keeps that of its
 * first record. */
static void text_shade(struct text *t, const struct memlog_record *rec,
		       const uint8_t *text, size_t len)
{
	const struct ml_patterns *p = t->opts->patterns;
	bool marks = p && p->n && !p->invert &&
		     !(rec->flags & MEMLOG_REC_CONTEXT);

	t->shade.marks = marks ? p : NULL;
	t->shade.before = 0;
	if (rec->message && text == rec->text)
		t->shade.before = (size_t)(rec->message - text);
	if (t->inside)
		return;
	t->shade.rest = rec->has_level ? ml_shade_level(rec->level) :
					 ml_shade_words(text + t->shade.before,
							len - t->shade.before);
}

static void flush_carry(struct text *t)
{
	ml_escape_lines(&t->out, t->carry, t->n_carry);
	t->n_carry = 0;
}

/* Complete what earlier pieces left over. */
static void take_carry(struct text *t, const uint8_t **p, size_t *len,
		       bool more)
{
	if (t->n_carry == 1 && t->carry[0] == '\r') {
		if (*len && **p == '\n')
			t->n_carry = 0;
		flush_carry(t);
		return;
	}
	while (t->n_carry && t->n_carry < sizeof(t->carry) && *len &&
	       (**p & 0xc0) == 0x80 && ml_utf8_cut(t->carry, t->n_carry)) {
		t->carry[t->n_carry++] = *(*p)++;
		(*len)--;
	}
	if (*len || !more || !ml_utf8_cut(t->carry, t->n_carry))
		flush_carry(t);
}

static void text_put_text(struct text *t, const uint8_t *p, size_t len,
			  bool more)
{
	size_t keep = 0;

	if (!len)
		return;
	t->bol = !more && p[len - 1] == '\n';
	take_carry(t, &p, &len, more);
	if (!len)
		return;
	if (more)
		keep = p[len - 1] == '\r' ? 1 : ml_utf8_cut(p, len);
	if (t->color)
		ml_shade_write(&t->out, &t->shade, p, len - keep);
	else
		ml_escape_lines(&t->out, p, len - keep);
	t->shade.before = 0;
	memcpy(t->carry, p + len - keep, keep);
	t->n_carry = keep;
}

static void text_put_fields(struct text *t, const struct memlog_record *rec)
{
	unsigned int i;

	for (i = 0; i < rec->n_fields && i < MEMLOG_RECORD_FIELDS; i++) {
		const struct memlog_field *f = &rec->fields[i];

		ml_out_fmt(&t->out, "%s%s=", t->bol ? "" : " ", f->name);
		t->bol = false;
		switch (f->type) {
		case MEMLOG_FIELD_UINT:
			ml_out_fmt(&t->out, "%" PRIu64, f->u);
			break;
		case MEMLOG_FIELD_INT:
			ml_out_fmt(&t->out, "%" PRId64, f->i);
			break;
		case MEMLOG_FIELD_HEX:
			ml_out_fmt(&t->out, "0x%" PRIx64, f->u);
			break;
		case MEMLOG_FIELD_TEXT:
			ml_escape_text(&t->out, (const uint8_t *)f->text,
				       f->text_len, false);
			break;
		}
	}
}

/* A record that is more than text gets its own lines. */
static bool is_plain(const struct text *t, const struct memlog_record *rec)
{
	if (rec->log->flags & MEMLOG_LOG_PLAIN && !t->opts->time_format)
		return true;
	return !rec->has_time && !rec->has_level && rec->cpu < 0 &&
	       !rec->phase && !rec->component && !rec->n_fields;
}

/* Lines that include everything themselves, as their own tools print them; with
 * a time format requested the time is put in front. */
static bool tells_all(const struct text *t, const struct memlog_record *rec)
{
	return rec->log->flags & MEMLOG_LOG_TELLS_ALL && !t->opts->time_format;
}

/* What of its text follows our prefix: not the log's own one, which says the same. */
static const uint8_t *text_shown(const struct text *t,
				 const struct memlog_record *rec, size_t *ret)
{
	bool whole = is_plain(t, rec) || rec->flags & MEMLOG_REC_VERBATIM ||
		     rec->log->flags & MEMLOG_LOG_TELLS_ALL;

	*ret = rec->message && !whole ? rec->message_len : rec->text_len;
	return rec->message && !whole ? rec->message : rec->text;
}

static enum memlog_status text_record(void *state,
				      const struct memlog_record *rec,
				      struct memlog_err *err)
{
	struct text *t = state;
	bool more = rec->flags & MEMLOG_REC_CONTINUES;
	bool plain = is_plain(t, rec);
	bool verbatim = plain || tells_all(t, rec);
	bool fields = rec->n_fields && !(rec->log->flags & MEMLOG_LOG_PLAIN);
	size_t len;
	const uint8_t *text = text_shown(t, rec, &len);

	text_heading(t, rec);
	if (!t->inside || (rec->flags & MEMLOG_REC_LOST_BEFORE)) {
		flush_carry(t);
		text_marks(t, rec);
	}
	if (t->color)
		text_shade(t, rec, text, len);
	if (plain && !t->opts->delta) {
		text_put_text(t, text, len, more);
	} else {
		if (!t->inside) {
			start_line(t);
			if (t->opts->delta)
				text_delta(t, rec);
			if (!verbatim)
				put_prefix(t, rec);
			t->bol = false;
		}
		if (fields && len && text[len - 1] == '\n')
			len--;
		text_put_text(t, text, len, more);
		if (!verbatim && fields)
			text_put_fields(t, rec);
		if (!more)
			start_line(t);
	}
	t->inside = more;
	return t->out.status ? ml_out_flush(&t->out, err) : MEMLOG_OK;
}

/* As grep(1) has it. */
static void text_gap(void *state)
{
	struct text *t = state;

	flush_carry(t);
	start_line(t);
	text_color(t, ML_SHADE_GAP);
	ml_out_str(&t->out, "--");
	text_color(t, ML_SHADE_NONE);
	ml_out_char(&t->out, '\n');
}

static enum memlog_status text_log_end(void *state,
				       const struct memlog_log *log,
				       uint64_t missing, struct memlog_err *err)
{
	struct text *t = state;

	flush_carry(t);
	return ml_out_flush(&t->out, err);
}

static enum memlog_status text_end(void *state, struct memlog_err *err)
{
	struct text *t = state;

	if (t->tty)
		start_line(t);
	return ml_out_flush(&t->out, err);
}

static enum memlog_status text_flush(void *state, struct memlog_err *err)
{
	return ml_out_flush(&((struct text *)state)->out, err);
}

static void text_fini(void *state)
{
	ml_out_fini(&((struct text *)state)->out);
}

const struct ml_render ml_render_text = {
	.name = "text",
	.title = "lines to read, safe for a terminal",
	.suffix = "txt",
	.list = ML_LIST_TEXT,
	.tables = &ml_render_stats,
	.state_size = sizeof(struct text),
	.begin = text_begin,
	.log_begin = text_log_begin,
	.record = text_record,
	.context = true,
	.gap = text_gap,
	.log_end = text_log_end,
	.flush = text_flush,
	.end = text_end,
	.close = text_fini,
};
