/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * position.c - how far the kernel has read a CPU's reader page: the kernel keeps
 * a struct trace_buffer for each remote, and in it a struct buffer_page for the
 * reader page. The offsets come with symbols; otherwise pointers are followed that
 * lead to a struct with a pointer to that page.
 */
#include "base/bytes.h"
#include "hyp.h"
#include "structs.h"

enum {
	BUFFER = 128, /* bytes of struct trace_buffer that are looked at */
	PER_CPU = 512,
	PAGE_READ = 24, /* struct buffer_page: after a list and a counter */
	PAGE_LAST = 96,
};

static bool position_is_pointer(uint64_t va)
{
	return va >= HYP_KERNEL && va % 8 == 0;
}

/* Where pointers lead, virtual: an entry of the table of CPUs, the struct
 * ring_buffer_per_cpu, its struct buffer_page, and in that what is looked for. */
struct hyp_way {
	uint64_t entry, per_cpu, page, read;
};

/* Is there a struct buffer_page for this page? It begins with a list. */
static bool position_is_page(struct memlog_image *image, const struct hyp *h,
			     uint64_t va, uint64_t page)
{
	uint8_t b[PAGE_LAST];
	size_t at;

	if (!position_is_pointer(va) ||
	    !ml_hyp_read_va(image, h, va, b, sizeof(b)) ||
	    !position_is_pointer(ml_le64(b) & ~(uint64_t)HYP_LINK_FLAGS) ||
	    !position_is_pointer(ml_le64(b + 8) & ~(uint64_t)HYP_LINK_FLAGS))
		return false;
	for (at = PAGE_READ + 8; at < PAGE_LAST; at += 8)
		if (ml_le64(b + at) == page)
			return true;
	return false;
}

static bool position_by_offsets(struct memlog_image *image, const struct hyp *h,
				int32_t cpu, uint64_t page, struct hyp_way *ret)
{
	uint64_t offs = h->hint[HYP_HINT_READ];
	uint8_t b[8];

	if (!offs || !ml_hyp_read_va(image, h, h->buffer + (offs & 0xffff), b,
				     sizeof(b)))
		return false;
	ret->entry = ml_le64(b) + 8 * (uint64_t)cpu;
	if (!ml_hyp_read_va(image, h, ret->entry, b, sizeof(b)))
		return false;
	ret->per_cpu = ml_le64(b);
	if (!ml_hyp_read_va(image, h, ret->per_cpu + (offs >> 16 & 0xffff), b,
			    sizeof(b)))
		return false;
	ret->page = ml_le64(b);
	ret->read = ret->page + (offs >> 32 & 0xffff);
	return position_is_page(image, h, ret->page, page);
}

/* A struct ring_buffer_per_cpu begins with the CPU, and points back. */
static bool position_in_cpu(struct memlog_image *image, const struct hyp *h,
			    int32_t cpu, uint64_t page, struct hyp_way *ret)
{
	uint64_t va = ret->per_cpu;
	bool back = false;
	uint8_t b[PER_CPU];
	size_t at;

	if (!position_is_pointer(va) ||
	    !ml_hyp_read_va(image, h, va, b, sizeof(b)) ||
	    ml_le32(b) != (uint32_t)cpu)
		return false;
	for (at = 8; at < PER_CPU; at += 8)
		back |= ml_le64(b + at) == h->buffer;
	for (at = 8; back && at < PER_CPU; at += 8) {
		if (!position_is_page(image, h, ml_le64(b + at), page))
			continue;
		ret->page = ml_le64(b + at);
		ret->read = ret->page + PAGE_READ;
		return true;
	}
	return false;
}

static bool position_by_shape(struct memlog_image *image, const struct hyp *h,
			      int32_t cpu, uint64_t page, struct hyp_way *ret)
{
	uint8_t b[BUFFER], p[8];
	size_t at;

	if (!position_is_pointer(h->buffer) ||
	    !ml_hyp_read_va(image, h, h->buffer, b, sizeof(b)))
		return false;
	for (at = 0; at < BUFFER; at += 8) {
		if (!position_is_pointer(ml_le64(b + at)))
			continue;
		ret->entry = ml_le64(b + at) + 8 * (uint64_t)cpu;
		if (!ml_hyp_read_va(image, h, ret->entry, p, sizeof(p)))
			continue;
		ret->per_cpu = ml_le64(p);
		if (position_in_cpu(image, h, cpu, page, ret))
			return true;
	}
	return false;
}

bool ml_hyp_position(struct memlog_image *image, const struct hyp *h,
		     int32_t cpu, uint64_t page, struct hyp_position *ret)
{
	struct hyp_way way;
	uint8_t b[4];

	if (!position_by_offsets(image, h, cpu, page, &way) &&
	    !position_by_shape(image, h, cpu, page, &way))
		return false;
	*ret = (struct hyp_position){
		.read = ml_hyp_phys(h, way.read),
		.way = { { ml_hyp_phys(h, h->buffer), BUFFER },
			 { ml_hyp_phys(h, way.entry), 8 },
			 { ml_hyp_phys(h, way.per_cpu), PER_CPU },
			 { ml_hyp_phys(h, way.page), PAGE_LAST } },
	};
	return ml_hyp_read(image, ret->read, b, sizeof(b)) &&
	       ml_le32(b) <= h->page_size;
}
