/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.h - from a file to an image. */
#ifndef ML_IMAGE_OPEN_H
#define ML_IMAGE_OPEN_H

#include "image/bytes/file.h"

/* Open an image on a file, which becomes the image's own on OK and stays the
 * caller's otherwise. Errors are prefixed with the file's name. */
enum memlog_status ml_image_open_on(const struct ml_file *file,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err);

/* The same for the file of that name. */
enum memlog_status ml_image_open_path(const char *path,
				      const struct memlog_open_opts *opts,
				      struct memlog_image **ret,
				      struct memlog_err *err);

/* A copy of opts, whatever its size; all zero for NULL. */
struct memlog_open_opts ml_open_opts(const struct memlog_open_opts *opts);

/* INVALID when a size is not set, of opts or of one of its codecs. */
enum memlog_status ml_open_opts_check(const struct memlog_open_opts *opts,
				      struct memlog_err *err);

#endif
