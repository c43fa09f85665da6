/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cpio.h - the headers of a cpio archive, before libarchive sees them: it allocates
 * whatever they give as the size of a name, up to 4 GiB. */
#ifndef ML_IMAGE_EXT_CPIO_H
#define ML_IMAGE_EXT_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memlog.h"

#define ML_CPIO_HEADER	110u
#define ML_CPIO_TRAILER 10u

/* Where the stream is. at: offset of the next bytes that come; next: of the header that
 * is wanted, of which head has n bytes; done: this is not such an archive, or its last
 * header was seen. Zeros: the begin. */
struct ml_cpio {
	uint64_t at, next;
	size_t n;
	bool done;
	uint8_t head[ML_CPIO_HEADER + ML_CPIO_TRAILER];
};

/* The next bytes of the stream, of whatever archive. CORRUPT: a header is not valid, or the
 * name after it is longer than ML_MAX_CPIO_NAME. */
enum memlog_status ml_cpio_check(struct ml_cpio *c, const uint8_t *bytes,
				 size_t len, struct memlog_err *err);

/* The next bytes that come are those at offset at. */
void ml_cpio_seek(struct ml_cpio *c, uint64_t at);

#endif
