/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search: where it looks, what it skips, how many logs it keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/sort.h"
#include "libmem.h"
#include "libscan.h"
#include "scan/places.h"
#include "scan/scan.h"

static void holes(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;

	scan_plant(mem_add(&m, 0x1000, 0x3000), "one\n");
	scan_plant(mem_add(&m, 0x7fff0000, 0x1000), "two\n");
	scan_plant(mem_add(&m, 0x123456789000, 0x1000), "three\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(scan_count(image, &opts, &st), 3);
	assert_int_equal(st.covered, 0x5000);
	assert_int_equal(st.candidates, st.rejected + 3);
	assert_true(st.complete);
	assert_false(st.likely_only);
	memlog_image_close(image);
	mem_free(&m);
}

/* Pieces that do not start on a page: only page starts count. */
static void unaligned_ranges(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0x1f00, 0x3000);

	scan_plant(p + 0x100, "aligned\n");
	scan_plant(p + 0x1188, "not\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(scan_count(image, &opts, NULL), 1);
	opts.mode = MEMLOG_SCAN_EXHAUSTIVE;
	assert_int_equal(scan_count(image, &opts, NULL), 2);
	memlog_image_close(image);
	mem_free(&m);
}

static void ranges(void **state)
{
	struct memlog_range r[2] = { { 0x3000, 0x4000 }, { 0x9000, 0xb000 } };
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .ranges = r,
					 .n_ranges = 2 };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x10000);
	int i;

	for (i = 0; i < 16; i++)
		scan_plant(p + i * 0x1000, "x\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(scan_count(image, &opts, NULL), 3);
	opts.ranges_in_space = true;
	opts.ranges_space = MEMLOG_MACH;
	assert_int_equal(scan_count(image, &opts, NULL), 0);
	opts.n_ranges = 0;
	opts.formats = "nothing,of,the,kind";
	assert_int_equal(scan_count(image, &opts, NULL), 0);
	opts.formats = "x,ovmf";
	assert_int_equal(scan_count(image, &opts, NULL), 16);
	memlog_image_close(image);
	mem_free(&m);
}

/* More logs than the limit: what was found stays, and the search goes on to
 * its end without growing. */
/* A search from the top down looks at all of a window: two logs in it with a hole between
 * them, in one of the places where a log is likely. */
static void window_with_hole(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .mode = MEMLOG_SCAN_LIKELY,
					 .formats = "ovmf" };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p, *q;

	mem_add(&m, 0, 0xa0000);
	p = mem_add(&m, 0x3000000, 0xcc0000);
	q = mem_add(&m, 0x3cc2000, 0x4000000 - 0x3cc2000);
	scan_plant(p + 0xcb0000, "below\n");
	scan_plant(q + 0x4000, "above\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(scan_count(image, &opts, NULL), 2);
	memlog_image_close(image);
	mem_free(&m);
}

static void limit(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts), .max_logs = 5 };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	uint8_t *p = mem_add(&m, 0, 0x10000);
	int i;

	for (i = 0; i < 16; i++)
		scan_plant(p + i * 0x1000, "x\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &opts, &logs, &st, &err),
			 MEMLOG_LIMIT);
	assert_non_null(strstr(err.text, "--limit logs="));
	assert_int_equal(memlog_logs_count(logs), 5);
	assert_false(st.complete);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

/* A reader that gives up at a limit of its own in the second range. */
static enum memlog_status limited_range(void *self, uint64_t addr,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	if (addr)
		return MEMLOG_LIMIT;
	*ret = (struct memlog_range){ 0, 0x10000 };
	return MEMLOG_OK;
}

static enum memlog_status limited_read(void *self, uint64_t addr, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	*ret = addr < 0x10000 ? ml_min(len, 0x10000 - addr) : 0;
	memcpy(buf, (uint8_t *)self + addr, *ret);
	return *ret || !len ? MEMLOG_OK : MEMLOG_NO_DATA;
}

/* Whatever ends a search at a limit, what it had found stays. */
static void limit_of_reader(void **state)
{
	const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.read = limited_read,
		.next_range = limited_range,
	};
	struct memlog_scan_stats st = { .size = sizeof(st) };
	uint8_t *p = calloc(0x10000, 1);
	struct memlog_image *image;
	struct memlog_logs *logs;

	scan_plant(p, "x\n");
	assert_int_equal(memlog_image_wrap(&ops, p, MEMLOG_PHYS, "m", NULL,
					   &image, NULL),
			 MEMLOG_OK);
	assert_int_equal(memlog_scan(image, NULL, &logs, &st, NULL),
			 MEMLOG_LIMIT);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(st.covered, 0x10000);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	free(p);
}

