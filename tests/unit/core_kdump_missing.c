/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kdump-compressed files of which something is missing: parts, pages, or the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libkdump.h"

static void test_split(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .split = true,
			     .compress = kdump_compress };
	struct memlog_image *image;
	struct kdump_sample s;
	uint8_t *file;
	size_t len, from, to;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	for (from = 0; from < s.n; from += 13) {
		to = from + 13 < s.n ? from + 13 : s.n;
		m.start_pfn = from ? s.pages[from - 1].pfn + 1 : 0;
		m.end_pfn = s.pages[to - 1].pfn + 1;
		file = mkkdump(&m, s.pages, s.n, &len);
		image = kdump_open(file, len, MEMLOG_OK);
		conform_image(image, MEMLOG_PHYS, s.pieces + from, to - from);
		assert_non_null(
			strstr(memlog_image_warning(image, 0), "split"));
		memlog_image_close(image);
		free(file);
	}
	free(s.bytes);
}

/* All parts are one image; in any order, and through files this time. */
static void test_set(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .split = true,
			     .compress = kdump_compress };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = kdump_toys,
				      .n_codecs = 2 };
	char dir[] = "/tmp/memlog-set-XXXXXX", names[4][64], list[300];
	struct memlog_image *image;
	struct memlog_err err;
	struct kdump_sample s;
	uint8_t *file;
	size_t len, k;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	kdump_sample(&s, 4096, 33000);
	for (k = 0; k < 4; k++) {
		m.start_pfn = k ? s.pages[k * 10 - 1].pfn + 1 : 0;
		m.end_pfn = k == 3 ? m.max_pfn : s.pages[k * 10 + 9].pfn + 1;
		file = mkkdump(&m, s.pages, s.n, &len);
		snprintf(names[k], sizeof(names[k]), "%s/%zu", dir, k);
		f = fopen(names[k], "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(file, 1, len, f), len);
		assert_int_equal(fclose(f), 0);
		free(file);
	}
	snprintf(list, sizeof(list), "%s,%s,%s,%s", names[2], names[0],
		 names[3], names[1]);
	assert_int_equal(memlog_image_open_file(list, &o, &image, &err), 0);
	conform_image(image, MEMLOG_PHYS, s.pieces, s.n);
	assert_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	snprintf(list, sizeof(list), "%s,%s.gone", names[2], names[0]);
	assert_int_equal(memlog_image_open_file(list, &o, &image, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, ".gone"));
	for (k = 0; k < 4; k++)
		unlink(names[k]);
	rmdir(dir);
	free(s.bytes);
}

/* Pages that were not written any more, a status that says so, a file that is
 * cut, a codec that is not there. */
static void test_incomplete(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .status = 8 | 4,
			     .compress = kdump_compress };
	struct memlog_image *image;
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_err err = { 0 };
	struct kdump_sample s;
	uint8_t *file, buf[8192];
	size_t len, got;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	s.pages[1].lost = true;
	file = mkkdump(&m, s.pages, s.n, &len);
	image = kdump_open(file, len, MEMLOG_OK);
	assert_non_null(strstr(memlog_image_warning(image, 0), "incomplete"));
	assert_non_null(strstr(memlog_image_warning(image, 1), "missing"));
	assert_non_null(strstr(memlog_image_warning(image, 2), "snappy"));
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, s.pieces[0].addr,
					   buf, 8192, &got, NULL),
			 0);
	assert_int_equal(got, 4096);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, s.pieces[1].addr,
					   buf, 10, &got, &err),
			 MEMLOG_NO_DATA);
	assert_non_null(strstr(err.text, "not written"));
	memlog_image_close(image);
	image = kdump_open(file, len - 1, MEMLOG_OK);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS,
					   s.pieces[s.n - 1].addr, buf, 10,
					   &got, &err),
			 MEMLOG_NO_DATA);
	assert_non_null(strstr(err.text, "outside"));
	memlog_image_close(image);
	/* within the descriptors: no more pages than those, and none has bytes */
	image = kdump_open(file, 6 * 4096 + 10 * 24 + 7, MEMLOG_OK);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_int_equal(info.present, 0);
	assert_true(info.n_ranges > 0);
	assert_int_equal(info.missing, s.n * 4096);
	assert_non_null(strstr(memlog_image_warning(image, 1), "truncated"));
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

static int count_or_stop(void *arg, uint64_t done, uint64_t all)
{
	assert_in_range(done, 1, all);
	return !--*(unsigned int *)arg;
}

/* Where a page is lost all descriptors are looked at: 24 bytes for each page of the
 * guest. That can be stopped. */
static void test_incomplete_stop(void **state)
{
	struct mkkdump m = { .block = 4096, .max_pfn = 40000, .status = 8 };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .progress = count_or_stop };
	struct memlog_image *image;
	struct ml_file f;
	struct kdump_sample s;
	unsigned int left, i;
	uint8_t *file;
	size_t len;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	s.pages[1].lost = true;
	file = mkkdump(&m, s.pages, s.n, &len);
	o.progress_arg = &left;
	for (i = 1; i < 3; i++) {
		left = i;
		image = NULL;
		assert_int_equal(ml_file_memory(file, len, "m", NULL, &f, NULL),
				 0);
		assert_int_equal(ml_image_open_on(&f, &o, &image, NULL),
				 i == 1 ? MEMLOG_STOP : MEMLOG_OK);
		assert_int_equal(left, i - 1);
		memlog_image_close(image);
	}
	free(file);
	free(s.bytes);
}

/* A bitmap of nothing but ones, and hardly a file after it. */
static void test_promises(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 1 << 27,
			     .compress = kdump_compress };
	struct memlog_image *image;
	struct memlog_range r = { 0 };
	struct kdump_sample s;
	uint8_t *file;
	size_t len, half = ((1 << 24) / 4096 + 1) * 4096;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, 1, &len);
	memset(file + 8192 + half, 0xff, half);
	image = kdump_open(file, len, MEMLOG_OK);
	while (!memlog_image_next_data(image, MEMLOG_PHYS, r.end, &r, NULL))
		;
	assert_true(r.end <= (len - 8192 - 2 * half) / 24 * 4096);
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_incomplete_stop),
		cmocka_unit_test(test_promises),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
