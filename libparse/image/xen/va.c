/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* va.c - translate virtual addresses of the hypervisor to machine addresses. */
#include "xen.h"

#include "base/bytes.h"
#include "space/pagewalk.h"

/* 32-bit Xen: the direct map, up to the end of the address space. */
#define DIRECTMAP32 0xff000000ull

bool ml_xen_read(struct memlog_image *image, uint64_t mach, void *buf,
		 size_t len)
{
	size_t got;

	return !ml_image_fill(image, image->xen->space, mach, buf, len, &got,
			      NULL) &&
	       got == len;
}

static bool xen_va_walk(struct memlog_image *image, uint64_t va, uint64_t *ret)
{
	const struct ml_xen *x = image->xen;
	const struct ml_space *sp = &image->spaces[x->space];
	size_t i;

	for (i = 0; i < x->n_cr3; i++)
		if (!ml_pagewalk(sp->ops, sp->self,
				 x->is64 ? ML_PAGING_64 : ML_PAGING_PAE,
				 x->cr3[i], va, ret))
			return true;
	return false;
}

bool ml_xen_mach(struct memlog_image *image, uint64_t va, uint64_t *ret)
{
	const struct ml_xen *x = image->xen;
	uint8_t byte;

	if (!x->is64) {
		*ret = va - DIRECTMAP32;
		return va >= DIRECTMAP32 && va <= UINT32_MAX;
	}
	if (va < ML_XEN_VIRT_LOW || va >= ML_XEN_VIRT_HIGH)
		return false;
	if (xen_va_walk(image, va, ret))
		return true;
	if (va >= ML_XEN_DIRECTMAP_BIG) {
		*ret = va - ML_XEN_DIRECTMAP_BIG;
		if (ml_xen_read(image, *ret, &byte, 1))
			return true;
	}
	if (va >= ML_XEN_DIRECTMAP) {
		*ret = va - ML_XEN_DIRECTMAP;
		return true;
	}
	if (!x->has_phys_start)
		return false;
	return ml_add(va % ML_XEN_IMAGE_SPAN, x->phys_start, ret);
}

/* Xen is loaded at a multiple of this. */
#define LOAD_ALIGN (2ull << 20)

/* Search for the load address: xen_phys_start, at a fixed offset from it, holds
 * that address. A zero at address 0 proves nothing, so try 0 last. */
static void find_phys_start(struct memlog_image *image, uint64_t symbol)
{
	struct ml_xen *x = image->xen;
	uint64_t off = symbol % ML_XEN_IMAGE_SPAN, at, addr = 0, skew;
	struct memlog_range r;
	uint8_t b[8];

	while (!memlog_image_next_range(image, x->space, addr, &r, NULL)) {
		addr = r.end;
		skew = r.start % LOAD_ALIGN;
		if (!ml_add(r.start, skew ? LOAD_ALIGN - skew : 0, &at))
			break;
		/* a range may end at the top of the address space */
		for (; at < r.end && r.end - at > off; at += LOAD_ALIGN) {
			if (at && ml_xen_read(image, at + off, b, 8) &&
			    ml_le64(b) == at) {
				x->has_phys_start = true;
				x->phys_start = at;
				return;
			}
			if (r.end - at <= LOAD_ALIGN)
				break;
		}
	}
	x->has_phys_start = true;
}

bool ml_xen_assume(struct memlog_image *image, uint64_t symbol,
		   uint64_t start_symbol)
{
	struct ml_xen *x = image->xen;
	uint64_t mach;

	if (!image->n_order)
		return false;
	if (!x) {
		x = ml_calloc(&image->alloc, 1, sizeof(*x));
		image->starved |= !x;
		if (!x)
			return false;
		x->space = image->order[0];
		x->is64 = symbol > UINT32_MAX;
		image->xen = x;
	}
	if (x->is64 && !x->virt_start && symbol >= ML_XEN_VIRT_LOW &&
	    symbol < ML_XEN_DIRECTMAP)
		x->virt_start = symbol - symbol % ML_XEN_IMAGE_SPAN;
	if (x->is64 && start_symbol && !x->has_phys_start &&
	    !ml_xen_mach(image, symbol, &mach))
		find_phys_start(image, start_symbol);
	return true;
}
