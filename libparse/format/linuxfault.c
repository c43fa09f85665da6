/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linuxfault.c - how the log of Linux tells that the kernel failed: first what happened,
 * "BUG:" or an oops, then registers with the function, and last the panic. A lockup or a
 * warning is no end.
 */
#include "linuxfault.h"

/* "kernel BUG at fs/ext4/inode.c:123!" */
static bool linux_bug(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words line;

	if (!ml_words_skip(&w, "kernel BUG at ") ||
	    !ml_words_split_last(w, ":", &ret->where, &line) ||
	    !ml_words_number(&line, 10, &ret->number))
		return false;
	ret->kind = ML_FAULT_ASSERT;
	ret->has_number = true;
	ret->what = (struct ml_words){ (const uint8_t *)"BUG", 3 };
	return true;
}

/* What the first line of an oops begins with; the number in brackets counts them. */
static bool linux_oops(struct ml_words w)
{
	static const char *const begins[] = {
		"BUG: unable to handle ",
		"BUG: kernel NULL pointer dereference",
		"Unable to handle kernel ",
		"general protection fault",
		"Internal error: ",
	};
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (ml_words_skip(&w, begins[i]))
			return true;
	return ml_words_split(w, " [#1]", NULL, NULL);
}

void ml_linux_fault(const struct memlog_record *rec, struct ml_fault *ret)
{
	struct ml_words w = ml_words_of(rec);

	if (linux_bug(w, ret))
		return;
	*ret = (struct ml_fault){ .what = w };
	/* of a console, text may have a time before it */
	if (ml_words_split(w, "Kernel panic - not syncing: ", NULL,
			   &ret->what) ||
	    linux_oops(w)) {
		ret->kind = ML_FAULT_PANIC;
		return;
	}
	ret->what.len = 0;
	if (ml_words_skip(&w, "RIP: 0010:") || ml_words_skip(&w, "pc : ") ||
	    ml_words_skip(&w, "NIP ["))
		ret->more = ml_fault_function(w, ret);
}
