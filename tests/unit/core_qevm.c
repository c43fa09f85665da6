/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved guests: migration streams of QEMU, with and without libvirt's header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/bytes/pageindex.h"
#include "libqevm.h"

static void test_running(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };

	(void)state;
	qevm_small(&f, "pc-q35-7.2", "pc.ram", true);
	image = qevm_open_good(&f);
	assert_string_equal(qevm_info(image).format, "qevm");
	assert_true(qevm_info(image).missing == 0);
	assert_true(qevm_noted(image, "pc-q35-7.2"));
	conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
	memlog_image_close(image);
	qevm_drop(&f);
}

static void test_names(void **state)
{
	static const char *const names[] = {
		"/objects/pc.ram",
		"ram0",
		"/objects/mem",
		"ram-node0",
	};
	struct memlog_image *image;
	struct qevm f = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		qevm_small(&f, "pc-i440fx-rhel7.6.0", names[i], true);
		image = qevm_open_good(&f);
		conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
		memlog_image_close(image);
		qevm_drop(&f);
	}
}

/* Machines before 2.4 write neither configuration nor footers. */
static void test_old(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };

	(void)state;
	qevm_small(&f, NULL, "pc.ram", false);
	image = qevm_open_good(&f);
	conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
	memlog_image_close(image);
	qevm_drop(&f);
}

static void test_stingy(void **state)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_image *image = NULL;
	struct qevm f = { 0 };
	struct ml_file file;

	(void)state;
	qevm_small(&f, "pc-q35-7.2", "pc.ram", true);
	conform_stingy_file(f.p, f.len, &file);
	assert_int_equal(ml_image_open_on(&file, &o, &image, NULL), 0);
	conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
	memlog_image_close(image);
	qevm_drop(&f);
}

/* A guest of size bytes, all zeros but 16 pages from data on. */
static void large(struct qevm *f, const char *machine, uint64_t size,
		  uint64_t data)
{
	uint64_t off;

	qevm_fill_mem();
	qevm_head(f, machine);
	qevm_start(f, "ram", size);
	qevm_block(f, "ram0", size);
	qevm_close_section(f);
	qevm_section(f, 3);
	for (off = 0; off < size; off += PAGE)
		qevm_page(f, "ram0", off, 0,
			  off - data < sizeof(qevm_mem) ?
				  qevm_mem + (off - data) :
				  NULL);
	qevm_close_section(f);
	qevm_devices(f);
}

static void test_boards(void **state)
{
	static const struct {
		const char *machine;
		uint64_t size, low;
	} t[] = {
		{ "pc-q35-7.2", 0xb0000000 - PAGE, 0xb0000000 - PAGE },
		{ "pc-q35-7.2", 0xb0000000, 2 * GIB },
		{ "pc-i440fx-6.0", 0xe0000000 - PAGE, 0xe0000000 - PAGE },
		{ "pc-i440fx-6.0", 0xe0000000, 3 * GIB },
		{ "microvm", 3 * GIB + PAGE, 3 * GIB },
	};
	struct conform_piece pieces[3];
	struct memlog_image *image;
	struct qevm f = { 0 };
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		/* up to the hole, or to the end where there is none */
		uint64_t data = t[i].low - sizeof(qevm_mem);

		large(&f, t[i].machine, t[i].size, data);
		image = qevm_open_good(&f);
		pieces[0] = (struct conform_piece){ 0, data, NULL, 0, 0, 0 };
		pieces[1] = (struct conform_piece){ data,     sizeof(qevm_mem),
						    qevm_mem, 0,
						    0,	      0 };
		pieces[2] = (struct conform_piece){
			4 * GIB, t[i].size - t[i].low, NULL, 0, 0, 0
		};
		n = t[i].size == t[i].low ? 2 : 3;
		conform_image(image, MEMLOG_PHYS, pieces, n);
		memlog_image_close(image);
		qevm_drop(&f);
	}
}

static void test_virt(void **state)
{
	struct conform_piece piece = qevm_small_piece;
	struct memlog_image *image;
	struct qevm f = { 0 };

	(void)state;
	qevm_small(&f, "virt-8.1", "mach-virt.ram", true);
	image = qevm_open_good(&f);
	piece.addr = GIB;
	conform_image(image, MEMLOG_PHYS, &piece, 1);
	memlog_image_close(image);
	qevm_drop(&f);
}

