/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmmlog.c - what Cloud Hypervisor or Firecracker logged, with the progress codes of a
 * guest. It is text, recognised by the first such line; everything before that has to
 * be text, too. Or what memlog-dump captured of debug ports, by the first line.
 */
#include "captured.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/bytes/portline.h"
#include "image/bytes/portmark.h"

/* Bytes that a terminal gets: firmware writes escape sequences. */
static bool vmmlog_is_text(uint8_t c)
{
	return c >= ' ' ? c != 0x7f :
			  c == '\n' || c == '\r' || c == '\t' || c == '\b' ||
				  c == '\033';
}

/* Is there a mark in the lines of p that are complete, or, at the end of the file, in
 * the last one? *ret_done: the bytes of those lines. */
static bool vmmlog_marked(const uint8_t *p, size_t len, bool end,
			  size_t *ret_done, struct ml_port_mark *ret)
{
	const uint8_t *lf;
	size_t n;

	for (*ret_done = 0; *ret_done < len; *ret_done += n) {
		lf = memchr(p + *ret_done, '\n', len - *ret_done);
		if (!lf && !end)
			return false;
		n = lf ? (size_t)(lf - (p + *ret_done)) + 1 : len - *ret_done;
		if (ml_port_mark_find(p + *ret_done, n, ret))
			return true;
	}
	return false;
}

/* Text up to a mark, within ML_PORTS_LOOK? Stops at the first byte that is not text.
 * A line that does not fit has no mark. */
static bool vmmlog_is_mine(const struct ml_file *file, struct ml_port_mark *ret)
{
	uint64_t limit = ml_min(file->size, ML_PORTS_LOOK), at = 0;
	size_t kept = 0, got, i, done;
	uint8_t b[2 * ML_MAX_LINE];

	while (at < limit) {
		if (file->ops->read(file->self, at, b + kept,
				    (size_t)ml_min(sizeof(b) - kept,
						   limit - at),
				    &got, NULL) ||
		    !got)
			return false;
		for (i = 0; i < got && vmmlog_is_text(b[kept + i]); i++)
			;
		at += got;
		kept += i;
		if (vmmlog_marked(b, kept, i == got && at == limit, &done, ret))
			return true;
		if (i < got)
			return false;
		kept -= done;
		memmove(b, b + done, kept);
		if (kept == sizeof(b))
			kept = 0;
	}
	return false;
}

/* Does the text begin with a line of a capture? */
static bool vmmlog_is_capture(const struct ml_file *file)
{
	struct ml_port_line line;
	uint8_t b[ML_MAX_LINE];
	const uint8_t *lf;
	size_t got;

	if (file->ops->read(file->self, 0, b, sizeof(b), &got, NULL))
		return false;
	lf = memchr(b, '\n', got);
	return ml_port_line(b, lf ? (size_t)(lf - b) + 1 : got, &line);
}

static bool vmmlog_recognise(const struct ml_file *file, uint8_t *ret)
{
	struct ml_port_mark mark;

	*ret = ML_PORTS_OF_CAPTURE;
	if (vmmlog_is_capture(file))
		return true;
	if (!vmmlog_is_mine(file, &mark))
		return false;
	*ret = mark.boot_timer ? ML_PORTS_OF_TIMER : ML_PORTS_OF_MONITOR;
	return true;
}

static enum memlog_status vmmlog_open(struct memlog_image *image,
				      const struct ml_file *file,
				      const struct memlog_open_opts *opts,
				      struct memlog_err *err)
{
	struct ml_captured_piece *piece;
	uint8_t of;

	if (ml_captured_refused(file, opts) || !vmmlog_recognise(file, &of))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not text with progress codes");
	if (file->size > ML_PORTS_TEXT)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a log of more than 1 TiB; split it");
	piece = ml_calloc(&image->alloc, 1, sizeof(*piece));
	if (piece)
		piece->bytes = ml_calloc(&image->alloc, 1, ML_PORTS_HEADER);
	if (!piece || !piece->bytes) {
		ml_free(&image->alloc, piece);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a header");
	}
	piece->len = ML_PORTS_HEADER;
	memcpy(piece->bytes, ML_PORTS_MAGIC, ML_PORTS_LEN_AT);
	ml_put_le64(piece->bytes + ML_PORTS_LEN_AT, file->size);
	piece->bytes[ML_PORTS_OF_AT] = of;
	if (of == ML_PORTS_OF_CAPTURE)
		image->title = "capture of debug ports";
	return ml_captured_add(image, file, ML_PORTS_HEADER,
			       ML_PORTS_HEADER + file->size, piece, 1, err);
}

const struct ml_image_format ml_image_vmmlog = {
	.name = "vmm-log",
	.title = "log of a virtual machine monitor",
	.open = vmmlog_open,
};
