/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libconform.h - the one suite that every reader has to pass.
 *
 * A reader is held against a model: the pieces of memory that it should have.
 */
#ifndef LIBCONFORM_H
#define LIBCONFORM_H

#include <memlog.h>

/* len bytes at addr; bytes NULL: zeros. Where alias is set, the bytes have to
 * have that address in alias_space, otherwise none at all. */
struct conform_piece {
	uint64_t addr, len;
	const uint8_t *bytes;
	bool alias;
	enum memlog_space alias_space;
	uint64_t alias_addr;
};

/*
 * Does the reader hold these pieces and nothing else? They are sorted and do
 * not overlap, but may touch: then they are one range. Asserts (cmocka).
 * close is not called.
 */
void conform_reader(const struct memlog_reader_ops *ops, void *self,
		    const struct conform_piece *pieces, size_t n);

/* The same for a space of an image. */
void conform_image(struct memlog_image *image, enum memlog_space space,
		   const struct conform_piece *pieces, size_t n);

/*
 * Read all that the image promises, in all spaces and by all operations, and
 * its notes and warnings. Only asks that the contract holds, for images that
 * are damaged: ranges increase, no more comes than was asked for. At most
 * limit bytes a space.
 */
void conform_exercise(struct memlog_image *image, uint64_t limit);

/* Open len bytes in a buffer of just that size, so that ASan sees the end, and exercise
 * them if they are an image. opts may be NULL. */
void conform_bytes(const uint8_t *p, size_t len,
		   const struct memlog_open_opts *opts, uint64_t limit);

struct ml_file;

/* len bytes as a file that gives at most 7 of them at a time, and cannot be
 * mapped. The bytes are borrowed; close it like any file. */
void conform_stingy_file(const uint8_t *p, size_t len, struct ml_file *ret);

/* An allocator that knows the most bytes that were out at a time. */
struct conform_memory {
	struct memlog_allocator alloc;
	uint64_t now, most;
};
void conform_memory_init(struct conform_memory *m);

#endif
