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

static const struct {
	const char *type, *member;
	uint16_t off;
} place_members[FTRACE_MEMBERS] = {
	[FTRACE_CALL_CLASS] = { "trace_event_call", "class", 16 },
	[FTRACE_CALL_NAME] = { "trace_event_call", "name", 24 },
	[FTRACE_CALL_EVENT] = { "trace_event_call", "event", 32 },
	[FTRACE_CALL_FORMAT] = { "trace_event_call", "print_fmt", 64 },
	[FTRACE_CALL_DATA] = { "trace_event_call", "data", 0 },
	[FTRACE_EVENT_TYPE] = { "trace_event", "type", 16 },
	[FTRACE_CLASS_SYSTEM] = { "trace_event_class", "system", 0 },
	[FTRACE_CLASS_FIELDS] = { "trace_event_class", "fields", 0 },
	[FTRACE_FIELD_NAME] = { "ftrace_event_field", "name", 16 },
	[FTRACE_FIELD_TYPE] = { "ftrace_event_field", "type", 24 },
	[FTRACE_FIELD_OFFSET] = { "ftrace_event_field", "offset", 36 },
	[FTRACE_FIELD_SIZE] = { "ftrace_event_field", "size", 40 },
	[FTRACE_SYSCALL_FIELDS] = { "syscall_metadata", "enter_fields", 32 },
};

static void place_offsets(const struct memlog_symbols *symbols, uint16_t *off)
{
	uint64_t v;
	size_t i;

	for (i = 0; i < FTRACE_MEMBERS; i++) {
		off[i] = place_members[i].off;
		if (symbols->member_offset &&
		    !symbols->member_offset(symbols->self,
					    place_members[i].type,
					    place_members[i].member, &v) &&
		    v < ML_PAGE)
			off[i] = (uint16_t)v;
	}
}

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
	place_offsets(symbols, ret->off);
	/* tasks have other names in another boot */
	if (ret->then != ret->slide ||
	    !ml_vmcoreinfo_symbol(image, symbols, "savedcmd", &ret->tasks,
				  &phys))
		ret->tasks = 0;
	return true;
}
