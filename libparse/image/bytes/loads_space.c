/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loads_space.c - make an address space from the loads of a file. */
#include "loads.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

struct pieces {
	struct memlog_allocator alloc;
	struct ml_file file;
	bool own;
	struct ml_loads loads;
	struct ml_loads back; /* of a twin */
	enum memlog_space other;
	struct memlog_reader_ops ops; /* with its own page size */
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

/* The first memory of a load from addr on that the file has. */
static enum memlog_status pieces_has(const struct pieces *p,
				     const struct ml_load *l, uint64_t addr,
				     struct memlog_range *ret,
				     struct memlog_err *err)
{
	struct memlog_range has;
	enum memlog_status s;

	s = p->file.ops->next_range(p->file.self, l->off + (addr - l->addr),
				    &has, err);
	if (s)
		return s;
	if (has.start - l->off >= l->len)
		return MEMLOG_NO_DATA;
	ret->start = l->addr + (has.start - l->off);
	ret->end = l->addr + ml_min(has.end - l->off, l->len);
	return MEMLOG_OK;
}

/* Of the loads, only what the file has. */
static enum memlog_status pieces_next_sparse(const struct pieces *p,
					     uint64_t addr,
					     struct memlog_range *ret,
					     struct memlog_err *err)
{
	const struct ml_loads *l = &p->loads;
	enum memlog_status s = MEMLOG_NO_DATA;
	struct memlog_range next;
	size_t i;

	for (i = ml_loads_after(l, addr); i < l->n_loads; i++) {
		s = pieces_has(p, &l->loads[i], ml_max(addr, l->loads[i].addr),
			       ret, err);
		if (s != MEMLOG_NO_DATA)
			break;
	}
	/* it may go on elsewhere in the file */
	while (!s && ++i < l->n_loads && l->loads[i].addr == ret->end &&
	       !pieces_has(p, &l->loads[i], ret->end, &next, NULL) &&
	       next.start == ret->end)
		ret->end = next.end;
	return s;
}

static enum memlog_status pieces_next_range(void *self, uint64_t addr,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	struct pieces *p = self;

	return p->loads.sparse ? pieces_next_sparse(p, addr, ret, err) :
				 ml_loads_next_range(&p->loads, addr, ret);
}

static enum memlog_status pieces_next_data(void *self, uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct pieces *p = self;

	return ml_loads_next_data(&p->loads, &p->file, addr, ret, err);
}

static enum memlog_status pieces_alias(void *self, uint64_t addr,
				       enum memlog_space *ret_space,
				       uint64_t *ret_addr)
{
	struct pieces *p = self;
	const struct ml_load *l = ml_loads_find(&p->loads, addr);
	uint64_t off;

	if (!l)
		return MEMLOG_NO_DATA;
	off = l->off + (addr - l->addr);
	l = ml_loads_find(&p->back, off);
	if (!l)
		return MEMLOG_NO_DATA;
	*ret_space = p->other;
	*ret_addr = l->off + (off - l->addr);
	return MEMLOG_OK;
}

/* Pages of one load, if the memory below can. */
static enum memlog_status pieces_peek(void *self, uint64_t addr, size_t count,
				      uint8_t *buf, struct memlog_err *err)
{
	struct pieces *p = self;
	const struct ml_load *l = ml_loads_find(&p->loads, addr);

	if (!l || count > (l->addr + l->len - addr + ML_PAGE - 1) / ML_PAGE)
		return ml_fail(err, MEMLOG_NO_DATA, "not in one piece");
	return p->file.ops->peek(p->file.self, l->off + (addr - l->addr), count,
				 buf, err);
}

static void pieces_close(void *self)
{
	struct pieces *p = self;
	struct memlog_allocator a = p->alloc;

	ml_loads_fini(&p->loads);
	ml_loads_fini(&p->back);
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

static uint64_t pieces_repeated(void *self, struct memlog_range r)
{
	return ml_loads_repeated(&((struct pieces *)self)->loads, r);
}

static uint64_t pieces_promised(void *self, struct memlog_range r)
{
	return ml_loads_promised(&((struct pieces *)self)->loads, r);
}

/* What the file below does not have at all, not even a byte of it. */
static bool pieces_hole(void *self, uint64_t addr)
{
	struct pieces *p = self;
	const struct ml_load *l = ml_loads_find(&p->loads, addr);
	uint8_t b;
	size_t got;

	return !l || p->file.ops->read(p->file.self, l->off + (addr - l->addr),
				       &b, 1, &got, NULL) == MEMLOG_NO_DATA;
}

/* Add it to the image, which owns it from now on. */
static void pieces_add(struct memlog_image *image, enum memlog_space space,
		       struct pieces *p, bool scan)
{
	uint64_t n = p->loads.repeated;

	ml_image_add_space(image, space, &p->ops, p, 0, scan);
	image->spaces[space].promised = pieces_promised;
	if (p->loads.sparse)
		image->spaces[space].hole = pieces_hole;
	if (p->loads.hidden && scan) {
		image->suspect = true;
		ml_image_warn(image,
			      "%" PRIu64 " byte%s of memory %s not read, as "
			      "ranges overlap: the first one counts",
			      p->loads.hidden, ml_s(p->loads.hidden),
			      ml_are(p->loads.hidden));
	}
	if (!n)
		return;
	image->spaces[space].repeated = pieces_repeated;
	ml_image_warn(image,
		      "%" PRIu64
		      " byte%s of memory also %s at other addresses, "
		      "and %s searched once",
		      n, ml_s(n), ml_are(n), ml_are(n));
}

/* Create a reader without loads. NULL: no memory. */
static struct pieces *pieces_create(struct memlog_image *image,
				    const struct ml_file *file, bool own,
				    struct memlog_err *err)
{
	struct pieces *p = ml_calloc(&image->alloc, 1, sizeof(*p));

	if (!p) {
		ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
		return NULL;
	}
	p->alloc = image->alloc;
	p->file = *file;
	p->own = own;
	p->ops = pieces_ops;
	return p;
}

enum memlog_status ml_loads_add_space(struct memlog_image *image,
				      enum memlog_space space,
				      const struct ml_file *file, bool own,
				      struct ml_loads *l,
				      struct memlog_err *err)
{
	struct pieces *p = pieces_create(image, file, own, err);
	struct ml_file f = *file;

	if (!p) {
		ml_loads_fini(l);
		if (own)
			ml_file_close(&f);
		return MEMLOG_NO_MEMORY;
	}
	p->loads = *l;
	*l = (struct ml_loads){ 0 };
	pieces_add(image, space, p, !p->loads.aside);
	return MEMLOG_OK;
}

enum memlog_status ml_loads_add_twin(struct memlog_image *image,
				     const struct ml_file *file,
				     struct ml_loads_twin *twin,
				     struct memlog_err *err)
{
	struct pieces *p = pieces_create(image, file, false, err);

	if (!p) {
		ml_loads_fini(&twin->loads);
		ml_loads_fini(&twin->back);
		return MEMLOG_NO_MEMORY;
	}
	p->loads = twin->loads;
	p->back = twin->back;
	p->other = twin->other;
	p->ops.page_size = twin->page_size;
	p->ops.flags = twin->flags;
	if (file->ops->peek)
		p->ops.peek = pieces_peek;
	p->ops.alias = pieces_alias;
	twin->loads = twin->back = (struct ml_loads){ 0 };
	pieces_add(image, twin->space, p, twin->scan);
	return MEMLOG_OK;
}
