/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wrap.c - a reader of the caller's as an image, and what another image says of
 * the same machine. */
#include "image.h"

#include "base/err.h"
#include "base/sized.h"
#include "image/xen/xen.h"

enum memlog_status memlog_image_wrap(const struct memlog_reader_ops *ops,
				     void *self, enum memlog_space space,
				     const char *name,
				     const struct memlog_allocator *allocator,
				     struct memlog_image **ret,
				     struct memlog_err *err)
{
	struct memlog_reader_ops own;
	struct memlog_image *image;
	enum memlog_status s;

	s = ml_sized_check(ops, "memlog_reader_ops", err);
	if (s)
		return s;
	ml_sized_in(&own, sizeof(own), ops);
	if (!own.read || !own.next_range ||
	    (unsigned int)space >= MEMLOG_SPACES)
		return ml_fail(err, MEMLOG_INVALID,
			       "a reader needs read, next_range and a space");
	s = ml_image_create(name, allocator, &image, err);
	if (s)
		return s;
	image->format = "reader";
	image->title = "memory";
	image->wrapped = own;
	ml_image_add_space(image, space, &image->wrapped, self, 0, true);
	*ret = image;
	return MEMLOG_OK;
}

void memlog_image_describe(struct memlog_image *image,
			   const struct memlog_image *by)
{
	const struct ml_note *n;
	size_t i;

	image->machine = by->machine;
	for (i = 0; i < by->n_notes; i++) {
		n = &by->notes[i];
		/* what was concluded from the notes will be so again */
		if (n->desc || *n->owner)
			ml_image_add_note(image, n->owner, n->type, n->title,
					  n->text, n->desc, n->desc_len);
	}
	ml_xen_attach(image);
}
