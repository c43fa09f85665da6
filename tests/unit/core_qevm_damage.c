/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved guests that are refused, incomplete or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "damage.h"
#include "libqevm.h"

/* Two blocks whose pages are the same bytes of the file. */
static void test_mapped_overlap(void **state)
{
	struct qevm f = { 0 };
	struct memlog_err err;
	size_t i;

	(void)state;
	qevm_mapped(&f);
	/* where the pages of pc.ram are: after vga.vram's */
	for (i = 0; i + 8 <= f.len && i < 0x3000; i++)
		if (f.p[i + 6] == 0x30 && !f.p[i + 7] &&
		    !memcmp(f.p + i, "\0\0\0\0\0\0", 6))
			f.p[i + 6] = 0x10;
	qevm_open(&f, NULL, MEMLOG_CORRUPT, &err);
	qevm_drop(&f);
}

static void page_with(struct qevm *f, unsigned int flags)
{
	qevm_head(f, "pc-q35-7.2");
	qevm_start(f, "ram", 2 * PAGE);
	qevm_block(f, "pc.ram", 2 * PAGE);
	qevm_close_section(f);
	qevm_section(f, 2);
	qevm_page(f, "pc.ram", 0, 0, NULL);
	qevm_num(f, PAGE | flags, 8);
	qevm_bytes(f, NULL, 2 * PAGE);
}

static void test_refused(void **state)
{
	static const struct {
		unsigned int flags;
		const char *say;
	} flags[] = {
		{ XBZRLE | SAME, "xbzrle" },
		{ PACKED | SAME, "compress" },
		{ MULTIFD, "multifd" },
		{ HOOK, "RDMA" },
	};
	struct qevm f = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		page_with(&f, flags[i].flags);
		qevm_refuse(&f, MEMLOG_UNSUPPORTED, flags[i].say);
	}
	qevm_head(&f, "pc-q35-7.2");
	f.p[7] = 2;
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "version 2");
	qevm_head(&f, "virt-8.1");
	qevm_num(&f, 5, 1);
	qevm_word(&f, "configuration/target-page-bits");
	qevm_num(&f, 1, 4);
	qevm_num(&f, 16, 4);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "4096");
	qevm_head(&f, "pc-q35-7.2");
	qevm_capability(&f, "x-ignore-shared");
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "shared");
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "vfio", 0);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "dump-guest-memory");
	qevm_head(&f, "pc-q35-7.2");
	qevm_devices(&f);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "dump-guest-memory");
	qevm_small(&f, "pseries-7.2", "ppc_spapr.ram", true);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "unknown machine type");
	qevm_head(&f, NULL);
	qevm_start(&f, "ram", 0xb0000000);
	qevm_block(&f, "pc.ram", 0xb0000000);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "unknown machine type");
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", 1ull << 44 | 1ull << 45);
	qevm_block(&f, "pc.ram", 1ull << 44 | 1ull << 45);
	qevm_refuse(&f, MEMLOG_LIMIT, "pages");
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", PAGE);
	qevm_block(&f, "pc.bios", PAGE);
	qevm_refuse(&f, MEMLOG_CORRUPT, "no memory");
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", PAGE);
	qevm_block(&f, "pc.ram", 2 * PAGE);
	qevm_refuse(&f, MEMLOG_CORRUPT, "list of blocks");
}

/* As many blocks as are allowed, and one more. */
static void test_most_blocks(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	unsigned int more, i;
	char name[16];

	(void)state;
	for (more = 0; more < 2; more++) {
		qevm_head(&f, "pc-q35-7.2");
		qevm_start(&f, "ram", (ML_MAX_SAVED_BLOCKS + more) * PAGE);
		qevm_block(&f, "pc.ram", PAGE);
		for (i = 1; i < ML_MAX_SAVED_BLOCKS + more; i++) {
			snprintf(name, sizeof(name), "rom%u", i);
			qevm_block(&f, name, PAGE);
		}
		qevm_close_section(&f);
		if (more) {
			qevm_refuse(&f, MEMLOG_LIMIT, "more than 1024 blocks");
			continue;
		}
		qevm_section(&f, 3);
		qevm_page(&f, "pc.ram", 0, 'a', NULL);
		qevm_num(&f, EOS, 8);
		qevm_close_section(&f);
		qevm_devices(&f);
		image = qevm_open(&f, NULL, MEMLOG_OK, &err);
		memlog_image_close(image);
		qevm_drop(&f);
	}
}

