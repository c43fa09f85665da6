/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image_cloudhv.c - the state of a machine that Cloud Hypervisor saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/ext/cloudhv.h"
#include "image/ext/jsonslice.h"
#include "libconform.h"

#ifdef HAVE_JSON_C

/* state.json with that memory manager: JSON, in a string. */
static enum memlog_status parse(const char *manager, struct ml_cloudhv *ret,
				struct memlog_err *err)
{
	char *text, *to;
	enum memlog_status s;

	to = text = calloc(2, strlen(manager) + 512);
	assert_non_null(text);
	to += sprintf(to,
		      "{\"snapshots\":{\"memory-manager\":{\"snapshots\":{},"
		      "\"snapshot_data\":{\"state\":\"");
	for (; *manager; manager++) {
		if (*manager == '"')
			*to++ = '\\';
		*to++ = *manager;
	}
	strcpy(to, "\"}}}}");
	*err = (struct memlog_err){ .text = "" };
	s = ml_cloudhv_parse(ret, text, strlen(text), 0, NULL, err);
	free(text);
	return s;
}

/* It is refused, and err says so. */
static void refused(const char *manager, enum memlog_status want,
		    const char *words)
{
	struct memlog_err err;
	struct ml_cloudhv c;

	assert_int_equal(parse(manager, &c, &err), want);
	if (!strstr(err.text, words))
		fail_msg("%s", err.text);
	ml_cloudhv_fini(&c);
}

#define RANGES(list)	"{\"memory_ranges\":{\"data\":[" list "]}}"
#define RANGE(gpa, len) "{\"gpa\":" gpa ",\"length\":" len "}"

static void test_ranges(void **state)
{
	struct memlog_err err;
	struct ml_cloudhv c;

	(void)state;
	/* the order is that of the file */
	assert_int_equal(parse(RANGES(RANGE("4294967296", "4096") "," RANGE(
				       "0", "3221225472")),
			       &c, &err),
			 0);
	assert_int_equal(c.ranges.n, 2);
	assert_int_equal(c.ranges.m[0].addr, 1ull << 32);
	assert_int_equal(c.ranges.m[0].len, 4096);
	assert_int_equal(c.ranges.m[1].addr, 0);
	assert_int_equal(c.ranges.m[1].len, 3ull << 30);
	assert_int_equal(c.old.n + c.ram.n + c.cpus, 0);
	ml_cloudhv_fini(&c);
	/* up to the end of the address space */
	assert_int_equal(parse(RANGES(RANGE("18446744073709547520", "4095")),
			       &c, &err),
			 0);
	assert_int_equal(c.ranges.m[0].addr, 0xfffffffffffff000);
	ml_cloudhv_fini(&c);
	/* none is saved */
	assert_int_equal(parse(RANGES(""), &c, &err), 0);
	assert_int_equal(c.ranges.n, 0);
	ml_cloudhv_fini(&c);
}

static void test_old(void **state)
{
	struct memlog_err err;
	struct ml_cloudhv c;

	(void)state;
	assert_int_equal(
		parse("{\"memory_regions\":[{\"content\":\"memory-region-0\","
		      "\"start_addr\":0,\"size\":4096},{\"content\":null,"
		      "\"start_addr\":4096,\"size\":1},{\"backing_file\":\"x\","
		      "\"start_addr\":8192,\"size\":1}]}",
		      &c, &err),
		0);
	assert_int_equal(c.old.n, 3);
	assert_int_equal(c.old.m[0].file, 0);
	assert_int_equal(c.old.m[1].file, -1);
	assert_int_equal(c.old.m[2].file, 2);
	ml_cloudhv_fini(&c);
}

