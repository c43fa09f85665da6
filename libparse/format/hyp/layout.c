/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* layout.c - where things are in the structures of each generation. */
#include "layout.h"

#include "base/bytes.h"

static const struct hyp_layout layouts[] = {
	[HYP_MAINLINE] = { .part = 16,
			   .meta = 80,
			   .node = 40,
			   .node_write = 32,
			   .node_id = 36,
			   .rb_tail = 0,
			   .rb_reader = 8,
			   .rb_nodes = 24,
			   .rb_meta = 32,
			   .rb_pages = 40,
			   .rb_status = 44,
			   .rb_overrun = 48,
			   .linear = true },
	[HYP_ANDROID] = { .part = 4,
			  .meta = 80,
			  .node = 48,
			  .node_write = 24,
			  .node_id = 40,
			  .rb_meta = 0,
			  .rb_tail = 8,
			  .rb_reader = 16,
			  .rb_nodes = 32,
			  .rb_pages = 40,
			  .rb_overrun = 48,
			  .rb_status = 64,
			  .packed = true },
	[HYP_ANDROID_15] = { .part = 4,
			     .meta = 72,
			     .node = 48,
			     .node_write = 24,
			     .node_id = 40,
			     .rb_meta = 0,
			     .rb_tail = 8,
			     .rb_reader = 16,
			     .rb_nodes = 32,
			     .rb_pages = 40,
			     .rb_overrun = 48,
			     .rb_status = 64,
			     .packed = true },
	[HYP_ANDROID_14] = { .node = 32,
			     .node_write = 24,
			     .rb_tail = HYP_14_TAIL,
			     .rb_reader = HYP_14_READER,
			     .rb_nodes = HYP_14_NODES,
			     .rb_pages = HYP_14_PAGES,
			     .rb_status = HYP_14_STATUS,
			     .rb_overrun = HYP_14_OVERRUN,
			     .footer = 32,
			     .linear = true,
			     .packed = true },
};

const struct hyp_layout *ml_hyp_layout(const struct hyp *h)
{
	return &layouts[h->gen];
}

static bool layout_is_size(uint32_t size)
{
	return size == 4096 || size == 16384 || size == 65536;
}

static bool layout_meta_fits(const uint8_t *p)
{
	uint32_t pages = ml_le32(p + 12);
	uint64_t overrun = ml_le64(p + 48);

	return layout_is_size(ml_le32(p)) && !ml_le64(p + 4) &&
	       !ml_le32(p + 28) && !ml_le64(p + 32) && !ml_le64(p + 56) &&
	       overrun <= ml_le64(p + 40) && ml_le64(p + 16) <= overrun &&
	       /* it may not count the reader's */
	       (!pages || ml_le32(p + 24) <= pages);
}

bool ml_hyp_is_meta(const uint8_t *p)
{
	/* a size and zeros are not enough */
	return layout_meta_fits(p) && (ml_le32(p + 12) > 1 || ml_le64(p + 40));
}

bool ml_hyp_is_meta_15(const uint8_t *p)
{
	uint64_t entries = ml_le64(p), overrun = ml_le64(p + 8);
	uint32_t pages = ml_le32(p + 52);

	return layout_is_size(ml_le32(p + 48)) && entries && !(entries >> 56) &&
	       overrun <= entries && ml_le64(p + 16) <= entries &&
	       ml_le64(p + 32) <= ml_le64(p + 24) && pages &&
	       pages <= ML_HYP_PAGES && ml_le32(p + 56) <= pages;
}

bool ml_hyp_meta_load(const struct hyp_layout *l, const uint8_t *p,
		      struct hyp_meta *ret)
{
	if (l->meta == HYP_META_15) {
		ret->entries = ml_le64(p);
		ret->overrun = ml_le64(p + 8);
		ret->touched = ml_le64(p + 24);
		ret->pages_lost = ml_le64(p + 32);
		ret->page_size = ml_le32(p + 48);
		ret->pages = ml_le32(p + 52);
		ret->reader = ml_le32(p + 56);
		ret->lost = ml_le64(p + 64);
		return layout_is_size(ret->page_size) &&
		       ret->overrun <= ret->entries &&
		       ret->lost <= ret->overrun;
	}
	ret->page_size = ml_le32(p);
	ret->pages = ml_le32(p + 12);
	ret->lost = ml_le64(p + 16);
	ret->reader = ml_le32(p + 24);
	ret->entries = ml_le64(p + 40);
	ret->overrun = ml_le64(p + 48);
	ret->pages_lost = ml_le64(p + 64);
	ret->touched = ml_le64(p + 72);
	return layout_meta_fits(p) && ret->pages_lost <= ret->touched;
}
