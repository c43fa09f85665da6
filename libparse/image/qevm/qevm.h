/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qevm.h - internals shared by the files of the saved guest reader. */
#ifndef ML_IMAGE_QEVM_H
#define ML_IMAGE_QEVM_H

#include "image/bytes/empty.h"
#include "image/bytes/file.h"
#include "image/bytes/pageindex.h"

#define ML_QEVM_NAME 256 /* the length is one byte; and a NUL */

/*
 * A block of memory of the saved machine, len bytes long. ram: it is RAM of the
 * guest, and its pages are in the index from first on. bitmap, pages: file
 * offsets, only with mapped-ram.
 */
struct ml_qevm_block {
	char name[ML_QEVM_NAME];
	uint64_t len;
	uint64_t first;
	bool ram;
	uint64_t bitmap, pages;
};

/*
 * machine: the machine type; "" if the stream has none. domain: libvirt's name
 * of the guest, truncated. These and all other names are untrusted bytes.
 *
 * The number in the index for a page is
 *  - 0 if the stream does not have the page,
 *  - ML_QEVM_FILL for a page of zeros,
 *  - twice the file offset of the page, or
 *  - twice the file offset of the byte that fills it, plus ML_QEVM_FILL.
 */
struct ml_qevm {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	const struct memlog_open_opts *opts;
	bool libvirt, unfinished, mapped;
	bool any_page; /* the stream has had a page of some block */
	char domain[ML_QEVM_NAME];
	char machine[ML_QEVM_NAME];
	struct ml_qevm_block *blocks;
	size_t n_blocks, cap_blocks;
	struct ml_pageindex index;
	struct ml_empty empty;	 /* for next_data */
	struct memlog_range run; /* of next_range: pages that are there */
	/* state of the parser */
	uint64_t at;			   /* offset in the file */
	uint32_t ram_id;		   /* section id of RAM */
	const struct ml_qevm_block *block; /* of the previous page */
	uint64_t n_records;
	uint8_t buf[512]; /* bytes of the file at buf_at */
	uint64_t buf_at;
	size_t buf_n;
};

#define ML_QEVM_FILL 1u

/* Parse the headers and the list of blocks. NOT_MINE: another format. CORRUPT,
 * LIMIT, or UNSUPPORTED, which says what to do instead. */
enum memlog_status ml_qevm_begin(struct ml_qevm *q, struct memlog_err *err);

/* Parse on to the end of memory and put the pages of blocks with ram into the
 * index, which the caller has initialised. NO_DATA (truncated) and CORRUPT: the
 * pages before that are in the index. */
enum memlog_status ml_qevm_pages(struct ml_qevm *q, struct memlog_err *err);

#endif
