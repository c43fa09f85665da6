/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * overlap.c - PT_LOADs that have the same addresses and different bytes.
 *
 * The first one counts, and the bytes of the others are out of reach. Linux's
 * /proc/vmcore has the kernel's text twice, with the same bytes: that is no loss.
 */
#include "elf.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/plural.h"

/* The most pages of which some are compared, and pieces, of all and of one piece: what is
 * too long to be compared as a whole, or on another machine. */
#define LOOKS_MAX 4096u
#define LOOKS_ONE 256u
/* Bytes that are compared at once. */
#define AT_ONCE (2 * ML_PAGE)

struct look {
	const struct ml_file *file;
	struct ml_loads *loads;
	unsigned int left; /* pages and pieces to be looked at */
	uint64_t whole;	   /* bytes to be compared without gaps */
	bool differ, unread;
	bool sampled; /* not all was compared */
};

/* Compare len bytes of the file, at most AT_ONCE, at two offsets. */
static void elf_overlap_compare(struct look *k, uint64_t a, uint64_t b,
				size_t len)
{
	uint8_t x[AT_ONCE], y[AT_ONCE];

	if (ml_file_read(k->file, a, x, len, NULL) ||
	    ml_file_read(k->file, b, y, len, NULL))
		k->unread = true;
	else
		k->differ |= memcmp(x, y, len) != 0;
}

/* Compare the first page of len bytes of the file at two offsets, and others at equal
 * distances. */
static void elf_overlap_sample(struct look *k, uint64_t a, uint64_t b,
			       uint64_t len)
{
	uint64_t step = len / LOOKS_ONE + ML_PAGE, at;

	step -= step % ML_PAGE;
	for (at = 0; at < len && k->left && !k->differ; at += step) {
		k->left--;
		elf_overlap_compare(k, a + at, b + at,
				    (size_t)ml_min(len - at, ML_PAGE));
	}
	k->sampled |= step > ML_PAGE || at < len;
}

/* Compare len bytes of the file at two offsets. */
static void elf_overlap_piece(struct look *k, uint64_t a, uint64_t b,
			      uint64_t len)
{
	uint64_t at;

	if (len > k->whole) {
		elf_overlap_sample(k, a, b, len);
		return;
	}
	k->whole -= len;
	for (at = 0; at < len && !k->differ; at += AT_ONCE)
		elf_overlap_compare(k, a + at, b + at,
				    (size_t)ml_min(len - at, AT_ONCE));
}

/* Compare a PT_LOAD, where another one has its addresses, with that one. */
static void elf_overlap_load(struct look *k, const struct ml_phdr *p)
{
	const struct ml_load *l;
	uint64_t at, n, off;

	for (at = 0; at < p->filesz && k->left && !k->differ; at += n) {
		if (p->paddr + at < p->paddr)
			return;
		l = ml_loads_find(k->loads, p->paddr + at);
		if (!l)
			return; /* cut off: so is the rest */
		off = l->off + (p->paddr + at - l->addr);
		n = ml_min(p->filesz - at, l->len - (off - l->off));
		k->left--;
		if (off != p->offset + at && k->left)
			elf_overlap_piece(k, off, p->offset + at, n);
	}
}

void ml_elf_overlap(struct memlog_image *image, const struct ml_elf *elf,
		    const struct ml_file *file, struct ml_loads *loads)
{
	bool slow = ml_file_is_slow(file);
	struct look k = { .file = file,
			  .loads = loads,
			  .left = LOOKS_MAX,
			  .whole = slow ? 0 : ML_OVERLAP_COMPARED };
	size_t i;

	for (i = 0; i < elf->n_phdrs && loads->hidden && k.left && !k.differ;
	     i++)
		if (elf->phdrs[i].type == ML_PT_LOAD)
			elf_overlap_load(&k, &elf->phdrs[i]);
	image->suspect |= k.differ;
	if (k.differ) {
		ml_image_warn(image,
			      "%" PRIu64 " byte%s of the file %s not read, as "
			      "program headers overlap and differ: the first "
			      "one counts; --map=none reads the whole file",
			      loads->hidden, ml_s(loads->hidden),
			      ml_are(loads->hidden));
	} else if (k.unread || k.sampled || !k.left) {
		ml_image_warn(image,
			      "program headers overlap: %" PRIu64 " byte%s "
			      "could not be compared with those that are read "
			      "instead",
			      loads->hidden, ml_s(loads->hidden));
		/* those that were seen are the same, as in any copy of /proc/vmcore */
		image->uncompared = k.sampled;
		image->cut |= k.unread || !k.left;
		if (image->cut && !image->missing && !image->remedy)
			image->remedy = "--map=none reads the whole file";
	}
	loads->hidden = 0;
}
