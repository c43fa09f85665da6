/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure.h - lengths in a picture: text, durations, ticks of an axis.
 *
 * Lengths are in hundredths of a pixel, so that no locale decides how they are
 * written. The font of a reader is not known: widths are those of the widest common
 * sans-serif fonts, so text is not wider.
 */
#ifndef ML_RENDER_TIMELINE_MEASURE_H
#define ML_RENDER_TIMELINE_MEASURE_H

#include "render/out.h"

#define ML_PX 100

/* How wide a string of that font size is, at most; characters that are escaped count
 * as what they become. */
int64_t ml_text_width(const char *text, unsigned int size);

/* The text, escaped, if it is not wider than that, else its beginning with an
 * ellipsis; "" if not even three characters fit. ret has ML_FIT bytes. */
#define ML_FIT 512u
const char *ml_text_fit(const char *text, unsigned int size, int64_t width,
			char ret[ML_FIT]);

/* "12.35 s", "431.0 ms", "7.25 us", with three to four digits. */
#define ML_DURATION 32u
const char *ml_duration(int64_t ns, char ret[ML_DURATION]);

/* The same for a tick at ns of an axis: all of one axis have the unit of span and the
 * decimals of step. */
const char *ml_tick(int64_t ns, int64_t span, int64_t step,
		    char ret[ML_DURATION]);

/* A step of 1, 2 or 5 times a power of ten, such that at most max of them are in
 * span; both at least 1. */
int64_t ml_tick_step(int64_t span, int64_t max);

/* Write a length. */
void ml_px(struct ml_out *out, int64_t length);

#endif
