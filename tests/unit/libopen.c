/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libopen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "image/open.h"

struct memlog_image *open_bytes(const void *p, size_t len,
				enum memlog_status want)
{
	struct memlog_image *image = NULL;
	struct memlog_err err = { 0 };
	enum memlog_status s;
	struct ml_file f;

	assert_int_equal(ml_file_memory(p, len, "m", NULL, &f, NULL), 0);
	s = ml_image_open_on(&f, NULL, &image, &err);
	if (s != want)
		fail_msg("open: %s: %s", memlog_status_name(s), err.text);
	return image;
}

struct memlog_image *open_elf(const struct mkelf *m)
{
	return open_bytes(m->p, m->len, MEMLOG_OK);
}

uint64_t image_missing(struct memlog_image *image)
{
	struct memlog_image_info info = { .size = sizeof(info) };

	assert_int_equal(memlog_image_info(image, &info, NULL), MEMLOG_OK);
	return info.missing + image->left_out;
}
