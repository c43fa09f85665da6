/* SPDX-License-Identifier: GPL-2.0-or-later */
/* damage.h - which of many damages, or other cases, to try. */
#ifndef DAMAGE_H
#define DAMAGE_H

#include <stdbool.h>
#include <stdlib.h>

/* Is it the turn of the next one? With DAMAGE_EVERY only each of so many is tried, where a
 * sanitizer makes them slow; it is no multiple of 2, or some bits of a byte never had their
 * turn. */
static inline bool damage_turn(void)
{
	static unsigned int asked;
	const char *every = getenv("DAMAGE_EVERY");
	int n = every ? atoi(every) : 1;

	return asked++ % (n > 0 ? (unsigned int)n : 1) == 0;
}

#endif
