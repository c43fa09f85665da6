/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kdump-compressed and flattened files, with codecs of our own making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/open.h"
#include "libconform.h"
#include "libkdump.h"

/* The same from a file that gives a few bytes at a time, and how much memory
 * that takes. */
static void stingy(const uint8_t *p, size_t len, const struct kdump_sample *s)
{
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = kdump_toys,
				      .n_codecs = 2 };
	struct conform_memory mem;
	struct memlog_image *image;
	struct ml_file f;

	conform_memory_init(&mem);
	o.allocator = &mem.alloc;
	conform_stingy_file(p, len, &f);
	assert_int_equal(ml_image_open_on(&f, &o, &image, NULL), 0);
	conform_image(image, MEMLOG_PHYS, s->pieces, s->n);
	memlog_image_close(image);
	assert_true(mem.most < 1u << 20);
	assert_true(mem.now == 0);
}

static void test_formats(void **state)
{
	static const char note[] = "\5\0\0\0\4\0\0\0\7\0\0\0QEMU\0\0\0\0abcd";
	unsigned int k;

	(void)state;
	for (k = 0; k < 16; k++) {
		struct mkkdump m = {
			.is32 = k & 1,
			.big_endian = k & 2,
			.block = k & 4 ? 65536 : 4096,
			.machine = "i686",
			.max_pfn = 70000,
			.compress = kdump_compress,
			.note = note,
			.note_len = k & 2 ? 0 : sizeof(note),
		};
		struct memlog_image_info info = { .size = sizeof(info) };
		struct memlog_image *image;
		struct kdump_sample s;
		uint8_t *file, *flat;
		size_t len, flat_len;

		kdump_sample(&s, m.block, k & 8 ? 69990 : 33000);
		file = mkkdump(&m, s.pages, s.n, &len);
		image = kdump_open(file, len, MEMLOG_OK);
		conform_image(image, MEMLOG_PHYS, s.pieces, s.n);
		assert_int_equal(memlog_image_info(image, &info, NULL), 0);
		assert_string_equal(info.format, "kdump");
		assert_int_equal(info.traits, MEMLOG_IMAGE_RANGES);
		assert_string_equal(info.machine, "i386");
		assert_int_equal(info.n_notes, m.note_len ? 1 : 0);
		assert_int_equal(info.page_size, m.block);
		assert_true(info.present == (uint64_t)s.n * m.block);
		memlog_image_close(image);

		flat = mkflat(file, len, 3000 + k, k, &flat_len);
		image = kdump_open(flat, flat_len, MEMLOG_OK);
		conform_image(image, MEMLOG_PHYS, s.pieces, s.n);
		assert_null(memlog_image_warning(image, 0));
		memlog_image_close(image);
		if (k == 9)
			stingy(flat, flat_len, &s);
		free(flat);
		free(file);
		free(s.bytes);
	}
}

/* A peek expands no more than was asked for; zero pages are not kdump_expanded
 * again, nor looked at in a search. */
static void test_cost(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .compress = kdump_compress };
	struct memlog_image *image;
	struct memlog_range r;
	const struct ml_space *sp;
	struct kdump_sample s;
	uint8_t *file, buf[64];
	uint64_t addr = 0, bytes = 0;
	size_t len, got, i;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	for (i = 0; i < s.n; i++)
		if (s.pages[i].flag == 2)
			s.pages[i].flag = 1;
	file = mkkdump(&m, s.pages, s.n, &len);
	image = kdump_open(file, len, MEMLOG_OK);
	sp = &image->spaces[MEMLOG_PHYS];
	kdump_expanded_bytes = 0;
	assert_int_equal(
		sp->ops->peek(sp->self, s.pieces[0].addr, 1, buf, NULL), 0);
	assert_memory_equal(buf, s.pieces[0].bytes, 64);
	assert_int_equal(kdump_expanded_bytes, 64);
	/* what is more than a look has been kdump_expanded as a whole */
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, s.pieces[0].addr,
					   buf, 64, &got, NULL),
			 0);
	assert_int_equal(got, 64);
	assert_int_equal(kdump_expanded_bytes, 64 + 4096);
	for (i = 0; i < s.n; i++)
		memlog_image_read(image, MEMLOG_PHYS, s.pieces[i].addr, buf, 64,
				  &got, NULL);
	kdump_expanded = 0;
	for (i = 0; i < s.n; i++)
		if (!s.pages[i].bytes)
			memlog_image_read(image, MEMLOG_PHYS, s.pieces[i].addr,
					  buf, 64, &got, NULL);
	assert_int_equal(kdump_expanded, 0);
	while (!memlog_image_next_data(image, MEMLOG_PHYS, addr, &r, NULL)) {
		bytes += r.end - r.start;
		addr = r.end;
	}
	for (i = 0, addr = 0; i < s.n; i++)
		addr += s.pages[i].bytes != NULL;
	assert_true(bytes == addr * 4096);
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

