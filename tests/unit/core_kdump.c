/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kdump-compressed and flattened files, with codecs of our own making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/open.h"
#include "libconform.h"
#include "libmkkdump.h"

#define PAGES 40

static unsigned int expanded; /* how often a page was, and how far */
static size_t expanded_bytes;

/* Pages that repeat their first 64 bytes become a mark, their size in units of
 * 4096, and those. */
static size_t toy_compress(uint32_t flag, const uint8_t *in, size_t len,
			   uint8_t *out, size_t cap)
{
	size_t i;

	assert_true(cap > 66);
	for (i = 64; i < len; i++)
		if (in[i] != in[i - 64])
			return 0;
	out[0] = (uint8_t)flag;
	out[1] = (uint8_t)(len / 4096);
	memcpy(out + 2, in, 64);
	return 66;
}

static enum memlog_status toy_expand(void *state, const uint8_t *in,
				     size_t in_len, uint8_t *out,
				     size_t out_len, size_t *ret)
{
	size_t i;

	assert_non_null(state);
	*ret = 0;
	if (in_len != 66 || in[0] != *(uint8_t *)state)
		return MEMLOG_CORRUPT;
	if (out_len > in[1] * 4096u)
		out_len = in[1] * 4096u;
	for (i = 0; i < out_len; i++)
		out[i] = in[2 + i % 64];
	expanded++;
	expanded_bytes += out_len;
	*ret = out_len;
	return MEMLOG_OK;
}

static size_t toy_literal(const uint8_t *in, size_t in_len, const uint8_t **ret)
{
	*ret = in + 2;
	return in_len == 66 ? 64 : 0;
}

static void *toy_create(const struct memlog_allocator *a)
{
	uint8_t *p = malloc(1);

	(void)a;
	assert_non_null(p);
	*p = 1;
	return p;
}

static void *toy_create_lzo(const struct memlog_allocator *a)
{
	uint8_t *p = toy_create(a);

	*p = 2;
	return p;
}

static const struct memlog_codec toy_zlib = {
	sizeof(toy_zlib), "zlib", toy_create, free, toy_expand, NULL,
};
static const struct memlog_codec toy_lzo = {
	sizeof(toy_lzo), "lzo", toy_create_lzo, free, toy_expand, toy_literal,
};
static const struct memlog_codec *const toys[] = { &toy_zlib, &toy_lzo };

static struct memlog_image *open_bytes(const uint8_t *p, size_t len,
				       enum memlog_status want)
{
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = toys,
				      .n_codecs = 2 };
	struct memlog_image *image = NULL;
	struct memlog_err err = { 0 };
	enum memlog_status s;
	struct ml_file f;

	assert_int_equal(ml_file_memory(p, len, "m", NULL, &f, NULL), 0);
	s = ml_image_open_on(&f, &o, &image, &err);
	if (s != want)
		fail_msg("open: %s: %s", memlog_status_name(s), err.text);
	return image;
}

/* Pages of all kinds, with holes, in blocks of size block. */
struct sample {
	struct mkpage pages[PAGES];
	struct conform_piece pieces[PAGES];
	size_t n;
	uint8_t *bytes;
};

static void make_sample(struct sample *s, uint32_t block, uint64_t high)
{
	static const uint32_t flags[] = { 1, 2, 0, 1 };
	uint64_t pfn = 0;
	size_t i, k;

	memset(s, 0, sizeof(*s));
	s->bytes = calloc(PAGES, block);
	assert_non_null(s->bytes);
	for (i = 0; i < PAGES; i++) {
		uint8_t *p = s->bytes + i * block;

		pfn += i % 7 == 3 ? 5 : 1;
		if (i == PAGES - 6)
			pfn = high;
		for (k = 0; k < block; k++)
			p[k] = (uint8_t)(k < 64 || i % 5 == 4 ?
						 k * (2 * i + 1) + i +
							 (k >> 9) * 3 + 1 :
						 p[k - 64]);
		s->pages[i] = (struct mkpage){ pfn, p, flags[i % 4], false };
		if (i % 6 == 2 || i == 20 || i == 21 || i == 22) {
			memset(p, 0, block);
			s->pages[i].bytes = NULL;
		}
		s->pieces[i] = (struct conform_piece){ pfn * block, block, p,
						       false,	    0,	   0 };
	}
	s->n = PAGES;
}

