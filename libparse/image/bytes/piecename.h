/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* piecename.h - the order of the pieces of a file, by their names. */
#ifndef ML_IMAGE_PIECENAME_H
#define ML_IMAGE_PIECENAME_H

#include <stdbool.h>
#include <stddef.h>

/* How one name follows another. UNKNOWN: they do not count. */
enum ml_piece_step {
	ML_PIECE_UNKNOWN,
	ML_PIECE_NEXT,
	ML_PIECE_GAP, /* there are names between them */
	ML_PIECE_BACK,
};

/* Names that differ in one number of decimal or, of the same length, hexadecimal digits or
 * lower case letters, as split(1) makes them: x.09 and x.10, xaz and xba, x.1.zst and
 * x.2.zst. a and b have a_len and b_len bytes. */
enum ml_piece_step ml_piece_step(const char *a, size_t a_len, const char *b,
				 size_t b_len);

/* The first two names of a list, separated by commas, that have names between them. They
 * point into it. */
struct ml_piece_gap {
	const char *before, *after;
	size_t before_len, after_len;
};
bool ml_piece_gap(const char *list, struct ml_piece_gap *ret);

#endif
