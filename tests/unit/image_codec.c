/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codecs that the library has, on pages that their own libraries packed;
 * kdump files made with them; damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif

#include "image/ext/codec.h"
#include "image/open.h"
#include "libconform.h"
#include "libmkkdump.h"
#include "memlog-dump/dump.h"

#define PAGES 24

static uint64_t seed = 7;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* A page of the given kind: zeros, text, noise, code and noise. */
static void fill(uint8_t *p, size_t len, unsigned int kind)
{
	static const char words[] = "PROGRESS CODE: V03020003 I0\r\nLoading ";
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = kind == 0 ? 0 :
		       kind == 1 ? (uint8_t)words[i % 37] :
		       kind == 2 ? (uint8_t)rnd(256) :
				   (uint8_t)(rnd(8) ? i % 5 : rnd(256));
}

static size_t pack(uint32_t flag, const uint8_t *in, size_t len, uint8_t *out,
		   size_t cap)
{
	uLongf n = cap;

	if (flag == 1)
		return compress2(out, &n, in, len, 1) == Z_OK ? n : 0;
#ifdef HAVE_SNAPPY
	if (flag == 4) {
		size_t m = cap;

		return snappy_compress((const char *)in, len, (char *)out,
				       &m) == SNAPPY_OK ?
			       m :
			       0;
	}
#endif
#ifdef HAVE_ZSTD
	if (flag == 0x20) {
		size_t m = ZSTD_compress(out, cap, in, len, 1);

		return ZSTD_isError(m) ? 0 : m;
	}
#endif
#ifdef HAVE_LZO
	if (flag == 2) {
		static uint8_t work[LZO1X_1_MEM_COMPRESS];
		lzo_uint m = cap;

		return lzo1x_1_compress(in, len, out, &m, work) == LZO_E_OK ?
			       m :
			       0;
	}
#endif
	return 0;
}

#ifdef HAVE_ZSTD
/* Frames that end with a checksum. */
static size_t pack_summed(uint32_t flag, const uint8_t *in, size_t len,
			  uint8_t *out, size_t cap)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t m;

	(void)flag;
	assert_non_null(c);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	m = ZSTD_compress2(c, out, cap, in, len);
	ZSTD_freeCCtx(c);
	return ZSTD_isError(m) ? 0 : m;
}
#endif

/* What the codec's own library makes of a page: how many bytes, 0 when it is
 * damaged. */
static size_t unpack(uint32_t flag, const uint8_t *in, size_t len, uint8_t *out,
		     size_t cap)
{
	uLongf n = cap;

	if (flag == 1)
		return uncompress(out, &n, in, len) == Z_OK ? n : 0;
#ifdef HAVE_SNAPPY
	if (flag == 4) {
		size_t m = cap;

		return snappy_uncompress((const char *)in, len, (char *)out,
					 &m) == SNAPPY_OK ?
			       m :
			       0;
	}
#endif
#ifdef HAVE_ZSTD
	if (flag == 0x20) {
		size_t m = ZSTD_decompress(out, cap, in, len);

		return ZSTD_isError(m) ? 0 : m;
	}
#endif
#ifdef HAVE_LZO
	if (flag == 2) {
		lzo_uint m = cap;

		return lzo1x_decompress_safe(in, len, out, &m, NULL) ==
				       LZO_E_OK ?
			       m :
			       0;
	}
#endif
	return 0;
}

static uint32_t flag_of(const struct memlog_codec *c)
{
	return !strcmp(c->name, "zlib")	  ? 1 :
	       !strcmp(c->name, "snappy") ? 4 :
					    0x20;
}

