/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pageindex.c - keep a number for each page of a guest, in bounded memory. */
#include "pageindex.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "spool.h"

#define NUMBERS	   ML_PAGEINDEX_PART /* 4096 bytes */
#define PART_BYTES (NUMBERS * sizeof(uint64_t))
#define PLACES	   (ML_PAGEINDEX_MEMORY / PART_BYTES)

struct ml_pageindex_part {
	uint64_t which;
	uint64_t *numbers; /* NULL: the place is empty */
	bool changed;
};

static bool is_used(const struct ml_pageindex *x, uint64_t part)
{
	return x->used[part / 8] >> part % 8 & 1;
}

static uint64_t pageindex_parts(uint64_t pages)
{
	return pages / NUMBERS + (pages % NUMBERS != 0);
}

enum memlog_status ml_pageindex_init_make(struct ml_pageindex *x,
					  uint64_t pages,
					  ml_pageindex_make *make, void *arg,
					  const struct memlog_allocator *alloc,
					  struct memlog_err *err)
{
	uint64_t n = pageindex_parts(pages);

	*x = (struct ml_pageindex){ .alloc = *alloc,
				    .pages = pages,
				    .make = make,
				    .arg = arg,
				    .fd = -1 };
	if (pages > ML_MAX_SAVED_PAGES)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the guest has more than %" PRIu64 " pages",
			       (uint64_t)ML_MAX_SAVED_PAGES);
	x->n_parts = (size_t)ml_min(n, PLACES);
	x->parts = ml_calloc(alloc, x->n_parts + 1, sizeof(*x->parts));
	x->used = ml_calloc(alloc, (size_t)(n / 8 + 1), 1);
	if (!x->parts || !x->used)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an index");
	return MEMLOG_OK;
}

enum memlog_status ml_pageindex_init(struct ml_pageindex *x, uint64_t pages,
				     const char *tmpdir,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err)
{
	enum memlog_status s;

	s = ml_pageindex_init_make(x, pages, NULL, NULL, alloc, err);
	if (s || pageindex_parts(pages) <= PLACES)
		return s;
	return ml_spool_create(tmpdir, &x->fd, err);
}

void ml_pageindex_fini(struct ml_pageindex *x)
{
	size_t i;

	for (i = 0; x->parts && i < x->n_parts; i++)
		ml_free(&x->alloc, x->parts[i].numbers);
	ml_free(&x->alloc, x->parts);
	ml_free(&x->alloc, x->used);
	if (x->fd >= 0)
		close(x->fd);
	*x = (struct ml_pageindex){ .fd = -1 };
}

/* Get a part into memory, after writing the part in its place to the file. */
static enum memlog_status pageindex_fetch(struct ml_pageindex *x, uint64_t part,
					  struct ml_pageindex_part **ret,
					  struct memlog_err *err)
{
	struct ml_pageindex_part *p = &x->parts[part % x->n_parts];
	enum memlog_status s = MEMLOG_OK;

	*ret = p;
	if (p->numbers && p->which == part)
		return MEMLOG_OK;
	if (p->numbers && p->changed)
		s = ml_spool_write(x->fd, p->which * PART_BYTES, p->numbers,
				   PART_BYTES, err);
	if (s)
		return s;
	p->changed = false;
	if (!p->numbers)
		p->numbers = ml_calloc(&x->alloc, 1, PART_BYTES);
	if (!p->numbers)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an index");
	if (x->make)
		s = x->make(x->arg, part * NUMBERS, p->numbers, err);
	else if (is_used(x, part))
		s = ml_spool_read(x->fd, part * PART_BYTES, p->numbers,
				  PART_BYTES, err);
	else
		memset(p->numbers, 0, PART_BYTES);
	/* after an error the content belongs to no part */
	p->which = s ? UINT64_MAX : part;
	return s;
}

void ml_pageindex_mark(struct ml_pageindex *x, uint64_t page)
{
	uint64_t part = page / NUMBERS;

	x->used[part / 8] |= (uint8_t)(1u << part % 8);
}

enum memlog_status ml_pageindex_put(struct ml_pageindex *x, uint64_t page,
				    uint64_t number, struct memlog_err *err)
{
	uint64_t part = page / NUMBERS, *at;
	struct ml_pageindex_part *p;
	enum memlog_status s;

	s = pageindex_fetch(x, part, &p, err);
	if (s)
		return s;
	at = &p->numbers[page % NUMBERS];
	x->set += (number != 0) - (*at != 0);
	*at = number;
	x->end = ml_max(x->end, page + 1);
	p->changed = true;
	ml_pageindex_mark(x, page);
	return MEMLOG_OK;
}

enum memlog_status ml_pageindex_get(struct ml_pageindex *x, uint64_t page,
				    uint64_t *ret, struct memlog_err *err)
{
	uint64_t part = page / NUMBERS;
	struct ml_pageindex_part *p;
	enum memlog_status s;

	*ret = is_used(x, part) ? 0 : x->rest;
	if (!is_used(x, part))
		return MEMLOG_OK;
	s = pageindex_fetch(x, part, &p, err);
	if (!s)
		*ret = p->numbers[page % NUMBERS];
	return s;
}

uint64_t ml_pageindex_skip(const struct ml_pageindex *x, uint64_t page)
{
	uint64_t part = page / NUMBERS;

	if (page >= x->pages)
		return x->pages;
	if (is_used(x, part))
		return page;
	while (++part * NUMBERS < x->pages) {
		if (is_used(x, part))
			return part * NUMBERS;
		if (!x->used[part / 8])
			part |= 7; /* eight at a time */
	}
	return x->pages;
}
