/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* source.h - images that are not plain files: live machines, pipes. */
#ifndef ML_IMAGE_EXT_SOURCE_H
#define ML_IMAGE_EXT_SOURCE_H

#include "memlog.h"

/* A source is chosen by how a name begins ("pid:"); whole: the name has to be
 * the prefix and no more. open gets what follows it. */
struct ml_image_source {
	const char *prefix;
	bool whole;
	enum memlog_status (*open)(const char *rest,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err);
};

/* Ends with a NULL prefix. ext/table.c */
extern const struct ml_image_source ml_image_sources[];

#endif
