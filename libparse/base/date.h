/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* date.h - dates as numbers. */
#ifndef ML_BASE_DATE_H
#define ML_BASE_DATE_H

#include <stdint.h>

/* Days from 1970-01-01 to a date of the Gregorian calendar: y at least 1970, m
 * from 1 to 12, d from 1 on. */
static inline uint64_t ml_days(uint64_t y, uint64_t m, uint64_t d)
{
	uint64_t era_year = m > 2 ? y : y - 1, month = (m + 9) % 12;

	return era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400 +
	       (month * 153 + 2) / 5 + d - 1 - 719468;
}

#endif
