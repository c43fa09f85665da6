/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kdump.c - kdump-compressed dumps: QEMU's kdump-zlib, -lzo and -snappy,
 * makedumpfile's output, virsh dump --memory-only --format kdump-*.
 *
 * Pages are found by a bitmap and an array of descriptors. Each page is
 * compressed on its own, as its descriptor says; all zero pages share one copy.
 */
#include "kdump.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "image/bytes/empty.h"
#include "image/bytes/lastrun.h"
#include "image/elf/note.h"
#include "image/xen/xen.h"

#define LOOK_AHEAD 256u /* pages checked for which codecs are needed */
/* Most pages returned by next_data: bounds the work of one call. */
#define DATA_PAGES 4096u

/* The same where a file is far away, so that no more descriptors are read than are needed:
 * those of 2 MiB of memory. */
#define NEAR_PAGES 512u

/* Most bits of a bitmap that are counted although the file has room for the descriptor
 * of each: 8 TiB of memory. */
#define COUNTED (UINT64_C(1) << 31)

/* On the way of a search: where it came to, the end of what it saw of the file, and
 * bytes of pages that are stored before that and so may have been seen. */
struct kdump_walk {
	uint64_t end, high, again;
};

/* Pages that were searched, by the place where they are stored. Zero pages share one,
 * and a hostile file may have any page at many addresses: those that were seen twice
 * are not forgotten. */
#define KDUMP_SEEN 1024u
struct kdump_seen {
	struct ml_kdump_desc desc;
	uint64_t pfn; /* where it is searched */
	bool twice;
};

enum kdump_page {
	PAGE_DATA,
	PAGE_ZERO,
	PAGE_AGAIN, /* another address has the same bytes of the file */
};

struct kdump {
	struct memlog_allocator alloc;
	struct memlog_reader_ops ops; /* with the page size of this file */
	struct ml_kdump_head head;
	struct ml_kdump_pages pages;
	uint64_t n_descs;	/* descriptors that fit in the file */
	uint64_t end_pfn;	/* the first page without one */
	struct ml_lastrun last; /* of next_range */
	struct kdump_walk walk; /* of next_data */
	struct kdump_seen seen[KDUMP_SEEN];
	struct ml_empty empty;
};

/* ---- the reader --------------------------------------------------------- */

