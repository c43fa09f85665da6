/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flattened.h - read makedumpfile's flattened files without unpacking them. */
#ifndef ML_IMAGE_FLATTENED_H
#define ML_IMAGE_FLATTENED_H

#include "file.h"

/* Is a file that begins with these len bytes flattened? */
bool ml_flattened_is(const uint8_t *bytes, size_t len);

/*
 * A layer, see image/open.h: *file becomes the file that makedumpfile -R would
 * write. NOT_MINE: not flattened; UNSUPPORTED, LIMIT, IO, STOP. A truncated or
 * damaged stream is OK, with a warning.
 */
enum memlog_status ml_flattened_open(struct memlog_image *image,
				     struct ml_file *file,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err);

#endif
