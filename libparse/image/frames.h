/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* frames.h - the memory in the frames of a Snappy stream, as a file. */
#ifndef ML_IMAGE_FRAMES_H
#define ML_IMAGE_FRAMES_H

#include "base/crc32c.h"
#include "codec.h"

#define ML_FRAME_MAX	65536u			/* bytes when expanded */
#define ML_FRAME_STORED (ML_FRAME_MAX + 16384u) /* bytes in the file */
#define ML_FRAME_SLOTS	8u

/* pos: bytes of memory in all frames before it. off: of its data in the file;
 * the checksum is in the 4 bytes before. A range of LiME is one frame, of any
 * length and without a checksum. */
struct ml_frame {
	uint64_t pos, off, len;
	uint32_t stored;
	enum { ML_FRAME_SNAPPY, ML_FRAME_PLAIN, ML_FRAME_LIME } kind;
};

struct ml_frame_slot {
	uint64_t off; /* of the frame; 0: empty */
	uint8_t *bytes;
};

/* The memory in all frames of a file, one after the other, as a file. */
struct ml_frames {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	struct memlog_image *image; /* to note damaged frames in */
	struct memlog_codec codec;  /* expand NULL: none */
	void *state;
	struct ml_frame *v;
	size_t n, cap;
	uint64_t len;
	struct ml_frame_slot slots[ML_FRAME_SLOTS];
	unsigned int next_slot;
	uint8_t *in;
	struct ml_crc32c crc;
};

/* No frames of a file yet, which is borrowed. NULL: no memory. The caller closes it
 * with ml_frames_ops.close. */
struct ml_frames *ml_frames_create(struct memlog_image *image,
				   const struct ml_file *file,
				   const struct memlog_open_opts *opts);

/* A file of f->len bytes; self is a struct ml_frames. */
extern const struct memlog_reader_ops ml_frames_ops;

#endif
