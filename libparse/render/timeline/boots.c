/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.c - draw the timeline of a boot: a chart with its phases, silences, drivers and
 * logs, and tables of them. */
#include "boots.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PX(n) (INT64_C(n) * ML_PX)

/* Rows of drivers inside each other, and of tables. */
#define BOOT_DEPTH 6u
#define BOOT_TOP   20u

#define BOOT_BAR PX(16) /* the height of most bars */

/* Fills of what has no stage. */
enum {
	FILL_LOG = ML_STAGE_FILLS,
	FILL_MARK = ML_STAGE_FILLS + 1,
	FILL_SILENCE = ML_STAGE_FILLS + 7
};

bool ml_boot_shown(const struct ml_timeline_boot *b)
{
	return b->n_phases > 0;
}

static uint64_t boot_bytes(const struct ml_timeline_boot *b)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < b->n_phases; i++)
		sum += b->phases[i].bytes;
	return sum;
}

/* "38.1 %" */
static const char *boot_share(uint64_t part, uint64_t all, char ret[16])
{
	unsigned int permille =
		all ? (unsigned int)(((unsigned __int128)part * 1000 +
				      all / 2) /
				     all) :
		      0;

	snprintf(ret, 16, "%u.%u %%", permille / 10, permille % 10);
	return ret;
}

/* A bar with its name inside, and the second line, as far as they fit. */
static void boot_bar(struct ml_sheet *p, unsigned int fill, int64_t start,
		     int64_t end, int64_t height, const char *name,
		     const char *second, const char *title)
{
	int64_t x = ml_sheet_x(p, start), width = ml_sheet_x(p, end) - x;
	bool two = second && ml_text_width(second, ML_FONT) <= width - PX(6);

	ml_sheet_bar(p, fill, x, p->y, width, height, title);
	ml_sheet_text(p, "t", x + PX(3), p->y + (second ? PX(15) : PX(12)),
		      width - PX(6), false, name);
	if (two)
		ml_sheet_text(p, "t", x + PX(3), p->y + PX(30), width - PX(6),
			      false, second);
}

/* ---- rows of the chart -------------------------------------------------- */

static void draw_phases(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	char took[ML_DURATION], share[16], title[256];
	const struct ml_timeline_phase *q;
	uint64_t all = boot_bytes(b), at = 0;
	int64_t start, end;
	size_t i;

	ml_sheet_label(p, p->y + PX(22), "Phases", NULL);
	for (i = 0; i < b->n_phases; i++) {
		q = &b->phases[i];
		start = b->has_clock ? q->start : (int64_t)at;
		at += q->bytes;
		end = b->has_clock ? q->end : (int64_t)at;
		ml_duration(q->end - q->start, took);
		if (!b->has_clock)
			snprintf(took, sizeof(took), "%" PRIu64 " bytes",
				 q->bytes);
		boot_share(b->has_clock ? (uint64_t)(q->end - q->start) :
					  q->bytes,
			   b->has_clock ? (uint64_t)(b->end - b->start) : all,
			   share);
		snprintf(title, sizeof(title), "%s: %s, %s. Starts with: %s",
			 q->name, took, share, q->text);
		boot_bar(p, q->phase, start, end, PX(36), q->name, took, title);
		if (i && b->has_clock)
			ml_sheet_line(p, "k", ml_sheet_x(p, start),
				      p->y + PX(36), p->bottom - p->y - PX(36),
				      true);
	}
	p->y += PX(44);
}

static void draw_silences(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	char number[24], title[320], took[ML_DURATION];
	const struct ml_timeline_silence *q;
	size_t i;

	if (!b->n_silences)
		return;
	ml_sheet_label(p, p->y + PX(12), "Silences",
		       "The longest times without any message");
	for (i = 0; i < b->n_silences; i++) {
		q = &b->silences[i];
		snprintf(number, sizeof(number), "%zu", i + 1);
		snprintf(title, sizeof(title),
			 "%zu. %s without a message, after: %s; before: %s",
			 i + 1, ml_duration(q->end - q->start, took), q->before,
			 q->after);
		boot_bar(p, FILL_SILENCE, q->start, q->end, BOOT_BAR, "", NULL,
			 title);
		ml_sheet_text(
			p, "t",
			(ml_sheet_x(p, q->start) + ml_sheet_x(p, q->end)) / 2 -
				ml_text_width(number, ML_FONT) / 2,
			p->y + PX(12),
			ml_sheet_x(p, q->end) - ml_sheet_x(p, q->start), false,
			number);
	}
	p->y += PX(22);
}

