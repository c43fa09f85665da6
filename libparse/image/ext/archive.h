/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* archive.h - files that were compressed as a whole. */
#ifndef ML_IMAGE_EXT_ARCHIVE_H
#define ML_IMAGE_EXT_ARCHIVE_H

#include "image/bytes/file.h"

/*
 * A layer; see image/open.h: through what gzip, bzip2, xz, zstd or lz4 made. It
 * is unpacked into an unlinked temporary file in opts->tmpdir, pages of zeros
 * as holes. NOT_MINE: it is not compressed. What is left of a damaged file is
 * OK, with a warning. LIMIT: it would take more than the free space.
 */
enum memlog_status ml_archive_open(struct memlog_image *image,
				   struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err);

#endif
