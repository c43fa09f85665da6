/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libkdump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

unsigned int kdump_expanded;
size_t kdump_expanded_bytes;
void (*kdump_expanding)(void);

size_t kdump_compress(uint32_t flag, const uint8_t *in, size_t len,
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
	if (kdump_expanding)
		kdump_expanding();
	*ret = 0;
	if (in_len != 66 || in[0] != *(uint8_t *)state)
		return MEMLOG_CORRUPT;
	if (out_len > in[1] * 4096u)
		out_len = in[1] * 4096u;
	for (i = 0; i < out_len; i++)
		out[i] = in[2 + i % 64];
	__atomic_fetch_add(&kdump_expanded, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&kdump_expanded_bytes, out_len, __ATOMIC_RELAXED);
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
	sizeof(toy_zlib), "zlib", toy_create, free, toy_expand, NULL, true,
};
static const struct memlog_codec toy_lzo = {
	sizeof(toy_lzo), "lzo",	      toy_create_lzo, free,
	toy_expand,	 toy_literal, false,
};
const struct memlog_codec *const kdump_toys[] = { &toy_zlib, &toy_lzo };

struct memlog_image *kdump_open(const uint8_t *p, size_t len,
				enum memlog_status want)
{
	struct memlog_open_opts o = { .size = sizeof(o),
				      .codecs = kdump_toys,
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

void kdump_sample(struct kdump_sample *s, uint32_t block, uint64_t high)
{
	static const uint32_t flags[] = { 1, 2, 0, 1 };
	uint64_t pfn = 0;
	size_t i, k;

	memset(s, 0, sizeof(*s));
	s->bytes = calloc(KDUMP_PAGES, block);
	assert_non_null(s->bytes);
	for (i = 0; i < KDUMP_PAGES; i++) {
		uint8_t *p = s->bytes + i * block;

		pfn += i % 7 == 3 ? 5 : 1;
		if (i == KDUMP_PAGES - 6)
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
	s->n = KDUMP_PAGES;
}
