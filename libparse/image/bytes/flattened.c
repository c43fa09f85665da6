/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flattened.c - the flattened format, which makedumpfile -F and QEMU use to
 * write dumps to a pipe, where they cannot seek.
 *
 * 4096 bytes of header ("makedumpfile", type 1, version 1, big endian), then
 * records of offset, size and bytes, until both are -1. Records come in any
 * order and overwrite earlier ones: QEMU writes bitmaps and descriptors twice.
 *
 * An offset in the file is translated to the stream in two steps. Records that
 * are contiguous in the file and in the stream are one run; the runs, the last
 * one first, are merged as loads from file offsets to positions in the payload
 * (the bytes of all records, without headers). Every few records, a mark has
 * the stream offset of a position; from a mark on, record headers are read. So
 * 64 GiB need a few MiB of memory.
 *
 * Source: makedumpfile's makedumpfile.h; QEMU's dump/dump.c.
 */
#include "flattened.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "bulk.h"
#include "loads.h"

#define FLAT_HEADER   4096u
#define RECORD_HEADER 16u
#define MARK_EVERY    32u /* records */

/* A record's position in the payload, and the stream offset of its header. */
struct mark {
	uint64_t pos, at;
};

struct record {
	uint64_t pos, at, len;
};

struct flattened {
	struct memlog_allocator alloc;
	struct ml_file lower;	/* owned: the stream */
	struct ml_loads loads;	/* file offset to payload position */
	struct ml_file payload; /* reads by payload position */
	struct mark *marks;
	size_t n_marks, cap_marks;
	struct ml_load *runs;
	size_t n_runs, cap_runs;
	const struct memlog_image *image; /* while it is opened */
	uint64_t payload_len;
	struct record last; /* of the last lookup */
};

/* ---- the stream --------------------------------------------------------- */

/* Read the header of a record; NO_DATA at the end mark. */
static enum memlog_status record_header(const struct ml_file *lower,
					uint64_t at, uint64_t *ret_off,
					uint64_t *ret_len,
					struct memlog_err *err)
{
	uint8_t h[RECORD_HEADER];
	enum memlog_status s;
	size_t got;

	s = ml_file_read_some(lower, at, h, sizeof(h), &got, err);
	if (s)
		return s;
	if (got < sizeof(h))
		return ml_fail_at(err, MEMLOG_CORRUPT, at,
				  "the stream ends without an end mark");
	*ret_off = ml_be64(h);
	*ret_len = ml_be64(h + 8);
	if (*ret_off == UINT64_MAX && *ret_len == UINT64_MAX)
		return MEMLOG_NO_DATA;
	if (*ret_off > INT64_MAX || *ret_len > INT64_MAX || !*ret_len)
		return ml_fail_at(err, MEMLOG_CORRUPT, at,
				  "the record at "
				  "offset 0x%" PRIx64 " is invalid",
				  at);
	return MEMLOG_OK;
}

/* Add a record of len bytes at file offset off, whose header is at stream
 * offset at, as a new run or to the last one. Every MARK_EVERY records add a
 * mark. */
static enum memlog_status add_record(struct flattened *f, uint64_t n,
				     uint64_t at, uint64_t off, uint64_t len,
				     struct memlog_err *err)
{
	struct ml_load *run = f->n_runs ? &f->runs[f->n_runs - 1] : NULL;
	enum memlog_status s;

	if (n % MARK_EVERY == 0) {
		s = ml_bulk_grow(f->image, &f->marks, f->n_marks, &f->cap_marks,
				 sizeof(*f->marks), err);
		if (s)
			return s;
		f->marks[f->n_marks++] = (struct mark){ f->payload_len, at };
	}
	if (run && run->addr + run->len == off) {
		run->len += len;
	} else {
		if (f->n_runs >= ML_MAX_LOADS)
			return ml_fail(err, MEMLOG_LIMIT,
				       "the flattened file "
				       "has more than %u pieces; unpack it "
				       "with makedumpfile -R first",
				       ML_MAX_LOADS);
		s = ml_bulk_grow(f->image, &f->runs, f->n_runs, &f->cap_runs,
				 sizeof(*f->runs), err);
		if (s)
			return s;
		f->runs[f->n_runs++] =
			(struct ml_load){ off, len, f->payload_len, 0 };
	}
	f->payload_len += len;
	return MEMLOG_OK;
}

/* Read the headers of all records, up to the end or to the first one that is damaged or
 * cannot be read. */
static enum memlog_status flattened_walk(struct flattened *f,
					 struct memlog_image *image,
					 const struct memlog_open_opts *opts,
					 struct memlog_err *err)
{
	uint64_t at = FLAT_HEADER, off, len, end, n;
	struct memlog_err why = { 0 };
	enum memlog_status s;

