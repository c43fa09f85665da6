/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* members.h - unpack files that were compressed as a whole, and archives. */
#ifndef ML_IMAGE_EXT_MEMBERS_H
#define ML_IMAGE_EXT_MEMBERS_H

#include "image/bytes/file.h"

/*
 * A layer, see image/open.h, for files compressed with gzip, zlib, bzip2, xz, zstd or
 * lz4, and for archives of tar, cpio, zip or 7z. *file becomes an unlinked temporary file
 * in opts->tmpdir with the unpacked bytes, pages of zeros as holes. Of an archive that is
 * file->member, or if that is NULL the file that begins like a dump, and of several the
 * largest. NOT_MINE: neither. INVALID: no such file in it. LIMIT: it needs more than the
 * free space, or has more than ML_MAX_UNPACKED bytes. A damaged file is OK, with a
 * warning, if anything could be unpacked.
 */
enum memlog_status ml_archive_open(struct memlog_image *image,
				   struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err);

#endif
