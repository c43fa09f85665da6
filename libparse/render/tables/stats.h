/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stats.h - the writers of --stats. Only csv is in the table: the others
 * replace text and json. Each writes the requested analyses of a trace, one
 * after the other, each once.
 */
#ifndef ML_RENDER_STATS_H
#define ML_RENDER_STATS_H

#include "render/render.h"

extern const struct ml_render ml_render_stats;
extern const struct ml_render ml_render_stats_json;
extern const struct ml_render ml_render_stats_json_seq;
extern const struct ml_render ml_render_csv;

/* The index-th analysis's name, static; false beyond the last. */
bool ml_analysis_get(size_t index, const char **ret_name,
		     const char **ret_title);

/* Does a list, as --stats takes it, have several analyses? */
bool ml_analysis_several(const char *list);

/* Does the list have an analysis of records of this format? */
bool ml_analysis_wants(const char *list, const struct ml_format *fmt);

/* Does the list have the one of the boot, which is of all logs together? */
bool ml_analysis_boot(const char *list);

#endif
