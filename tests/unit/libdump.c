/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libdump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/open.h"
#include "libconform.h"

void dump_num(struct dump *f, uint64_t v, unsigned int width)
{
	assert_true(f->len + width <= DUMP_CAP);
	while (width--) {
		f->p[f->len++] = (uint8_t)v;
		v >>= 8;
	}
}

void dump_bytes(struct dump *f, const void *p, size_t len)
{
	assert_true(f->len + len <= DUMP_CAP);
	memcpy(f->p + f->len, p, len);
	f->len += len;
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

struct memlog_image *dump_open(const uint8_t *p, size_t len,
			       enum memlog_status want, struct memlog_err *err)
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

uint8_t dump_mem[DUMP_MEM];

void dump_fill(void)
{
	size_t i;

	for (i = 0; i < sizeof(dump_mem); i++)
		dump_mem[i] = (uint8_t)(i * 29 + (i >> 8) * 3 + 1);
}

void dump_try(const uint8_t *p, size_t len)
{
	const struct memlog_open_opts o = { .size = sizeof(o),
					    .codecs = toys,
					    .n_codecs = 1 };

	conform_bytes(p, len, &o, 1 << 17);
}

void dump_flip(struct dump *f, size_t from, size_t to)
{
	size_t bit;

	for (bit = from * 8; bit < to * 8; bit++) {
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		dump_try(f->p, f->len);
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
