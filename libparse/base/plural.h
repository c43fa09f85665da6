/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plural.h - "1 byte is", "2 bytes are". */
#ifndef ML_BASE_PLURAL_H
#define ML_BASE_PLURAL_H

#include <stdint.h>

/* The end of a noun after its number. */
static inline const char *ml_s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static inline const char *ml_are(uint64_t n)
{
	return n == 1 ? "is" : "are";
}

#endif
