/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved guests with mapped-ram, whose pages and bitmaps are holes of the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libqevm.h"

#define GIB    (1ull << 30)
#define BITMAP (1ull << 20)
#define PAGES  (4ull << 20)

/* A file of a guest of len bytes, with these pages; its bitmap is at an offset. It is in
 * path, which has room for a template. */
static void make_mapped(char *path, uint64_t len, uint64_t bitmap,
			const uint64_t *pages, size_t n)
{
	struct qevm head = { 0 }, tail = { 0 };
	int fd = mkstemp(path);
	uint8_t bits;
	size_t i;

	assert_true(fd >= 0);
	qevm_head(&head, "pc-q35-9.0");
	qevm_capability(&head, "mapped-ram");
	qevm_start(&head, "ram", len);
	qevm_block(&head, "pc.ram", len);
	qevm_num(&head, 1, 4);
	qevm_num(&head, PAGE, 8);
	qevm_num(&head, bitmap, 8);
	qevm_num(&head, PAGES, 8);
	qevm_close_section(&tail);
	qevm_section(&tail, 3);
	qevm_close_section(&tail);
	qevm_devices(&tail);
	assert_int_equal(pwrite(fd, head.p, head.len, 0), head.len);
	assert_int_equal(pwrite(fd, tail.p, tail.len, (off_t)(PAGES + len)),
			 tail.len);
	for (i = 0; i < n; i++) {
		off_t at = (off_t)(bitmap + pages[i] / 8);

		bits = 0; /* at the end of the file nothing is read */
		assert_in_range(pread(fd, &bits, 1, at), 0, 1);
		bits = (uint8_t)(bits | 1u << pages[i] % 8);
		assert_int_equal(pwrite(fd, &bits, 1, at), 1);
		at = (off_t)(PAGES + pages[i] * PAGE);
		assert_int_equal(pwrite(fd, &pages[i], 8, at), 8);
	}
	close(fd);
	qevm_drop(&head);
	qevm_drop(&tail);
}

static void expect_data(struct memlog_image *image, uint64_t from,
			uint64_t addr, uint64_t number)
{
	struct memlog_range r;
	uint64_t v;
	size_t got;

	assert_int_equal(
		memlog_image_next_data(image, MEMLOG_PHYS, from, &r, NULL), 0);
	assert_true(r.start == addr && r.end == addr + PAGE);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, addr, &v, 8,
					   &got, NULL),
			 0);
	assert_int_equal(got, 8);
	assert_true(v == number);
}

/* The index of a large guest takes no temporary file, and the pages between those that were
 * written are zeros. */
static void test_large(void **state)
{
	static const uint64_t pages[] = { 5, 7, 512 * 1000 + 3,
					  64 * GIB / PAGE - 1 };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .tmpdir = "/nonexistent" };
	const uint64_t last = 4 * GIB + 62 * GIB - PAGE;
	char path[] = "/tmp/mapped-XXXXXX";
	struct memlog_image *image;
	struct memlog_range r;
	uint64_t v = 1;
	size_t got;

	(void)state;
	make_mapped(path, 64 * GIB, BITMAP, pages, 4);
	assert_int_equal(memlog_image_open_file(path, &o, &image, NULL), 0);
	unlink(path);
	assert_null(memlog_image_warning(image, 0));
	assert_true(qevm_info(image).present == 64 * GIB);
	expect_data(image, 0, 5 * PAGE, 5);
	expect_data(image, 6 * PAGE, 7 * PAGE, 7);
	expect_data(image, 8 * PAGE, pages[2] * PAGE, pages[2]);
	expect_data(image, GIB * 3, last, pages[3]);
	expect_data(image, 0, 5 * PAGE, 5);
	assert_int_equal(memlog_image_next_data(image, MEMLOG_PHYS, last + PAGE,
						&r, NULL),
			 MEMLOG_NO_DATA);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, 6 * PAGE, &v, 8,
					   &got, NULL),
			 0);
	assert_true(got == 8 && v == 0);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, GIB, &v, 8, &got,
					   NULL),
			 0);
	assert_true(got == 8 && v == 0);
	assert_int_equal(
		memlog_image_next_range(image, MEMLOG_PHYS, 0, &r, NULL), 0);
	assert_true(r.start == 0 && r.end == 2 * GIB);
	assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, r.end, &r,
						 NULL),
			 0);
	assert_true(r.start == 4 * GIB && r.end == 66 * GIB);
	memlog_image_close(image);
}

/* A page whose bit is not in the file may have been anything: it is no zeros. */
static void test_cut(void **state)
{
	static const uint64_t pages[] = { 0, 5 };
	char path[] = "/tmp/mapped-XXXXXX";
	const uint64_t len = 64 * PAGE;
	struct memlog_image *image;
	struct memlog_range r;

	(void)state;
	make_mapped(path, len, BITMAP, pages, 2);
	assert_int_equal(memlog_image_open_file(path, NULL, &image, NULL), 0);
	assert_true(qevm_info(image).missing == 0);
	memlog_image_close(image);
	unlink(path);
	/* the bitmap is the end of the file */
	memcpy(path, "/tmp/mapped-XXXXXX", sizeof(path));
	make_mapped(path, len, PAGES + len + 4096, pages, 2);
	assert_int_equal(memlog_image_open_file(path, NULL, &image, NULL), 0);
	unlink(path);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "before a list of its pages"));
	assert_true(qevm_info(image).missing == len - 2 * PAGE);
	expect_data(image, 0, 0, 0);
	expect_data(image, PAGE, 5 * PAGE, 5);
	assert_int_equal(
		memlog_image_next_range(image, MEMLOG_PHYS, PAGE, &r, NULL), 0);
	assert_true(r.start == 5 * PAGE && r.end == 6 * PAGE);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
