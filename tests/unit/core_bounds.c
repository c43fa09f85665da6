/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work is bounded by the file, not by what its headers claim: bytes that many
 * program headers show are searched once and printed once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "format/format.h"
#include "image/open.h"
#include "libmem.h"
#include "libmkkdump.h"
#include "libsink.h"

#define PHDR  56u
#define ENTRY 32u /* of ACRN's trace */

/* A file in memory that counts what is read of it: headers, then a body. */
struct counted {
	uint8_t *bytes;
	size_t size, body;
	uint64_t read;
	size_t n; /* program headers so far */
};

static enum memlog_status counted_read(void *self, uint64_t addr, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	struct counted *c = self;

	*ret = 0;
	if (addr >= c->size)
		return len ? MEMLOG_NO_DATA : MEMLOG_OK;
	*ret = len < c->size - addr ? len : (size_t)(c->size - addr);
	memcpy(buf, c->bytes + addr, *ret);
	c->read += *ret;
	return MEMLOG_OK;
}

static enum memlog_status counted_next(void *self, uint64_t addr,
				       struct memlog_range *ret,
				       struct memlog_err *err)
{
	const struct counted *c = self;

	if (addr >= c->size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr, c->size };
	return MEMLOG_OK;
}

static const struct memlog_reader_ops counted_ops = {
	.size = sizeof(counted_ops),
	.read = counted_read,
	.next_range = counted_next,
};

/* An ELF file for n program headers, with body bytes after them. */
static void make_file(struct counted *c, size_t n, size_t body)
{
	uint8_t *p;

	memset(c, 0, sizeof(*c));
	c->body = (64 + n * PHDR + 64 + 4095) & ~(size_t)4095;
	c->size = c->body + body;
	p = c->bytes = calloc(1, c->size);
	assert_non_null(p);
	memcpy(p,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	put16(p + 16, 4);
	put16(p + 18, 62);
	put32(p + 20, 1);
	put64(p + 32, 64);
	put64(p + 40, 64 + n * PHDR);
	put16(p + 52, 64);
	put16(p + 54, PHDR);
	put16(p + 56, n < 0xffff ? (uint16_t)n : 0xffff);
	put16(p + 58, 64);
	put16(p + 60, 1);
	put32(p + 64 + n * PHDR + 44, (uint32_t)n);
}

static void add_load(struct counted *c, uint64_t addr, size_t off, size_t len)
{
	uint8_t *p = c->bytes + 64 + c->n++ * PHDR;

	put32(p, 1);
	put64(p + 8, c->body + off);
	put64(p + 24, addr);
	put64(p + 32, len);
	put64(p + 40, len);
}

static struct memlog_image *open_counted(struct counted *c)
{
	struct ml_file file = {
		.ops = &counted_ops,
		.self = c,
		.size = c->size,
		.name = "c",
	};
	struct memlog_image *image;
	struct memlog_err err;

	assert_int_equal(ml_image_open_on(&file, NULL, &image, &err), 0);
	return image;
}

static size_t search(struct memlog_image *image,
		     const struct memlog_scan_opts *opts,
		     struct memlog_extent *ret)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t n;

	assert_int_equal(memlog_scan(image, opts, &logs, NULL, &err), 0);
	n = memlog_logs_count(logs);
	log = memlog_logs_get(logs, 0);
	if (log)
		*ret = log->extents[0];
	memlog_logs_destroy(logs);
	return n;
}

/* Each mode finds the one log, within 20 times the size of the file. */
static void expect_bounded(struct counted *c)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_image *image = open_counted(c);
	struct memlog_extent e;

	assert_true(c->read <= 4 * c->size);
	c->read = 0;
	assert_int_equal(search(image, NULL, &e), 1);
	assert_true(c->read <= 20 * c->size);
	c->read = 0;
	opts.mode = MEMLOG_SCAN_EXHAUSTIVE;
	assert_int_equal(search(image, &opts, &e), 1);
	assert_true(c->read <= 20 * c->size);
	memlog_image_close(image);
}

static void put_log(uint8_t *p, size_t bytes, const char *text)
{
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, 192);
	put64(p + 0x18, bytes - 192);
	put64(p + 0x20, 1);
	put64(p + 0x30, strlen(text));
	memcpy(p + 192, text, strlen(text));
}

static void fill(uint8_t *p, size_t len)
{
	uint32_t seed = 1;
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}

/* The header of a ring of ACRN that is full. */
static void put_sbuf(uint8_t *p, uint32_t slots, uint32_t slot)
{
	put64(p, 0x5aa57aa71aa13aa3);
	put32(p + 8, slots);
	put32(p + 12, slot);
	put32(p + 20, (slots - 1) * slot);
	put32(p + 36, slots * slot);
}

