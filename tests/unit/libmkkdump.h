/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmkkdump.h - write kdump-compressed and flattened files into memory. Shares
 * nothing with the reader under test. */
#ifndef LIBMKKDUMP_H
#define LIBMKKDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A page: its frame number, its bytes (NULL: the shared zero page) and how to
 * compress it: flag 0 plain, 1 zlib, 2 lzo, 4 snappy, 0x20 zstd.
 */
struct mkpage {
	uint64_t pfn;
	const uint8_t *bytes;
	uint32_t flag;
	bool lost; /* bit set, descriptor empty */
};

/* aligned: of the sub header with is32, numbers of 64 bits, as most ABIs have it. */
struct mkkdump {
	bool is32, big_endian, aligned;
	uint32_t block, version, status;
	const char *machine;
	uint64_t max_pfn;
	bool split;
	uint64_t start_pfn, end_pfn;
	const void *note;
	size_t note_len;
	const char *vmcoreinfo;
	/* compress in to at most cap bytes at out; the length, 0 for "larger
	 * than before". NULL: pages are plain */
	size_t (*compress)(uint32_t flag, const uint8_t *in, size_t len,
			   uint8_t *out, size_t cap);
};

/* The file of n sorted pages; the caller frees it. */
uint8_t *mkkdump(const struct mkkdump *m, const struct mkpage *pages, size_t n,
		 size_t *ret_len);

/* The same bytes flattened: records of at most step bytes, in an order that
 * depends on seed, with wrong bytes first for some of them; the caller frees
 * it. */
uint8_t *mkflat(const uint8_t *file, size_t len, size_t step, unsigned int seed,
		size_t *ret_len);

#endif
