/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * capture.h - the parts of a stream that were kept as it went by, as a file.
 *
 * The file has the size and the offsets of the stream. Bytes that were not kept
 * are not there (read says NO_DATA); next_data gives those that were.
 */
#ifndef ML_IMAGE_CAPTURE_H
#define ML_IMAGE_CAPTURE_H

#include "file.h"

struct ml_capture;

/* An empty capture. What is kept beyond ML_CAPTURE_MEMORY goes to an unlinked
 * temporary file in tmpdir. The caller destroys it, or hands it to a file. */
enum memlog_status ml_capture_create(const struct memlog_allocator *alloc,
				     const char *tmpdir,
				     struct ml_capture **ret,
				     struct memlog_err *err);
void ml_capture_destroy(struct ml_capture *capture);

/* Keep len bytes that stand at off; what was kept before is not kept twice. */
enum memlog_status ml_capture_add(struct ml_capture *capture, uint64_t off,
				  const uint8_t *bytes, size_t len,
				  struct memlog_err *err);

/* Is the byte at off kept? */
bool ml_capture_has(const struct ml_capture *capture, uint64_t off);

/* Bytes kept, and whether they had to go to a file. */
uint64_t ml_capture_bytes(const struct ml_capture *capture);
bool ml_capture_spilled(const struct ml_capture *capture);

/* The capture as a file of size bytes, which closes it. name is borrowed. */
void ml_capture_file(struct ml_capture *capture, const char *name,
		     uint64_t size, struct ml_file *ret);

#endif
