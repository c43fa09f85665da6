/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lime.c - LiME and AVML: ranges of memory, each after a header of 32 bytes.
 *
 * LiME: magic "EMiL", version 1, first and last address, 8 bytes reserved, then
 * the memory. AVML: magic "AVML", version 2, the same addresses, then a Snappy
 * stream of frames of up to 64 KiB, each with a checksum of the expanded bytes,
 * then 8 bytes with the length of the stream. Uncompressed, AVML writes LiME; a file
 * may have ranges of both. All little endian. Sources: LiME's doc/README.md, AVML's
 * src/image.rs, Snappy's framing_format.txt.
 */
#include "image/bytes/bulk.h"
#include "image/bytes/loads.h"
#include "frames.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

#define RANGE_HEADER 32u
#define SECTOR	     512u
/* Progress is reported once for so many ranges and chunks. */
#define CHUNKS 256u

/* The first 8 bytes of a range's header. */
#define LIME "EMiL\1\0\0\0"
#define AVML "AVML\2\0\0\0"

struct builder {
	struct memlog_image *image;
	const struct ml_file *file;
	const struct memlog_open_opts *opts;
	struct ml_frames *frames; /* NULL: LiME only, until now */
	struct ml_load *loads;
	size_t n, cap;
	bool lime, avml; /* there are ranges of this kind */
	size_t chunks;
};

/* Bytes that a compressed frame expands to: a varint before its data. */
static uint32_t frame_len(const uint8_t *p, size_t len)
{
	uint32_t v = 0;
	unsigned int i;

	for (i = 0; i < len && i < 4; i++) {
		v |= (uint32_t)(p[i] & 0x7f) << 7 * i;
		if (!(p[i] & 0x80))
			return v;
	}
	return 0;
}

/* Append a frame of the memory that ends the frames. */
static enum memlog_status lime_frame_add(struct ml_frames *f,
					 struct ml_frame frame,
					 struct memlog_err *err)
{
	enum memlog_status s;

	if (f->n >= ML_MAX_FRAMES)
		return ml_fail(err, MEMLOG_LIMIT, "has more than %u frames",
			       ML_MAX_FRAMES);
	s = ml_bulk_grow(f->image, &f->v, f->n, &f->cap, sizeof(*f->v), err);
	if (s)
		return s;
	frame.pos = f->len;
	if (!ml_add(f->len, frame.len, &f->len))
		return ml_fail(err, MEMLOG_CORRUPT, "is too long");
	f->v[f->n++] = frame;
	return MEMLOG_OK;
}

/* Report how far the file is read, once in a while. */
static enum memlog_status lime_progress(struct builder *b, uint64_t off,
					struct memlog_err *err)
{
	const struct memlog_open_opts *opts = b->opts;

