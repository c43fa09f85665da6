/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shade.h - the colours of lines on a terminal: those of dmesg(1) and grep(1). */
#ifndef ML_RENDER_SHADE_H
#define ML_RENDER_SHADE_H

#include "out.h"
#include "record/patterns.h"

/* Parameters of the escape sequence that sets a colour, and ends all of them. */
#define ML_SHADE_TIME	   "32"
#define ML_SHADE_COMPONENT "33"
#define ML_SHADE_MATCH	   "1;31"
#define ML_SHADE_GAP	   "36"
#define ML_SHADE_NONE	   "0"

/* That of a syslog level; NULL: it has none. */
const char *ml_shade_level(uint32_t level);

/* That of a line without a level, by words such as ERROR, or NULL. */
const char *ml_shade_words(const uint8_t *text, size_t len);

/* How to write the text of a record. */
struct ml_shade {
	size_t before;	  /* bytes of the prefix that the log itself has */
	const char *rest; /* the colour after it; NULL: none */
	const struct ml_patterns *marks; /* what to highlight; NULL: nothing */
};

/* Write text as ml_escape_lines() does, with colours, none of which continue over
 * the end of a line. */
void ml_shade_write(struct ml_out *out, const struct ml_shade *shade,
		    const uint8_t *p, size_t len);

#endif
