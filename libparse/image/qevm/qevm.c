/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qevm.c - saved guests: what `virsh save` and `virsh dump` (without
 * --memory-only) write, and migration streams of QEMU.
 *
 * The stream has names of memory blocks and no addresses: the names show which
 * blocks are the guest's RAM, and the machine type at the beginning of the
 * stream where RAM is mapped. Opening the file indexes all pages; their bytes
 * are read from the file.
 */
#include "qevm.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "image/board.h"

#define DATA_PAGES \
	4096u /* most pages that one call of next_data
				   returns */

/* ---- the guest's RAM as a file ------------------------------------------ */

/* The number of the page at pos (see qevm.h), and how many bytes from pos on,
 * at most len, are contiguous in the file or all zeros. */
static enum memlog_status find_run(struct ml_qevm *q, uint64_t pos, size_t len,
				   uint64_t *ret, size_t *ret_len,
				   struct memlog_err *err)
{
	uint64_t page = pos / ML_PAGE, step, next;
	enum memlog_status s;

	*ret_len = 0;
	s = ml_pageindex_get(&q->index, page, ret, err);
	if (s)
		return s;
	if (!*ret)
		return ml_fail_at(err, MEMLOG_NO_DATA, pos,
				  "the file does not have the page at "
				  "0x%" PRIx64 " of the guest's memory",
				  pos);
	step = *ret == ML_QEVM_FILL ? 0 : 2 * ML_PAGE;
	next = *ret;
	*ret_len = ML_PAGE - pos % ML_PAGE;
	while (*ret_len < len && ++page < q->index.end) {
		uint64_t want = next + step;

		if (ml_pageindex_get(&q->index, page, &next, NULL) ||
		    next != want || (step && next & ML_QEVM_FILL))
			break;
		*ret_len += ML_PAGE;
	}
	*ret_len = ml_min(*ret_len, len);
	return MEMLOG_OK;
}

static enum memlog_status ram_read(void *self, uint64_t pos, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err)
{
	struct ml_qevm *q = self;
	uint64_t number;
	enum memlog_status s;
	uint8_t fill = 0;

	*ret = 0;
	if (pos / ML_PAGE >= q->index.end)
		return MEMLOG_NO_DATA;
	s = find_run(q, pos, len, &number, &len, err);
	if (s)
		return s;
	if (!(number & ML_QEVM_FILL))
		return q->file->ops->read(q->file->self,
					  number / 2 + pos % ML_PAGE, buf, len,
					  ret, err);
	if (number != ML_QEVM_FILL)
		s = ml_file_read(q->file, number / 2, &fill, 1, err);
	if (s)
		return s;
	memset(buf, fill, len);
	*ret = len;
	return MEMLOG_OK;
}

static enum memlog_status ram_map(void *self, uint64_t pos, size_t len,
				  const uint8_t **ret_ptr, size_t *ret,
				  struct memlog_err *err)
{
	struct ml_qevm *q = self;
	uint64_t number;
	enum memlog_status s;

	if (!q->file->ops->map)
		return MEMLOG_UNSUPPORTED;
	if (pos / ML_PAGE >= q->index.end)
		return MEMLOG_NO_DATA;
	s = find_run(q, pos, len, &number, &len, err);
	if (s)
		return s;
	if (number & ML_QEVM_FILL)
		return MEMLOG_UNSUPPORTED;
	return q->file->ops->map(q->file->self, number / 2 + pos % ML_PAGE, len,
				 ret_ptr, ret, err);
}

/* The first pages from page on that the stream has, as bytes, into q->run. */
static enum memlog_status qevm_find_pages(struct ml_qevm *q, uint64_t page,
					  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t number = 0, start;

	for (;; page++) {
		page = ml_pageindex_skip(&q->index, page);
		if (page >= q->index.end)
			return MEMLOG_NO_DATA;
		s = ml_pageindex_get(&q->index, page, &number, err);
		if (s || number)
			break;
	}
	for (start = page; !s && number && ++page < q->index.end;) {
		/* the rest of the run is known */
		if (page * ML_PAGE == q->run.start) {
			page = q->run.end / ML_PAGE;
			break;
		}
		s = ml_pageindex_get(&q->index, page, &number, err);
	}
	if (!s)
		q->run = (struct memlog_range){ start * ML_PAGE,
						page * ML_PAGE };
	return s;
}

/* Without pages that the stream does not have: these are missing, or were left
 * out. */
static enum memlog_status ram_next_range(void *self, uint64_t pos,
					 struct memlog_range *ret,
					 struct memlog_err *err)
{
	struct ml_qevm *q = self;
	enum memlog_status s;

