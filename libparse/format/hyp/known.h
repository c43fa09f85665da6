/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known.h - the events that kernels are known to have. */
#ifndef ML_FORMAT_HYP_KNOWN_H
#define ML_FORMAT_HYP_KNOWN_H

#include "hyp.h"

enum { HYP_KNOWN = 16 };

/* fields: "u1 name, s4 name", unsigned or signed and the size, after the number of
 * the event. step: it may be longer by any multiple of this. */
struct hyp_known {
	const char *name, *fields, *format;
	uint32_t step;
};

/* The i-th event of a generation, at most HYP_KNOWN; NULL after the last. */
const struct hyp_known *ml_hyp_known(const struct hyp *h, size_t i);

/* Its type, but for the number. Returns its length. */
uint32_t ml_hyp_known_type(const struct hyp *h, const struct hyp_known *k,
			   struct hyp_type *ret);

/* May it be that long? */
bool ml_hyp_known_fits(const struct hyp *h, const struct hyp_known *k,
		       uint32_t len);

/* Only the name and the number of an event are in the dump: set the fields of the
 * known event of that name. False: it has no name. */
bool ml_hyp_known_by_name(const struct hyp *h, struct hyp_type *type);

#endif
