/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unlzop.h - unpack files of lzop and verify their checksums. */
#ifndef ML_IMAGE_EXT_UNLZOP_H
#define ML_IMAGE_EXT_UNLZOP_H

#include "image/bytes/file.h"

struct ml_unlzop;

/* Unpack a file from offset from on, with the codec "lzo" of opts; file and alloc are
 * borrowed. UNSUPPORTED: there is no such codec. The caller destroys *ret. */
enum memlog_status ml_unlzop_create(const struct ml_file *file, uint64_t from,
				    const struct memlog_open_opts *opts,
				    const struct memlog_allocator *alloc,
				    struct ml_unlzop **ret,
				    struct memlog_err *err);
void ml_unlzop_destroy(struct ml_unlzop *l);

/* Unpack up to len bytes; *ret is how many, 0 at the end. CORRUPT: the file is damaged or
 * truncated, or a checksum is wrong; blocks before that were right. IO. */
enum memlog_status ml_unlzop_read(struct ml_unlzop *l, uint8_t *buf, size_t len,
				  size_t *ret, struct memlog_err *err);

/* The offset in the file up to which it was read. */
uint64_t ml_unlzop_consumed(const struct ml_unlzop *l);

#endif
