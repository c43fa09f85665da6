/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search: its options and threads, and when it ends. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "libmem.h"
#include "libscan.h"

static int stop_at_second(void *arg, uint64_t done, uint64_t all)
{
	int *calls = arg;

	assert_true(done <= all);
	return ++*calls == 2;
}

static void stop(void **state)
{
	int calls = 0;
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .progress = stop_at_second,
					 .progress_arg = &calls };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;

	scan_plant(mem_add(&m, 0x1000, 0x1000), "one\n");
	scan_plant(mem_add(&m, 0x4000, 0x1000), "two\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err),
			 MEMLOG_STOP);
	assert_non_null(logs);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

/* Headers that a glance rejects, planted everywhere: in an exhaustive search, too, only the
 * first is probed, to say why. */
static void glances(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .formats = "ramoops" };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint64_t pages;
	uint8_t *p = mem_add(&m, 0x10000, 0x10000);
	size_t i;

	for (i = 0; i < 0x10000; i += 16) {
		memcpy(p + i, "DBGC\7\0\0\0\6\0\0\0", 12);
		put32(p + i + 12, (uint32_t)i);
	}
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(scan_count(image, &opts, &st), 0);
	assert_int_equal(st.rejected, 16);
	pages = m.reads;
	m.reads = 0;
	opts.mode = MEMLOG_SCAN_EXHAUSTIVE;
	assert_int_equal(scan_count(image, &opts, &st), 0);
	assert_int_equal(st.rejected, 4096);
	/* all of the memory, not only the first lines of pages */
	assert_in_range(m.reads, 1, pages + 16);
	memlog_image_close(image);
	mem_free(&m);
}

/* Threads that were started since it was 0, and how many may be. */
static unsigned int started, startable;

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*run)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
		    void *) = dlsym(RTLD_NEXT, "pthread_create");

	if (started == startable)
		return EAGAIN;
	started++;
	return real(thread, attr, run, arg);
}

/* As many threads as are asked for, or as can be started, few candidates or
 * more than each notes: the same logs in the same order. */
static void threads(void **state)
{
	static const struct {
		unsigned int asked, startable, started;
	} t[] = {
		{ 1, 99, 0 }, { 0, 99, 1 },   { 2, 99, 1 },    { 5, 99, 4 },
		{ 5, 2, 2 },  { 16, 99, 15 }, { 400, 99, 15 }, { 3, 0, 0 },
	};
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_scan_stats st[2] = { { .size = sizeof(st[0]) },
					   { .size = sizeof(st[0]) } };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs[2];
	struct memlog_err err;
	size_t pages = 16384, i, k, round;
	uint8_t *p = mem_add(&m, 0x10000000, pages * 4096);

	assert_int_equal(memlog_image_wrap(&mem_map_ops, &m, MEMLOG_PHYS,
					   "test", NULL, &image, &err),
			 0);
	for (round = 0; round < 2; round++) {
		for (i = round ? 1 : 999; i < pages; i += round ? 3 : 4001) {
			scan_plant(p + i * 4096, "x\n");
			if (round && i % 2)
				put64(p + i * 4096 + 0x18, 1ull << 40);
		}
		opts.max_logs = 100;
		for (k = 0; k < sizeof(t) / sizeof(t[0]); k++) {
			opts.threads = t[k].asked;
			startable = t[k].startable;
			started = 0;
			memlog_scan(image, &opts, &logs[k > 0], &st[k > 0],
				    &err);
			assert_int_equal(started, t[k].started);
			if (!k)
				continue;
			assert_int_equal(memlog_logs_count(logs[0]),
					 round ? 100 : 4);
			assert_int_equal(memlog_logs_count(logs[1]),
					 memlog_logs_count(logs[0]));
			for (i = 0; i < memlog_logs_count(logs[0]); i++)
				assert_int_equal(memlog_logs_get(logs[0], i)
							 ->extents->addr,
						 memlog_logs_get(logs[1], i)
							 ->extents->addr);
			assert_memory_equal(&st[0], &st[1], sizeof(st[0]));
			memlog_logs_destroy(logs[1]);
		}
		memlog_logs_destroy(logs[0]);
	}
	memlog_image_close(image);
	mem_free(&m);
}

