/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* around.c - how much is searched around logs, for what belongs to them. */
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "format.h"
#include "image/image.h"

void ml_curtail(struct memlog_image *image, const char *format)
{
	size_t i;

	for (i = 0; i < image->n_curtailed; i++)
		if (!strcmp(image->curtailed[i], format))
			return;
	if (i < ML_CURTAILED)
		image->curtailed[image->n_curtailed++] = format;
}

void ml_curtail_warn(struct memlog_image *image)
{
	size_t i;

	for (i = 0; i < image->n_curtailed; i++)
		ml_image_warn(image,
			      "%s: too many places look like its logs, and not "
			      "all were searched; use --range A-B to search a "
			      "part",
			      image->curtailed[i]);
}

bool ml_logs_look_around(struct memlog_logs *logs, struct memlog_image *image,
			 const char *format, uint64_t n)
{
	if (n > ML_MAX_AROUND - ml_min(logs->around, ML_MAX_AROUND)) {
		ml_curtail(image, format);
		return false;
	}
	logs->around += n;
	return true;
}
