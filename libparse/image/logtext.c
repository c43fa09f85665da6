/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * logtext.c - text of OVMF that is not in memory any more: what its debug port wrote to a
 * file, or Linux's /sys/firmware/efi/ovmf_debug_log. It is recognised by a line that the
 * core of a phase writes, with nothing but text before it, and put after a header as in
 * memory, so that it has the same filters.
 */
#include "captured.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define HEADER 192u
#define LOOK   (128u << 10) /* bytes in which such a line must be */
#define PIECE  4096u

/* A byte of text; firmware writes escape sequences, and backspace. */
static bool logtext_is(uint8_t c)
{
	return c >= ' ' ? c != 0x7f :
			  c == '\n' || c == '\r' || c == '\t' || c == '\b' ||
				  c == '\f' || c == '\033';
}

/* Is it the start of a line that edk2 writes, and hardly anybody else? */
static bool logtext_line(const uint8_t *line, size_t len)
{
	static const char *const starts[] = {
		"SecCoreStartupWithStack(",
		"Register PPI Notify: ",
		"Install PPI: ",
		"Loading PEIM at 0x",
		"Loading PEIM ",
		"Loading driver at 0x",
		"InstallProtocolInterface: ",
	};
	size_t i, n;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		n = strlen(starts[i]);
		if (len > n && !memcmp(line, starts[i], n))
			return true;
	}
	return false;
}

/* Stops at the first byte that is not text. */
static bool logtext_is_mine(const struct ml_file *file)
{
	uint64_t limit = ml_min(file->size, LOOK), at = 0;
	uint8_t b[2 * PIECE];
	const uint8_t *lf;
	size_t kept = 0, got, i, from;

	while (at < limit) {
		if (file->ops->read(file->self, at, b + kept,
				    (size_t)ml_min(PIECE, limit - at), &got,
				    NULL) ||
		    !got)
			return false;
		for (i = 0; i < got; i++)
			if (!logtext_is(b[kept + i]))
				return false;
		at += got;
		kept += got;
		for (from = 0; (lf = memchr(b + from, '\n', kept - from));
		     from = (size_t)(lf - b) + 1)
			if (logtext_line(b + from, (size_t)(lf - b) - from))
				return true;
		/* a line that does not fit is none of these */
		kept = kept - from > PIECE ? 0 : kept - from;
		memmove(b, b + from, kept);
	}
	return false;
}

static enum memlog_status logtext_open(struct memlog_image *image,
				       const struct ml_file *file,
				       const struct memlog_open_opts *opts,
				       struct memlog_err *err)
{
	struct ml_captured_piece *piece;
	uint64_t size;

	if (ml_captured_refused(file, opts) || !logtext_is_mine(file))
		return ml_fail(err, MEMLOG_NOT_MINE, "not text of OVMF");
	size = (HEADER + file->size + ML_PAGE) / ML_PAGE * ML_PAGE;
	if (size > ML_OVMF_MAX)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "text of OVMF, and more than %u MiB of it; "
			       "split it",
			       ML_OVMF_MAX >> 20);
	piece = ml_calloc(&image->alloc, 1, sizeof(*piece));
	if (piece)
		piece->bytes = ml_calloc(&image->alloc, 1, HEADER);
	if (!piece || !piece->bytes) {
		ml_free(&image->alloc, piece);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a header");
	}
	piece->len = HEADER;
	memcpy(piece->bytes, "ovmfmdg1ovmfmdg2", 16);
	ml_put_le64(piece->bytes + 0x10, HEADER);
	ml_put_le64(piece->bytes + 0x18, size - HEADER);
	ml_put_le64(piece->bytes + 0x20, 1);
	ml_put_le64(piece->bytes + 0x30, file->size);
	return ml_captured_add(image, file, HEADER, size, piece, 1, err);
}

const struct ml_image_format ml_image_logtext = {
	.name = "log-text",
	.title = "text of a log of OVMF",
	.open = logtext_open,
};