/* Narrow bars of one row that touch, drawn as one. */
struct boot_narrow {
	int64_t from, to;
	unsigned int n, fill;
	char title[ML_TIMELINE_TEXT + 48];
};

static void boot_narrow_end(struct ml_sheet *p, struct boot_narrow *w,
			    unsigned int row)
{
	char many[32];

	if (!w->n)
		return;
	snprintf(many, sizeof(many), "%u drivers", w->n);
	ml_sheet_bar(p, w->fill, w->from, p->y + row * PX(18), w->to - w->from,
		     BOOT_BAR, w->n == 1 ? w->title : many);
	w->n = 0;
}

static void boot_span(struct ml_sheet *p, const struct ml_timeline_span *s,
		      struct boot_narrow *w, unsigned int row)
{
	int64_t x = ml_sheet_x(p, s->start), to = ml_sheet_x(p, s->end);
	int64_t y = p->y;
	char title[sizeof(w->title)], took[ML_DURATION];

	snprintf(title, sizeof(title), "%s: %s", s->name,
		 ml_duration(s->end - s->start, took));
	if (to - x >= 2 * ML_PX) {
		boot_narrow_end(p, w, row);
		p->y += row * PX(18);
		boot_bar(p, s->phase, s->start, s->end, BOOT_BAR, s->name, NULL,
			 title);
		p->y = y;
		return;
	}
	if (w->n && x > w->to + ML_PX)
		boot_narrow_end(p, w, row);
	if (!w->n) {
		w->from = x;
		w->to = x + ML_PX;
		w->fill = s->phase;
		memcpy(w->title, title, sizeof(title));
	}
	if (to > w->to)
		w->to = to;
	w->n++;
}

static void boot_spans(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	struct boot_narrow narrow[BOOT_DEPTH] = { { .n = 0 } };
	int64_t end[BOOT_DEPTH];
	unsigned int row, rows = 0;
	size_t i;

	for (row = 0; row < BOOT_DEPTH; row++)
		end[row] = INT64_MIN;
	for (i = 0; i < b->n_spans; i++) {
		const struct ml_timeline_span *s = &b->spans[i];

		for (row = 0; row < BOOT_DEPTH && end[row] > s->start; row++)
			;
		if (row == BOOT_DEPTH || !b->sources[s->source].aligned)
			continue;
		rows = row >= rows ? row + 1 : rows;
		end[row] = s->end;
		boot_span(p, s, &narrow[row], row);
	}
	for (row = 0; row < rows; row++)
		boot_narrow_end(p, &narrow[row], row);
	if (!rows)
		return;
	ml_sheet_label(p, p->y + PX(12), "Drivers",
		       "As the firmware measured them, one inside another");
	p->y += rows * PX(18) + PX(6);
}

/* ---- logs --------------------------------------------------------------- */

static void boot_marks(struct ml_sheet *p, const struct ml_timeline_boot *b,
		       size_t source)
{
	char title[ML_TIMELINE_TEXT + 64], at[ML_DURATION];
	int64_t x, last = 0;
	size_t i;

	for (i = 0; i < b->n_marks; i++) {
		const struct ml_timeline_mark *m = &b->marks[i];

		x = ml_sheet_x(p, m->time);
		if (m->source != source || x < last + 3 * ML_PX)
			continue;
		last = x;
		snprintf(title, sizeof(title), "%s: %s",
			 ml_duration(m->time - b->start, at), m->text);
		ml_sheet_bar(p, FILL_MARK, x, p->y, 2 * ML_PX, BOOT_BAR, title);
	}
}

