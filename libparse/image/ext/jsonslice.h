/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * jsonslice.h - parts of a large JSON text, without a tree of all of it.
 *
 * A parser takes up to 100 bytes for each value, and most of such a text is not needed. A
 * slice is where one value is; what is needed is then parsed. Only what has to be known to
 * find the end of a value is checked: strings, and that brackets are closed.
 */
#ifndef ML_IMAGE_EXT_JSONSLICE_H
#define ML_IMAGE_EXT_JSONSLICE_H

#include <stdbool.h>
#include <stddef.h>

/* Part of a text that is the caller's; len 0: there is none. */
struct ml_json_slice {
	const char *text;
	size_t len;
};

/* The value that a text of len bytes begins with, after white space. Nothing: it is cut
 * off, or is none. */
struct ml_json_slice ml_json_slice(const char *text, size_t len);

/* The member of an object after *at, which is the offset of the first at first, 0. Key is
 * without quotes, as it is in the text. False: there are no more. */
bool ml_json_slice_next(struct ml_json_slice object, size_t *at,
			struct ml_json_slice *ret_key,
			struct ml_json_slice *ret);

/* The first member with this key. Nothing: there is none, or object is no object. */
struct ml_json_slice ml_json_slice_at(struct ml_json_slice object,
				      const char *key);

/* How many values a text may have, at most: they cost memory, much more than text. An object
 * counts as some. */
size_t ml_json_values(const char *text, size_t len);

#endif