/* Structs whose size was forgotten would be read as empty: refused. */
static void no_size(void **state)
{
	struct memlog_scan_opts opts = { .formats = "ovmf" };
	struct memlog_decode_opts decode = { .consumed = true };
	struct memlog_open_opts open = { .force_raw = true };
	struct memlog_reader_ops ops = { .read = limited_read,
					 .next_range = limited_range };
	struct memlog_decoder *d;
	struct memlog_image *image, *other;
	struct mem m = { .n = 0 };
	struct memlog_logs *logs;
	struct memlog_err err;
	int fd;

	scan_plant(mem_add(&m, 0x1000, 0x1000), "one\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err),
			 MEMLOG_INVALID);
	assert_string_equal(err.text,
			    "the size of memlog_scan_opts is not set");
	assert_null(logs);
	assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, 0x1000, &opts,
					&logs, &err),
			 MEMLOG_INVALID);
	opts.size = sizeof(opts);
	assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err), 0);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     &decode, &d, &err),
			 MEMLOG_INVALID);
	assert_int_equal(memlog_image_open_file("/dev/null", &open, &other,
						&err),
			 MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "memlog_open_opts"));
	assert_int_equal(memlog_stream_open(-1, "pipe", &open, NULL, false,
					    &other, &fd, &err),
			 MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "memlog_open_opts"));
	assert_int_equal(memlog_image_wrap(&ops, NULL, MEMLOG_PHYS, "m", NULL,
					   &other, &err),
			 MEMLOG_INVALID);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

/* A hostile image that is full of valid headers, and a user who wants them all:
 * what is done for each must not grow with how many there are. */
static void many(void **state)
{
	enum { LOGS = 100000, STEP = 192 };
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .max_logs = 2 * LOGS,
					 .mode = MEMLOG_SCAN_EXHAUSTIVE };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	uint8_t *p = mem_add(&m, 0, LOGS * STEP + 4096);
	size_t i;

	/* early ones and main ones, each with another length */
	for (i = 0; i < LOGS; i++) {
		scan_plant(p + i * STEP, "");
		put64(p + i * STEP + 0x30, 1 + i % 3800);
	}
	image = mem_image(&m, MEMLOG_PHYS);
	if (memlog_scan(image, &opts, &logs, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(memlog_logs_count(logs), LOGS);
	for (i = 0; i < LOGS; i++) {
		assert_int_equal(memlog_logs_get(logs, i)->id, i);
		assert_int_equal(memlog_logs_get(logs, i)->group, i);
		assert_int_equal(memlog_logs_get(logs, i)->extents->addr,
				 i * STEP);
	}
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

/* Places, held against a list that is gone through. */
static void places(void **state)
{
	enum { PLACES = 3000 };
	static struct {
		size_t kind;
		uint64_t start, len;
	} model[PLACES];
	struct ml_format fmt[2] = { { .name = "a" }, { .name = "b" } };
	struct ml_places p = { .alloc = ml_allocator(NULL) };
	size_t i, k, kind;
	bool starts, holds;
	uint64_t addr;

	srand(3);
	for (i = 0; i < PLACES; i++) {
		model[i].kind = (size_t)rand() % 4;
		model[i].start = (uint64_t)rand() % 100000;
		model[i].len = rand() % 3  ? (uint64_t)rand() % 20 :
			       rand() % 50 ? 0 :
					     (uint64_t)rand() % 5000;
		if (i % 500 == 0) /* to the end of addresses */
			model[i].start = UINT64_MAX - 100 + i / 500;
		assert_int_equal(ml_places_add(&p, &fmt[model[i].kind / 2],
					       model[i].kind % 2,
					       model[i].start, model[i].len,
					       NULL),
				 0);
		addr = rand() % 4 ? (uint64_t)rand() % 105000 :
				    UINT64_MAX - (uint64_t)rand() % 120;
		if (rand() % 2)
			addr = model[(size_t)rand() % (i + 1)].start;
		kind = (size_t)rand() % 4;
		starts = holds = false;
		for (k = 0; k <= i; k++) {
			if (model[k].kind != kind)
				continue;
			starts |= model[k].start == addr;
			holds |= addr >= model[k].start &&
				 addr - model[k].start < model[k].len;
		}
		assert_int_equal(ml_places_start(&p, &fmt[kind / 2], kind % 2,
						 addr),
				 starts);
		assert_int_equal(ml_places_hold(&p, &fmt[kind / 2], kind % 2,
						addr),
				 holds);
	}
	ml_places_fini(&p);
}

static size_t sorted;

static int sort_by(const void *a, const void *b, void *at)
{
	uint64_t x, y;

	memcpy(&x, (const uint8_t *)a + *(size_t *)at, sizeof(x));
	memcpy(&y, (const uint8_t *)b + *(size_t *)at, sizeof(y));
	return x < y ? -1 : x > y;
}

/* In place of the library's: counts what is sorted, by one key, as ranges need. */
void ml_sort(void *table, size_t n, size_t size, size_t first, size_t second)
{
	(void)second;
	sorted += n;
	if (n)
		qsort_r(table, n, size, sort_by, &first);
}

/* Many ranges, in the order of whoever names them: what each adds to the bytes searched
 * takes no look at all the others. */
static void many_ranges(void **state)
{
	enum { MANY = 2000 };
	static struct memlog_range r[MANY];
	struct memlog_scan_opts o = { .size = sizeof(o), .ranges = r };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	size_t i;

	scan_plant(mem_add(&m, 0, MANY * 0x1000), "one\n");
	image = mem_image(&m, MEMLOG_PHYS);
	for (i = 0; i < MANY; i++) {
		r[i].start = (MANY - 1 - i) * 0x1000u;
		r[i].end = r[i].start + 0x800;
	}
	o.n_ranges = MANY;
	sorted = 0;
	assert_int_equal(memlog_scan(image, &o, &logs, &stats, NULL), 0);
	assert_in_range(sorted, MANY, 16 * MANY);
	assert_int_equal(stats.covered, MANY * 0x800);
	assert_int_equal(memlog_logs_count(logs), 1);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

static void at(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	uint8_t *p = mem_add(&m, 0, 0x4000);

	scan_plant(p + 0x1188, "odd place\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, 0x1188, NULL, &logs,
					&err),
			 MEMLOG_OK);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_logs_get(logs, 0)->extents->addr, 0x1188);
	memlog_logs_destroy(logs);
	assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, 0x2000, NULL, &logs,
					&err),
			 MEMLOG_NOT_MINE);
	assert_non_null(strstr(err.text, "phys:0x2000"));
	assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, UINT64_MAX - 3,
					NULL, &logs, &err),
			 MEMLOG_NOT_MINE);
	assert_int_equal(memlog_scan_at(image, MEMLOG_HOST, 0, NULL, &logs,
					&err),
			 MEMLOG_INVALID);
	memlog_image_close(image);
	mem_free(&m);
}