static void test_hostile_memory(void **state)
{
	(void)state;
	refused(RANGES(RANGE("0", "0")), MEMLOG_CORRUPT, "of 0x0 bytes at 0x0");
	refused(RANGES(RANGE("4096", "18446744073709551615")), MEMLOG_CORRUPT,
		"0xffffffffffffffff bytes at 0x1000");
	refused(RANGES(RANGE("1", "999999999999999999999999999")),
		MEMLOG_CORRUPT, "bytes at 0x1");
	refused(RANGES(RANGE("-1", "1")), MEMLOG_CORRUPT,
		"without an address or a size");
	refused(RANGES(RANGE("1.5", "1")), MEMLOG_CORRUPT,
		"without an address or a size");
	refused(RANGES(RANGE("1e3", "1")), MEMLOG_CORRUPT,
		"without an address or a size");
	refused(RANGES("{\"gpa\":1}"), MEMLOG_CORRUPT,
		"without an address or a size");
	refused(RANGES("1,[],null"), MEMLOG_CORRUPT,
		"without an address or a size");
	refused(RANGES(RANGE("0", "8192") "," RANGE("4096", "4096")),
		MEMLOG_CORRUPT, "two ranges of memory have 0x1000");
	refused(RANGES(RANGE("4096", "4096") "," RANGE("0", "4097")),
		MEMLOG_CORRUPT, "two ranges of memory have 0x1000");
	refused("{\"memory_ranges\":[]}", MEMLOG_UNSUPPORTED,
		"it has no memory_ranges");
	refused("{", MEMLOG_CORRUPT, "not JSON");
	refused("", MEMLOG_UNSUPPORTED, "unknown version");
	refused("x", MEMLOG_UNSUPPORTED, "unknown version");
}

/* Texts that are no snapshot. */
static void test_hostile_text(void **state)
{
	static const struct {
		const char *text;
		enum memlog_status want;
	} bad[] = {
		{ "", MEMLOG_CORRUPT },
		{ "null", MEMLOG_CORRUPT },
		{ "[]", MEMLOG_CORRUPT },
		{ "{}", MEMLOG_CORRUPT },
		{ "{\"snapshots\":1}", MEMLOG_CORRUPT },
		{ "{\"snapshots\":{\"memory-manager\":{}}}", MEMLOG_CORRUPT },
		{ "{\"snapshots\":{\"memory-manager\":{\"snapshot_data\":"
		  "{\"state\":7}}}}",
		  MEMLOG_CORRUPT },
		{ "{\"snapshots\":{\"memory-manager\":{\"snapshot_data\":"
		  "{\"state\":[1,2,\"x\",null,{}]}}}}",
		  MEMLOG_UNSUPPORTED },
		{ "{\"snapshots\":{\"memory-manager\":{\"snapshot_data\":"
		  "{\"state\":[255,255,255,255,255,255,255,255]}}}}",
		  MEMLOG_UNSUPPORTED },
	};
	struct memlog_err err;
	struct ml_cloudhv c;
	size_t i;
	char *deep = calloc(1000, 1);

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(ml_cloudhv_parse(&c, bad[i].text,
						  strlen(bad[i].text), 0, NULL,
						  &err),
				 bad[i].want);
		ml_cloudhv_fini(&c);
	}
	/* nested */
	memset(deep, '[', 1000);
	assert_int_equal(ml_cloudhv_parse(&c, deep, 1000, 0, NULL, &err),
			 MEMLOG_CORRUPT);
	ml_cloudhv_fini(&c);
	assert_int_equal(ml_cloudhv_parse(&c, deep, ML_CLOUDHV_STATE + 1ul, 0,
					  NULL, &err),
			 MEMLOG_LIMIT);
	ml_cloudhv_fini(&c);
	free(deep);
}

/* Text to which values are added; the caller frees p. */
struct text {
	char *p;
	size_t len;
};

static void add(struct text *t, const char *s)
{
	t->p = realloc(t->p, t->len + strlen(s) + 1);
	assert_non_null(t->p);
	strcpy(t->p + t->len, s);
	t->len += strlen(s);
}

/* n values, which are commas but for the last. */
static void add_values(struct text *t, size_t n)
{
	t->p = realloc(t->p, t->len + 2 * n + 1);
	assert_non_null(t->p);
	for (; n; n--) {
		t->p[t->len++] = '7';
		if (n > 1)
			t->p[t->len++] = ',';
	}
	t->p[t->len] = 0;
}

