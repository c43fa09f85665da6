/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and memory as readers, plain memory with its layouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/bytes/file.h"
#include "image/open.h"
#include "libconform.h"

#define PAGE 4096u

static char path[] = "/tmp/memlog-file-XXXXXX";
static uint8_t bytes[600 * 1024 + 77];

static void put_file(const void *p, size_t len, uint64_t at)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseeko(f, (off_t)at, SEEK_SET), 0);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	size_t i;
	int fd;

	(void)state;
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + (i >> 9));
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void conform_file(bool no_mmap)
{
	struct memlog_open_opts o = { .size = sizeof(o), .no_mmap = no_mmap };
	struct conform_piece p = { 0, sizeof(bytes), bytes, 0, 0, 0 };
	struct memlog_err err;
	struct ml_file f;

	put_file(bytes, sizeof(bytes), 0);
	assert_int_equal(ml_file_open(path, &o, &f, &err), MEMLOG_OK);
	assert_true(f.size == sizeof(bytes));
	conform_reader(f.ops, f.self, &p, 1);
	ml_file_close(&f);
}

static void test_mapped(void **state)
{
	(void)state;
	conform_file(false);
}

static void test_pread(void **state)
{
	(void)state;
	conform_file(true);
}

static void test_memory(void **state)
{
	struct conform_piece p = { 0, sizeof(bytes), bytes, 0, 0, 0 };
	struct ml_file f;

	(void)state;
	assert_int_equal(ml_file_memory(bytes, sizeof(bytes), "m", NULL, &f,
					NULL),
			 MEMLOG_OK);
	conform_reader(f.ops, f.self, &p, 1);
	ml_file_close(&f);
}

static void test_empty(void **state)
{
	struct memlog_image *image = NULL;
	struct memlog_err err;
	struct ml_file f;

	(void)state;
	assert_int_equal(ml_file_open(path, NULL, &f, &err), MEMLOG_OK);
	conform_reader(f.ops, f.self, NULL, 0);
	ml_file_close(&f);
	assert_int_equal(memlog_image_open_file(path, NULL, &image, &err),
			 MEMLOG_NOT_MINE);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "empty"));
}

/* Holes read as zeros, belong to the range and are no data. */
static void test_sparse(void **state)
{
	static uint8_t all[1 << 20];
	struct conform_piece p = { 0, sizeof(all), all, 0, 0, 0 };
	struct memlog_range d;
	struct ml_file f;
	int k;

	(void)state;
	memset(all + 0x40000, 0x11, 0x10000);
	memset(all + 0xc0000, 0x22, 0x10000);
	put_file(all + 0x40000, 0x10000, 0x40000);
	put_file(all + 0xc0000, 0x10000, 0xc0000);
	assert_int_equal(truncate(path, sizeof(all)), 0);
	for (k = 0; k < 2; k++) {
		struct memlog_open_opts o = { .size = sizeof(o), .no_mmap = k };

		assert_int_equal(ml_file_open(path, &o, &f, NULL), MEMLOG_OK);
		conform_reader(f.ops, f.self, &p, 1);
		assert_int_equal(ml_file_next_data(&f, 0, &d, NULL), MEMLOG_OK);
		if (d.start == 0)
			print_message("# no holes on this file system\n");
		else
			assert_true(d.start == 0x40000 && d.end == 0x50000);
		ml_file_close(&f);
	}
}

static void test_refused(void **state)
{
	struct memlog_err err = { 0 };
	struct ml_file f;
	char fifo[64];

	(void)state;
	assert_int_equal(ml_file_open("/tmp", NULL, &f, &err), MEMLOG_NOT_MINE);
	assert_non_null(strstr(err.text, "directory"));
	assert_int_equal(ml_file_open("/no/such/file", NULL, &f, &err),
			 MEMLOG_IO);
	assert_int_equal(err.sys, 2);
	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(ml_file_open(fifo, NULL, &f, &err), MEMLOG_NOT_MINE);
	unlink(fifo);
}

/* Files of /proc have bytes but no size. */
static void test_no_size(void **state)
{
	struct ml_file f;
	char buf[8];
	size_t got;

	(void)state;
	assert_int_equal(ml_file_open("/proc/self/status", NULL, &f, NULL),
			 MEMLOG_OK);
	assert_true(f.size == UINT64_MAX);
	assert_int_equal(f.ops->read(f.self, 0, buf, 5, &got, NULL), MEMLOG_OK);
	assert_memory_equal(buf, "Name:", 5);
	assert_int_equal(f.ops->read(f.self, 1 << 20, buf, 5, &got, NULL),
			 MEMLOG_NO_DATA);
	ml_file_close(&f);
}

