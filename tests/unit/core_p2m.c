/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_p2m.c - pseudo-physical over machine memory, held against a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libconform.h"
#include "libmem.h"
#include "space/p2m.h"

#define PAGE  4096u
#define PAGES 1024u /* of machine memory, from address 0 on */

/* Of a large tree it would take as much memory as the tree. */
void qsort(void *table, size_t n, size_t size,
	   int (*order)(const void *a, const void *b))
{
	(void)table;
	(void)n;
	(void)size;
	(void)order;
	fail_msg("qsort() allocates");
}

/* A machine, and the tree that a model of the domain builds in it. */
struct world {
	struct mem mem;
	uint8_t *m;
	bool wide;
	unsigned int n; /* entries of a page */
	uint64_t next;	/* frame that is free */
	struct ml_p2m *p2m;
};

static int setup_n(void **state, bool wide)
{
	struct world *w = calloc(1, sizeof(*w));

	w->m = mem_add(&w->mem, 0, PAGES * PAGE);
	w->wide = wide;
	w->n = wide ? 512 : 1024;
	w->next = 16;
	*state = w;
	return 0;
}

static int setup64(void **state)
{
	return setup_n(state, true);
}
static int setup32(void **state)
{
	return setup_n(state, false);
}

static int teardown(void **state)
{
	struct world *w = *state;

	ml_p2m_close(w->p2m);
	mem_free(&w->mem);
	free(w);
	return 0;
}

static void set(struct world *w, uint64_t frame, unsigned int i, uint64_t v)
{
	if (w->wide)
		put64(w->m + frame * PAGE + 8 * i, v);
	else
		put32(w->m + frame * PAGE + 4 * i, (uint32_t)v);
}

/* A page of the tree with every entry v. */
static uint64_t page(struct world *w, uint64_t v)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		set(w, w->next, i, v);
	return w->next++;
}

static enum memlog_status open_root(struct world *w, uint64_t root,
				    struct memlog_err *err)
{
	struct ml_p2m_opts o = {
		.mach = &mem_ops,
		.mach_self = &w->mem,
		.kind = w->wide ? ML_P2M_LIST64 : ML_P2M_LIST32,
		.root = root,
	};

	return ml_p2m_open(&o, &w->p2m, err);
}

static uint64_t mach_of(struct world *w, uint64_t phys)
{
	uint64_t mach = 0;

	return ml_p2m_mach(w->p2m, phys, &mach) ? UINT64_MAX : mach;
}

static uint64_t phys_of(struct world *w, uint64_t mach)
{
	uint64_t phys = 0;

	return ml_p2m_phys(w->p2m, mach, &phys) ? UINT64_MAX : phys;
}

