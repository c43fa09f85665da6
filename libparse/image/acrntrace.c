/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acrntrace.c - what ACRN's acrntrace wrote: for each CPU a file, entries of a trace
 * of 32 bytes one after the other. They have no header, and are recognised by
 * their entries: stamps that do not go backwards, known forms, one CPU.
 */
#include "captured.h"

#include "base/bytes.h"
#include "base/err.h"

enum {
	ENTRY = 32,
	HEADER = 64,
	LOOKED_AT = 256, /* entries */
	IDS = 0x40000,	 /* events have lower numbers */
};

/* as a shared buffer has it; the other formats do not take it for one */
#define CAPTURED UINT64_C(0x5441676f6c6d656d) /* "memlogAT" */

static bool acrntrace_is_form(uint8_t form)
{
	return !form || form == 2 || form == 4 || form == 8 || form == 16;
}

/* n entries */
static bool acrntrace_is_mine(const uint8_t *p, size_t n)
{
	uint8_t cpu = p[15];
	uint64_t last = 0, id;

	for (; n; n--, p += ENTRY) {
		id = ml_le64(p + 8) & 0xffffffffffff;
		if (!ml_le64(p) || ml_le64(p) < last || !id || id >= IDS ||
		    !acrntrace_is_form(p[14]) || p[15] != cpu)
			return false;
		last = ml_le64(p);
	}
	return true;
}

static enum memlog_status acrntrace_open(struct memlog_image *image,
					 const struct ml_file *file,
					 const struct memlog_open_opts *opts,
					 struct memlog_err *err)
{
	uint8_t b[LOOKED_AT * ENTRY];
	struct ml_captured_piece *piece;
	size_t len, got = 0;
	uint64_t slots;

	if (ml_captured_refused(file, opts) || file->size % ENTRY)
		return ml_fail(err, MEMLOG_NOT_MINE, "not entries of a trace");
	len = (size_t)ml_min(file->size, sizeof(b));
	if (file->ops->read(file->self, 0, b, len, &got, NULL) || got < len ||
	    !acrntrace_is_mine(b, len / ENTRY))
		return ml_fail(err, MEMLOG_NOT_MINE, "not entries of a trace");
	/* a ring of this size would not be full */
	slots = file->size / ENTRY + 2;
	if (slots > UINT32_MAX / ENTRY)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a trace of more than 4 GiB; split it by 32 "
			       "bytes");
	piece = ml_calloc(&image->alloc, 1, sizeof(*piece));
	if (piece)
		piece->bytes = ml_calloc(&image->alloc, 1, HEADER);
	if (!piece || !piece->bytes) {
		ml_free(&image->alloc, piece);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a header");
	}
	piece->len = HEADER;
	ml_put_le64(piece->bytes, CAPTURED);
	ml_put_le32(piece->bytes + 8, (uint32_t)slots);
	ml_put_le32(piece->bytes + 12, ENTRY);
	ml_put_le32(piece->bytes + 20, (uint32_t)file->size);
	ml_put_le32(piece->bytes + 36, (uint32_t)slots * ENTRY);
	return ml_captured_add(image, file, HEADER,
			       HEADER + file->size + 2 * ENTRY, piece, 1, err);
}

const struct ml_image_format ml_image_acrntrace = {
	.name = "acrntrace",
	.title = "trace that acrntrace wrote",
	.open = acrntrace_open,
};
