/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* look.c - does memory look like the text of a log? Pure. */
#include "look.h"

#include <string.h>

/* Control characters that text may have besides line ends. */
static bool look_control(uint8_t c)
{
	return c == '\t' || c == '\r' || c == '\b' || c == '\a' || c == '\x1b';
}

void ml_look_at(struct ml_look *k, const uint8_t *p, size_t n)
{
	for (k->text += n; n; n--, k->last = *p++) {
		uint8_t c;

		/* most of it; one byte is left for the rest */
		for (; n > 8 && !k->more && ml_look_plain(p); n -= 8, p += 8) {
			k->since += 8;
			k->last = ' ';
		}
		c = *p;
		if (k->more && (c & 0xc0) == 0x80) {
			k->more--;
			continue;
		}
		k->since = c == '\n' ? 0 : k->since + 1;
		k->odd += k->more > 0;
		k->nul += !c;
		k->more = c < 0xc2 || c > 0xf4 ? 0 :
			  c < 0xe0	       ? 1 :
			  c < 0xf0	       ? 2 :
						 3;
		if (c == '\n' && k->last == '\r')
			k->crlf++;
		else if (c == '\n')
			k->lf++;
		else if (c >= 0x7f || c < ' ')
			k->odd += !k->more && !look_control(c);
	}
}
