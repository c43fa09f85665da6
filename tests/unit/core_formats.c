/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LiME, AVML, Windows dumps, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "image/open.h"
#include "libconform.h"

#define CAP (1u << 20)

struct file {
	uint8_t p[CAP];
	size_t len;
};

static void num(struct file *f, uint64_t v, unsigned int width)
{
	assert_true(f->len + width <= CAP);
	while (width--) {
		f->p[f->len++] = (uint8_t)v;
		v >>= 8;
	}
}

static void bytes(struct file *f, const void *p, size_t len)
{
	assert_true(f->len + len <= CAP);
	memcpy(f->p + f->len, p, len);
	f->len += len;
}

static void head(struct file *f, const char *magic, uint32_t version,
		 uint64_t start, uint64_t len)
{
	bytes(f, magic, 4);
	num(f, version, 4);
	num(f, start, 8);
	num(f, start + len - 1, 8);
	num(f, 0, 8);
}

/* Snappy for those who do not look inside: a varint, then every byte turned. */
static enum memlog_status toy_expand(void *state, const uint8_t *in,
				     size_t in_len, uint8_t *out,
				     size_t out_len, size_t *ret)
{
	size_t i, skip = 0;

	(void)state;
	while (skip < in_len && in[skip] & 0x80)
		skip++;
	skip++;
	for (i = 0; i < out_len && i + skip < in_len; i++)
		out[i] = in[i + skip] ^ 0xff;
	*ret = i;
	return MEMLOG_OK;
}

static const struct memlog_codec toy = {
	.size = sizeof(toy),
	.name = "snappy",
	.expand = toy_expand,
};
static const struct memlog_codec *const toys[] = { &toy };

static struct memlog_image *open_bytes(const uint8_t *p, size_t len,
				       enum memlog_status want,
				       struct memlog_err *err)
{
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = toys,
				      .n_codecs = 1 };
	struct memlog_image *image = NULL;
	enum memlog_status s;
	struct ml_file f;

	memset(err, 0, sizeof(*err));
	assert_int_equal(ml_file_memory(p, len, "m", NULL, &f, NULL), 0);
	s = ml_image_open_on(&f, &o, &image, err);
	if (s != want)
		fail_msg("open: %s: %s", memlog_status_name(s), err->text);
	return image;
}

static uint8_t mem[300000];

static void fill_mem(void)
{
	size_t i;

	for (i = 0; i < sizeof(mem); i++)
		mem[i] = (uint8_t)(i * 29 + (i >> 8) * 3 + 1);
}

static struct file *lime(void)
{
	struct file *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	head(f, "EMiL", 1, 0x1000, 0x9e000 - 0x70000);
	bytes(f, mem, 0x9e000 - 0x70000);
	head(f, "EMiL", 1, 0x100000, 70001);
	bytes(f, mem + 1000, 70001);
	head(f, "EMiL", 1, 0x300000000, 4096);
	bytes(f, mem + 2000, 4096);
	return f;
}

/* CRC-32C bit by bit, turned as Snappy has it. */
static uint32_t masked_crc(const uint8_t *p, size_t len)
{
	uint32_t c = UINT32_MAX;
	unsigned int k;

	while (len--)
		for (c ^= *p++, k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
	c = ~c;
	return (c >> 15 | c << 17) + 0xa282ead8;
}

static void frame(struct file *f, const uint8_t *p, size_t len, bool plain)
{
	size_t i, v = len, at = f->len;

	num(f, plain, 4);
	num(f, masked_crc(p, len), 4);
	for (; !plain && v >= 0x80; v >>= 7)
		num(f, v | 0x80, 1);
	if (!plain)
		num(f, v, 1);
	for (i = 0; i < len; i++)
		num(f, plain ? p[i] : p[i] ^ 0xff, 1);
	v = f->len - at - 4;
	f->p[at + 1] = (uint8_t)v;
	f->p[at + 2] = (uint8_t)(v >> 8);
	f->p[at + 3] = (uint8_t)(v >> 16);
}

static struct file *avml(void)
{
	static const char id[] = "\xff\6\0\0sNaPpY";
	struct file *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	head(f, "AVML", 2, 0x1000, 65536 + 4097);
	bytes(f, id, 10);
	frame(f, mem, 65536, false);
	frame(f, mem + 65536, 4097, true);
	num(f, 0, 8);
	head(f, "AVML", 2, 0x100000, 40000);
	bytes(f, id, 10);
	frame(f, mem + 1000, 39999, false);
	num(f, 0xfe, 1); /* padding chunk */
	num(f, 5, 3);
	num(f, 0, 5);
	frame(f, mem + 40999, 1, false);
	num(f, 0, 8);
	return f;
}

static const struct conform_piece lime_pieces[] = {
	{ 0x1000, 0x9e000 - 0x70000, mem, false, 0, 0 },
	{ 0x100000, 70001, mem + 1000, false, 0, 0 },
	{ 0x300000000, 4096, mem + 2000, false, 0, 0 },
};

static const struct conform_piece avml_pieces[] = {
	{ 0x1000, 65536 + 4097, mem, false, 0, 0 },
	{ 0x100000, 40000, mem + 1000, false, 0, 0 },
};

static void test_lime(void **state)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	struct file *f;

	(void)state;
	fill_mem();
	f = lime();
	image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, lime_pieces, 3);
	memlog_image_close(image);
	image = open_bytes(f->p, f->len - 96, MEMLOG_OK, &err);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_string_equal(info.format, "lime");
	assert_int_equal(info.traits, MEMLOG_IMAGE_RANGES);
	assert_true(info.missing == 96);
	memlog_image_close(image);
	free(f);
}

