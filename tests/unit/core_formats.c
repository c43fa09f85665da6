/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LiME, AVML, and what is refused. */
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
#include "libdump.h"

static void head(struct dump *f, const char *magic, uint32_t version,
		 uint64_t start, uint64_t len)
{
	dump_bytes(f, magic, 4);
	dump_num(f, version, 4);
	dump_num(f, start, 8);
	dump_num(f, start + len - 1, 8);
	dump_num(f, 0, 8);
}

static struct dump *lime(void)
{
	struct dump *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	head(f, "EMiL", 1, 0x1000, 0x9e000 - 0x70000);
	dump_bytes(f, dump_mem, 0x9e000 - 0x70000);
	head(f, "EMiL", 1, 0x100000, 70001);
	dump_bytes(f, dump_mem + 1000, 70001);
	head(f, "EMiL", 1, 0x300000000, 4096);
	dump_bytes(f, dump_mem + 2000, 4096);
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

static void frame(struct dump *f, const uint8_t *p, size_t len, bool plain)
{
	size_t i, v = len, at = f->len;

	dump_num(f, plain, 4);
	dump_num(f, masked_crc(p, len), 4);
	for (; !plain && v >= 0x80; v >>= 7)
		dump_num(f, v | 0x80, 1);
	if (!plain)
		dump_num(f, v, 1);
	for (i = 0; i < len; i++)
		dump_num(f, plain ? p[i] : p[i] ^ 0xff, 1);
	v = f->len - at - 4;
	f->p[at + 1] = (uint8_t)v;
	f->p[at + 2] = (uint8_t)(v >> 8);
	f->p[at + 3] = (uint8_t)(v >> 16);
}

static struct dump *avml(void)
{
	static const char id[] = "\xff\6\0\0sNaPpY";
	struct dump *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	head(f, "AVML", 2, 0x1000, 65536 + 4097);
	dump_bytes(f, id, 10);
	frame(f, dump_mem, 65536, false);
	frame(f, dump_mem + 65536, 4097, true);
	dump_num(f, 0, 8);
	head(f, "AVML", 2, 0x100000, 40000);
	dump_bytes(f, id, 10);
	frame(f, dump_mem + 1000, 39999, false);
	dump_num(f, 0xfe, 1); /* padding chunk */
	dump_num(f, 5, 3);
	dump_num(f, 0, 5);
	frame(f, dump_mem + 40999, 1, false);
	dump_num(f, 0, 8);
	return f;
}

static const struct conform_piece lime_pieces[] = {
	{ 0x1000, 0x9e000 - 0x70000, dump_mem, false, 0, 0 },
	{ 0x100000, 70001, dump_mem + 1000, false, 0, 0 },
	{ 0x300000000, 4096, dump_mem + 2000, false, 0, 0 },
};

static const struct conform_piece avml_pieces[] = {
	{ 0x1000, 65536 + 4097, dump_mem, false, 0, 0 },
	{ 0x100000, 40000, dump_mem + 1000, false, 0, 0 },
};

static void test_lime(void **state)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	struct dump *f;

