/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keep.h - what a slice begins with, kept until it ends. */
#ifndef ML_RENDER_TRACE_KEEP_H
#define ML_RENDER_TRACE_KEEP_H

#include "memlog.h"

/* Bytes of a name, and of all values that are text; what exceeds them is left out. */
#define ML_KEEP_NAME 64u
#define ML_KEEP_TEXT 512u

/* name and category: safe text. */
struct ml_keep {
	char name[ML_KEEP_NAME], category[24];
	struct memlog_field fields[MEMLOG_RECORD_FIELDS];
	size_t n, used;
	char text[ML_KEEP_TEXT];
};

/* At most max guest bytes as safe text on one line, with an ellipsis if that is not
 * all. */
void ml_keep_short(const void *bytes, size_t len, size_t max, char *ret,
		   size_t size);

/* Add a copy of a field; it replaces one of the same name. */
void ml_keep_field(struct ml_keep *keep, const struct memlog_field *field);

#endif