/* Three levels, holes in each, entries of every kind. */
static void test_tree(void **state)
{
	struct world *w = *state;
	uint64_t inv = w->wide ? UINT64_MAX : UINT32_MAX, n = w->n;
	uint64_t foreign = w->wide ? 1ull << 63 : 1ull << 31;
	uint64_t ident = w->wide ? 1ull << 62 : 1ull << 30;
	uint64_t root = page(w, 0), mid = page(w, 0), leaf = page(w, inv);
	uint64_t leaf2 = page(w, 0), base = 5 * n;
	struct memlog_range r;
	struct memlog_err err;
	uint8_t buf[3 * PAGE];
	size_t got;

	set(w, root, 0, mid);
	set(w, root, 2, inv);
	set(w, mid, 0, leaf);
	set(w, mid, 1, 0);
	set(w, mid, 2, inv);
	set(w, mid, 5, leaf2);
	for (unsigned int i = 0; i < n; i++)
		set(w, leaf2, i, inv);
	set(w, leaf, 7, 300);
	set(w, leaf, 8, 200);
	set(w, leaf, 9, 201);
	set(w, leaf, 10, foreign | 202);
	set(w, leaf, 12, ident | 12);
	set(w, leaf2, n - 1, 400);
	memset(w->m + 300 * PAGE, 'a', PAGE);
	memset(w->m + 200 * PAGE, 'b', PAGE);
	memset(w->m + 201 * PAGE, 'c', PAGE);
	assert_int_equal(open_root(w, root, &err), MEMLOG_OK);

	assert_int_equal(mach_of(w, 7 * PAGE + 5), 300 * PAGE + 5);
	assert_int_equal(mach_of(w, 10 * PAGE), 202 * PAGE);
	assert_int_equal(mach_of(w, 12 * PAGE), 12 * PAGE);
	assert_true(mach_of(w, 11 * PAGE) == UINT64_MAX);
	assert_true(mach_of(w, n * PAGE) == UINT64_MAX);
	assert_true(mach_of(w, 2 * n * PAGE) == UINT64_MAX);
	assert_int_equal(mach_of(w, (base + n - 1) * PAGE), 400 * PAGE);
	assert_true(mach_of(w, UINT64_MAX) == UINT64_MAX);

	assert_int_equal(phys_of(w, 200 * PAGE + 1), 8 * PAGE + 1);
	assert_int_equal(phys_of(w, 400 * PAGE), (base + n - 1) * PAGE);
	assert_true(phys_of(w, 202 * PAGE) == UINT64_MAX);
	assert_true(phys_of(w, 12 * PAGE) == UINT64_MAX);
	assert_true(phys_of(w, 203 * PAGE) == UINT64_MAX);

	/* scattered over the machine, read as one */
	assert_int_equal(ml_p2m_ops.read(w->p2m, 7 * PAGE, buf, sizeof(buf),
					 &got, &err),
			 MEMLOG_OK);
	assert_int_equal(got, sizeof(buf));
	assert_int_equal(buf[0], 'a');
	assert_int_equal(buf[PAGE], 'b');
	assert_int_equal(buf[3 * PAGE - 1], 'c');
	assert_int_equal(ml_p2m_ops.read(w->p2m, 10 * PAGE, buf, sizeof(buf),
					 &got, &err),
			 MEMLOG_OK);
	assert_int_equal(got, PAGE);
	assert_int_equal(ml_p2m_ops.read(w->p2m, 11 * PAGE, buf, 1, &got, &err),
			 MEMLOG_NO_DATA);
	assert_int_equal(got, 0);

	assert_int_equal(ml_p2m_ops.next_range(w->p2m, 0, &r, &err), MEMLOG_OK);
	assert_int_equal(r.start, 7 * PAGE);
	assert_int_equal(r.end, 11 * PAGE);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, 8 * PAGE + 9, &r, &err),
			 MEMLOG_OK);
	assert_int_equal(r.start, 8 * PAGE + 9);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, 13 * PAGE, &r, &err),
			 MEMLOG_OK);
	assert_int_equal(r.start, (base + n - 1) * PAGE);
	assert_int_equal(r.end, (base + n) * PAGE);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, r.end, &r, &err),
			 MEMLOG_NO_DATA);
	assert_int_equal(ml_p2m_stats(w->p2m)->leaves, 2);
	assert_int_equal(ml_p2m_stats(w->p2m)->damaged, 0);
	assert_int_equal(ml_p2m_stats(w->p2m)->repeated, 0);
}

/* What a domain makes of all it does not have: one page, again and again. */
static void test_shared_missing(void **state)
{
	struct world *w = *state;
	uint64_t inv = w->wide ? UINT64_MAX : UINT32_MAX, n = w->n;
	uint64_t lost = page(w, inv), lost_mid = page(w, lost);
	uint64_t root = page(w, lost_mid), mid = page(w, lost);
	uint64_t leaf = page(w, inv);
	struct memlog_range r;
	struct memlog_err err;

	set(w, root, 3, mid);
	set(w, mid, 4, leaf);
	set(w, leaf, 1, 77);
	assert_int_equal(open_root(w, root, &err), MEMLOG_OK);
	assert_true(w->mem.reads < 20);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, 0, &r, &err), MEMLOG_OK);
	assert_int_equal(r.start, ((3 * n + 4) * n + 1) * PAGE);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, r.end, &r, &err),
			 MEMLOG_NO_DATA);
	assert_int_equal(phys_of(w, 77 * PAGE), ((3 * n + 4) * n + 1) * PAGE);
	assert_int_equal(ml_p2m_stats(w->p2m)->leaves, 1);
	assert_int_equal(ml_p2m_stats(w->p2m)->repeated, 0);
	assert_true(w->mem.reads < 100);
}