static void test_raw(void **state)
{
	size_t len = sizeof(bytes) / PAGE * PAGE;
	struct conform_piece p = { 0, len, bytes, 0, 0, 0 };
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;

	(void)state;
	put_file(bytes, len, 0);
	assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
			 MEMLOG_OK);
	assert_int_equal(memlog_image_info(image, &info, NULL), MEMLOG_OK);
	assert_string_equal(info.format, "raw");
	assert_int_equal(info.traits, 0);
	assert_true(info.present == len && info.n_ranges == 1);
	conform_image(image, MEMLOG_PHYS, &p, 1);
	memlog_image_close(image);

	p.addr = o.raw_base = 0x80000000;
	assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
			 MEMLOG_OK);
	conform_image(image, MEMLOG_PHYS, &p, 1);
	memlog_image_close(image);
	p.addr = o.raw_base = UINT64_MAX - len;
	assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
			 MEMLOG_OK);
	conform_image(image, MEMLOG_PHYS, &p, 1);
	memlog_image_close(image);
	p.addr = 1 << 30;
	o.raw_base = 0;
	o.map = MEMLOG_MAP_VIRT;
	assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
			 MEMLOG_OK);
	conform_image(image, MEMLOG_PHYS, &p, 1);
	memlog_image_close(image);
}

/* Where QEMU's boards put the memory that does not fit below the hole. The
 * files are sparse and larger than any disk here. */
static void test_map(void **state)
{
	static const struct {
		enum memlog_map map;
		uint64_t size, low;
	} t[] = {
		{ MEMLOG_MAP_Q35, 0x80000000, 0x80000000 },
		{ MEMLOG_MAP_Q35, 0xaffff000, 0xaffff000 },
		{ MEMLOG_MAP_Q35, 0xb0000000, 0x80000000 },
		{ MEMLOG_MAP_Q35, 0x400000000, 0x80000000 },
		{ MEMLOG_MAP_PC, 0xdffff000, 0xdffff000 },
		{ MEMLOG_MAP_PC, 0xe0000000, 0xc0000000 },
		{ MEMLOG_MAP_PC, 0x200000000, 0xc0000000 },
		{ MEMLOG_MAP_MICROVM, 0xc0000000, 0xc0000000 },
		{ MEMLOG_MAP_MICROVM, 0xc0001000, 0xc0000000 },
	};
	struct memlog_image *image;
	struct memlog_range r;
	uint8_t mark = 0x5a, got;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct memlog_open_opts o = { .size = sizeof(o),
					      .map = t[i].map };
		uint64_t last = t[i].size - 1;

		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(truncate(path, (off_t)t[i].size), 0);
		put_file(&mark, 1, last);
		assert_int_equal(memlog_image_open_file(path, &o, &image, NULL),
				 MEMLOG_OK);
		assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, 0,
							 &r, NULL),
				 0);
		assert_true(r.start == 0 && r.end == t[i].low);
		if (t[i].low == t[i].size) {
			assert_int_equal(
				memlog_image_next_range(image, MEMLOG_PHYS,
							r.end, &r, NULL),
				MEMLOG_NO_DATA);
		} else {
			assert_int_equal(
				memlog_image_next_range(image, MEMLOG_PHYS,
							r.end, &r, NULL),
				0);
			assert_true(r.start == 1ull << 32);
			assert_true(r.end - r.start == t[i].size - t[i].low);
			last = r.end - 1;
		}
		assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, last,
						   &got, 1, &n, NULL),
				 0);
		assert_int_equal(got, mark);
		memlog_image_close(image);
	}
}

static void test_not_raw(void **state)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_image *image;
	struct memlog_err err;

	(void)state;
	put_file("dear reader\n", 12, 0);
	assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
			 MEMLOG_NOT_MINE);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "--map"));
	o.force_raw = true;
	assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
			 MEMLOG_OK);
	memlog_image_close(image);
	o.force_raw = false;
	o.map = MEMLOG_MAP_PC;
	assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
			 MEMLOG_OK);
	memlog_image_close(image);
}

/* Failure, a format, and a layer that fails or not: the file is closed with the
 * image, and no one else has it. */
static void test_moves(void **state)
{
	static uint8_t raw[4096], flat[4096 + 2 * 16 + 8192];
	static const uint8_t odd[4096 + 16] =
		"makedumpfile"; /* of no version */
	static const uint8_t packed[16] = { 0x1f, 0x8b, 8 };
	static const uint8_t end[16] = {
		255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255,
	};
	struct conform_memory mem;
	struct memlog_open_opts o = { .size = sizeof(o), .map = MEMLOG_MAP_PC };
	const struct {
		const uint8_t *p;
		size_t len;
		enum memlog_status s;
	} t[] = {
		{ raw, sizeof(raw), MEMLOG_OK },
		{ packed, sizeof(packed), MEMLOG_UNSUPPORTED },
		{ flat, sizeof(flat), MEMLOG_OK },
		{ odd, sizeof(odd), MEMLOG_UNSUPPORTED },
	};
	struct memlog_image *image;
	struct ml_file f;
	size_t i;

	(void)state;
	memcpy(flat, "makedumpfile", 12);
	flat[23] = flat[31] = 1;
	flat[4096 + 14] = 8192 >> 8; /* one record, all of the file */
	memcpy(flat + sizeof(flat) - sizeof(end), end, sizeof(end));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		conform_memory_init(&mem);
		o.allocator = &mem.alloc;
		image = NULL;
		assert_int_equal(ml_file_memory(t[i].p, t[i].len, "m",
						o.allocator, &f, NULL),
				 0);
		assert_int_equal(ml_image_open_on(&f, &o, &image, NULL),
				 t[i].s);
		assert_null(f.ops);
		memlog_image_close(image);
		assert_int_equal(mem.now, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mapped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sparse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_raw, setup, teardown),
		cmocka_unit_test(test_moves),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
