/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - all sources that are not files. A new source is a file and a line
 * here. */
#include "source.h"

#include <string.h>

#define SOURCES(X) \
	X(pid)     \
	X(domain)  \
	X(qmp)     \
	X(acrn)    \
	X(port)    \
	X(devmem)  \
	X(nbd)     \
	X(nbdkit)

#define DECLARE(name) \
	extern const struct ml_image_source ml_image_source_##name;
SOURCES(DECLARE)

#define ENTRY(name) &ml_image_source_##name,
const struct ml_image_source *const ml_image_sources[] = { SOURCES(ENTRY)
								   NULL };

/* Is the prefix k of the source that of the name? */
static bool source_has(const struct ml_image_source *s, size_t k,
		       const char *name)
{
	const char *prefix = s->prefixes[k];

	return s->whole ? !strcmp(name, prefix) :
			  !strncmp(name, prefix, strlen(prefix));
}

const struct ml_image_source *ml_image_source_of(const char *name,
						 const char **ret_rest)
{
	const struct ml_image_source *const *s;
	size_t k;

	for (s = ml_image_sources; *s; s++)
		for (k = 0; (*s)->prefixes[k]; k++)
			if (source_has(*s, k, name)) {
				*ret_rest =
					(*s)->url ?
						name :
						name + strlen((*s)->prefixes[k]);
				return *s;
			}
	return NULL;
}
