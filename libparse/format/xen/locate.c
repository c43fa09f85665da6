/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * locate.c - find the console ring by the hypervisor's variables: through its
 * symbols, or by recognising the pointer to the ring in its data. The pointer
 * is conring, with conring_size next to it; conringp and conringc are
 * neighbours as well. Up to Xen 3.4 conring is the ring itself.
 */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "image/xen/xen.h"

/* ---- by symbols --------------------------------------------------------- */

/* size bytes of a variable; they do not cross a page. */
static bool xen_locate_variable(struct memlog_image *image,
				const struct memlog_symbols *sym,
				const char *name, size_t size, uint64_t *ret)
{
	uint64_t va, mach;
	uint8_t b[8];

	if (!sym->addr || sym->addr(sym->self, name, &va) ||
	    !ml_xen_mach(image, va, &mach) ||
	    !ml_xen_read(image, mach, b, size))
		return false;
	*ret = size == 8 ? ml_le64(b) : ml_le32(b);
	return true;
}

size_t ml_xen_console_locate(struct memlog_image *image,
			     const struct memlog_symbols *sym,
			     struct ml_likely *ret, size_t max)
{
	struct ml_likely l = { .exact = true };
	uint64_t ring, start, mach, p, c;

	if (!max || !sym->addr || sym->addr(sym->self, "conring", &ring))
		return 0;
	if (sym->addr(sym->self, "xen_phys_start", &start))
		start = 0;
	if (!ml_xen_assume(image, ring, start))
		return 0;
	l.hint[XEN_HINT_SIZE] = XEN_RING_MIN;
	l.hint[XEN_HINT_HOW] = XEN_BY_SYMBOLS;
	if (xen_locate_variable(image, sym, "conring_size", 4,
				&l.hint[XEN_HINT_SIZE]) &&
	    !xen_locate_variable(image, sym, "conring",
				 image->xen->is64 ? 8 : 4, &ring))
		return 0;
	if (!ml_xen_mach(image, ring, &mach) ||
	    !ml_add(mach, l.hint[XEN_HINT_SIZE], &l.range.end))
		return 0;
	if (xen_locate_variable(image, sym, "conringp", 4, &p) &&
	    xen_locate_variable(image, sym, "conringc", 4, &c)) {
		l.hint[XEN_HINT_COUNTERS] = p | c << 32;
		l.hint[XEN_HINT_KNOWN] = true;
	}
	l.space = image->xen->space;
	l.range.start = mach;
	ret[0] = l;
	return 1;
}

/* ---- by the data of the hypervisor -------------------------------------- */

/* The index-th page of the hypervisor's image. */
static bool image_page(struct memlog_image *image, size_t index,
		       uint8_t page[ML_PAGE])
{
	const struct ml_xen *x = image->xen;
	uint64_t mach;

	if (x->has_phys_start)
		return ml_add(x->phys_start, (uint64_t)index * ML_PAGE,
			      &mach) &&
		       ml_xen_read(image, mach, page, ML_PAGE);
	return x->virt_start &&
	       ml_xen_mach(image, x->virt_start + (uint64_t)index * ML_PAGE,
			   &mach) &&
	       ml_xen_read(image, mach, page, ML_PAGE);
}

#define IMAGE_PAGES (ML_XEN_IMAGE_MAX / ML_PAGE)

/* Is there console text at mach, the target of a pointer? */
static bool leads_to_text(struct memlog_image *image, uint64_t mach)
{
	uint8_t buf[XEN_RING_MIN];
	struct xen_look look;
	size_t i;

	if (!ml_xen_read(image, mach, buf, 64))
		return false;
	for (i = 0; i < 64; i++)
		if (!ml_xen_is_text(buf[i]))
			return false;
	if (!ml_xen_read(image, mach, buf, sizeof(buf)))
		return false;
	ml_xen_look(buf, sizeof(buf), &look);
	return look.lines > 0;
}

/* The size of the ring, in the words around its pointer. */
static uint64_t size_nearby(const uint8_t *page, size_t at, uint64_t mach)
{
	size_t from = at >= 16 ? at - 16 : 0, i;
	uint32_t v;

	for (i = from; i + 4 <= ML_PAGE && i < at + 24; i += 4) {
		v = ml_le32(page + i);
		if (i / 8 != at / 8 && ml_is_pow2(v) && v >= XEN_RING_MIN &&
		    v <= ML_XEN_RING_MAX && mach % v == 0)
			return v;
	}
	return 0;
}

static bool give_up(struct memlog_image *image)
{
	ml_image_warn(image,
		      "more than %u words of the hypervisor's data look "
		      "like pointers to its console ring, which was not "
		      "looked for in the others",
		      ML_XEN_POINTERS);
	return false;
}

static bool find_pointer(struct memlog_image *image, uint64_t *ret_mach,
			 uint64_t *ret_size)
{
	uint8_t page[ML_PAGE];
	uint32_t followed = 0;
	uint64_t v, mach;
	size_t i, at;

	for (i = 0; i < IMAGE_PAGES; i++) {
		if (!image_page(image, i, page))
			continue;
		for (at = 0; at < ML_PAGE; at += 8) {
			v = ml_le64(page + at);
			if (v < ML_XEN_DIRECTMAP || v >= ML_XEN_VIRT_HIGH ||
			    v % XEN_RING_MIN)
				continue;
			if (followed++ == ML_XEN_POINTERS)
				return give_up(image);
			if (!ml_xen_mach(image, v, &mach) ||
			    mach % XEN_RING_MIN)
				continue;
			*ret_size = size_nearby(page, at, mach);
			if (!*ret_size || !leads_to_text(image, mach))
				continue;
			*ret_mach = mach;
			return true;
		}
	}
	return false;
}