/* Pages that existed and were not stored, by the two halves of the bitmap. */
static void test_left_out(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .compress = kdump_compress };
	struct memlog_image *image;
	struct kdump_sample s;
	uint8_t *file;
	size_t len;

	kdump_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, s.n, &len);
	memset(file + 2 * 4096 + 39960 / 8, 0xff, 3);
	image = kdump_open(file, len, MEMLOG_OK);
	assert_int_equal(image->dump_level, 1);
	assert_true(ml_image_left_out(image) == 24 * 4096);
	assert_true(image->missing == 0);
	assert_false(image->cut);
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

/* A file that counts what is read of it. */
struct counted {
	struct ml_file below;
	uint64_t bytes;
};

static enum memlog_status counted_read(void *self, uint64_t off, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	struct counted *c = self;
	enum memlog_status s;

	s = c->below.ops->read(c->below.self, off, buf, len, ret, err);
	c->bytes += *ret;
	return s;
}

static enum memlog_status counted_next(void *self, uint64_t off,
				       struct memlog_range *ret,
				       struct memlog_err *err)
{
	struct counted *c = self;

	return c->below.ops->next_range(c->below.self, off, ret, err);
}

static void counted_close(void *self)
{
	ml_file_close(&((struct counted *)self)->below);
}

/* To look for data somewhere takes the bitmap of that place, not all of it; and so does a
 * read. */
static void test_bitmap_cost(void **state)
{
	static const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.read = counted_read,
		.next_range = counted_next,
		.close = counted_close,
	};
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 1 << 27,
			     .compress = kdump_compress };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = kdump_toys,
				      .n_codecs = 2 };
	struct memlog_image *image;
	struct memlog_range r;
	struct counted c = { 0 };
	struct ml_file f;
	struct kdump_sample s;
	uint8_t *file, b;
	size_t len, got, i, half = 1 << 24;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, 1, &len);
	memset(file + 12288 + half, 0xff, half);
	memset(file + 12288 + half, 0, 256 / 8);
	assert_int_equal(ml_file_memory(file, len, "m", NULL, &c.below, NULL),
			 0);
	/* as long as if every page had a descriptor: nothing is cut */
	f = (struct ml_file){ &ops, &c, 1ull << 33, "m", NULL, NULL };
	assert_int_equal(ml_image_open_on(&f, &o, &image, NULL), 0);
	c.bytes = 0;
	assert_int_equal(
		memlog_image_next_data(image, MEMLOG_PHYS, 0, &r, NULL), 0);
	assert_in_range(c.bytes, 0, 256 << 10);
	/* a read in a hole does not look for the end of the run after it */
	for (i = 0; i < 200; i++)
		assert_int_equal(memlog_image_read(image, MEMLOG_PHYS,
						   i % 100 * 4096, &b, 1, &got,
						   NULL),
				 MEMLOG_NO_DATA);
	assert_in_range(c.bytes, 0, 512 << 10);
	assert_false(image->unread);
	/* whoever asks for that end reads the bitmap once */
	c.bytes = 0;
	for (i = 200; i-- > 0;)
		assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS,
							 i % 100 * 4096, &r,
							 NULL),
				 0);
	assert_true(r.start == 256 * 4096 &&
		    r.end == (uint64_t)m.max_pfn * 4096);
	assert_in_range(c.bytes, half / 2, half + (256 << 10));
	/* a page that should be there and is not */
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, 300 * 4096, &b,
					   1, &got, NULL),
			 MEMLOG_NO_DATA);
	assert_true(image->unread);
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

