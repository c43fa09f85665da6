/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sheet.c - a page of headings, tables and figures in SVG or HTML. */
#include "sheet.h"

#include <stdio.h>
#include <string.h>

#include "xml.h"

#define PX(n) (INT64_C(n) * ML_PX)

/* Columns of a table: where they start, or end if numbers, and their width. */
static const struct {
	int64_t x, width;
	bool end;
} columns[ML_CELLS] = {
	{ PX(32), PX(285), false },  { PX(380), PX(92), true },
	{ PX(480), PX(92), true },   { PX(560), PX(72), true },
	{ PX(580), PX(610), false },
};

/* The sum of the style in a page's Content-Security-Policy: tests print the right
 * one if the style changes. */
static const char style_sum[] =
	"sha256-sRemtKBHyM0KakPs5Ht2Few2vATNF7eKHAmYJFVg2bY=";

static const char style[] =
	"text{font:12px \"DejaVu Sans\",system-ui,sans-serif;white-space:pre}"
	".h{font-size:19px;font-weight:600}.s{font-weight:600}"
	".g,.k{stroke-width:1}.b{stroke-width:.5}\n"
	"body{font:14px/1.45 system-ui,sans-serif;max-width:1240px;"
	"margin:0 auto;padding:1.2rem;box-sizing:border-box}"
	"svg{display:block;max-width:100%;height:auto}"
	"h1{font-size:1.5rem;margin:.2rem 0}"
	"h2{font-size:1.15rem;margin:1.6rem 0 .4rem}.n{margin:.2rem 0 .8rem}"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}"
	"td,th{padding:.2rem .6rem;text-align:left;vertical-align:top;"
	"border-bottom:1px solid;overflow-wrap:anywhere}"
	"th{font-weight:600}.r{text-align:right;white-space:nowrap;"
	"font-variant-numeric:tabular-nums}.w{width:1rem;padding-right:0}"
	".w+*{min-width:6.5rem}\n"
	"@page{size:A4 landscape;margin:12mm}\n"
	"@media print{body{max-width:none;padding:0;font-size:9pt}"
	"svg,tr{break-inside:avoid}h2{break-after:avoid}"
	"*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n";

static void page_style(struct ml_out *out)
{
	ml_out_str(out, style);
	ml_palette_css(out);
}

static enum memlog_status page_nothing(void *self, const void *buf, size_t len,
				       struct memlog_err *err)
{
	(void)self;
	(void)buf;
	(void)len;
	(void)err;
	return MEMLOG_OK;
}

/* Lay out into nothing: how far down it goes. */
static int64_t page_measure(const struct ml_sheet *p, ml_sheet_fn *draw,
			    void *arg)
{
	const struct memlog_sink sink = { .size = sizeof(sink),
					  .write = page_nothing };
	struct ml_sheet dry = *p;
	struct ml_out out;

	ml_out_init(&out, &sink);
	dry.out = &out;
	draw(&dry, arg);
	return dry.y;
}

static void page_html(struct ml_out *out, const char *title)
{
	ml_out_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
			"<meta charset=\"utf-8\"/>\n"
			"<meta http-equiv=\"Content-Security-Policy\" "
			"content=\"default-src 'none'; style-src '");
	ml_out_str(out, style_sum);
	ml_out_str(out, "'; base-uri 'none'; form-action 'none'\"/>\n"
			"<meta name=\"viewport\" "
			"content=\"width=device-width, initial-scale=1\"/>\n"
			"<meta name=\"color-scheme\" content=\"light dark\"/>\n"
			"<title>");
	ml_xml_str(out, title);
	ml_out_str(out, "</title>\n<style>");
	page_style(out);
	ml_out_str(out, "</style>\n</head>\n<body>\n");
}

static void page_svg(struct ml_out *out, const char *title, int64_t height)
{
	ml_out_str(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
			"role=\"img\" viewBox=\"0 0 ");
	ml_px(out, ML_SHEET_WIDTH);
	ml_out_char(out, ' ');
	ml_px(out, height);
	ml_out_str(out, "\" width=\"");
	ml_px(out, ML_SHEET_WIDTH);
	ml_out_str(out, "\" height=\"");
	ml_px(out, height);
	ml_out_str(out, "\">\n<title>");
	ml_xml_str(out, title);
	ml_out_str(out, "</title>\n");
}

