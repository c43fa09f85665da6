/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefix.c - time and level before a line of the log. */
#include <string.h>

#include "ovmf.h"

/* After "[": 5 digits with spaces before them, a dot, 6 digits */
#define SECONDS 6
#define TIME	12

static bool ovmf_prefix_time(const uint8_t *p, uint64_t *ret_us)
{
	size_t i = 0;

	while (i < SECONDS - 2 && p[i] == ' ')
		i++;
	for (*ret_us = 0; i < TIME; i++) {
		if (i == SECONDS - 1) {
			if (p[i] != '.')
				return false;
			continue;
		}
		if (p[i] < '0' || p[i] > '9')
			return false;
		*ret_us = *ret_us * 10 + (uint64_t)(p[i] - '0');
	}
	return true;
}

static bool ovmf_prefix_level(uint8_t c, uint32_t *ret)
{
	switch (c) {
	case 'E':
		*ret = 3;
		return true;
	case 'W':
		*ret = 4;
		return true;
	case 'I':
		*ret = 6;
		return true;
	case 'V':
		*ret = 7;
		return true;
	default:
		return false;
	}
}

size_t ml_ovmf_prefix(const uint8_t *text, size_t len, struct ovmf_prefix *ret)
{
	if (len < OVMF_PREFIX || text[0] != '[' ||
	    memcmp(text + 1 + TIME, "] ", 2) || text[OVMF_PREFIX - 1] != ' ' ||
	    !ovmf_prefix_level(text[OVMF_PREFIX - 2], &ret->level))
		return 0;
	ret->has_time = memcmp(text + 1, "           ?", TIME) != 0;
	if (ret->has_time && !ovmf_prefix_time(text + 1, &ret->us))
		return 0;
	return OVMF_PREFIX;
}
