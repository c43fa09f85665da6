/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - all sources that are not files. A new source is a file and a line
 * here. */
#include "source.h"

#define SOURCES(X) \
	X(pid)     \
	X(domain)  \
	X(qmp)     \
	X(acrn)    \
	X(port)    \
	X(devmem)

#define DECLARE(name) \
	extern const struct ml_image_source ml_image_source_##name;
SOURCES(DECLARE)

#define ENTRY(name) &ml_image_source_##name,
const struct ml_image_source *const ml_image_sources[] = { SOURCES(ENTRY)
								   NULL };
