/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbols.c - symbols of an ELF file: this program's own, whose compiler knows
 * the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "memlog.h"

enum symbols_enum { SYMBOLS_ONE = 1, SYMBOLS_MINUS = -5 };

struct symbols_struct {
	char a;
	uint64_t b;
	union {
		uint32_t c;
		struct {
			uint16_t x, d;
		};
	};
	enum symbols_enum e;
};
typedef struct {
	char z[7];
	int last;
} symbols_typedef;

struct symbols_struct symbols_variable_one;
symbols_typedef symbols_variable_two;
const char symbols_text[] = "constant text";
char symbols_zeros[64];

static void test_symbols(void **state)
{
	struct memlog_symbols *s;
	struct memlog_err err;
	uint64_t one, two, v;
	const char *name;

	if (memlog_symbols_open("/proc/self/exe", NULL, &s, &err))
		fail_msg("%s", err.text);
	assert_int_equal(s->addr(s->self, "symbols_variable_one", &one), 0);
	assert_int_equal(s->addr(s->self, "symbols_variable_two", &two), 0);
	assert_true(two - one == (uintptr_t)&symbols_variable_two -
					 (uintptr_t)&symbols_variable_one);
	assert_int_equal(s->name(s->self, one + 3, &name, &v), 0);
	assert_string_equal(name, "symbols_variable_one");
	assert_int_equal(v, 3);
	assert_int_equal(s->name(s->self, 0, &name, &v), MEMLOG_NO_DATA);
	assert_int_equal(s->addr(s->self, "no_such_symbol", &v),
			 MEMLOG_NO_DATA);
	assert_int_equal(s->type_size(s->self, "symbols_struct", &v), 0);
	assert_int_equal(v, sizeof(struct symbols_struct));
	assert_int_equal(s->type_size(s->self, "symbols_typedef", &v), 0);
	assert_int_equal(v, sizeof(symbols_typedef));
	assert_int_equal(s->member_offset(s->self, "symbols_struct", "e", &v),
			 0);
	assert_int_equal(v, offsetof(struct symbols_struct, e));
	assert_int_equal(s->member_offset(s->self, "symbols_struct", "d", &v),
			 0);
	assert_int_equal(v, offsetof(struct symbols_struct, d));
	assert_int_equal(
		s->member_offset(s->self, "symbols_typedef", "last", &v), 0);
	assert_int_equal(v, offsetof(symbols_typedef, last));
	assert_int_equal(s->member_offset(s->self, "symbols_struct", "q", &v),
			 MEMLOG_NO_DATA);
	assert_int_equal(s->member_offset(s->self, "no_such", "q", &v),
			 MEMLOG_NO_DATA);
	assert_int_equal(s->enum_name(s->self, "symbols_enum", -5, &name), 0);
	assert_string_equal(name, "SYMBOLS_MINUS");
	assert_int_equal(s->enum_name(s->self, "symbols_enum", 2, &name),
			 MEMLOG_NO_DATA);
	symbols_variable_one.e = SYMBOLS_ONE;
	symbols_zeros[0] = symbols_text[0];
	memlog_symbols_close(s);
	memlog_symbols_close(NULL);
}

/* What the file has for an address. */
static void test_contents(void **state)
{
	struct memlog_symbols *s;
	struct memlog_err err;
	char got[64];
	uint64_t va;

	(void)state;
	if (memlog_symbols_open("/proc/self/exe", NULL, &s, &err))
		fail_msg("%s", err.text);
	assert_string_equal(s->file, "/proc/self/exe");
	assert_int_equal(s->addr(s->self, "symbols_text", &va), 0);
	assert_int_equal(s->read(s->self, va, got, sizeof(symbols_text)), 0);
	assert_string_equal(got, symbols_text);
	assert_int_equal(s->read(s->self, va + 9, got, 5), 0);
	assert_string_equal(got, "text");
	/* past its section, nowhere, and where the file has no bytes */
	assert_int_equal(s->read(s->self, va, got, SIZE_MAX), MEMLOG_NO_DATA);
	assert_int_equal(s->read(s->self, UINT64_MAX, got, 1), MEMLOG_NO_DATA);
	assert_int_equal(s->addr(s->self, "symbols_zeros", &va), 0);
	assert_int_equal(s->read(s->self, va, got, 1), MEMLOG_NO_DATA);
	memlog_symbols_close(s);
}

static void test_refused(void **state)
{
	char path[] = "/tmp/symbols.XXXXXX";
	int fd = mkstemp(path);
	struct memlog_symbols *s;
	struct memlog_err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(memlog_symbols_open(path, NULL, &s, &err),
			 MEMLOG_NOT_MINE);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(memlog_symbols_open("/nowhere/x", NULL, &s, &err),
			 MEMLOG_IO);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
