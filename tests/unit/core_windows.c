/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows crash dumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/open.h"
#include "libconform.h"
#include "libdump.h"

static void put(uint8_t *p, uint64_t v, unsigned int width)
{
	while (width--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

static struct dump *windows(bool is64)
{
	struct dump *f = calloc(1, sizeof(*f));
	unsigned int w = is64 ? 8 : 4;
	uint8_t *p;

	assert_non_null(f);
	f->len = is64 ? 0x2000 : 0x1000;
	memset(f->p, 'P', f->len);
	memcpy(f->p, is64 ? "PAGEDU64" : "PAGEDUMP", 8);
	p = f->p + (is64 ? 0x88 : 0x64);
	put(p, 2, 4);
	put(p + 2 * w, 1, w);
	put(p + 3 * w, 0x1e, w);
	put(p + 4 * w, 0x100, w);
	put(p + 5 * w, 4, w);
	put(f->p + (is64 ? 0xf98 : 0xf88), 1, 4);
	dump_bytes(f, dump_mem, 0x1e000 + 0x4000);
	return f;
}

static void test_windows(void **state)
{
	static const struct conform_piece pieces[] = {
		{ 0x1000, 0x1e000, dump_mem, false, 0, 0 },
		{ 0x100000, 0x4000, dump_mem + 0x1e000, false, 0, 0 },
	};
	struct memlog_image *image;
	struct memlog_err err;
	struct dump *f;
	int k;

	(void)state;
	dump_fill();
	for (k = 0; k < 2; k++) {
		f = windows(k);
		image = dump_open(f->p, f->len, MEMLOG_OK, &err);
		conform_image(image, MEMLOG_PHYS, pieces, 2);
		memlog_image_close(image);
		f->p[k ? 0xf98 : 0xf88] = 8;
		dump_open(f->p, f->len, MEMLOG_UNSUPPORTED, &err);
		assert_non_null(strstr(err.text, "dump-guest-memory"));
		free(f);
	}
}

static bool said(struct memlog_image *image, const char *text)
{
	const char *w;
	size_t i;

	for (i = 0; (w = memlog_image_warning(image, i)); i++)
		if (strstr(w, text))
			return true;
	return false;
}

/* A complete dump that is cut, and one whose runs are not those of its total. */
static void test_windows_runs(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	struct dump *f;
	uint8_t *total;
	int k;

	(void)state;
	dump_fill();
	for (k = 0; k < 2; k++) {
		f = windows(k);
		total = f->p + (k ? 0x90 : 0x68);
		put(total, 0x22, 4);
		memset(total + 4, 0, k ? 4 : 0);
		image = dump_open(f->p, f->len, MEMLOG_OK, &err);
		assert_false(said(image, "damaged") ||
			     said(image, "truncated"));
		memlog_image_close(image);
		image = dump_open(f->p, f->len - 5000, MEMLOG_OK, &err);
		assert_true(image->missing == 5000);
		assert_false(said(image, "damaged"));
		assert_true(said(image, "is truncated: 5000 bytes of the "));
		memlog_image_close(image);
		/* other runs: their pages end before the file does, or after */
		put(total, 0x23, 4);
		image = dump_open(f->p, f->len + 4096, MEMLOG_OK, &err);
		assert_true(said(image, "it has 35 pages and lists 34"));
		assert_true(image->suspect);
		memlog_image_close(image);
		/* only the total is wrong */
		image = dump_open(f->p, f->len, MEMLOG_OK, &err);
		assert_false(said(image, "damaged") ||
			     said(image, "truncated"));
		memlog_image_close(image);
		free(f);
	}
}

/* Of two runs with the same pages the first one counts. */
static void test_windows_overlap(void **state)
{
	struct conform_piece piece = { 0x1000, 0x1e000, dump_mem, false, 0, 0 };
	struct memlog_image *image;
	struct memlog_err err;
	struct dump *f = windows(true);

	(void)state;
	put(f->p + 0xa8, 1, 8);
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, &piece, 1);
	assert_true(said(image, "16384 bytes of memory are not read"));
	assert_true(image->suspect);
	memlog_image_close(image);
	free(f);
}

/* What follows the pages is searched by its offset: drivers' data, or more pages. */
static void test_windows_rest(void **state)
{
	struct conform_piece rest = {
		0x2000 + 0x22000, 4096, dump_mem, false, 0, 0
	};
	struct memlog_image *image;
	struct memlog_err err;
	struct dump *f = windows(true);

	(void)state;
	dump_bytes(f, dump_mem, 4096);
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_FILE, &rest, 1);
	assert_true(said(image, "4096 bytes after the pages"));
	/* in a set it is not true */
	assert_int_equal(image->warnings[image->n_warnings - 1].kind,
			 ML_WARN_PART);
	assert_int_equal(image->order[1], MEMLOG_FILE);
	memlog_image_close(image);
	image = dump_open(f->p, f->len - 1, MEMLOG_OK, &err);
	assert_false(memlog_image_has_space(image, MEMLOG_FILE));
	memlog_image_close(image);
	free(f);
}

static int stop_at_once(void *arg, uint64_t done, uint64_t total)
{
	unsigned int *left = arg;

	(void)done, (void)total;
	return !(*left)--;
}

/* The bitmap of a dump of terabytes may be all that is ever read of it. */
static void test_windows_stop(void **state)
{
	unsigned int left = 3;
	struct memlog_open_opts o = { .size = sizeof(o),
				      .progress = stop_at_once,
				      .progress_arg = &left };
	struct memlog_image *image;
	struct memlog_err err;
	struct ml_file file;
	struct dump *f;

	(void)state;
	dump_fill();
	f = windows(true);
	f->p[0xf98] = 5;
	f->len = 0x2000 + 0x38 + 40960;
	memset(f->p + 0x2000, 0, 0x38 + 40960);
	memcpy(f->p + 0x2000, "SDMPDUMP", 8);
	put(f->p + 0x2020, f->len, 8);
	put(f->p + 0x2030, 8 * 40960, 8);
	f->p[0x2038] = 1;
	assert_int_equal(
		ml_file_memory(f->p, f->len + 4096, "m", NULL, &file, NULL), 0);
	assert_int_equal(ml_image_open_on(&file, &o, &image, &err),
			 MEMLOG_STOP);
	left = 100000;
	assert_int_equal(
		ml_file_memory(f->p, f->len + 4096, "m", NULL, &file, NULL), 0);
	assert_int_equal(ml_image_open_on(&file, &o, &image, &err), 0);
	memlog_image_close(image);
	free(f);
}

static void test_damage(void **state)
{
	struct dump *f;
	size_t len;
	int k;

	(void)state;
	dump_fill();
	for (k = 0; k < 2; k++) {
		f = windows(k);
		for (len = 0; len < 200; len++)
			dump_try(f->p, len);
		for (; len < f->len; len += 4099)
			dump_try(f->p, len);
		for (len = 0; len < 40; len++)
			dump_try(f->p, f->len - len);
		dump_flip(f, 0, 56);
		if (k)
			dump_flip(f, 0x88, 0xb0);
		else
			dump_flip(f, 0x64, 0x78);
		free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_windows_runs),
		cmocka_unit_test(test_windows_overlap),
		cmocka_unit_test(test_windows_rest),
		cmocka_unit_test(test_windows_stop),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
