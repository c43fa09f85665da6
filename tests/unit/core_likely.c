/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core_likely.c - how much of an image is read until its log is found where logs are
 * likely, and what is found beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "image/bytes/remote.h"
#include "image/open.h"
#include "libmem.h"
#include "libovmf.h"

#define MIB  (1u << 20)
#define KIB  1024u
#define RAM  (96 * MIB)
#define RING (128 * KIB)

/* Memory in a file, of which as much is counted as was read. */
struct guest {
	uint8_t *ram;
	struct ring *ring;
	uint64_t reads, bytes;
};

static enum memlog_status guest_start(void *self, struct ml_remote_request *r,
				      struct memlog_err *err)
{
	(void)self;
	(void)r;
	(void)err;
	return MEMLOG_OK;
}

static enum memlog_status guest_finish(void *self, struct ml_remote_request *r,
				       struct memlog_err *err)
{
	const struct guest *g = self;

	(void)err;
	memcpy(r->buf, g->ram + r->off, r->len);
	r->got = r->len;
	return MEMLOG_OK;
}

static void guest_close(void *self)
{
	(void)self;
}

static const struct ml_remote_ops guest_ops = {
	.start = guest_start,
	.finish = guest_finish,
	.close = guest_close,
};

static enum memlog_status guest_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	struct guest *g = self;

	(void)err;
	*ret = 0;
	if (addr >= RAM)
		return MEMLOG_NO_DATA;
	*ret = ml_min(len, RAM - addr);
	memcpy(buf, g->ram + addr, *ret);
	g->reads++;
	g->bytes += *ret;
	return MEMLOG_OK;
}

static enum memlog_status guest_next(void *self, uint64_t addr,
				     struct memlog_range *ret,
				     struct memlog_err *err)
{
	(void)self;
	(void)err;
	*ret = (struct memlog_range){ addr, RAM };
	return addr < RAM ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static const struct memlog_reader_ops disk_ops = {
	.size = sizeof(disk_ops),
	.read = guest_read,
	.next_range = guest_next,
};

static void guest_init(struct guest *g)
{
	*g = (struct guest){ .ram = calloc(RAM, 1),
			     .ring = malloc(sizeof(*g->ring)) };
	assert_non_null(g->ram);
	assert_non_null(g->ring);
}

static void guest_fini(struct guest *g)
{
	free(g->ram);
	free(g->ring);
}

/* A log so far below the top; kept: of the boot before, as memlog's firmware marks it. */
static void guest_log(struct guest *g, uint64_t below, bool kept)
{
	uint8_t *p = g->ram + RAM - below;
	char text[32];

	snprintf(text, sizeof(text), "%#llx below\n",
		 (unsigned long long)below);
	ring_init(g->ring, p, 'C', RING, 192);
	ring_put(g->ring, text, strlen(text));
	if (kept)
		memcpy(p + 8, "ovmfmdgp", 8);
}

/* The log of tboot, at its fixed address: one of another format. */
static void guest_tboot(struct guest *g)
{
	static const char text[] = "TBOOT: a line\n";
	uint8_t *p = g->ram + 0x60000;

	memcpy(p,
	       "\x26\x25\x19\xc0\x30\x6b\xb4\x4d\x4c\x84\xa3\xe9\x53\xb8\x81\x74",
	       16);
	put32(p + 16, 0x7f00);
	put32(p + 20, sizeof(text) - 1);
	memcpy(p + 24, text, sizeof(text) - 1);
}

static const struct memlog_scan_opts from_far = {
	.size = sizeof(from_far),
	.formats = "ovmf,tboot",
	.mode = MEMLOG_SCAN_AUTO,
};

/* Search it as a file that is far away. OVMF's logs; *requests and *bytes: what was read. */
static size_t far_search(struct guest *g, uint64_t *requests, uint64_t *bytes,
			 struct memlog_scan_stats *stats)
{
	struct memlog_open_opts raw = { .size = sizeof(raw),
					.force_raw = true };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct ml_file file;
	size_t i, n = 0;

	*stats = (struct memlog_scan_stats){ .size = sizeof(*stats) };
	assert_int_equal(ml_remote_open(&guest_ops, g, RAM, UINT64_MAX, "far",
					NULL, &file, NULL),
			 MEMLOG_OK);
	assert_int_equal(ml_image_open_on(&file, &raw, &image, NULL),
			 MEMLOG_OK);
	assert_int_equal(memlog_scan(image, &from_far, &logs, stats, NULL),
			 MEMLOG_OK);
	assert_true(ml_remote_count(&image->file, requests, bytes));
	for (i = 0; i < memlog_logs_count(logs); i++)
		n += !strcmp(memlog_logs_get(logs, i)->format, "ovmf");
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	return n;
}

/* At every place near the top, and where it is below memory that SMM took. */
static void places(void **state)
{
	static const struct {
		uint64_t below, most;
	} at[] = {
		{ 0x90000, 4 * MIB },	   { 0x119000, 4 * MIB },
		{ 0x138000, 4 * MIB },	   { 0x218000, 21 * MIB / 4 },
		{ 0x34d000, 5 * MIB / 2 }, { 0x3f0000, 6 * MIB },
		{ 0x938000, 9 * MIB },	   { 0xb4d000, 9 * MIB },
		{ 0x1138000, 9 * MIB },	   { 0x134d000, 9 * MIB },
		{ 0x800000, 24 * MIB },	   { 0xf00000, 24 * MIB },
	};
	struct memlog_scan_stats stats;
	uint64_t requests, bytes;
	struct guest g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		guest_init(&g);
		guest_log(&g, at[i].below, false);
		assert_int_equal(far_search(&g, &requests, &bytes, &stats), 1);
		assert_true(stats.likely_only);
		assert_in_range(bytes, 1, at[i].most);
		assert_in_range(requests, 1, 40);
		guest_fini(&g);
	}
}

