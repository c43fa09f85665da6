/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wrap.h - text that goes on in the next line, at the width of a terminal. */
#ifndef ML_RENDER_WRAP_H
#define ML_RENDER_WRAP_H

#include "out.h"

#define ML_WRAP_WIDTH 80

/* How many characters ml_escape_text() makes of one line. */
size_t ml_wrap_chars(const char *p, size_t len);

/* Write one line of len bytes, escaped, without an LF at its end. at: the column
 * it starts in. A word that does not fit goes into a line of its own, indent
 * spaces to the right; words are never broken. */
void ml_wrap(struct ml_out *out, const char *p, size_t len, size_t at,
	     size_t indent);

#endif
