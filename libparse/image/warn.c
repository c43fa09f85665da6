/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* warn.c - the warnings of an image. */
#include "image.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

static void warn_add(struct memlog_image *image, enum ml_warning_kind kind,
		     const char *fmt, va_list ap)
{
	char line[512], *copy;
	size_t i;

	if (image->n_warnings >= ML_MAX_WARNINGS)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	for (i = 0; i < image->n_warnings; i++)
		if (!strcmp(image->warnings[i].text, line))
			return;
	copy = ml_strdup(&image->alloc, line);
	if (!copy ||
	    ml_grow(&image->alloc, &image->warnings, image->n_warnings,
		    &image->cap_warnings, sizeof(*image->warnings), NULL)) {
		ml_free(&image->alloc, copy);
		image->starved = true;
		return;
	}
	image->warnings[image->n_warnings++] =
		(struct ml_warning){ kind, copy };
}

void ml_image_warn(struct memlog_image *image, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	warn_add(image, ML_WARN_IMAGE, fmt, ap);
	va_end(ap);
}

void ml_image_warn_cut(struct memlog_image *image, const char *fmt, ...)
{
	va_list ap;

	image->cut = true;
	va_start(ap, fmt);
	warn_add(image, ML_WARN_IMAGE, fmt, ap);
	va_end(ap);
}

void ml_image_warn_part(struct memlog_image *image, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	warn_add(image, ML_WARN_PART, fmt, ap);
	va_end(ap);
}

const char *memlog_image_warning(const struct memlog_image *image, size_t index)
{
	return index < image->n_warnings ? image->warnings[index].text : NULL;
}
