/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loads_space.c - an address space that is a list of pieces of a file. */
#include "loads.h"

#include "base/err.h"

struct pieces {
	struct memlog_allocator alloc;
	struct ml_file file;
	bool own;
	struct ml_loads loads;
};

static enum memlog_status pieces_read(void *self, uint64_t addr, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct pieces *p = self;

	return ml_loads_read(&p->loads, &p->file, addr, buf, len, ret, err);
}

static enum memlog_status pieces_map(void *self, uint64_t addr, size_t len,
				     const uint8_t **ret_ptr, size_t *ret,
				     struct memlog_err *err)
{
	struct pieces *p = self;

	return ml_loads_map(&p->loads, &p->file, addr, len, ret_ptr, ret, err);
}

static enum memlog_status pieces_next_range(void *self, uint64_t addr,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	(void)err;
	return ml_loads_next_range(&((struct pieces *)self)->loads, addr, ret);
}

static enum memlog_status pieces_next_data(void *self, uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct pieces *p = self;

	return ml_loads_next_data(&p->loads, &p->file, addr, ret, err);
}

static void pieces_close(void *self)
{
	struct pieces *p = self;
	struct memlog_allocator a = p->alloc;

	ml_loads_fini(&p->loads);
	if (p->own)
		ml_file_close(&p->file);
	ml_free(&a, p);
}

static const struct memlog_reader_ops pieces_ops = {
	.size = sizeof(pieces_ops),
	.read = pieces_read,
	.next_range = pieces_next_range,
	.map = pieces_map,
	.close = pieces_close,
	.next_data = pieces_next_data,
};

enum memlog_status ml_loads_add_space(struct memlog_image *image,
				      enum memlog_space space,
				      const struct ml_file *file, bool own,
				      struct ml_loads *l,
				      struct memlog_err *err)
{
	struct pieces *p = ml_calloc(&image->alloc, 1, sizeof(*p));
	struct ml_file f = *file;

	if (!p) {
		ml_loads_fini(l);
		if (own)
			ml_file_close(&f);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	}
	p->alloc = image->alloc;
	p->file = f;
	p->own = own;
	p->loads = *l;
	*l = (struct ml_loads){ 0 };
	ml_image_add_space(image, space, &pieces_ops, p, 0, true);
	return MEMLOG_OK;
}
