/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - all file formats. A new one is a file and a line here; they are
 * tried in this order. */
#include "image.h"

#define FORMATS(X)		\
	X(elf)			\
	X(kdump)		\
	X(lime)			\
	X(windows)		\
	X(qevm)			\
	X(refused)		\
	X(raw)	/* takes nearly anything */

#define DECLARE(name) extern const struct ml_image_format ml_image_##name;
FORMATS(DECLARE)

#define ENTRY(name) &ml_image_##name,
const struct ml_image_format *const ml_image_formats[] = {
	FORMATS(ENTRY) NULL
};
