/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* protobuf.h - write messages of protocol buffers. */
#ifndef ML_RENDER_PERFETTO_PROTOBUF_H
#define ML_RENDER_PERFETTO_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a message; what exceeds them is left out. Enough for a packet of a
 * trace: a name, a category, a line, values with their names, and tags. */
#define ML_PB_MAX 16384u

struct ml_pb {
	size_t len;
	uint8_t buf[ML_PB_MAX];
};

void ml_pb_varint(struct ml_pb *p, uint64_t v);

/* A field of a message: a number, or len bytes, which may be a message. */
void ml_pb_uint(struct ml_pb *p, unsigned int field, uint64_t v);
void ml_pb_bytes(struct ml_pb *p, unsigned int field, const void *bytes,
		 size_t len);
void ml_pb_str(struct ml_pb *p, unsigned int field, const char *s);

#endif
