/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_xen_console.c - the console ring, held against a model of its writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "format/xen/console.h"
#include "image/xen/xen.h"
#include "libxen.h"

static void test_prefix(void **state)
{
	static const struct {
		const char *s;
		size_t n;
	} t[] = {
		{ "(XEN) x", 6 }, { "(XEN)x", 0 },     { "(XEN) ", 6 },
		{ "(d1) x", 5 },  { "(d32767) x", 9 }, { "(d1v0) x", 7 },
		{ "(d) x", 0 },	  { "(d1)x", 0 },      { "(d1", 0 },
		{ "d1", 0 },	  { "", 0 },	       { "(dx1) ", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_int_equal(ml_xen_prefix((const uint8_t *)t[i].s,
					       strlen(t[i].s)),
				 t[i].n);
}

static void test_timestamp(void **state)
{
	static const struct {
		const char *s;
		size_t n;
		uint64_t time, hz;
	} t[] = {
		{ "[1970-01-01 00:00:00] x", 22, 0, 1 },
		{ "[2026-11-21 06:52:28] x", 22, 1795243948, 1 },
		{ "[2024-02-29 23:59:60] x", 22, 1709251200, 1 },
		{ "[2026-11-21 06:52:28.007] x", 26, 1795243948007, 1000 },
		{ "[    1.605895] x", 15, 1605895, 1000000 },
		{ "[123456.000001] x", 16, 123456000001, 1000000 },
		{ "[0000000010f76c3b] x", 19, 0x10f76c3b, 0 },
		{ "[ffffffffffffffff] x", 19, UINT64_MAX, 0 },
		{ "[    1.605895]x", 0, 0, 0 },
		{ "[1.605895] x", 0, 0, 0 },
		{ "[0000000010F76c3b] x", 0, 0, 0 },
		{ "[2026-13-21 06:52:28] x", 0, 0, 0 },
		{ "[2026-11-21 06:52:2] x", 0, 0, 0 },
		{ "[", 0, 0, 0 },
		{ "[99999999999999999999.000000] ", 0, 0, 0 },
		{ "", 0, 0, 0 },
	};
	struct xen_time x;
	size_t i, n;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(ml_xen_timestamp((const uint8_t *)t[i].s,
						  strlen(t[i].s), &x),
				 t[i].n);
		assert_true(x.time == t[i].time && x.hz == t[i].hz);
		/* no prefix of it reads past its end */
		for (n = 0; n < strlen(t[i].s); n++) {
			char *copy = malloc(n + 1);

			memcpy(copy, t[i].s, n);
			ml_xen_timestamp((uint8_t *)copy, n, &x);
			free(copy);
		}
	}
}

/* Whatever was written, the seam is found again by the text alone. */
static void test_order(void **state)
{
	unsigned int round, wrong = 0;
	struct xen_ring got = { .size = XEN_RING_MIN };
	uint8_t buf[XEN_RING_MIN];

	srand(1);
	for (round = 0; round < 400; round++) {
		struct conring r = { .buf = buf, .size = sizeof(buf) };

		memset(buf, 0, sizeof(buf));
		r.times = round & 1;
		r.guests = round & 2;
		conring_put(&r, "(XEN) Xen version 4.17.7\n");
		conring_lines(&r, 20 + (unsigned int)rand() % 1500);
		if (r.p < r.size) {
			assert_true(ml_xen_order(buf, sizeof(buf), &got));
			assert_int_equal(got.start, 0);
			assert_int_equal(got.used, r.p);
			assert_false(got.wrapped);
			continue;
		}
		/* where the oldest line is whole there may be no sign of it */
		if (buf[(r.p - 1) % r.size] != '\n' ||
		    !memcmp(buf + r.p % r.size, "(XEN) ", 6) ||
		    r.p % r.size == 0)
			continue;
		if (!ml_xen_order(buf, sizeof(buf), &got) ||
		    got.start != r.p % r.size)
			wrong++;
		assert_true(got.wrapped);
		assert_int_equal(got.used, r.size);
	}
	assert_int_equal(wrong, 0);
}

/* Rings of several sizes by their looks; copies beside them are not listed. */
static void test_shape(void **state)
{
	static const uint32_t sizes[] = { 16384, 32768, 131072 };
	static const unsigned int lines[] = { 200, 4000 };
	size_t i, k;

	srand(2);
	for (i = 0; i < 3; i++)
		for (k = 0; k < 2; k++) {
			struct mem mem = { 0 };
			uint8_t *m = mem_add(&mem, 0, 2 * MIB);
			struct conring r = { .buf = m + MIB + sizes[i],
					     .size = sizes[i],
					     .times = true,
					     .guests = true };
			struct memlog_image *image;
			const struct memlog_log *log;
			struct memlog_logs *logs;
			char line[80];
			uint32_t n;

			memset(m + MIB, 0xcc, MIB);
			memset(r.buf, 0, r.size);
			conring_put(&r,
				    "(XEN) [    0.000001] Xen version 4.17\n");
			snprintf(line, sizeof(line),
				 "(XEN) [    0.000002] "
				 "Allocated console ring of %u KiB.\n",
				 r.size / 1024);
			conring_put(&r, line);
			conring_lines(&r, lines[k]);
			/* a page of it, and all of it as dmesg reads it */
			memcpy(m + 4 * XEN_RING_MIN, r.buf, 4096);
			for (n = 0; n < r.p - r.c; n++)
				m[8 * XEN_RING_MIN + 16 + n] =
					r.buf[(r.c + n) & (r.size - 1)];
			image = mem_image(&mem, MEMLOG_PHYS);
			logs = xen_scan(image, "xen-console");
			assert_int_equal(memlog_logs_count(logs), 1);
			log = memlog_logs_get(logs, 0);
			assert_int_equal(log->extents[0].addr, MIB + sizes[i]);
			assert_int_equal(log->capacity, r.size);
			assert_true(log->flags & MEMLOG_LOG_GUESSED);
			xen_expect(image, log, r.buf, r.size, r.p);
			memlog_logs_destroy(logs);
			memlog_image_close(image);
			mem_free(&mem);
		}
}

/* A copy that nothing tells from a ring is recognised by having less text. */
static void test_copy(void **state)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 2 * MIB);
	struct conring r = { .buf = m + MIB, .size = XEN_RING_MIN };
	struct memlog_image *image;
	struct memlog_logs *logs;

	conring_put(&r, "(XEN) Xen version 4.17.7\n");
	conring_lines(&r, 100);
	memcpy(m + 2 * XEN_RING_MIN, m + MIB, XEN_RING_MIN);
	conring_lines(&r, 3);
	image = mem_image(&mem, MEMLOG_PHYS);
	logs = xen_scan(image, NULL);
	assert_int_equal(memlog_logs_count(logs), 2);
	assert_int_equal(memlog_logs_get(logs, 0)->state, MEMLOG_STATE_COPY);
	assert_int_equal(memlog_logs_get(logs, 1)->state, MEMLOG_STATE_CURRENT);
	assert_int_equal(memlog_logs_get(logs, 1)->extents[0].addr, MIB);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

