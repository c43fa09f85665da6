/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* source.h - images that are not files: live machines. */
#ifndef ML_IMAGE_EXT_SOURCE_H
#define ML_IMAGE_EXT_SOURCE_H

#include "memlog.h"

/*
 * A source is one file, image/ext/foo.c, with one struct ml_image_source, and
 * one line in image/ext/table.c. It is chosen by the prefix of the user's name
 * for an image.
 *
 * prefixes: ended by NULL, as in "pid:".
 * whole: the name must be the prefix, without more.
 * url: the prefix is the scheme of a URL and two slashes, and rest all of the name.
 * file: a file is there, so --map may say what memory it is. It reads the headers itself,
 *	after ml_image_attached().
 * open: rest is the name after the prefix; INVALID if it is wrong. opts are
 *	complete and have a name, which is that of the image; errors do not
 *	begin with it. The caller closes *ret.
 */
struct ml_image_source {
	const char *name; /* "pid" */
	const char *const *prefixes;
	bool whole, url, file;
	enum memlog_status (*open)(const char *rest,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err);
};

/* Ended by NULL. image/ext/table.c */
extern const struct ml_image_source *const ml_image_sources[];

/* The source of a name, and where its rest begins; NULL: it is a file's. table.c */
const struct ml_image_source *ml_image_source_of(const char *name,
						 const char **ret_rest);

#endif
