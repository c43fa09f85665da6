/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring.c - the log of Linux 5.10 and later.
 *
 * Descriptors have ids that count up; the state and the low bits of its id are in each
 * one. Text is in blocks that begin with the id of their descriptor; one that does not
 * fit before the end of the ring is at its start.
 */
#include "dmesg.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"

enum { WORD = 8, STATE_SHIFT = 62 };

/* Of a block that has no text: none was needed, or there was no room for it. */
enum { NO_BLOCK = 1, EMPTY_LINE = 3 };

size_t ml_dmesg_read(struct ml_source *source, uint32_t role, uint64_t off,
		     void *buf, size_t len)
{
	const struct ml_log *log = source->log;
	uint64_t missing = source->missing;
	size_t got = 0, part, want, i;

	for (i = 0; i < log->pub.n_extents && got < len; i++) {
		const struct memlog_extent *e = &log->extents[i];

		if (e->role != role)
			continue;
		if (off >= e->len) {
			off -= e->len;
			continue;
		}
		want = (size_t)ml_min(len - got, e->len - off);
		part = ml_source_fill(source, i, off, (uint8_t *)buf + got,
				      want);
		got += part;
		if (part < want)
			break;
		off = 0;
	}
	source->missing = missing + (len - got);
	return got;
}

uint64_t ml_dmesg_gap(struct ml_source *source, uint32_t role, uint64_t off)
{
	const struct ml_log *log = source->log;
	uint64_t gap = 0, missing = source->missing;
	size_t i, got;
	uint8_t b;

	for (i = 0; i < log->pub.n_extents; i++) {
		if (log->extents[i].role != role)
			continue;
		if (off < log->extents[i].len) {
			ml_source_read(source, i, off, &b, 1, &got, &gap, NULL);
			break;
		}
		off -= log->extents[i].len;
	}
	source->missing = missing;
	return gap;
}

static uint64_t ring_word(const uint8_t *vars, uint16_t off)
{
	return ml_le64(vars + off);
}

enum memlog_status ml_dmesg_ring_open(struct dmesg_reader *r,
				      struct ml_source *source,
				      struct memlog_err *err)
{
	uint64_t head, tail, n;
	uint8_t *b = r->info;

	if (ml_dmesg_read(source, DMESG_VARS, 0, b, r->of.vars) != r->of.vars)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "struct printk_ringbuffer is not in the image");
	head = ring_word(b, r->of.head) & DMESG_ID;
	tail = ring_word(b, r->of.tail) & DMESG_ID;
	n = ((head - tail) & DMESG_ID) + 1;
	if (n > r->of.count) {
		ml_source_note_add(source, "its oldest and newest record do "
					   "not fit together");
		n = r->of.count;
	}
	r->next = (head - n + 1) & DMESG_ID;
	r->end = (head + 1) & DMESG_ID;
	return MEMLOG_OK;
}

/* Blocks do not overlap, so that all of them fit the ring; in one that was being written
 * while it was read a new one may be over an old one. */
static bool ring_fits(struct dmesg_reader *r, uint64_t block)
{
	r->blocks += block;
	return r->blocks <= r->of.size + DMESG_TEXT_MAX;
}

/* The text of a record of len bytes, in the block from begin to next. Ends before the
 * block does if that is not in the image; false: it is not the record's. */
static bool ring_text(struct dmesg_reader *r, struct ml_source *source,
		      uint64_t id, uint64_t begin, uint64_t next, size_t len,
		      size_t *ret)
{
	uint64_t size = r->of.size, at = begin % size, room;
	uint8_t word[WORD];

	*ret = 0;
	if (begin & NO_BLOCK && next & NO_BLOCK)
		return begin == EMPTY_LINE && next == EMPTY_LINE;
	if (begin % WORD || next % WORD || next - begin > size || next == begin)
		return false;
	/* its end is in the next turn: it is at the start of that, or ends with
	 * this one */
	if (begin / size != next / size && next % size)
		at = 0;
	room = (next % size ? next % size : size) - at;
	if (room < WORD || room - WORD < len ||
	    ml_dmesg_read(source, DMESG_TEXT, at, word, WORD) != WORD ||
	    (ml_le64(word) & DMESG_ID) != id || !ring_fits(r, room))
		return false;
	*ret = ml_dmesg_read(source, DMESG_TEXT, at + WORD, r->text, len);
	return true;
}