void ml_sheet_write(struct ml_out *out, bool html, const char *title,
		    ml_sheet_fn *draw, void *arg)
{
	struct ml_sheet p = { .out = out, .html = html, .y = PX(12) };
	int64_t height;

	if (html) {
		page_html(out, title);
		draw(&p, arg);
		ml_out_str(out, "</body>\n</html>\n");
		return;
	}
	height = page_measure(&p, draw, arg) + PX(12);
	ml_out_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	page_svg(out, title, height);
	ml_out_str(out, "<style>");
	page_style(out);
	ml_out_str(out, "</style>\n");
	draw(&p, arg);
	ml_out_str(out, "</svg>\n");
}

/* ---- headings and tables ------------------------------------------------ */

void ml_sheet_heading(struct ml_sheet *p, unsigned int level, const char *text)
{
	if (p->html) {
		ml_out_fmt(p->out, "<h%u>", level);
		ml_xml_str(p->out, text);
		ml_out_fmt(p->out, "</h%u>\n", level);
		return;
	}
	p->y += level == 1 ? PX(24) : PX(30);
	ml_sheet_text(p, level == 1 ? "h" : "t s", PX(10), p->y, PX(1180),
		      false, text);
	p->y += PX(6);
}

void ml_sheet_note(struct ml_sheet *p, const char *text)
{
	if (p->html) {
		ml_out_str(p->out, "<p class=\"n\">");
		ml_xml_str(p->out, text);
		ml_out_str(p->out, "</p>\n");
		return;
	}
	p->y += PX(14);
	ml_sheet_text(p, "m", PX(10), p->y, PX(1180), false, text);
	p->y += PX(4);
}

static void page_cells(struct ml_sheet *p, const char *tag, int fill,
		       const char *const cells[ML_CELLS])
{
	size_t i;

	ml_out_fmt(p->out, "<tr><%s class=\"w\">", tag);
	if (fill >= 0)
		ml_out_fmt(p->out,
			   "<svg viewBox=\"0 0 12 12\" width=\"12\" "
			   "height=\"18\" aria-hidden=\"true\"><rect "
			   "class=\"b f%d\" x=\"0.5\" y=\"0.5\" width=\"11\" "
			   "height=\"11\"/></svg>",
			   fill);
	ml_out_fmt(p->out, "</%s>", tag);
	for (i = 0; i < ML_CELLS; i++)
		if (cells[i]) {
			ml_out_fmt(p->out, "<%s%s>", tag,
				   columns[i].end ? " class=\"r\"" : "");
			ml_xml_str(p->out, cells[i]);
			ml_out_fmt(p->out, "</%s>", tag);
		}
	ml_out_str(p->out, "</tr>\n");
}

static void page_row(struct ml_sheet *p, const char *class, int fill,
		     const char *const cells[ML_CELLS])
{
	size_t i;

	p->y += PX(18);
	if (fill >= 0)
		ml_sheet_bar(p, (unsigned int)fill, PX(12), p->y - PX(10),
			     PX(11), PX(11), NULL);
	for (i = 0; i < ML_CELLS; i++)
		if (cells[i])
			ml_sheet_text(p, class, columns[i].x, p->y,
				      columns[i].width, columns[i].end,
				      cells[i]);
}

void ml_sheet_table(struct ml_sheet *p, const char *const heading[ML_CELLS])
{
	if (!p->html) {
		page_row(p, "m", -1, heading);
		return;
	}
	ml_out_str(p->out, "<table>\n<thead>");
	page_cells(p, "th", -1, heading);
	ml_out_str(p->out, "</thead>\n<tbody>\n");
}

void ml_sheet_row(struct ml_sheet *p, int fill,
		  const char *const cells[ML_CELLS])
{
	if (p->html)
		page_cells(p, "td", fill, cells);
	else
		page_row(p, "t", fill, cells);
}

void ml_sheet_table_end(struct ml_sheet *p)
{
	if (p->html)
		ml_out_str(p->out, "</tbody>\n</table>\n");
	p->y += PX(6);
}

/* ---- figures ------------------------------------------------------------ */

void ml_sheet_figure(struct ml_sheet *p, ml_sheet_fn *draw, void *arg)
{
	struct ml_sheet f = *p;

	f.y = p->html ? PX(2) : p->y + PX(10);
	f.bottom = page_measure(&f, draw, arg);
	if (p->html)
		page_svg(p->out, "chart", f.bottom + PX(4));
	draw(&f, arg);
	if (p->html)
		ml_out_str(p->out, "</svg>\n");
	p->y = f.bottom;
}

