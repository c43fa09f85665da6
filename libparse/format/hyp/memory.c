/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* memory.c - read the memory of the kernel by its virtual addresses, and tell what
 * begins there. */
#include "base/bytes.h"
#include "hyp.h"
#include "structs.h"

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

bool ml_hyp_is_name(const uint8_t *p, size_t size)
{
	size_t n = 0;

	while (n < size && (p[n] == '_' || (p[n] >= 'a' && p[n] <= 'z') ||
			    (n && p[n] >= '0' && p[n] <= '9')))
		n++;
	if (!n || n == size)
		return false;
	while (n < size && !p[n])
		n++;
	return n == size;
}

bool ml_hyp_is_event(const uint8_t *p, size_t len)
{
	uint64_t remote = ml_le64(p + HYP_EVENT_REMOTE);

	return ml_hyp_is_name(p, HYP_NAME) && p[HYP_EVENT_ENABLED] <= 1 &&
	       remote >= HYP_KERNEL && remote % 8 == 0 &&
	       ml_le64(p + HYP_EVENT_FIELDS) >= HYP_KERNEL &&
	       ml_le64(p + HYP_EVENT_FORMAT) >= HYP_KERNEL &&
	       (len < HYP_EVENT || ml_le64(p + HYP_EVENT_PRINT) >= HYP_KERNEL);
}