	if (b->chunks++ % CHUNKS == 0 && opts->progress &&
	    opts->progress(opts->progress_arg, off, b->file->size))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

/* Step over chunks that can be skipped, up to the length of the stream that began at
 * from, and over that. The length may look like a chunk. */
static enum memlog_status skip_trailer(struct builder *b, uint64_t from,
				       uint64_t *off, struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t h[12];
	size_t got;

	for (;;) {
		s = lime_progress(b, *off, err);
		if (!s)
			s = ml_file_read_some(b->file, *off, h, sizeof(h), &got,
					      err);
		if (s)
			return s;
		if (got <= 8 || h[0] < 0x80 || ml_le64(h) == *off - from ||
		    !memcmp(h + 8, "AVML", 4) || !memcmp(h + 8, "EMiL", 4))
			break;
		*off += 4 + (ml_le32(h) >> 8);
	}
	*off += 8;
	return MEMLOG_OK;
}

/*
 * Index the frames of the Snappy stream at *off, up to want bytes of memory. A
 * chunk has a type, 3 bytes of length, and data. Types: 0 compressed and 1
 * plain, both with a checksum of 4 bytes first; 0xff the stream identifier;
 * 0x80 and up can be skipped; all others are invalid.
 */
static enum memlog_status add_frames(struct builder *b, uint64_t *off,
				     uint64_t want, struct memlog_err *err)
{
	struct ml_frames *f = b->frames;
	uint64_t end, from = *off;
	enum memlog_status s;
	uint8_t h[12];
	uint32_t len, size;
	size_t got;

	if (!ml_add(f->len, want, &end))
		end = UINT64_MAX; /* longer than any file */
	while (f->len < end) {
		s = lime_progress(b, *off, err);
		if (!s)
			s = ml_file_read_some(b->file, *off, h, sizeof(h), &got,
					      err);
		if (s)
			return s;
		len = got < 9 ? 0 : ml_le32(h) >> 8;
		if (!len || *off + 4 + len > b->file->size)
			return ml_fail(err, MEMLOG_CORRUPT, "ends early");
		*off += 4;
		if (h[0] <= 1) {
			size = h[0] ? len - 4 : frame_len(h + 8, got - 8);
			if (len <= 4 || len > ML_FRAME_STORED || !size ||
			    size > ML_FRAME_MAX || size > end - f->len)
				return ml_fail(err, MEMLOG_CORRUPT,
					       "has an invalid frame");
			s = lime_frame_add(f,
					   (struct ml_frame){ .off = *off + 4,
							      .len = size,
							      .stored = len - 4,
							      .kind = h[0] },
					   err);
			if (s)
				return s;
		} else if (h[0] < 0x80) {
			return ml_fail(err, MEMLOG_CORRUPT,
				       "has an invalid frame");
		}
		*off += len;
	}
	return skip_trailer(b, from, off, err);
}

/* Make a range of LiME, whose bytes are at load->off in the file, a frame. */
static enum memlog_status lime_range_frame(struct builder *b,
					   struct ml_load *load,
					   struct memlog_err *err)
{
	uint64_t off = load->off, size = b->file->size;

	load->len = ml_min(load->len, off < size ? size - off : 0);
	b->image->cut |= load->len < load->promised;
	load->off = b->frames->len;
	if (!load->len)
		return MEMLOG_OK;
	return lime_frame_add(b->frames,
			      (struct ml_frame){ .off = off,
						 .len = load->len,
						 .kind = ML_FRAME_LIME },
			      err);
}

/* The first range of AVML: from now on all memory is in frames. */
static enum memlog_status lime_frames_begin(struct builder *b,
					    struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	b->frames = ml_frames_create(b->image, b->file, b->opts);
	if (!b->frames)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for frames");
	for (i = 0; i < b->n && !s; i++)
		s = lime_range_frame(b, &b->loads[i], err);
	return s;
}

/* Add the memory after the header of the last range, and advance *off to the next
 * header. */
static enum memlog_status add_memory(struct builder *b, bool avml,
				     uint64_t *off, struct memlog_err *err)
{
	struct ml_load *load = &b->loads[b->n - 1];
	enum memlog_status s = MEMLOG_OK;

	load->off = *off;
	if (avml) {
		load->off = b->frames->len;
		s = add_frames(b, off, load->promised, err);
		/* promised stays: the difference is counted as missing */
		load->len = b->frames->len - load->off;
		return s;
	}
	if (b->frames)
		s = lime_range_frame(b, load, err);
	if (!ml_add(*off, load->promised, off))
		*off = UINT64_MAX;
	return s;
}

/* Is the rest of the file zeros, up to the end of a sector? A copy in blocks, or onto a
 * device, leaves them; neither LiME nor AVML does. */
static enum memlog_status lime_padding(const struct builder *b, uint64_t off,
				       bool *ret, struct memlog_err *err)
{
	uint64_t end = b->file->size, rest = end - off;
	enum memlog_status s = MEMLOG_OK;
	uint8_t buf[4096];
	size_t got;

	*ret = b->n && rest < ML_LIME_PADDING && end % SECTOR == 0;
	for (; *ret && off < end && !s; off += got) {
		s = ml_file_read_some(b->file, off, buf, sizeof(buf), &got,
				      err);
		*ret = !s && got && ml_is_zero(buf, got);
	}
	if (*ret)
		ml_image_warn(b->image,
			      "%" PRIu64 " byte%s of zeros follow the last "
			      "range, as a copy in blocks leaves them; if the "
			      "file is not complete, memory is missing",
			      rest, ml_s(rest));
	return s;
}

/* Add the range whose header is at *off and advance *off to the next. NO_DATA:
 * the file ends. CORRUPT, LIMIT: what was added before is good. */
static enum memlog_status add_range(struct builder *b, uint64_t *off,
				    struct memlog_err *err)
{
	uint64_t start, last, len;
	enum memlog_status s;
	uint8_t h[RANGE_HEADER];
	size_t got;
	bool avml, zeros;

