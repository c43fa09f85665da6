/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flattened.h - makedumpfile's flattened files, FILE over FILE. */
#ifndef ML_IMAGE_FLATTENED_H
#define ML_IMAGE_FLATTENED_H

#include "file.h"

/* Does a file that begins with these len bytes look like one? */
bool ml_flattened_is(const uint8_t *bytes, size_t len);

/*
 * See through a flattened file: *ret is the file that makedumpfile -R would
 * write from it, read without writing it. lower stays open and the caller's
 * until ml_flattened_adopt. NOT_MINE: not flattened; CORRUPT, LIMIT, IO, STOP.
 * A stream that ends early is OK; warnings go to image.
 */
enum memlog_status ml_flattened_open(struct memlog_image *image,
				     const struct ml_file *lower,
				     const struct memlog_open_opts *opts,
				     struct ml_file *ret,
				     struct memlog_err *err);

/* From now on, closing flat closes the lower file as well. */
void ml_flattened_adopt(struct ml_file *flat);

#endif
