/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of cpio archives that come in pieces of any size: made archives pass, and a
 * name that is too long is refused with the last byte of its header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memlog.h"

#include "base/limits.h"
#include "image/ext/cpio.h"

#define FILES 6u

static uint8_t made[1u << 16];
static size_t made_n, headers[FILES + 1];

static void put(const char *name, size_t name_size, size_t size)
{
	char head[256];

	snprintf(
		head, sizeof(head),
		"07070%d%08X%08x%08x%08x%08x%08x%08zX%08x%08x%08x%08x%08zx%08x",
		1 + rand() % 2, rand(), 0100644, 0, 0, 1, rand(), size, 0, 0, 0,
		0, name_size, 0);
	memcpy(made + made_n, head, ML_CPIO_HEADER);
	made_n += ML_CPIO_HEADER;
	memcpy(made + made_n, name, strlen(name) + 1);
	made_n = (made_n + strlen(name) + 1 + 3) & ~(size_t)3;
	memset(made + made_n, '0', size);
	made_n = (made_n + size + 3) & ~(size_t)3;
}

/* An archive; the header number bad, at most FILES, asks for a name of bad_size. */
static void make(unsigned int bad, size_t bad_size)
{
	static const char *const names[] = { "x", "vmcore", "TRAILER!!?",
					     "a longer name, of a file",
					     "TRAILER!!!!" };
	const char *name;
	unsigned int i;

	memset(made, 0, sizeof(made));
	made_n = 0;
	for (i = 0; i <= FILES; i++) {
		name = i == FILES ? "TRAILER!!!" : names[rand() % 5];
		headers[i] = made_n;
		put(name, i == bad ? bad_size : strlen(name) + 1,
		    i == FILES ? 0 :
		    rand() % 3 ? (size_t)rand() % 5000 :
				 0);
	}
	/* whatever follows the trailer is not looked at */
	memset(made + made_n, 'x', 512);
	made_n += 512;
}

/* *ret: how many bytes were taken. */
static enum memlog_status check(size_t max, size_t *ret, struct memlog_err *err)
{
	struct ml_cpio c = { .at = 0 };
	enum memlog_status s = MEMLOG_OK;
	size_t n;

	for (*ret = 0; *ret < made_n && !s; *ret += n) {
		n = 1 + (size_t)rand() % max;
		n = n < made_n - *ret ? n : made_n - *ret;
		s = ml_cpio_check(&c, made + *ret, n, err);
	}
	return s;
}

static void test_valid(void **state)
{
	struct memlog_err err;
	size_t i, taken;

	(void)state;
	srand(1);
	for (i = 0; i < 500; i++) {
		make(FILES + 1, 0);
		assert_int_equal(check(i % 2 ? 300 : sizeof(made), &taken,
				       &err),
				 MEMLOG_OK);
	}
}

static void test_long_name(void **state)
{
	struct memlog_err err;
	unsigned int bad;
	size_t i, taken;
	char want[120];

	(void)state;
	srand(2);
	for (i = 0; i < 500; i++) {
		bad = (unsigned int)(i % (FILES + 1));
		make(bad, i % 2 ? ML_MAX_CPIO_NAME + 1 : 0xcccccccc);
		snprintf(
			want, sizeof(want),
			"a name of %u bytes in the cpio header at offset 0x%zx",
			i % 2 ? ML_MAX_CPIO_NAME + 1 : 0xcccccccc,
			headers[bad]);
		assert_int_equal(check(1, &taken, &err), MEMLOG_CORRUPT);
		assert_string_equal(err.text, want);
		assert_int_equal(taken, headers[bad] + ML_CPIO_HEADER);
		assert_int_equal(check(5000, &taken, &err), MEMLOG_CORRUPT);
		assert_string_equal(err.text, want);
	}
}

/* libarchive would look for the next header anywhere. */
static void test_no_header(void **state)
{
	struct memlog_err err;
	unsigned int bad;
	size_t i, taken;
	char want[60];

	(void)state;
	srand(3);
	for (i = 0; i < 500; i++) {
		bad = (unsigned int)(i % (FILES + 1));
		make(FILES + 1, 0);
		made[headers[bad] + (bad ? 0 : 6) +
		     (size_t)rand() % (ML_CPIO_HEADER - 6)] = 'g';
		snprintf(want, sizeof(want), "no cpio header at offset 0x%zx",
			 headers[bad]);
		assert_int_equal(check(1 + i, &taken, &err), MEMLOG_CORRUPT);
		assert_string_equal(err.text, want);
	}
}

/* Other archives are not looked at. */
static void test_other(void **state)
{
	struct ml_cpio c = { .at = 0 };

	(void)state;
	make(1, 0xcccccccc);
	made[5] = '7';
	assert_int_equal(ml_cpio_check(&c, made, made_n, NULL), MEMLOG_OK);
	assert_true(c.done);
}

/* What is skipped does not come, and some is read twice. */
static void test_seek(void **state)
{
	struct ml_cpio c = { .at = 0 };
	size_t at;

	(void)state;
	srand(4);
	make(3, 0xcccccccc);
	ml_cpio_seek(&c, made_n - 100);
	assert_int_equal(ml_cpio_check(&c, made + made_n - 100, 100, NULL),
			 MEMLOG_OK);
	ml_cpio_seek(&c, 0);
	assert_int_equal(ml_cpio_check(&c, made, headers[2] + 50, NULL),
			 MEMLOG_OK);
	ml_cpio_seek(&c, headers[2]);
	assert_int_equal(ml_cpio_check(&c, made + headers[2], ML_CPIO_HEADER,
				       NULL),
			 MEMLOG_OK);
	at = headers[3] - 1;
	ml_cpio_seek(&c, at);
	assert_int_equal(ml_cpio_check(&c, made + at, made_n - at, NULL),
			 MEMLOG_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_no_header),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_seek),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
