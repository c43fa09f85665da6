/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_ftrace_btf.c - members of structs out of BTF, sound and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "format/ftrace/btf.h"
#include "libbtf.h"
#include "libmem.h"

static const struct btf_member members[] = {
	{ "first", "a", 0 },	    { "first", "b", 12 },
	{ "second", "a", 4 },	    { "second", ".inner", 24 },
	{ "second", ".other", 40 }, { "second", "last", 60000 },
};

#define N (sizeof(members) / sizeof(*members))

static struct memlog_symbols *open_bytes(const uint8_t *bytes, size_t len)
{
	struct memlog_allocator a = ml_allocator(NULL);
	uint8_t *copy = malloc(len + 1);
	struct memlog_symbols *s;
	bool starved = false;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	s = ml_ftrace_btf_open(&a, copy, len, &starved);
	assert_false(starved);
	return s;
}

static uint64_t offset(const struct memlog_symbols *s, const char *type,
		       const char *member)
{
	uint64_t v;

	return s->member_offset(s->self, type, member, &v) ? UINT64_MAX : v;
}

static void test_members(void **state)
{
	struct btf_text t;
	struct memlog_symbols *s;
	uint64_t size;
	size_t i;
	int layout;

	(void)state;
	for (layout = 0; layout < 2; layout++) {
		btf_make(&t, members, N, layout);
		s = open_bytes(t.bytes, t.len);
		assert_non_null(s);
		for (i = 0; i < N; i++)
			assert_int_equal(
				offset(s, members[i].type,
				       members[i].member +
					       (members[i].member[0] == '.')),
				members[i].off);
		assert_int_equal(offset(s, "second", "same_place"), 24);
		assert_int_equal(offset(s, "first", "inner"), UINT64_MAX);
		assert_int_equal(offset(s, "third", "a"), UINT64_MAX);
		assert_int_equal(offset(s, "", "inner"), 8);
		assert_int_equal(offset(s, "first", ""), UINT64_MAX);
		assert_int_equal(s->type_size(s->self, "first", &size), 0);
		assert_int_equal(size, 20);
		assert_int_not_equal(s->type_size(s->self, "int", &size), 0);
		ml_ftrace_btf_close(s);
	}
}

/* An offset has 24 bits where the struct has bit fields. */
static void test_bit_fields(void **state)
{
	struct btf_text t;
	struct memlog_symbols *s;
	uint8_t *p;
	size_t i;

	(void)state;
	btf_make(&t, members, 2, false);
	/* the struct with two members */
	for (i = t.types; i < t.strings; i += 4)
		if (t.bytes[i + 7] == 4 && t.bytes[i + 4] == 2)
			break;
	assert_true(i < t.strings);
	p = t.bytes + i;
	p[7] |= 0x80;
	p[12 + 12 + 11] = 5; /* bits of the second member */
	s = open_bytes(t.bytes, t.len);
	assert_int_equal(offset(s, "first", "b"), 12);
	ml_ftrace_btf_close(s);
	p[7] &= 0x7f;
	s = open_bytes(t.bytes, t.len);
	assert_int_not_equal(offset(s, "first", "b"), 12);
	ml_ftrace_btf_close(s);
}

/* What is not BTF. */
static void test_headers(void **state)
{
	static const struct {
		uint32_t off, v;
	} bad[] = {
		{ 0, 0x0001eb9e },  { 0, 0x0002eb9f },	{ 4, 23 },
		{ 4, UINT32_MAX },  { 8, UINT32_MAX },	{ 12, UINT32_MAX },
		{ 16, UINT32_MAX }, { 20, UINT32_MAX }, { 20, 0 },
		{ 12, 0 },	    { 12, 11 },
	};
	struct btf_text t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		btf_make(&t, members, N, false);
		put32(t.bytes + bad[i].off, bad[i].v);
		assert_null(open_bytes(t.bytes, t.len));
	}
	btf_make(&t, members, N, false);
	for (i = 0; i < t.len; i++)
		assert_null(open_bytes(t.bytes, i));
	/* strings that do not end */
	t.bytes[t.len - 1] = 'x';
	assert_null(open_bytes(t.bytes, t.len));
}

