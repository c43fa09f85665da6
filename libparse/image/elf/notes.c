/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notes.c - read the ELF notes of a file through a window. */
#include "note.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "image/bytes/file.h"

#define NOTE_HEADER 12u

/* The notes are at [off, off + len) of file; buf has filled bytes of them, of at
 * most room, from at on. */
struct notes {
	struct memlog_image *image;
	const struct ml_ehdr *e;
	const struct ml_file *file;
	uint64_t off, len, at, align;
	uint8_t *buf;
	size_t filled, room;
};

/* Fill the window with what is at offset at of the notes, as far as it can be read. */
static void notes_fill(struct notes *n, uint64_t at)
{
	n->at = at;
	(void)ml_file_read_some(n->file, n->off + at, n->buf,
				(size_t)ml_min(n->room, n->len - at),
				&n->filled, NULL);
}

static uint64_t notes_align(const struct notes *n, uint64_t at)
{
	return at + (n->align - at % n->align) % n->align;
}

/* Where the note at offset at ends, with padding if there is some. false: its header is not
 * there, or it is larger than what is left. */
static bool notes_end(struct notes *n, uint64_t at, uint64_t *ret)
{
	struct ml_cursor c;

	if (at - n->at + NOTE_HEADER > n->filled)
		notes_fill(n, at);
	ml_cursor_init(&c, n->buf, n->filled, n->e->big_endian);
	ml_cursor_seek(&c, (size_t)(at - n->at));
	*ret = at + NOTE_HEADER;
	*ret = notes_align(n, *ret + ml_cursor_u32(&c));
	*ret += ml_cursor_u32(&c);
	if (c.failed || *ret > n->len)
		return false;
	*ret = ml_min(notes_align(n, *ret), n->len);
	return true;
}

/* The note at [at, end) is not in the window that begins with it. */
static void notes_leave_out(const struct notes *n, uint64_t at, uint64_t end)
{
	if (end - at > n->room)
		ml_image_warn(n->image,
			      "a note of more than %u bytes is left out",
			      ML_MAX_NOTE);
	else
		ml_image_warn(n->image,
			      "a note that cannot be read is left out");
}

/* Add the note at offset at, and advance *at to the next. CORRUPT. */
static enum memlog_status notes_add(struct notes *n, uint64_t *at,
				    struct ml_note_facts *facts)
{
	struct ml_elf_note note;
	uint64_t end;
	size_t pos;

	if (!notes_end(n, *at, &end))
		return MEMLOG_CORRUPT;
	if (end - n->at > n->filled)
		notes_fill(n, *at);
	if (end - n->at > n->filled) {
		notes_leave_out(n, *at, end);
	} else {
		pos = (size_t)(*at - n->at);
		if (ml_note_next(n->buf, (size_t)(end - n->at), &pos,
				 n->e->big_endian, n->align, &note))
			return MEMLOG_CORRUPT;
		ml_note_add(n->image, n->e, &note, facts);
	}
	*at = end;
	return MEMLOG_OK;
}

/* Are the bytes from offset at on zeros? They are padding. */
static bool notes_padding(struct notes *n, uint64_t at)
{
	while (at < n->len) {
		notes_fill(n, at);
		if (!n->filled || !ml_is_zero(n->buf, n->filled))
			return false;
		at += n->filled;
	}
	return true;
}

void ml_notes_add(struct memlog_image *image, const struct ml_ehdr *e,
		  const struct ml_file *file, uint64_t off, uint64_t len,
		  uint64_t align, struct ml_note_facts *facts)
{
	struct notes n = {
		.image = image,
		.e = e,
		.file = file,
		.off = off,
		.len = off < file->size ? ml_min(len, file->size - off) : 0,
		.align = align == 8 ? 8 : 4,
	};
	enum memlog_status s = MEMLOG_OK;
	uint64_t at = 0;

	n.len = ml_min(n.len, UINT64_MAX / 2);
	n.room = (size_t)ml_min(ML_NOTE_WINDOW, n.len);
	if (!n.len)
		return;
	n.buf = ml_calloc(&image->alloc, n.room, 1);
	if (!n.buf) {
		image->starved = true;
		return;
	}
	while (at < n.len && !s)
		s = notes_add(&n, &at, facts);
	if (s && !notes_padding(&n, at))
		ml_image_warn(image,
			      "the notes are damaged from byte %" PRIu64
			      " of %" PRIu64 " on",
			      at, n.len);
	ml_free(&image->alloc, n.buf);
}
