/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - all outputs. A new one is a file and a line here; the first one is
 * the default. */
#include "render.h"

#include <string.h>

#define RENDERS(X)     \
	X(text)        \
	X(raw)         \
	X(json)        \
	X(json_seq)    \
	X(perfetto)    \
	X(chrome)      \
	X(svg)         \
	X(html)        \
	X(tracedat)    \
	X(csv)         \
	X(acrnlog)     \
	X(acrnlog_raw) \
	X(acrntrace)

#define DECLARE(name) extern const struct ml_render ml_render_##name;
RENDERS(DECLARE)

#define ENTRY(name) &ml_render_##name,
const struct ml_render *const ml_renders[] = { RENDERS(ENTRY) NULL };

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
