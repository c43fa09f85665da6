/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* memory.c - read the memory of the kernel by its virtual addresses, and tell what
 * begins there. */
#include "base/bytes.h"
#include "hyp.h"

/* struct remote_event */
enum {
	EVENT_ENABLED = 32,
	EVENT_REMOTE = 40,
	EVENT_FIELDS = 48,
	EVENT_FORMAT = 56,
	EVENT_PRINT = 64,
};

#define KERNEL (UINT64_C(1) << 63)

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

bool ml_hyp_is_meta(const uint8_t *p)
{
	uint32_t size = ml_le32(p), pages = ml_le32(p + 12);
	uint64_t overrun = ml_le64(p + 48);

	return (size == 4096 || size == 16384 || size == 65536) &&
	       !ml_le64(p + 4) && !ml_le32(p + 28) && !ml_le64(p + 32) &&
	       !ml_le64(p + 56) && overrun <= ml_le64(p + 40) &&
	       ml_le64(p + 16) <= overrun &&
	       (!pages || (pages >= 2 && ml_le32(p + 24) < pages));
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
	return ml_hyp_is_meta(p) && ret->pages_lost <= ret->touched;
}

static bool memory_is_name(const uint8_t *p)
{
	size_t n = 0;

	while (n < HYP_NAME && (p[n] == '_' || (p[n] >= 'a' && p[n] <= 'z') ||
				(n && p[n] >= '0' && p[n] <= '9')))
		n++;
	if (!n || n == HYP_NAME)
		return false;
	while (n < HYP_NAME && !p[n])
		n++;
	return n == HYP_NAME;
}

bool ml_hyp_is_event(const uint8_t *p, size_t len)
{
	uint64_t remote = ml_le64(p + EVENT_REMOTE);

	return memory_is_name(p) && p[EVENT_ENABLED] <= 1 && remote >= KERNEL &&
	       remote % 8 == 0 && ml_le64(p + EVENT_FIELDS) >= KERNEL &&
	       ml_le64(p + EVENT_FORMAT) >= KERNEL &&
	       (len < HYP_EVENT || ml_le64(p + EVENT_PRINT) >= KERNEL);
}
