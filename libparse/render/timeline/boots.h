/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boots.h - draw the timeline of a boot. */
#ifndef ML_RENDER_TIMELINE_BOOTS_H
#define ML_RENDER_TIMELINE_BOOTS_H

#include "record/timeline/timeline.h"
#include "sheet.h"

/* Is there anything to draw of this boot? */
bool ml_boot_shown(const struct ml_timeline_boot *b);

/* A boot: its total, a figure, and tables. */
void ml_boot_draw(struct ml_sheet *p, const struct ml_timeline_boot *b);

#endif
