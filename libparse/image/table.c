/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - all file formats that need only libc, in the order in which they
 * are tried. A new format is a file and a line here. */
#include "image.h"

#define FORMATS(X)   \
	X(elf)       \
	X(kdump)     \
	X(lime)      \
	X(windows)   \
	X(qevm)      \
	X(refused)   \
	X(acrntrace) \
	X(vmmlog)    \
	X(logtext)   \
	X(rawpipe)   \
	X(raw) /* last: accepts nearly anything */

#define DECLARE(name) extern const struct ml_image_format ml_image_##name;
FORMATS(DECLARE)

#define ENTRY(name) &ml_image_##name,
const struct ml_image_format *const ml_image_formats[] = { FORMATS(ENTRY)
								   NULL };
