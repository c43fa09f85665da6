/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * windows.c - complete memory dumps of Windows, which QEMU's
 * dump-guest-memory -w writes as well.
 *
 * The header begins with "PAGEDU64" and has 0x2000 bytes, or with "PAGEDUMP"
 * and 0x1000. It lists runs of pages, whose bytes follow in the same order. The
 * dump has only memory that Windows uses: the firmware's may be missing.
 */
#include "image/bytes/loads.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define FULL_DUMP 1u

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

static enum memlog_status windows_open(struct memlog_image *image,
				       const struct ml_file *file,
				       const struct memlog_open_opts *opts,
				       struct memlog_err *err)
{
	struct ml_load in[86];
	const struct layout *l;
	struct ml_loads loads;
	uint8_t head[0x1000];
	enum memlog_status s;
	size_t n, got;

	(void)opts;
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
	if (ml_le32(head + l->type) != FULL_DUMP)
		return ml_fail(
			err, MEMLOG_UNSUPPORTED,
			"a Windows dump of type %" PRIu32
			" is not supported; make a complete one, or dump "
			"with QEMU's dump-guest-memory FILE",
			ml_le32(head + l->type));
	n = load_runs(head, l, in);
	if (!n)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the list of memory runs "
			       "in the Windows dump is invalid");
	s = ml_loads_init(&loads, in, n, file->size, &image->alloc, err);
	if (s)
		return s;
	image->machine = l == &layout64 ? "x86_64" : "i386";
	image->missing = loads.missing;
	ml_image_warn(image, "a Windows dump has only memory that Windows "
			     "uses; the firmware's may be missing");
	return ml_loads_add_space(image, MEMLOG_PHYS, file, false, &loads, err);
}

const struct ml_image_format ml_image_windows = {
	.name = "windows",
	.title = "Windows crash dump",
	.traits = MEMLOG_IMAGE_RANGES | MEMLOG_IMAGE_PLAIN,
	.open = windows_open,
};
