/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fault.c - how Xen's console tells that the hypervisor failed: registers with the function,
 * then "Panic on CPU", and the reason on the next line. */
#include "console.h"

#include <string.h>

/* "Assertion 'x > 1' failed at common/sched.c:123", "Xen BUG at common/sched.c:123" */
static bool xen_fault_assert(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words line;

	if (ml_words_skip(&w, "Xen BUG at ")) {
		ret->what = (struct ml_words){ (const uint8_t *)"BUG", 3 };
		ret->where = w;
	} else if (!ml_words_skip(&w, "Assertion '") ||
		   !ml_words_split_last(w, "' failed at ", &ret->what,
					&ret->where)) {
		return false;
	}
	if (!ml_words_split_last(ret->where, ":", &ret->where, &line) ||
	    !ml_words_number(&line, 10, &ret->number))
		return false;
	ret->kind = ML_FAULT_ASSERT;
	ret->has_number = true;
	return true;
}

void ml_xen_fault(const struct memlog_record *rec, struct ml_fault *ret)
{
	struct ml_words w = ml_words_of(rec);

	if (xen_fault_assert(w, ret))
		return;
	memset(ret, 0, sizeof(*ret));
	if (ml_words_skip(&w, "Panic on CPU ")) {
		ret->kind = ML_FAULT_PANIC;
		ret->next = true;
	} else if (ml_words_skip(&w, "RIP: ") || ml_words_skip(&w, "PC: ")) {
		ret->before = ml_fault_function(w, ret);
	}
}