/* Of ranges that overlap the first one counts, and a warning says so. */
static void test_lime_overlap(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	struct file *f = lime();

	(void)state;
	head(f, "EMiL", 1, 0x2000, 100);
	bytes(f, mem, 100);
	image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, lime_pieces, 3);
	assert_string_equal(memlog_image_warning(image, 0),
			    "100 bytes of memory are not read, as ranges "
			    "overlap: the first one counts");
	memlog_image_close(image);
	free(f);
}

/* Zeros after the last range, up to the end of a sector. */
static void test_lime_padding(void **state)
{
	static const struct {
		size_t zeros; /* up to this multiple */
		size_t more;
		uint8_t last;
		bool padding;
	} t[] = {
		{ 512, 0, 0, true },	{ 65536, 0, 0, true },
		{ 512, 1, 0, false },	{ 512, 0, 1, false },
		{ 65536, 0, 1, false }, { 512, 1u << 20, 0, false },
	};
	struct memlog_image *image;
	struct memlog_err err;
	struct file *f;
	size_t i, k, len;
	uint8_t *p;

	(void)state;
	fill_mem();
	for (i = 0; i < 2 * sizeof(t) / sizeof(t[0]); i++) {
		k = i / 2;
		f = i % 2 ? avml() : lime();
		len = (f->len + t[k].zeros - 1) / t[k].zeros * t[k].zeros +
		      t[k].more;
		p = calloc(1, len);
		assert_non_null(p);
		memcpy(p, f->p, f->len);
		p[len - 1] = t[k].last;
		image = open_bytes(p, len, MEMLOG_OK, &err);
		conform_image(image, MEMLOG_PHYS,
			      i % 2 ? avml_pieces : lime_pieces, i % 2 ? 2 : 3);
		assert_int_equal(image->cut, !t[k].padding);
		assert_non_null(strstr(memlog_image_warning(image, 0),
				       t[k].padding ? " bytes of zeros follow" :
						      "is damaged"));
		memlog_image_close(image);
		free(p);
		free(f);
	}
}

static void test_avml(void **state)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	struct file *f;

	(void)state;
	fill_mem();
	f = avml();
	image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, avml_pieces, 2);
	assert_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	image = open_bytes(f->p, f->len - 9, MEMLOG_OK, &err);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_true(info.missing == 1);
	assert_non_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	free(f);
}

/* Padding after the last data of a range, and a length that looks like padding. */
static void test_avml_padding(void **state)
{
	static const char id[] = "\xff\6\0\0sNaPpY";
	static const struct conform_piece pieces[] = {
		{ 0x1000, 246, mem, false, 0, 0 },
		{ 0x100000, 4096, mem + 1000, false, 0, 0 },
	};
	struct memlog_image *image;
	struct memlog_err err;
	unsigned int pads, real;
	struct file *f;

	(void)state;
	fill_mem();
	for (pads = 0; pads < 3; pads++)
		for (real = 0; real < 2; real++) {
			f = calloc(1, sizeof(*f));
			assert_non_null(f);
			head(f, "AVML", 2, 0x1000, 246);
			bytes(f, id, 10);
			frame(f, mem, 246, true);
			if (pads) {
				num(f, 0xfe, 1);
				num(f, pads > 1 ? 300 : 0xf2, 3);
				while (f->len < 32 + 10 + 254 + 4 +
							(pads > 1 ? 300 : 0xf2))
					num(f, 0xfe, 1);
			}
			/* the length, or nothing that is known */
			num(f, real ? f->len - 32 : 0xfe, 8);
			head(f, "AVML", 2, 0x100000, 4096);
			bytes(f, id, 10);
			frame(f, mem + 1000, 4096, false);
			num(f, 0x80, 1); /* the same after the last range */
			num(f, 2, 3);
			num(f, 0, 2);
			num(f, 0, 8);
			image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
			conform_image(image, MEMLOG_PHYS, pieces, 2);
			assert_null(memlog_image_warning(image, 0));
			memlog_image_close(image);
			free(f);
		}
}

