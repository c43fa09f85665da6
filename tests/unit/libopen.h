/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libopen.h - open bytes as an image. */
#ifndef LIBOPEN_H
#define LIBOPEN_H

#include <stddef.h>
#include <stdint.h>

#include "libmkelf.h"
#include "memlog.h"

/* Open len bytes, which are borrowed; fails the test if that does not end so. */
struct memlog_image *open_bytes(const void *p, size_t len,
				enum memlog_status want);
struct memlog_image *open_elf(const struct mkelf *m);

/* Bytes that the image should have, but does not. */
uint64_t image_missing(struct memlog_image *image);

#endif
