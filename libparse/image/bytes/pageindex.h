/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pageindex.h - keep a number for each page of a guest, in bounded memory.
 *
 * The numbers are in parts. Up to ML_PAGEINDEX_MEMORY bytes of them are in
 * memory, a direct-mapped cache; the others are in an unlinked temporary file,
 * which is made only for guests above 4 GiB, or are made again each time.
 */
#ifndef ML_IMAGE_PAGEINDEX_H
#define ML_IMAGE_PAGEINDEX_H

#include "memlog.h"

/* Pages of a part. */
#define ML_PAGEINDEX_PART 512u

/* Make the numbers of a part, from page first on; those above the last page are 0. */
typedef enum memlog_status ml_pageindex_make(void *arg, uint64_t first,
					     uint64_t *numbers,
					     struct memlog_err *err);

struct ml_pageindex {
	struct memlog_allocator alloc;
	uint64_t pages;
	struct ml_pageindex_part *parts;
	size_t n_parts; /* parts that fit in memory */
	uint8_t *used;	/* a bit for each part that was written to, or marked */
	uint64_t rest;	/* the number of the pages of all others */
	ml_pageindex_make *make; /* NULL: numbers are put */
	void *arg;
	uint64_t set; /* pages whose number is not 0 */
	uint64_t end; /* the highest page that was put, plus 1 */
	int fd;	      /* -1: all parts fit in memory */
};

/* Initialise with 0 for each of pages pages. tmpdir as in struct
 * memlog_open_opts. LIMIT: more than ML_MAX_SAVED_PAGES. IO: no temporary file.
 * The caller calls fini, after a failure, too. */
enum memlog_status ml_pageindex_init(struct ml_pageindex *x, uint64_t pages,
				     const char *tmpdir,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err);
void ml_pageindex_fini(struct ml_pageindex *x);

/* The same, with numbers that make() makes, of the parts that are marked, and without a
 * temporary file. The caller sets rest, set and end, and puts nothing. */
enum memlog_status ml_pageindex_init_make(struct ml_pageindex *x,
					  uint64_t pages,
					  ml_pageindex_make *make, void *arg,
					  const struct memlog_allocator *alloc,
					  struct memlog_err *err);
void ml_pageindex_mark(struct ml_pageindex *x, uint64_t page);

/* Set and get the number of a page, which must be below pages. IO: the
 * temporary file. */
enum memlog_status ml_pageindex_put(struct ml_pageindex *x, uint64_t page,
				    uint64_t number, struct memlog_err *err);
enum memlog_status ml_pageindex_get(struct ml_pageindex *x, uint64_t page,
				    uint64_t *ret, struct memlog_err *err);

/* The first page at or after page whose part was written to, or marked; pages if none. */
uint64_t ml_pageindex_skip(const struct ml_pageindex *x, uint64_t page);

#endif
