/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * captured.h - files that a log's own reader wrote. They are the content of a log
 * and not memory: they are put after a header of our own, so that the formats find
 * them as in a dump.
 */
#ifndef ML_IMAGE_CAPTURED_H
#define ML_IMAGE_CAPTURED_H

#include "image.h"

/* What goes before and after the file: bytes that are not zero. */
struct ml_captured_piece {
	uint64_t addr;
	uint32_t len;
	uint8_t *bytes; /* owned by the image afterwards */
};

/* Is the file not to be taken for one? The user says that it is memory, or its size
 * is unknown. */
bool ml_captured_refused(const struct ml_file *file,
			 const struct memlog_open_opts *opts);

/*
 * Give the image memory of size bytes: the whole file at at, n pieces, which are
 * sorted and do not overlap it, and zeros. Takes over pieces, also on failure.
 */
enum memlog_status ml_captured_add(struct memlog_image *image,
				   const struct ml_file *file, uint64_t at,
				   uint64_t size,
				   struct ml_captured_piece *pieces, size_t n,
				   struct memlog_err *err);

void ml_captured_free(const struct memlog_allocator *alloc,
		      struct ml_captured_piece *pieces, size_t n);

#endif