static void draw_source(struct ml_sheet *p, const struct ml_timeline_boot *b,
			size_t index)
{
	const struct ml_timeline_source *s = &b->sources[index];
	char title[4 * ML_TIMELINE_TEXT + 64], took[ML_DURATION];
	int64_t x, y = p->y;

	snprintf(title, sizeof(title), "%s of %s: %" PRIu64 " records; %s",
		 s->label, s->image, s->records, s->method);
	ml_sheet_label(p, p->y + PX(12), s->label, title);
	if (s->aligned && b->has_clock) {
		x = ml_sheet_x(p, s->first);
		p->y += PX(4);
		ml_sheet_bar(p, FILL_LOG, x, p->y, ml_sheet_x(p, s->last) - x,
			     PX(8), title);
		p->y = y;
		boot_marks(p, b, index);
	} else if (b->has_clock) {
		snprintf(title, sizeof(title), "apart%s%s: %s",
			 s->has_clock ? ", " : "",
			 s->has_clock ? ml_duration(s->last - s->first, took) :
					"",
			 s->method);
		ml_sheet_text(p, "m", ML_CHART_LEFT, p->y + PX(12),
			      ML_CHART_RIGHT - ML_CHART_LEFT, false, title);
	}
	p->y += PX(20);
}

static void boot_figure(struct ml_sheet *p, void *arg)
{
	const struct ml_timeline_boot *b = arg;
	size_t i;

	p->from = b->has_clock ? b->start : 0;
	p->to = b->has_clock ? b->end : (int64_t)boot_bytes(b);
	if (p->to <= p->from)
		p->to = p->from + 1;
	if (b->has_clock)
		ml_sheet_axis(p);
	draw_phases(p, b);
	if (b->has_clock) {
		draw_silences(p, b);
		boot_spans(p, b);
	}
	for (i = 0; i < b->n_sources; i++)
		draw_source(p, b, i);
}

/* ---- tables ------------------------------------------------------------- */

static void table_phases(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	static const char *const timed[ML_CELLS] = { "Phase", "Start", "Time",
						     "Share", "Starts with" };
	static const char *const untimed[ML_CELLS] = { "Phase", "Messages",
						       "Bytes", "Share",
						       "Starts with" };
	char start[ML_DURATION], took[ML_DURATION], share[16];
	size_t i;

	ml_sheet_heading(p, 2, "Phases");
	ml_sheet_table(p, b->has_clock ? timed : untimed);
	for (i = 0; i < b->n_phases; i++) {
		const struct ml_timeline_phase *q = &b->phases[i];
		const char *const cells[ML_CELLS] = { q->name, start, took,
						      share, q->text };

		if (b->has_clock) {
			ml_duration(q->start - b->start, start);
			ml_duration(q->end - q->start, took);
			boot_share((uint64_t)(q->end - q->start),
				   (uint64_t)(b->end - b->start), share);
		} else {
			snprintf(start, sizeof(start), "%" PRIu64, q->records);
			snprintf(took, sizeof(took), "%" PRIu64, q->bytes);
			boot_share(q->bytes, boot_bytes(b), share);
		}
		ml_sheet_row(p, (int)q->phase, cells);
	}
	ml_sheet_table_end(p);
}

static void table_silences(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	static const char *const heading[ML_CELLS] = {
		"Silence", "Start", "Time", "Share", "Lines before and after"
	};
	char start[ML_DURATION], took[ML_DURATION], share[16], name[64];
	char text[2 * ML_TIMELINE_TEXT + 8];
	size_t i;

	if (!b->n_silences)
		return;
	ml_sheet_heading(p, 2, "Longest silences");
	ml_sheet_table(p, heading);
	for (i = 0; i < b->n_silences; i++) {
		const struct ml_timeline_silence *q = &b->silences[i];
		const char *const cells[ML_CELLS] = { name, start, took, share,
						      text };

		snprintf(name, sizeof(name), "%zu. %s", i + 1,
			 ml_stage_name(q->phase));
		ml_duration(q->start - b->start, start);
		ml_duration(q->end - q->start, took);
		boot_share((uint64_t)(q->end - q->start),
			   (uint64_t)(b->end - b->start), share);
		snprintf(text, sizeof(text), "%s \xe2\x86\x92 %s", q->before,
			 q->after);
		ml_sheet_row(p, (int)q->phase, cells);
	}
	ml_sheet_table_end(p);
}

/* What a row is about, and how much of it there is. */
struct boot_top {
	const char *name;
	enum ml_stage phase;
	uint64_t amount, records;
};

/* Keep the largest, in order; *n: how many there are. */
static void top_add(struct boot_top *top, size_t *n, const char *name,
		    enum ml_stage phase, uint64_t amount, uint64_t records)
{
	size_t i = *n < BOOT_TOP ? (*n)++ : BOOT_TOP;

