/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* layout.c - what VMCOREINFO says of the kernel's log. */
#include "dmesg.h"

#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/vmcoreinfo.h"

/* Keys whose numbers add up to one, and where it goes; key_old: of kernels before 3.11.
 * may: it need not be there. */
struct layout_row {
	uint16_t to;
	bool may;
	const char *key, *second, *key_old;
};

#define TO(member) offsetof(struct dmesg, member)
#define DESC_RING  "OFFSET(printk_ringbuffer.desc_ring)"
#define TEXT_RING  "OFFSET(printk_ringbuffer.text_data_ring)"

static const struct layout_row layout_ring[] = {
	{ TO(vars), false, "SIZE(printk_ringbuffer)", NULL, NULL },
	{ TO(count_bits), false, DESC_RING, "OFFSET(prb_desc_ring.count_bits)",
	  NULL },
	{ TO(descs), false, DESC_RING, "OFFSET(prb_desc_ring.descs)", NULL },
	{ TO(infos), false, DESC_RING, "OFFSET(prb_desc_ring.infos)", NULL },
	{ TO(head), false, DESC_RING, "OFFSET(prb_desc_ring.head_id)", NULL },
	{ TO(tail), false, DESC_RING, "OFFSET(prb_desc_ring.tail_id)", NULL },
	{ TO(size_bits), false, TEXT_RING, "OFFSET(prb_data_ring.size_bits)",
	  NULL },
	{ TO(data), false, TEXT_RING, "OFFSET(prb_data_ring.data)", NULL },
	{ TO(text_head), false, TEXT_RING, "OFFSET(prb_data_ring.head_lpos)",
	  NULL },
	{ TO(text_tail), false, TEXT_RING, "OFFSET(prb_data_ring.tail_lpos)",
	  NULL },
	{ TO(desc), false, "SIZE(prb_desc)", NULL, NULL },
	{ TO(desc_state), false, "OFFSET(prb_desc.state_var)", NULL, NULL },
	{ TO(desc_begin), false, "OFFSET(prb_desc.text_blk_lpos)",
	  "OFFSET(prb_data_blk_lpos.begin)", NULL },
	{ TO(desc_next), false, "OFFSET(prb_desc.text_blk_lpos)",
	  "OFFSET(prb_data_blk_lpos.next)", NULL },
	{ TO(info), false, "SIZE(printk_info)", NULL, NULL },
	{ TO(info_seq), false, "OFFSET(printk_info.seq)", NULL, NULL },
	{ TO(info_time), false, "OFFSET(printk_info.ts_nsec)", NULL, NULL },
	{ TO(info_len), false, "OFFSET(printk_info.text_len)", NULL, NULL },
	{ TO(info_caller), true, "OFFSET(printk_info.caller_id)", NULL, NULL },
	{ TO(info_dev), true, "OFFSET(printk_info.dev_info)", NULL, NULL },
	{ TO(subsystem), true, "OFFSET(dev_printk_info.subsystem)", NULL,
	  NULL },
	{ TO(subsystem_len), true, "LENGTH(printk_info_subsystem)", NULL,
	  NULL },
	{ TO(device), true, "OFFSET(dev_printk_info.device)", NULL, NULL },
	{ TO(device_len), true, "LENGTH(printk_info_device)", NULL, NULL },
};

static const struct layout_row layout_buffer[] = {
	{ TO(info), false, "SIZE(printk_log)", NULL, "SIZE(log)" },
	{ TO(info_time), false, "OFFSET(printk_log.ts_nsec)", NULL,
	  "OFFSET(log.ts_nsec)" },
	{ TO(info_size), false, "OFFSET(printk_log.len)", NULL,
	  "OFFSET(log.len)" },
	{ TO(info_len), false, "OFFSET(printk_log.text_len)", NULL,
	  "OFFSET(log.text_len)" },
	{ TO(info_dict), false, "OFFSET(printk_log.dict_len)", NULL,
	  "OFFSET(log.dict_len)" },
};

/* From 4.9 on every record of the old ring is a line. */
#define WHOLE_LINES (4u << 16 | 9)

