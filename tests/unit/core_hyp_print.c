/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats for printf: of events, and of strings that a hypervisor prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/hyp/hyp.h"

static char text[512];

static const char *printed(const char *format, const uint64_t *arg, size_t n)
{
	text[ml_hyp_printf(format, arg, n, text, sizeof(text) - 1)] = 0;
	return text;
}

/* As the C library prints it: the argument has 64 bits, of which a conversion
 * takes as many as it is for. */
#define LIKE_LIBC(format, type, v)                                           \
	do {                                                                 \
		uint64_t arg = (uint64_t)(v);                                \
		char want[512];                                              \
		snprintf(want, sizeof(want), "<" format ">", (type)(v));     \
		assert_string_equal(printed("<" format ">", &arg, 1), want); \
	} while (0)

#define LIKE_LIBC_SIGNED(flags)                                   \
	do {                                                      \
		LIKE_LIBC("%" flags "d", int, 171);               \
		LIKE_LIBC("%" flags "d", int, -171);              \
		LIKE_LIBC("%" flags "i", int, 0);                 \
		LIKE_LIBC("%" flags "ld", long, -171L);           \
		LIKE_LIBC("%" flags "lld", long long, INT64_MIN); \
	} while (0)

#define LIKE_LIBC_UNSIGNED(flags, kind)                                       \
	do {                                                                  \
		LIKE_LIBC("%" flags kind, unsigned int, 171u);                \
		LIKE_LIBC("%" flags kind, unsigned int, UINT64_MAX - 5);      \
		LIKE_LIBC("%" flags "l" kind, unsigned long, UINT64_MAX - 5); \
		LIKE_LIBC("%" flags "ll" kind, unsigned long long,            \
			  UINT64_C(1) << 63);                                 \
		LIKE_LIBC("%" flags "z" kind, size_t, 171u);                  \
	} while (0)

static void test_libc(void **state)
{
	LIKE_LIBC_SIGNED("");
	LIKE_LIBC_SIGNED("8");
	LIKE_LIBC_SIGNED("-8");
	LIKE_LIBC_SIGNED("08");
	LIKE_LIBC_SIGNED("+");
	LIKE_LIBC_SIGNED(" ");
	LIKE_LIBC_SIGNED("+08");
	LIKE_LIBC_SIGNED("-+8");
	LIKE_LIBC_SIGNED(".3");
	LIKE_LIBC_SIGNED(".5");
	LIKE_LIBC_SIGNED("9.5");
	LIKE_LIBC_SIGNED("-9.5");
	LIKE_LIBC_SIGNED("100");
	LIKE_LIBC_UNSIGNED("", "u");
	LIKE_LIBC_UNSIGNED("-10", "u");
	LIKE_LIBC_UNSIGNED("012", "u");
	LIKE_LIBC_UNSIGNED("", "x");
	LIKE_LIBC_UNSIGNED("#", "x");
	LIKE_LIBC_UNSIGNED("#010", "x");
	LIKE_LIBC_UNSIGNED("#20", "x");
	LIKE_LIBC_UNSIGNED("-#20", "x");
	LIKE_LIBC_UNSIGNED("#.6", "x");
	LIKE_LIBC_UNSIGNED("016", "X");
	LIKE_LIBC_UNSIGNED("#", "X");
	LIKE_LIBC_UNSIGNED("", "o");
	LIKE_LIBC_UNSIGNED("#", "o");
	LIKE_LIBC_UNSIGNED("#12", "o");
	LIKE_LIBC_UNSIGNED(".9", "o");
	LIKE_LIBC("%hx", unsigned short, 0xfff1);
	LIKE_LIBC("%hhx", unsigned char, 0xf1);
	LIKE_LIBC("%hd", short, -5);
	LIKE_LIBC("%hhd", signed char, -5);
	LIKE_LIBC("%c", int, 'A');
	LIKE_LIBC("%4c", int, 'A');
	LIKE_LIBC("%-4c", int, 'A');
}

