/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* archive.h - files that were compressed as a whole. */
#ifndef ML_IMAGE_EXT_ARCHIVE_H
#define ML_IMAGE_EXT_ARCHIVE_H

#include "image/bytes/file.h"

/*
 * Open a file that gzip, bzip2, xz, zstd or lz4 made: it is unpacked into an
 * unlinked temporary file in opts->tmpdir, pages of zeros as holes. NOT_MINE:
 * it is not compressed. What is left of a damaged file is OK, and *ret_damage
 * (room for size bytes) says what is wrong, else it is empty. LIMIT: it would
 * take more than the free space. *ret_how is the name of the compression.
 */
enum memlog_status ml_archive_open(const char *path,
				   const struct memlog_open_opts *opts,
				   struct ml_file *ret, const char **ret_how,
				   char *ret_damage, size_t size,
				   struct memlog_err *err);

#endif
