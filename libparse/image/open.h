/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open.h - from a file to an image.
 *
 * opts are complete: the functions of memlog.h have made a copy of the caller's
 * with ml_open_opts(). Errors begin with the name of the file, and no function
 * further down puts it there.
 */
#ifndef ML_IMAGE_OPEN_H
#define ML_IMAGE_OPEN_H

#include "image/bytes/file.h"

/*
 * A layer sees the file that another one was packed into: on OK *file is that
 * one, which closes the former when it is closed. NOT_MINE, and all errors:
 * *file is what it was. What is worth saying becomes a warning or a note.
 */
typedef enum memlog_status ml_image_layer(struct memlog_image *image,
					  struct ml_file *file,
					  const struct memlog_open_opts *opts,
					  struct memlog_err *err);

/* The layers that need libc only, in the order in which they are tried; ends
 * with NULL. */
extern ml_image_layer *const ml_image_layers[];

/* Open an image on a file, through these layers. The file moves into the image,
 * and is closed when this fails: *file is empty afterwards. */
enum memlog_status ml_image_open_layers(struct ml_file *file,
					ml_image_layer *const *layers,
					const struct memlog_open_opts *opts,
					struct memlog_image **ret,
					struct memlog_err *err);

/* The same through ml_image_layers; opts may be NULL. */
enum memlog_status ml_image_open_on(struct ml_file *file,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err);

/* Open the file of that name, or the files of a list with commas as one image;
 * set.c. */
enum memlog_status ml_image_open_files(const char *names,
				       ml_image_layer *const *layers,
				       const struct memlog_open_opts *opts,
				       struct memlog_image **ret,
				       struct memlog_err *err);

/* The last step of opening: *ret is image, or that is closed because it was
 * starved of memory. */
enum memlog_status ml_image_opened(struct memlog_image *image,
				   struct memlog_image **ret,
				   struct memlog_err *err);

/* A copy of opts, whatever its size; all zero for NULL. */
struct memlog_open_opts ml_open_opts(const struct memlog_open_opts *opts);

/* INVALID when a size is not set, of opts or of one of its codecs. */
enum memlog_status ml_open_opts_check(const struct memlog_open_opts *opts,
				      struct memlog_err *err);

#endif
