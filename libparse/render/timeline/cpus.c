/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpus.c - draw what CPUs did. With few slices each is a bar; with many the height of
 * a column is the share of its time that they take, in the colour of the reason with
 * most of it. A CPU is in the hypervisor for little of its time, so its highest column
 * has the full height.
 */
#include "cpus.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define PX(n) (INT64_C(n) * ML_PX)

#define CPU_HEIGHT PX(18)
#define CPU_ROW	   PX(24)

/* Reasons with a colour of their own, and that of the others. */
#define CPU_COLOURS (ML_OTHER_FILLS - 1)
#define CPU_OTHERS  (ML_STAGE_FILLS + ML_OTHER_FILLS - 1)

/* fill: of each reason; order: the first have one. */
struct cpus {
	const struct ml_strips *s;
	uint64_t most; /* nanoseconds in a column of a CPU */
	unsigned int fill[ML_STRIP_REASONS];
	size_t order[ML_STRIP_REASONS];
};

/* Those with most of the time get a colour each. */
static void cpus_colours(struct cpus *c)
{
	size_t i, k, best;

	for (i = 0; i < c->s->n_reasons; i++) {
		c->order[i] = i;
		c->fill[i] = CPU_OTHERS;
	}
	for (i = 0; i < c->s->n_reasons; i++) {
		best = i;
		for (k = i + 1; k < c->s->n_reasons; k++)
			if (c->s->reason[c->order[k]].busy >
			    c->s->reason[c->order[best]].busy)
				best = k;
		k = c->order[best];
		c->order[best] = c->order[i];
		c->order[i] = k;
		if (i < CPU_COLOURS && k)
			c->fill[k] = ML_STAGE_FILLS + (unsigned int)i;
	}
}

static void cpus_share(uint64_t part, uint64_t all, char ret[16])
{
	unsigned int v =
		all ? (unsigned int)((unsigned __int128)part * 10000 / all) : 0;

	snprintf(ret, 16, "%u.%02u %%", v / 100, v % 100);
}

/* The most that a column of a CPU has. */
static uint64_t cpus_most(const struct ml_strips *s)
{
	uint64_t most = 1;
	size_t i, k;

	for (i = 0; i < s->n; i++)
		for (k = 0; s->strip[i].track.group == ML_SLICES_LOG &&
			    k < ML_STRIP_COLUMNS;
		     k++)
			most = ml_max(most, s->strip[i].columns[k].busy);
	return ml_min(most, s->width);
}

static unsigned int cpus_fill(const struct cpus *c, const struct ml_strip *p,
			      uint32_t reason)
{
	if (p->track.group != ML_SLICES_LOG)
		return p->track.group % ML_STAGE_FILLS;
	return c->fill[reason];
}

/* Columns of one colour are one path; a column is as wide as two lengths of it. */
static void cpus_columns(struct ml_sheet *p, const struct cpus *c,
			 const struct ml_strip *strip, unsigned int fill)
{
	const struct ml_strip_column *col = strip->columns;
	uint64_t width = c->s->width;
	uint64_t full = strip->track.group == ML_SLICES_LOG ? c->most : width;
	bool open = false;
	size_t k;

	for (k = 0; k < ML_STRIP_COLUMNS; k++) {
		int64_t x, to, h;

		if (!col[k].busy || cpus_fill(c, strip, col[k].reason) != fill)
			continue;
		x = ml_sheet_x(p, (int64_t)(c->s->from + k * width));
		to = ml_sheet_x(p, (int64_t)(c->s->from + (k + 1) * width));
		h = (int64_t)((unsigned __int128)CPU_HEIGHT * col[k].busy /
			      full);
		h = h > CPU_HEIGHT ? CPU_HEIGHT : h < 2 * ML_PX ? 2 * ML_PX : h;
		if (!open)
			ml_out_fmt(p->out, "<path class=\"f%u\" d=\"", fill);
		open = true;
		ml_out_char(p->out, 'M');
		ml_px(p->out, x);
		ml_out_char(p->out, ' ');
		ml_px(p->out, p->y + CPU_HEIGHT);
		ml_out_str(p->out, "v-");
		ml_px(p->out, h);
		ml_out_char(p->out, 'h');
		ml_px(p->out, to - x);
		ml_out_char(p->out, 'v');
		ml_px(p->out, h);
		ml_out_char(p->out, 'z');
	}
	if (open)
		ml_out_str(p->out, "\"/>\n");
}

