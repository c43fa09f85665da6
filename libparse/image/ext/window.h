/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * window.h - unpackers of formats whose files say how much memory unpacking takes: each
 * stream, frame or block asks for a window, the bytes before that it may refer to.
 */
#ifndef ML_IMAGE_EXT_WINDOW_H
#define ML_IMAGE_EXT_WINDOW_H

#include "image/bytes/file.h"

/*
 * create: unpack a file from offset from on, with windows of at most max bytes; file and
 *	alloc are borrowed. The caller destroys *ret.
 * read: up to len bytes; *ret is how many, on failure, too, after which it is not called
 *	again; 0: the end. CORRUPT: the file is damaged or truncated, or a checksum is
 *	wrong. LIMIT: a larger window is needed, at the beginning or anywhere later. IO.
 * consumed: the offset in the file up to which it was read.
 */
struct ml_window_ops {
	enum memlog_status (*create)(const struct ml_file *file, uint64_t from,
				     uint64_t max,
				     const struct memlog_allocator *alloc,
				     void **ret, struct memlog_err *err);
	enum memlog_status (*read)(void *self, uint8_t *buf, size_t len,
				   size_t *ret, struct memlog_err *err);
	uint64_t (*consumed)(const void *self);
	void (*destroy)(void *self);
};

#ifdef HAVE_LZMA
extern const struct ml_window_ops ml_unxz; /* unxz.c */
#endif
#ifdef HAVE_ZSTD
extern const struct ml_window_ops ml_unzstd; /* unzstd.c */
#endif

/* Fail with LIMIT: a window of so many bytes (0: unknown) is larger than max. */
enum memlog_status ml_window_fail(uint64_t bytes, uint64_t max,
				  struct memlog_err *err);

#endif
