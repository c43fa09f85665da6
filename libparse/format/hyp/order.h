/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* order.h - the pages of a CPU, and the order in which they were written. */
#ifndef ML_FORMAT_HYP_ORDER_H
#define ML_FORMAT_HYP_ORDER_H

#include "hyp.h"

enum { HYP_MIRROR = 64 }; /* bytes of struct buffer_page that are looked at */

/* next: by the writer's links; mirror: the kernel's struct buffer_page for it,
 * physical, 0: not looked at. */
struct hyp_page {
	uint64_t phys, va, stamp, mirror;
	uint32_t commit, write, next;
	bool there, live;
};

/* nothing_lost: the head follows the reader page. */
struct hyp_order {
	struct hyp_page *page;
	uint32_t *list; /* live pages of the ring, in order */
	uint32_t n, n_list, head, tail, reader;
	uint32_t begun; /* the page with an event that is not finished; n: none */
	bool linked, has_head, has_tail, guessed, has_position, nothing_lost;
	struct hyp_position position;
};

/* Set list by what the kernel knows. False: it does not, or what it knows does
 * not fit; nothing is changed then. mirror.c */
bool ml_hyp_mirror(struct memlog_logs *logs, struct memlog_image *image,
		   const struct hyp *h, const struct hyp_cpu *cpu,
		   struct hyp_order *o);

#endif
