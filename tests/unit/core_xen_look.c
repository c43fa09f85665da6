/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_xen_look.c - what a block of Xen's console looks like, held against a count byte by
 * byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/xen/console.h"

#define SIZE   300u
#define ROUNDS 20000u

static uint64_t seed = 88172645463325252ull;

static unsigned int below(unsigned int n)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (unsigned int)(seed >> 20) % n;
}

static bool is_text(uint8_t c)
{
	return c >= 32 ? c != 127 : c && strchr("\n\t\r\x1b\b\a", c);
}

/* "Allocated console ring of 32 KiB" */
static uint64_t said(const char *p, size_t len)
{
	char copy[64] = { 0 };
	unsigned int kib, n = 0;

	memcpy(copy, p, len < 60 ? len : 60);
	sscanf(copy, "Allocated console ring of %6u KiB%n", &kib, &n);
	if (!n || copy[26] < '0' || copy[26] > '9' || !kib || kib & (kib - 1))
		return 0;
	return (uint64_t)kib << 10;
}

static struct xen_look count(const char *p, size_t len)
{
	struct xen_look l = { 0 };
	bool prefix = true;
	size_t i;

	for (i = 0; i < len; i++) {
		prefix &= is_text((uint8_t)p[i]);
		l.text += prefix;
		l.total += is_text((uint8_t)p[i]);
		l.lines += (!i || p[i - 1] == '\n') && len - i >= 6 &&
			   !memcmp(p + i, "(XEN) ", 6);
		if (said(p + i, len - i))
			l.allocated = said(p + i, len - i);
	}
	return l;
}

/* Pieces of which lines are made, whole, cut and with other bytes between them. */
static size_t make(char *out)
{
	static const char *const pieces[] = {
		"(XEN) ",
		"\n",
		"\r\n",
		"\n(XEN) ",
		"Allocated console ring of 32 KiB.",
		"Allocated console ring of 65536 KiB.",
		"Allocated console ring of 33 KiB",
		"Allocated console ring of 0 KiB",
		"Allocated console ring of 1234567 KiB",
		"Allocated console ring of  KiB",
		"Allocated console ",
		"a line of text",
		"\t\x1b[0m\b\a",
		"\x7f",
		"\x01",
		"\xc3\xa4\xff",
	};
	size_t len = 0, n;
	const char *p;

	while (len < SIZE && below(20)) {
		p = pieces[below(sizeof(pieces) / sizeof(pieces[0]))];
		n = strlen(p);
		if (!below(8))
			n = below((unsigned int)n + 1);
		if (!below(20))
			out[len++] = '\0';
		n = n < SIZE - len ? n : SIZE - len;
		memcpy(out + len, p, n);
		len += n;
	}
	return len;
}

static void test_look(void **state)
{
	unsigned int i, allocated = 0, lines = 0;
	struct xen_look want, got;
	char text[SIZE];
	uint8_t *exact;
	size_t len;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		len = make(text);
		/* a block of its exact size, so that reading past it is seen */
		exact = malloc(len ? len : 1);
		memcpy(exact, text, len);
		want = count(text, len);
		ml_xen_look(exact, len, &got);
		assert_int_equal(got.text, want.text);
		assert_int_equal(got.total, want.total);
		assert_int_equal(got.lines, want.lines);
		assert_int_equal(got.allocated, want.allocated);
		allocated += want.allocated != 0;
		lines += want.lines;
		free(exact);
	}
	assert_true(allocated > ROUNDS / 20 && lines > ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_look) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
