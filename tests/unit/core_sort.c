/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_sort.c - ml_sort() against qsort(), and tables in temporary files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/sort.h"
#include "image/bytes/bulk.h"
#include "image/image.h"

struct element {
	uint32_t before;
	uint64_t b, a;
	char after[5];
};

static int element_order(const void *p, const void *q)
{
	const struct element *x = p, *y = q;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

static uint64_t seed = 1;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Keys of all orders of magnitude, with many that are equal. */
static uint64_t some_key(void)
{
	return rnd() >> rnd() % 64;
}

static void model(void **state)
{
	enum { MOST = 5000 };
	static struct element t[MOST], want[MOST];
	size_t n, i, turn;

	(void)state;
	for (turn = 0; turn < 300; turn++) {
		n = rnd() % (turn % 10 ? 60 : MOST);
		memset(t, 0, sizeof(t));
		for (i = 0; i < n; i++) {
			t[i].a = turn % 3 ? some_key() : rnd() % 4;
			/* what is equal is the same: neither sort is stable */
			t[i].b = t[i].before = (uint32_t)some_key();
			memcpy(t[i].after, &t[i].a, 5);
		}
		memcpy(want, t, sizeof(t));
		qsort(want, n, sizeof(*want), element_order);
		if (turn % 4 == 1)
			memcpy(t, want, sizeof(t));
		if (turn % 4 == 2)
			for (i = 0; i < n; i++)
				t[i] = want[n - 1 - i];
		ml_sort(t, n, sizeof(*t), offsetof(struct element, a),
			offsetof(struct element, b));
		assert_memory_equal(t, want, sizeof(t));
	}
}

static size_t heap;

static void *counted(void *self, size_t size)
{
	(void)self;
	heap += size;
	return malloc(size);
}

static void released(void *self, void *p)
{
	(void)self;
	free(p);
}

/* A table that grows moves from memory to a file, and what is in it stays. */
static void grows(void **state)
{
	const struct memlog_allocator a = { .alloc = counted,
					    .release = released };
	uint64_t *table = NULL, i, n = 4 * ML_BULK_MEMORY / sizeof(*table);
	struct memlog_image *image;
	size_t cap = 0;

	(void)state;
	assert_int_equal(ml_image_create("m", NULL, &a, &image, NULL), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(ml_bulk_grow(image, &table, (size_t)i, &cap,
					      sizeof(*table), NULL),
				 0);
		assert_int_equal(table[i], 0);
		table[i] = i;
	}
	for (i = 0; i < n; i++)
		assert_int_equal(table[i], i);
	assert_in_range(heap, ML_BULK_MEMORY / 2, 2 * ML_BULK_MEMORY);
	ml_bulk_free(table);
	memlog_image_close(image);
}

/* Where there is no file for it, that is the error, and numbers do not wrap. */
static void fails(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	uint64_t *table;

	(void)state;
	assert_int_equal(ml_image_create("m", "/nowhere", NULL, &image, NULL),
			 0);
	assert_int_equal(ml_bulk_alloc(image, 100, 8, &table, &err), 0);
	ml_bulk_free(table);
	assert_int_equal(ml_bulk_alloc(image, ML_BULK_MEMORY, 8, &table, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "/nowhere"));
	assert_null(table);
	assert_int_equal(ml_bulk_alloc(image, SIZE_MAX / 4, 8, &table, &err),
			 MEMLOG_NO_MEMORY);
	assert_int_equal(ml_bulk_alloc(image, SIZE_MAX, 1, &table, &err),
			 MEMLOG_NO_MEMORY);
	ml_bulk_free(NULL);
	memlog_image_close(image);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),
		cmocka_unit_test(grows),
		cmocka_unit_test(fails),
	};

	return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}
