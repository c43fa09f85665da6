/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loads.h - pieces of memory in a file to merged ranges. */
#ifndef ML_IMAGE_LOADS_H
#define ML_IMAGE_LOADS_H

#include "file.h"

/* len bytes of memory at addr, which stand in the file at off. promised is
 * what the header says that memory has, at least len. */
struct ml_load {
	uint64_t addr, len, off, promised;
};

/*
 * Memory and where it is in the file. loads is sorted, nothing overlaps, and
 * what is contiguous in both is one entry. ranges is the same joined where the
 * addresses touch. missing counts the bytes that headers promise and that are
 * not in the file; cut those of them that the file is too short for.
 */
struct ml_loads {
	struct memlog_allocator alloc;
	struct ml_load *loads;
	size_t n_loads;
	struct memlog_range *ranges;
	size_t n_ranges;
	uint64_t missing, cut;
	size_t last;		/* of the last lookup */
};

/*
 * Make it from n entries in the order of their headers, for a file of
 * file_size bytes (UINT64_MAX: not known). Where entries overlap, the first
 * one in the file's own order that has the byte wins, as it does in crash and
 * gdb. Entries that point beyond the file keep what there is. in is changed
 * (sorted). n log n. The caller frees with ml_loads_fini.
 */
enum memlog_status ml_loads_init(struct ml_loads *l, struct ml_load *in,
				 size_t n, uint64_t file_size,
				 const struct memlog_allocator *alloc,
				 struct memlog_err *err);
void ml_loads_fini(struct ml_loads *l);

/* The entry that holds addr, or NULL. */
const struct ml_load *ml_loads_find(struct ml_loads *l, uint64_t addr);

/* The first entry that ends after addr: its index, n_loads for none. */
size_t ml_loads_after(const struct ml_loads *l, uint64_t addr);

/*
 * read, map, next_range and next_data of struct memlog_reader_ops over these
 * loads of a file.
 */
enum memlog_status ml_loads_read(struct ml_loads *l, const struct ml_file *file,
				 uint64_t addr, void *buf, size_t len,
				 size_t *ret, struct memlog_err *err);
enum memlog_status ml_loads_map(struct ml_loads *l, const struct ml_file *file,
				uint64_t addr, size_t len,
				const uint8_t **ret_ptr, size_t *ret,
				struct memlog_err *err);
enum memlog_status ml_loads_next_range(struct ml_loads *l, uint64_t addr,
				       struct memlog_range *ret);
enum memlog_status ml_loads_next_data(struct ml_loads *l,
				      const struct ml_file *file, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err);

/*
 * Give the image a space that these loads of a file make up, and search it. The
 * loads move into it, on failure too. own: the file is closed with the space,
 * on failure as well; otherwise it has to live as long as the image.
 */
enum memlog_status ml_loads_add_space(struct memlog_image *image,
				      enum memlog_space space,
				      const struct ml_file *file, bool own,
				      struct ml_loads *l,
				      struct memlog_err *err);

/*
 * A space of a file whose bytes another space has too: back leads from an
 * offset in the file to the address in other. scan: search it. page_size: of
 * struct memlog_reader_ops.
 */
struct ml_loads_twin {
	enum memlog_space space, other;
	struct ml_loads loads, back;
	uint32_t page_size;
	bool scan;
};

/* Give the image that space. Both loads move into it, on failure too; the file
 * has to live as long as the image. */
enum memlog_status ml_loads_add_twin(struct memlog_image *image,
				     const struct ml_file *file,
				     struct ml_loads_twin *twin,
				     struct memlog_err *err);

#endif
