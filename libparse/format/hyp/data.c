/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* data.c - read the pages of a log. */
#include "base/bytes.h"
#include "data.h"
#include "layout.h"

size_t ml_hyp_extent_read(struct ml_source *source, size_t extent, void *buf,
			  size_t len)
{
	return ml_source_fill(source, extent, 0, buf, len);
}

void ml_hyp_page_load(struct ml_source *source, size_t extent, uint8_t *page,
		      struct ml_rb_events *ret, uint64_t *ret_commit)
{
	const struct hyp *h = ml_hyp_const(source->log);
	uint32_t size = h->page_size;
	uint64_t missing = source->missing;
	size_t got = ml_hyp_extent_read(source, extent, page, size), len;

	*ret = (struct ml_rb_events){ .bytes = page + HYP_PAGE_HEADER };
	*ret_commit = 0;
	if (got < HYP_PAGE_HEADER) {
		source->missing = missing + size;
		return;
	}
	*ret_commit = ml_le64(page + 8);
	len = (size_t)ml_min(*ret_commit & HYP_COMMIT, ml_hyp_capacity(h));
	if (len > got - HYP_PAGE_HEADER) {
		source->missing = missing + len - (got - HYP_PAGE_HEADER);
		len = got - HYP_PAGE_HEADER;
	} else {
		source->missing = missing;
	}
	ret->len = len;
	ret->time = ml_le64(page);
}
