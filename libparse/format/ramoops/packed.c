/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packed.c - the compressed text of a record of dmesg. */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/sized.h"
#include "ramoops.h"

/* Text is some times as long; the first guess. */
enum { TIMES = 8, MIN = 64u << 10 };

static const uint8_t packed_zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

/* All of the compressed bytes that are there, up to a gap. *ret_all: how many there would
 * be. */
static uint8_t *packed_load(struct ml_source *source,
			    const struct memlog_allocator *alloc,
			    size_t *ret_len, size_t *ret_all)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	uint64_t end = r->lost ? source->log->extents->len :
				 RAMOOPS_HEADER + (uint64_t)r->size;
	uint64_t from = RAMOOPS_HEADER + (uint64_t)r->head;
	size_t n = end > from ? (size_t)ml_min(end - from, ML_RAMOOPS_RECORD) :
				0;
	uint8_t *in = ml_calloc(alloc, 1, n + 1);

	*ret_all = n;
	*ret_len = in ? ml_source_fill(source, 0, from, in, n) : 0;
	return in;
}

/* Expand in, with a buffer that grows until all of the text fits. */
static enum memlog_status packed_grow(struct ramoops_packed *p,
				      const struct memlog_codec *codec,
				      const uint8_t *in, size_t len,
				      struct memlog_err *err)
{
	void *state = codec->create ? codec->create(&p->alloc) : NULL;
	size_t size =
		ml_min(ml_max(MIN, (uint64_t)len * TIMES), ML_RAMOOPS_TEXT);
	enum memlog_status s = MEMLOG_OK;

	if (codec->create && !state)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to expand");
	for (;; size = ml_min(2 * size, ML_RAMOOPS_TEXT)) {
		ml_free(&p->alloc, p->text);
		p->text = ml_calloc(&p->alloc, 1, size);
		if (!p->text) {
			s = ml_fail(err, MEMLOG_NO_MEMORY,
				    "no memory for the text of a record");
			break;
		}
		s = codec->expand(state, in, len, p->text, size, &p->len);
		if (s || p->len < size || size == ML_RAMOOPS_TEXT)
			break;
	}
	if (!s && p->len == ML_RAMOOPS_TEXT)
		s = MEMLOG_LIMIT;
	if (codec->destroy)
		codec->destroy(state);
	return s;
}

/* What kept the text from being complete. */
static void packed_doubt(struct ml_source *source, enum memlog_status s,
			 size_t len, size_t all, size_t got, const uint8_t *in)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	bool zstd = len >= sizeof(packed_zstd) &&
		    !memcmp(in, packed_zstd, sizeof(packed_zstd));

	if (s == MEMLOG_LIMIT) {
		ml_source_note_add(source, "its text is too long: the rest is "
					   "left out");
	} else if (len < all && !r->lost) {
		ml_source_note_add(source, "its compressed text ends where "
					   "bytes are missing");
	} else if (!got) {
		ml_source_note_add(source,
				   zstd ? "it is compressed with zstd, "
					  "which is not expanded" :
					  "it is compressed with lzo, lz4 or "
					  "842, or damaged");
	} else {
		source->damaged += len;
		ml_source_note_add(source, "its compressed text is damaged: "
					   "the rest is left out");
	}
}

enum memlog_status ml_ramoops_expand(struct ramoops_packed *p,
				     struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err)
{
	struct memlog_codec codec = { .size = 0 };
	enum memlog_status s;
	size_t len, all;
	uint8_t *in;

	p->alloc = opts->alloc;
	if (opts->user->deflate)
		ml_sized_in(&codec, sizeof(codec), opts->user->deflate);
	if (!codec.expand) {
		ml_source_note_add(source, "its text is compressed: "
					   "memlog-dump prints it");
		return MEMLOG_UNSUPPORTED;
	}
	in = packed_load(source, &p->alloc, &len, &all);
	if (!in)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a compressed record");
	s = packed_grow(p, &codec, in, len, err);
	if (s && s != MEMLOG_NO_MEMORY) {
		packed_doubt(source, s, len, all, p->len, in);
		s = p->len ? MEMLOG_OK : MEMLOG_UNSUPPORTED;
	}
	ml_free(&p->alloc, in);
	return s;
}

enum memlog_status ml_ramoops_line(struct ramoops_packed *p,
				   struct memlog_record *rec)
{
	size_t left = p->len - p->at, n = ml_min(left, ML_MAX_LINE);
	const uint8_t *from = p->text + p->at, *lf;

	if (!left)
		return MEMLOG_NO_DATA;
	lf = memchr(from, '\n', n);
	if (lf)
		n = (size_t)(lf - from) + 1;
	else if (n < left)
		rec->flags |= MEMLOG_REC_CONTINUES;
	else
		rec->flags |= MEMLOG_REC_PARTIAL_TAIL;
	p->at += n;
	rec->text = rec->raw = from;
	rec->text_len = rec->raw_len = n;
	return MEMLOG_OK;
}