static void test_no_codec(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .compress = kdump_compress };
	struct memlog_image *image;
	struct memlog_err err = { 0 };
	struct kdump_sample s;
	struct ml_file f;
	uint8_t *file, buf[10];
	size_t len, got;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, s.n, &len);
	ml_file_memory(file, len, "m", NULL, &f, NULL);
	assert_int_equal(ml_image_open_on(&f, NULL, &image, NULL), 0);
	assert_non_null(strstr(memlog_image_warning(image, 0), "zlib"));
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, s.pieces[0].addr,
					   buf, 10, &got, &err),
			 MEMLOG_UNSUPPORTED);
	assert_non_null(strstr(err.text, "zlib"));
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

/* ---- damage ------------------------------------------------------------- */

static void try_bytes(const uint8_t *p, size_t len)
{
	const struct memlog_open_opts o = { .size = sizeof(o),
					    .codecs = kdump_toys,
					    .n_codecs = 2 };

	conform_bytes(p, len, &o, 1 << 18);
}

static void flip(uint8_t *p, size_t len, size_t from, size_t to)
{
	size_t bit;

	for (bit = from * 8; bit < to * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		try_bytes(p, len);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Nothing after the end of an older program's codec is read. */
static void test_short_codec(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .compress = kdump_compress };
	const size_t all = offsetof(struct memlog_codec, literal);
	struct memlog_codec *codec;
	struct memlog_open_opts o = { .size = sizeof(o), .n_codecs = 1 };
	struct memlog_image *image;
	struct ml_file f;
	struct kdump_sample s;
	uint8_t *file, byte;
	size_t len, got, size;

	(void)state;
	kdump_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, 1, &len);
	for (size = sizeof(size); size <= all; size += sizeof(size)) {
		codec = malloc(size);
		assert_non_null(codec);
		memcpy(codec, kdump_toys[0], size);
		memcpy(codec, &size, sizeof(size));
		o.codecs = (const struct memlog_codec *const *)&codec;
		assert_int_equal(ml_file_memory(file, len, "m", NULL, &f, NULL),
				 0);
		assert_int_equal(ml_image_open_on(&f, &o, &image, NULL), 0);
		free(codec);
		assert_int_equal(memlog_image_read(image, MEMLOG_PHYS,
						   s.pieces[0].addr, &byte, 1,
						   &got, NULL),
				 size == all ? MEMLOG_OK : MEMLOG_UNSUPPORTED);
		memlog_image_close(image);
	}
	size = 0;
	codec = (void *)&size;
	assert_int_equal(memlog_image_open_file("/dev/null", &o, &image, NULL),
			 MEMLOG_INVALID);
	free(file);
	free(s.bytes);
}

static void test_damage(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 1000,
			     .compress = kdump_compress,
			     .split = true,
			     .end_pfn = 1000 };
	struct kdump_sample s;
	uint8_t *file, *flat;
	size_t len, flat_len, i;

	(void)state;
	kdump_sample(&s, 4096, 900);
	file = mkkdump(&m, s.pages, s.n, &len);
	flip(file, len, 0, 16);
	flip(file, len, 412, 464);
	flip(file, len, 4096, 4096 + 104);
	flip(file, len, 3 * 4096, 3 * 4096 + 20);
	flip(file, len, 4 * 4096, 4 * 4096 + 3 * 24);
	for (i = 0; i < 600; i++)
		try_bytes(file, i);
	for (; i < len; i += 331)
		try_bytes(file, i);
	flat = mkflat(file, len, 6000, 1, &flat_len);
	for (i = 4090; i < flat_len; i += 777)
		try_bytes(flat, i);
	for (i = 0; i < 60; i++)
		try_bytes(flat, flat_len - i);
	flip(flat, flat_len, 0, 32);
	flip(flat, flat_len, 4096, 4096 + 16);
	flip(flat, flat_len, 4096 + 16 + 6000, 4096 + 32 + 6000);
	flip(flat, flat_len, flat_len - 16, flat_len);
	free(flat);
	free(file);
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_bitmap_cost),
		cmocka_unit_test(test_no_codec),
		cmocka_unit_test(test_short_codec),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