/* The tree of a vicious domain: pages that lead back, or nowhere. */
static void test_damage(void **state)
{
	struct world *w = *state;
	uint64_t root = page(w, 0), mid = page(w, 0), leaf = page(w, 0);
	struct memlog_err err;
	uint64_t n = w->n;

	set(w, root, 0, mid);
	set(w, root, 1, mid);	    /* the same again */
	set(w, root, 2, PAGES + 5); /* not in the image */
	set(w, mid, 0, leaf);
	set(w, mid, 1, leaf); /* the same again */
	set(w, mid, 2, root); /* in circles */
	set(w, mid, 3, mid);
	set(w, mid, 4, PAGES + 6);
	set(w, leaf, 1, 77);
	assert_int_equal(open_root(w, root, &err), MEMLOG_OK);
	assert_int_equal(mach_of(w, 0), 0);
	assert_int_equal(mach_of(w, PAGE), 77 * PAGE);
	assert_true(mach_of(w, (n + 1) * PAGE) == UINT64_MAX);
	assert_true(mach_of(w, 2 * n * PAGE) == UINT64_MAX);
	assert_true(mach_of(w, n * n * PAGE) == UINT64_MAX);
	assert_int_equal(ml_p2m_stats(w->p2m)->damaged, 2);
	assert_int_equal(ml_p2m_stats(w->p2m)->repeated, 4);
	assert_int_equal(ml_p2m_stats(w->p2m)->leaves, 1);
}

/* Everything points to one page that maps something: without a bound this
 * would be n * n * n pages. */
static void test_bomb(void **state)
{
	struct world *w = *state;
	uint64_t leaf = page(w, 5), mid = page(w, leaf), root = page(w, mid);
	struct memlog_range r;
	struct memlog_err err;

	assert_int_equal(open_root(w, root, &err), MEMLOG_OK);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, 0, &r, &err), MEMLOG_OK);
	assert_int_equal(r.end, (uint64_t)w->n * PAGE);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, r.end, &r, &err),
			 MEMLOG_NO_DATA);
	assert_true(ml_p2m_stats(w->p2m)->repeated > 0);
	assert_true(w->mem.reads < 50);
}

static void test_no_tree(void **state)
{
	struct world *w = *state;
	uint64_t empty = page(w, 0), self;
	struct memlog_err err;

	assert_int_equal(open_root(w, 0, &err), MEMLOG_INVALID);
	assert_int_equal(open_root(w, w->wide ? UINT64_MAX : UINT32_MAX, &err),
			 MEMLOG_INVALID);
	assert_int_equal(open_root(w, PAGES, &err), MEMLOG_NO_DATA);
	assert_int_equal(open_root(w, 1ull << 60, &err), MEMLOG_NO_DATA);
	assert_int_equal(open_root(w, empty, &err), MEMLOG_CORRUPT);
	self = page(w, w->next);
	assert_int_equal(open_root(w, self, &err), MEMLOG_CORRUPT);
	assert_null(w->p2m);
}

/* The direct map of a page table: entries with flags, large pages left out. */
static void test_table(void **state)
{
	struct world *w = *state;
	uint64_t l3 = page(w, 0), l2 = page(w, 0), l1 = page(w, 0);
	struct ml_p2m_opts o = {
		.mach = &mem_ops,
		.mach_self = &w->mem,
		.kind = w->wide ? ML_P2M_TABLE64 : ML_P2M_TABLE32,
		.root = l3,
	};
	struct memlog_err err;

	set(w, l3, 0, l2 << 12 | 0x67);
	set(w, l2, 0, l1 << 12 | 0x67);
	set(w, l2, 1, 7 << 12 | 0xe7); /* a large page */
	set(w, l2, 2, 8 << 12);	       /* not present */
	set(w, l1, 3, 300ull << 12 | 0x61 | (w->wide ? 1ull << 63 : 0));
	set(w, l1, 4, 301ull << 12);
	assert_int_equal(ml_p2m_open(&o, &w->p2m, &err), MEMLOG_OK);
	assert_int_equal(mach_of(w, 3 * PAGE + 1), 300 * PAGE + 1);
	assert_true(mach_of(w, 4 * PAGE) == UINT64_MAX);
	assert_true(mach_of(w, w->n * PAGE) == UINT64_MAX);
	assert_int_equal(phys_of(w, 300 * PAGE), 3 * PAGE);
	ml_p2m_close(w->p2m);
	w->p2m = NULL;

	/* one level less, from an entry in the middle to the first gap */
	o.root = l2;
	o.mid = true;
	o.from = 4;
	set(w, l2, 4, l1 << 12 | 0x67);
	set(w, l2, 5, page(w, 200 << 12 | 1) << 12 | 0x67);
	set(w, l2, 7, page(w, 201 << 12 | 1) << 12 | 0x67);
	assert_int_equal(ml_p2m_open(&o, &w->p2m, &err), MEMLOG_OK);
	assert_int_equal(mach_of(w, 3 * PAGE), 300 * PAGE);
	assert_int_equal(mach_of(w, w->n * PAGE), 200 * PAGE);
	assert_true(mach_of(w, 3ull * w->n * PAGE) == UINT64_MAX);
}

