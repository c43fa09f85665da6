/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* number.c - numbers as people write them. */
#include "number.h"

#include <string.h>

#include "bytes.h"

static int number_digit(char c, unsigned int base)
{
	int v;

	if (c >= '0' && c <= '9')
		v = c - '0';
	else if (c >= 'a' && c <= 'f')
		v = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - 'A' + 10;
	else
		return -1;
	return v < (int)base ? v : -1;
}

static bool number_take(const char **s, unsigned int base, uint64_t *ret)
{
	static const char units[] = "KMGT";
	const char *p = *s, *from, *unit;
	uint64_t v = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	for (from = p; number_digit(*p, base) >= 0; p++)
		if (!ml_mul(v, base, &v) ||
		    !ml_add(v, (uint64_t)number_digit(*p, base), &v))
			return false;
	if (p == from)
		return false;
	unit = *p & ~0x20 ? strchr(units, *p & ~0x20) : NULL;
	if (unit) {
		if (!ml_mul(v, 1ull << (10 * (unit - units + 1)), &v))
			return false;
		p++;
	}
	*s = p;
	*ret = v;
	return true;
}

bool ml_take_number(const char **s, uint64_t *ret)
{
	return number_take(s, 10, ret);
}

bool ml_take_hex(const char **s, uint64_t *ret)
{
	const char *p = *s;

	while (number_digit(*p, 10) >= 0)
		p++;
	return number_take(s, *p && strchr("KMGTkmgt", *p) ? 10 : 16, ret);
}

size_t ml_digits(const uint8_t *p, size_t len, uint64_t *ret)
{
	size_t n;

	*ret = 0;
	for (n = 0; n < len && p[n] >= '0' && p[n] <= '9'; n++)
		*ret = *ret * 10 + (uint64_t)(p[n] - '0');
	return n;
}
