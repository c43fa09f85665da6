/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* joined.h - one file that split(1) cut into several. */
#ifndef ML_IMAGE_JOINED_H
#define ML_IMAGE_JOINED_H

#include "file.h"

/*
 * Join the files that a list names, separated by commas and in this order, if they are
 * the pieces of one: the first begins like a dump or a packed file, and none of the
 * others does; all have the same size but the last, which is not larger. *ret_sorted: their
 * names are in order, as far as these have the same length. NOT_MINE: they are not.
 * INVALID: one is there twice, or one that is not the last is too short. The caller closes
 * *ret; name is the list.
 */
enum memlog_status ml_joined_open(const char *list,
				  const struct memlog_open_opts *opts,
				  struct ml_file *ret, size_t *ret_n,
				  bool *ret_sorted, struct memlog_err *err);

#endif