/* An argument may have bits that the conversion does not take. */
static void test_rest(void **state)
{
	static const struct {
		const char *format;
		uint64_t arg[3];
		const char *want;
	} rows[] = {
		{ "%hhx", { 0xfff1 }, "f1" },
		{ "%hx", { 0x1fff1 }, "fff1" },
		{ "%hhd", { 0x1ff }, "-1" },
		{ "%d", { 0xffffffff00000005 }, "5" },
		{ "%*d|", { 5, 171 }, "  171|" },
		{ "%*d|", { 0xfffffffb, 171 }, "171  |" },
		{ "%*.*x|", { 8, 4, 0xab }, "    00ab|" },
		{ "%.*d|", { UINT64_MAX, 7 }, "7|" },
		{ "%-08d|", { 171 }, "171     |" },
		{ "%5%|%d", { 3 }, "%|3" },
		/* not as the C library: the kernel's own printf, of which
		 * the first four are in the kernel's tests, too */
		{ "%.0d", { 0 }, "0" },
		{ "%1.0d", { 0 }, "0" },
		{ "%.2d", { 0 }, "00" },
		{ "%#ho", { UINT64_C(0) - 11627 }, "0151225" },
		{ "%#x", { 0 }, "0x0" },
		{ "%#X", { 0 }, "0X0" },
		{ "%#o", { 0 }, "0" },
		{ "%#6x|", { 0 }, "   0x0|" },
		{ "%#06x", { 0 }, "0x0000" },
		{ "%-#6x|", { 0 }, "0x0   |" },
		{ "%#.4x", { 0 }, "0x0000" },
		{ "%08.3d", { 5 }, "00000005" },
		/* an address; what kind of pointer does not matter */
		{ "%p %s", { 0x1000, 0x2000 }, "0x1000 0x2000" },
		{ "%pS+%px", { 0x1000, 0x2000 }, "0x1000+0x2000" },
		/* no conversion takes a value */
		{ "%5k %d", { 3 }, "%5k 3" },
		{ "%d %-5", { 3 }, "3 %-5" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(printed(rows[i].format, rows[i].arg, 3),
				    rows[i].want);
	assert_string_equal(printed("%d %*d", rows[4].arg, 1), "5 ?");
}

/* However wide, it ends with the room for it. */
static void test_room(void **state)
{
	static const uint64_t arg[] = { INT32_MAX, INT32_MAX, 1 };
	char b[20] = { 0 };

	assert_int_equal(strlen(printed("%99999999999d", arg, 1)),
			 ML_HYP_WIDTH);
	assert_int_equal(strlen(printed("%*.*d", arg, 3)), ML_HYP_WIDTH);
	assert_int_equal(ml_hyp_printf("%*.*d", arg, 3, b, 16), 16);
	assert_int_equal(b[16], 0);
}

/* The same of an event, whose arguments are fields. */
static void test_event(void **state)
{
	static const char reasons[][HYP_REASON + 1] = { "smc", "unknown" };
	static const uint8_t payload[] = { 1, 0, 0xff, 9, 5, 0 };
	struct hyp_type type = {
		.n_fields = 3,
		.field = { { .name = "reason", .off = 2, .size = 1 },
			   { .name = "n", .off = 3, .size = 1 },
			   { .name = "w", .off = 4, .size = 2 } },
	};

	strcpy(type.format, "<%-9s> <%.3s> <%*d> %#06x\", REC->reason, "
			    "REC->reason, REC->w, REC->n, (u32)(REC->w)");
	ml_hyp_mark_hex(&type);
	text[ml_hyp_print(&type, payload, sizeof(payload), reasons, 2, text,
			  sizeof(text) - 1)] = 0;
	assert_string_equal(text, "<unknown  > <unk> <    9> 0x0005");
	assert_false(type.field[1].is_hex);
	assert_true(type.field[2].is_hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libc),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_event),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
