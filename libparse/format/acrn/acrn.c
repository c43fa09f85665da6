/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acrn.c - helpers shared by the probes of ACRN's formats. */
#include "acrn.h"

#include "base/limits.h"

const struct ml_magic ml_acrn_magics[] = {
	{ .bytes = ML_SBUF_BYTES, .len = 8, .align = 4096 },
	{ .bytes = ML_SBUF_BYTES_LAST, .len = 8, .align = 4096 },
	{ .bytes = ML_SBUF_BYTES_CAPTURED, .len = 8, .align = 4096 },
	{ .len = 0 },
};

void ml_acrn_log_add_ring(struct ml_log *log, const struct ml_sbuf *h)
{
	struct acrn *a = ml_acrn(log);

	log->pub.capacity += h->size - h->ele_size;
	log->pub.used += ml_sbuf_unread(h);
	a->unread += ml_sbuf_unread(h) / h->ele_size;
	a->damaged += h->bad_offsets;
	if (h->head > h->tail)
		log->pub.flags |= MEMLOG_LOG_WRAPPED;
	if (h->head || h->tail)
		log->pub.flags &= ~MEMLOG_LOG_EMPTY;
	if (h->bad_offsets)
		log->pub.flags |= MEMLOG_LOG_DAMAGED;
}

void ml_acrn_log_of_ring(struct ml_log *log, const struct ml_sbuf *h,
			 uint64_t addr, struct memlog_extent *ret_extent)
{
	struct acrn *a = ml_acrn(log);

	ret_extent->addr = addr;
	ret_extent->len = ML_SBUF_HEADER + h->size;
	a->ele_num = h->ele_num;
	a->last = h->last;
	a->captured = h->captured;
	a->from_base = !(addr % ML_PAGE);
	log->pub.flags |= MEMLOG_LOG_EMPTY | MEMLOG_LOG_TELLS_ALL;
	ml_acrn_log_add_ring(log, h);
}

size_t ml_acrn_text(const struct ml_log *log, size_t extent,
		    struct memlog_image *image, struct memlog_range ret[2])
{
	const struct memlog_extent *e = &log->extents[extent];
	uint8_t head[ML_SBUF_HEADER];
	enum memlog_status s;
	struct ml_sbuf h;

	if (ml_sbuf_read(image, e->space, e->addr, head, sizeof(head)) !=
	    sizeof(head))
		return 0;
	s = ml_sbuf_parse(head, sizeof(head), &h, NULL);
	if ((s && s != MEMLOG_CORRUPT) || e->len < sizeof(head) + h.size)
		return 0;
	if (!h.bad_offsets)
		return ml_ring_parts(sizeof(head), h.size, h.head, h.tail, ret);
	ret[0] = (struct memlog_range){ sizeof(head), sizeof(head) + h.size };
	return 1;
}