/* A ring in a page of a domain is a copy of Xen's, which a program in dom0 read. */
static void test_domain(void **state)
{
	uint8_t info[80] = { 0 };
	int domain;

	put64(info + 72, 5); /* the frame of dom0's list of frames */
	for (domain = 0; domain < 2; domain++) {
		struct mem mem = { 0 };
		uint8_t *m = mem_add(&mem, 0, MIB);
		struct conring r = { .buf = m + 40 * 4096,
				     .size = XEN_RING_MIN,
				     .times = true };
		struct memlog_image *image;
		struct memlog_logs *logs;
		size_t i;

		conring_put(&r, "(XEN) [    0.000001] Xen version 4.17\n");
		conring_lines(&r, 900);
		put64(m + 5 * 4096, 6);
		put64(m + 6 * 4096, 7);
		for (i = 0; i < 4; i++)
			put64(m + 7 * 4096 + 8 * (16 + i), 40 + i);
		image = mem_image(&mem, MEMLOG_MACH);
		image->machine = "x86_64";
		if (domain)
			ml_image_add_note(image, "Xen", ML_XEN_CRASH_INFO, "t",
					  "", info, sizeof(info));
		ml_xen_attach(image);
		logs = xen_scan(image, "xen-console");
		assert_int_equal(memlog_logs_count(logs), !domain);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
}

/* Blocks that say that they are in a ring as large as all of them: each would have all
 * of it read. */
static void test_claims(void **state)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 16 * MIB);
	struct memlog_image *image;
	struct memlog_logs *logs;
	uint32_t i;

	memset(m, 0xcc, 16 * MIB);
	for (i = 0; i < 16 * MIB; i += XEN_RING_MIN) {
		struct conring r = { .buf = m + i, .size = XEN_RING_MIN };

		conring_put(&r, "(XEN) Xen version 4.17.7\n"
				"(XEN) Allocated console ring of 8192 KiB.\n");
		conring_lines(&r, 100);
	}
	image = mem_image(&mem, MEMLOG_PHYS);
	logs = xen_scan(image, "xen-console");
	assert_in_range(mem.bytes, 1, 4 * ML_XEN_GUESSED);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