static void cpus_slices(struct ml_sheet *p, const struct cpus *c, size_t index)
{
	const struct ml_strips *s = c->s;
	const struct ml_strip *strip = &s->strip[index];
	char title[160], took[ML_DURATION], at[ML_DURATION];
	size_t i;

	for (i = 0; i < s->n_slices; i++) {
		const struct ml_strip_slice *q = &s->slice[i];
		int64_t x = ml_sheet_x(p, (int64_t)q->begin);

		if (q->strip != index)
			continue;
		if (q->instant) {
			ml_sheet_line(p, "k", x, p->y + CPU_HEIGHT - PX(3),
				      PX(5), false);
			continue;
		}
		snprintf(title, sizeof(title), "%s: %s at %s",
			 strip->track.group == ML_SLICES_LOG ?
				 s->reason[q->reason].name :
				 strip->group,
			 ml_duration((int64_t)(q->end - q->begin), took),
			 ml_duration((int64_t)(q->begin - s->from), at));
		ml_sheet_bar(p, cpus_fill(c, strip, q->reason), x, p->y,
			     ml_sheet_x(p, (int64_t)q->end) - x, CPU_HEIGHT,
			     title);
	}
}

static void cpus_row(struct ml_sheet *p, const struct cpus *c, size_t index)
{
	const struct ml_strip *strip = &c->s->strip[index];
	char title[160], share[16], took[ML_DURATION];
	unsigned int fill;

	cpus_share(strip->busy, c->s->until - c->s->from, share);
	snprintf(title, sizeof(title), "%s, %s: %" PRIu64 " slices, %s, %s",
		 strip->group, strip->name, strip->slices,
		 ml_duration((int64_t)strip->busy, took), share);
	ml_sheet_label(p, p->y + PX(13), strip->name, title);
	ml_sheet_line(p, "g", ML_CHART_LEFT, p->y, CPU_HEIGHT, false);
	if (c->s->kept)
		cpus_slices(p, c, index);
	else
		for (fill = 0; fill < ML_ALL_FILLS; fill++)
			cpus_columns(p, c, strip, fill);
	p->y += CPU_ROW;
}

static void cpus_figure(struct ml_sheet *p, void *arg)
{
	const struct cpus *c = arg;
	const struct ml_strips *s = c->s;
	size_t i;

	p->to = (int64_t)ml_max(s->until, ml_max(s->from, 1));
	p->from = (int64_t)ml_min(s->from, (uint64_t)p->to - 1);
	ml_sheet_axis(p);
	for (i = 0; i < s->n; i++) {
		if (i &&
		    s->strip[i].track.group != s->strip[i - 1].track.group) {
			p->y += PX(16);
			ml_sheet_text(p, "t s", PX(10), p->y, PX(600), false,
				      s->strip[i].group);
			p->y += PX(6);
		}
		cpus_row(p, c, i);
	}
}

static void cpus_table(struct ml_sheet *p, const struct cpus *c)
{
	static const char *const heading[ML_CELLS] = { "Reason", "Count",
						       "Time", "Share", NULL };
	const struct ml_strips *s = c->s;
	char count[24], took[ML_DURATION], share[16];
	uint64_t all = 0;
	size_t i, k;

	for (i = 0; i < s->n_reasons; i++)
		all += s->reason[i].busy;
	p->y += PX(6);
	ml_sheet_table(p, heading);
	for (i = 0; i < s->n_reasons; i++) {
		k = c->order[i];
		const char *const cells[ML_CELLS] = { s->reason[k].name, count,
						      took, share, NULL };

		if (!s->reason[k].n)
			continue;
		snprintf(count, sizeof(count), "%" PRIu64, s->reason[k].n);
		ml_duration((int64_t)s->reason[k].busy, took);
		cpus_share(s->reason[k].busy, all, share);
		ml_sheet_row(p, (int)c->fill[k], cells);
	}
	ml_sheet_table_end(p);
}

void ml_cpus_draw(struct ml_sheet *p, const struct ml_strips *s)
{
	struct cpus c = { .s = s };
	char text[320], took[ML_DURATION], share[16];

	cpus_colours(&c);
	snprintf(text, sizeof(text), "%s: %s", s->title,
		 ml_duration((int64_t)(s->until - s->from), took));
	ml_sheet_heading(p, 2, text);
	c.most = cpus_most(s);
	cpus_share(c.most, s->width, share);
	if (s->kept)
		snprintf(text, sizeof(text),
			 "Each bar is a stay of a CPU in the hypervisor.");
	else
		snprintf(text, sizeof(text),
			 "The height of a column is the share of its time that "
			 "a CPU was in the hypervisor, of at most %s, in the "
			 "colour of the reason with most of it.",
			 share);
	if (s->more)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 " %zu more CPUs are not drawn.", s->more);
	ml_sheet_note(p, text);
	ml_sheet_figure(p, cpus_figure, &c);
	cpus_table(p, &c);
}
