/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* places.h - where logs were found, to look up a candidate faster than by a
 * walk through all of them. */
#ifndef ML_SCAN_PLACES_H
#define ML_SCAN_PLACES_H

#include "format/format.h"

/* [start, end) of a space belongs to a log of fmt. reach: the highest end of
 * this and the places before it, of the same format and space. */
struct ml_place {
	const struct ml_format *fmt;
	enum memlog_space space;
	uint64_t start, end, reach;
};

/* Places added since the others were sorted. Few enough to walk, many enough
 * that sorting is rare. */
#define ML_PLACES_NEW 512

/* Empty if zeroed, except alloc. */
struct ml_places {
	struct memlog_allocator alloc;
	struct ml_place *at; /* sorted except the last n_new */
	size_t n, cap, n_new;
};

void ml_places_fini(struct ml_places *p);

/* NO_MEMORY is the only failure. */
enum memlog_status ml_places_add(struct ml_places *p,
				 const struct ml_format *fmt,
				 enum memlog_space space, uint64_t start,
				 uint64_t len, struct memlog_err *err);

/* Does a place start at addr; does one contain it? */
bool ml_places_start(const struct ml_places *p, const struct ml_format *fmt,
		     enum memlog_space space, uint64_t addr);
bool ml_places_hold(const struct ml_places *p, const struct ml_format *fmt,
		    enum memlog_space space, uint64_t addr);

#endif