/* After a type of an unknown kind no more is known, before it all is. */
static void test_unknown_kind(void **state)
{
	struct btf_text t;
	struct memlog_symbols *s;
	size_t i;

	(void)state;
	btf_make(&t, members, N, true);
	/* the table ends before the new kinds */
	put32(t.bytes + 28, 4 * 20);
	s = open_bytes(t.bytes, t.len);
	assert_non_null(s);
	assert_int_equal(offset(s, "first", "a"), UINT64_MAX);
	ml_ftrace_btf_close(s);
	btf_make(&t, members, N, false);
	for (i = t.types; i < t.strings; i += 4)
		if (t.bytes[i + 7] == 4 && t.bytes[i + 4] == 4)
			break;
	t.bytes[i + 7] = 77;
	s = open_bytes(t.bytes, t.len);
	assert_int_equal(offset(s, "first", "b"), 12);
	assert_int_equal(offset(s, "second", "a"), UINT64_MAX);
	ml_ftrace_btf_close(s);
}

/* Whatever a byte is, it is read within bounds. */
static void test_bytes(void **state)
{
	static const uint8_t values[] = { 0, 1, 4, 5, 0x7f, 0x80, 0x84, 0xff };
	struct btf_text t;
	struct memlog_symbols *s;
	size_t i, k;
	uint8_t old;

	(void)state;
	btf_make(&t, members, N, true);
	for (i = 0; i < t.len; i++) {
		old = t.bytes[i];
		for (k = 0; k < sizeof(values); k++) {
			t.bytes[i] = values[k];
			s = open_bytes(t.bytes, t.len);
			if (s) {
				offset(s, "second", "last");
				offset(s, "second", "none");
			}
			ml_ftrace_btf_close(s);
		}
		t.bytes[i] = old;
	}
}

/* Structs without a name in each other, many in each: the search ends. */
static void test_nested(void **state)
{
	enum { MANY = 64, TYPES = 10, SIZE = 12 + 12 * MANY };
	size_t len = 24 + TYPES * SIZE + 8, i, k;
	uint8_t *b = calloc(1, len), *p;
	struct memlog_symbols *s;

	(void)state;
	assert_non_null(b);
	put16(b, 0xeb9f);
	b[2] = 1;
	put32(b + 4, 24);
	put32(b + 12, TYPES * SIZE);
	put32(b + 16, TYPES * SIZE);
	put32(b + 20, 8);
	strcpy((char *)b + 24 + TYPES * SIZE + 1, "deep");
	for (i = 0; i < TYPES; i++) {
		p = b + 24 + i * SIZE;
		put32(p, i ? 0 : 1);
		put32(p + 4, 4u << 24 | MANY);
		for (k = 0; k < MANY; k++)
			put32(p + 12 + 12 * k + 4,
			      (uint32_t)(i + 1 < TYPES ? i + 2 : 1));
	}
	s = open_bytes(b, len);
	assert_non_null(s);
	assert_int_equal(offset(s, "deep", "none"), UINT64_MAX);
	ml_ftrace_btf_close(s);
	free(b);
}

/* No more types than a kernel can have are looked at. */
static void test_most(void **state)
{
	static const char names[] = "\0named\0member";
	size_t types = (size_t)12 * ML_BTF_TYPES + 12,
	       len = 24 + types + 12 + sizeof(names), i, at;
	uint8_t *b = calloc(len, 1);
	struct memlog_symbols *s;
	uint32_t before;

	(void)state;
	assert_non_null(b);
	for (before = ML_BTF_TYPES - 1; before <= ML_BTF_TYPES; before++) {
		memset(b, 0, len);
		put32(b, 0x1eb9f); /* and version 1 */
		put32(b + 4, 24);
		put32(b + 12, (uint32_t)(12 * before + 24));
		put32(b + 16, (uint32_t)(12 * before + 24));
		put32(b + 20, sizeof(names));
		/* pointers, then a struct */
		for (i = 0; i < before; i++)
			put32(b + 24 + 12 * i + 4, 2u << 24);
		at = 24 + 12 * (size_t)before;
		put32(b + at, 1);
		put32(b + at + 4, 4u << 24 | 1);
		put32(b + at + 8, 8);
		put32(b + at + 12, 7);
		put32(b + at + 16, 1);
		put32(b + at + 20, 32);
		memcpy(b + at + 24, names, sizeof(names));
		s = open_bytes(b, len);
		assert_non_null(s);
		assert_int_equal(offset(s, "named", "member"),
				 before < ML_BTF_TYPES ? 4 : UINT64_MAX);
		ml_ftrace_btf_close(s);
	}
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_bit_fields),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_unknown_kind),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_most),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