static bool layout_number(const struct memlog_image *image, const char *key,
			  uint64_t *sum)
{
	uint64_t v;

	return ml_vmcoreinfo_number(image, key, &v) && v < ML_PAGE &&
	       ml_add(*sum, v, sum);
}

static bool layout_rows(const struct memlog_image *image,
			const struct layout_row *row, size_t n,
			struct dmesg *ret, struct memlog_err *err)
{
	uint64_t sum;
	uint16_t v;

	for (; n; n--, row++) {
		sum = 0;
		if (!layout_number(image, row->key, &sum) &&
		    !(row->key_old && layout_number(image, row->key_old, &sum)))
			sum = UINT64_MAX;
		else if (row->second &&
			 !layout_number(image, row->second, &sum))
			sum = UINT64_MAX;
		if (sum == UINT64_MAX && !row->may)
			return !ml_fail(err, MEMLOG_NOT_MINE,
					"VMCOREINFO has no %s",
					row->second ? row->second : row->key);
		v = sum == UINT64_MAX ? 0 : (uint16_t)sum;
		memcpy((uint8_t *)ret + row->to, &v, sizeof(v));
	}
	return true;
}

/* Are all members inside what they are members of? */
static bool layout_fits(const struct dmesg *d)
{
	uint64_t word = 8, last = d->info_time + word, caller = 20;

	if (d->old)
		return d->info <= ML_DMESG_INFO && last <= d->info &&
		       d->info_size + 2u <= d->info &&
		       d->info_len + 2u <= d->info &&
		       d->info_dict + 4u <= d->info;
	last = ml_max(last, d->info_seq + word);
	last = ml_max(last, d->info_len + 4u);
	last = ml_max(last, d->info_caller ? d->info_caller + 4u : caller);
	last = ml_max(last, d->info_dev + d->subsystem + d->subsystem_len);
	last = ml_max(last, d->info_dev + d->device + d->device_len);
	if (last > d->info || d->info > ML_DMESG_INFO)
		return false;
	last = ml_max(d->desc_state, ml_max(d->desc_begin, d->desc_next));
	if (last + word > d->desc || d->desc > ML_DMESG_INFO)
		return false;
	last = ml_max(d->count_bits, ml_max(d->descs, d->infos));
	last = ml_max(last, ml_max(d->head, d->tail));
	last = ml_max(last, ml_max(d->size_bits, d->data));
	last = ml_max(last, ml_max(d->text_head, d->text_tail));
	return last + word <= d->vars && d->vars <= ML_DMESG_INFO;
}

static bool layout_is_ring(const struct memlog_image *image, uint64_t *ret)
{
	return ml_vmcoreinfo_number(image, "SYMBOL(prb)", ret);
}

bool ml_dmesg_layout(const struct memlog_image *image, struct dmesg *ret,
		     struct memlog_err *err)
{
	uint32_t release = ml_vmcoreinfo_release(image);
	uint64_t va;
	bool ok;

	*ret = (struct dmesg){ .old = !layout_is_ring(image, &va) };
	if (ret->old)
		ok = layout_rows(image, layout_buffer,
				 sizeof(layout_buffer) / sizeof(*layout_buffer),
				 ret, err);
	else
		ok = layout_rows(image, layout_ring,
				 sizeof(layout_ring) / sizeof(*layout_ring),
				 ret, err);
	if (!ok)
		return false;
	ret->fragments = ret->old && release && release < WHOLE_LINES;
	if (ret->old && ret->info >= 20)
		ret->info_caller = 16;
	if (!layout_fits(ret))
		return !ml_fail(err, MEMLOG_NOT_MINE,
				"members of its records are not inside them");
	return true;
}

bool ml_dmesg_place(const struct memlog_image *image, uint64_t *ret)
{
	uint64_t va;

	return (layout_is_ring(image, &va) ||
		ml_vmcoreinfo_number(image, "SYMBOL(log_buf)", &va)) &&
	       ml_vmcoreinfo_phys(image, va, ret);
}