	s = ml_file_read_some(b->file, *off, h, sizeof(h), &got, err);
	if (s || !got)
		return s ? s : MEMLOG_NO_DATA;
	start = ml_le64(h + 8);
	last = ml_le64(h + 16);
	avml = !memcmp(h, AVML, 8);
	if (ml_is_zero(h, got)) {
		s = lime_padding(b, *off, &zeros, err);
		if (s || zeros)
			return s ? s : MEMLOG_NO_DATA;
	}
	if (got < sizeof(h) || (!avml && memcmp(h, LIME, 8) != 0) ||
	    last < start || last - start == UINT64_MAX)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "has no header at offset 0x%" PRIx64, *off);
	if (b->n >= ML_MAX_PHDRS)
		return ml_fail(err, MEMLOG_LIMIT, "has more than %u ranges",
			       ML_MAX_PHDRS);
	if (avml && !b->frames)
		s = lime_frames_begin(b, err);
	if (!s)
		s = ml_bulk_grow(b->image, &b->loads, b->n, &b->cap,
				 sizeof(*b->loads), err);
	if (s)
		return s;
	len = last - start + 1;
	b->loads[b->n++] =
		(struct ml_load){ .addr = start, .len = len, .promised = len };
	b->avml |= avml;
	b->lime |= !avml;
	*off += RANGE_HEADER;
	return add_memory(b, avml, off, err);
}

static enum memlog_status add_ranges(struct builder *b, struct memlog_err *err)
{
	struct memlog_err why = { 0 };
	enum memlog_status s = MEMLOG_OK;
	uint64_t off = 0;

	while (!s) {
		s = lime_progress(b, off, &why);
		if (!s)
			s = add_range(b, &off, &why);
	}
	if (s == MEMLOG_NO_DATA)
		return MEMLOG_OK;
	if ((s != MEMLOG_CORRUPT && s != MEMLOG_LIMIT) || !b->n) {
		if (err)
			*err = why;
		return s;
	}
	ml_image_warn_cut(b->image,
			  s == MEMLOG_CORRUPT ?
				  "the file is damaged, and the memory after "
				  "that is missing: it %s" :
				  "the file is not read to its end: it %s",
			  why.text);
	return MEMLOG_OK;
}

static enum memlog_status lime_open(struct memlog_image *image,
				    const struct ml_file *file,
				    const struct memlog_open_opts *opts,
				    struct memlog_err *err)
{
	struct builder b = { .image = image, .file = file, .opts = opts };
	struct ml_file from = *file;
	struct ml_loads loads;
	enum memlog_status s;
	uint8_t h[8];
	size_t got;

	s = ml_file_read_some(file, 0, h, sizeof(h), &got, err);
	if (s)
		return s;
	if (got < 8 || (memcmp(h, AVML, 8) != 0 && memcmp(h, LIME, 8) != 0))
		return ml_fail(err, MEMLOG_NOT_MINE, "not a LiME or AVML file");
	s = add_ranges(&b, err);
	if (b.frames)
		from = (struct ml_file){ &ml_frames_ops, b.frames,
					 b.frames->len,	 file->name,
					 file,		 NULL };
	if (!s)
		s = ml_loads_init(&loads, b.loads, b.n, from.size, image, err);
	ml_bulk_free(b.loads);
	if (s) {
		if (b.frames)
			ml_frames_ops.close(b.frames);
		return s;
	}
	image->title = !b.avml ? "LiME dump" :
		       !b.lime ? "AVML dump" :
				 "LiME and AVML dump";
	image->missing = loads.missing;
	/* what would follow a range that is cut is not known */
	image->cut |= loads.cut > 0;
	if (b.frames && !b.frames->codec.expand)
		ml_image_warn(image, "the file is compressed with snappy, "
				     "which this build cannot expand");
	image->by_kernel = true;
	return ml_loads_add_space(image, MEMLOG_PHYS, &from, b.frames, &loads,
				  err);
}

const struct ml_image_format ml_image_lime = {
	.name = "lime",
	.title = "LiME or AVML dump",
	.traits = MEMLOG_IMAGE_RANGES,
	.open = lime_open,
};