/* Memory that may change has what a dump has: the ring is not searched for again. */
static void test_live(void **state)
{
	struct memlog_reader_ops live = mem_ops;
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 2 * MIB);
	struct conring r = { .buf = m + MIB,
			     .size = XEN_RING_MIN,
			     .times = true };
	struct memlog_image *image;
	struct memlog_logs *logs;
	int i;

	live.flags |= MEMLOG_READER_LIVE;
	conring_put(&r, "(XEN) Xen version 4.17.7\n");
	for (i = 0; i < 2; i++) {
		conring_lines(&r, i ? 1000 : 100);
		assert_int_equal(memlog_image_wrap(&live, &mem, MEMLOG_PHYS,
						   "m", NULL, &image, NULL),
				 0);
		logs = xen_scan(image, NULL);
		assert_int_equal(memlog_logs_count(logs), 1);
		xen_expect(image, memlog_logs_get(logs, 0), r.buf, r.size, r.p);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
	}
	mem_free(&mem);
}

/* A guest's console page: found where the image is of Xen, or when asked. */
static void test_xencons(void **state)
{
	uint32_t prod, n, i;
	char line[64];

	for (prod = 0; prod < 3; prod++) {
		struct mem mem = { 0 };
		uint8_t *m = mem_add(&mem, 0, MIB), *page = m + 5 * 4096;
		struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
		const struct memlog_log *log;
		struct memlog_logs *logs;
		char *text, want[4096];

		memset(m + 4096, 'x', 4096); /* text that is no such page */
		memcpy(page, "typed", 5);
		put32(page + 3072, 4);
		put32(page + 3076, 5);
		for (n = i = 0; n < 500 + prod * 1500; i++) {
			int len = snprintf(line, sizeof(line), "grub says %u\n",
					   i);

			for (int k = 0; k < len; k++)
				page[1024 + n++ % 2048] = (uint8_t)line[k];
		}
		put32(page + 3080, n - 10);
		put32(page + 3084, n);
		put32(page + 3088, 1);
		logs = xen_scan(image, NULL);
		assert_int_equal(memlog_logs_count(logs), 0);
		memlog_logs_destroy(logs);
		logs = xen_scan(image, "xencons");
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(log->extents[0].addr, 5 * 4096);
		assert_int_equal(!!(log->flags & MEMLOG_LOG_WRAPPED), n > 2048);
		text = xen_text(image, log, NULL);
		i = n < 2048 ? n : 2048;
		for (uint32_t k = 0; k < i; k++)
			want[k] = (char)page[1024 + (n - i + k) % 2048];
		assert_int_equal(strlen(text), i);
		assert_memory_equal(text, want, i);
		free(text);
		memlog_logs_destroy(logs);
		/* a byte that is no text, in the first place and in the last */
		for (int last = 0; last < 2; last++) {
			uint8_t *at = page + 1024 + (last ? i - 1 : 0);
			uint8_t was = *at;

			*at = 1;
			logs = xen_scan(image, "xencons");
			assert_int_equal(memlog_logs_count(logs), 0);
			memlog_logs_destroy(logs);
			*at = was;
		}
		put32(page + 3080, n - 3000); /* more than fits */
		logs = xen_scan(image, "xencons");
		assert_int_equal(memlog_logs_count(logs), 0);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_timestamp),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_xencons),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