static void ring_dev(const struct dmesg_reader *r, uint16_t off, uint16_t size,
		     const char **ret, size_t *ret_len)
{
	const char *p = (const char *)r->info + r->of.info_dev + off;

	*ret_len = r->of.info_dev && size ? strnlen(p, size) : 0;
	*ret = *ret_len ? p : NULL;
}

/* What is beside the descriptor. */
static void ring_info(struct dmesg_reader *r, struct dmesg_record *ret)
{
	const uint8_t *p = r->info;
	const struct dmesg *o = &r->of;

	ret->seq = ml_le64(p + o->info_seq);
	ret->has_seq = true;
	ret->time = ml_le64(p + o->info_time);
	ret->len = ml_le16(p + o->info_len);
	ret->facility = p[o->info_len + 2];
	ret->level = p[o->info_len + 3] >> 5;
	ret->has_caller = o->info_caller;
	if (ret->has_caller)
		ret->caller = ml_le32(p + o->info_caller);
	ring_dev(r, o->subsystem, o->subsystem_len, &ret->subsystem,
		 &ret->subsystem_len);
	ring_dev(r, o->device, o->device_len, &ret->device, &ret->device_len);
}

/* The record of a descriptor: OK, or NO_DATA if it has none to print. */
static enum memlog_status ring_record(struct dmesg_reader *r,
				      struct ml_source *source, uint64_t id,
				      struct dmesg_record *ret)
{
	const struct dmesg *o = &r->of;
	uint64_t begin, next, state, missing, index = id % o->count;
	uint8_t b[ML_DMESG_INFO];
	size_t got;

	if (ml_dmesg_read(source, DMESG_DESCS, index * o->desc, b, o->desc) !=
	    o->desc)
		return MEMLOG_NO_DATA;
	state = ml_le64(b + o->desc_state);
	begin = ml_le64(b + o->desc_begin);
	next = ml_le64(b + o->desc_next);
	/* the oldest one is always ready to be used again */
	if (state >> STATE_SHIFT == DMESG_REUSABLE)
		return MEMLOG_NO_DATA;
	if ((state & DMESG_ID) != id) {
		source->damaged += o->desc;
		return MEMLOG_NO_DATA;
	}
	if (state >> STATE_SHIFT == DMESG_RESERVED) {
		r->reserved++;
		return MEMLOG_NO_DATA;
	}
	if (ml_dmesg_read(source, DMESG_INFOS, index * o->info, r->info,
			  o->info) != o->info)
		return MEMLOG_NO_DATA;
	ring_info(r, ret);
	missing = source->missing;
	if (!ring_text(r, source, id, begin, next, ret->len, &got)) {
		/* the id before it may not be there */
		*(source->missing > missing ? &source->missing :
					      &source->damaged) += ret->len;
		return MEMLOG_NO_DATA;
	}
	ret->text = r->text;
	ret->len = got;
	return MEMLOG_OK;
}

static void ring_end(struct dmesg_reader *r, struct ml_source *source)
{
	char words[ML_SOURCE_NOTE];

	if (r->reserved) {
		snprintf(words, sizeof(words), "%llu record%s %s being written",
			 (unsigned long long)r->reserved, ml_s(r->reserved),
			 r->reserved == 1 ? "was" : "were");
		ml_source_note_add(source, words);
	}
	r->reserved = 0;
}

enum memlog_status ml_dmesg_ring_next(struct dmesg_reader *r,
				      struct ml_source *source,
				      struct dmesg_record *ret)
{
	uint64_t id;

	while (r->next != r->end) {
		*ret = (struct dmesg_record){ .lost = 0 };
		id = r->next;
		r->next = (id + 1) & DMESG_ID;
		if (ring_record(r, source, id, ret))
			continue;
		/* numbers count up; where they go back they are damaged */
		if (r->has_seq && ret->seq > r->seq)
			ret->lost = ret->seq - r->seq;
		ret->lost_some = ret->lost;
		r->has_seq = true;
		r->seq = ret->seq + 1;
		return MEMLOG_OK;
	}
	ring_end(r, source);
	return MEMLOG_NO_DATA;
}
