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

/* The other way round. */
static inline void ml_date(uint64_t days, unsigned int *y, unsigned int *m,
			   unsigned int *d)
{
	uint64_t day = days + 719468, era = day / 146097, in_era = day % 146097;
	uint64_t year =
		(in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) /
		365;
	uint64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * in_year + 2) / 153; /* from March on */

	*d = (unsigned int)(in_year - (153 * month + 2) / 5 + 1);
	*m = (unsigned int)(month < 10 ? month + 3 : month - 9);
	*y = (unsigned int)(year + era * 400 + (*m <= 2));
}

#endif