/* Trees of random words: nothing may break, and what maps both ways agrees. */
static void test_noise(void **state)
{
	struct world *w = *state;
	struct memlog_err err;
	struct memlog_range r;
	uint64_t x = 88172645463325252ull, addr, mach, n;
	int round, i;

	for (round = 0; round < 20; round++) {
		for (i = 16; i < 64; i++)
			for (n = 0; n < w->n; n++) {
				x ^= x << 13, x ^= x >> 7, x ^= x << 17;
				set(w, (uint64_t)i, (unsigned int)n,
				    x % 3 ? x >> 20 & 127 :
				    x % 5 ? 0 :
					    x);
			}
		if (open_root(w, 16, &err))
			continue;
		for (addr = 0, i = 0; i < 200; i++) {
			if (ml_p2m_ops.next_range(w->p2m, addr, &r, &err))
				break;
			assert_true(r.start >= addr && r.end > r.start);
			mach = mach_of(w, r.start);
			assert_true(mach != UINT64_MAX);
			addr = r.end;
		}
		ml_p2m_close(w->p2m);
		w->p2m = NULL;
	}
}

/* Of a tree with room for a million leaves, only those that are there take memory. */
static void test_memory(void **state)
{
	struct world *w = *state;
	uint64_t inv = w->wide ? UINT64_MAX : UINT32_MAX;
	uint64_t root = page(w, 0), mid = page(w, 0), leaf = page(w, inv);
	struct ml_p2m_opts o = {
		.mach = &mem_ops,
		.mach_self = &w->mem,
		.kind = w->wide ? ML_P2M_LIST64 : ML_P2M_LIST32,
		.root = root,
	};
	struct conform_memory m;
	struct memlog_err err;

	conform_memory_init(&m);
	o.allocator = &m.alloc;
	set(w, root, w->n - 1, mid);
	set(w, mid, 1, leaf);
	set(w, leaf, 2, 300);
	assert_int_equal(ml_p2m_open(&o, &w->p2m, &err), MEMLOG_OK);
	assert_int_equal(phys_of(w, 300 * PAGE),
			 (((uint64_t)w->n - 1) * w->n * w->n + w->n + 2) *
				 PAGE);
	assert_true(phys_of(w, 301 * PAGE) == UINT64_MAX);
	assert_in_range(m.most, PAGE, 64 << 10);
	ml_p2m_close(w->p2m);
	w->p2m = NULL;
	assert_int_equal(m.now, 0);
}

/* A range of many leaves is asked for again and again, and the tree read once. */
static void test_range_again(void **state)
{
	struct world *w = *state;
	uint64_t inv = w->wide ? UINT64_MAX : UINT32_MAX, n = w->n;
	uint64_t root = page(w, 0), mid = page(w, 0), at;
	struct memlog_range r;
	struct memlog_err err;
	unsigned int i;

	set(w, root, 0, mid);
	for (i = 1; i < 5; i++)
		set(w, mid, i, page(w, 300 + i));
	set(w, mid, 7, page(w, inv));
	set(w, w->next - 1, 3, 400);
	assert_int_equal(open_root(w, root, &err), MEMLOG_OK);
	w->mem.reads = 0;
	for (i = 0; i < 2; i++)
		for (at = 0; at < 5 * n * PAGE; at += 77 * PAGE) {
			assert_int_equal(ml_p2m_ops.next_range(w->p2m, at, &r,
							       &err),
					 MEMLOG_OK);
			assert_true(r.start == (at > n * PAGE ? at : n * PAGE));
			assert_true(r.end == 5 * n * PAGE);
		}
	assert_true(w->mem.reads < 20);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, r.end, &r, &err),
			 MEMLOG_OK);
	assert_true(r.start == (7 * n + 3) * PAGE);
	assert_true(r.end == (7 * n + 4) * PAGE);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, 0, &r, &err), MEMLOG_OK);
	assert_true(r.start == n * PAGE);
	assert_int_equal(ml_p2m_ops.next_range(w->p2m, 8 * n * PAGE, &r, &err),
			 MEMLOG_NO_DATA);
}

#define BOTH(t)                                                \
	cmocka_unit_test_setup_teardown(t, setup64, teardown), \
		cmocka_unit_test_setup_teardown(t, setup32, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_tree),	BOTH(test_shared_missing),
		BOTH(test_damage),	BOTH(test_bomb),
		BOTH(test_no_tree),	BOTH(test_table),
		BOTH(test_noise),	BOTH(test_memory),
		BOTH(test_range_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
