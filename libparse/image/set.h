/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set.h - internals shared by the files of a dump in several parts. */
#ifndef ML_IMAGE_SET_H
#define ML_IMAGE_SET_H

#include <sys/types.h>

#include "base/limits.h"
#include "image.h"

struct set {
	struct memlog_allocator alloc;
	struct memlog_reader_ops ops; /* with the page size of the parts */
	enum memlog_space space;
	struct memlog_image *parts[ML_MAX_PARTS];
	size_t n;
	struct {
		dev_t dev;
		ino_t ino;
	} ids[ML_MAX_PARTS];
	size_t n_raw, placed; /* parts of plain memory; those with an address */
	unsigned int steps;   /* of ml_set_check_part() */
};

/* INVALID: the file of the next part is that of an earlier one. */
enum memlog_status ml_set_check_new(struct set *set, const char *name,
				    struct memlog_err *err);

/* The last part was opened, and the user placed it or not. INVALID: it is not of the
 * dump that the others are of, or not where it can be. LIMIT: there are too many ranges
 * to tell. */
enum memlog_status ml_set_check_part(struct set *set, bool placed,
				     struct memlog_err *err);

/* All parts were opened. INVALID: the user has to say where they belong. */
enum memlog_status ml_set_check_all(const struct set *set,
				    struct memlog_err *err);

/* Which parts of a split dump are not named? */
void ml_set_find_gaps(const struct set *set, struct memlog_image *image);

#endif