	if (pos / ML_PAGE >= q->index.end)
		return MEMLOG_NO_DATA;
	if (q->index.set == q->index.pages)
		q->run = (struct memlog_range){ 0, q->index.end * ML_PAGE };
	if (pos < q->run.start || pos >= q->run.end) {
		s = qevm_find_pages(q, pos / ML_PAGE, err);
		if (s)
			return s;
	}
	ret->start = ml_max(pos, q->run.start);
	ret->end = q->run.end;
	return MEMLOG_OK;
}

/* Skips pages of zeros, and pages that the stream does not have: these are
 * counted in image->missing. */
static enum memlog_status ram_next_data(void *self, uint64_t pos,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	struct ml_qevm *q = self;
	uint64_t page = pos / ML_PAGE, end = q->index.end, number;
	enum memlog_status s;

	for (;; page++) {
		page = ml_pageindex_skip(&q->index,
					 ml_empty_skip(&q->empty, page));
		if (page >= end) {
			ml_empty_add(&q->empty, pos / ML_PAGE, end);
			return MEMLOG_NO_DATA;
		}
		s = ml_pageindex_get(&q->index, page, &number, err);
		if (s)
			return s;
		if (number > ML_QEVM_FILL)
			break;
	}
	ml_empty_add(&q->empty, pos / ML_PAGE, page);
	ret->start = ml_max(pos, page * ML_PAGE);
	end = ml_min(end, page + DATA_PAGES);
	while (++page < end)
		if (ml_pageindex_get(&q->index, page, &number, NULL) ||
		    number <= ML_QEVM_FILL)
			break;
	ret->end = page * ML_PAGE;
	return MEMLOG_OK;
}

static void ram_close(void *self)
{
	struct ml_qevm *q = self;
	struct memlog_allocator a = q->alloc;

	ml_pageindex_fini(&q->index);
	ml_free(&a, q->blocks);
	ml_free(&a, q);
}

static const struct memlog_reader_ops ram_ops = {
	.size = sizeof(ram_ops),
	.read = ram_read,
	.next_range = ram_next_range,
	.map = ram_map,
	.close = ram_close,
	.next_data = ram_next_data,
};

/* ---- which blocks are RAM ----------------------------------------------- */

/* Memory backends have the name of their object, or its QOM path. */
static const char *object_name(const struct ml_qevm_block *b)
{
	return strncmp(b->name, "/objects/", 9) ? b->name : b->name + 9;
}

/* Firmware, video memory and the like. Names of devices and of files in fw_cfg
 * have a slash, those of objects do not. */
static bool qevm_is_device(const struct ml_qevm_block *b)
{
	static const char *const names[] = {
		"pc.bios",     "pc.rom",	"isa-bios",
		"vga.vram",    "ramfb",		"virt.flash0",
		"virt.flash1", "system.flash0", "system.flash1",
	};
	const char *name = object_name(b);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return strchr(name, '/');
}

/* The names that boards and libvirt give to a block with all of the RAM. */
static bool is_main(const struct ml_qevm_block *b)
{
	const char *name = object_name(b);

	return !strcmp(name, "pc.ram") || !strcmp(name, "microvm.ram") ||
	       !strcmp(name, "mach-virt.ram");
}

/* libvirt's name for the RAM of the n-th NUMA node. */
static struct ml_qevm_block *find_node(struct ml_qevm *q, size_t n)
{
	char name[32];
	size_t i;

	snprintf(name, sizeof(name), "ram-node%zu", n);
	for (i = 0; i < q->n_blocks; i++)
		if (!strcmp(object_name(&q->blocks[i]), name))
			return &q->blocks[i];
	return NULL;
}

static void take_block(struct ml_qevm *q, struct ml_qevm_block *b,
		       uint64_t *pages)
{
	if (b->ram)
		return;
	b->ram = true;
	b->first = *pages;
	*pages += b->len / ML_PAGE; /* cannot overflow: the sum was read */
}

/* Mark the blocks that are RAM, in the order of their addresses, and return how
 * many pages they have. QEMU lists the largest block first. */
static uint64_t qevm_choose(struct ml_qevm *q, struct memlog_image *image)
{
	struct ml_qevm_block *b, *taken = NULL;
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < q->n_blocks && !taken; i++)
		if (is_main(&q->blocks[i]))
			taken = &q->blocks[i];
	for (i = 0; !taken && (b = find_node(q, i)); i++)
		take_block(q, b, &pages);
	for (i = 0; i < q->n_blocks && !taken && !pages; i++)
		if (!qevm_is_device(&q->blocks[i]))
			taken = &q->blocks[i];
	if (taken)
		take_block(q, taken, &pages);
	for (i = 0; i < q->n_blocks; i++) {
		b = &q->blocks[i];
		if (b->ram || qevm_is_device(b))
			continue;
		ml_image_warn(image,
			      "%" PRIu64
			      " byte%s of memory cannot be searched, "
			      "because the address is unknown: %s",
			      b->len, ml_s(b->len), b->name);
		image->missing += b->len; /* the sum was read */
		image->remedy = "nothing in the file says at which address "
				"some of its memory belongs; dump the guest "
				"with QEMU's dump-guest-memory FILE";
	}
	return pages;
}