/* Only the part that is needed takes memory: many CPUs, whose state is a list of bytes, do
 * not. */
static void test_many_values(void **state)
{
	static const char manager[] =
		"\"memory-manager\":{\"snapshot_data\":{\"state\":"
		"\"{\\\"memory_ranges\\\":{\\\"data\\\":[{\\\"gpa\\\":4096,"
		"\\\"length\\\":8192}]}}\"}}";
	struct text t = { NULL, 0 };
	struct conform_memory mem;
	struct memlog_err err;
	struct ml_cloudhv c;
	char name[64];
	int i;

	(void)state;
	add(&t, " {\"x\": \"}\\\"{\", \"snapshots\" : {\"cpu-manager\":{"
		"\"snapshots\":{");
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name),
			 "%s\"%d\":{\"snapshot_data\":{\"state\":[",
			 i ? "," : "", i);
		add(&t, name);
		/* {"sregs":1} */
		add(&t, "123,34,115,114,101,103,115,34,58,49,125,");
		add_values(&t, 20000);
		add(&t, "]}}");
	}
	add(&t, "}},");
	add(&t, manager);
	add(&t, "}}\n");
	conform_memory_init(&mem);
	assert_int_equal(
		ml_cloudhv_parse(&c, t.p, t.len, 8192, &mem.alloc, &err), 0);
	assert_int_equal(c.cpus, 200);
	assert_string_equal(c.machine, "x86_64");
	assert_int_equal(c.ranges.n, 1);
	assert_int_equal(c.ranges.m[0].addr, 4096);
	ml_cloudhv_fini(&c);
	assert_true(mem.most < 1 << 20 && !mem.now);
	/* cut off anywhere */
	for (i = 2; i < 400; i++) {
		assert_int_equal(ml_cloudhv_parse(&c, t.p, t.len - (size_t)i,
						  8192, NULL, &err),
				 MEMLOG_CORRUPT);
		ml_cloudhv_fini(&c);
	}
	free(t.p);
}

/* The state of a memory manager is n times more, between two texts. */
static enum memlog_status many(const char *before, const char *more, size_t n,
			       const char *after)
{
	struct text t = { NULL, 0 };
	struct conform_memory mem;
	enum memlog_status s;
	struct memlog_err err;
	struct ml_cloudhv c;
	size_t len = strlen(more);

	add(&t, "{\"snapshots\":{\"memory-manager\":{\"snapshot_data\":{"
		"\"state\":");
	add(&t, before);
	t.p = realloc(t.p, t.len + n * len + 1);
	assert_non_null(t.p);
	for (; n; n--, t.len += len)
		memcpy(t.p + t.len, more, len + 1);
	add(&t, after);
	add(&t, "}}}}");
	conform_memory_init(&mem);
	s = ml_cloudhv_parse(&c, t.p, t.len, 0, &mem.alloc, &err);
	ml_cloudhv_fini(&c);
	assert_true(mem.most < 4 << 20 && !mem.now);
	free(t.p);
	return s;
}

