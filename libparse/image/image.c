/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* image.c - an open image: its spaces and notes, reading and
 * closing. */
#include "image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "base/sized.h"
#include "image/bytes/file.h"

enum memlog_status ml_image_create(const char *name, const char *tmpdir,
				   const struct memlog_allocator *alloc,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	struct memlog_image *image = ml_calloc(&a, 1, sizeof(*image));

	if (!image)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	image->alloc = a;
	image->format = image->title = image->machine = "";
	image->name = ml_strdup(&a, name ? name : "");
	if (tmpdir)
		image->tmpdir = ml_strdup(&a, tmpdir);
	if (!image->name || (tmpdir && !image->tmpdir)) {
		memlog_image_close(image);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a name");
	}
	*ret = image;
	return MEMLOG_OK;
}

static void close_reader(const struct memlog_reader_ops *ops, void *self)
{
	if (ops && ops->close)
		ops->close(self);
}

void memlog_image_close(struct memlog_image *image)
{
	struct memlog_allocator a;
	size_t i;

	if (!image)
		return;
	a = image->alloc;
	for (i = image->n_added; i-- > 0;)
		close_reader(image->spaces[image->added[i]].ops,
			     image->spaces[image->added[i]].self);
	close_reader(image->file.ops, image->file.self);
	for (i = 0; i < image->n_notes; i++) {
		ml_free(&a, image->notes[i].owner);
		ml_free(&a, image->notes[i].title);
		ml_free(&a, image->notes[i].text);
		ml_free(&a, image->notes[i].desc);
	}
	ml_free(&a, image->notes);
	for (i = 0; i < image->n_warnings; i++)
		ml_free(&a, image->warnings[i].text);
	ml_free(&a, image->warnings);
	ml_free(&a, image->wrapped.ranges);
	ml_free(&a, image->xen);
	ml_free(&a, image->name);
	ml_free(&a, image->tmpdir);
	ml_free(&a, image);
}

void ml_image_add_space(struct memlog_image *image, enum memlog_space space,
			const struct memlog_reader_ops *ops, void *self,
			uint32_t bias, bool scan)
{
	image->spaces[space] = (struct ml_space){
		.ops = ops,
		.self = self,
		.bias = bias,
	};
	image->added[image->n_added++] = space;
	if (scan)
		image->order[image->n_order++] = space;
}

bool memlog_image_has_space(const struct memlog_image *image,
			    enum memlog_space space)
{
	return (unsigned int)space < MEMLOG_SPACES && image->spaces[space].ops;
}

/* Not a byte was there: is it a hole, or should there be some? */
static void image_note_unread(struct memlog_image *image,
			      enum memlog_space space, uint64_t addr)
{
	struct memlog_range byte = { addr, addr + 1 };

	if (image->unread || image->passed ||
	    image->spaces[space].ops->flags & MEMLOG_READER_LIVE)
		return;
	image->unread = ml_image_promised(image, space, byte) &&
			!ml_image_hole(image, space, addr);
}

/* A read failed, and not every caller tells that from a hole. */
static void image_note_failed(struct memlog_image *image,
			      enum memlog_space space, uint64_t addr,
			      struct memlog_err *why)
{
	enum memlog_status s = why->status;

	if (!why->text[0])
		(void)ml_fail_at(why, s, addr, "cannot read at %s:0x%" PRIx64,
				 memlog_space_name(space), addr);
	image->starved |= s == MEMLOG_NO_MEMORY;
	if (s == MEMLOG_NO_MEMORY)
		return;
	image->ended |= ml_space_ended(&image->spaces[space], s);
	if (!image->failed.status)
		image->failed = *why;
}

enum memlog_status memlog_image_read(struct memlog_image *image,
				     enum memlog_space space, uint64_t addr,
				     void *buf, size_t len, size_t *ret,
				     struct memlog_err *err)
{
	const struct ml_space *sp = &image->spaces[space];
	struct memlog_err why;
	enum memlog_status s;

	*ret = 0;
	if (!memlog_image_has_space(image, space))
		return ml_fail_at(err, MEMLOG_NO_DATA, addr,
				  "the image has no %s addresses",
				  memlog_space_name(space));
	ml_err_clear(&why);
	s = sp->ops->read(sp->self, addr, buf, len, ret, &why);
	if (!s)
		return MEMLOG_OK;
	why.status = s;
	if (s != MEMLOG_NO_DATA)
		image_note_failed(image, space, addr, &why);
	else if (len)
		image_note_unread(image, space, addr);
	if (err)
		*err = why;
	return s;
}

uint64_t ml_image_promised(const struct memlog_image *image,
			   enum memlog_space space, struct memlog_range range)
{
	const struct ml_space *sp = &image->spaces[space];

	return sp->promised ? sp->promised(sp->self, range) :
			      range.end - range.start;
}

