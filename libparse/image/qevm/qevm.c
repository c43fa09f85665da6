/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qevm.c - saved guests: what `virsh save` and `virsh dump` (without
 * --memory-only) write, and migration streams of QEMU.
 *
 * The stream has names of memory blocks and no addresses; place.c finds these.
 * Opening the file indexes all pages; their bytes are read from the file.
 */
#include "qevm.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

static void qevm_describe(const struct ml_qevm *q, struct memlog_image *image,
			  const struct memlog_err *why)
{
	uint64_t lacks = q->index.pages - q->index.set;

	image->title = q->libvirt ? "saved guest of libvirt" :
				    "migration stream of QEMU";
	if (*q->domain)
		ml_image_add_note(image, "libvirt", 0, "domain", q->domain,
				  NULL, 0);
	if (*q->machine)
		ml_image_add_note(image, "QEMU", 0, "machine type", q->machine,
				  NULL, 0);
	/* a complete stream lacks what a balloon has given back, and what was not
	 * plugged in, which is no memory */
	if (why)
		image->missing += lacks * ML_PAGE;
	else
		image->left_out +=
			(lacks - (q->plugged - q->plugged_set)) * ML_PAGE;
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

/* Parse the stream into the index. */
static enum memlog_status
qevm_walk(struct ml_qevm *q, struct memlog_image *image, struct memlog_err *err)
{
	struct memlog_err why = { 0 };
	enum memlog_status s;

	s = ml_qevm_begin(q, err);
	if (!s)
		s = ml_qevm_choose(q, err);
	if (!s)
		s = q->mapped ?
			    ml_pageindex_init_make(&q->index, q->pages,
						   ml_qevm_mapped_make, q,
						   &q->alloc, err) :
			    ml_pageindex_init(&q->index, q->pages,
					      q->opts->tmpdir, &q->alloc, err);
	if (s)
		return s;
	s = ml_qevm_pages(q, &why);
	ml_free(&q->alloc, q->window);
	q->window = NULL;
	if (s && s != MEMLOG_NO_DATA && s != MEMLOG_CORRUPT) {
		if (err)
			*err = why;
		return s;
	}
	qevm_describe(q, image, s ? &why : NULL);
	return MEMLOG_OK;
}

/* Add a space for the blocks with a known address, and one for the others. ram is taken
 * over, on failure, too. */
static enum memlog_status qevm_spaces(struct ml_qevm *q,
				      struct memlog_image *image,
				      struct ml_file *ram,
				      struct memlog_err *err)
{
	struct ml_loads phys, rest;
	struct memlog_range guessed;
	enum memlog_status s;
	bool own = true;

	s = ml_qevm_place(q, image, &phys, &rest, err);
	if (s) {
		ml_file_close(ram);
		return s;
	}
	guessed = q->guessed;
	phys.sparse = rest.sparse = true;
	if (phys.n_loads || !rest.n_loads) {
		s = ml_loads_add_space(image, MEMLOG_PHYS, ram, own, &phys,
				       err);
		/* q is freed if it failed */
		if (!s)
			image->spaces[MEMLOG_PHYS].guessed = guessed;
		own = false;
	}
	ml_loads_fini(&phys);
	if (!s && rest.n_loads)
		return ml_loads_add_space(image, MEMLOG_FILE, ram, own, &rest,
					  err);
	ml_loads_fini(&rest);
	return s;
}

static enum memlog_status qevm_open(struct memlog_image *image,
				    const struct ml_file *file,
				    const struct memlog_open_opts *opts,
				    struct memlog_err *err)
{
	struct ml_qevm *q = ml_calloc(&image->alloc, 1, sizeof(*q));
	struct ml_file ram;
	enum memlog_status s;

	if (!q)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	q->alloc = image->alloc;
	q->file = file;
	q->opts = opts;
	q->index.fd = -1;
	s = qevm_walk(q, image, err);
	if (s) {
		ml_qevm_ops.close(q);
		return s;
	}
	ram = (struct ml_file){ &ml_qevm_ops, q,    q->index.end * ML_PAGE,
				file->name,   file, NULL };
	return qevm_spaces(q, image, &ram, err);
}

const struct ml_image_format ml_image_qevm = {
	.name = "qevm",
	.title = "saved guest of QEMU or libvirt",
	.traits = MEMLOG_IMAGE_RANGES,
	.open = qevm_open,
};
