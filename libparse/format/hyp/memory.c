/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* memory.c - read the memory of the kernel, by its virtual addresses. */
#include "base/bytes.h"
#include "hyp.h"

uint64_t ml_hyp_phys(const struct hyp *h, uint64_t va)
{
	/* the image is mapped in one piece of less than 1 GiB */
	bool image = va - h->table + (1u << 30) < UINT64_C(1) << 31;

	return va - (image ? h->image : h->direct);
}

bool ml_hyp_read(struct memlog_image *image, uint64_t phys, void *buf,
		 size_t len)
{
	size_t got;

	return !ml_image_fill(image, MEMLOG_PHYS, phys, buf, len, &got, NULL) &&
	       got == len;
}

bool ml_hyp_read_va(struct memlog_image *image, const struct hyp *h,
		    uint64_t va, void *buf, size_t len)
{
	return ml_hyp_read(image, ml_hyp_phys(h, va), buf, len);
}

bool ml_hyp_meta_load(const uint8_t *p, struct hyp_meta *ret)
{
	ret->page_size = ml_le32(p);
	ret->pages = ml_le32(p + 12);
	ret->lost = ml_le64(p + 16);
	ret->reader = ml_le32(p + 24);
	ret->entries = ml_le64(p + 40);
	ret->overrun = ml_le64(p + 48);
	ret->pages_lost = ml_le64(p + 64);
	ret->touched = ml_le64(p + 72);
	return (ret->page_size == 4096 || ret->page_size == 16384 ||
		ret->page_size == 65536) &&
	       !ml_le64(p + 4) && !ml_le32(p + 28) && !ml_le64(p + 32) &&
	       !ml_le64(p + 56) && ret->overrun <= ret->entries &&
	       ret->lost <= ret->overrun;
}