/* More pages than the index keeps in memory, and few bytes. */
static void test_large(void **state)
{
	const struct conform_piece pieces[] = {
		{ 0, 2 * GIB, NULL, false, 0, 0 },
		{ 4 * GIB, GIB, NULL, false, 0, 0 },
		{ 5 * GIB, sizeof(qevm_mem), qevm_mem, false, 0, 0 },
		{ 5 * GIB + sizeof(qevm_mem), 2 * GIB - sizeof(qevm_mem), NULL,
		  false, 0, 0 },
	};
	struct conform_memory memory;
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;

	(void)state;
	large(&f, "pc-q35-7.2", 5 * GIB, 3 * GIB);
	conform_memory_init(&memory);
	image = qevm_open(&f, &memory.alloc, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, pieces, 4);
	assert_in_range(memory.most, 1, 10u << 20);
	memlog_image_close(image);
	assert_true(memory.now == 0);
	qevm_drop(&f);
}

static void test_index(void **state)
{
	const uint64_t pages = 1ull << 28; /* 1 TiB */
	const uint64_t step = (1ull << 15) + 3;
	struct conform_memory memory;
	struct ml_pageindex x;
	uint64_t i, v;

	(void)state;
	conform_memory_init(&memory);
	assert_int_equal(
		ml_pageindex_init(&x, pages, NULL, &memory.alloc, NULL), 0);
	for (i = 0; i < pages; i += step)
		assert_int_equal(ml_pageindex_put(&x, i, i + 1, NULL), 0);
	assert_true(x.set == (pages + step - 1) / step);
	for (i = 0; i < pages; i += step) {
		assert_int_equal(ml_pageindex_get(&x, i, &v, NULL), 0);
		assert_true(v == i + 1);
		assert_int_equal(ml_pageindex_get(&x, i + 1, &v, NULL), 0);
		assert_true(v == 0);
		v = ml_pageindex_skip(&x, i + 512);
		assert_true(v == pages || v / 512 == (i + step) / 512);
	}
	/* an earlier number is replaced, wherever it is */
	assert_int_equal(ml_pageindex_put(&x, 0, 9, NULL), 0);
	assert_int_equal(ml_pageindex_get(&x, step, &v, NULL), 0);
	assert_int_equal(ml_pageindex_get(&x, 0, &v, NULL), 0);
	assert_true(v == 9);
	assert_true(x.set == (pages + step - 1) / step);
	assert_in_range(memory.most, 1, 10u << 20);
	ml_pageindex_fini(&x);
	assert_true(memory.now == 0);
	assert_int_equal(ml_pageindex_init(&x, (1ull << 32) + 1, NULL,
					   &memory.alloc, NULL),
			 MEMLOG_LIMIT);
	ml_pageindex_fini(&x);
}

static void test_nodes(void **state)
{
	static const uint8_t order[] = { 1, 0 };
	struct conform_piece piece = { 0, 16 * PAGE, qevm_mem, false, 0, 0 },
			     dimm = { 3 * PAGE, PAGE, NULL, false, 0, 0 };
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	size_t i, k;

	(void)state;
	qevm_fill_mem();
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", 32 * PAGE);
	qevm_block(&f, "memdimm0", 16 * PAGE);
	qevm_block(&f, "ram-node1", 10 * PAGE);
	qevm_block(&f, "ram-node0", 6 * PAGE);
	qevm_close_section(&f);
	qevm_section(&f, 3);
	qevm_page(&f, "memdimm0", 3 * PAGE, 0, qevm_old);
	for (k = 0; k < 2; k++)
		for (i = 0; i < (order[k] ? 10 : 6); i++)
			qevm_page(&f, order[k] ? "ram-node1" : "ram-node0",
				  i * PAGE, 0,
				  qevm_mem + (order[k] ? 6 + i : i) * PAGE);
	qevm_close_section(&f);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, &piece, 1);
	assert_non_null(strstr(memlog_image_warning(image, 0), "not saved"));
	assert_non_null(strstr(memlog_image_warning(image, 1), "(memdimm0)"));
	assert_null(memlog_image_warning(image, 2));
	assert_true(qevm_info(image).missing == 0);
	dimm.bytes = qevm_old;
	conform_image(image, MEMLOG_FILE, &dimm, 1);
	memlog_image_close(image);
	qevm_drop(&f);
}

/* More nodes than orders are tried of, and one without memory: the hole below 4 GiB is where
 * the board has it for all of them. */