	for (n = 0;; n++) {
		if (n % 4096 == 0 && opts->progress &&
		    opts->progress(opts->progress_arg, at,
				   f->lower.size == UINT64_MAX ? 0 :
								 f->lower.size))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		s = record_header(&f->lower, at, &off, &len, &why);
		if (s == MEMLOG_NO_DATA)
			return MEMLOG_OK;
		if (s)
			break;
		end = at + RECORD_HEADER;
		if (end >= f->lower.size || len > f->lower.size - end) {
			len = end < f->lower.size ? f->lower.size - end : 0;
			ml_fail(&why, MEMLOG_CORRUPT,
				"the stream ends within a record");
			s = len ? add_record(f, n, at, off, len, err) :
				  MEMLOG_OK;
			if (s)
				return s;
			s = MEMLOG_CORRUPT;
			break;
		}
		s = add_record(f, n, at, off, len, err);
		if (s)
			return s;
		at = end + len;
	}
	if (s != MEMLOG_CORRUPT && !(s == MEMLOG_IO && n)) {
		if (err)
			*err = why;
		return s;
	}
	ml_image_warn_cut(image,
			  "the flattened file is damaged, and the rest is "
			  "missing: %s",
			  why.text);
	return MEMLOG_OK;
}

/* ---- payload positions -------------------------------------------------- */

/* Set f->last to the record with a position of the payload. */
static enum memlog_status seek_record(struct flattened *f, uint64_t pos,
				      struct memlog_err *err)
{
	struct record r = f->last;
	size_t lo = 0, hi = f->n_marks;
	enum memlog_status s;
	uint64_t off;

	while (lo < hi) { /* the first mark after pos */
		size_t mid = lo + (hi - lo) / 2;

		if (f->marks[mid].pos <= pos)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return ml_fail(err, MEMLOG_NO_DATA, "an empty stream");
	if (!r.len || pos < r.pos || r.pos < f->marks[lo - 1].pos) {
		r.pos = f->marks[lo - 1].pos;
		r.at = f->marks[lo - 1].at;
		r.len = 0;
	}
	for (;;) {
		if (!r.len) {
			s = record_header(&f->lower, r.at, &off, &r.len, err);
			if (s) /* it was good when opened: the file changed */
				return s == MEMLOG_NO_DATA ? MEMLOG_IO : s;
			r.len = ml_min(r.len, f->payload_len - r.pos);
		}
		if (pos - r.pos < r.len)
			break;
		r.pos += r.len;
		r.at += RECORD_HEADER + r.len;
		r.len = 0;
	}
	f->last = r;
	return MEMLOG_OK;
}

static enum memlog_status payload_read(void *self, uint64_t pos, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	struct flattened *f = self;
	enum memlog_status s;
	uint64_t skip;

	*ret = 0;
	if (pos >= f->payload_len)
		return MEMLOG_NO_DATA;
	s = seek_record(f, pos, err);
	if (s)
		return s;
	skip = pos - f->last.pos;
	return f->lower.ops->read(f->lower.self,
				  f->last.at + RECORD_HEADER + skip, buf,
				  ml_min(len, f->last.len - skip), ret, err);
}

static enum memlog_status payload_map(void *self, uint64_t pos, size_t len,
				      const uint8_t **ret_ptr, size_t *ret,
				      struct memlog_err *err)
{
	struct flattened *f = self;
	enum memlog_status s;
	uint64_t skip;

	if (!f->lower.ops->map)
		return MEMLOG_UNSUPPORTED;
	if (pos >= f->payload_len)
		return MEMLOG_NO_DATA;
	s = seek_record(f, pos, err);
	if (s)
		return s;
	skip = pos - f->last.pos;
	return f->lower.ops->map(f->lower.self,
				 f->last.at + RECORD_HEADER + skip,
				 ml_min(len, f->last.len - skip), ret_ptr, ret,
				 err);
}

static enum memlog_status payload_next_range(void *self, uint64_t pos,
					     struct memlog_range *ret,
					     struct memlog_err *err)
{
	struct flattened *f = self;