/* background-snapshot: memory has no END, but all its pages. */
static void test_no_end(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	size_t i;

	(void)state;
	qevm_fill_mem();
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", 16 * PAGE);
	qevm_block(&f, "pc.ram", 16 * PAGE);
	qevm_close_section(&f);
	for (i = 0; i < 16; i++) {
		qevm_section(&f, 2);
		qevm_page(&f, "pc.ram", (15 - i) * PAGE, 0,
			  qevm_mem + (15 - i) * PAGE);
		qevm_close_section(&f);
	}
	qevm_devices(&f);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_true(qevm_info(image).missing == 0);
	assert_null(memlog_image_warning(image, 0));
	conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
	memlog_image_close(image);
	qevm_drop(&f);
	/* the early state of virtio-mem */
	qevm_head(&f, "pc-q35-8.0");
	qevm_start(&f, "ram", 16 * PAGE);
	qevm_block(&f, "pc.ram", 16 * PAGE);
	qevm_close_section(&f);
	qevm_devices(&f);
	qevm_refuse(&f, MEMLOG_UNSUPPORTED, "virtio-mem");
}

/* What follows bytes that look like the footer of section 9, and cannot be a section: no
 * section, ends of the stream with more after them, commands that there are none of or
 * with none after them, sections whose numbers, names or versions are none, and records of
 * memory without a page. */
static const uint8_t devices_like[][24] = {
	{ 0x7e, 0, 0, 0, 9, 5 },
	{ 0 },
	{ 0, 0, 0, 1 },
	{ 0, 6, 0, 0, 0, 2, '[', ']' },
	{ 0, 6, 9, 0, 0, 0, '{' },
	{ 8 },
	{ 8, 1, 1, 0, 0 },
	{ 8, 0, 1, 0, 2, 0, 0, 9 },
	{ 4, 0, 1, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 1 },
	{ 1, 0, 0, 0, 7, 3, 'a', 1, 'b', 0, 0, 0, 0, 0, 0, 0, 1 },
	{ 1, 0, 0, 0, 7, 1, 'a', 0, 0, 0, 0, 1, 0, 0, 1 },
	{ 1, 0, 0, 0, 7, 0 },
	{ 2, 1, 0, 0, 0 },
	{ 3, 0, 0, 0, RAM_ID },
	{ 2, 0, 0, 0, RAM_ID, 0, 0, 0, 0, 0, 0, 0x10, 0x41 },
};
#define LIKES (sizeof(devices_like) / sizeof(devices_like[0]))

/* Devices before and between the pages of memory: each with len bytes, which look like the
 * end of it, and other sections. */
static void devices_between(struct qevm *f, size_t len, bool end)
{
	static const uint8_t footer[] = { 0x7e, 0, 0, 0, 9 };
	uint8_t *bytes = calloc(1, len + 40);
	size_t i;

	assert_non_null(bytes);
	for (i = 0; i + 40 <= len; i += 40) {
		memcpy(bytes + i, footer, sizeof(footer));
		memcpy(bytes + i + sizeof(footer), devices_like[i / 40 % LIKES],
		       sizeof(devices_like[0]));
	}
	qevm_fill_mem();
	qevm_head(f, "pc-q35-9.2");
	qevm_device(f, 4, 9, bytes, len);
	qevm_start(f, "ram", 16 * PAGE);
	qevm_block(f, "pc.ram", 16 * PAGE);
	qevm_close_section(f);
	qevm_device(f, 1, 9, bytes, len);
	for (i = 0; i < 16; i++) {
		qevm_device(f, i % 2 ? 2 : 4, 9, bytes, len);
		if (!end && i == 11)
			continue;
		qevm_section(f, 2);
		qevm_page(f, "pc.ram", i * PAGE, 0, qevm_mem + i * PAGE);
		qevm_close_section(f);
	}
	qevm_device(f, 3, 9, bytes, len);
	if (end) {
		qevm_section(f, 3);
		qevm_close_section(f);
	}
	qevm_device(f, 4, 9, bytes, len);
	qevm_num(f, 0, 1);
	free(bytes);
}

