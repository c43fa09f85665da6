/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planted.c - a million planted magics cost no more than twice a clean scan.
 *
 * Time is not measured here (bench/run planted does): what is counted is what
 * the search asked of the reader and of the allocator. The reader holds one
 * page and shows it at every address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "liblook.h"

#define PAGE  4096u
#define PAGES (1u << 20)
#define SIZE  ((uint64_t)PAGES * PAGE)
#define BLOCK 256u /* pages that a map can show at once */

struct planted {
	uint8_t *block;
	uint64_t reads, maps, bytes;
};

static enum memlog_status planted_read(void *self, uint64_t addr, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	struct planted *p = self;
	size_t in = addr % PAGE, max = BLOCK * PAGE - in;

	(void)err;
	*ret = 0;
	if (addr >= SIZE)
		return MEMLOG_NO_DATA;
	if (len > SIZE - addr)
		len = (size_t)(SIZE - addr);
	if (len > max)
		len = max;
	memcpy(buf, p->block + in, len);
	p->reads++;
	p->bytes += len;
	*ret = len;
	return MEMLOG_OK;
}

static enum memlog_status planted_map(void *self, uint64_t addr, size_t len,
				      const uint8_t **ret_ptr, size_t *ret,
				      struct memlog_err *err)
{
	struct planted *p = self;
	size_t in = addr % PAGE, max = BLOCK * PAGE - in;

	(void)err;
	if (addr >= SIZE)
		return MEMLOG_NO_DATA;
	if (len > SIZE - addr)
		len = (size_t)(SIZE - addr);
	*ret_ptr = p->block + in;
	*ret = len < max ? len : max;
	p->maps++;
	return MEMLOG_OK;
}

static enum memlog_status planted_next(void *self, uint64_t addr,
				       struct memlog_range *ret,
				       struct memlog_err *err)
{
	(void)self;
	(void)err;
	if (addr >= SIZE)
		return MEMLOG_NO_DATA;
	ret->start = addr;
	ret->end = SIZE;
	return MEMLOG_OK;
}

static const struct memlog_reader_ops mapped = {
	.size = sizeof(mapped),
	.page_size = PAGE,
	.read = planted_read,
	.next_range = planted_next,
	.map = planted_map,
};
static const struct memlog_reader_ops unmapped = {
	.size = sizeof(unmapped),
	.page_size = PAGE,
	.read = planted_read,
	.next_range = planted_next,
};

struct cost {
	struct memlog_scan_stats stats;
	struct planted reader;
	struct look_memory memory;
	enum memlog_status status;
	size_t logs;
};

/* What a page scan costs when every page starts with these bytes. */
static struct cost scan(const struct memlog_reader_ops *ops, const char *start,
			size_t len)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct cost c = { .stats.size = sizeof(c.stats) };
	struct memlog_image *image;
	struct memlog_logs *logs = NULL;
	struct memlog_err err;
	size_t i;

	c.reader.block = malloc(BLOCK * PAGE);
	assert_non_null(c.reader.block);
	memset(c.reader.block, 0x5a, BLOCK * PAGE);
	for (i = 0; i < BLOCK; i++)
		memcpy(c.reader.block + i * PAGE, start, len);
	look_memory_init(&c.memory, 0);
	assert_int_equal(memlog_image_wrap(ops, &c.reader, MEMLOG_PHYS,
					   "planted", &c.memory.alloc, &image,
					   &err),
			 MEMLOG_OK);
	c.memory.calls = c.memory.most = 0;
	c.status = memlog_scan(image, &opts, &logs, &c.stats, &err);
	c.logs = memlog_logs_count(logs);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	assert_int_equal(c.memory.now, 0);
	free(c.reader.block);
	return c;
}

/* A header of family C whose log size is wrong by one word. */
static const char rejected[] =
	"ovmfmdg1ovmfmdg2\xc0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40"
	"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/* One that is right, and empty, in each page. */
static const char valid[] =
	"ovmfmdg1ovmfmdg2\xc0\0\0\0\0\0\0\0\x40\x0f\0\0\0\0\0\0"
	"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

static void compare(const struct memlog_reader_ops *ops, bool map)
{
	struct cost clean = scan(ops, "nothing", 7);
	struct cost bad = scan(ops, rejected, sizeof(rejected) - 1);

	assert_int_equal(clean.status, MEMLOG_OK);
	assert_true(clean.stats.complete);
	assert_int_equal(clean.stats.covered, SIZE);
	assert_int_equal(clean.stats.candidates, 0);

	assert_int_equal(bad.status, MEMLOG_OK);
	assert_true(bad.stats.complete);
	assert_int_equal(bad.stats.covered, SIZE);
	/* every page was a candidate: the test tests something */
	assert_true(bad.stats.candidates >= PAGES);
	assert_true(bad.stats.rejected >= PAGES);
	assert_int_equal(bad.logs, 0);

	/* the search itself looks at the same bytes ... */
	assert_int_equal(bad.stats.touched, clean.stats.touched);
	assert_int_equal(bad.reader.maps, clean.reader.maps);
	/* ... a rejected candidate takes no memory ... */
	assert_int_equal(bad.memory.calls, clean.memory.calls);
	assert_int_equal(bad.memory.most, clean.memory.most);
	/* ... and its header is all that is read beyond that: where nothing is
	 * mapped, that is less than the scan itself reads */
	if (map)
		assert_true(bad.reader.bytes <= bad.stats.candidates * 512);
	else
		assert_true(bad.reader.bytes <= 2 * clean.reader.bytes);
	/* one read for each candidate; the likely places, an eighth of these
	 * 4 GiB, are searched before everything is */
	assert_true(bad.reader.reads <= clean.reader.reads +
						bad.stats.candidates +
						bad.stats.candidates / 4);
}

static void rejected_mapped(void **state)
{
	(void)state;
	compare(&mapped, true);
}

static void rejected_read(void **state)
{
	(void)state;
	compare(&unmapped, false);
}

/* A million that look right: the limit says so, and what was found stays. */
static void valid_limited(void **state)
{
	struct cost c = scan(&mapped, valid, sizeof(valid) - 1);

	(void)state;
	assert_int_equal(c.status, MEMLOG_LIMIT);
	assert_false(c.stats.complete);
	assert_int_equal(c.logs, 4096);
	assert_true(c.memory.most < 16u << 20);
	/* beyond the limit candidates are counted, not read */
	assert_true(c.reader.bytes <= 2 * 4096 * 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rejected_mapped),
		cmocka_unit_test(rejected_read),
		cmocka_unit_test(valid_limited),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("planted", tests, NULL, NULL);
}
