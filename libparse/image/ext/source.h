/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* source.h - images that are not plain files: live machines, pipes. */
#ifndef ML_IMAGE_EXT_SOURCE_H
#define ML_IMAGE_EXT_SOURCE_H

#include "memlog.h"

/*
 * A source is one file, image/ext/foo.c, with one struct ml_image_source, and
 * one line in image/ext/table.c. It is chosen by how the user's name for an
 * image begins.
 *
 * whole: that name has to be the prefix and no more.
 * open: gets what follows the prefix, and sets *ret on OK, which the caller
 *	closes. INVALID: that is not what has to follow.
 */
struct ml_image_source {
	const char *name;	/* "pid" */
	const char *prefix;	/* "pid:" */
	bool whole;
	enum memlog_status (*open)(const char *rest,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err);
};

/* Ends with NULL. image/ext/table.c */
extern const struct ml_image_source *const ml_image_sources[];

#endif
