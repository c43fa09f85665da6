/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * windows.c - memory dumps of Windows; QEMU's dump-guest-memory -w writes complete ones.
 *
 * The header begins with "PAGEDU64" and has 0x2000 bytes, or with "PAGEDUMP"
 * and 0x1000. It lists runs of pages, whose bytes follow in the same order. The
 * dump has only memory that Windows uses: the firmware's may be missing.
 *
 * After the header of a bitmap dump, which has the 64-bit header and the types 5 to 7,
 * come "SDMPDUMP" or "FDMPDUMP", at 0x20 the file offset of the first page, at 0x28 how
 * many pages there are, at 0x30 the bits of the bitmap, and from 0x38 on these: one for
 * each page frame. Pages follow in the order of their bits. Source: a dump of this form,
 * and what is published about the format in the field's tools.
 */
#include "image/bytes/bulk.h"
#include "image/bytes/loads.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

/* Types of dumps. */
enum {
	FULL_DUMP = 1,
	KERNEL_DUMP = 2,
	HEADER_ONLY = 3,
	MINIDUMP = 4,
	BITMAP_FULL = 5,
	BITMAP_KERNEL = 6,
	AUTOMATIC = 7,
};

#define BITS	 0x38u /* of the bitmap, after the header */
#define BITS_MAX (1ull << 36)

/* Offsets and sizes in the two headers. */
struct layout {
	uint32_t header, runs, max_runs, word, type;
};

static const struct layout layout64 = { 0x2000, 0x88, 43, 8, 0xf98 };
static const struct layout layout32 = { 0x1000, 0x64, 86, 4, 0xf88 };

static uint64_t windows_word(const uint8_t *p, uint32_t width)
{
	return width == 8 ? ml_le64(p) : ml_le32(p);
}

/* The list of runs is {count, padding to a word, total of pages, {first page,
 * pages}...}. Returns how many loads were filled in; 0: the list is invalid. */
static size_t load_runs(const uint8_t *head, const struct layout *l,
			struct ml_load *loads)
{
	const uint8_t *p = head + l->runs;
	uint32_t n = ml_le32(p), i;
	uint64_t off = l->header, base, count;

	if (n > l->max_runs)
		return 0;
	p += 2 * l->word;
	for (i = 0; i < n; i++, p += 2 * l->word) {
		base = windows_word(p, l->word);
		count = windows_word(p + l->word, l->word);
		if (!ml_mul(base, ML_PAGE, &base) ||
		    !ml_mul(count, ML_PAGE, &count))
			return 0;
		loads[i] = (struct ml_load){ base, count, off, count };
		if (!ml_add(off, count, &off))
			return 0;
	}
	return n;
}

/* Loads for runs of bits. */
struct bitmap {
	const struct memlog_image *image;
	struct ml_load *loads;
	size_t n, cap;
	uint64_t off; /* of the next page in the file */
};

static enum memlog_status bitmap_add(struct bitmap *b, uint64_t page,
				     struct memlog_err *err)
{
	struct ml_load *last = b->n ? &b->loads[b->n - 1] : NULL;
	enum memlog_status s;

	if (!last || last->addr + last->len != page * ML_PAGE) {
		if (b->n == ML_MAX_PHDRS)
			return ml_fail(err, MEMLOG_LIMIT,
				       "more than %u pieces of memory",
				       ML_MAX_PHDRS);
		s = ml_bulk_grow(b->image, &b->loads, b->n, &b->cap,
				 sizeof(*b->loads), err);
		if (s)
			return s;
		last = &b->loads[b->n++];
		*last = (struct ml_load){ page * ML_PAGE, 0, b->off, 0 };
	}
	last->len += ML_PAGE;
	last->promised += ML_PAGE;
	b->off += ML_PAGE;
	return MEMLOG_OK;
}

