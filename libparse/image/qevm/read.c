/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* read.c - the memory of a saved guest as a file, its blocks one after another. */
#include "qevm.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

#define DATA_PAGES \
	4096u /* most pages that one call of next_data
				   returns */

/* The number of the page at pos (see qevm.h), and how many bytes from pos on,
 * at most len, are contiguous in the file or all zeros. */
static enum memlog_status find_run(struct ml_qevm *q, uint64_t pos, size_t len,
				   uint64_t *ret, size_t *ret_len,
				   struct memlog_err *err)
{
	uint64_t page = pos / ML_PAGE, step, next;
	enum memlog_status s;

	*ret_len = 0;
	s = ml_pageindex_get(&q->index, page, ret, err);
	if (s)
		return s;
	if (!*ret)
		return ml_fail_at(err, MEMLOG_NO_DATA, pos,
				  "the file does not have the page at "
				  "0x%" PRIx64 " of the guest's memory",
				  pos);
	step = *ret == ML_QEVM_FILL ? 0 : 2 * ML_PAGE;
	next = *ret;
	*ret_len = ML_PAGE - pos % ML_PAGE;
	while (*ret_len < len && ++page < q->index.end) {
		uint64_t want = next + step;

		if (ml_pageindex_get(&q->index, page, &next, NULL) ||
		    next != want || (step && next & ML_QEVM_FILL))
			break;
		*ret_len += ML_PAGE;
	}
	*ret_len = ml_min(*ret_len, len);
	return MEMLOG_OK;
}

static enum memlog_status ram_read(void *self, uint64_t pos, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err)
{
	struct ml_qevm *q = self;
	uint64_t number;
	enum memlog_status s;
	uint8_t fill = 0;

	*ret = 0;
	if (pos / ML_PAGE >= q->index.end)
		return MEMLOG_NO_DATA;
	s = find_run(q, pos, len, &number, &len, err);
	if (s)
		return s;
	if (!(number & ML_QEVM_FILL))
		return q->file->ops->read(q->file->self,
					  number / 2 + pos % ML_PAGE, buf, len,
					  ret, err);
	if (number != ML_QEVM_FILL)
		s = ml_file_read(q->file, number / 2, &fill, 1, err);
	if (s)
		return s;
	memset(buf, fill, len);
	*ret = len;
	return MEMLOG_OK;
}

static enum memlog_status ram_map(void *self, uint64_t pos, size_t len,
				  const uint8_t **ret_ptr, size_t *ret,
				  struct memlog_err *err)
{
	struct ml_qevm *q = self;
	uint64_t number;
	enum memlog_status s;

	if (!q->file->ops->map)
		return MEMLOG_UNSUPPORTED;
	if (pos / ML_PAGE >= q->index.end)
		return MEMLOG_NO_DATA;
	s = find_run(q, pos, len, &number, &len, err);
	if (s)
		return s;
	if (number & ML_QEVM_FILL)
		return MEMLOG_UNSUPPORTED;
	return q->file->ops->map(q->file->self, number / 2 + pos % ML_PAGE, len,
				 ret_ptr, ret, err);
}

static enum memlog_status qevm_find(void *self, uint64_t page, uint64_t end,
				    bool want, uint64_t *ret,
				    struct memlog_err *err)
{
	struct ml_qevm *q = self;
	enum memlog_status s;
	uint64_t number;

	for (;; page++) {
		if (want)
			page = ml_pageindex_skip(&q->index, page);
		if (page >= end)
			break;
		s = ml_pageindex_get(&q->index, page, &number, err);
		if (s)
			return s;
		if (!number != want)
			break;
	}
	*ret = ml_min(page, end);
	return MEMLOG_OK;
}

/* Without pages that the stream does not have: these are missing, or were left
 * out. */
static enum memlog_status ram_next_range(void *self, uint64_t pos,
					 struct memlog_range *ret,
					 struct memlog_err *err)
{
	struct ml_qevm *q = self;
	enum memlog_status s;

	if (pos / ML_PAGE >= q->index.end)
		return MEMLOG_NO_DATA;
	if (q->index.set == q->index.pages)
		q->last = (struct ml_lastrun){ 0, 0, q->index.end };
	s = ml_lastrun_next(&q->last, pos / ML_PAGE, q->index.end, qevm_find, q,
			    err);
	if (s)
		return s;
	ret->start = ml_max(pos, q->last.start * ML_PAGE);
	ret->end = q->last.end * ML_PAGE;
	return MEMLOG_OK;
}

/* Skips pages of zeros, and pages that the stream does not have: these are
 * counted in image->missing. */
static enum memlog_status ram_next_data(void *self, uint64_t pos,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	struct ml_qevm *q = self;
	uint64_t page = pos / ML_PAGE, end = q->index.end, number;
	enum memlog_status s;

	for (;; page++) {
		page = ml_pageindex_skip(&q->index,
					 ml_empty_skip(&q->empty, page));
		if (page >= end) {
			ml_empty_add(&q->empty, pos / ML_PAGE, end);
			return MEMLOG_NO_DATA;
		}
		s = ml_pageindex_get(&q->index, page, &number, err);
		if (s)
			return s;
		if (number > ML_QEVM_FILL)
			break;
	}
	ml_empty_add(&q->empty, pos / ML_PAGE, page);
	ret->start = ml_max(pos, page * ML_PAGE);
	end = ml_min(end, page + DATA_PAGES);
	while (++page < end)
		if (ml_pageindex_get(&q->index, page, &number, NULL) ||
		    number <= ML_QEVM_FILL)
			break;
	ret->end = page * ML_PAGE;
	return MEMLOG_OK;
}

static void ram_close(void *self)
{
	struct ml_qevm *q = self;
	struct memlog_allocator a = q->alloc;

	ml_pageindex_fini(&q->index);
	ml_free(&a, q->blocks);
	ml_free(&a, q->plugs);
	ml_free(&a, q->window);
	ml_free(&a, q);
}

const struct memlog_reader_ops ml_qevm_ops = {
	.size = sizeof(ml_qevm_ops),
	.read = ram_read,
	.next_range = ram_next_range,
	.map = ram_map,
	.close = ram_close,
	.next_data = ram_next_data,
};

bool ml_qevm_page(struct ml_qevm *q, uint64_t page, uint8_t buf[ML_PAGE])
{
	uint64_t number;
	size_t got;

	return page < q->index.pages &&
	       !ml_pageindex_get(&q->index, page, &number, NULL) &&
	       number > ML_QEVM_FILL &&
	       !ram_read(q, page * ML_PAGE, buf, ML_PAGE, &got, NULL) &&
	       got == ML_PAGE;
}