bool ml_image_hole(struct memlog_image *image, enum memlog_space space,
		   uint64_t addr)
{
	const struct ml_space *sp = &image->spaces[space];
	struct memlog_range r;

	if (!memlog_image_has_space(image, space))
		return true;
	if (sp->hole)
		return sp->hole(sp->self, addr);
	if (!sp->ops->next_range && image->wrapped.dump)
		return ml_image_hole(image->wrapped.dump, space, addr);
	return memlog_image_next_range(image, space, addr, &r, NULL) ||
	       r.start > addr;
}

uint64_t ml_image_repeated(const struct memlog_image *image,
			   enum memlog_space space, struct memlog_range range)
{
	const struct ml_space *sp = &image->spaces[space];

	return sp->repeated ? sp->repeated(sp->self, range) : 0;
}

enum memlog_status ml_image_fill(struct memlog_image *image,
				 enum memlog_space space, uint64_t addr,
				 void *buf, size_t len, size_t *ret,
				 struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t at;
	size_t got;

	*ret = 0;
	while (*ret < len && ml_add(addr, *ret, &at)) {
		s = memlog_image_read(image, space, at, (uint8_t *)buf + *ret,
				      len - *ret, &got, err);
		*ret += got;
		if (s && s != MEMLOG_NO_DATA)
			return s;
		if (s || !got)
			break;
	}
	return MEMLOG_OK;
}

/* The reader may be the caller's own: refuse a range that does not end after
 * addr, which would make its users loop forever. */
static enum memlog_status image_next(const struct memlog_image *image,
				     enum memlog_space space, bool data,
				     uint64_t addr, struct memlog_range *ret,
				     struct memlog_err *err)
{
	const struct ml_space *sp;
	struct memlog_range r;
	enum memlog_status s;

	if (!memlog_image_has_space(image, space))
		return MEMLOG_NO_DATA;
	sp = &image->spaces[space];
	if (data && sp->ops->next_data)
		s = sp->ops->next_data(sp->self, addr, &r, err);
	else if (sp->ops->next_range)
		s = sp->ops->next_range(sp->self, addr, &r, err);
	else if (image->wrapped.dump)
		s = image_next(image->wrapped.dump, space, data, addr, &r, err);
	else
		s = ml_ranges_next(image->wrapped.ranges,
				   image->wrapped.n_ranges, addr, &r);
	if (s)
		return s;
	if (r.end <= r.start || r.end <= addr)
		return ml_fail_at(err, MEMLOG_INVALID, addr,
				  "the reader returned the invalid range "
				  "0x%" PRIx64 "-0x%" PRIx64
				  " after 0x%" PRIx64,
				  r.start, r.end, addr);
	r.start = ml_max(r.start, addr);
	*ret = r;
	return MEMLOG_OK;
}

enum memlog_status memlog_image_next_range(struct memlog_image *image,
					   enum memlog_space space,
					   uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	return image_next(image, space, false, addr, ret, err);
}

enum memlog_status memlog_image_next_data(struct memlog_image *image,
					  enum memlog_space space,
					  uint64_t addr,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	return image_next(image, space, true, addr, ret, err);
}

void ml_image_note_damage(struct memlog_image *image,
			  const struct memlog_err *why)
{
	if (image && !image->damage.text[0])
		image->damage = *why;
}

const char *ml_image_damage(const struct memlog_image *image)
{
	const char *text = image->damage.text[0] ? image->damage.text : NULL;
	size_t i;

	if (!text && image->wrapped.dump)
		text = ml_image_damage(image->wrapped.dump);
	for (i = 0; i < image->n_parts && !text; i++)
		text = ml_image_damage(image->parts[i]);
	return text;
}

static bool image_has_note(const struct memlog_image *image, const char *owner)
{
	size_t i;

	for (i = 0; i < image->n_notes; i++)
		if (!strcmp(image->notes[i].owner, owner))
			return true;
	return false;
}

bool ml_image_is_by_qemu(const struct memlog_image *image)
{
	return image_has_note(image, "QEMU");
}

bool ml_image_is_by_kernel(const struct memlog_image *image)
{
	/* QEMU copies the VMCOREINFO of the guest's kernel into its dumps */
	return image->by_kernel || (image_has_note(image, "VMCOREINFO") &&
				    !image_has_note(image, "QEMU"));
}

enum memlog_status ml_image_check(const struct memlog_image *image,
				  struct memlog_err *err)
{
	enum memlog_status s = ml_file_check(&image->file, err);
	size_t i;

	for (i = 0; i < image->n_parts && !s; i++) {
		s = ml_image_check(image->parts[i], err);
		if (s)
			ml_prefix(err, s, "%s", image->parts[i]->name);
	}
	return s;
}

