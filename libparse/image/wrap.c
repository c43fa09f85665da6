/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wrap.c - make an image from the caller's reader, and describe it by a dump of
 * the same machine. */
#include "image.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "base/range.h"
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
	if (!own.read || (unsigned int)space >= MEMLOG_SPACES)
		return ml_fail(err, MEMLOG_INVALID,
			       "a reader needs read and a space");
	s = ml_image_create(name, NULL, allocator, &image, err);
	if (s)
		return s;
	image->format = "reader";
	image->title = "memory";
	image->wrapped.ops = own;
	ml_image_add_space(image, space, &image->wrapped.ops, self, 0, true);
	*ret = image;
	return MEMLOG_OK;
}

enum memlog_status memlog_image_set_ranges(struct memlog_image *image,
					   const struct memlog_range *ranges,
					   size_t n, struct memlog_err *err)
{
	struct memlog_range *copy;

	if (!image->wrapped.ops.read)
		return ml_fail(err, MEMLOG_INVALID,
			       "the image has ranges of its own");
	copy = ml_calloc(&image->alloc, ml_max(n, 1), sizeof(*copy));
	if (!copy)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu range%s", n, ml_s(n));
	if (n)
		memcpy(copy, ranges, n * sizeof(*copy));
	ml_free(&image->alloc, image->wrapped.ranges);
	image->wrapped.ranges = copy;
	image->wrapped.n_ranges = ml_ranges_merge(copy, n);
	image->wrapped.ops.next_range = NULL;
	image->wrapped.ops.next_data = NULL;
	image->wrapped.dump = NULL;
	return MEMLOG_OK;
}

void memlog_image_describe(struct memlog_image *image, struct memlog_image *by)
{
	const struct ml_note *n;
	size_t i;

	image->wrapped.dump = by;
	image->machine = by->machine;
	for (i = 0; i < by->n_notes; i++) {
		n = &by->notes[i];
		/* notes without owner and content are conclusions from others:
		 * ml_xen_attach() draws them again */
		if (n->desc || *n->owner)
			ml_image_add_note(image, n->owner, n->type, n->title,
					  n->text, n->desc, n->desc_len);
	}
	ml_xen_attach(image);
}
