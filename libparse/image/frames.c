/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* frames.c - expand and verify the frames of a Snappy stream. */
#include "frames.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/bulk.h"
#include "image/bytes/file.h"

static const struct ml_frame *find_frame(const struct ml_frames *f,
					 uint64_t pos)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) { /* the first frame after pos */
		size_t mid = lo + (hi - lo) / 2;

		if (f->v[mid].pos <= pos)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &f->v[lo - 1] : NULL;
}

/* Snappy rotates the CRC and adds a constant: a CRC over data that contains its
 * own CRC would be weak. */
static uint32_t frame_sum(const struct ml_frames *f, const struct ml_frame *at,
			  const uint8_t *bytes)
{
	uint32_t c = ml_crc32c(&f->crc, bytes, (size_t)at->len);

	return (c >> 15 | c << 17) + 0xa282ead8;
}

static enum memlog_status frame_alloc(struct ml_frames *f,
				      struct ml_frame_slot *slot,
				      struct memlog_err *err)
{
	slot->off = 0;
	if (!f->in)
		f->in = ml_calloc(&f->alloc, ML_FRAME_STORED, 1);
	/* one more byte, to notice a frame that expands to more */
	if (!slot->bytes)
		slot->bytes = ml_calloc(&f->alloc, ML_FRAME_MAX + 1, 1);
	if (!f->in || !slot->bytes)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a frame");
	return MEMLOG_OK;
}

/* Expand a frame into a slot and verify it. */
static enum memlog_status frame_load(struct ml_frames *f,
				     const struct ml_frame *at,
				     struct ml_frame_slot *slot,
				     struct memlog_err *err)
{
	enum memlog_status s;
	size_t got = (size_t)at->len;
	struct memlog_err why;
	uint8_t sum[4];

	if (at->kind == ML_FRAME_SNAPPY && !f->codec.expand)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "it is compressed with snappy, which this build "
			       "cannot expand");
	s = frame_alloc(f, slot, err);
	if (!s)
		s = ml_file_read(f->file, at->off - 4, sum, sizeof(sum), err);
	if (!s)
		s = ml_file_read(f->file, at->off,
				 at->kind == ML_FRAME_PLAIN ? slot->bytes :
							      f->in,
				 at->stored, err);
	if (s)
		return s;
	if (at->kind == ML_FRAME_SNAPPY &&
	    f->codec.expand(f->state, f->in, at->stored, slot->bytes,
			    ML_FRAME_MAX + 1, &got))
		got = 0;
	if (got != at->len || frame_sum(f, at, slot->bytes) != ml_le32(sum)) {
		ml_fail(&why, MEMLOG_NO_DATA,
			"the frame at offset 0x%" PRIx64
			" is damaged: it has a wrong checksum or length",
			at->off);
		ml_image_note_damage(f->image, &why);
		if (err)
			*err = why;
		return why.status;
	}
	slot->off = at->off;
	return MEMLOG_OK;
}

static enum memlog_status frames_read(void *self, uint64_t pos, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct ml_frames *f = self;
	const struct ml_frame *at = pos < f->len ? find_frame(f, pos) : NULL;
	struct ml_frame_slot *slot;
	enum memlog_status s;
	unsigned int i;

	*ret = 0;
	if (!at || pos - at->pos >= at->len)
		return MEMLOG_NO_DATA;
	pos -= at->pos;
	len = ml_min(len, at->len - pos);
	if (at->kind == ML_FRAME_LIME)
		return ml_file_read_some(f->file, at->off + pos, buf, len, ret,
					 err);
	for (i = 0; i < ML_FRAME_SLOTS && f->slots[i].off != at->off; i++)
		;
	slot = &f->slots[i < ML_FRAME_SLOTS ? i : f->next_slot];
	if (i == ML_FRAME_SLOTS) {
		s = frame_load(f, at, slot, err);
		if (s)
			return s;
		f->next_slot = (f->next_slot + 1) % ML_FRAME_SLOTS;
	}
	memcpy(buf, slot->bytes + pos, len);
	*ret = len;
	return MEMLOG_OK;
}

static enum memlog_status frames_next_range(void *self, uint64_t pos,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	struct ml_frames *f = self;

	(void)err;
	if (pos >= f->len)
		return MEMLOG_NO_DATA;
	ret->start = pos;
	ret->end = f->len;
	return MEMLOG_OK;
}

static void frames_close(void *self)
{
	struct ml_frames *f = self;
	struct memlog_allocator a = f->alloc;
	unsigned int i;

	for (i = 0; i < ML_FRAME_SLOTS; i++)
		ml_free(&a, f->slots[i].bytes);
	if (f->state && f->codec.destroy)
		f->codec.destroy(f->state);
	ml_free(&a, f->in);
	ml_bulk_free(f->v);
	ml_free(&a, f);
}

const struct memlog_reader_ops ml_frames_ops = {
	.size = sizeof(ml_frames_ops),
	.read = frames_read,
	.next_range = frames_next_range,
	.close = frames_close,
};

struct ml_frames *ml_frames_create(struct memlog_image *image,
				   const struct ml_file *file,
				   const struct memlog_open_opts *opts)
{
	const struct memlog_allocator *alloc = &image->alloc;
	struct ml_frames *f = ml_calloc(alloc, 1, sizeof(*f));

	if (!f)
		return NULL;
	f->alloc = *alloc;
	f->file = file;
	f->image = image;
	ml_crc32c_init(&f->crc);
	f->codec = ml_codec_find(opts, "snappy");
	if (f->codec.create) {
		f->state = f->codec.create(alloc);
		if (!f->state)
			f->codec.expand = NULL;
	}
	return f;
}
