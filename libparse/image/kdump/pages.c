/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.c - from a page's number to its bytes: the bitmap says whether it is
 * stored, the descriptor where it is and which codec expands it.
 */
#include "kdump.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/codec.h"

#define WINDOW	  256u	 /* descriptors read at once */
#define ASK_EVERY 65536u /* descriptors between two questions whether to stop */
#define LAST \
	4096u /* descriptors that tell whether a file was cut: in makedumpfile's
			the pages come in order, and those of zeros share one */

const char *const ml_kdump_codec_names[ML_KDUMP_CODECS] = {
	"zlib",
	"lzo",
	"snappy",
	"zstd",
};

enum memlog_status ml_kdump_pages_init(struct ml_kdump_pages *k,
				       const struct ml_file *file,
				       const struct ml_kdump_head *head,
				       const struct memlog_open_opts *opts,
				       const struct memlog_allocator *alloc,
				       struct memlog_err *err)
{
	enum memlog_status s;
	unsigned int c;

	*k = (struct ml_kdump_pages){
		.alloc = *alloc, .file = file, .head = head, .opts = opts
	};
	k->window = ml_calloc(alloc, WINDOW, ML_KDUMP_DESC);
	k->n_slots = ml_min(ML_KDUMP_SLOTS, ML_KDUMP_KEPT / head->block);
	k->n_slots = ml_max(k->n_slots, 1);
	if (!k->window)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for pages");
	for (c = 0; c < ML_KDUMP_CODECS; c++)
		k->codecs[c] = ml_codec_find(opts, ml_kdump_codec_names[c]);
	s = ml_kdump_map_init(&k->map, file, head->bitmap, head->max_pfn, alloc,
			      err);
	if (!s)
		s = ml_kdump_map_count(&k->map, head->start_pfn, &k->first,
				       err);
	return s;
}

void ml_kdump_pages_drop_codecs(struct ml_kdump_pages *k, unsigned int thread)
{
	unsigned int i;

	for (i = 0; i < ML_KDUMP_CODECS; i++) {
		if (k->created[thread][i] && k->codecs[i].destroy)
			k->codecs[i].destroy(k->states[thread][i]);
		k->created[thread][i] = false;
	}
}

void ml_kdump_pages_fini(struct ml_kdump_pages *k)
{
	unsigned int i;

	for (i = 0; i < ML_MAX_THREADS; i++)
		ml_kdump_pages_drop_codecs(k, i);
	for (i = 0; i < ML_KDUMP_SLOTS; i++)
		ml_free(&k->alloc, k->slots[i].bytes);
	ml_kdump_map_fini(&k->map);
	ml_free(&k->alloc, k->window);
	ml_free(&k->alloc, k->in);
}

/* ---- descriptors -------------------------------------------------------- */

bool ml_kdump_same(const struct ml_kdump_desc *a, const struct ml_kdump_desc *b)
{
	return a->size && a->off == b->off && a->size == b->size &&
	       a->flags == b->flags;
}

/* The index-th descriptor of the file. */
static enum memlog_status load_desc(struct ml_kdump_pages *k, uint64_t index,
				    struct ml_kdump_desc *ret,
				    struct memlog_err *err)
{
	uint64_t at = index - index % WINDOW;
	bool be = k->head->big_endian;
	enum memlog_status s;
	const uint8_t *p;
	size_t got;

	if (k->window_at != at || !k->window_n) {
		k->window_n = 0;
		s = ml_file_read_some(k->file,
				      k->head->descs + at * ML_KDUMP_DESC,
				      k->window, WINDOW * ML_KDUMP_DESC, &got,
				      err);
		if (s)
			return s;
		k->window_at = at;
		k->window_n = got / ML_KDUMP_DESC;
	}
	if (index - at >= k->window_n)
		return ml_fail(err, MEMLOG_NO_DATA,
			       "the file ends before descriptor %" PRIu64,
			       index);
	p = k->window + (index - at) * ML_KDUMP_DESC;
	ret->off = be ? ml_be64(p) : ml_le64(p);
	ret->size = be ? ml_be32(p + 8) : ml_le32(p + 8);
	ret->flags = be ? ml_be32(p + 12) : ml_le32(p + 12);
	return MEMLOG_OK;
}

uint64_t ml_kdump_pages_descs(const struct ml_kdump_pages *k, uint64_t n,
			      bool cut)
{
	uint64_t at = k->head->descs, last = at, end;
	struct memlog_range data;

	if (at >= k->file->size)
		return 0;
	n = ml_min(n, (k->file->size - at) / ML_KDUMP_DESC);
	if (!cut)
		return n;
	end = at + n * ML_KDUMP_DESC;
	while (at < end && !ml_file_next_data(k->file, at, &data, NULL) &&
	       data.start < end && data.end > at)
		at = last = ml_min(data.end, end);
	return (last - k->head->descs) / ML_KDUMP_DESC;
}

/* Where the bytes of a page are: not where the file has none. */
static bool desc_is_there(const struct ml_kdump_pages *k,
			  const struct ml_kdump_desc *d)
{
	return d->off && d->size && d->size <= k->head->block &&
	       d->off < k->file->size && d->size <= k->file->size - d->off;
}

