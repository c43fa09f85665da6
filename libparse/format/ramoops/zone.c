/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* zone.c - the header of a zone, and of a record of dmesg in it. */
#include <string.h>

#include "base/bytes.h"
#include "base/number.h"
#include "ramoops.h"

#define SIGNATURE 0x43474244u /* "DBGC" */

/* Versions of Linux: 2.6 and all that will be. */
enum { VERSION_MIN = 0x020600, VERSION_MAX = 0x20ffff };
enum { USEC_DIGITS_MAX = 6, SEC_DIGITS_MAX = 12 };

/* "====SECONDS.MICROSECONDS-C", or -D, or neither, and a line end. Old kernels write the
 * microseconds without leading zeros. */
static bool zone_record(const uint8_t *p, size_t len, struct ramoops *ret)
{
	uint64_t usec;
	size_t at = 4, n;

	len = ml_min(len, RAMOOPS_LINE);
	if (len < 4 || memcmp(p, "====", 4))
		return false;
	n = ml_digits(p + at, ml_min(len - at, SEC_DIGITS_MAX), &ret->sec);
	at += n;
	if (!n || at == len || p[at++] != '.')
		return false;
	n = ml_digits(p + at, ml_min(len - at, USEC_DIGITS_MAX), &usec);
	at += n;
	if (!n)
		return false;
	ret->usec = (uint32_t)usec;
	ret->packed = false;
	if (len - at > 2 && p[at] == '-' &&
	    (p[at + 1] == 'C' || p[at + 1] == 'D')) {
		ret->packed = p[at + 1] == 'C';
		at += 2;
	}
	if (at == len || p[at] != '\n')
		return false;
	ret->head = (uint8_t)(at + 1);
	return true;
}

bool ml_ramoops_parse(const uint8_t *p, size_t len, struct ramoops *ret)
{
	bool valid, record;

	*ret = (struct ramoops){ .xor = ml_le32(p) ^ SIGNATURE,
				 .start = ml_le32(p + 4),
				 .size = ml_le32(p + 8),
				 .kind = RAMOOPS_TEXT };
	if (ret->xor)
		ret->kind = RAMOOPS_FTRACE;
	valid = ret->start <= ret->size &&
		ret->size <= ML_RAMOOPS_REGION - RAMOOPS_HEADER &&
		(!ret->xor ||
		 (ret->xor >= VERSION_MIN && ret->xor <= VERSION_MAX));
	record = zone_record(p + RAMOOPS_HEADER, len - RAMOOPS_HEADER, ret);
	if (!record || (valid && ret->size && ret->size < ret->head))
		return valid;
	ret->kind = RAMOOPS_DMESG;
	ret->lost = !valid || !ret->size || ret->xor ;
	if (ret->lost)
		ret->size = 0;
	ret->start = ret->size;
	return true;
}
