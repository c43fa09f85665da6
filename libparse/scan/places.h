/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* places.h - where logs were found, so that a candidate is looked up in less
 * time than going through all of them takes. */
#ifndef ML_SCAN_PLACES_H
#define ML_SCAN_PLACES_H

#include "format/format.h"

/* [start, end) of a space belongs to a log of fmt. reach: the furthest end of
 * this and the places before it, of the same format and space. */
struct ml_place {
	const struct ml_format *fmt;
	enum memlog_space space;
	uint64_t start, end, reach;
};

/* Places that were added since the others were sorted. Few enough to be gone
 * through, many enough that sorting is rare. */
#define ML_PLACES_NEW 512

/* Zeroed it is empty, but for alloc. */
struct ml_places {
	struct memlog_allocator alloc;
	struct ml_place *at;	/* sorted but for the last n_new */
	size_t n, cap, n_new;
};

void ml_places_fini(struct ml_places *p);

/* NO_MEMORY is the only failure. */
enum memlog_status ml_places_add(struct ml_places *p,
				 const struct ml_format *fmt,
				 enum memlog_space space, uint64_t start,
				 uint64_t len, struct memlog_err *err);

/* Does a place start at addr; does one hold it? */
bool ml_places_start(const struct ml_places *p, const struct ml_format *fmt,
		     enum memlog_space space, uint64_t addr);
bool ml_places_hold(const struct ml_places *p, const struct ml_format *fmt,
		    enum memlog_space space, uint64_t addr);

#endif
