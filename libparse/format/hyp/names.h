/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.h - events whose table is not in the dump. */
#ifndef ML_FORMAT_HYP_NAMES_H
#define ML_FORMAT_HYP_NAMES_H

#include "hyp.h"

/* The events of a log that are certain by their numbers and lengths, at most max;
 * returns how many. page: room for a page of the log. */
size_t ml_hyp_names(struct ml_source *source, uint8_t *page,
		    struct hyp_type *ret, size_t max);

/* The numbers of known events by symbols, for HYP_HINT_FLAGS. */
uint64_t ml_hyp_names_hint(const struct memlog_symbols *sym);

#endif
