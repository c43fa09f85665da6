/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sheet.h - a page of headings, tables and figures, written as one SVG image or as HTML
 * with figures in SVG. It has no script and refers to nothing; its size is bounded by
 * what is drawn, not by the number of records.
 *
 * A page is laid out twice: first into nothing, to know its height.
 */
#ifndef ML_RENDER_TIMELINE_SHEET_H
#define ML_RENDER_TIMELINE_SHEET_H

#include "measure.h"
#include "palette.h"

/* The width of a page, and where the chart of a figure begins and ends. */
#define ML_SHEET_WIDTH (INT64_C(1200) * ML_PX)
#define ML_CHART_LEFT  (INT64_C(210) * ML_PX)
#define ML_CHART_RIGHT (INT64_C(1180) * ML_PX)

/* Font sizes, in pixels. */
#define ML_FONT	      12u
#define ML_FONT_TITLE 19u

/* from, to: what the left and right end of the chart are. bottom: of the figure, from
 * its first layout. */
struct ml_sheet {
	struct ml_out *out;
	bool html;
	int64_t y, bottom, from, to;
};

/* draw: the page, as svg or html. title: guest text. */
typedef void ml_sheet_fn(struct ml_sheet *page, void *arg);
void ml_sheet_write(struct ml_out *out, bool html, const char *title,
		    ml_sheet_fn *draw, void *arg);

void ml_sheet_heading(struct ml_sheet *p, unsigned int level, const char *text);
void ml_sheet_note(struct ml_sheet *p, const char *text);
void ml_sheet_figure(struct ml_sheet *p, ml_sheet_fn *draw, void *arg);

/* Columns of a table: a fill as key (-1: none), a name, three numbers, a text. NULL in
 * the heading: there is no such column. */
enum { ML_CELL_NAME, ML_CELL_A, ML_CELL_B, ML_CELL_C, ML_CELL_TEXT, ML_CELLS };
void ml_sheet_table(struct ml_sheet *p, const char *const heading[ML_CELLS]);
void ml_sheet_row(struct ml_sheet *p, int fill,
		  const char *const cells[ML_CELLS]);
void ml_sheet_table_end(struct ml_sheet *p);

/* ---- in a figure -------------------------------------------------------- */

/* Where a value is on the chart. */
int64_t ml_sheet_x(const struct ml_sheet *p, int64_t value);

/* The axis of the chart, with lines to the bottom of the figure. */
void ml_sheet_axis(struct ml_sheet *p);

/* A bar at y, at least a pixel wide; title: shown on it, NULL: none. */
void ml_sheet_bar(struct ml_sheet *p, unsigned int fill, int64_t x, int64_t y,
		  int64_t width, int64_t height, const char *title);

/* Text whose left (or right, with end) is at x; y: its base line. It is cut to
 * width. */
void ml_sheet_text(struct ml_sheet *p, const char *class, int64_t x, int64_t y,
		   int64_t width, bool end, const char *text);

/* The name of a row, left of the chart. */
void ml_sheet_label(struct ml_sheet *p, int64_t y, const char *text,
		    const char *title);

/* A vertical line. */
void ml_sheet_line(struct ml_sheet *p, const char *class, int64_t x, int64_t y,
		   int64_t height, bool dashed);

#endif