	(void)err;
	if (pos >= f->payload_len)
		return MEMLOG_NO_DATA;
	ret->start = pos;
	ret->end = f->payload_len;
	return MEMLOG_OK;
}

static const struct memlog_reader_ops payload_ops = {
	.size = sizeof(payload_ops),
	.read = payload_read,
	.next_range = payload_next_range,
	.map = payload_map,
};

/* ---- the file ----------------------------------------------------------- */

/* Bytes without a record are zeros, as in the output of makedumpfile -R. */
static enum memlog_status flat_read(void *self, uint64_t off, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct flattened *f = self;
	struct memlog_range next;
	enum memlog_status s;
	uint8_t *p = buf;
	uint64_t size = f->loads.n_ranges ?
				f->loads.ranges[f->loads.n_ranges - 1].end :
				0;
	size_t got;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (off >= size)
		return ml_fail_at(err, MEMLOG_NO_DATA, off,
				  "the file ends before offset 0x%" PRIx64,
				  off);
	len = ml_min(len, size - off);
	while (*ret < len) {
		s = ml_loads_read(&f->loads, &f->payload, off, p + *ret,
				  len - *ret, &got, err);
		if (s == MEMLOG_NO_DATA) {
			s = ml_loads_next_range(&f->loads, off, &next);
			if (s || next.start <= off)
				break;
			got = ml_min(len - *ret, next.start - off);
			memset(p + *ret, 0, got);
		}
		*ret += got;
		off += got;
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

static enum memlog_status flat_map(void *self, uint64_t off, size_t len,
				   const uint8_t **ret_ptr, size_t *ret,
				   struct memlog_err *err)
{
	struct flattened *f = self;
	enum memlog_status s;

	s = ml_loads_map(&f->loads, &f->payload, off, len, ret_ptr, ret, err);
	if (s == MEMLOG_NO_DATA && len && f->loads.n_ranges &&
	    off < f->loads.ranges[f->loads.n_ranges - 1].end)
		return MEMLOG_UNSUPPORTED; /* zeros without a record */
	return s;
}

static enum memlog_status flat_next_range(void *self, uint64_t off,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	struct flattened *f = self;
	size_t n = f->loads.n_ranges;

	(void)err;
	if (!n || off >= f->loads.ranges[n - 1].end)
		return MEMLOG_NO_DATA;
	ret->start = off;
	ret->end = f->loads.ranges[n - 1].end;
	return MEMLOG_OK;
}

static enum memlog_status flat_next_data(void *self, uint64_t off,
					 struct memlog_range *ret,
					 struct memlog_err *err)
{
	(void)err;
	return ml_loads_next_range(&((struct flattened *)self)->loads, off,
				   ret);
}

static void flat_close(void *self)
{
	struct flattened *f = self;
	struct memlog_allocator a = f->alloc;

	ml_loads_fini(&f->loads);
	ml_bulk_free(f->marks);
	ml_bulk_free(f->runs);
	ml_file_close(&f->lower);
	ml_free(&a, f);
}

static const struct memlog_reader_ops flat_ops = {
	.size = sizeof(flat_ops),
	.read = flat_read,
	.next_range = flat_next_range,
	.map = flat_map,
	.close = flat_close,
	.next_data = flat_next_data,
};

/* Merge the runs. Where loads overlap the first one counts, so pass them in
 * reverse order. */
static enum memlog_status flattened_merge(struct flattened *f,
					  struct memlog_err *err)
{
	enum memlog_status s;
	struct ml_load t;
	size_t i;

	for (i = 0; i < f->n_runs / 2; i++) {
		t = f->runs[i];
		f->runs[i] = f->runs[f->n_runs - 1 - i];
		f->runs[f->n_runs - 1 - i] = t;
	}
	s = ml_loads_init(&f->loads, f->runs, f->n_runs, f->payload_len,
			  f->image, err);
	ml_bulk_free(f->runs);
	f->runs = NULL;
	return s;
}

bool ml_flattened_is(const uint8_t *bytes, size_t len)
{
	static const char magic[16] = "makedumpfile";

	return len >= sizeof(magic) && !memcmp(bytes, magic, sizeof(magic));
}

enum memlog_status ml_flattened_open(struct memlog_image *image,
				     struct ml_file *file,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	struct flattened *f;
	enum memlog_status s;
	uint8_t head[32];
	size_t got;

	s = ml_file_read_some(file, 0, head, sizeof(head), &got, err);
	if (s)
		return s;
	if (!ml_flattened_is(head, got))
		return ml_fail(err, MEMLOG_NOT_MINE, "not a flattened file");
	if (file->size < FLAT_HEADER + RECORD_HEADER)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "a flattened file that ends before its first "
			       "record; copy it again");
	if (ml_be64(head + 16) != 1 || ml_be64(head + 24) != 1)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "flattened file of "
			       "type %" PRIu64 ", version %" PRIu64
			       "; unpack it with makedumpfile -R",
			       ml_be64(head + 16), ml_be64(head + 24));
	f = ml_calloc(&image->alloc, 1, sizeof(*f));
	if (!f)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a file");
	f->alloc = image->alloc;
	f->image = image;
	f->lower = *file;
	s = flattened_walk(f, image, opts, err);
	if (!s && !f->n_runs)
		s = ml_fail(err, MEMLOG_CORRUPT,
			    "a flattened file without any record");
	if (!s)
		s = flattened_merge(f, err);
	if (s) {
		f->lower = (struct ml_file){ 0 }; /* not yet ours */
		flat_close(f);
		return s;
	}
	f->payload = (struct ml_file){ &payload_ops, f,		f->payload_len,
				       file->name,   &f->lower, NULL };
	*file = (struct ml_file){
		.ops = &flat_ops,
		.self = f,
		.size = f->loads.n_ranges ?
				f->loads.ranges[f->loads.n_ranges - 1].end :
				0,
		.name = f->lower.name,
		.lower = &f->lower,
	};
	return MEMLOG_OK;
}
