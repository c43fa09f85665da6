/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flattened.h - makedumpfile's flattened files, FILE over FILE. */
#ifndef ML_IMAGE_FLATTENED_H
#define ML_IMAGE_FLATTENED_H

#include "file.h"

/* Does a file that begins with these len bytes look like one? */
bool ml_flattened_is(const uint8_t *bytes, size_t len);

/*
 * A layer; see image/open.h: through a flattened file, *file becomes
 * the one that makedumpfile -R would write from it, without writing it.
 * NOT_MINE: not flattened; CORRUPT, LIMIT, IO, STOP. A stream that ends early
 * is OK; warnings go to image.
 */
enum memlog_status ml_flattened_open(struct memlog_image *image,
				     struct ml_file *file,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err);

#endif