/* Count descriptors from one up to another that have no bytes in the file. */
static enum memlog_status pages_lost(struct ml_kdump_pages *k, uint64_t from,
				     uint64_t to, uint64_t *lost,
				     struct memlog_err *err)
{
	const struct memlog_open_opts *o = k->opts;
	struct ml_kdump_desc d;

	for (; from < to; from++) {
		if (k->looked++ % ASK_EVERY == 0 && o->progress &&
		    o->progress(o->progress_arg,
				k->head->descs + from * ML_KDUMP_DESC,
				k->file->size))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		*lost += load_desc(k, from, &d, NULL) || !desc_is_there(k, &d);
	}
	return MEMLOG_OK;
}

enum memlog_status ml_kdump_pages_lost(struct ml_kdump_pages *k, uint64_t n,
				       bool cut, uint64_t *ret,
				       struct memlog_err *err)
{
	uint64_t descs = k->head->descs, from, to, done = 0, lost = 0;
	enum memlog_status s = MEMLOG_OK;
	struct memlog_range data;

	*ret = 0;
	if (!cut)
		s = pages_lost(k, n > LAST ? n - LAST : 0, n, &lost, err);
	if (s || (!cut && !lost))
		return s;
	lost = 0;
	while (done < n &&
	       !ml_file_next_data(k->file, descs + done * ML_KDUMP_DESC, &data,
				  NULL)) {
		from = data.start > descs ?
			       (data.start - descs) / ML_KDUMP_DESC :
			       0;
		from = ml_min(ml_max(from, done), n);
		to = data.end > descs ? (data.end - descs + ML_KDUMP_DESC - 1) /
						ML_KDUMP_DESC :
					0;
		to = ml_min(to, n);
		if (to <= done)
			break;
		/* those in a hole are zeros */
		lost += from - done;
		s = pages_lost(k, from, to, &lost, err);
		if (s)
			return s;
		done = to;
	}
	*ret = lost + (n - done);
	return MEMLOG_OK;
}

enum memlog_status ml_kdump_pages_find(struct ml_kdump_pages *k, uint64_t pfn,
				       struct ml_kdump_desc *ret,
				       struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_NO_DATA;
	uint64_t rank = 0;

	if (pfn >= k->head->start_pfn && pfn < k->head->end_pfn)
		s = ml_kdump_map_rank(&k->map, pfn, &rank, err);
	if (s == MEMLOG_NO_DATA)
		return ml_fail_at(err, s, pfn * k->head->block,
				  "the dump has no memory at 0x%" PRIx64,
				  pfn * k->head->block);
	if (!s)
		s = load_desc(k, rank - k->first, ret, err);
	if (s)
		return s;
	if (!ret->off || !ret->size)
		return ml_fail_at(err, MEMLOG_NO_DATA, pfn * k->head->block,
				  "the page at 0x%" PRIx64 " was not written "
				  "before the dump ended",
				  pfn * k->head->block);
	if (!desc_is_there(k, ret))
		return ml_fail_at(err, MEMLOG_NO_DATA, pfn * k->head->block,
				  "the descriptor of page 0x%" PRIx64
				  " points outside the file",
				  pfn * k->head->block);
	return MEMLOG_OK;
}

/* ---- pages -------------------------------------------------------------- */

/* The codec that flags name. ML_KDUMP_CODECS: none, the page is plain. */
static unsigned int codec_of(uint32_t flags)
{
	return flags & ML_KDUMP_ZLIB   ? ML_KDUMP_ZLIB_CODEC :
	       flags & ML_KDUMP_LZO    ? 1 :
	       flags & ML_KDUMP_SNAPPY ? 2 :
	       flags & ML_KDUMP_ZSTD   ? 3 :
					 ML_KDUMP_CODECS;
}

enum memlog_status ml_kdump_pages_codec(struct ml_kdump_pages *k,
					unsigned int c, unsigned int thread,
					struct memlog_err *err)
{
	if (!k->codecs[c].expand)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "pages are compressed with %s, which this build "
			       "cannot expand",
			       ml_kdump_codec_names[c]);
	if (k->created[thread][c])
		return MEMLOG_OK;
	if (k->codecs[c].create) {
		k->states[thread][c] = k->codecs[c].create(&k->alloc);
		if (!k->states[thread][c])
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory to expand %s",
				       ml_kdump_codec_names[c]);
	}
	k->created[thread][c] = true;
	return MEMLOG_OK;
}

/* The stored bytes of a page: borrowed from the file, or in k->in. */
static enum memlog_status kdump_pages_stored(struct ml_kdump_pages *k,
					     const struct ml_kdump_desc *d,
					     const uint8_t **ret,
					     struct memlog_err *err)
{
	enum memlog_status s;
	size_t got;

	if (k->file->ops->map &&
	    !k->file->ops->map(k->file->self, d->off, d->size, ret, &got,
			       NULL) &&
	    got == d->size)
		return MEMLOG_OK;
	if (!k->in)
		k->in = ml_calloc(&k->alloc, k->head->block, 1);
	if (!k->in)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	s = ml_file_read(k->file, d->off, k->in, d->size, err);
	*ret = k->in;
	return s;
}

