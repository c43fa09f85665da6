/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* protobuf.c - write messages of protocol buffers. */
#include "protobuf.h"

#include <string.h>

static void pb_byte(struct ml_pb *p, uint8_t b)
{
	if (p->len < sizeof(p->buf))
		p->buf[p->len++] = b;
}

void ml_pb_varint(struct ml_pb *p, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		pb_byte(p, (uint8_t)(v | 0x80));
	pb_byte(p, (uint8_t)v);
}

void ml_pb_uint(struct ml_pb *p, unsigned int field, uint64_t v)
{
	ml_pb_varint(p, (uint64_t)field << 3);
	ml_pb_varint(p, v);
}

void ml_pb_bytes(struct ml_pb *p, unsigned int field, const void *bytes,
		 size_t len)
{
	const uint8_t *b = bytes;

	ml_pb_varint(p, (uint64_t)field << 3 | 2);
	ml_pb_varint(p, len);
	while (len--)
		pb_byte(p, *b++);
}

void ml_pb_str(struct ml_pb *p, unsigned int field, const char *s)
{
	ml_pb_bytes(p, field, s, strlen(s));
}
