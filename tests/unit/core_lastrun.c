/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "image/bytes/lastrun.h"

#define PAGES 300u

struct memory {
	bool there[PAGES];
	unsigned int looks; /* at a page */
};

static enum memlog_status find(void *self, uint64_t page, uint64_t end,
			       bool want, uint64_t *ret, struct memlog_err *err)
{
	struct memory *m = self;

	(void)err;
	assert_true(end <= PAGES);
	for (; page < end; page++) {
		m->looks++;
		if (m->there[page] == want)
			break;
	}
	*ret = page;
	return MEMLOG_OK;
}

/* Is the answer what the pages say? */
static void check(struct memory *m, struct ml_lastrun *l, uint64_t page)
{
	unsigned int looks = m->looks;
	uint64_t start, end;
	enum memlog_status s;

	find(m, page, PAGES, true, &start, NULL);
	find(m, start, PAGES, false, &end, NULL);
	m->looks = looks;
	s = ml_lastrun_next(l, page, PAGES, find, m, NULL);
	assert_int_equal(s, start < PAGES ? MEMLOG_OK : MEMLOG_NO_DATA);
	if (s)
		return;
	assert_true(l->start <= start || l->start == start);
	assert_true(l->end == end);
	assert_true(start == (page > l->start ? page : l->start));
}

static void test_any(void **state)
{
	struct memory m = { .looks = 0 };
	struct ml_lastrun l;
	unsigned int round, i, p;

	(void)state;
	srand(1);
	for (round = 0; round < 300; round++) {
		l = (struct ml_lastrun){ 0, 0, 0 };
		for (i = p = 0; i < PAGES; i++) {
			if (rand() % (1 + round % 40) == 0)
				p ^= 1;
			m.there[i] = p;
		}
		for (i = 0; i < 300; i++)
			check(&m, &l, (uint64_t)rand() % PAGES);
	}
}

/* Up and down through a hole and a run, or to and fro in them: each page is looked at
 * once. */
static void test_cost(void **state)
{
	struct memory m = { .looks = 0 };
	struct ml_lastrun l = { 0, 0, 0 };
	unsigned int i;

	(void)state;
	for (i = PAGES / 2; i < PAGES; i++)
		m.there[i] = true;
	for (i = PAGES; i-- > 0;)
		check(&m, &l, i);
	for (i = 0; i < PAGES; i++)
		check(&m, &l, i * 7 % PAGES);
	assert_in_range(m.looks, PAGES, 3 * PAGES);
	m.looks = 0;
	l = (struct ml_lastrun){ 0, 0, 0 };
	for (i = 0; i < PAGES; i++)
		check(&m, &l, i);
	assert_in_range(m.looks, PAGES, PAGES + 2);
	/* nothing but a hole */
	for (i = 0; i < PAGES; i++)
		m.there[i] = false;
	m.looks = 0;
	l = (struct ml_lastrun){ 0, 0, 0 };
	for (i = PAGES; i-- > 0;)
		check(&m, &l, i);
	assert_in_range(m.looks, PAGES, PAGES + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