enum memlog_status ml_kdump_pages_damaged(const struct ml_kdump_pages *k,
					  const struct ml_kdump_desc *d,
					  struct memlog_err *err)
{
	unsigned int c = codec_of(d->flags);
	struct memlog_err why;

	if (c == ML_KDUMP_CODECS)
		ml_fail(&why, MEMLOG_NO_DATA,
			"the page at offset 0x%" PRIx64
			" is damaged: it has %" PRIu32 " of %" PRIu32 " bytes",
			d->off, d->size, k->head->block);
	else
		ml_fail(&why, MEMLOG_NO_DATA,
			"the page at offset 0x%" PRIx64
			" is damaged: its %s data has a wrong %slength",
			d->off, ml_kdump_codec_names[c],
			c == ML_KDUMP_ZLIB_CODEC ? "checksum or " : "");
	ml_image_note_damage(k->image, &why);
	if (err)
		*err = why;
	return why.status;
}

enum memlog_status ml_kdump_pages_prepare(struct ml_kdump_pages *k,
					  const struct ml_kdump_desc *d,
					  unsigned int *ret_c,
					  const uint8_t **ret_in,
					  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	*ret_c = codec_of(d->flags);
	if (*ret_c < ML_KDUMP_CODECS)
		s = ml_kdump_pages_codec(k, *ret_c, 0, err);
	return s ? s : kdump_pages_stored(k, d, ret_in, err);
}

/* Expand a whole page into out, which is one byte larger than a block, so that
 * a page that expands to more is noticed. */
static enum memlog_status kdump_pages_expand(struct ml_kdump_pages *k,
					     const struct ml_kdump_desc *d,
					     uint8_t *out,
					     struct memlog_err *err)
{
	const uint32_t block = k->head->block;
	enum memlog_status s;
	const uint8_t *in;
	unsigned int c;
	size_t got = 0;

	s = ml_kdump_pages_prepare(k, d, &c, &in, err);
	if (s)
		return s;
	if (c == ML_KDUMP_CODECS) {
		got = d->size;
		memcpy(out, in, got);
	} else if (k->codecs[c].expand(k->states[0][c], in, d->size, out,
				       block + 1, &got)) {
		got = 0;
	}
	return got == block ? MEMLOG_OK : ml_kdump_pages_damaged(k, d, err);
}

bool ml_kdump_pages_literal(const struct ml_kdump_pages *k, unsigned int c,
			    const struct ml_kdump_desc *d, const uint8_t *in,
			    const uint8_t **ret)
{
	return k->codecs[c].literal &&
	       k->codecs[c].literal(in, d->size, ret) >= MEMLOG_PEEK;
}

struct ml_kdump_slot *ml_kdump_pages_cached(struct ml_kdump_pages *k,
					    const struct ml_kdump_desc *d)
{
	unsigned int i;

	for (i = 0; i < ML_KDUMP_SLOTS; i++)
		if (ml_kdump_same(&k->slots[i].key, d))
			return &k->slots[i];
	return NULL;
}

/* A whole page, expanded, from the cache. It is valid until the next call. */
static enum memlog_status kdump_pages_keep(struct ml_kdump_pages *k,
					   const struct ml_kdump_desc *d,
					   const uint8_t **ret,
					   struct memlog_err *err)
{
	struct ml_kdump_slot *slot = ml_kdump_pages_cached(k, d);
	enum memlog_status s;

	if (!slot) {
		slot = &k->slots[k->next_slot];
		if (!slot->bytes)
			slot->bytes =
				ml_calloc(&k->alloc, k->head->block + 1, 1);
		if (!slot->bytes)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for a page");
		slot->key.size = 0;
		s = kdump_pages_expand(k, d, slot->bytes, err);
		if (s)
			return s;
		slot->key = *d;
		k->next_slot = (k->next_slot + 1) % k->n_slots;
	}
	*ret = slot->bytes;
	return MEMLOG_OK;
}

enum memlog_status ml_kdump_pages_read(struct ml_kdump_pages *k, uint64_t pfn,
				       size_t skip, uint8_t *out, size_t len,
				       struct memlog_err *err)
{
	const uint8_t *page;
	enum memlog_status s;
	struct ml_kdump_desc d;

	s = ml_kdump_pages_find(k, pfn, &d, err);
	if (s)
		return s;
	if (ml_kdump_same(&k->zero, &d)) {
		memset(out, 0, len);
		return MEMLOG_OK;
	}
	s = kdump_pages_keep(k, &d, &page, err);
	if (!s)
		memcpy(out, page + skip, len);
	return s;
}

bool ml_kdump_pages_is_zero(struct ml_kdump_pages *k,
			    const struct ml_kdump_desc *d)
{
	const uint8_t *p;

	if (k->zero.size)
		return ml_kdump_same(&k->zero, d);
	if (kdump_pages_keep(k, d, &p, NULL) || !ml_is_zero(p, k->head->block))
		return false;
	k->zero = *d;
	return true;
}
