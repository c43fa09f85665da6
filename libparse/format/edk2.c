/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edk2.c - levels, phases and dates as edk2 has them. */
#include "edk2.h"

#include <stddef.h>

#include "base/bytes.h"
#include "base/date.h"

#define DAY 86400u

uint32_t ml_edk2_level(uint32_t bits)
{
	if (bits & 0x80000000u)
		return 3;
	if (bits & 0x00000002u)
		return 4;
	/* INIT, LOAD, INFO, BM */
	return bits & 0x00000445u ? 6 : 7;
}

const char *ml_edk2_phase(unsigned int number)
{
	static const char *const names[] = {
		NULL,	   "SEC", "PEI",      "PEI64", "DXE", "RT",
		"MM_CORE", "MM",  "SMM_CORE", "SMM",   "TFA",
	};

	return number < sizeof(names) / sizeof(*names) ? names[number] : NULL;
}

bool ml_edk2_date(const uint8_t *p, double *ret)
{
	uint32_t year = ml_le16(p), ns = ml_le32(p + 8);
	int16_t zone = (int16_t)ml_le16(p + 12);
	uint64_t s;

	if (year < 1998 || year > 9999 || !p[2] || p[2] > 12 || !p[3] ||
	    p[3] > 31 || p[4] > 23 || p[5] > 59 || p[6] > 59 ||
	    ns > 999999999u || ((zone < -1440 || zone > 1440) && zone != 2047))
		return false;
	s = ml_days(year, p[2], p[3]) * DAY + p[4] * 3600u + p[5] * 60u + p[6];
	*ret = (double)s + (double)ns / 1e9;
	/* minutes that UTC is ahead; 2047: unspecified */
	if (zone != 2047)
		*ret += zone * 60.0;
	return true;
}
