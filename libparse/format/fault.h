/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fault.h - what a record of any log says about why its machine failed. */
#ifndef ML_FORMAT_FAULT_H
#define ML_FORMAT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memlog.h"

/* Best evidence first. */
enum ml_fault_kind {
	ML_FAULT_NONE,
	ML_FAULT_ASSERT,
	ML_FAULT_EXCEPTION, /* of a processor, in firmware */
	ML_FAULT_PANIC,	    /* a hypervisor or a kernel gave up */
	ML_FAULT_ERROR,	    /* the firmware says that something failed */
	ML_FAULT_NO_BOOT,   /* no boot option worked */
	ML_FAULT_KINDS	    /* how many there are */
};

/* Bytes of a record, borrowed from it. */
struct ml_words {
	const uint8_t *at;
	size_t len;
};

/*
 * Zeroed: nothing.
 *
 * kind: such a fault begins here. Without a kind, the record says more: of the fault that
 *	began before it (more), or of the one that will begin (before).
 * next: what it is about is the text of the next record.
 * what: the expression of an assertion as the source has it, the kind of an exception, a
 *	message.
 * where: the source file of an assertion, else the module or the function. number: the
 *	line there, or the offset, if has_number.
 * cause: a few words more: the status that was not expected, the number of an exception.
 */
struct ml_fault {
	enum ml_fault_kind kind;
	bool more, before, next;
	struct ml_words what, where, cause;
	bool has_number;
	uint64_t number;
};

/* The message of a record without its line end and the blanks around it. */
struct ml_words ml_words_of(const struct memlog_record *rec);

/* Does it start with this word? *w is then what follows. */
bool ml_words_skip(struct ml_words *w, const char *word);

/* Is this word in it? *ret_before and *ret_after, which may be NULL, are then what is on
 * either side of the first one. */
bool ml_words_split(struct ml_words w, const char *word,
		    struct ml_words *ret_before, struct ml_words *ret_after);

/* The same for the last one. */
bool ml_words_split_last(struct ml_words w, const char *word,
			 struct ml_words *ret_before,
			 struct ml_words *ret_after);

/* Without the blanks around it. */
struct ml_words ml_words_trim(struct ml_words w);

/* It starts with a number of this base, 10 or 16, which fits: *w is what follows. */
bool ml_words_number(struct ml_words *w, unsigned int base, uint64_t *ret);

/* "function+0x1a/0x20", the first in w: sets where and number. */
bool ml_fault_function(struct ml_words w, struct ml_fault *ret);

#endif