static void test_devices(void **state)
{
	/* around the sizes of the windows that are searched */
	static const size_t lens[] = { 0, 400, 1000, 2000, 65000, 130000 };
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (n = lens[i]; n < lens[i] + (n < 60000 ? 50 : 20); n++) {
			devices_between(&f, n, true);
			image = qevm_open_good(&f);
			conform_image(image, MEMLOG_PHYS, &qevm_small_piece, 1);
			memlog_image_close(image);
			qevm_drop(&f);
		}
	/* without an END, to the end of the stream: a page was not saved */
	devices_between(&f, 100, false);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_int_equal(qevm_info(image).missing, 0);
	assert_string_equal(memlog_image_warning(image, 0),
			    "4096 bytes of the guest's memory were not saved");
	memlog_image_close(image);
	/* not to the end: it may have had more pages */
	f.len--;
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_int_equal(qevm_info(image).missing, PAGE);
	assert_non_null(strstr(memlog_image_warning(image, 0), "incomplete"));
	memlog_image_close(image);
	qevm_drop(&f);
}

/* How much is allocated for devices does not depend on their number. */
static void *count_alloc(void *self, size_t size)
{
	*(size_t *)self += size >= 65536;
	return malloc(size);
}

static void count_free(void *self, void *p)
{
	(void)self;
	free(p);
}

static void test_devices_memory(void **state)
{
	size_t large = 0, few = 0, i, k;
	const struct memlog_allocator alloc = { count_alloc, count_free,
						&large };
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;

	(void)state;
	for (k = 0; k < 2; k++) {
		qevm_fill_mem();
		qevm_head(&f, "pc-q35-9.2");
		for (i = 0; i < (k ? 300 : 1); i++)
			qevm_device(&f, 4, 9, NULL, 10);
		qevm_start(&f, "ram", 16 * PAGE);
		qevm_block(&f, "pc.ram", 16 * PAGE);
		qevm_close_section(&f);
		for (i = 0; i < (k ? 300 : 1); i++)
			qevm_device(&f, 4, 9, NULL, 10);
		qevm_section(&f, 3);
		for (i = 0; i < 16; i++)
			qevm_page(&f, "pc.ram", i * PAGE, 0,
				  qevm_mem + i * PAGE);
		qevm_close_section(&f);
		large = 0;
		image = qevm_open(&f, &alloc, MEMLOG_OK, &err);
		memlog_image_close(image);
		qevm_drop(&f);
		if (!k)
			few = large;
	}
	assert_int_equal(large, few);
}

/* The end of the stream: of the file, or with a description of the devices, whole or
 * not, or zeros up to a block of a disk. */
static void test_devices_end(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool end;
	} t[] = {
		{ "", 1, true },
		{ "\0\6\0\0\0\2{}", 8, true },
		{ "\0\6\0\0\1\0{", 7, true },
		{ "\0\6\0", 3, true },
		{ NULL, 4096, true },
		{ NULL, 5000, false },
		{ "\0\0\0\0\0\0\0\1", 8, false },
	};
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		qevm_fill_mem();
		qevm_head(&f, "pc-q35-9.2");
		qevm_start(&f, "ram", 16 * PAGE);
		qevm_block(&f, "pc.ram", 16 * PAGE);
		qevm_close_section(&f);
		qevm_section(&f, 2);
		qevm_page(&f, "pc.ram", 0, 0, qevm_mem);
		qevm_close_section(&f);
		qevm_device(&f, 4, 9, NULL, 10);
		qevm_bytes(&f, t[i].bytes, t[i].len);
		image = qevm_open(&f, NULL, MEMLOG_OK, &err);
		/* what was not saved is not missing from a stream with an end */
		if ((qevm_info(image).missing == 0) != t[i].end)
			fail_msg("%zu", i);
		memlog_image_close(image);
		qevm_drop(&f);
	}
}

