/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fault.c - how ACRN's log tells that the hypervisor failed: an assertion, or a message of the
 * level "fatal". */
#include "acrn.h"

/* LOG_FATAL, as ml_acrn_level() gives it */
enum { FATAL = 2 };

/* "Assertion failed in file x.c,line 12 : fatal error" */
static bool acrn_fault_assert(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words rest;

	if (!ml_words_split(w, "ssertion failed in file ", NULL, &w) ||
	    !ml_words_split(w, ",line ", &ret->where, &rest) ||
	    !ml_words_number(&rest, 10, &ret->number))
		return false;
	ml_words_split(rest, ": ", NULL, &ret->what);
	ret->kind = ML_FAULT_ASSERT;
	ret->has_number = true;
	return true;
}

void ml_acrn_fault(const struct memlog_record *rec, struct ml_fault *ret)
{
	struct ml_words w = ml_words_of(rec);

	if (acrn_fault_assert(w, ret))
		return;
	*ret = (struct ml_fault){ .kind = ML_FAULT_NONE };
	if (!rec->has_level || rec->level > FATAL || !w.len)
		return;
	ret->kind = ML_FAULT_PANIC;
	ret->what = w;
}
