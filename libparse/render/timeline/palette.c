/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* palette.c - the colours of pictures. Text has a contrast of 4.5 or more to what is
 * under it, edges of 3 or more to paper. */
#include "palette.h"

#include <inttypes.h>

#define PALETTE_N (ML_FILLS + ML_ALL_FILLS)

static const uint32_t palette[PALETTE_N][2] = {
	[ML_PAPER] = { 0xffffff, 0x0d1117 },
	[ML_INK] = { 0x1b1f24, 0xe6edf3 },
	[ML_MUTED] = { 0x57606a, 0x9da7b3 },
	[ML_GRID] = { 0xdfe3e8, 0x262c34 },
	[ML_EDGE] = { 0x6e7781, 0x8b949e },
	/* stages */
	[ML_FILLS] = { 0xd0d7de, 0x3d444d },
	[ML_FILLS + 1] = { 0xc3ccd6, 0x465261 },
	[ML_FILLS + 2] = { 0xf5c49c, 0x7d4318 },
	[ML_FILLS + 3] = { 0xf6dc80, 0x66530e },
	[ML_FILLS + 4] = { 0xa4d69b, 0x2a5f2b },
	[ML_FILLS + 5] = { 0x86cfd0, 0x12595e },
	[ML_FILLS + 6] = { 0x9fc3f5, 0x1f4f91 },
	[ML_FILLS + 7] = { 0xc9b8f3, 0x553a98 },
	[ML_FILLS + 8] = { 0xf1b3d5, 0x7d2e5d },
	[ML_FILLS + 9] = { 0xf2a8a2, 0x862f2c },
	[ML_FILLS + 10] = { 0xdcc49c, 0x5f4b22 },
	[ML_FILLS + 11] = { 0xb4dfc4, 0x295a45 },
	/* others */
	[ML_FILLS + 12] = { 0x8fb8ee, 0x26559a },
	[ML_FILLS + 13] = { 0xf4b978, 0x804a10 },
	[ML_FILLS + 14] = { 0x93cf8a, 0x2d652c },
	[ML_FILLS + 15] = { 0xee9c9c, 0x8a3030 },
	[ML_FILLS + 16] = { 0xc2aef0, 0x583f9c },
	[ML_FILLS + 17] = { 0xedda75, 0x695810 },
	[ML_FILLS + 18] = { 0x82cccb, 0x135f5f },
	[ML_FILLS + 19] = { 0xc8d0d8, 0x444c56 },
};

uint32_t ml_palette(unsigned int colour, bool dark)
{
	return palette[colour][dark];
}

static void palette_rules(struct ml_out *out, bool dark)
{
	unsigned int i;

	ml_out_fmt(out,
		   "svg{background:#%06" PRIx32 "}"
		   ".t,.h{fill:#%06" PRIx32 "}.m{fill:#%06" PRIx32 "}"
		   ".g{stroke:#%06" PRIx32 "}.k{stroke:#%06" PRIx32 "}"
		   ".b{stroke:#%06" PRIx32 "}\n",
		   palette[ML_PAPER][dark], palette[ML_INK][dark],
		   palette[ML_MUTED][dark], palette[ML_GRID][dark],
		   palette[ML_EDGE][dark], palette[ML_EDGE][dark]);
	ml_out_fmt(out,
		   "body{background:#%06" PRIx32 ";color:#%06" PRIx32 "}"
		   ".n{color:#%06" PRIx32 "}td,th{border-color:#%06" PRIx32
		   "}\n",
		   palette[ML_PAPER][dark], palette[ML_INK][dark],
		   palette[ML_MUTED][dark], palette[ML_GRID][dark]);
	for (i = 0; i < ML_ALL_FILLS; i++)
		ml_out_fmt(out, ".f%u{fill:#%06" PRIx32 "}", i,
			   palette[ML_FILLS + i][dark]);
	ml_out_char(out, '\n');
}

void ml_palette_css(struct ml_out *out)
{
	palette_rules(out, false);
	/* paper is white */
	ml_out_str(out, "@media screen and (prefers-color-scheme:dark){\n");
	palette_rules(out, true);
	ml_out_str(out, "}\n");
}
