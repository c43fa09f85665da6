/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qevm.h - a saved guest of QEMU or libvirt, on its way from bytes to pages. */
#ifndef ML_IMAGE_QEVM_H
#define ML_IMAGE_QEVM_H

#include "image/bytes/file.h"
#include "image/bytes/pageindex.h"

#define ML_QEVM_NAME	256	/* a length of one byte, and a NUL */

/*
 * A block of memory of the saved machine. ram: it is the guest's, and its pages
 * are in the index from first on. bitmap and pages are of mapped-ram alone:
 * where in the file they begin.
 */
struct ml_qevm_block {
	char name[ML_QEVM_NAME];
	uint64_t len;
	uint64_t first;
	bool ram;
	uint64_t bitmap, pages;
};

/*
 * machine: "" where the stream does not say. domain: libvirt's name of the
 * guest, the beginning of it if it is long; guest bytes, as are all names.
 *
 * The index has for each page 0 where the stream has none, else
 * ML_QEVM_FILL for a page of zeros, twice its offset in the file, or twice the
 * offset of the byte that fills it plus ML_QEVM_FILL.
 */
struct ml_qevm {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	const struct memlog_open_opts *opts;
	bool libvirt, unfinished, mapped;
	char domain[ML_QEVM_NAME];
	char machine[ML_QEVM_NAME];
	struct ml_qevm_block *blocks;
	size_t n_blocks, cap_blocks;
	struct ml_pageindex index;
	/* of the walk */
	uint64_t at;			/* in the file */
	uint32_t ram_id;		/* of RAM's sections */
	const struct ml_qevm_block *block;	/* of the page before */
	uint64_t n_records;
	uint8_t buf[512];		/* the file from buf_at on */
	uint64_t buf_at;
	size_t buf_n;
};

#define ML_QEVM_FILL	1u

/* Go through headers until all blocks are known. NOT_MINE, CORRUPT, or
 * UNSUPPORTED with what to do instead. */
enum memlog_status ml_qevm_begin(struct ml_qevm *q, struct memlog_err *err);

/* Go on to the end of memory and put the pages of blocks that are ram into the
 * index, which the caller has made. NO_DATA and CORRUPT: the stream goes no
 * further, what it had is in the index. */
enum memlog_status ml_qevm_pages(struct ml_qevm *q, struct memlog_err *err);

#endif