static void test_many_nodes(void **state)
{
	static const char *const names[] = { "ram-node0", "ram-node1",
					     "ram-node3", "ram-node4",
					     "ram-node5", "ram-node6" };
	static const uint64_t node = 512ull << 20;
	struct memlog_image *image;
	struct memlog_range r;
	struct qevm f = { 0 };
	struct memlog_err err;
	uint64_t at = 0;
	size_t i;

	(void)state;
	qevm_fill_mem();
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", 6 * node);
	for (i = 0; i < 6; i++)
		qevm_block(&f, names[i], node);
	qevm_close_section(&f);
	qevm_section(&f, 3);
	for (i = 0; i < 6; i++)
		qevm_page(&f, names[i], 0, 0, qevm_mem);
	qevm_close_section(&f);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	for (i = 0; i < 6; i++) {
		assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, at,
							 &r, &err),
				 MEMLOG_OK);
		assert_true(r.start == i * node + (i < 4 ? 0 : 2 * GIB));
		at = r.end;
	}
	assert_false(memlog_image_has_space(image, MEMLOG_FILE));
	memlog_image_close(image);
	qevm_drop(&f);
}

/* Each has the memory of its guest from 0 on: they are no parts of one dump. */
static void test_set(void **state)
{
	char dir[] = "/tmp/memlog-set-XXXXXX", path[2][64], list[200];
	struct memlog_image *image;
	struct memlog_err err;
	struct qevm f = { 0 };
	size_t i;
	FILE *out;

	(void)state;
	qevm_fill_mem();
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", 16 * PAGE);
	qevm_block(&f, "pc.ram", 16 * PAGE);
	qevm_close_section(&f);
	qevm_section(&f, 3);
	for (i = 0; i < 16; i++)
		qevm_page(&f, "pc.ram", i * PAGE, 0, qevm_mem + i * PAGE);
	qevm_close_section(&f);
	assert_non_null(mkdtemp(dir));
	for (i = 0; i < 2; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%zu", dir, i);
		out = fopen(path[i], "wb");
		assert_non_null(out);
		assert_int_equal(fwrite(f.p, 1, f.len, out), f.len);
		assert_int_equal(fclose(out), 0);
	}
	snprintf(list, sizeof(list), "%s,%s", path[0], path[1]);
	assert_int_equal(memlog_image_open_file(list, NULL, &image, &err),
			 MEMLOG_INVALID);
	assert_non_null(
		strstr(err.text, " overlap at 0x0; search them separately"));
	for (i = 0; i < 2; i++)
		unlink(path[i]);
	rmdir(dir);
	qevm_drop(&f);
}

static void test_libvirt(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	int k;

	(void)state;
	for (k = 0; k < 4; k++) {
		qevm_libvirt(&f,
			     k & 1 ? "LibvirtQemudPart" : "LibvirtQemudSave", 0,
			     k & 2);
		qevm_small(&f, "pc-q35-7.2", "pc.ram", true);
		image = qevm_open(&f, NULL, MEMLOG_OK, &err);
		assert_non_null(strstr(qevm_info(image).title, "libvirt"));
		assert_true(qevm_noted(image, "web-3"));
		assert_true(!memlog_image_warning(image, 0) == !(k & 1));
		conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
		memlog_image_close(image);
		qevm_drop(&f);
	}
	qevm_libvirt(&f, "LibvirtQemudSave", 5, false);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "tail -c +162 FILE | unzstd");
	qevm_libvirt(&f, "LibvirtQemudSave", 1, true);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "| gunzip | memlog-dump -");
	qevm_libvirt(&f, "LibvirtQemudSave", 0, false);
	qevm_refuse(&f, MEMLOG_CORRUPT, "invalid");
	qevm_bytes(&f, "LibvirtQemudSave", 16);
	qevm_refuse(&f, MEMLOG_CORRUPT, "invalid");
}

static void test_mapped(void **state)
{
	const struct conform_piece cut[] = {
		{ 0, 3 * PAGE, qevm_mem, false, 0, 0 },
		{ 4 * PAGE, 11 * PAGE, qevm_mem + 4 * PAGE, false, 0, 0 },
	};
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct qevm f = { 0 };
	struct memlog_err err;

	(void)state;
	qevm_mapped(&f);
	image = qevm_open_good(&f);
	conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
	memlog_image_close(image);
	/* without its end a page without a bit may have anything in it: it was not
	 * searched */
	f.len = 0x3000 + 15 * PAGE + 1;
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_true(qevm_info(image).missing == 2 * PAGE);
	assert_true(qevm_info(image).present == 14 * PAGE);
	conform_image(image, MEMLOG_PHYS, cut, 2);
	assert_int_equal(memlog_scan(image, NULL, &logs, &stats, NULL), 0);
	assert_int_equal(stats.covered, 14 * PAGE);
	memlog_logs_destroy(logs);
	assert_non_null(strstr(memlog_image_warning(image, 0), "incomplete"));
	memlog_image_close(image);
	qevm_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_running),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_stingy),
		cmocka_unit_test(test_boards),
		cmocka_unit_test(test_virt),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_many_nodes),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_libvirt),
		cmocka_unit_test(test_mapped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
