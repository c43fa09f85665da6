/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buffer.c - the log of Linux 3.5 to 5.9: one ring of records, each a header, text, and
 * pairs of names and values. A header with the length 0 ends a turn.
 */
#include "dmesg.h"

#include "base/bytes.h"
#include "base/err.h"

enum { WORD = 4, VARS = 3 * WORD, ALIGN = 4, ALIGN_MAX = 8 };

enum memlog_status ml_dmesg_buffer_open(struct dmesg_reader *r,
					struct ml_source *source,
					struct memlog_err *err)
{
	uint8_t b[VARS];

	if (ml_dmesg_read(source, DMESG_VARS, 0, b, VARS) != VARS)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "where the log begins and ends is not in the "
			       "image");
	r->next = ml_le32(b + WORD);
	r->end = ml_le32(b + 2 * WORD);
	if (r->next >= r->of.size || r->end >= r->of.size)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "its records from %llu to %llu are not in its "
			       "%llu bytes",
			       (unsigned long long)r->next,
			       (unsigned long long)r->end,
			       (unsigned long long)r->of.size);
	r->turned = r->next <= r->end;
	return MEMLOG_OK;
}

/* The header of a record at off, and its length; 0: the end of the turn. False: there
 * is none. */
static bool buffer_header(struct dmesg_reader *r, struct ml_source *source,
			  uint64_t off, uint8_t *b, uint64_t *ret_len)
{
	const struct dmesg *o = &r->of;
	uint64_t len, used;

	if (off + o->info > o->size ||
	    ml_dmesg_read(source, DMESG_TEXT, off, b, o->info) != o->info)
		return false;
	len = *ret_len = ml_le16(b + o->info_size);
	if (!len)
		return !r->turned;
	used = (uint64_t)o->info + ml_le16(b + o->info_len) +
	       ml_le16(b + o->info_dict);
	return len % ALIGN == 0 && len >= used && len - used < ALIGN_MAX &&
	       len <= (r->turned ? r->end : o->size) - off;
}

/* Is a record there, and another one, or the end, after it? */
static bool buffer_is_sound(struct dmesg_reader *r, struct ml_source *source,
			    uint64_t off)
{
	uint64_t len, next, missing = source->missing;
	uint8_t b[ML_DMESG_INFO];
	bool sound = buffer_header(r, source, off, b, &len);

	if (sound && len && !(r->turned && off + len == r->end) &&
	    off + len + r->of.info <= r->of.size)
		sound = buffer_header(r, source, off + len, b, &next);
	source->missing = missing;
	return sound;
}

/* Go to the next record that is sound, or to the end. Bytes of records whose header is
 * missing are missing, too. */
static void buffer_skip(struct dmesg_reader *r, struct ml_source *source,
			bool missing)
{
	uint64_t end = r->turned ? r->end : r->of.size, gap, n;
	uint64_t *count;

	do {
		gap = ml_dmesg_gap(source, DMESG_TEXT, r->next);
		missing |= gap > 0;
		count = missing ? &source->missing : &source->damaged;
		n = ml_min(gap ? (gap + ALIGN - 1) / ALIGN * ALIGN : ALIGN,
			   end - r->next);
		if (!gap)
			r->skipped += n;
		/* enough was tried */
		if (r->skipped > ML_DMESG_SKIP)
			n = end - r->next;
		*count += n;
		r->next += n;
	} while (r->next < end && !buffer_is_sound(r, source, r->next));
	r->lost_some = true;
}

/* A value of the pairs after the text: "NAME=VALUE", each ended by a NUL. */
static void buffer_value(const uint8_t *dict, size_t len, const char *name,
			 const char **ret, size_t *ret_len)
{
	size_t n = strlen(name), at, part;

	for (at = 0; at < len; at += part + 1) {
		part = strnlen((const char *)dict + at, len - at);
		if (part > n && !memcmp(dict + at, name, n)) {
			*ret = (const char *)dict + at + n;
			*ret_len = part - n;
		}
	}
}

/* Before 4.9 a record may be a part of a line. */
static void buffer_joins(struct dmesg_reader *r, uint8_t flags,
			 struct dmesg_record *ret)
{
	if (!r->of.fragments)
		return;
	ret->joins = r->flags & DMESG_CONT && !(flags & DMESG_PREFIX);
	if (flags & DMESG_CONT) {
		if (r->flags & DMESG_CONT && !(r->flags & DMESG_NEWLINE))
			ret->joins = true;
		ret->breaks = !(flags & DMESG_NEWLINE);
	}
	r->flags = flags;
}

static void buffer_record(struct dmesg_reader *r, struct ml_source *source,
			  const uint8_t *b, struct dmesg_record *ret)
{
	const struct dmesg *o = &r->of;
	size_t dict = ml_le16(b + o->info_dict), len, got;

	*ret = (struct dmesg_record){
		.time = ml_le64(b + o->info_time),
		.facility = b[o->info_dict + 2],
		.level = b[o->info_dict + 3] >> 5,
		.has_caller = o->info_caller,
		.lost_some = r->lost_some,
		.text = r->text,
	};
	if (ret->has_caller)
		ret->caller = ml_le32(b + o->info_caller);
	len = ml_le16(b + o->info_len);
	got = ml_dmesg_read(source, DMESG_TEXT, r->next + o->info, r->text,
			    len + dict);
	ret->len = ml_min(len, got);
	if (got == len + dict) {
		buffer_value(r->text + len, dict, "SUBSYSTEM=", &ret->subsystem,
			     &ret->subsystem_len);
		buffer_value(r->text + len, dict, "DEVICE=", &ret->device,
			     &ret->device_len);
	}
	buffer_joins(r, b[o->info_dict + 3] & 31, ret);
	r->lost_some = false;
}

enum memlog_status ml_dmesg_buffer_next(struct dmesg_reader *r,
					struct ml_source *source,
					struct dmesg_record *ret)
{
	uint8_t b[ML_DMESG_INFO];
	uint64_t missing, len;
	bool gone;

	for (;;) {
		missing = source->missing;
		if (r->turned && r->next >= r->end)
			return MEMLOG_NO_DATA;
		if (!r->turned && r->next + r->of.info > r->of.size) {
			r->turned = true;
			r->next = 0;
		} else if (!buffer_header(r, source, r->next, b, &len)) {
			gone = source->missing > missing;
			source->missing = missing;
			buffer_skip(r, source, gone);
		} else if (!len) {
			r->turned = true;
			r->next = 0;
		} else {
			buffer_record(r, source, b, ret);
			r->next += len;
			return MEMLOG_OK;
		}
	}
}
