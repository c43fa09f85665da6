/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pages.c - find where in a stream each page of the guest is. */
#include "stream.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"

#define NOT_READ                                                          \
	(ML_QEVM_REC_XBZRLE | ML_QEVM_REC_HOOK | ML_QEVM_REC_COMPRESSED | \
	 ML_QEVM_REC_MULTIFD)

static enum memlog_status qevm_pages_tick(struct ml_qevm *q,
					  struct memlog_err *err)
{
	if (q->n_records++ % 4096 == 0 && q->opts->progress &&
	    q->opts->progress(q->opts->progress_arg, q->at,
			      q->file->size == UINT64_MAX ? 0 : q->file->size))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

static enum memlog_status not_read(uint32_t flags, struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "a stream made with %s" ML_QEVM_INSTEAD,
		       flags & ML_QEVM_REC_XBZRLE     ? "xbzrle" :
		       flags & ML_QEVM_REC_COMPRESSED ? "compress" :
		       flags & ML_QEVM_REC_MULTIFD    ? "multifd" :
							"RDMA");
}

static enum memlog_status find_block(struct ml_qevm *q, struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	enum memlog_status s = ml_qevm_name(q, name, err);
	size_t i;

	q->block = NULL;
	for (i = 0; i < q->n_blocks && !s && !q->block; i++)
		if (!strcmp(q->blocks[i].name, name))
			q->block = &q->blocks[i];
	return s;
}

/* Parse the rest of a page's record. off: byte offset in the block. */
static enum memlog_status qevm_pages_page(struct ml_qevm *q, uint32_t flags,
					  uint64_t off, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t number;
	uint8_t fill = 0;

	if (!(flags & ML_QEVM_REC_CONTINUE))
		s = find_block(q, err);
	if (s)
		return s;
	if (!q->block || off >= q->block->len)
		return ml_qevm_invalid(q, "page", err);
	q->any_page = true;
	number = q->at << 1;
	if (flags & ML_QEVM_REC_PAGE) {
		s = ml_qevm_skip(q, ML_PAGE, err);
	} else {
		s = ml_qevm_take(q, &fill, 1, err);
		number = fill ? number | ML_QEVM_FILL : ML_QEVM_FILL;
	}
	if (s || !q->block->ram)
		return s;
	return ml_pageindex_put(&q->index, q->block->first + off / ML_PAGE,
				number, err);
}

/* Parse all records up to the end of a section. */
static enum memlog_status qevm_pages_records(struct ml_qevm *q,
					     struct memlog_err *err)
{
	enum memlog_status s;
	uint32_t flags;
	uint64_t v;

	for (;;) {
		s = qevm_pages_tick(q, err);
		if (!s)
			s = ml_qevm_u64(q, &v, err);
		if (s)
			return s;
		flags = v % ML_PAGE;
		if (flags == ML_QEVM_REC_EOS)
			return MEMLOG_OK;
		if (flags == ML_QEVM_REC_MULTIFD && q->mapped)
			continue; /* marks the end of a round */
		if (flags & NOT_READ)
			return not_read(flags, err);
		flags &= ~(uint32_t)ML_QEVM_REC_CONTINUE;
		if (flags != ML_QEVM_REC_PAGE && flags != ML_QEVM_REC_FILL)
			return ml_qevm_invalid(q, "page", err);
		s = qevm_pages_page(q, v % ML_PAGE, v - v % ML_PAGE, err);
		if (s)
			return s;
	}
}

/* A device where memory could go on. It is the end of memory if no page is
 * missing: background-snapshot writes no END. Before the first page it is what
 * virtio-mem needs early, and nothing tells where it ends. */
static enum memlog_status qevm_pages_device(const struct ml_qevm *q,
					    struct memlog_err *err)
{
	if (q->index.set == q->index.pages)
		return MEMLOG_OK;
	if (q->mapped || q->any_page)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "a device before the end of memory, at offset "
			       "0x%" PRIx64,
			       q->at);
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "a stream with a device, such as virtio-mem, before its "
		       "memory" ML_QEVM_INSTEAD);
}

/* Skip to the next section of RAM: *ret is PART, or END for the last one. FULL:
 * devices follow, and memory has no END. */
static enum memlog_status next_section(struct ml_qevm *q, uint8_t *ret,
				       struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t type = 0;
	uint32_t id;

	for (;;) {
		s = ml_qevm_take(q, &type, 1, err);
		if (s)
			return s;
		if (type == ML_QEVM_COMMAND) {
			s = ml_qevm_command(q, err);
			if (s)
				return s;
			continue;
		}
		*ret = type;
		if (type == ML_QEVM_FULL)
			return qevm_pages_device(q, err);
		if (type != ML_QEVM_FOOTER && type != ML_QEVM_PART &&
		    type != ML_QEVM_END)
			return ml_fail(err, MEMLOG_CORRUPT,
				       "a section of the "
				       "unknown type %u at offset 0x%" PRIx64,
				       type, q->at);
		s = ml_qevm_u32(q, &id, err);
		if (s)
			return s;
		if (id != q->ram_id)
			return ml_fail(err, MEMLOG_CORRUPT,
				       "a device of "
				       "unknown length at offset 0x%" PRIx64,
				       q->at);
		if (type != ML_QEVM_FOOTER)
			return MEMLOG_OK;
	}
}

/* Index the pages of a block of mapped-ram that are in the file. whole: the
 * stream is complete, so that pages without a bit are zeros; otherwise they may
 * not have been written yet. */
static enum memlog_status mapped_block(struct ml_qevm *q,
				       const struct ml_qevm_block *b,
				       bool whole, struct memlog_err *err)
{
	uint64_t n = b->len / ML_PAGE, i, at;
	enum memlog_status s;
	uint8_t bits = 0;

	q->at = b->bitmap;
	for (i = 0; i < n; i++) {
		s = i % 8 ? MEMLOG_OK : ml_qevm_take(q, &bits, 1, err);
		if (!s)
			s = qevm_pages_tick(q, err);
		if (s)
			return s;
		at = b->pages + i * ML_PAGE;
		if (!(bits >> i % 8 & 1)) {
			if (whole)
				s = ml_pageindex_put(&q->index, b->first + i,
						     ML_QEVM_FILL, err);
		} else if (at < q->file->size &&
			   q->file->size - at >= ML_PAGE) {
			s = ml_pageindex_put(&q->index, b->first + i, at << 1,
					     err);
		}
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* Without mapped-ram the pages are in the sections of RAM; with it, these only
 * show whether the stream is complete. */
enum memlog_status ml_qevm_pages(struct ml_qevm *q, struct memlog_err *err)
{
	enum memlog_status s, end;
	uint8_t type = ML_QEVM_START;
	size_t i;

	for (;;) {
		end = qevm_pages_records(q, err);
		if (!end && type == ML_QEVM_END)
			break;
		if (!end)
			end = next_section(q, &type, err);
		if (end || type == ML_QEVM_FULL)
			break;
	}
	if (!q->mapped ||
	    (end && end != MEMLOG_NO_DATA && end != MEMLOG_CORRUPT))
		return end;
	for (i = 0; i < q->n_blocks; i++) {
		s = q->blocks[i].ram ?
			    mapped_block(q, &q->blocks[i], !end, err) :
			    MEMLOG_OK;
		if (s)
			return s;
	}
	return end;
}