	for (; i && top[i - 1].amount < amount; i--)
		if (i < BOOT_TOP)
			top[i] = top[i - 1];
	if (i < BOOT_TOP)
		top[i] = (struct boot_top){ name, phase, amount, records };
}

static void top_table(struct ml_sheet *p, const struct boot_top *top, size_t n,
		      uint64_t all, bool timed, const char *title)
{
	const char *const heading[ML_CELLS] = { "Name", "Messages",
						timed ? "Time" : "Bytes",
						"Share", NULL };
	char took[ML_DURATION], share[16], records[24];
	size_t i;

	if (!n)
		return;
	ml_sheet_heading(p, 2, title);
	ml_sheet_table(p, heading);
	for (i = 0; i < n; i++) {
		const char *const cells[ML_CELLS] = { top[i].name,
						      top[i].records ? records :
								       "",
						      took, share, NULL };

		snprintf(records, sizeof(records), "%" PRIu64, top[i].records);
		if (timed)
			ml_duration((int64_t)top[i].amount, took);
		else
			snprintf(took, sizeof(took), "%" PRIu64, top[i].amount);
		boot_share(top[i].amount, all, share);
		ml_sheet_row(p, (int)top[i].phase, cells);
	}
	ml_sheet_table_end(p);
}

static void table_modules(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	uint64_t all = b->has_clock ? (uint64_t)(b->end - b->start) :
				      boot_bytes(b);
	struct boot_top top[BOOT_TOP];
	size_t i, n = 0;

	for (i = 0; i < b->n_parts; i++)
		top_add(top, &n, b->parts[i].name, b->parts[i].phase,
			b->has_clock ? (uint64_t)b->parts[i].time :
				       b->parts[i].bytes,
			b->parts[i].records);
	top_table(p, top, n, all, b->has_clock,
		  b->has_clock ? "Modules, from a message to the next" :
				 "Modules");
	for (i = n = 0; i < b->n_spans; i++)
		top_add(top, &n, b->spans[i].name, b->spans[i].phase,
			(uint64_t)(b->spans[i].end - b->spans[i].start), 0);
	top_table(p, top, n, all, true, "Drivers, as the firmware measured");
}

static void table_clocks(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	static const char *const heading[ML_CELLS] = { "Log", "Records",
						       "Added", "Off by",
						       "Clock" };
	char records[24], added[ML_DURATION], error[ML_DURATION];
	size_t i;

	ml_sheet_heading(p, 2, "Logs and their clocks");
	ml_sheet_table(p, heading);
	for (i = 0; i < b->n_sources; i++) {
		const struct ml_timeline_source *s = &b->sources[i];
		const char *const cells[ML_CELLS] = { s->label, records, added,
						      error, s->method };

		snprintf(records, sizeof(records), "%" PRIu64, s->records);
		ml_duration(s->offset, added);
		if (!s->aligned)
			snprintf(added, sizeof(added), "apart");
		ml_duration(s->error, error);
		if (!s->aligned || !s->has_error)
			error[0] = '\0';
		ml_sheet_row(p, -1, cells);
	}
	ml_sheet_table_end(p);
}

void ml_boot_draw(struct ml_sheet *p, const struct ml_timeline_boot *b)
{
	char text[200], took[ML_DURATION], number[16], of[64] = "";

	snprintf(number, sizeof(number), " %" PRId32, b->boot);
	if (b->boot == INT32_MIN)
		snprintf(number, sizeof(number), ", an older one");
	else if (!b->boot)
		number[0] = '\0';
	if (b->vm[0])
		snprintf(of, sizeof(of), " of %s", b->vm);
	if (b->has_clock)
		snprintf(text, sizeof(text),
			 "Boot%s%s: %s from the first message to the last "
			 "message or mark",
			 number, of, ml_duration(b->end - b->start, took));
	else
		snprintf(text, sizeof(text),
			 "Boot%s%s: no log has a clock; widths are bytes of "
			 "text",
			 number, of);
	ml_sheet_heading(p, 2, text);
	ml_sheet_figure(p, boot_figure, (void *)(uintptr_t)b);
	table_phases(p, b);
	table_silences(p, b);
	table_modules(p, b);
	table_clocks(p, b);
}
