/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* place.c - where the kernel has what is needed to print events, by symbols. */
#include "kernel.h"

#include <string.h>

#include "base/bytes.h"
#include "image/vmcoreinfo.h"

/* where the direct map of x86-64 is without KASLR, with 4 levels of page tables */
#define X86_DIRECT UINT64_C(0xffff888000000000)

/* no kernel's image is larger */
#define IMAGE (UINT64_C(256) << 20)

/* A virtual address of the direct map less the physical one. */
static void place_direct(struct ftrace_kernel *k,
			 const struct memlog_symbols *symbols,
			 struct ftrace_kernel_info *ret)
{
	struct ml_direct direct;
	uint64_t phys, va;
	uint8_t b[8];

	if (ml_vmcoreinfo_direct(k->image, &direct)) {
		ret->direct_start = direct.start;
		ret->direct = direct.start - direct.phys;
		return;
	}
	ret->direct_start = X86_DIRECT;
	if (ml_vmcoreinfo_symbol(k->image, symbols, "page_offset_base", &va,
				 &phys) &&
	    ml_ftrace_kernel_read(k, va, b, sizeof(b)))
		ret->direct_start = ml_le64(b);
	ret->direct = ret->direct_start;
}

bool ml_ftrace_place_image(struct ftrace_kernel *k,
			   struct ftrace_kernel_info *ret)
{
	uint64_t phys;

	if (!ml_vmcoreinfo_number(k->image, "SYMBOL(_stext)", &ret->anchor) ||
	    !ml_vmcoreinfo_phys(k->image, ret->anchor, &phys))
		return false;
	k->info = ret;
	ret->image = ret->anchor - phys;
	ret->image_end = ret->anchor + IMAGE;
	return true;
}

/* How far the kernel that wrote the log was from where these symbols are. */
static uint64_t place_then(const struct memlog_symbols *symbols,
			   const struct ftrace *f, uint64_t slide)
{
	uint64_t linked;

	if (f->text &&
	    !symbols->addr(symbols->self,
			   f->old ? "rb_meta_init_text_addr" : "_text",
			   &linked))
		return f->text - linked;
	return slide;
}

bool ml_ftrace_place(struct ftrace_kernel *k,
		     const struct memlog_symbols *symbols,
		     const struct ftrace *f, struct ftrace_kernel_info *ret)
{
	struct memlog_image *image = k->image;
	uint64_t phys, linked;

	if (!symbols->addr || !ml_ftrace_place_image(k, ret) ||
	    !ml_vmcoreinfo_symbol(image, symbols, "ftrace_events", &ret->events,
				  &phys) ||
	    symbols->addr(symbols->self, "ftrace_events", &linked))
		return false;
	ret->slide = ret->events - linked;
	ret->then = place_then(symbols, f, ret->slide);
	if (!ml_vmcoreinfo_symbol(image, symbols, "_end", &ret->image_end,
				  &phys))
		ret->image_end = ret->anchor + IMAGE;
	place_direct(k, symbols, ret);
	ml_ftrace_walk_place(image, ret);
	ml_ftrace_members(symbols, ret->off);
	/* tasks have other names in another boot */
	if (ret->then != ret->slide ||
	    !ml_vmcoreinfo_symbol(image, symbols, "savedcmd", &ret->tasks,
				  &phys))
		ret->tasks = 0;
	return true;
}
