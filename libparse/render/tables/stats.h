/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stats.h - the writers behind --stats. Only csv is in the table: the others
 * replace text and json. */
#ifndef ML_RENDER_STATS_H
#define ML_RENDER_STATS_H

#include "render/render.h"

extern const struct ml_render ml_render_stats;
extern const struct ml_render ml_render_stats_json;
extern const struct ml_render ml_render_stats_json_seq;
extern const struct ml_render ml_render_csv;

/* Are all names in the comma-separated list known analyses? */
bool ml_stats_list_valid(const char *list);

#endif
