/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.c - comma-separated lists of names. */
#include "names.h"

#include <string.h>

bool ml_name_in_list(const char *list, const char *name)
{
	size_t n = strlen(name), len;

	if (!list)
		return true;
	for (;;) {
		len = strcspn(list, ",");
		if (len == n && !memcmp(list, name, n))
			return true;
		if (!list[len])
			return false;
		list += len + 1;
	}
}

bool ml_name_add(char *list, size_t size, const char *name)
{
	size_t at = strlen(list), n = strlen(name);

	if (n + (at > 0) >= size - at)
		return false;
	if (at)
		list[at++] = ',';
	memcpy(list + at, name, n + 1);
	return true;
}