static void test_codecs(void **state)
{
	static uint8_t page[65536], packed[200000], out[65536 + 1];
	const struct memlog_allocator a = ml_allocator(NULL);
	static const size_t sizes[] = { 4096, 65536 };
	static const size_t wants[] = { 1, 16, 64, 100, 4095, 4096, 65536 };
	unsigned int c, kind, s, w, turn;

	(void)state;
	for (c = 0; ml_codecs[c]; c++) {
		const struct memlog_codec *k = ml_codecs[c];
		void *st = k->create ? k->create(&a) : NULL;

		for (kind = 0; kind < 4; kind++)
			for (s = 0; s < 2; s++) {
				const uint8_t *verbatim;
				size_t n, got;

				fill(page, sizes[s], kind);
				n = pack(flag_of(k), page, sizes[s], packed,
					 sizeof(packed));
				assert_true(n > 0);
				for (w = 0; w < 7 && wants[w] <= sizes[s];
				     w++) {
					memset(out, 0xa5, sizeof(out));
					assert_int_equal(
						k->expand(st, packed, n, out,
							  wants[w], &got),
						0);
					assert_int_equal(got, wants[w]);
					assert_memory_equal(out, page, got);
					assert_int_equal(out[got], 0xa5);
				}
				if (!k->literal)
					continue;
				n = k->literal(packed, n, &verbatim);
				assert_memory_equal(verbatim, page, n);
				assert_true(kind != 2 || n >= 64);
			}
		/* damage is reported, or gives wrong bytes; no more than asked */
		for (turn = 0; turn < 2000; turn++) {
			size_t n, got = 0, cut;

			fill(page, 4096, turn % 4);
			n = pack(flag_of(k), page, 4096, packed,
				 sizeof(packed));
			packed[rnd((uint32_t)n)] ^= (uint8_t)(1 + rnd(255));
			cut = turn % 3 ? n : rnd((uint32_t)n);
			memset(out, 0xa5, sizeof(out));
			k->expand(st, packed, cut, out, 4096, &got);
			assert_in_range(got, 0, 4096);
			assert_int_equal(out[4096], 0xa5);
			if (k->literal) {
				const uint8_t *v;

				got = k->literal(packed, cut, &v);
				assert_true(!got || v + got <= packed + cut);
			}
		}
		if (k->destroy)
			k->destroy(st);
	}
}

static void test_kdump(void **state)
{
	static const uint32_t flags[] = { 1, 4, 0x20, 0 };
	unsigned int k, f;
	size_t i;

	(void)state;
	for (k = 0; k < 4; k++) {
		struct mkkdump m = { .block = k & 1 ? 65536 : 4096,
				     .is32 = k & 2,
				     .max_pfn = 300,
				     .machine = "x86_64",
				     .compress = pack };
		struct mkpage pages[PAGES];
		struct conform_piece pieces[PAGES];
		const struct memlog_codec *list[ML_CODECS_MAX];
		struct memlog_open_opts o = ml_with_codecs(NULL, list);
		struct memlog_image *image;
		uint8_t *bytes = calloc(PAGES, m.block), *file;
		struct ml_file mem;
		size_t len;

		assert_non_null(bytes);
		for (i = 0; i < PAGES; i++) {
			uint8_t *p = bytes + i * m.block;

			f = flags[i % 4];
			fill(p, m.block, (unsigned int)i / 4 % 4);
			pages[i] = (struct mkpage){ i * 3 + i / 5,
						    i / 4 % 4 ? p : NULL, f,
						    false };
			pieces[i] = (struct conform_piece){
				pages[i].pfn * m.block, m.block, p, 0, 0, 0
			};
		}
		file = mkkdump(&m, pages, PAGES, &len);
		ml_file_memory(file, len, "m", NULL, &mem, NULL);
		assert_int_equal(ml_image_open_on(&mem, &o, &image, NULL), 0);
		conform_image(image, MEMLOG_PHYS, pieces, PAGES);
		memlog_image_close(image);
		free(file);
		free(bytes);
	}
}

/* A kdump with one page, which is packed with flag and pack. *ret_off is where
 * it lies. */
static uint8_t *one_page(uint32_t flag,
			 size_t (*with)(uint32_t flag, const uint8_t *in,
					size_t len, uint8_t *out, size_t cap),
			 const uint8_t *page, size_t *ret_len, size_t *ret_off)
{
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 300,
			     .machine = "x86_64",
			     .compress = with };
	struct mkpage p = { 5, page, flag, false };
	uint8_t packed[8192], *file = mkkdump(&m, &p, 1, ret_len);

	*ret_off = *ret_len - with(flag, page, 4096, packed, sizeof(packed));
	return file;
}

/* Whatever is read of the page is what it should be, or nothing is. */
static void expect_page(const uint8_t *file, size_t len, const uint8_t *page)
{
	static const struct {
		uint64_t off;
		size_t len;
	} reads[] = {
		{ 0, 1 },    { 0, MEMLOG_PEEK }, { 10, 20 },
		{ 4090, 6 }, { 0, 4096 },	 { 0, 1 },
	};
	const struct memlog_codec *list[ML_CODECS_MAX];
	struct memlog_open_opts own = { .size = sizeof(own),
					.codecs = dump_codecs },
				o;
	struct memlog_image *image;
	uint8_t buf[4096];
	struct ml_file mem;
	size_t i, got;

	while (dump_codecs[own.n_codecs])
		own.n_codecs++;
	o = ml_with_codecs(&own, list);
	ml_file_memory(file, len, "m", NULL, &mem, NULL);
	assert_int_equal(ml_image_open_on(&mem, &o, &image, NULL), 0);
	for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		assert_int_equal(memlog_image_read(image, MEMLOG_PHYS,
						   5 * 4096 + reads[i].off, buf,
						   reads[i].len, &got, NULL),
				 page ? MEMLOG_OK : MEMLOG_NO_DATA);
		assert_int_equal(got, page ? reads[i].len : 0);
		if (page)
			assert_memory_equal(buf, page + reads[i].off, got);
	}
	memlog_image_close(image);
}

