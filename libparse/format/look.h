/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look.h - does memory look like the text of a log: printable ASCII or UTF-8 in
 * lines?
 */
#ifndef ML_FORMAT_LOOK_H
#define ML_FORMAT_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Odd bytes that a few bytes of text may have. */
#define ML_LOOK_FEW 8u

/* Are the eight bytes at p printable ASCII? Each has to stay below 0x80, also
 * with 1 added and with the space subtracted. */
static inline bool ml_look_plain(const uint8_t *p)
{
	uint64_t ones = UINT64_MAX / 255, x = ml_le64(p);

	return !((x | (x + ones) | (x - ones * ' ')) & ones << 7);
}

/* What was seen of a page. */
struct ml_look {
	size_t text, odd, crlf, lf; /* lf: without a CR */
	size_t nul;
	uint8_t last;
	size_t since; /* bytes since the last line end, on earlier pages too */
	unsigned int more; /* bytes to come of a UTF-8 character */
};

/* Start with another page; a line or a character may go on from the last one. */
static inline void ml_look_next(struct ml_look *k)
{
	k->text = k->odd = k->crlf = k->lf = k->nul = 0;
}

/* Look at n more bytes of text. Odd are those that no text has: NUL and other
 * control characters, and bytes above ASCII that are not UTF-8. */
void ml_look_at(struct ml_look *k, const uint8_t *p, size_t n);

/* Has the page so many odd bytes, or NULs, that it is something else? Strings with
 * NULs between them are not lines. few: so many are accepted in any case. */
static inline bool ml_look_odd(const struct ml_look *k, size_t few)
{
	return k->odd > k->text / 8 + few || k->nul > k->text / 64 + few;
}

#endif