static void test_same_bytes(void **state)
{
	const size_t n = 178000, body = 10 << 20;
	struct counted c;
	size_t i;

	(void)state;
	make_file(&c, n, body);
	fill(c.bytes + c.body, body);
	put_log(c.bytes + c.body + 0x5000, 0x2000, "one\r\ntwo\r\n");
	for (i = 0; i < n; i++)
		add_load(&c, (uint64_t)i << 24, 0, body);
	expect_bounded(&c);
	free(c.bytes);
}

/* Headers that each show a little more than the one before it. */
static void test_shifted(void **state)
{
	const size_t n = 4000, len = 4 << 20;
	struct counted c;
	size_t i;

	(void)state;
	make_file(&c, n, len + n * 4096);
	fill(c.bytes + c.body, len + n * 4096);
	put_log(c.bytes + c.body + len + 3000 * 4096, 0x2000, "one\r\n");
	for (i = 0; i < n; i++)
		add_load(&c, (uint64_t)i * len, i * 4096, len);
	expect_bounded(&c);
	free(c.bytes);
}

/* The neighbours of a ring are looked for in memory, not in the file. */
static void test_log_rings(void **state)
{
	const size_t n = 4000, body = 64 + 80 * 800;
	struct counted c;
	size_t i;

	(void)state;
	make_file(&c, n, 1 << 20);
	put_sbuf(c.bytes + c.body, 800, 80);
	for (i = 0; i < n; i++)
		add_load(&c, 0x100000 + i * body, 0, body);
	expect_bounded(&c);
	free(c.bytes);
}

/* What a query prints of one ring, and of the same bytes n times. own: each has
 * a header of its own. */
static size_t trace_output(size_t n, bool own)
{
	const size_t ring = 2000 * ENTRY, step = 1 << 20;
	struct memlog_query_host host = { .size = sizeof(host) };
	struct memlog_image *image;
	struct text_sink sink;
	struct memlog_query *q;
	struct counted c;
	size_t i, len;

	make_file(&c, 2 * n, ring + n * 64);
	for (i = 0; i < 2000; i++) {
		put64(c.bytes + c.body + i * ENTRY, 1000 + i);
		put64(c.bytes + c.body + i * ENTRY + 8, 0x10004);
	}
	for (i = 0; i < n; i++) {
		size_t head = ring + (own ? i * 64 : 0);

		put_sbuf(c.bytes + c.body + head, 2000, ENTRY);
		add_load(&c, i * step, head, 64);
		add_load(&c, i * step + 64, 0, ring);
	}
	image = open_counted(&c);
	text_sink_init(&sink);
	host.sink = &sink.sink;
	assert_int_equal(
		memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, NULL), 0);
	assert_int_equal(memlog_query_option(q, "all", NULL, NULL), 0);
	assert_int_equal(memlog_query_run(q, image, &host, NULL, NULL), 0);
	len = sink.len;
	memlog_query_destroy(q);
	text_sink_free(&sink);
	memlog_image_close(image);
	free(c.bytes);
	return len;
}

static void test_output(void **state)
{
	size_t one = trace_output(1, false);

	(void)state;
	assert_true(one > 2000 * 20);
	assert_int_equal(trace_output(1000, false), one);
	assert_true(trace_output(1000, true) <= 8 * one);
}

/* Whoever asks for one of many places gets the log there. */
static void test_range(void **state)
{
	const struct memlog_range r = { 0x3000000, 0x3100000 };
	const struct memlog_range all = { 0, UINT64_MAX };
	struct memlog_scan_opts opts = {
		.size = sizeof(opts),
		.ranges = &r,
		.n_ranges = 1,
	};
	struct memlog_extent e = { .len = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct counted c;
	size_t i;

	(void)state;
	make_file(&c, 100, 1 << 20);
	put_log(c.bytes + c.body + 0x5000, 0x2000, "one\r\n");
	for (i = 0; i < 100; i++)
		add_load(&c, (uint64_t)i << 24, 0, 1 << 20);
	image = open_counted(&c);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "103809024 bytes of memory also are at other "
			       "addresses, and are searched once"));
	assert_int_equal(search(image, NULL, &e), 1);
	assert_int_equal(e.addr, 0x5000);
	assert_int_equal(search(image, &opts, &e), 1);
	assert_int_equal(e.addr, 0x3005000);
	assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, 0x7005000, NULL,
					&logs, &err),
			 0);
	memlog_logs_destroy(logs);
	opts.ranges = &all;
	assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err),
			 MEMLOG_LIMIT);
	memlog_logs_destroy(logs);
	assert_true(c.read <= 20 * c.size);
	memlog_image_close(image);
	free(c.bytes);
}