/* A file of a LiME dump and an AVML dump, in either order. */
static void test_lime_and_avml(void **state)
{
	static const struct conform_piece pieces[] = {
		{ 0x1000, 70000, mem + 2000, false, 0, 0 },
		{ 0x100000, 5000, mem + 1000, false, 0, 0 },
		{ 0x200000, 3000, mem, false, 0, 0 },
		{ 0x300000, 9000, mem + 7000, false, 0, 0 },
	};
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	unsigned int first, i;
	struct file *f;

	(void)state;
	fill_mem();
	for (first = 0; first < 2; first++) {
		f = calloc(1, sizeof(*f));
		assert_non_null(f);
		for (i = 0; i < 4; i++) {
			const struct conform_piece *p = &pieces[i];

			head(f, (i + first) % 2 ? "AVML" : "EMiL",
			     (i + first) % 2 ? 2 : 1, p->addr, p->len);
			if ((i + first) % 2 && p->len > 65536) {
				frame(f, p->bytes, 65536, false);
				frame(f, p->bytes + 65536,
				      (size_t)p->len - 65536, false);
				num(f, 0, 8);
			} else if ((i + first) % 2) {
				frame(f, p->bytes, (size_t)p->len, false);
				num(f, 0, 8);
			} else {
				bytes(f, p->bytes, (size_t)p->len);
			}
		}
		image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
		conform_image(image, MEMLOG_PHYS, pieces, 4);
		assert_null(memlog_image_warning(image, 0));
		assert_int_equal(memlog_image_info(image, &info, NULL), 0);
		assert_string_equal(info.title, "LiME and AVML dump");
		memlog_image_close(image);
		/* cut in the last range: LiME or AVML */
		image = open_bytes(f->p, f->len - 200, MEMLOG_OK, &err);
		assert_int_equal(memlog_image_info(image, &info, NULL), 0);
		assert_true(info.missing == (first ? 200 : 9000));
		assert_true(image->cut);
		memlog_image_close(image);
		free(f);
	}
}