static enum memlog_status kdump_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	struct kdump *k = self;
	uint32_t block = k->head.block;
	enum memlog_status s;
	size_t part;

	for (*ret = 0; *ret < len; *ret += part, addr += part) {
		part = ml_min(len - *ret, block - addr % block);
		s = ml_kdump_pages_read(&k->pages, addr / block, addr % block,
					(uint8_t *)buf + *ret, part, err);
		/* what comes before it can be read */
		if ((s == MEMLOG_NO_DATA || s == MEMLOG_IO) && *ret)
			return MEMLOG_OK;
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* Is the page stored, readable or not? */
static bool is_stored(struct kdump *k, uint64_t pfn)
{
	uint64_t rank;

	return pfn >= k->head.start_pfn && pfn < k->head.end_pfn &&
	       !ml_kdump_map_rank(&k->pages.map, pfn, &rank, NULL);
}

static enum memlog_status kdump_peek(void *self, uint64_t addr, size_t count,
				     uint8_t *buf, struct memlog_err *err)
{
	struct kdump *k = self;
	uint32_t block = k->head.block;
	enum memlog_status s;
	size_t got;

	memset(buf, 0, count * MEMLOG_PEEK);
	for (; count; count--, addr += ML_PAGE, buf += MEMLOG_PEEK) {
		/* larger blocks are cached: their other pages come next */
		if (block == ML_PAGE && !(addr % ML_PAGE))
			s = ml_kdump_pages_peek(&k->pages, addr / block, buf,
						err);
		else
			s = kdump_read(k, addr, buf, MEMLOG_PEEK, &got, err);
		if (s == MEMLOG_NO_DATA && !is_stored(k, addr / block))
			continue;
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

static enum memlog_status kdump_find(void *self, uint64_t pfn, uint64_t end,
				     bool want, uint64_t *ret,
				     struct memlog_err *err)
{
	struct kdump *k = self;

	return ml_kdump_map_find(&k->pages.map, pfn, end, want, ret, err);
}

/* The first run of stored pages that ends after addr, at most max of them. */
static enum memlog_status stored_run(struct kdump *k, uint64_t addr,
				     uint64_t max, uint64_t *ret_start,
				     uint64_t *ret_end, struct memlog_err *err)
{
	uint64_t pfn = ml_max(addr / k->head.block, k->head.start_pfn), start;
	enum memlog_status s;

	if (pfn >= k->end_pfn)
		return MEMLOG_NO_DATA;
	s = kdump_find(k, pfn, k->end_pfn, true, &start, err);
	if (!s && start >= k->end_pfn)
		return MEMLOG_NO_DATA;
	if (s)
		return s;
	*ret_start = start;
	return kdump_find(k, start, start + ml_min(max, k->end_pfn - start),
			  false, ret_end, err);
}

static enum memlog_status kdump_next_range(void *self, uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct kdump *k = self;
	uint64_t pfn = ml_max(addr / k->head.block, k->head.start_pfn);
	enum memlog_status s;

	if (pfn >= k->end_pfn)
		return MEMLOG_NO_DATA;
	s = ml_lastrun_next(&k->last, pfn, k->end_pfn, kdump_find, k, err);
	if (s)
		return s;
	ret->start = ml_max(addr, k->last.start * k->head.block);
	ret->end = k->last.end * k->head.block;
	return MEMLOG_OK;
}

static bool kdump_hole(void *self, uint64_t addr)
{
	struct kdump *k = self;
	uint64_t pfn = addr / k->head.block;

	return pfn >= k->end_pfn || !is_stored(k, pfn);
}

/* Of a range, what the bitmap has. */
static uint64_t kdump_promised(void *self, struct memlog_range r)
{
	struct kdump *k = self;
	uint64_t block = k->head.block, from, to;

	from = ml_max(r.start / block, k->head.start_pfn);
	to = ml_min(r.end / block + !!(r.end % block), k->head.end_pfn);
	return ml_min(ml_kdump_map_between(&k->pages.map, from, to) * block,
		      r.end - r.start);
}

static enum kdump_page kdump_walk_page(struct kdump *k, uint64_t pfn)
{
	struct kdump_walk *w = &k->walk;
	struct kdump_seen *seen;
	struct ml_kdump_desc d;

	if (ml_kdump_pages_find(&k->pages, pfn, &d, NULL))
		return PAGE_DATA; /* a search counts what it cannot read */
	if (ml_kdump_same(&k->pages.zero, &d))
		return PAGE_ZERO;
	seen = &k->seen[(d.off ^ d.off >> 10 ^ d.off >> 20) % KDUMP_SEEN];
	if (ml_kdump_same(&seen->desc, &d) && seen->pfn != pfn) {
		if (!seen->twice && ml_kdump_pages_is_zero(&k->pages, &d))
			return PAGE_ZERO;
		seen->twice = true;
		return PAGE_AGAIN;
	}
	if (!seen->twice)
		*seen = (struct kdump_seen){ d, pfn, false };
	if (d.off < w->high)
		w->again += k->head.block;
	w->high = ml_max(w->high, d.off + d.size);
	return PAGE_DATA;
}

static bool kdump_walk_full(const struct kdump *k)
{
	return k->walk.again / ML_REPEATS > k->pages.file->size;
}

/* The first data in [*start, *end), which may be none: both are that end then. */
static void kdump_walk_run(struct kdump *k, uint64_t *start, uint64_t *end)
{
	uint64_t pfn = *start;

	while (pfn < *end && kdump_walk_page(k, pfn) != PAGE_DATA)
		pfn++;
	*start = pfn;
	while (pfn < *end && ++pfn < *end && !kdump_walk_full(k) &&
	       kdump_walk_page(k, pfn) == PAGE_DATA)
		;
	*end = pfn;
}

static enum memlog_status kdump_next_data(void *self, uint64_t addr,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	struct kdump *k = self;
	uint64_t start, end, pfn;
	uint64_t from = addr / k->head.block;
	bool slow = ml_file_is_slow(k->pages.file);
	enum memlog_status s;

	if (addr != k->walk.end)
		memset(&k->walk, 0, sizeof(k->walk));
	for (;; addr = end * k->head.block) {
		if (kdump_walk_full(k))
			return ml_fail_at(err, MEMLOG_LIMIT, addr,
					  "pages that are stored once are at "
					  "too many addresses; the rest is not "
					  "searched");
		s = stored_run(k, addr, slow ? NEAR_PAGES : DATA_PAGES, &start,
			       &end, err);
		if (s == MEMLOG_NO_DATA)
			ml_empty_add(&k->empty, from, k->head.end_pfn);
		if (s)
			return s;
		pfn = ml_empty_skip(&k->empty, start);
		if (pfn > start) {
			end = pfn;
			continue;
		}
		end = ml_empty_until(&k->empty, start, end);
		kdump_walk_run(k, &pfn, &end);
		ml_empty_add(&k->empty, from, pfn);
		if (pfn == end && !slow)
			continue;
		/* the caller may not need what comes after them */
		if (pfn == end)
			pfn = end - 1;
		ret->start = ml_max(addr, pfn * k->head.block);
		ret->end = k->walk.end = end * k->head.block;
		return MEMLOG_OK;
	}
}

static void kdump_close(void *self)
{
	struct kdump *k = self;
	struct memlog_allocator a = k->alloc;

	ml_kdump_ahead_fini(&k->pages);
	ml_kdump_pages_fini(&k->pages);
	ml_free(&a, k);
}

static const struct memlog_reader_ops kdump_ops = {
	.size = sizeof(kdump_ops),
	.flags = MEMLOG_READER_PEEK,
	.read = kdump_read,
	.next_range = kdump_next_range,
	.peek = kdump_peek,
	.close = kdump_close,
	.next_data = kdump_next_data,
};

/* ---- opening ------------------------------------------------------------ */

static enum memlog_status read_head(const struct ml_file *file,
				    struct ml_kdump_head *ret,
				    struct memlog_err *err)
{
	uint8_t buf[ML_KDUMP_HEAD];
	enum memlog_status s;
	size_t got;

	s = ml_file_read_some(file, 0, buf, sizeof(buf), &got, err);
	if (!s)
		s = ml_kdump_head_parse(buf, got, ret, err);
	if (!s)
		s = ml_file_read_some(file, ret->block, buf, ML_KDUMP_SUB, &got,
				      err);
	if (!s)
		s = ml_kdump_sub_parse(buf, got, file->size, ret, err);
	return s;
}

/* Check in the first pages which codecs are needed and find the zero page. */
static void look_ahead(struct kdump *k, struct memlog_image *image)
{
	uint32_t flags = k->head.status;
	struct ml_kdump_desc d, last = { 0 };
	unsigned int i = 0, c;
	uint64_t pfn = 0, end;

	while (i < LOOK_AHEAD && !stored_run(k, pfn * k->head.block, LOOK_AHEAD,
					     &pfn, &end, NULL))
		for (; pfn < end && i < LOOK_AHEAD; pfn++, i++) {
			if (ml_kdump_pages_find(&k->pages, pfn, &d, NULL))
				continue;
			flags |= d.flags;
			if (ml_kdump_same(&last, &d) && !k->pages.zero.size)
				ml_kdump_pages_is_zero(&k->pages, &d);
			last = d;
		}
	for (c = 0; c < ML_KDUMP_CODECS; c++) {
		i = c == 3 ? ML_KDUMP_ZSTD : 1u << c;
		if ((flags & i) && !k->pages.codecs[c].expand)
			ml_image_warn(image,
				      "pages are compressed with %s, "
				      "which this build cannot expand",
				      ml_kdump_codec_names[c]);
	}
}

/* Does the file have all pages? Those without a descriptor are left out, so that a
 * bitmap of many bits in a short file costs nothing. */
static enum memlog_status find_cut(struct kdump *k, struct memlog_image *image,
				   struct memlog_err *err)
{
	uint64_t pages = k->head.end_pfn - k->head.start_pfn, n, lost, gone;
	enum memlog_status s;

	k->end_pfn = k->head.end_pfn;
	k->n_descs = ml_kdump_pages_descs(&k->pages, pages, false);
	if (k->pages.file->size < k->head.descs)
		ml_image_warn_cut(image,
				  "the file is truncated: a part of its bitmap "
				  "of pages is missing");
	if ((pages <= k->n_descs && pages > COUNTED) ||
	    ml_kdump_map_count(&k->pages.map, k->head.end_pfn, &n, NULL))
		return MEMLOG_OK;
	n -= k->pages.first;
	k->n_descs = ml_kdump_pages_descs(&k->pages, n, image->cut);
	s = ml_kdump_pages_lost(&k->pages, k->n_descs, image->cut, &lost, err);
	if (s)
		return s;
	if (n > k->n_descs)
		k->end_pfn = ml_kdump_map_nth(&k->pages.map,
					      k->pages.first + k->n_descs,
					      k->head.end_pfn);
	gone = n - k->n_descs + lost;
	if (!gone)
		return MEMLOG_OK;
	image->missing = (n - k->n_descs) * k->head.block;
	image->lost = lost * k->head.block;
	ml_image_warn(image,
		      "the file is truncated: %" PRIu64 " of %" PRIu64
		      " page%s, %" PRIu64 " bytes, %s missing",
		      gone, n, ml_s(n), gone * k->head.block, ml_are(gone));
	return MEMLOG_OK;
}

/* Bytes of the pages that existed and are not stored: those of the first half of
 * the bitmap without those of the second. */
static uint64_t kdump_left_out(void *self)
{
	struct kdump *k = self;
	const struct ml_kdump_head *h = &k->head;
	struct ml_kdump_map all;
	uint64_t there, stored;

	if (ml_kdump_map_init(&all, k->pages.file, h->bitmap - h->bitmap_half,
			      h->max_pfn, &k->alloc, NULL))
		return 0;
	there = ml_kdump_map_between(&all, h->start_pfn, h->end_pfn);
	stored = ml_kdump_map_between(&k->pages.map, h->start_pfn, h->end_pfn);
	ml_kdump_map_fini(&all);
	return there > stored ? (there - stored) * h->block : 0;
}

static enum memlog_status kdump_describe(struct kdump *k,
					 struct memlog_image *image,
					 struct memlog_err *err)
{
	enum memlog_status s;

	image->machine = k->head.machine;
	image->dump_level = k->head.dump_level;
	if (k->head.dump_level) {
		image->count_left = kdump_left_out;
		image->count_self = k;
	}
	if (k->head.no_max)
		ml_image_warn(image, "the 64-bit number of pages is 0; the "
				     "32-bit one is used");
	if (k->head.status & ML_KDUMP_INCOMPLETE)
		ml_image_warn_cut(image,
				  "the dump is marked as incomplete: its "
				  "writer ran out of space");
	s = find_cut(k, image, err);
	if (s)
		return s;
	look_ahead(k, image);
	image->part.start = k->head.start_pfn * k->head.block;
	image->part.end = k->head.end_pfn * k->head.block;
	image->part.all = k->head.max_pfn * k->head.block;
	if (k->head.split)
		ml_image_warn_part(image,
				   "one part of a split dump, from 0x%" PRIx64
				   " to 0x%" PRIx64 "; name all parts "
				   "as A,B,C",
				   image->part.start, image->part.end);
	return MEMLOG_OK;
}

static enum memlog_status kdump_open(struct memlog_image *image,
				     const struct ml_file *file,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	struct ml_note_facts facts = { 0 };
	struct ml_kdump_head head;
	enum memlog_space space;
	struct kdump *k;
	enum memlog_status s;

	s = read_head(file, &head, err);
	if (s)
		return s;
	k = ml_calloc(&image->alloc, 1, sizeof(*k));
	if (!k)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	k->alloc = image->alloc;
	k->head = head;
	k->ops = kdump_ops;
	k->ops.page_size = head.block;
	s = ml_kdump_pages_init(&k->pages, file, &k->head, opts, &k->alloc,
				err);
	k->pages.image = image;
	if (!s)
		s = kdump_describe(k, image, err);
	k->pages.opts = NULL;
	if (s) {
		kdump_close(k);
		return s;
	}
	ml_kdump_add_notes(image, file, &k->head, &facts);
	space = facts.xen ? MEMLOG_MACH : MEMLOG_PHYS;
	ml_image_add_space(image, space, &k->ops, k, 0, true);
	image->spaces[space].promised = kdump_promised;
	image->spaces[space].hole = kdump_hole;
	ml_xen_attach(image);
	return MEMLOG_OK;
}

const struct ml_image_format ml_image_kdump = {
	.name = "kdump",
	.title = "kdump-compressed dump",
	.traits = MEMLOG_IMAGE_RANGES,
	.open = kdump_open,
};