int64_t ml_sheet_x(const struct ml_sheet *p, int64_t value)
{
	__int128 at = value, span = p->to;

	span -= p->from;
	at -= p->from;
	if (span <= 0)
		return ML_CHART_LEFT;
	at = at * (ML_CHART_RIGHT - ML_CHART_LEFT) / span;
	if (at < 0)
		at = 0;
	if (at > ML_CHART_RIGHT - ML_CHART_LEFT)
		at = ML_CHART_RIGHT - ML_CHART_LEFT;
	return ML_CHART_LEFT + (int64_t)at;
}

void ml_sheet_axis(struct ml_sheet *p)
{
	int64_t span = p->to - p->from, step = ml_tick_step(span, 12), t;
	char text[ML_DURATION];

	p->y += PX(16);
	for (t = 0;; t += step) {
		ml_sheet_line(p, "g", ml_sheet_x(p, p->from + t), p->y + PX(4),
			      p->bottom - p->y - PX(4), false);
		/* not beyond the page */
		ml_tick(t, span, step, text);
		if (ml_sheet_x(p, p->from + t) + ml_text_width(text, ML_FONT) <
		    ML_SHEET_WIDTH)
			ml_sheet_text(p, "m",
				      ml_sheet_x(p, p->from + t) + PX(2), p->y,
				      PX(90), false, text);
		/* the last second that a clock can have, too */
		if (span - t < step)
			break;
	}
	p->y += PX(8);
}

void ml_sheet_bar(struct ml_sheet *p, unsigned int fill, int64_t x, int64_t y,
		  int64_t width, int64_t height, const char *title)
{
	ml_out_fmt(p->out, "<rect class=\"b f%u\" x=\"", fill);
	ml_px(p->out, x);
	ml_out_str(p->out, "\" y=\"");
	ml_px(p->out, y);
	ml_out_str(p->out, "\" width=\"");
	ml_px(p->out, width < ML_PX ? ML_PX : width);
	ml_out_str(p->out, "\" height=\"");
	ml_px(p->out, height);
	if (!title) {
		ml_out_str(p->out, "\"/>\n");
		return;
	}
	ml_out_str(p->out, "\"><title>");
	ml_xml_str(p->out, title);
	ml_out_str(p->out, "</title></rect>\n");
}

void ml_sheet_text(struct ml_sheet *p, const char *class, int64_t x, int64_t y,
		   int64_t width, bool end, const char *text)
{
	char fit[ML_FIT];

	/* headings are bold, which is wider */
	if (strpbrk(class, "hs"))
		width = width * 85 / 100;
	ml_text_fit(text, *class == 'h' ? ML_FONT_TITLE : ML_FONT, width, fit);
	if (!fit[0])
		return;
	ml_out_fmt(p->out, "<text class=\"%s\"%s x=\"", class,
		   end ? " text-anchor=\"end\"" : "");
	ml_px(p->out, x);
	ml_out_str(p->out, "\" y=\"");
	ml_px(p->out, y);
	ml_out_str(p->out, "\">");
	ml_xml_str(p->out, fit);
	ml_out_str(p->out, "</text>\n");
}

void ml_sheet_label(struct ml_sheet *p, int64_t y, const char *text,
		    const char *title)
{
	ml_out_str(p->out, "<g>");
	if (title) {
		ml_out_str(p->out, "<title>");
		ml_xml_str(p->out, title);
		ml_out_str(p->out, "</title>");
	}
	ml_sheet_text(p, "t", PX(10), y, ML_CHART_LEFT - PX(18), false, text);
	ml_out_str(p->out, "</g>\n");
}

void ml_sheet_line(struct ml_sheet *p, const char *class, int64_t x, int64_t y,
		   int64_t height, bool dashed)
{
	ml_out_fmt(p->out, "<path class=\"%s\"%s d=\"M", class,
		   dashed ? " stroke-dasharray=\"2 3\"" : "");
	ml_px(p->out, x);
	ml_out_char(p->out, ' ');
	ml_px(p->out, y);
	ml_out_char(p->out, 'v');
	ml_px(p->out, height);
	ml_out_str(p->out, "\"/>\n");
}
