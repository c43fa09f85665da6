/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* near.c - guess which name a mistyped one was meant to be. */
#include "near.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

/* Longer words get no suggestion: no option has a name this long. */
#define NEAR_MAX 32

/* How many mistakes turn a, of n letters, into b, of m: the optimal string
 * alignment distance. */
static size_t near_distance(const char *a, size_t n, const char *b, size_t m)
{
	uint8_t d[NEAR_MAX + 1][NEAR_MAX + 1];
	size_t i, k, v;

	for (i = 0; i <= n; i++)
		d[i][0] = (uint8_t)i;
	for (k = 0; k <= m; k++)
		d[0][k] = (uint8_t)k;
	for (i = 1; i <= n; i++)
		for (k = 1; k <= m; k++) {
			v = d[i - 1][k - 1] + (size_t)(a[i - 1] != b[k - 1]);
			v = ml_min(v, d[i - 1][k] + 1u);
			v = ml_min(v, d[i][k - 1] + 1u);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				v = ml_min(v, d[i - 2][k - 2] + 1u);
			d[i][k] = (uint8_t)v;
		}
	return d[n][m];
}

void ml_near_init(struct ml_near *near, const char *typed)
{
	near->typed = typed;
	near->best = NULL;
	near->distance = strlen(typed) / 3 + 1;
}

void ml_near_add(struct ml_near *near, const char *name)
{
	size_t n = strlen(near->typed), m = strlen(name), distance;

	if (n > NEAR_MAX || m > NEAR_MAX)
		return;
	distance = near_distance(near->typed, n, name, m);
	if (distance < near->distance) {
		near->distance = distance;
		near->best = name;
	}
}