/* ---- opening ------------------------------------------------------------ */

static enum memlog_status qevm_place(const struct ml_qevm *q,
				     struct ml_load loads[2], size_t *ret,
				     struct memlog_err *err)
{
	uint64_t size = q->index.pages * ML_PAGE;
	enum memlog_map map = MEMLOG_MAP_PC;

	/* Streams of QEMU before 2.4 have no machine type; take it for a PC.
	 * Below this size, no PC has RAM above the hole. */
	if (*q->machine ? !ml_board_of(q->machine, &map) : size >= 0xb0000000)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a saved guest of an "
			       "unknown machine type; use QEMU's "
			       "dump-guest-memory FILE");
	return ml_board_loads(map, 0, size, loads, ret, err);
}

static void qevm_describe(const struct ml_qevm *q, struct memlog_image *image,
			  const struct memlog_err *why)
{
	image->title = q->libvirt ? "saved guest of libvirt" :
				    "migration stream of QEMU";
	if (*q->domain)
		ml_image_add_note(image, "libvirt", 0, "domain", q->domain,
				  NULL, 0);
	if (*q->machine)
		ml_image_add_note(image, "QEMU", 0, "machine type", q->machine,
				  NULL, 0);
	/* a complete stream lacks what a balloon has given back */
	*(why ? &image->missing : &image->left_out) +=
		(q->index.pages - q->index.set) * ML_PAGE;
	if (why)
		ml_image_warn_cut(
			image,
			"the saved guest is incomplete, and its "
			"pages may be from different points in time: %s",
			why->text);
	else if (image->left_out)
		ml_image_warn(image,
			      "%" PRIu64 " byte%s of the guest's memory "
			      "%s not saved",
			      image->left_out, ml_s(image->left_out),
			      image->left_out == 1 ? "was" : "were");
	if (q->unfinished)
		ml_image_warn_cut(image,
				  "libvirt did not finish saving the guest");
}

/* Parse the stream into the index, and map what it has of the RAM. */
static enum memlog_status qevm_walk(struct ml_qevm *q,
				    struct memlog_image *image,
				    struct ml_loads *ret,
				    struct memlog_err *err)
{
	struct memlog_err why = { 0 };
	struct ml_load in[2];
	enum memlog_status s;
	size_t n;

	s = ml_qevm_begin(q, err);
	if (!s)
		s = ml_pageindex_init(&q->index, qevm_choose(q, image),
				      q->opts->tmpdir, &q->alloc, err);
	if (!s && !q->index.pages)
		s = ml_fail(err, MEMLOG_CORRUPT,
			    "the saved guest has no memory");
	if (!s)
		s = qevm_place(q, in, &n, err);
	if (s)
		return s;
	s = ml_qevm_pages(q, &why);
	if (s && s != MEMLOG_NO_DATA && s != MEMLOG_CORRUPT) {
		if (err)
			*err = why;
		return s;
	}
	qevm_describe(q, image, s ? &why : NULL);
	return ml_loads_init(ret, in, n, q->index.end * ML_PAGE, &image->alloc,
			     err);
}

static enum memlog_status qevm_open(struct memlog_image *image,
				    const struct ml_file *file,
				    const struct memlog_open_opts *opts,
				    struct memlog_err *err)
{
	struct ml_qevm *q = ml_calloc(&image->alloc, 1, sizeof(*q));
	struct ml_loads loads;
	struct ml_file ram;
	enum memlog_status s;

	if (!q)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	q->alloc = image->alloc;
	q->file = file;
	q->opts = opts;
	q->index.fd = -1;
	s = qevm_walk(q, image, &loads, err);
	if (s) {
		ram_close(q);
		return s;
	}
	loads.sparse = true;
	ram = (struct ml_file){ &ram_ops, q, q->index.end * ML_PAGE, file->name,
				file };
	return ml_loads_add_space(image, MEMLOG_PHYS, &ram, true, &loads, err);
}

const struct ml_image_format ml_image_qevm = {
	.name = "qevm",
	.title = "saved guest of QEMU or libvirt",
	.traits = MEMLOG_IMAGE_RANGES,
	.open = qevm_open,
};
