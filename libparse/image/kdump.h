/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump.h - the parts of the kdump-compressed reader. */
#ifndef ML_IMAGE_KDUMP_H
#define ML_IMAGE_KDUMP_H

#include "file.h"

/* Flags of a page's descriptor, and of the header for all pages. */
enum {
	ML_KDUMP_ZLIB = 1, ML_KDUMP_LZO = 2, ML_KDUMP_SNAPPY = 4,
	ML_KDUMP_INCOMPLETE = 8, ML_KDUMP_ZSTD = 0x20,
};

#define ML_KDUMP_CODECS	4	/* in the order of the flags above */
#define ML_KDUMP_DESC	24u	/* bytes of a page's descriptor */

/* What the headers say; offsets are in the file. */
struct ml_kdump_head {
	bool is64, big_endian;
	uint32_t version, status, block;
	const char *machine;		/* never NULL */
	uint64_t max_pfn;		/* pages are below it */
	uint64_t bitmap, bitmap_len;	/* of the pages that are stored */
	uint64_t descs;			/* the first descriptor */
	bool split;			/* only [start_pfn, end_pfn) is here */
	uint64_t start_pfn, end_pfn;
	uint64_t notes, notes_len;
	uint64_t vmcoreinfo, vmcoreinfo_len;
};

/* Bytes that ml_kdump_head_parse looks at of the header, and of the sub header
 * that stands at offset block. */
#define ML_KDUMP_HEAD	464u
#define ML_KDUMP_SUB	104u

/*
 * Parse the header. NOT_MINE: not such a file. On OK ret->block says where the
 * sub header is, and ml_kdump_sub_parse goes on. Source: makedumpfile's
 * IMPLEMENTATION and diskdump_mod.h; QEMU's sysemu/dump.h.
 */
enum memlog_status ml_kdump_head_parse(const uint8_t *p, size_t len,
				       struct ml_kdump_head *ret,
				       struct memlog_err *err);
enum memlog_status ml_kdump_sub_parse(const uint8_t *p, size_t len,
				      uint64_t file_size,
				      struct ml_kdump_head *ret,
				      struct memlog_err *err);

/*
 * Which pages are stored, and how many before a given one. The bitmap is read
 * in chunks; how many bits are set before each is counted when somebody asks,
 * and kept.
 */
struct ml_kdump_map {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	uint64_t at, n;			/* bits [0, n), from offset at on */
	uint64_t *before;		/* set bits before each chunk */
	size_t n_before;		/* of which so many are known */
	uint8_t *bits;			/* of the current chunk, then zeros */
	uint64_t chunk;			/* UINT64_MAX: none */
	uint64_t last_bit, last_rank;	/* within the current chunk */
};

enum memlog_status ml_kdump_map_init(struct ml_kdump_map *m,
				     const struct ml_file *file, uint64_t at,
				     uint64_t n,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err);
void ml_kdump_map_fini(struct ml_kdump_map *m);

/* Is page n stored, and as which? NO_DATA when it is not. */
enum memlog_status ml_kdump_map_rank(struct ml_kdump_map *m, uint64_t n,
				     uint64_t *ret, struct memlog_err *err);

/* How many pages below n are stored; n is at most the size of the map. */
enum memlog_status ml_kdump_map_count(struct ml_kdump_map *m, uint64_t n,
				      uint64_t *ret, struct memlog_err *err);

/* The first run of stored pages that ends after n: [*ret_start, *ret_end),
 * with *ret_start at n or later. NO_DATA: none. */
enum memlog_status ml_kdump_map_run(struct ml_kdump_map *m, uint64_t n,
				    uint64_t *ret_start, uint64_t *ret_end,
				    struct memlog_err *err);

#endif