/* The same from a file that gives a few bytes at a time, and how much memory
 * that takes. */
static void stingy(const uint8_t *p, size_t len, const struct sample *s)
{
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = toys,
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
			.compress = toy_compress,
			.note = note,
			.note_len = k & 2 ? 0 : sizeof(note),
		};
		struct memlog_image_info info = { .size = sizeof(info) };
		struct memlog_image *image;
		struct sample s;
		uint8_t *file, *flat;
		size_t len, flat_len;

		make_sample(&s, m.block, k & 8 ? 69990 : 33000);
		file = mkkdump(&m, s.pages, s.n, &len);
		image = open_bytes(file, len, MEMLOG_OK);
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
		image = open_bytes(flat, flat_len, MEMLOG_OK);
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

/* A peek expands no more than was asked for; zero pages are not expanded
 * again, nor looked at in a search. */
static void test_cost(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .compress = toy_compress };
	struct memlog_image *image;
	struct memlog_range r;
	const struct ml_space *sp;
	struct sample s;
	uint8_t *file, buf[64];
	uint64_t addr = 0, bytes = 0;
	size_t len, got, i;

	(void)state;
	make_sample(&s, 4096, 33000);
	for (i = 0; i < s.n; i++)
		if (s.pages[i].flag == 2)
			s.pages[i].flag = 1;
	file = mkkdump(&m, s.pages, s.n, &len);
	image = open_bytes(file, len, MEMLOG_OK);
	sp = &image->spaces[MEMLOG_PHYS];
	expanded_bytes = 0;
	assert_int_equal(
		sp->ops->peek(sp->self, s.pieces[0].addr, 1, buf, NULL), 0);
	assert_memory_equal(buf, s.pieces[0].bytes, 64);
	assert_int_equal(expanded_bytes, 64);
	/* what is more than a look has been expanded as a whole */
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, s.pieces[0].addr,
					   buf, 64, &got, NULL),
			 0);
	assert_int_equal(got, 64);
	assert_int_equal(expanded_bytes, 64 + 4096);
	for (i = 0; i < s.n; i++)
		memlog_image_read(image, MEMLOG_PHYS, s.pieces[i].addr, buf, 64,
				  &got, NULL);
	expanded = 0;
	for (i = 0; i < s.n; i++)
		if (!s.pages[i].bytes)
			memlog_image_read(image, MEMLOG_PHYS, s.pieces[i].addr,
					  buf, 64, &got, NULL);
	assert_int_equal(expanded, 0);
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
			     .compress = toy_compress };
	struct memlog_image *image;
	struct sample s;
	uint8_t *file;
	size_t len;

	make_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, s.n, &len);
	memset(file + 2 * 4096 + 39960 / 8, 0xff, 3);
	image = open_bytes(file, len, MEMLOG_OK);
	assert_int_equal(image->dump_level, 1);
	assert_true(ml_image_left_out(image) == 24 * 4096);
	assert_true(image->missing == 0);
	assert_false(image->cut);
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

static void test_split(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .split = true,
			     .compress = toy_compress };
	struct memlog_image *image;
	struct sample s;
	uint8_t *file;
	size_t len, from, to;

	(void)state;
	make_sample(&s, 4096, 33000);
	for (from = 0; from < s.n; from += 13) {
		to = from + 13 < s.n ? from + 13 : s.n;
		m.start_pfn = from ? s.pages[from - 1].pfn + 1 : 0;
		m.end_pfn = s.pages[to - 1].pfn + 1;
		file = mkkdump(&m, s.pages, s.n, &len);
		image = open_bytes(file, len, MEMLOG_OK);
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
			     .compress = toy_compress };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = toys,
				      .n_codecs = 2 };
	char dir[] = "/tmp/memlog-set-XXXXXX", names[4][64], list[300];
	struct memlog_image *image;
	struct memlog_err err;
	struct sample s;
	uint8_t *file;
	size_t len, k;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	make_sample(&s, 4096, 33000);
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
			     .compress = toy_compress };
	struct memlog_image *image;
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_err err = { 0 };
	struct sample s;
	uint8_t *file, buf[8192];
	size_t len, got;

	(void)state;
	make_sample(&s, 4096, 33000);
	s.pages[1].lost = true;
	file = mkkdump(&m, s.pages, s.n, &len);
	image = open_bytes(file, len, MEMLOG_OK);
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
	image = open_bytes(file, len - 1, MEMLOG_OK);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS,
					   s.pieces[s.n - 1].addr, buf, 10,
					   &got, &err),
			 MEMLOG_NO_DATA);
	assert_non_null(strstr(err.text, "outside"));
	memlog_image_close(image);
	/* within the descriptors: no more pages than those, and none has bytes */
	image = open_bytes(file, 6 * 4096 + 10 * 24 + 7, MEMLOG_OK);
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
	struct sample s;
	unsigned int left, i;
	uint8_t *file;
	size_t len;

	(void)state;
	make_sample(&s, 4096, 33000);
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
			     .compress = toy_compress };
	struct memlog_image *image;
	struct memlog_range r = { 0 };
	struct sample s;
	uint8_t *file;
	size_t len, half = ((1 << 24) / 4096 + 1) * 4096;

	(void)state;
	make_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, 1, &len);
	memset(file + 8192 + half, 0xff, half);
	image = open_bytes(file, len, MEMLOG_OK);
	while (!memlog_image_next_data(image, MEMLOG_PHYS, r.end, &r, NULL))
		;
	assert_true(r.end <= (len - 8192 - 2 * half) / 24 * 4096);
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