	(void)state;
	dump_fill();
	f = lime();
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, lime_pieces, 3);
	memlog_image_close(image);
	image = dump_open(f->p, f->len - 96, MEMLOG_OK, &err);
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
	struct dump *f = lime();

	(void)state;
	head(f, "EMiL", 1, 0x2000, 100);
	dump_bytes(f, dump_mem, 100);
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, lime_pieces, 3);
	assert_string_equal(memlog_image_warning(image, 0),
			    "100 bytes of memory are not read, as ranges "
			    "overlap: the first one counts");
	assert_true(image->suspect);
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
	struct dump *f;
	size_t i, k, len;
	uint8_t *p;

	(void)state;
	dump_fill();
	for (i = 0; i < 2 * sizeof(t) / sizeof(t[0]); i++) {
		k = i / 2;
		f = i % 2 ? avml() : lime();
		len = (f->len + t[k].zeros - 1) / t[k].zeros * t[k].zeros +
		      t[k].more;
		p = calloc(1, len);
		assert_non_null(p);
		memcpy(p, f->p, f->len);
		p[len - 1] = t[k].last;
		image = dump_open(p, len, MEMLOG_OK, &err);
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
	struct dump *f;

	(void)state;
	dump_fill();
	f = avml();
	image = dump_open(f->p, f->len, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, avml_pieces, 2);
	assert_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	image = dump_open(f->p, f->len - 9, MEMLOG_OK, &err);
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
		{ 0x1000, 246, dump_mem, false, 0, 0 },
		{ 0x100000, 4096, dump_mem + 1000, false, 0, 0 },
	};
	struct memlog_image *image;
	struct memlog_err err;
	unsigned int pads, real;
	struct dump *f;

	(void)state;
	dump_fill();
	for (pads = 0; pads < 3; pads++)
		for (real = 0; real < 2; real++) {
			f = calloc(1, sizeof(*f));
			assert_non_null(f);
			head(f, "AVML", 2, 0x1000, 246);
			dump_bytes(f, id, 10);
			frame(f, dump_mem, 246, true);
			if (pads) {
				dump_num(f, 0xfe, 1);
				dump_num(f, pads > 1 ? 300 : 0xf2, 3);
				while (f->len < 32 + 10 + 254 + 4 +
							(pads > 1 ? 300 : 0xf2))
					dump_num(f, 0xfe, 1);
			}
			/* the length, or nothing that is known */
			dump_num(f, real ? f->len - 32 : 0xfe, 8);
			head(f, "AVML", 2, 0x100000, 4096);
			dump_bytes(f, id, 10);
			frame(f, dump_mem + 1000, 4096, false);
			dump_num(f, 0x80,
				 1); /* the same after the last range */
			dump_num(f, 2, 3);
			dump_num(f, 0, 2);
			dump_num(f, 0, 8);
			image = dump_open(f->p, f->len, MEMLOG_OK, &err);
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
		{ 0x1000, 70000, dump_mem + 2000, false, 0, 0 },
		{ 0x100000, 5000, dump_mem + 1000, false, 0, 0 },
		{ 0x200000, 3000, dump_mem, false, 0, 0 },
		{ 0x300000, 9000, dump_mem + 7000, false, 0, 0 },
	};
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	unsigned int first, i;
	struct dump *f;

	(void)state;
	dump_fill();
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
				dump_num(f, 0, 8);
			} else if ((i + first) % 2) {
				frame(f, p->bytes, (size_t)p->len, false);
				dump_num(f, 0, 8);
			} else {
				dump_bytes(f, p->bytes, (size_t)p->len);
			}
		}
		image = dump_open(f->p, f->len, MEMLOG_OK, &err);
		conform_image(image, MEMLOG_PHYS, pieces, 4);
		assert_null(memlog_image_warning(image, 0));
		assert_int_equal(memlog_image_info(image, &info, NULL), 0);
		assert_string_equal(info.title, "LiME and AVML dump");
		memlog_image_close(image);
		/* cut in the last range: LiME or AVML */
		image = dump_open(f->p, f->len - 200, MEMLOG_OK, &err);
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
	struct dump *f;
	size_t bit, got, lost = 0, tries = 0, at;

	(void)state;
	dump_fill();
	f = avml();
	for (bit = 8 * (32 + 10); bit < 8 * (f->len / 2); bit += 1999) {
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		image = dump_open(f->p, f->len, MEMLOG_OK, &err);
		tries++;
		for (at = 0; at < sizeof(buf); at += 4096) {
			if (memlog_image_read(image, MEMLOG_PHYS, 0x1000 + at,
					      buf, 4096, &got, &err)) {
				lost++;
				break;
			}
			assert_memory_equal(buf, dump_mem + at, got);
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
	dump_fill();
	ml_crc32c_init(&c);
	assert_int_equal(ml_crc32c(&c, (const uint8_t *)"123456789", 9),
			 0xe3069283);
	for (i = 0; i < 20; i++)
		for (n = 0; n < 40; n++) {
			v = ml_crc32c(&c, dump_mem + i, n);
			assert_int_equal((v >> 15 | v << 17) + 0xa282ead8u,
					 masked_crc(dump_mem + i, n));
		}
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
		dump_open(page, sizeof(page), MEMLOG_UNSUPPORTED, &err);
		assert_non_null(strstr(err.text, t[i].say));
	}
}

static void test_damage(void **state)
{
	struct dump *all[2];
	size_t i, len;

	(void)state;
	dump_fill();
	all[0] = lime();
	all[1] = avml();
	for (i = 0; i < 2; i++) {
		for (len = 0; len < 200; len++)
			dump_try(all[i]->p, len);
		for (; len < all[i]->len; len += 4099)
			dump_try(all[i]->p, len);
		for (len = 0; len < 40; len++)
			dump_try(all[i]->p, all[i]->len - len);
		dump_flip(all[i], 0, 56);
	}
	dump_flip(all[1], 56 + 65536, 56 + 65536 + 20);
	for (i = 0; i < 2; i++)
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
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
