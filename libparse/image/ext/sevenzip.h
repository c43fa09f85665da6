/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sevenzip.h - how much memory a 7z archive asks for. */
#ifndef ML_IMAGE_EXT_SEVENZIP_H
#define ML_IMAGE_EXT_SEVENZIP_H

#include "image/bytes/file.h"

/* May libarchive, which sets no limit, unpack the 7z archive that begins at offset at of a
 * file, with windows of at most max bytes? LIMIT: not with these. CORRUPT: its list of
 * files is damaged. UNSUPPORTED: this build, or libarchive, cannot read that. IO. */
enum memlog_status ml_sevenzip_check(const struct ml_file *file, uint64_t at,
				     uint64_t max,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err);

#endif