/* The part that is needed takes no more memory or time than a machine could need. */
static void test_large_part(void **state)
{
	static const char list[] = "\"{\\\"memory_ranges\\\":{\\\"data\\\":[";
	static const char range[] = "{\\\"gpa\\\":4096,\\\"length\\\":1},";

	(void)state;
	/* bytes, objects of nothing, a long text */
	assert_int_equal(many("[", "7,", ML_CLOUDHV_VALUES - 10, "7]"),
			 MEMLOG_UNSUPPORTED);
	assert_int_equal(many("[", "7,", ML_CLOUDHV_VALUES, "7]"),
			 MEMLOG_LIMIT);
	assert_int_equal(many("{\"x\":[", "{},", ML_CLOUDHV_VALUES / 4, "7]}"),
			 MEMLOG_LIMIT);
	assert_int_equal(many("\"", "x", ML_CLOUDHV_PART - 100, "\""),
			 MEMLOG_UNSUPPORTED);
	assert_int_equal(many("\"", "x", ML_CLOUDHV_PART, "\""), MEMLOG_LIMIT);
	/* memory in many places; all of it is the same */
	assert_int_equal(many(list, range, ML_CLOUDHV_PLACES - 1,
			      "{\\\"gpa\\\":4096,\\\"length\\\":1}]}}\""),
			 MEMLOG_CORRUPT);
	assert_int_equal(many(list, range, ML_CLOUDHV_PLACES,
			      "{\\\"gpa\\\":4096,\\\"length\\\":1}]}}\""),
			 MEMLOG_LIMIT);
	/* 32512 of them in what is binary */
	assert_int_equal(many("\"\\u0000\\u007f\\u0000\\u0000\\u0000\\u0000"
			      "\\u0000\\u0000",
			      "abcdefghabcdefgh", 32512, "\""),
			 MEMLOG_LIMIT);
}

/* Keys, white space and scalars around what is looked for. */
static void test_slices(void **state)
{
	static const char text[] =
		" { \"a\" : 1 ,\t\"b\":\"x\\\\\",\"c\\\"\":[{},\"]\"],"
		"\"d\":{\"e\":-1.5e3},\n\"f\":null } tail";
	static const char *const want[][2] = {
		{ "a", "1" },
		{ "b", "\"x\\\\\"" },
		{ "c\\\"", "[{},\"]\"]" },
		{ "d", "{\"e\":-1.5e3}" },
		{ "f", "null" },
	};
	struct ml_json_slice all = ml_json_slice(text, strlen(text)), key, v;
	size_t at = 0, i, len;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_true(ml_json_slice_next(all, &at, &key, &v));
		assert_int_equal(key.len, strlen(want[i][0]));
		assert_memory_equal(key.text, want[i][0], key.len);
		assert_int_equal(v.len, strlen(want[i][1]));
		assert_memory_equal(v.text, want[i][1], v.len);
	}
	assert_false(ml_json_slice_next(all, &at, &key, &v));
	v = ml_json_slice_at(ml_json_slice_at(all, "d"), "e");
	assert_int_equal(v.len, 6);
	assert_int_equal(ml_json_slice_at(all, "e").len, 0);
	assert_int_equal(ml_json_slice_at(v, "e").len, 0);
	/* cut off */
	for (len = 0; len < strlen(text) - 5; len++)
		assert_int_equal(ml_json_slice(text, len).len, 0);
	assert_int_equal(ml_json_slice("\"\\", 2).len, 0);
	assert_int_equal(ml_json_slice("}", 1).len, 0);
	assert_int_equal(ml_json_slice(",", 1).len, 0);
}

/* A binary state has to fit the file. */
static void test_binary(void **state)
{
	static const char text[] =
		"{\"snapshots\":{\"memory-manager\":{\"snapshot_data\":{"
		"\"state\":[1,0,0,0,0,0,0,0,0,0,0,64,0,0,0,0,0,16,0,0,0,0,0,0,"
		"9]}}}}";
	struct memlog_err err;
	struct ml_cloudhv c;

	(void)state;
	assert_int_equal(
		ml_cloudhv_parse(&c, text, strlen(text), 4096, NULL, &err), 0);
	assert_int_equal(c.ranges.n, 1);
	assert_int_equal(c.ranges.m[0].addr, 1 << 30);
	assert_int_equal(c.ranges.m[0].len, 4096);
	ml_cloudhv_fini(&c);
	assert_int_equal(ml_cloudhv_parse(&c, text, strlen(text), 8192, NULL,
					  &err),
			 MEMLOG_UNSUPPORTED);
	ml_cloudhv_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_hostile_memory),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_many_values),
		cmocka_unit_test(test_large_part),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_binary),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	puts("1..0 # SKIP built without json-c");
	return 0;
}

#endif