/* Each bit of a page's stored bytes, flipped: where the codec's own library
 * refuses it, nothing of the page is shown; nor where it is not exactly a page.
 * sum: else it is what it was (Adler-32 is too weak to say so). */
static void flip_bits(uint32_t flag,
		      size_t (*with)(uint32_t flag, const uint8_t *in,
				     size_t len, uint8_t *out, size_t cap),
		      bool sum)
{
	uint8_t page[4096], out[8192], *file;
	size_t len, off, bit, n, good = 0;

	fill(page, sizeof(page), 3);
	file = one_page(flag, with, page, &len, &off);
	expect_page(file, len, page);
	for (bit = 8 * off; bit < 8 * len; bit++) {
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
		n = unpack(flag, file + off, len - off, out, sizeof(out));
		expect_page(file, len, n == 4096 ? out : NULL);
		good += n == 4096;
		if (n == 4096 && sum)
			assert_memory_equal(out, page, 4096);
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* a missing end, and bytes after it */
	expect_page(file, len - 1, NULL);
	assert_true(good < 8 * (len - off));
	free(file);
}

/* Pages that expand to more than a block, and to less. */
static size_t pack_more(uint32_t flag, const uint8_t *in, size_t len,
			uint8_t *out, size_t cap)
{
	uint8_t twice[8192];

	memcpy(twice, in, len);
	memcpy(twice + len, in, len);
	return pack(flag, twice, len + 1, out, cap);
}

static size_t pack_less(uint32_t flag, const uint8_t *in, size_t len,
			uint8_t *out, size_t cap)
{
	return pack(flag, in, len - 1, out, cap);
}

static void test_exact(void **state)
{
	static const uint32_t flags[] = {
		1,
#ifdef HAVE_LZO
		2,
#endif
#ifdef HAVE_SNAPPY
		4,
#endif
#ifdef HAVE_ZSTD
		0x20,
#endif
	};
	uint8_t page[4096], *file;
	size_t i, len, off;

	(void)state;
	fill(page, sizeof(page), 1);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		file = one_page(flags[i], pack_more, page, &len, &off);
		expect_page(file, len, NULL);
		free(file);
		file = one_page(flags[i], pack_less, page, &len, &off);
		expect_page(file, len, NULL);
		free(file);
		flip_bits(flags[i], pack, false);
	}
#ifdef HAVE_ZSTD
	flip_bits(0x20, pack_summed, true);
#endif
}

/* Packed as zlib's own library does with this window, -15 to 15. */
static size_t pack_window(int window, const uint8_t *in, size_t len,
			  uint8_t *out, size_t cap)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)in,
		       .avail_in = (unsigned int)len,
		       .next_out = out,
		       .avail_out = (unsigned int)cap };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 4,
				      Z_DEFAULT_STRATEGY),
			 Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return cap - z.avail_out;
}

/* Deflate is raw, or has a header of zlib; each after the other, as the state stays. */
static void test_deflate(void **state)
{
	static const int windows[] = { -15, 12, 15, -9, 9 };
	static uint8_t page[65536], packed[80000], out[65536 + 1];
	const struct memlog_allocator a = ml_allocator(NULL);
	const struct memlog_codec *c = memlog_codec_deflate();
	void *st = c->create(&a);
	unsigned int kind, i;
	size_t n, got;

	(void)state;
	for (kind = 0; kind < 4; kind++)
		for (i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
			fill(page, sizeof(page), kind);
			n = pack_window(windows[i], page, sizeof(page), packed,
					sizeof(packed));
			assert_int_equal(c->expand(st, packed, n, out,
						   sizeof(out), &got),
					 MEMLOG_OK);
			assert_int_equal(got, sizeof(page));
			assert_memory_equal(out, page, sizeof(page));
			/* what there is of one that ends early */
			assert_int_equal(c->expand(st, packed, n - 1, out,
						   sizeof(out), &got),
					 MEMLOG_CORRUPT);
			assert_memory_equal(out, page, got);
			if (windows[i] < 0)
				continue;
			packed[n - 1] ^= 1;
			assert_int_equal(c->expand(st, packed, n, out,
						   sizeof(out), &got),
					 MEMLOG_CORRUPT);
		}
	assert_int_equal(c->expand(st, packed, 1, out, sizeof(out), &got),
			 MEMLOG_CORRUPT);
	c->destroy(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codecs),
		cmocka_unit_test(test_kdump),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_deflate),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