/* What is read of a damaged file is what was written, or is not read. */
static void test_avml_damage(void **state)
{
	static uint8_t buf[65536 + 4097];
	struct memlog_image *image;
	struct memlog_err err;
	struct file *f;
	size_t bit, got, lost = 0, tries = 0, at;

	(void)state;
	fill_mem();
	f = avml();
	for (bit = 8 * (32 + 10); bit < 8 * (f->len / 2); bit += 1999) {
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
		tries++;
		for (at = 0; at < sizeof(buf); at += 4096) {
			if (memlog_image_read(image, MEMLOG_PHYS, 0x1000 + at,
					      buf, 4096, &got, &err)) {
				lost++;
				break;
			}
			assert_memory_equal(buf, mem + at, got);
		}
		memlog_image_close(image);
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(tries > 200);
	assert_int_equal(lost, tries);
	free(f);
}

static void test_crc32c(void **state)
{
	struct ml_crc32c c;
	uint32_t v;
	size_t i, n;

	(void)state;
	fill_mem();
	ml_crc32c_init(&c);
	assert_int_equal(ml_crc32c(&c, (const uint8_t *)"123456789", 9),
			 0xe3069283);
	for (i = 0; i < 20; i++)
		for (n = 0; n < 40; n++) {
			v = ml_crc32c(&c, mem + i, n);
			assert_int_equal((v >> 15 | v << 17) + 0xa282ead8u,
					 masked_crc(mem + i, n));
		}
}

static void put(uint8_t *p, uint64_t v, unsigned int width)
{
	while (width--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

static struct file *windows(bool is64)
{
	struct file *f = calloc(1, sizeof(*f));
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
	bytes(f, mem, 0x1e000 + 0x4000);
	return f;
}

static void test_windows(void **state)
{
	static const struct conform_piece pieces[] = {
		{ 0x1000, 0x1e000, mem, false, 0, 0 },
		{ 0x100000, 0x4000, mem + 0x1e000, false, 0, 0 },
	};
	struct memlog_image *image;
	struct memlog_err err;
	struct file *f;
	int k;

	(void)state;
	fill_mem();
	for (k = 0; k < 2; k++) {
		f = windows(k);
		image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
		conform_image(image, MEMLOG_PHYS, pieces, 2);
		memlog_image_close(image);
		f->p[k ? 0xf98 : 0xf88] = 8;
		open_bytes(f->p, f->len, MEMLOG_UNSUPPORTED, &err);
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
	struct file *f;
	uint8_t *total;
	int k;

	(void)state;
	fill_mem();
	for (k = 0; k < 2; k++) {
		f = windows(k);
		total = f->p + (k ? 0x90 : 0x68);
		put(total, 0x22, 4);
		memset(total + 4, 0, k ? 4 : 0);
		image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
		assert_false(said(image, "damaged") ||
			     said(image, "truncated"));
		memlog_image_close(image);
		image = open_bytes(f->p, f->len - 5000, MEMLOG_OK, &err);
		assert_true(image->missing == 5000);
		assert_false(said(image, "damaged"));
		assert_true(said(image, "is truncated: 5000 bytes of the "));
		memlog_image_close(image);
		/* other runs: their pages end before the file does, or after */
		put(total, 0x23, 4);
		image = open_bytes(f->p, f->len + 4096, MEMLOG_OK, &err);
		assert_true(said(image, "it has 35 pages and lists 34"));
		assert_true(image->suspect);
		memlog_image_close(image);
		/* only the total is wrong */
		image = open_bytes(f->p, f->len, MEMLOG_OK, &err);
		assert_false(said(image, "damaged") ||
			     said(image, "truncated"));
		memlog_image_close(image);
		free(f);
	}
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
	struct file *f;

	(void)state;
	fill_mem();
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

static void test_refused(void **state)
{
	static const struct {
		const char *magic, *say;
	} t[] = {
		{ "\xed\x23\x8f\x61\x73\x01\x19\xa8", "LKCD" },
		{ "sadump\0\0", "makedumpfile" },
		{ "DISKDUMP", "makedumpfile" },
		{ "\xd2\xbe\xd2\xbe", "read the .vmem" },
		{ "\x14\x20\x28\x01", "Hyper-V" },
		{ "QFI\xfb", "disk" },
		{ "\x1f\x8b\x08", "gzip" },
		{ "\x28\xb5\x2f\xfd", "zstd" },
		{ "\xfd"
		  "7zXZ",
		  "unxz" },
		{ "\x04\x22\x4d\x18", "lz4" },
		{ "BZh", "bunzip2" },
		{ "LZIP", "lzip -d" },
	};
	static uint8_t page[8192];
	struct memlog_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(page, 0, sizeof(page));
		memcpy(page, t[i].magic, i < 2 ? 8 : strlen(t[i].magic));
		open_bytes(page, sizeof(page), MEMLOG_UNSUPPORTED, &err);
		assert_non_null(strstr(err.text, t[i].say));
	}
}

/* ---- damage ------------------------------------------------------------- */

static void try_bytes(const uint8_t *p, size_t len)
{
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = toys,
				      .n_codecs = 1 };
	uint8_t *copy = malloc(len ? len : 1);
	struct memlog_image *image = NULL;
	struct ml_file f;

	assert_non_null(copy);
	memcpy(copy, p, len);
	assert_int_equal(ml_file_memory(copy, len, "m", NULL, &f, NULL), 0);
	if (!ml_image_open_on(&f, &o, &image, NULL))
		conform_exercise(image, 1 << 17);
	memlog_image_close(image);
	free(copy);
}

static void flip(struct file *f, size_t from, size_t to)
{
	size_t bit;

	for (bit = from * 8; bit < to * 8; bit++) {
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		try_bytes(f->p, f->len);
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void test_damage(void **state)
{
	struct file *all[4];
	size_t i, len;

	(void)state;
	fill_mem();
	all[0] = lime();
	all[1] = avml();
	all[2] = windows(true);
	all[3] = windows(false);
	for (i = 0; i < 4; i++) {
		for (len = 0; len < 200; len++)
			try_bytes(all[i]->p, len);
		for (; len < all[i]->len; len += 4099)
			try_bytes(all[i]->p, len);
		for (len = 0; len < 40; len++)
			try_bytes(all[i]->p, all[i]->len - len);
		flip(all[i], 0, 56);
	}
	flip(all[1], 56 + 65536, 56 + 65536 + 20);
	flip(all[2], 0x88, 0xb0);
	flip(all[3], 0x64, 0x78);
	for (i = 0; i < 4; i++)
		free(all[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lime),
		cmocka_unit_test(test_lime_overlap),
		cmocka_unit_test(test_lime_padding),
		cmocka_unit_test(test_avml),
		cmocka_unit_test(test_avml_padding),
		cmocka_unit_test(test_lime_and_avml),
		cmocka_unit_test(test_avml_damage),
		cmocka_unit_test(test_crc32c),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_windows_runs),
		cmocka_unit_test(test_windows_stop),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