/* On a slow image a current log ends the search; else all of it is searched.
 * Either way logs are judged once. */
static void slow(void **state)
{
	struct memlog_reader_ops ops = mem_ops;
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .mode = MEMLOG_SCAN_AUTO };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	uint8_t *low = mem_add(&m, 0, 0x1000000);
	uint8_t *high = mem_add(&m, 0x100000000, 0x10000);

	ops.flags |= MEMLOG_READER_SLOW;
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "slow", NULL,
					   &image, &err),
			 0);
	scan_plant(high, "far up\n");
	assert_int_equal(memlog_scan(image, &opts, &logs, &st, &err), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_false(st.likely_only);
	memlog_logs_destroy(logs);
	scan_plant(low + 0x820000, "early\n");
	assert_int_equal(memlog_scan(image, &opts, &logs, &st, &err), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_true(st.likely_only);
	/* the reason is said once */
	assert_null(strchr(memlog_logs_get(logs, 0)->reason, ';'));
	memlog_logs_destroy(logs);
	opts.mode = MEMLOG_SCAN_PAGES;
	assert_int_equal(memlog_scan(image, &opts, &logs, &st, &err), 0);
	assert_int_equal(memlog_logs_count(logs), 2);
	memlog_logs_destroy(logs);
	/* a list that filled up with others is filled anew */
	memset(low + 0x820000, 0, 4096);
	scan_plant(low + 0xd00000, "one\n");
	scan_plant(low + 0xd01000, "two\n");
	scan_plant(low + 0xd02000, "three\n");
	opts.mode = MEMLOG_SCAN_AUTO;
	opts.max_logs = 2;
	assert_int_equal(memlog_scan(image, &opts, &logs, &st, &err),
			 MEMLOG_LIMIT);
	assert_int_equal(memlog_logs_count(logs), 2);
	assert_false(st.likely_only);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

/* If there are more logs than are kept, those in likely places are. */
static void likely_kept(void **state)
{
	enum { LOGS = 8, TOP = 0x4000000, AT = TOP - 0x123000 };
	static const enum memlog_scan_mode modes[] = {
		MEMLOG_SCAN_PAGES,
		MEMLOG_SCAN_EXHAUSTIVE,
		MEMLOG_SCAN_AUTO,
		MEMLOG_SCAN_LIKELY,
	};
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .max_logs = LOGS };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	uint8_t *p = mem_add(&m, 0, TOP);
	size_t i, k, found;

	for (i = 0; i < 2 * LOGS; i++)
		scan_plant(p + 0x100000 + i * 0x2000, "planted\n");
	scan_plant(p + AT, "the real one\n");
	image = mem_image(&m, MEMLOG_PHYS);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		opts.mode = modes[i];
		assert_int_equal(memlog_scan(image, &opts, &logs, &st, &err),
				 modes[i] == MEMLOG_SCAN_LIKELY ? MEMLOG_OK :
								  MEMLOG_LIMIT);
		for (k = found = 0; k < memlog_logs_count(logs); k++)
			found += memlog_logs_get(logs, k)->extents->addr == AT;
		assert_int_equal(found, 1);
		memlog_logs_destroy(logs);
	}
	memlog_image_close(image);
	mem_free(&m);
}

/* A page whose first line shows a magic, and which turns out to be damaged, as some
 * compressed ones do: it was not searched. */
#define TORN 0x5000

static enum memlog_status torn_read(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	*ret = 0;
	if (addr / 4096 == TORN / 4096)
		return MEMLOG_NO_DATA;
	if (addr < TORN)
		len = ml_min(len, TORN - addr);
	return mem_ops.read(self, addr, buf, len, ret, err);
}

