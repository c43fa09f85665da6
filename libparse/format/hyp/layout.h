/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* layout.h - where things are in the structures of each generation. */
#ifndef ML_FORMAT_HYP_LAYOUT_H
#define ML_FORMAT_HYP_LAYOUT_H

#include "hyp.h"

/*
 * part: of a descriptor, where the first CPU's part is. meta: bytes of a meta page.
 * node: bytes of a node; in it are the next at 0, the page at 16, the bytes written
 * and the index, u32.
 * rb: of what the writer knows of a CPU, HYP_RB bytes. footer: bytes after the data of
 * a page. Without meta pages there is no descriptor either, nodes have no index, and
 * an event counts as soon as it is begun. linear: nodes are in the
 * direct map, one after the other. packed: fields of events are not aligned.
 */
struct hyp_layout {
	uint8_t part, meta, node, node_write, node_id;
	uint8_t rb_tail, rb_reader, rb_nodes, rb_meta, rb_pages, rb_status;
	uint8_t rb_overrun, footer;
	bool linear, packed;
};

/* What the writer of Android 14 knows of a CPU, where it is searched for as such. */
enum {
	HYP_14_TAIL = 0,
	HYP_14_READER = 8,
	HYP_14_HEAD = 16,
	HYP_14_NODES = 24,
	HYP_14_PAGES = 32,
	HYP_14_STATUS = 56,
	HYP_14_OVERRUN = 60,
};

const struct hyp_layout *ml_hyp_layout(const struct hyp *h);

/* Bytes of events that a page has room for. */
static inline uint32_t ml_hyp_capacity(const struct hyp *h)
{
	return h->page_size - HYP_PAGE_HEADER - ml_hyp_layout(h)->footer;
}

/* Can a meta page begin with these 64 bytes: of mainline and newer Android; of
 * Android 15? */
bool ml_hyp_is_meta(const uint8_t *p);
bool ml_hyp_is_meta_15(const uint8_t *p);

/* False: the bytes at p cannot be a meta page. */
bool ml_hyp_meta_load(const struct hyp_layout *l, const uint8_t *p,
		      struct hyp_meta *ret);

#endif