/* What a device in between hides is said, and what came before is there. */
static void test_incomplete(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	uint8_t buf[PAGE];
	size_t got;

	(void)state;
	qevm_fill_mem();
	qevm_head(&f, "pc-q35-7.2");
	qevm_start(&f, "ram", 4 * PAGE);
	qevm_block(&f, "pc.ram", 4 * PAGE);
	qevm_close_section(&f);
	qevm_num(&f, 8, 1); /* a command: stepped over */
	qevm_num(&f, 3, 2);
	qevm_num(&f, 4, 2);
	qevm_num(&f, 1, 4);
	qevm_section(&f, 2);
	qevm_page(&f, "pc.ram", PAGE, 0, qevm_mem + PAGE);
	qevm_page(&f, "pc.ram", 2 * PAGE, 0, NULL);
	qevm_close_section(&f);
	qevm_devices(&f);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_true(qevm_info(image).missing == 2 * PAGE);
	assert_non_null(strstr(memlog_image_warning(image, 0), "incomplete"));
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, PAGE, buf, PAGE,
					   &got, NULL),
			 0);
	assert_int_equal(got, PAGE);
	assert_memory_equal(buf, qevm_mem + PAGE, PAGE);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, 0, buf, PAGE,
					   &got, NULL),
			 MEMLOG_NO_DATA);
	conform_exercise(image, 1 << 20);
	memlog_image_close(image);
	/* another device's iterations are not RAM's */
	f.len -= 36;
	qevm_num(&f, 2, 1);
	qevm_num(&f, RAM_ID + 1, 4);
	qevm_page(&f, "pc.ram", 3 * PAGE, 0, qevm_mem);
	qevm_close_section(&f);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_true(qevm_info(image).missing == 2 * PAGE);
	assert_non_null(strstr(memlog_image_warning(image, 0), "a device"));
	memlog_image_close(image);
	qevm_drop(&f);
}

static void try_bytes(const uint8_t *p, size_t len)
{
	conform_bytes(p, len, NULL, 1 << 17);
}

/* A stream that ends where a record begins has exactly what came before it. */
static void test_cut(void **state)
{
	struct conform_piece piece = { 0, 0, qevm_first, false, 0, 0 };
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	size_t i, len;

	(void)state;
	qevm_small(&f, "pc-q35-7.2", "pc.ram", true);
	len = f.len;
	for (i = 0; i < 16; i++) {
		f.len = f.marks[i];
		image = qevm_open(&f, NULL, MEMLOG_OK, &err);
		assert_true(qevm_info(image).missing == (16 - i) * PAGE);
		piece.len = i * PAGE;
		conform_image(image, MEMLOG_PHYS, &piece, i != 0);
		assert_non_null(memlog_image_warning(image, 0));
		memlog_image_close(image);
	}
	for (i = 0; i < len; i += i < 400 || i + 400 > len ? 1 : 61)
		try_bytes(f.p, i);
	qevm_drop(&f);
}

static void flips(struct qevm *f, size_t from, size_t to)
{
	size_t bit;

	for (bit = from * 8; bit < to * 8; bit++) {
		if (!damage_turn())
			continue;
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		try_bytes(f->p, f->len);
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void test_flips(void **state)
{
	struct qevm f = { 0 };
	size_t i;

	(void)state;
	qevm_libvirt(&f, "LibvirtQemudSave", 0, false);
	qevm_small(&f, "pc-q35-7.2", "pc.ram", true);
	flips(&f, 0, f.marks[0]);
	for (i = 0; i < f.n_marks; i++)
		flips(&f, f.marks[i], f.marks[i] + 16);
	flips(&f, f.len - 70, f.len);
	qevm_drop(&f);
	qevm_mapped(&f);
	flips(&f, 0, 250);
	flips(&f, 0x2000, 0x2040);
	flips(&f, 0x3000 + 16 * PAGE, f.len);
	qevm_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapped_overlap),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_most_blocks),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_devices_memory),
		cmocka_unit_test(test_devices_end),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flips),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