/* Descriptors that all name one page: it is searched once. */
static void test_kdump(void **state)
{
	static const size_t n = 100000;
	const struct mkkdump m = {
		.block = 4096, .version = 6, .machine = "x86_64", .max_pfn = n
	};
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct mkpage *pages = calloc(n, sizeof(*pages));
	uint8_t noise[4096], log[4096] = { 0 }, *desc;
	struct memlog_extent e;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct counted c = { 0 };
	size_t i;

	(void)state;
	assert_non_null(pages);
	fill(noise, sizeof(noise));
	put_log(log, sizeof(log), "one\r\n");
	for (i = 0; i < n; i++)
		pages[i].pfn = i;
	pages[0].bytes = noise;
	pages[5].bytes = log;
	c.bytes = mkkdump(&m, pages, n, &c.size);
	free(pages);
	desc = c.bytes + 4096 * (1 + (size_t)c.bytes[432] + c.bytes[436]);
	/* pages of zeros share one, and that is no reason to stop */
	for (i = 0; i < 2; i++) {
		opts.mode = i ? MEMLOG_SCAN_EXHAUSTIVE : MEMLOG_SCAN_PAGES;
		image = open_counted(&c);
		c.read = 0;
		assert_int_equal(search(image, &opts, &e), 1);
		/* nor to go through them again for each step downwards */
		assert_true(c.read <= 5 * c.size);
		memlog_image_close(image);
	}
	for (i = 1; i < n; i++)
		if (i != 5)
			memcpy(desc + i * 24, desc, 24);
	image = open_counted(&c);
	for (i = 0; i < 2; i++) {
		opts.mode = i ? MEMLOG_SCAN_EXHAUSTIVE : MEMLOG_SCAN_PAGES;
		c.read = 0;
		assert_int_equal(memlog_scan(image, &opts, &logs, &stats, &err),
				 MEMLOG_OK);
		assert_int_equal(memlog_logs_count(logs), 1);
		memlog_logs_destroy(logs);
		assert_true(stats.complete);
		assert_int_equal(stats.covered, n * 4096);
		assert_true(c.read <= 20 * c.size);
	}
	memlog_image_close(image);
	free(c.bytes);
}

/* What a reader keeps of where there is nothing changes no answer: one that is
 * asked in any order says the same as a new one. */
static void test_empty(void **state)
{
	static const size_t n = 20000;
	const struct mkkdump m = {
		.block = 4096, .version = 6, .machine = "x86_64", .max_pfn = n
	};
	struct mkpage *pages = calloc(n, sizeof(*pages));
	struct memlog_image *old, *new;
	struct memlog_range a, b;
	struct counted c = { 0 };
	enum memlog_status s;
	uint8_t noise[4096];
	uint64_t addr;
	size_t i, k = 0;

	(void)state;
	assert_non_null(pages);
	fill(noise, sizeof(noise));
	srand(1);
	/* zeros, pages that are not stored, and a few with data */
	for (i = 0; i < n; i++) {
		if (i / 300 % 7 == 3)
			continue;
		pages[k].bytes = rand() % 900 ? NULL : noise;
		pages[k++].pfn = i;
	}
	c.bytes = mkkdump(&m, pages, k, &c.size);
	free(pages);
	old = open_counted(&c);
	for (i = 0; i < 400; i++) {
		addr = i % 4 ? ((uint64_t)rand() % n) * 4096 + i % 3 * 100 :
			       (uint64_t)(n - i * 40) * 4096;
		new = open_counted(&c);
		s = memlog_image_next_data(old, MEMLOG_PHYS, addr, &a, NULL);
		assert_int_equal(memlog_image_next_data(new, MEMLOG_PHYS, addr,
							&b, NULL),
				 s);
		if (!s) {
			assert_int_equal(a.start, b.start);
			assert_int_equal(a.end, b.end);
		}
		memlog_image_close(new);
	}
	memlog_image_close(old);
	free(c.bytes);
}

/* The parts of all logs of an image together are limited, and none goes around
 * the end of addresses. */
static void test_extents(void **state)
{
	struct memlog_logs logs = { .alloc = ml_allocator(NULL), .max = 4 };
	struct memlog_extent e = { .addr = 0x1000, .len = 0x1000, .cpu = -1 };
	struct ml_log *a, *b;
	size_t i;

	assert_int_equal(ml_logs_add(&logs, ml_formats[0], &a, NULL),
			 MEMLOG_OK);
	assert_int_equal(ml_logs_add(&logs, ml_formats[0], &b, NULL),
			 MEMLOG_OK);
	for (i = 0; i < ML_MAX_EXTENTS; i++)
		assert_int_equal(ml_log_add_extent(&logs, i % 2 ? a : b, &e,
						   NULL),
				 MEMLOG_OK);
	assert_int_equal(ml_log_add_extent(&logs, a, &e, NULL), MEMLOG_LIMIT);
	ml_logs_drop_last(&logs);
	assert_int_equal(ml_log_add_extent(&logs, a, &e, NULL), MEMLOG_OK);
	e.addr = UINT64_MAX - 0xfff;
	e.len = 0x2000;
	assert_int_equal(ml_log_add_extent(&logs, a, &e, NULL),
			 MEMLOG_NOT_MINE);
	ml_logs_clear(&logs);
	free(logs.logs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extents),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_shifted),
		cmocka_unit_test(test_log_rings),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_kdump),
		cmocka_unit_test(test_empty),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
