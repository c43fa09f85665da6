/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * damage.c - files with checksums, whose right content is known: what is read without
 * a word of damage has to be that. The input: what kind of file, how it is compressed,
 * how many bytes are damaged; three bytes for each of these, where and how; the rest
 * is the content of the pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "liblook.h"

#include "../tests/unit/libmkkdump.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE	4096u
#define PAGES	3u
#define FIRST	0x820u
#define DAMAGES 16u

enum { KDUMP, LIME_GZIP, KINDS };

/* len bytes of the file may be damaged, from from on. */
struct whole {
	uint8_t *file;
	size_t len, from;
};

static uint8_t pages[PAGES][PAGE];
static int level;

/* ---- right files -------------------------------------------------------- */

static size_t deflated(const uint8_t *in, size_t in_len, int bits, uint8_t *out,
		       size_t cap)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)in,
		       .avail_in = (uInt)in_len,
		       .next_out = out,
		       .avail_out = (uInt)cap };
	int r;

	LOOK_CHECK(deflateInit2(&z, level, Z_DEFLATED, bits, 8,
				Z_DEFAULT_STRATEGY) == Z_OK);
	r = deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return r == Z_STREAM_END ? cap - z.avail_out : 0;
}

static size_t kdump_page(uint32_t flag, const uint8_t *in, size_t len,
			 uint8_t *out, size_t cap)
{
	(void)flag;
	return deflated(in, len, 15, out, cap);
}

/* Its descriptors end where the first page's data begin. */
static void make_kdump(struct whole *w)
{
	struct mkkdump m = { .block = PAGE,
			     .machine = "x86_64",
			     .max_pfn = FIRST + PAGES,
			     .compress = kdump_page };
	struct mkpage p[PAGES];
	size_t i;

	for (i = 0; i < PAGES; i++)
		p[i] = (struct mkpage){ .pfn = FIRST + i,
					.bytes = pages[i],
					.flag = 1 };
	w->file = mkkdump(&m, p, PAGES, &w->len);
	w->from = 4 * PAGE + PAGES * 24;
}

static void make_lime(struct whole *w)
{
	uint8_t lime[32 + sizeof(pages)] = "EMiL\1";

	ml_put_le64(lime + 8, FIRST * PAGE);
	ml_put_le64(lime + 16, (FIRST + PAGES) * PAGE - 1);
	memcpy(lime + 32, pages, sizeof(pages));
	w->file = malloc(2 * sizeof(lime));
	LOOK_CHECK(w->file);
	w->len = deflated(lime, sizeof(lime), 15 + 16, w->file,
			  2 * sizeof(lime));
	LOOK_CHECK(w->len);
	w->from = 10; /* gzip's header */
}

/* ---- what is read of a damaged one --------------------------------------- */

/* A page of a kdump that has no sum, or whose damaged bytes have the right one. */
static bool undetectable(const struct whole *w, size_t page, const uint8_t *got)
{
	const uint8_t *desc = w->file + 4 * PAGE + page * 24;
	uLong n = ml_le32(desc + 8);
	uint8_t out[PAGE];
	uLongf len = PAGE;

	if (!ml_le32(desc + 12))
		return true;
	return uncompress2(out, &len, w->file + ml_le64(desc), &n) == Z_OK &&
	       len == PAGE && !memcmp(out, got, PAGE);
}

static void check(struct memlog_image *image, const struct whole *w, int kind)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	uint8_t got[PAGE];
	size_t i, n;

	LOOK_CHECK(!memlog_image_info(image, &info, NULL));
	if (kind == LIME_GZIP && info.n_warnings)
		return;
	for (i = 0; i < PAGES; i++) {
		if (memlog_image_read(image, MEMLOG_PHYS, (FIRST + i) * PAGE,
				      got, PAGE, &n, NULL))
			continue;
		LOOK_CHECK(n <= PAGE);
		LOOK_CHECK(!memcmp(got, pages[i], n) ||
			   (kind == KDUMP && n == PAGE &&
			    undetectable(w, i, got)));
	}
}

static void look_damaged(const struct whole *w, int kind)
{
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .window = LOOK_WINDOW };
	struct memlog_image *image;
	struct memlog_err err = { 0 };
	struct look_memory m;
	char path[LOOK_PATH];
	int fd = look_memfd(w->file, w->len, path);

	look_memory_init(&m, 64u << 20);
	opts.allocator = &m.alloc;
	if (!memlog_image_open(path, &opts, &image, &err)) {
		check(image, w, kind);
		memlog_image_close(image);
	} else {
		LOOK_CHECK(err.text[0]);
	}
	look_memory_end(&m, LOOK_WINDOW);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct whole w = { .file = NULL };
	size_t i, n;
	int kind;

	if (size < 4)
		return 0;
	kind = data[0] % KINDS;
	level = data[1] % 10;
	n = ml_min(data[2] % (DAMAGES + 1), (size - 4) / 3);
	/* the content is repeated, so that a short input is compressed well */
	for (i = 0; i < sizeof(pages); i++)
		pages[i / PAGE][i % PAGE] =
			data[3 + 3 * n + i % (size - 3 - 3 * n)];
	if (kind == KDUMP)
		make_kdump(&w);
	else
		make_lime(&w);
	for (i = 0; i < n; i++)
		w.file[w.from + ml_le16(data + 3 + 3 * i) % (w.len - w.from)] ^=
			data[5 + 3 * i];
	look_damaged(&w, kind);
	free(w.file);
	return 0;
}