void ml_image_drop_space(struct memlog_image *image, enum memlog_space space)
{
	struct ml_space *sp = &image->spaces[space];

	close_reader(sp->ops, sp->self);
	*sp = (struct ml_space){ 0 };
	image->n_added--;
}

enum memlog_status ml_image_alias(struct memlog_image *image,
				  enum memlog_space space, uint64_t addr,
				  enum memlog_space *ret_space,
				  uint64_t *ret_addr)
{
	const struct ml_space *sp = &image->spaces[space];
	const struct ml_in_host *in = &image->in_host;
	enum memlog_status s;

	if (space == MEMLOG_MACH && image->p2m) {
		*ret_space = MEMLOG_PHYS;
		s = ml_p2m_phys(image->p2m, addr, ret_addr);
		image->starved |= s == MEMLOG_NO_MEMORY;
		return s ? MEMLOG_NO_DATA : MEMLOG_OK;
	}
	if (space == MEMLOG_HOST && addr - in->host < in->len) {
		*ret_space = MEMLOG_PHYS;
		*ret_addr = addr - in->host + in->phys;
		return MEMLOG_OK;
	}
	if (!sp->ops || !sp->ops->alias)
		return MEMLOG_NO_DATA;
	return sp->ops->alias(sp->self, addr, ret_space, ret_addr);
}

uint64_t ml_image_left_out(const struct memlog_image *image)
{
	uint64_t sum = image->left_out;
	size_t i;

	if (image->count_left)
		sum = ml_sum(sum, image->count_left(image->count_self));
	for (i = 0; i < image->n_parts; i++)
		sum = ml_sum(sum, ml_image_left_out(image->parts[i]));
	return sum;
}

enum memlog_status ml_image_complete(struct memlog_image *image,
				     struct memlog_err *err)
{
	if (!image->starved)
		return MEMLOG_OK;
	image->starved = false;
	return ml_fail(err, MEMLOG_NO_MEMORY,
		       "no memory for all that is in the image");
}

enum memlog_status memlog_image_info(struct memlog_image *image,
				     struct memlog_image_info *ret,
				     struct memlog_err *err)
{
	struct memlog_image_info info = { 0 };
	const struct memlog_reader_ops *primary;
	struct memlog_range r;
	uint64_t addr = 0;
	enum memlog_status s = MEMLOG_OK;

	info.name = image->name;
	info.format = image->format;
	info.title = image->title;
	info.traits = image->traits;
	info.machine = image->machine;
	info.missing = ml_sum(image->missing, image->lost);
	info.n_notes = image->n_notes;
	info.n_warnings = image->n_warnings;
	info.file_size = image->file.ops ? image->file.size : 0;
	if (image->n_order) {
		info.space = image->order[0];
		primary = image->spaces[info.space].ops;
		info.flags = primary->flags;
		info.page_size = primary->page_size;
		while (!(s = memlog_image_next_range(image, info.space, addr,
						     &r, err))) {
			info.present = ml_sum(info.present, r.end - r.start);
			info.n_ranges++;
			addr = r.end;
		}
		info.present -= ml_min(info.present, image->lost);
	}
	if (s && s != MEMLOG_NO_DATA)
		return s;
	ml_sized_out(ret, &info, sizeof(info));
	return ml_return(err, MEMLOG_OK);
}

enum memlog_status memlog_image_note(const struct memlog_image *image,
				     size_t index, struct memlog_note *ret)
{
	const struct ml_note *n;
	struct memlog_note out = { 0 };

	if (index >= image->n_notes)
		return MEMLOG_NO_DATA;
	n = &image->notes[index];
	out.owner = n->owner;
	out.type = n->type;
	out.title = n->title;
	out.text = n->text;
	out.desc = n->desc;
	out.desc_len = n->desc_len;
	ml_sized_out(ret, &out, sizeof(out));
	return MEMLOG_OK;
}

const char *memlog_space_name(enum memlog_space space)
{
	static const char *const names[] = {
		[MEMLOG_PHYS] = "phys", [MEMLOG_MACH] = "mach",
		[MEMLOG_VIRT] = "virt", [MEMLOG_HOST] = "host",
		[MEMLOG_FILE] = "file",
	};

	return (unsigned int)space < MEMLOG_SPACES ? names[space] : "?";
}

enum memlog_status ml_file_read(const struct ml_file *file, uint64_t off,
				void *buf, size_t len, struct memlog_err *err)
{
	uint8_t *p = buf;
	enum memlog_status s;
	size_t got;

	while (len) {
		s = file->ops->read(file->self, off, p, len, &got, err);
		if (s == MEMLOG_NO_DATA || (!s && !got))
			return ml_fail_at(err, MEMLOG_NO_DATA, off,
					  "the file ends at offset 0x%llx",
					  (unsigned long long)off);
		if (s)
			return s;
		p += got;
		off += got;
		len -= got;
	}
	return MEMLOG_OK;
}