static enum memlog_status bitmap_read(struct bitmap *b,
				      const struct ml_file *file,
				      const struct memlog_open_opts *opts,
				      uint64_t at, uint64_t bits,
				      struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t page = 0;
	uint8_t buf[4096];
	size_t got = 0, i;

	for (; page < bits && !s; at += got) {
		if (opts->progress &&
		    opts->progress(opts->progress_arg, at, file->size))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		s = ml_file_read_some(file, at, buf, sizeof(buf), &got, err);
		if (!s && !got)
			return ml_fail(err, MEMLOG_CORRUPT,
				       "the Windows dump ends within its "
				       "bitmap");
		for (i = 0; i < 8 * got && page < bits && !s; i++, page++)
			if (buf[i / 8] >> i % 8 & 1)
				s = bitmap_add(b, page, err);
	}
	return s;
}

/* One page more or less, and all after it are at wrong addresses. */
static void windows_check(struct memlog_image *image, uint64_t listed,
			  uint64_t pages)
{
	if (listed == pages)
		return;
	image->suspect = true;
	ml_image_warn(image,
		      "the Windows dump is damaged: it has %" PRIu64
		      " page%s and lists %" PRIu64
		      ", so that memory may be at wrong addresses",
		      pages, ml_s(pages), listed);
}

static enum memlog_status
windows_bitmap(struct memlog_image *image, struct bitmap *b,
	       const struct ml_file *file, const struct memlog_open_opts *opts,
	       const struct layout *l, struct memlog_err *err)
{
	uint8_t head[BITS];
	enum memlog_status s;
	uint64_t bits, end, from, pages;

	s = ml_file_read(file, l->header, head, sizeof(head), err);
	if (s == MEMLOG_IO)
		return s;
	if (s || l != &layout64 ||
	    (memcmp(head, "SDMPDUMP", 8) && memcmp(head, "FDMPDUMP", 8)))
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the Windows dump has no bitmap of its pages");
	b->off = from = ml_le64(head + 0x20);
	bits = ml_le64(head + 0x30);
	end = l->header + BITS + bits / 8;
	if (!bits || bits > BITS_MAX || b->off < end || b->off > INT64_MAX)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the bitmap of pages in the Windows dump is "
			       "invalid");
	s = bitmap_read(b, file, opts, l->header + BITS, bits, err);
	pages = ml_le64(head + 0x28);
	if (!s)
		windows_check(image, (b->off - from) / ML_PAGE, pages);
	return s;
}

/* Why a dump of another type is not supported. */
static enum memlog_status windows_other(uint32_t type, struct memlog_err *err)
{
	if (type == KERNEL_DUMP)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a kernel dump of Windows, which has none of "
			       "the firmware's memory; make a complete one, or "
			       "dump with QEMU's dump-guest-memory FILE");
	if (type == HEADER_ONLY || type == MINIDUMP)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a minidump of Windows, which has stacks and no "
			       "other memory; make a complete dump, or use "
			       "QEMU's dump-guest-memory FILE");
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "a Windows dump of type %" PRIu32
		       " is not supported; make a complete one, or dump "
		       "with QEMU's dump-guest-memory FILE",
		       type);
}

/* The header has the total of its runs, too. Tools that convert dumps may leave it as it
 * was, so the size of the file decides which of them is wrong. */
static void windows_runs_check(struct memlog_image *image,
			       const struct ml_file *file, const uint8_t *head,
			       const struct layout *l,
			       const struct ml_load *last)
{
	uint64_t listed = (last->off + last->len - l->header) / ML_PAGE;

	if (last->off + last->len != file->size)
		windows_check(image, listed,
			      windows_word(head + l->runs + l->word, l->word));
}

/* *ret_end: of the last page that the dump lists, in the file. */
static enum memlog_status
windows_loads(struct memlog_image *image, const struct ml_file *file,
	      const struct memlog_open_opts *opts, const uint8_t *head,
	      const struct layout *l, struct ml_loads *ret, uint64_t *ret_end,
	      struct memlog_err *err)
{
	struct bitmap b = { .image = image };
	uint32_t type = ml_le32(head + l->type);
	struct ml_load in[86], *loads = in;
	enum memlog_status s = MEMLOG_OK;
	size_t n = 0;

