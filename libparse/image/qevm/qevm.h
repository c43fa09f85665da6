/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qevm.h - internals shared by the files of the saved guest reader. */
#ifndef ML_IMAGE_QEVM_H
#define ML_IMAGE_QEVM_H

#include "image/bytes/empty.h"
#include "image/bytes/lastrun.h"
#include "base/limits.h"
#include "image/bytes/file.h"
#include "image/bytes/loads.h"
#include "image/bytes/pageindex.h"

#define ML_QEVM_NAME 256 /* the length is one byte; and a NUL */
#define ML_QEVM_IDS \
	65536u /* QEMU counts sections from 0 on; no machine has as many */

/* Pages of the block with the guest's ACPI tables, at most: QEMU allows 2 MiB. */
#define ML_QEVM_TABLES 512u

/*
 * A block of memory of the saved machine, len bytes long. ram: it is not known as a
 * device's own, and its pages are in the index from first on. plugged: it belongs to
 * a device such as virtio-mem, and is not where a board has its RAM. bitmap, pages: file
 * offsets, only with mapped-ram.
 */
struct ml_qevm_block {
	char name[ML_QEVM_NAME];
	uint64_t len;
	uint64_t first;
	bool ram, plugged;
	uint64_t bitmap, pages;
};

/* What the state of a virtio-mem device may say of its memory; device: its path. The
 * length of its block tells which it is. */
#define ML_QEVM_READINGS 2u
struct ml_qevm_plug {
	char device[ML_QEVM_NAME];
	struct {
		uint64_t addr, len;
	} may[ML_QEVM_READINGS];
	size_t n;
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
	enum memlog_map map; /* of the machine type */
	uint64_t pages;	     /* of blocks with ram */
	uint64_t plugged,
		plugged_set; /* of these, of devices: a part of them need
					  not be plugged in; and in the stream */
	struct memlog_range guessed;	    /* addresses that are */
	const struct ml_qevm_block *tables; /* the guest's ACPI tables, or NULL */
	uint64_t table_page[ML_QEVM_TABLES]; /* numbers as in the index */
	struct ml_qevm_plug *plugs;
	size_t n_plugs, cap_plugs;
	struct ml_pageindex index;
	struct ml_empty empty;	/* for next_data */
	struct ml_lastrun last; /* of next_range: pages that are there */
	/* state of the parser */
	uint64_t at;			   /* offset in the file */
	uint32_t ram_id;		   /* section id of RAM */
	const struct ml_qevm_block *block; /* of the previous page */
	uint64_t n_records;
	uint8_t buf[512]; /* bytes of the file at buf_at */
	uint64_t buf_at;
	size_t buf_n;
	uint8_t *window;		/* of devices.c */
	uint8_t begun[ML_QEVM_IDS / 8]; /* a bit for each section */
};

#define ML_QEVM_FILL 1u

/* Parse the headers and the list of blocks. NOT_MINE: another format. CORRUPT,
 * LIMIT, or UNSUPPORTED, which says what to do instead. */
enum memlog_status ml_qevm_begin(struct ml_qevm *q, struct memlog_err *err);

/* Decide which blocks are RAM, and of which machine. UNSUPPORTED: one whose memory map is
 * not known. */
enum memlog_status ml_qevm_choose(struct ml_qevm *q, struct memlog_err *err);

/* After the pages: where each block is. phys has those with an address; rest the others,
 * one after another from 0 on, and a warning names them. The caller frees both. */
enum memlog_status ml_qevm_place(struct ml_qevm *q, struct memlog_image *image,
				 struct ml_loads *phys, struct ml_loads *rest,
				 struct memlog_err *err);

/* The pages of the index as a file; close frees self, a struct ml_qevm. */
extern const struct memlog_reader_ops ml_qevm_ops;

/* Read a page of the index. False: it is not in the stream, or all zeros. */
bool ml_qevm_page(struct ml_qevm *q, uint64_t page, uint8_t buf[ML_PAGE]);

/* The numbers in the index of mapped-ram; self is a struct ml_qevm. mapped.c */
ml_pageindex_make ml_qevm_mapped_make;

/* Is it the block with the ACPI tables? */
bool ml_qevm_is_tables(const struct ml_qevm_block *b);

/* Parse on to the end of memory and put the pages of blocks with ram into the
 * index, which the caller has initialised. NO_DATA (truncated) and CORRUPT: the
 * pages before that are in the index. */
enum memlog_status ml_qevm_pages(struct ml_qevm *q, struct memlog_err *err);

#endif
