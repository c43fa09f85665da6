/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* note.c - the notes of an image. */
#include "image.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

static void note_warn_full(struct memlog_image *image)
{
	ml_image_warn(image, "it has too many or too large notes: some of them "
			     "are left out");
}

void ml_image_add_note(struct memlog_image *image, const char *owner,
		       uint32_t type, const char *title, const char *text,
		       const void *desc, size_t desc_len)
{
	struct memlog_allocator *a = &image->alloc;
	struct ml_note n = { .type = type };
	/* and what malloc() takes for four blocks */
	size_t bytes = sizeof(n) + 64 + strlen(owner) + strlen(title) +
		       strlen(text) + desc_len;

	if (image->n_notes >= ML_MAX_NOTES ||
	    bytes > ML_MAX_NOTE_BYTES - image->note_bytes) {
		note_warn_full(image);
		return;
	}
	if (ml_grow(a, &image->notes, image->n_notes, &image->cap_notes,
		    sizeof(*image->notes), NULL)) {
		image->starved = true;
		return;
	}
	n.owner = ml_strdup(a, owner);
	n.title = ml_strdup(a, title);
	n.text = ml_strdup(a, text);
	if (desc) {
		n.desc = ml_calloc(a, desc_len, 1);
		n.desc_len = desc_len;
		if (n.desc && desc_len)
			memcpy(n.desc, desc, desc_len);
	}
	if (!n.owner || !n.title || !n.text || (desc && !n.desc)) {
		ml_free(a, n.owner);
		ml_free(a, n.title);
		ml_free(a, n.text);
		ml_free(a, n.desc);
		image->starved = true;
		return;
	}
	image->note_bytes += bytes;
	image->notes[image->n_notes++] = n;
	if (!image->naming && ml_note_names(&n))
		image->naming = image->n_notes;
}

void ml_image_set_note(struct memlog_image *image, size_t index,
		       const char *title, const char *text)
{
	struct ml_note *n = &image->notes[index];
	size_t was = strlen(n->title) + strlen(n->text);
	size_t bytes = strlen(title) + strlen(text);
	char *t, *x;

	if (bytes > was &&
	    bytes - was > ML_MAX_NOTE_BYTES - image->note_bytes) {
		note_warn_full(image);
		return;
	}
	t = ml_strdup(&image->alloc, title);
	x = ml_strdup(&image->alloc, text);
	if (!t || !x) {
		ml_free(&image->alloc, t);
		ml_free(&image->alloc, x);
		image->starved = true;
		return;
	}
	ml_free(&image->alloc, n->title);
	ml_free(&image->alloc, n->text);
	n->title = t;
	n->text = x;
	image->note_bytes = image->note_bytes - was + bytes;
}