	if (type == FULL_DUMP) {
		n = load_runs(head, l, in);
		if (n)
			windows_runs_check(image, file, head, l, &in[n - 1]);
	} else if (type >= BITMAP_FULL && type <= AUTOMATIC) {
		s = windows_bitmap(image, &b, file, opts, l, err);
		loads = b.loads;
		n = b.n;
	} else {
		return windows_other(type, err);
	}
	if (!s && !n)
		s = ml_fail(err, MEMLOG_CORRUPT,
			    "the list of memory runs "
			    "in the Windows dump is invalid");
	if (!s) {
		*ret_end = loads[n - 1].off + loads[n - 1].len;
		s = ml_loads_init(ret, loads, n, file->size, image, err);
	}
	ml_bulk_free(b.loads);
	return s;
}

/* Windows may write data of drivers after the pages; other pages may be there, too, whose
 * addresses are unknown. */
static enum memlog_status windows_rest(struct memlog_image *image,
				       const struct ml_file *file,
				       uint64_t from, struct memlog_err *err)
{
	struct ml_load in = { .addr = from, .off = from };
	struct ml_loads loads;
	enum memlog_status s;

	if (file->size == UINT64_MAX || file->size < from ||
	    file->size - from < ML_PAGE)
		return MEMLOG_OK;
	in.len = in.promised = file->size - from;
	s = ml_loads_init(&loads, &in, 1, file->size, image, err);
	if (!s)
		s = ml_loads_add_space(image, MEMLOG_FILE, file, false, &loads,
				       err);
	if (s)
		return s;
	image->spaces[MEMLOG_FILE].bias = (uint32_t)(from % ML_PAGE);
	ml_image_warn_part(image,
			   "%" PRIu64 " byte%s after the pages that the "
			   "Windows dump lists have no address and are "
			   "searched by file offset",
			   file->size - from, ml_s(file->size - from));
	return MEMLOG_OK;
}

static enum memlog_status windows_open(struct memlog_image *image,
				       const struct ml_file *file,
				       const struct memlog_open_opts *opts,
				       struct memlog_err *err)
{
	const struct layout *l;
	struct ml_loads loads;
	uint8_t head[0x1000];
	enum memlog_status s;
	uint64_t end = 0;
	size_t got;

	s = ml_file_read_some(file, 0, head, sizeof(head), &got, err);
	if (s)
		return s;
	if (got < 8 ||
	    (memcmp(head, "PAGEDU64", 8) && memcmp(head, "PAGEDUMP", 8)))
		return ml_fail(err, MEMLOG_NOT_MINE, "not a Windows dump");
	if (got < sizeof(head))
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the Windows dump ends within its header");
	l = head[6] == '6' ? &layout64 : &layout32;
	s = windows_loads(image, file, opts, head, l, &loads, &end, err);
	if (s)
		return s;
	image->machine = l == &layout64 ? "x86_64" : "i386";
	image->missing = loads.missing;
	if (loads.cut)
		ml_image_warn(image,
			      "the file is truncated: %" PRIu64
			      " byte%s of the "
			      "pages that the Windows dump lists %s missing",
			      loads.cut, ml_s(loads.cut), ml_are(loads.cut));
	ml_image_warn(image, "a Windows dump has only memory that Windows "
			     "uses; the firmware's may be missing");
	s = ml_loads_add_space(image, MEMLOG_PHYS, file, false, &loads, err);
	return s ? s : windows_rest(image, file, end, err);
}

const struct ml_image_format ml_image_windows = {
	.name = "windows",
	.title = "Windows crash dump",
	.traits = MEMLOG_IMAGE_RANGES | MEMLOG_IMAGE_PLAIN,
	.open = windows_open,
};
