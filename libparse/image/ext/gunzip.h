/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gunzip.h - unpack gzip and zlib streams and verify their checksums. */
#ifndef ML_IMAGE_EXT_GUNZIP_H
#define ML_IMAGE_EXT_GUNZIP_H

#include "image/bytes/file.h"

struct ml_gunzip;

/* Unpack a file of gzip or of zlib from offset from on; file and alloc are borrowed. The
 * caller destroys *ret. */
enum memlog_status ml_gunzip_create(const struct ml_file *file, uint64_t from,
				    bool gzip,
				    const struct memlog_allocator *alloc,
				    struct ml_gunzip **ret,
				    struct memlog_err *err);
void ml_gunzip_destroy(struct ml_gunzip *g);

/* Unpack up to len bytes; *ret is how many, 0 at the end. CORRUPT: the file is
 * damaged or truncated, or a checksum is wrong, so that any byte unpacked
 * before may be wrong, too. IO: it cannot be read. */
enum memlog_status ml_gunzip_read(struct ml_gunzip *g, uint8_t *buf, size_t len,
				  size_t *ret, struct memlog_err *err);

/* How many bytes of the file have been read. */
uint64_t ml_gunzip_consumed(const struct ml_gunzip *g);

#endif
