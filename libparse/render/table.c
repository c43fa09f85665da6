/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - every output format. */
#include "render.h"

#include <string.h>

extern const struct ml_render ml_render_text;
extern const struct ml_render ml_render_raw;
extern const struct ml_render ml_render_json;
extern const struct ml_render ml_render_json_seq;
extern const struct ml_render ml_render_perfetto;
extern const struct ml_render ml_render_csv;
extern const struct ml_render ml_render_acrnlog;
extern const struct ml_render ml_render_acrntrace;

const struct ml_render *const ml_renders[] = {
	&ml_render_text,
	&ml_render_raw,
	&ml_render_json,
	&ml_render_json_seq,
	&ml_render_perfetto,
	&ml_render_csv,
	&ml_render_acrnlog,
	&ml_render_acrntrace,
	NULL,
};

const struct ml_render *ml_render_find(const char *name)
{
	size_t i;

	for (i = 0; ml_renders[i]; i++)
		if (!strcmp(ml_renders[i]->name, name))
			return ml_renders[i];
	return NULL;
}

bool memlog_render_get(size_t index, const char **ret_name,
		       const char **ret_title)
{
	if (index >= sizeof(ml_renders) / sizeof(ml_renders[0]) - 1)
		return false;
	*ret_name = ml_renders[index]->name;
	*ret_title = ml_renders[index]->title;
	return true;
}