/* What the firmware kept from the boot before does not end the search. */
static void kept(void **state)
{
	struct memlog_scan_stats stats;
	uint64_t requests, bytes;
	struct guest g;

	(void)state;
	guest_init(&g);
	guest_log(&g, 0x110000, true);
	guest_log(&g, 0x60000, false);
	assert_int_equal(far_search(&g, &requests, &bytes, &stats), 2);
	assert_true(stats.likely_only);
	assert_in_range(bytes, 1, 5 * MIB);
	guest_fini(&g);
}

/* A log of another format does not hide one that is further below the top: what is left of
 * the limits is used. */
static void others(void **state)
{
	struct memlog_scan_stats stats;
	uint64_t requests, bytes;
	struct guest g;

	(void)state;
	guest_init(&g);
	guest_tboot(&g);
	guest_log(&g, 0xf00000, false);
	assert_int_equal(far_search(&g, &requests, &bytes, &stats), 1);
	assert_true(stats.likely_only);
	assert_in_range(bytes, 1, 24 * MIB);
	assert_in_range(requests, 1, 40);
	guest_fini(&g);
	/* one below what is searched for it is not found: what was searched says so */
	guest_init(&g);
	guest_tboot(&g);
	guest_log(&g, 60 * MIB, false);
	assert_int_equal(far_search(&g, &requests, &bytes, &stats), 0);
	assert_true(stats.likely_only && stats.covered < RAM);
	assert_in_range(bytes, 1, 24 * MIB);
	guest_fini(&g);
}

/* Without a log all is read, once, in large requests. */
static void nothing(void **state)
{
	struct memlog_scan_stats stats;
	uint64_t requests, bytes;
	struct guest g;

	(void)state;
	guest_init(&g);
	assert_int_equal(far_search(&g, &requests, &bytes, &stats), 0);
	assert_false(stats.likely_only);
	assert_int_equal(stats.covered, RAM);
	assert_in_range(bytes, RAM, RAM + 24 * MIB);
	assert_in_range(requests, 1, 40);
	guest_fini(&g);
}

/* Memory on a disk, of which only likely places are searched: OVMF's logs. */
static size_t disk_search(struct guest *g, struct memlog_scan_stats *stats)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "ovmf,tboot",
				      .mode = MEMLOG_SCAN_LIKELY };
	struct memlog_image *image;
	struct memlog_logs *logs;
	size_t n;

	*stats = (struct memlog_scan_stats){ .size = sizeof(*stats) };
	g->bytes = 0;
	assert_int_equal(memlog_image_wrap(&disk_ops, g, MEMLOG_PHYS, "disk",
					   NULL, &image, NULL),
			 MEMLOG_OK);
	assert_int_equal(memlog_scan(image, &o, &logs, stats, NULL), MEMLOG_OK);
	n = memlog_logs_count(logs);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	return n;
}

/* The bytes until a log is found, and what is beside it. */
static void disk(void **state)
{
	static const uint64_t at[] = { 0x138000, 0x34d000, 0x938000, 0x94e000,
				       0xb4d000 };
	struct memlog_scan_stats stats;
	struct guest g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		guest_init(&g);
		guest_log(&g, at[i], false);
		assert_int_equal(disk_search(&g, &stats), 1);
		assert_in_range(stats.covered, 1, 7 * MIB + MIB / 2);
		/* what is beside it is found on both sides, and so is what is near the top */
		guest_log(&g, at[i] + 0xc0000, true);
		guest_log(&g, at[i] - 0xc0000, true);
		assert_int_equal(disk_search(&g, &stats), 3);
		if (at[i] > 5 * MIB) {
			guest_log(&g, 0x3c0000, true);
			assert_int_equal(disk_search(&g, &stats), 4);
		}
		guest_fini(&g);
	}
	/* far below, where a log of another format does not end the search */
	guest_init(&g);
	guest_tboot(&g);
	guest_log(&g, 60 * MIB, false);
	assert_int_equal(disk_search(&g, &stats), 2);
	guest_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places), cmocka_unit_test(kept),
		cmocka_unit_test(others), cmocka_unit_test(nothing),
		cmocka_unit_test(disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
