/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* palette.h - the colours of pictures, light and dark. */
#ifndef ML_RENDER_TIMELINE_PALETTE_H
#define ML_RENDER_TIMELINE_PALETTE_H

#include "render/out.h"

/* What a colour is for. INK and MUTED are text on PAPER; INK is also on all fills. */
enum ml_colour {
	ML_PAPER,
	ML_INK,
	ML_MUTED,
	ML_GRID,
	ML_EDGE, /* around fills, and marks */
	ML_FILLS /* classes f0, f1, ... */
};

/* Fills: of stages, by their number, then of what has no stage. */
#define ML_STAGE_FILLS 12u
#define ML_OTHER_FILLS 8u
#define ML_ALL_FILLS   (ML_STAGE_FILLS + ML_OTHER_FILLS)

/* 0xrrggbb */
uint32_t ml_palette(unsigned int colour, bool dark);

/* Rules of CSS for all of them, with a query for the dark ones, and for paper. */
void ml_palette_css(struct ml_out *out);

#endif
