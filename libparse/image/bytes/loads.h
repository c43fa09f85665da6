/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loads.h - merge pieces of memory in a file into ranges. */
#ifndef ML_IMAGE_LOADS_H
#define ML_IMAGE_LOADS_H

#include "empty.h"
#include "file.h"

/* len bytes of memory at addr, which are in the file at off. promised: bytes of
 * memory according to the header, at least len. */
struct ml_load {
	uint64_t addr, len, off, promised;
};

/*
 * Memory and where it is in the file. loads is sorted and does not overlap;
 * pieces that are contiguous in memory and in the file are one entry. ranges
 * has the same memory, merged by address only. missing: bytes promised by
 * headers that are not in the file. cut: those of them beyond the end of the
 * file. hidden: bytes of the file that no address reaches, as an entry before has
 * their addresses; a caller that has judged them sets it to 0.
 *
 * Several entries may have the same bytes of the file. fresh is then the memory
 * that has what no memory below it has, sorted, and repeated counts the rest.
 * NULL: that is all memory. whole: the memory that headers promise, merged.
 * sparse, which the caller sets: what the file has no range of is missing. aside, too:
 * the space is not searched by default.
 */
struct ml_loads {
	struct ml_load *loads;
	size_t n_loads;
	struct memlog_range *ranges;
	size_t n_ranges;
	struct memlog_range *fresh;
	size_t n_fresh;
	struct memlog_range *whole;
	size_t n_whole;
	uint64_t missing, cut, repeated, hidden;
	bool sparse, aside;
	size_t last;	       /* of the last lookup */
	struct ml_empty empty; /* for next_data, in bytes */
};

/*
 * Make it from n entries in the order of their headers, for a file of file_size
 * bytes (UINT64_MAX: unknown). Where entries overlap, the first one counts, as
 * in crash and gdb. Entries are clipped to the file. in is sorted for that, and what is
 * in it afterwards is of no use. Takes O(n log n). LIMIT: more than ML_MAX_LOADS. The
 * caller frees with ml_loads_fini.
 */
enum memlog_status ml_loads_init(struct ml_loads *l, struct ml_load *in,
				 size_t n, uint64_t file_size,
				 const struct memlog_image *image,
				 struct memlog_err *err);
void ml_loads_fini(struct ml_loads *l);

/* How many bytes of a range, which has no holes, lower memory shows too. */
uint64_t ml_loads_repeated(const struct ml_loads *l, struct memlog_range range);

/* How many bytes of a range the headers promise. */
uint64_t ml_loads_promised(const struct ml_loads *l, struct memlog_range range);

/* The entry that contains addr, or NULL. */
const struct ml_load *ml_loads_find(struct ml_loads *l, uint64_t addr);

/* The index of the first entry that ends after addr; n_loads if none does. */
size_t ml_loads_after(const struct ml_loads *l, uint64_t addr);

/*
 * read, map, next_range and next_data of struct memlog_reader_ops, for these
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
 * Add an address space made of these loads of a file. Warns of hidden bytes, which are
 * damage, if the space is searched. The loads
 * are taken over, on failure, too. own: so is the file; otherwise it must live
 * as long as the image.
 */
enum memlog_status ml_loads_add_space(struct memlog_image *image,
				      enum memlog_space space,
				      const struct ml_file *file, bool own,
				      struct ml_loads *l,
				      struct memlog_err *err);

/*
 * An address space whose memory is also in the space other: back translates
 * file offsets to addresses in other. scan: search it. page_size, flags: of struct
 * memlog_reader_ops.
 */
struct ml_loads_twin {
	enum memlog_space space, other;
	struct ml_loads loads, back;
	uint32_t page_size;
	unsigned int flags;
	bool scan;
};

/* Add that space. loads and back are taken over, on failure, too; the file must
 * live as long as the image. */
enum memlog_status ml_loads_add_twin(struct memlog_image *image,
				     const struct ml_file *file,
				     struct ml_loads_twin *twin,
				     struct memlog_err *err);

#endif