/* To look for data somewhere takes the bitmap of that place, not all of it. */
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
			     .compress = toy_compress };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = toys,
				      .n_codecs = 2 };
	struct memlog_image *image;
	struct memlog_range r;
	struct counted c = { 0 };
	struct ml_file f;
	struct sample s;
	uint8_t *file;
	size_t len, half = 1 << 24;

	(void)state;
	make_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, 1, &len);
	memset(file + 8192 + half, 0xff, half);
	assert_int_equal(ml_file_memory(file, len, "m", NULL, &c.below, NULL),
			 0);
	/* as long as if every page had a descriptor: nothing is cut */
	f = (struct ml_file){ &ops, &c, 1ull << 33, "m", NULL, NULL };
	assert_int_equal(ml_image_open_on(&f, &o, &image, NULL), 0);
	c.bytes = 0;
	assert_int_equal(
		memlog_image_next_data(image, MEMLOG_PHYS, 0, &r, NULL), 0);
	assert_in_range(c.bytes, 0, 256 << 10);
	memlog_image_close(image);
	free(file);
	free(s.bytes);
}

static void test_no_codec(void **state)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 40000,
			     .compress = toy_compress };
	struct memlog_image *image;
	struct memlog_err err = { 0 };
	struct sample s;
	struct ml_file f;
	uint8_t *file, buf[10];
	size_t len, got;

	(void)state;
	make_sample(&s, 4096, 33000);
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
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = toys,
				      .n_codecs = 2 };
	uint8_t *copy = malloc(len ? len : 1);
	struct memlog_image *image = NULL;
	struct ml_file f;

	assert_non_null(copy);
	memcpy(copy, p, len);
	assert_int_equal(ml_file_memory(copy, len, "m", NULL, &f, NULL), 0);
	if (!ml_image_open_on(&f, &o, &image, NULL))
		conform_exercise(image, 1 << 18);
	memlog_image_close(image);
	free(copy);
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
			     .compress = toy_compress };
	const size_t all = offsetof(struct memlog_codec, literal);
	struct memlog_codec *codec;
	struct memlog_open_opts o = { .size = sizeof(o), .n_codecs = 1 };
	struct memlog_image *image;
	struct ml_file f;
	struct sample s;
	uint8_t *file, byte;
	size_t len, got, size;

	(void)state;
	make_sample(&s, 4096, 33000);
	file = mkkdump(&m, s.pages, 1, &len);
	for (size = sizeof(size); size <= all; size += sizeof(size)) {
		codec = malloc(size);
		assert_non_null(codec);
		memcpy(codec, &toy_zlib, size);
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
			     .compress = toy_compress,
			     .split = true,
			     .end_pfn = 1000 };
	struct sample s;
	uint8_t *file, *flat;
	size_t len, flat_len, i;

	(void)state;
	make_sample(&s, 4096, 900);
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
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_incomplete_stop),
		cmocka_unit_test(test_promises),
		cmocka_unit_test(test_bitmap_cost),
		cmocka_unit_test(test_no_codec),
		cmocka_unit_test(test_short_codec),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
