/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * capture.h - keep parts of a stream while it is read, as a file.
 *
 * The file has the size and the offsets of the stream. Reading bytes that were
 * not kept is NO_DATA; next_data returns those that were.
 */
#ifndef ML_IMAGE_CAPTURE_H
#define ML_IMAGE_CAPTURE_H

#include "file.h"

struct ml_capture;

/* An empty capture. If it grows beyond ML_CAPTURE_MEMORY, it moves to an
 * unlinked temporary file in tmpdir, which is borrowed. The caller destroys it,
 * or passes it to ml_capture_file(). */
enum memlog_status ml_capture_create(const struct memlog_allocator *alloc,
				     const char *tmpdir,
				     struct ml_capture **ret,
				     struct memlog_err *err);
void ml_capture_destroy(struct ml_capture *capture);

/* Keep a copy of len bytes at offset off; bytes that were kept before stay as
 * they are. NO_MEMORY; IO: the temporary file. */
enum memlog_status ml_capture_add(struct ml_capture *capture, uint64_t off,
				  const uint8_t *bytes, size_t len,
				  struct memlog_err *err);

/* Is the byte at off kept? */
bool ml_capture_has(const struct ml_capture *capture, uint64_t off);

/* How many bytes are kept, and whether they are in a temporary file. */
uint64_t ml_capture_bytes(const struct ml_capture *capture);
bool ml_capture_spilled(const struct ml_capture *capture);

/* Make the capture a file of size bytes, which owns it. name is borrowed. */
void ml_capture_file(struct ml_capture *capture, const char *name,
		     uint64_t size, struct ml_file *ret);

#endif
