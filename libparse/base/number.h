/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* number.h - numbers as people write them. */
#ifndef ML_BASE_NUMBER_H
#define ML_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parse "0x7e9b2000", "4096", "2G" at *s, and move *s past it. K, M, G and T
 * are powers of 1024. false: not a number, or above 64 bits. */
bool ml_take_number(const char **s, uint64_t *ret);

/* The same where digits are hexadecimal, also without 0x, unless a unit follows. */
bool ml_take_hex(const char **s, uint64_t *ret);

/* The decimal digits that text of len bytes begins with; returns how many there are. *ret
 * is their value if they are 19 at most. */
size_t ml_digits(const uint8_t *p, size_t len, uint64_t *ret);

#endif
