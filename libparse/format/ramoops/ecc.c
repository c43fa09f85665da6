/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ecc.c - is a part of a zone for error correction? It has Reed-Solomon codes of some
 * bytes for each block of 128, and after them the same for the zone's header: a code
 * word, which tells how many bytes they are.
 */
#include <string.h>

#include "base/bytes.h"
#include "ramoops.h"

enum { BLOCK = 128, ECC_MIN = 4, ECC_MAX = 64, POLYNOMIAL = 0x11d };

static uint8_t ecc_times(uint8_t a, uint8_t b)
{
	unsigned int product = 0, x = a;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= x;
		x <<= 1;
		if (x & 0x100)
			x ^= POLYNOMIAL;
	}
	return (uint8_t)product;
}

/* Is the polynomial of these coefficients, the highest first, 0 at the first n powers of
 * 2? */
static bool ecc_is_word(const uint8_t *p, size_t len, size_t n)
{
	uint8_t root = 1, value;
	size_t i, k;

	for (k = 0; k < n; k++, root = ecc_times(root, 2)) {
		for (value = 0, i = 0; i < len; i++)
			value = ecc_times(value, root) ^ p[i];
		if (value)
			return false;
	}
	return true;
}

unsigned int ml_ramoops_codes(struct memlog_image *image,
			      enum memlog_space space, uint64_t addr,
			      uint64_t len)
{
	uint8_t word[RAMOOPS_HEADER + ECC_MAX], end[ECC_MAX];
	unsigned int n;
	size_t got;

	if (len < RAMOOPS_HEADER + ECC_MAX ||
	    ml_image_fill(image, space, addr, word, RAMOOPS_HEADER, &got,
			  NULL) ||
	    got < RAMOOPS_HEADER ||
	    ml_image_fill(image, space, addr + len - ECC_MAX, end, ECC_MAX,
			  &got, NULL) ||
	    got < ECC_MAX)
		return 0;
	for (n = ECC_MIN; n <= ECC_MAX; n++) {
		memcpy(word + RAMOOPS_HEADER, end + ECC_MAX - n, n);
		if (!ml_is_zero(word, RAMOOPS_HEADER) &&
		    ecc_is_word(word, RAMOOPS_HEADER + n, n))
			return n;
	}
	return 0;
}

uint64_t ml_ramoops_data(uint64_t len, unsigned int codes)
{
	uint64_t data = len - RAMOOPS_HEADER, blocks;

	if (!codes || data <= codes)
		return data;
	blocks = (data - codes + BLOCK + codes - 1) / (BLOCK + codes);
	return (blocks + 1) * codes < data ? data - (blocks + 1) * codes : data;
}
