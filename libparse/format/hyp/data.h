/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* data.h - read the pages of a log. */
#ifndef ML_FORMAT_HYP_DATA_H
#define ML_FORMAT_HYP_DATA_H

#include "image/bytes/rbpage.h"
#include "hyp.h"

/* All len bytes at the start of an extent, as far as they are there; returns how
 * many. */
size_t ml_hyp_extent_read(struct ml_source *source, size_t extent, void *buf,
			  size_t len);

/* Read the page that is an extent of the log into page, which has room for it, and
 * begin with its first event; *ret_commit is the page's own word. What is missing is
 * counted. */
void ml_hyp_page_load(struct ml_source *source, size_t extent, uint8_t *page,
		      struct ml_rb_events *ret, uint64_t *ret_commit);

#endif
