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

/* Where page i of a block is. */
static enum memlog_status qevm_pages_put(struct ml_qevm *q,
					 const struct ml_qevm_block *b,
					 uint64_t i, uint64_t number,
					 struct memlog_err *err)
{
	uint64_t set = q->index.set;
	enum memlog_status s;

	if (q->mapped) /* the bitmaps count */
		return MEMLOG_OK;
	if (b == q->tables)
		q->table_page[i] = number;
	if (!b->ram)
		return MEMLOG_OK;
	s = ml_pageindex_put(&q->index, b->first + i, number, err);
	if (b->plugged)
		q->plugged_set += q->index.set - set;
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
	return s ? s : qevm_pages_put(q, q->block, off / ML_PAGE, number, err);
}

/* Parse all records up to the end of a section. */
static enum memlog_status qevm_pages_records(struct ml_qevm *q,
					     struct memlog_err *err)
{
	enum memlog_status s;
	uint32_t flags;
	uint64_t v;

	for (;;) {
		s = ml_qevm_tick(q, err);
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

/* Step over a device. Without a footer nothing tells where it ends: it is the end of
 * memory if no page is missing. */
static enum memlog_status qevm_pages_device(struct ml_qevm *q, uint8_t type,
					    bool *ret_end,
					    struct memlog_err *err)
{
	char name[ML_QEVM_NAME] = "";
	uint64_t from = q->at, at;
	enum memlog_status s;
	uint32_t id, version;

	if (type == ML_QEVM_START || type == ML_QEVM_FULL)
		s = ml_qevm_section(q, name, &id, &version, err);
	else
		s = ml_qevm_u32(q, &id, err);
	at = q->at;
	if (!s)
		s = ml_qevm_device(q, id, err);
	if (!s)
		s = ml_qevm_plug(q, name, at, err);
	if (s != MEMLOG_NO_DATA)
		return s;
	*ret_end = q->index.set == q->index.pages;
	if (*ret_end)
		return MEMLOG_OK;
	if (q->mapped || q->any_page)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "a device before the end of memory, at offset "
			       "0x%" PRIx64,
			       from);
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "a stream with a device, such as virtio-mem, before its "
		       "memory, and the end of the device cannot be "
		       "found" ML_QEVM_INSTEAD);
}

/* Skip to the next section of RAM. *ret_end: there is none, as background-snapshot
 * writes no END. */
static enum memlog_status next_section(struct ml_qevm *q, uint8_t *ret,
				       bool *ret_end, struct memlog_err *err)
{
	enum memlog_status s;
	uint32_t id;

	for (;;) {
		s = ml_qevm_take(q, ret, 1, err);
		if (s)
			return s;
		switch (*ret) {
		case ML_QEVM_EOF:
			*ret_end = true;
			return MEMLOG_OK;
		case ML_QEVM_COMMAND:
			s = ml_qevm_command(q, err);
			break;
		case ML_QEVM_FOOTER:
		case ML_QEVM_PART:
		case ML_QEVM_END:
			s = ml_qevm_u32(q, &id, err);
			if (!s && id == q->ram_id && *ret != ML_QEVM_FOOTER)
				return MEMLOG_OK;
			if (s || id == q->ram_id)
				break;
			q->at -= sizeof(id);
			s = qevm_pages_device(q, *ret, ret_end, err);
			break;
		case ML_QEVM_START:
		case ML_QEVM_FULL:
			s = qevm_pages_device(q, *ret, ret_end, err);
			break;
		default:
			s = ml_fail(err, MEMLOG_CORRUPT,
				    "a section of the "
				    "unknown type %u at offset 0x%" PRIx64,
				    *ret, q->at);
		}
		if (s || *ret_end)
			return s;
	}
}

/* Read the sections after memory for the devices whose memory has no address yet. */
static enum memlog_status qevm_pages_rest(struct ml_qevm *q,
					  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct memlog_err why = { 0 };
	size_t i, plugged = 0;
	bool end = false;
	uint8_t type;

	for (i = 0; i < q->n_blocks; i++)
		plugged += q->blocks[i].plugged;
	while (!s && !end && q->n_plugs < plugged)
		s = next_section(q, &type, &end, &why);
	if (s != MEMLOG_STOP && s != MEMLOG_NO_MEMORY)
		return MEMLOG_OK;
	if (err)
		*err = why;
	return s;
}

/* Without mapped-ram the pages are in the sections of RAM; with it, these only
 * show whether the stream is complete. */
enum memlog_status ml_qevm_pages(struct ml_qevm *q, struct memlog_err *err)
{
	enum memlog_status s, end;
	struct memlog_err why = { 0 };
	uint8_t type = ML_QEVM_START;
	bool last = false;

	for (;;) {
		end = qevm_pages_records(q, err);
		if (!end && type == ML_QEVM_END) {
			end = qevm_pages_rest(q, err);
			break;
		}
		if (!end)
			end = next_section(q, &type, &last, err);
		if (end || last)
			break;
	}
	if (!q->mapped ||
	    (end && end != MEMLOG_NO_DATA && end != MEMLOG_CORRUPT))
		return end;
	s = ml_qevm_mapped(q, !end, &why);
	if (s && err)
		*err = why;
	return s ? s : end;
}