/* A million magics without a log: each is looked at once, nothing is kept of
 * them, and the true log is still found. */
static void planted(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	size_t pages = 20000, i, before;
	uint8_t *p = mem_add(&m, 0, pages * 4096);

	for (i = 0; i < pages; i++) {
		memcpy(p + i * 4096, "ovmfmdg1ovmfmdg2", 16);
		memset(p + i * 4096 + 16, 0xff, 48);
	}
	scan_plant(p + 777 * 4096, "true\n");
	image = mem_image(&m, MEMLOG_PHYS);
	before = m.reads;
	assert_int_equal(scan_count(image, &opts, &st), 1);
	assert_true(st.rejected >= pages - 1);
	/* likely places and pages: one read a magic in each, and the windows */
	assert_true(m.reads - before <= 2 * pages + 1000);
	assert_true(st.rejected_first[0]);
	memlog_image_close(image);
	mem_free(&m);
}

/* A reader of memory that ends where addresses do: no page follows the
 * last one, and 0 does not either. */
static enum memlog_status top_read(void *self, uint64_t addr, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err)
{
	struct mem *m = self;

	if (m->reads > 16)
		fail_msg("still reading, at 0x%llx", (unsigned long long)addr);
	return mem_ops.read(self, addr, buf, len, ret, err);
}

static enum memlog_status top_peek(void *self, uint64_t addr, size_t count,
				   uint8_t *buf, struct memlog_err *err)
{
	size_t i, got;

	memset(buf, 0, count * MEMLOG_PEEK);
	for (i = 0; i < count; i++)
		top_read(self, addr + i * 4096, buf + i * MEMLOG_PEEK,
			 MEMLOG_PEEK, &got, err);
	return MEMLOG_OK;
}

static void top_of_addresses(void **state)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .formats = "ovmf" };
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_err err;
	unsigned int peek;
	size_t skew;

	ops.flags = MEMLOG_READER_PEEK;
	ops.read = top_read;
	for (skew = 0; skew <= 0x800; skew += 0x800)
		for (peek = 0; peek < 2; peek++) {
			ops.peek = peek ? top_peek : NULL;
			mem_add(&m, 0xfffffffffffff000 + skew, 0xfff - skew);
			assert_int_equal(memlog_image_wrap(&ops, &m,
							   MEMLOG_PHYS, "top",
							   NULL, &image, &err),
					 0);
			assert_int_equal(scan_count(image, &opts, NULL), 0);
			memlog_image_close(image);
			mem_free(&m);
			memset(&m, 0, sizeof(m));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes),
		cmocka_unit_test(unaligned_ranges),
		cmocka_unit_test(ranges),
		cmocka_unit_test(window_with_hole),
		cmocka_unit_test(limit),
		cmocka_unit_test(limit_of_reader),
		cmocka_unit_test(no_size),
		cmocka_unit_test(many),
		cmocka_unit_test(places),
		cmocka_unit_test(many_ranges),
		cmocka_unit_test(at),
		cmocka_unit_test(planted),
		cmocka_unit_test(top_of_addresses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
