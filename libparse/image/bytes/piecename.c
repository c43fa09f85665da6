/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* piecename.c - count from the name of one piece to the next. */
#include "piecename.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

/* The most digits of a number: any more are no count of pieces. */
#define DIGITS_MAX 12u

static bool piece_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool piece_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

/* How many digits there are at s, or digits and letters. */
static size_t piece_chars(const char *s, size_t len, bool letters)
{
	size_t n;

	for (n = 0; n < len; n++)
		if (!piece_digit(s[n]) && !(letters && piece_letter(s[n])))
			break;
	return n;
}

/* What the n characters of two numbers are: 10 digits, 16, or 26 letters; 0: a mix. */
static unsigned int piece_base(const char *a, const char *b, size_t n)
{
	bool digit = false, letter = false, beyond = false;
	size_t i;
	char c;

	for (i = 0; i < 2 * n; i++) {
		c = i < n ? a[i] : b[i - n];
		digit |= piece_digit(c);
		letter |= piece_letter(c);
		beyond |= c > 'f';
	}
	return !letter ? 10 : !digit ? 26 : beyond ? 0 : 16;
}

static uint64_t piece_value(const char *s, size_t n, unsigned int base)
{
	uint64_t v = 0;

	for (; n; n--, s++)
		v = v * base + (uint64_t)(piece_digit(*s) ? *s - '0' :
					  base == 26	  ? *s - 'a' :
							    *s - 'a' + 10);
	return v;
}

enum ml_piece_step ml_piece_step(const char *a, size_t a_len, const char *b,
				 size_t b_len)
{
	size_t same = 0, start, n, m, i;
	uint64_t x, y;
	unsigned int base = 10;

	while (same < a_len && same < b_len && a[same] == b[same])
		same++;
	/* the number begins before the digit that differs */
	for (start = same; start && piece_digit(a[start - 1]);)
		start--;
	n = piece_chars(a + start, a_len - start, false);
	m = piece_chars(b + start, b_len - start, false);
	for (i = 0; i < 2; i++) {
		if (n && m && n <= DIGITS_MAX && m <= DIGITS_MAX &&
		    a_len - n == b_len - m &&
		    !memcmp(a + start + n, b + start + m, a_len - start - n))
			break;
		/* not decimal: letters, or hexadecimal of the same length */
		if (i || a_len != b_len)
			return ML_PIECE_UNKNOWN;
		start = same;
		n = m = piece_chars(a + start, a_len - start, true);
		if (piece_chars(b + start, b_len - start, true) != n)
			return ML_PIECE_UNKNOWN;
		base = piece_base(a + start, b + start, n);
		if (!base)
			return ML_PIECE_UNKNOWN;
	}
	x = piece_value(a + start, n, base);
	y = piece_value(b + start, m, base);
	return y <= x	  ? ML_PIECE_BACK :
	       y == x + 1 ? ML_PIECE_NEXT :
			    ML_PIECE_GAP;
}

bool ml_piece_gap(const char *list, struct ml_piece_gap *ret)
{
	const char *next;

	for (ret->before = list;; ret->before = ret->after) {
		ret->before_len = strcspn(ret->before, ",");
		next = ret->before + ret->before_len;
		if (!*next)
			return false;
		ret->after = next + 1;
		ret->after_len = strcspn(ret->after, ",");
		if (ml_piece_step(ret->before, ret->before_len, ret->after,
				  ret->after_len) == ML_PIECE_GAP)
			return true;
	}
}
