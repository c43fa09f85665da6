/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mapped.c - the pages of a stream with mapped-ram.
 *
 * Each has a place of its own in the file, outside the stream, and a bit in the bitmap of
 * its block if it was written. So numbers of the index are made from the bitmaps when they
 * are needed, and only those parts of it that have a bit are marked.
 */
#include "stream.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* The number of page i of a block, in the index. */
static uint64_t mapped_number(const struct ml_qevm *q,
			      const struct ml_qevm_block *b, uint64_t i,
			      bool bit)
{
	uint64_t at = b->pages + i * ML_PAGE;

	if (!bit)
		return q->index.rest;
	return at < q->file->size && q->file->size - at >= ML_PAGE ? at << 1 :
								     0;
}

/* Those of pages from i up to end. What the file does not have of a bitmap is 0. */
static enum memlog_status mapped_numbers(const struct ml_qevm *q,
					 const struct ml_qevm_block *b,
					 uint64_t i, uint64_t end,
					 uint64_t *numbers,
					 struct memlog_err *err)
{
	uint8_t bits[ML_PAGEINDEX_PART / 8 + 1] = { 0 };
	uint64_t first = i / 8, at;
	enum memlog_status s;
	size_t got;

	if (!ml_add(b->bitmap, first, &at))
		at = UINT64_MAX;
	s = ml_file_read_some(q->file, at, bits,
			      (size_t)((end - 1) / 8 - first + 1), &got, err);
	for (; i < end && !s; i++)
		*numbers++ = mapped_number(q, b, i,
					   bits[i / 8 - first] >> i % 8 & 1);
	return s;
}

enum memlog_status ml_qevm_mapped_make(void *self, uint64_t first,
				       uint64_t *numbers,
				       struct memlog_err *err)
{
	const struct ml_qevm *q = self;
	enum memlog_status s = MEMLOG_OK;
	uint64_t from, to;
	size_t k;

	memset(numbers, 0, ML_PAGEINDEX_PART * sizeof(*numbers));
	for (k = 0; k < q->n_blocks && !s; k++) {
		const struct ml_qevm_block *b = &q->blocks[k];

		from = ml_max(first, b->first);
		to = ml_min(first + ML_PAGEINDEX_PART,
			    b->first + b->len / ML_PAGE);
		if (b->ram && from < to)
			s = mapped_numbers(q, b, from - b->first, to - b->first,
					   numbers + (from - first), err);
	}
	return s;
}

/* Page i of a block has a bit. */
static void mapped_count(struct ml_qevm *q, const struct ml_qevm_block *b,
			 uint64_t i)
{
	uint64_t number = mapped_number(q, b, i, true);

	if (b == q->tables)
		q->table_page[i] = number;
	if (!b->ram)
		return;
	ml_pageindex_mark(&q->index, b->first + i);
	if (number && !q->index.rest) { /* else all are counted */
		q->index.set++;
		q->index.end = ml_max(q->index.end, b->first + i + 1);
		q->plugged_set += b->plugged;
	}
}

/* Does the file have all of the bitmap? *ret_end is where it ends. */
static bool mapped_has(const struct ml_qevm *q, const struct ml_qevm_block *b,
		       uint64_t *ret_end)
{
	if (!ml_add(b->bitmap, (b->len / ML_PAGE + 7) / 8, ret_end))
		*ret_end = UINT64_MAX;
	return !b->len || *ret_end < q->file->size;
}

/* The bits of a block. Holes of the file have none. */
static enum memlog_status mapped_block(struct ml_qevm *q,
				       const struct ml_qevm_block *b,
				       struct memlog_err *err)
{
	uint64_t end, n = b->len / ML_PAGE, i, k;
	enum memlog_status s;
	struct memlog_range data = { 0, 0 };
	uint8_t bits;

	(void)mapped_has(q, b, &end);
	for (q->at = b->bitmap; q->at < end;) {
		if (q->at >= data.end) {
			s = ml_file_next_data(q->file, q->at, &data, err);
			if (s)
				return s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
			q->at = ml_max(q->at, data.start);
			if (q->at >= end)
				break;
		}
		i = (q->at - b->bitmap) * 8;
		s = ml_qevm_tick(q, err);
		if (!s)
			s = ml_qevm_take(q, &bits, 1, err);
		if (s)
			return s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
		for (k = 0; bits && k < 8 && i + k < n; k++)
			if (bits >> k & 1)
				mapped_count(q, b, i + k);
	}
	return MEMLOG_OK;
}

enum memlog_status ml_qevm_mapped(struct ml_qevm *q, bool whole,
				  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	bool cut = false;
	uint64_t end;
	size_t i;

	for (i = 0; i < q->n_blocks; i++)
		cut |= (q->blocks[i].ram || &q->blocks[i] == q->tables) &&
		       !mapped_has(q, &q->blocks[i], &end);
	/* the stream goes on after the pages, so all of them are there */
	if (whole && !cut) {
		q->index.rest = ML_QEVM_FILL;
		q->index.set = q->index.end = q->index.pages;
		q->plugged_set = q->plugged;
	}
	for (i = 0; i < q->n_blocks && !s; i++)
		if (q->blocks[i].ram || &q->blocks[i] == q->tables)
			s = mapped_block(q, &q->blocks[i], err);
	if (s || !cut)
		return s;
	return ml_fail(err, MEMLOG_NO_DATA,
		       "the file ends at offset 0x%" PRIx64
		       ", before a list of its pages",
		       q->file->size);
}