static enum memlog_status torn_peek(void *self, uint64_t addr, size_t count,
				    uint8_t *buf, struct memlog_err *err)
{
	const struct mem *m = self;
	size_t i;

	for (i = 0; i < count; i++)
		memcpy(buf + i * MEMLOG_PEEK,
		       m->piece[0].bytes + addr + i * 4096, MEMLOG_PEEK);
	return MEMLOG_OK;
}

static void torn(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x10000);

	ops.flags = MEMLOG_READER_PEEK;
	ops.read = torn_read;
	ops.peek = torn_peek;
	scan_plant(p + TORN, "cannot be read\n");
	scan_plant(p + 0x8000, "can\n");
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "torn", NULL,
					   &image, NULL),
			 0);
	assert_int_equal(scan_count(image, &opts, &st), 1);
	assert_int_equal(st.unreadable, 0x1000);
	assert_int_equal(st.covered, 0xf000);
	memlog_image_close(image);
	mem_free(&m);
}

/* Options that no search can have are refused, not taken for others. */
static void odd_options(void **state)
{
	const struct memlog_range none = { 0x2000, 0x2000 };
	const struct memlog_range back = { 0x2000, 0x1000 };
	const struct memlog_scan_opts odd[] = {
		{ .size = sizeof(odd[0]), .mode = (enum memlog_scan_mode)99 },
		{ .size = sizeof(odd[0]), .ranges = &none, .n_ranges = 1 },
		{ .size = sizeof(odd[0]), .ranges = &back, .n_ranges = 1 },
		{ .size = sizeof(odd[0]),
		  .ranges_space = (enum memlog_space)77 },
		{ .size = sizeof(odd[0]),
		  .ranges_space = MEMLOG_SPACES,
		  .ranges_in_space = true },
	};
	const struct memlog_open_opts open = { .size = sizeof(open),
					       .map = (enum memlog_map)99 };
	struct mem m = { .n = 0 };
	struct memlog_image *image, *other;
	struct memlog_follow *follow;
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t i;

	scan_plant(mem_add(&m, 0x1000, 0x1000), "one\n");
	image = mem_image(&m, MEMLOG_PHYS);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(memlog_scan(image, &odd[i], &logs, NULL, &err),
				 MEMLOG_INVALID);
		assert_null(logs);
		assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, 0x1000,
						&odd[i], &logs, &err),
				 MEMLOG_INVALID);
		assert_int_equal(memlog_follow_open(image, &odd[i], NULL,
						    &follow, &err),
				 MEMLOG_INVALID);
	}
	assert_int_equal(memlog_image_open_file("/dev/null", &open, &other,
						&err),
			 MEMLOG_INVALID);
	memlog_image_close(image);
	mem_free(&m);
}

/* Options and figures of an older, smaller edition of their structs. */
static void small_structs(void **state)
{
	struct memlog_scan_opts opts = {
		.size = offsetof(struct memlog_scan_opts, formats),
		.formats = "beyond the size",
		.max_logs = 1,
	};
	struct memlog_scan_stats st = {
		.size = offsetof(struct memlog_scan_stats, touched),
		.touched = 4711,
	};
	struct mem m = { .n = 0 };
	struct memlog_image *image;

	scan_plant(mem_add(&m, 0x1000, 0x1000), "one\n");
	scan_plant(mem_add(&m, 0x4000, 0x1000), "two\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(scan_count(image, &opts, &st), 2);
	assert_int_equal(st.covered, 0x2000);
	assert_int_equal(st.touched, 4711);
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop),	       cmocka_unit_test(glances),
		cmocka_unit_test(threads),     cmocka_unit_test(slow),
		cmocka_unit_test(odd_options), cmocka_unit_test(small_structs),
		cmocka_unit_test(likely_kept), cmocka_unit_test(torn),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