/* producer and consumer as candidate neighbours, and the ring's bytes. */
struct pair {
	uint32_t p, c;
	const struct xen_ring *ring;
	const uint8_t *buf;
};

/* Does the pair agree with the order of the text? */
static bool as_text(const struct pair *v)
{
	const struct xen_ring *r = v->ring;

	return v->p % r->size == (r->wrapped ? r->start : r->used) &&
	       (v->p >= r->size) == r->wrapped;
}

/*
 * The order of a text is a guess, and wrong if nothing in it separates new from
 * old. A full ring that was never cleared by dmesg -c is all unread, and what
 * was written last is a line, or most of one.
 */
static bool as_full_ring(const struct pair *v)
{
	uint64_t size = v->ring->size;

	return v->ring->wrapped && v->c && v->p - v->c == size &&
	       v->buf[(v->p - 1) % size] == '\n';
}

/* Which pair of neighbours is it? Only a unique answer counts; a 0 next to the
 * producer may be anything. */
static bool find_counters(struct memlog_image *image, const struct xen_ring *r,
			  const uint8_t *buf,
			  bool (*is_pair)(const struct pair *v), uint64_t *ret)
{
	struct pair v = { .ring = r, .buf = buf };
	uint8_t page[ML_PAGE];
	uint64_t found = 0;
	size_t i, at;
	unsigned int swap;

	for (i = 0; i < IMAGE_PAGES; i++) {
		if (!image_page(image, i, page))
			continue;
		for (at = 0; at + 8 <= ML_PAGE; at += 4)
			for (swap = 0; swap < 2; swap++) {
				v.p = ml_le32(page + at + 4 * swap);
				v.c = ml_le32(page + at + 4 - 4 * swap);
				if (!v.p || v.c > v.p || v.p - v.c > r->size ||
				    !is_pair(&v))
					continue;
				if (found >> 32 && v.c && found >> 32 != v.c)
					return false;
				if (!found || v.c)
					found = v.p | (uint64_t)v.c << 32;
			}
	}
	*ret = found;
	return found != 0;
}

static bool by_pointer(struct memlog_image *image, struct ml_likely *ret)
{
	struct ml_likely l = { .space = image->xen->space, .exact = true };
	struct xen_ring r = { 0 };
	uint64_t mach;
	uint8_t *buf;

	if (!find_pointer(image, &mach, &r.size))
		return false;
	l.range.start = mach;
	l.range.end = mach + r.size;
	l.hint[XEN_HINT_SIZE] = r.size;
	l.hint[XEN_HINT_HOW] = XEN_BY_POINTER;
	buf = ml_calloc(&image->alloc, (size_t)r.size, 1);
	image->starved |= !buf;
	if (buf && ml_xen_read(image, mach, buf, (size_t)r.size))
		l.hint[XEN_HINT_KNOWN] =
			(ml_xen_order(buf, (size_t)r.size, &r) &&
			 find_counters(image, &r, buf, as_text,
				       &l.hint[XEN_HINT_COUNTERS])) ||
			find_counters(image, &r, buf, as_full_ring,
				      &l.hint[XEN_HINT_COUNTERS]);
	ml_free(&image->alloc, buf);
	*ret = l;
	return true;
}

/* ---- the static ring ---------------------------------------------------- */

/* Text of at least this length, and this many lines, is a ring's. */
#define STATIC_TEXT  1024u
#define STATIC_LINES 3u

/* The ring in a text that begins at *mach, or before it. */
static bool is_static_ring(struct memlog_image *image, uint64_t *mach)
{
	struct memlog_extent e = { .space = image->xen->space, .addr = *mach };
	uint8_t buf[XEN_RING_MIN];
	struct xen_ring r = { 0 };
	struct xen_look look;

	if (!ml_xen_find_place(&image->alloc, image, &e, &r, NULL)) {
		*mach = e.addr;
		return true;
	}
	if (!ml_xen_read(image, *mach, buf, sizeof(buf)))
		return false;
	ml_xen_look(buf, sizeof(buf), &look);
	return look.lines >= STATIC_LINES;
}

/*
 * In the image of an old hypervisor: the only place with lines of console text.
 * It is not aligned; zeros or other data come before it. Code is full of what
 * looks like text, so more is read only after a long run of it, once.
 */
static bool by_static(struct memlog_image *image, struct ml_likely *ret)
{
	struct ml_likely l = { .space = image->xen->space, .exact = true };
	const struct ml_xen *x = image->xen;
	uint8_t page[ML_PAGE];
	uint64_t start, run = 0;
	size_t i, at;

	if (!x->has_phys_start)
		return false;
	for (i = 0; i < IMAGE_PAGES; i++) {
		if (!image_page(image, i, page)) {
			run = 0;
			continue;
		}
		for (at = 0; at < ML_PAGE; at++) {
			run = ml_xen_is_text(page[at]) ? run + 1 : 0;
			if (run != STATIC_TEXT)
				continue;
			start = x->phys_start + i * ML_PAGE + at + 1 - run;
			if (!is_static_ring(image, &start))
				continue;
			l.range.start = start;
			l.range.end = start + XEN_RING_MIN;
			l.hint[XEN_HINT_SIZE] = XEN_RING_MIN;
			l.hint[XEN_HINT_HOW] = XEN_STATIC;
			*ret = l;
			return true;
		}
	}
	return false;
}

size_t ml_xen_console_likely(struct memlog_image *image, struct ml_likely *ret,
			     size_t max)
{
	const struct ml_xen *x = image->xen;

	if (!x || !max)
		return 0;
	if (x->is64 && by_pointer(image, ret))
		return 1;
	return (!x->is64 || (x->has_version && x->major < 4)) &&
	       by_static(image, ret);
}
