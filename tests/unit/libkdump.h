/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkdump.h - pages for kdump-compressed files, and codecs of our own making. */
#ifndef LIBKDUMP_H
#define LIBKDUMP_H

#include "image/open.h"
#include "libconform.h"
#include "libmkkdump.h"

#define KDUMP_PAGES 40

/* How often a page was expanded, and how far. */
extern unsigned int kdump_expanded;
extern size_t kdump_expanded_bytes;

/* Called for each, in the thread that does it, if not NULL. */
extern void (*kdump_expanding)(void);

/* For struct mkkdump: pages that repeat their first 64 bytes become a mark, their size in
 * units of 4096, and those. */
size_t kdump_compress(uint32_t flag, const uint8_t *in, size_t len,
		      uint8_t *out, size_t cap);

/* Two codecs that expand that: zlib, and lzo, which has literals. */
extern const struct memlog_codec *const kdump_toys[2];

/* Open a file with them. The status has to be the wanted one. */
struct memlog_image *kdump_open(const uint8_t *p, size_t len,
				enum memlog_status want);

/* Pages of all kinds, with holes, in blocks of size block; the last ones from page frame
 * high on. The caller frees bytes. */
struct kdump_sample {
	struct mkpage pages[KDUMP_PAGES];
	struct conform_piece pieces[KDUMP_PAGES];
	size_t n;
	uint8_t *bytes;
};
void kdump_sample(struct kdump_sample *s, uint32_t block, uint64_t high);

#endif
