/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view.c - what is known of the kernel in an image, from the symbols of the search or from
 * its own memory. */
#include "view.h"

#include <stdio.h>

#include "base/bytes.h"
#include "btf.h"
#include "image/vmcoreinfo.h"
#include "kallsyms.h"

/* The kernel's own table, if VMCOREINFO says where it is. */
static bool view_own(struct ftrace_view *v, struct ftrace *f)
{
	if (!ml_ftrace_place_image(&v->kernel, &f->kernel))
		return false;
	v->missing = "VMCOREINFO does not name the kernel's table of symbols, "
		     "as Linux before 6.0: give a file with them, -s vmlinux";
	if (!ml_ftrace_kallsyms_place(v->kernel.image, &f->kernel.kallsyms))
		return false;
	v->missing = "the kernel's table of symbols is damaged or not in the "
		     "image: give a file with them, -s vmlinux";
	v->own = ml_ftrace_kallsyms_open(&v->kernel, &f->kernel.kallsyms);
	v->symbols = v->own;
	return v->own;
}

bool ml_ftrace_view_open(struct ftrace_view *v, struct memlog_image *image,
			 const struct memlog_symbols *symbols, struct ftrace *f)
{
	v->kernel.alloc = image->alloc;
	v->kernel.image = image;
	v->symbols = ml_vmcoreinfo_checked(image, symbols);
	if (!v->symbols && !view_own(v, f))
		return false;
	v->missing = "the symbols do not say where the kernel has what "
		     "describes events";
	if (!ml_ftrace_place(&v->kernel, v->symbols, f, &f->kernel))
		return false;
	v->missing = NULL;
	return true;
}

void ml_ftrace_view_close(struct ftrace_view *v)
{
	ml_ftrace_kallsyms_close(v->own);
	ml_ftrace_btf_close(v->btf);
	ml_ftrace_kernel_close(&v->kernel);
}

bool ml_ftrace_view_symbol(struct ftrace_view *v, const char *name,
			   uint64_t *ret)
{
	uint64_t phys;

	return ml_vmcoreinfo_symbol(v->kernel.image, v->symbols, name, ret,
				    &phys);
}

bool ml_ftrace_view_u64(struct ftrace_view *v, uint64_t va, uint64_t *ret)
{
	uint8_t b[8];

	if (!ml_ftrace_kernel_read(&v->kernel, va, b, sizeof(b)))
		return false;
	*ret = ml_le64(b);
	return true;
}

/* The BTF that the kernel has of itself. */
static bool view_btf(struct ftrace_view *v)
{
	uint64_t start, stop, len;
	uint8_t *bytes;

	v->missing = "nothing describes the kernel's structs: it was built "
		     "without BTF; give a file with debug information, -s "
		     "vmlinux";
	if (!ml_ftrace_view_symbol(v, "__start_BTF", &start) ||
	    !ml_ftrace_view_symbol(v, "__stop_BTF", &stop))
		return false;
	v->missing = "the kernel's BTF is damaged or not in the image; give a "
		     "file with debug information, -s vmlinux";
	len = stop - start;
	/* page tables may show the same memory again and again */
	if (stop < start || len > ML_BTF || start < v->kernel.info->anchor ||
	    stop > v->kernel.info->image_end)
		return false;
	bytes = ml_calloc(&v->kernel.alloc, 1, (size_t)len + 1);
	v->kernel.starved |= !bytes;
	if (!bytes)
		return false;
	if (!ml_ftrace_kernel_read(&v->kernel, start, bytes, (size_t)len)) {
		ml_free(&v->kernel.alloc, bytes);
		return false;
	}
	v->btf = ml_ftrace_btf_open(&v->kernel.alloc, bytes, (size_t)len,
				    &v->kernel.starved);
	v->types = v->btf;
	return v->btf;
}

bool ml_ftrace_view_types(struct ftrace_view *v, struct ftrace *f)
{
	const struct memlog_symbols *s = v->symbols;
	const char *member;
	uint64_t off;

	if (s->member_offset &&
	    !s->member_offset(s->self, "ring_buffer_per_cpu", "reader_page",
			      &off))
		v->types = s;
	else if (!view_btf(v))
		return false;
	ml_ftrace_members(v->types, f->kernel.off);
	v->missing = NULL;
	if (ml_ftrace_ring_members(v->types, v->off, &member))
		return true;
	snprintf(v->words, sizeof(v->words),
		 "the kernel's structs have no %s, as those of Linux 5.10 to "
		 "7.3 do",
		 member);
	v->missing = v->words;
	return false;
}
