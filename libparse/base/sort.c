/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sort.c - a radix sort in place, most significant byte first. */
#include "sort.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BYTES 16u /* of both keys */
#define FEW   16u /* elements that are sorted by insertion */

struct sorting {
	size_t size, first, second;
};

static uint64_t sort_key(const struct sorting *s, const uint8_t *e, bool second)
{
	uint64_t key;

	memcpy(&key, e + (second ? s->second : s->first), sizeof(key));
	return key;
}

static int sort_compare(const struct sorting *s, const uint8_t *a,
			const uint8_t *b)
{
	uint64_t x = sort_key(s, a, false), y = sort_key(s, b, false);

	if (x == y) {
		x = sort_key(s, a, true);
		y = sort_key(s, b, true);
	}
	return x < y ? -1 : x > y;
}

static void sort_swap(const struct sorting *s, uint8_t *a, uint8_t *b)
{
	uint8_t t[ML_SORT_SIZE];

	memcpy(t, a, s->size);
	memcpy(a, b, s->size);
	memcpy(b, t, s->size);
}

/* Byte at of both keys, the most significant first. */
static uint8_t sort_byte(const struct sorting *s, const uint8_t *e,
			 unsigned int at)
{
	return (uint8_t)(sort_key(s, e, at >= 8) >> (56 - at % 8 * 8));
}

static void sort_few(const struct sorting *s, uint8_t *p, size_t n)
{
	size_t i, k;

	for (i = 1; i < n; i++)
		for (k = i; k && sort_compare(s, p + (k - 1) * s->size,
					      p + k * s->size) > 0;
		     k--)
			sort_swap(s, p + (k - 1) * s->size, p + k * s->size);
}

/* Sort by byte at and those after it. */
static void sort_by(const struct sorting *s, uint8_t *p, size_t n,
		    unsigned int at)
{
	size_t next[256], end[256], i, sum = 0;
	unsigned int b;

	if (n <= FEW || at == BYTES) {
		if (at < BYTES)
			sort_few(s, p, n);
		return;
	}
	memset(end, 0, sizeof(end));
	for (i = 0; i < n; i++)
		end[sort_byte(s, p + i * s->size, at)]++;
	for (b = 0; b < 256; b++) {
		next[b] = sum;
		sum += end[b];
		end[b] = sum;
	}
	for (b = 0; b < 256; b++)
		while (next[b] < end[b]) {
			uint8_t *e = p + next[b] * s->size;
			uint8_t to = sort_byte(s, e, at);

			if (to != b)
				sort_swap(s, e, p + next[to] * s->size);
			next[to]++;
		}
	for (i = 0, b = 0; b < 256; i = end[b++])
		sort_by(s, p + i * s->size, end[b] - i, at + 1);
}

void ml_sort(void *table, size_t n, size_t size, size_t first, size_t second)
{
	struct sorting s = { size, first, second };
	size_t i, up = 0, down = 0;
	uint8_t *p = table;
	int c;

	for (i = 1; i < n && (up == i - 1 || down == i - 1); i++) {
		c = sort_compare(&s, p + (i - 1) * size, p + i * size);
		up += c <= 0;
		down += c >= 0;
	}
	if (n < 2 || up == n - 1)
		return;
	if (down < n - 1) {
		sort_by(&s, p, n, 0);
		return;
	}
	for (i = 0; i < n / 2; i++)
		sort_swap(&s, p + i * size, p + (n - 1 - i) * size);
}
