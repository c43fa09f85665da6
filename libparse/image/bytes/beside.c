/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* beside.c - look for the file beside another one. */
#include "beside.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool ml_beside_is(const char *path, const char *ext)
{
	size_t n = strlen(path), m = strlen(ext);

	return n > m && !strcasecmp(path + n - m, ext);
}

bool ml_beside_find(const char *path, const char *ext, char *ret, size_t len)
{
	size_t n = strlen(path), m = strlen(ext);
	struct stat st;

	if (n <= m || n >= len)
		return false;
	memcpy(ret, path, n - m);
	memcpy(ret + n - m, ext, m + 1);
	return !stat(ret, &st) && S_ISREG(st.st_mode);
}
