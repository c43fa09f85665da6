/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LiME and AVML with more ranges or frames than are read: what comes before is. The reader
 * is built here with small limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#undef ML_MAX_FRAMES
#undef ML_MAX_PHDRS
#define ML_MAX_FRAMES 3u
#define ML_MAX_PHDRS  3u

#include "image/lime.c"

#include "image/open.h"
#include "libdump.h"

#define LEN 1000u

static void head(struct dump *f, const char *magic, uint64_t start,
		 uint64_t len)
{
	dump_bytes(f, magic, 8);
	dump_num(f, start, 8);
	dump_num(f, start + len - 1, 8);
	dump_num(f, 0, 8);
}

/* Frames that are not compressed, and their checksums. */
static void frames(struct dump *f, const uint8_t *p, size_t n)
{
	struct ml_crc32c c;
	uint32_t sum;
	size_t i;

	ml_crc32c_init(&c);
	for (i = 0; i < n; i++, p += LEN) {
		sum = ml_crc32c(&c, p, LEN);
		dump_num(f, 1 | (LEN + 4) << 8, 4);
		dump_num(f, (sum >> 15 | sum << 17) + 0xa282ead8u, 4);
		dump_bytes(f, p, LEN);
	}
	dump_num(f, 0, 8);
}

/* There are have bytes at addr, those of dump_mem from at on. */
static void has(struct memlog_image *image, uint64_t addr, uint64_t have,
		size_t at)
{
	uint8_t buf[8 * LEN];
	size_t got;

	assert_int_equal(ml_image_fill(image, MEMLOG_PHYS, addr, buf,
				       sizeof(buf), &got, NULL),
			 0);
	assert_true(got == have);
	assert_memory_equal(buf, dump_mem + at, got);
}

static void cut(const struct memlog_image *image, uint64_t missing,
		const char *why)
{
	assert_true(image->cut);
	assert_true(image->missing == missing);
	assert_string_equal(memlog_image_warning(image, 0), why);
	assert_null(memlog_image_warning(image, 1));
}

static void test_frames(void **state)
{
	struct dump *f = calloc(1, sizeof(*f));
	struct memlog_image *image;
	struct memlog_err err;

	(void)state;
	assert_non_null(f);
	head(f, AVML, 0x10000, 2 * LEN);
	frames(f, dump_mem, 2);
	head(f, AVML, 0x20000, 2 * LEN);
	frames(f, dump_mem + 2 * LEN, 2);
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	cut(image, LEN,
	    "the file is not read to its end: it has more than 3 frames");
	has(image, 0x10000, 2 * LEN, 0);
	has(image, 0x20000, LEN, 2 * LEN);
	memlog_image_close(image);
	free(f);
}

/* A range of LiME after the last frame has no bytes of another. */
static void test_mixed(void **state)
{
	struct dump *f = calloc(1, sizeof(*f));
	struct memlog_image *image;
	struct memlog_err err;

	(void)state;
	assert_non_null(f);
	head(f, AVML, 0x10000, 3 * LEN);
	frames(f, dump_mem, 3);
	head(f, LIME, 0x20000, LEN);
	dump_bytes(f, dump_mem, LEN);
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	cut(image, LEN,
	    "the file is not read to its end: it has more than 3 frames");
	has(image, 0x10000, 3 * LEN, 0);
	memlog_image_close(image);
	free(f);
}

static void test_ranges(void **state)
{
	struct dump *f = calloc(1, sizeof(*f));
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	(void)state;
	assert_non_null(f);
	for (i = 0; i < 4; i++) {
		head(f, LIME, 0x10000 * (i + 1), LEN);
		dump_bytes(f, dump_mem + i * LEN, LEN);
	}
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	cut(image, 0,
	    "the file is not read to its end: it has more than 3 ranges");
	for (i = 0; i < 3; i++)
		has(image, 0x10000 * (i + 1), LEN, i * LEN);
	memlog_image_close(image);
	free(f);
}

/* Stop at the second look, which is in the middle of the only range. */
static int stop(void *arg, uint64_t done, uint64_t total)
{
	assert_true(done < total);
	return ++*(size_t *)arg == 2;
}

static void test_stop(void **state)
{
	struct dump *f = calloc(1, sizeof(*f));
	struct memlog_image *image;
	struct memlog_open_opts o = { .size = sizeof(o), .progress = stop };
	struct memlog_err err;
	struct ml_file file;
	size_t i, calls = 0;

	(void)state;
	assert_non_null(f);
	o.progress_arg = &calls;
	head(f, AVML, 0x10000, LEN);
	/* chunks that are skipped */
	for (i = 0; i < 2 * CHUNKS; i++) {
		dump_num(f, 0xfe | 1 << 8, 4);
		dump_num(f, 0, 1);
	}
	frames(f, dump_mem, 1);
	assert_int_equal(ml_file_memory(f->p, f->len, "m", NULL, &file, NULL),
			 0);
	assert_int_equal(ml_image_open_on(&file, &o, &image, &err),
			 MEMLOG_STOP);
	assert_int_equal(calls, 2);
	free(f);
}

static int setup(void **state)
{
	(void)state;
	dump_fill();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests_name("lime_limit", tests, setup, NULL);
}
