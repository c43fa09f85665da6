/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pageindex.h - a number for each page of a guest, in bounded memory.
 *
 * The numbers stand in parts. As many as ML_PAGEINDEX_MEMORY has room for are
 * in memory, each at the one place that its number gives it; the others are in
 * an unlinked temporary file, which there is only for guests above 4 GiB.
 */
#ifndef ML_IMAGE_PAGEINDEX_H
#define ML_IMAGE_PAGEINDEX_H

#include "memlog.h"

struct ml_pageindex {
	struct memlog_allocator alloc;
	uint64_t pages;
	struct ml_pageindex_part *parts;
	size_t n_parts;		/* places in memory */
	uint8_t *used;		/* a bit for each part that was written to */
	uint64_t set;		/* pages whose number is not 0 */
	uint64_t end;		/* end of the last page that was put */
	int fd;			/* -1: all parts have a place */
};

/* All numbers are 0. tmpdir as in struct memlog_open_opts; alloc has to outlive
 * the index. LIMIT beyond ML_MAX_SAVED_PAGES; IO without a temporary file. */
enum memlog_status ml_pageindex_init(struct ml_pageindex *x, uint64_t pages,
				     const char *tmpdir,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err);
void ml_pageindex_fini(struct ml_pageindex *x);

/* page is below pages. */
enum memlog_status ml_pageindex_put(struct ml_pageindex *x, uint64_t page,
				    uint64_t number, struct memlog_err *err);
enum memlog_status ml_pageindex_get(struct ml_pageindex *x, uint64_t page,
				    uint64_t *ret, struct memlog_err *err);

/* The first page from page on whose part was written to; pages for none. */
uint64_t ml_pageindex_skip(const struct ml_pageindex *x, uint64_t page);

#endif
