/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OVMF format against a model: a ring that is written byte by byte, in
 * every order of lengths that matters, must come out as the last bytes written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "libmem.h"
#include "libovmf.h"

struct got {
	uint8_t text[1 << 21];
	size_t len;
	uint32_t first_flags, last_flags;
	size_t records;
};

static struct got got;

static void decode(struct memlog_image *image, const struct memlog_log *log,
		   bool uncommitted)
{
	struct memlog_decode_opts opts = { .size = sizeof(opts),
					   .uncommitted = uncommitted };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_err err;
	enum memlog_status s;

	memset(&got, 0, offsetof(struct got, text) + 1);
	got.len = got.records = 0;
	got.first_flags = got.last_flags = 0;
	assert_int_equal(memlog_decoder_open(image, log, &opts, &d, &err), 0);
	while (!(s = memlog_decoder_next(d, &rec, &err))) {
		assert_true(got.len + rec->text_len < sizeof(got.text));
		memcpy(got.text + got.len, rec->text, rec->text_len);
		got.len += rec->text_len;
		if (!got.records++)
			got.first_flags = rec->flags;
		got.last_flags = rec->flags;
		assert_int_equal(rec->seq + 1, got.records);
	}
	assert_int_equal(s, MEMLOG_NO_DATA);
	assert_int_equal(memlog_decoder_missing(d), 0);
	memlog_decoder_close(d);
}

static void check_ring(struct memlog_image *image, const struct ring *r)
{
	size_t keep = r->n_all < r->size - 1 ? r->n_all : r->size - 1;
	struct memlog_logs *logs = ovmf_scan(image);
	const struct memlog_log *log = memlog_logs_get(logs, 0);

	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(log->used, keep);
	assert_int_equal(log->capacity, r->size - 1);
	assert_int_equal(!!(log->flags & MEMLOG_LOG_WRAPPED), r->truncated);
	assert_false(log->flags & MEMLOG_LOG_DAMAGED);
	assert_int_equal(log->state,
			 keep ? MEMLOG_STATE_CURRENT : MEMLOG_STATE_UNKNOWN);
	decode(image, log, false);
	assert_int_equal(got.len, keep);
	assert_memory_equal(got.text, r->all + r->n_all - keep, keep);
	memlog_logs_destroy(logs);
}

static void ring_model(void **state)
{
	static const char families[] = { 'A', 'B', 'C' };
	static const uint64_t headers[] = { 70, 184, 192 };
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	unsigned int seed = 1;
	char line[64];
	uint64_t n;
	int f, i;

	for (f = 0; f < 3; f++) {
		for (n = 2; n <= 40; n++) {
			uint8_t *p = mem_add(&m, 0x3cb3000, 8192);

			image = mem_image(&m, MEMLOG_PHYS);
			ring_init(r, p, families[f], headers[f] + n,
				  headers[f]);
			check_ring(image, r);
			for (i = 0; i < 60; i++) {
				size_t len = (size_t)rand_r(&seed) % (n + 2);

				memset(line, 'a' + i % 26, sizeof(line));
				line[len ? len - 1 : 0] = '\n';
				ring_put(r, line, len);
				check_ring(image, r);
			}
			memlog_image_close(image);
			mem_free(&m);
		}
	}
	free(r);
}

/* Every offset pair of a ring that wrapped through a page-sized buffer. */
static void ring_page(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x820000, 4096);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	char line[300];
	int i;

	ring_init(r, p, 'C', 4096, 192);
	for (i = 0; i < 2000; i++) {
		int len = snprintf(line, sizeof(line), "%0*d\r\n", 1 + i % 251,
				   i);

		ring_put(r, line, (size_t)len);
		if (i % 7 == 0)
			check_ring(image, r);
	}
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

static void long_header(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 0x20000);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);

	ring_init(r, p, 'C', 0x20000, 65920);
	ring_put(r, "after a long header\n", 20);
	check_ring(image, r);
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

static void first_line(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 4096);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);

	/* 16 slots, 15 bytes stay */
	ring_init(r, p, 'C', 192 + 16, 192);
	ring_put(r, "0123456\n", 8);
	ring_put(r, "abcdefg\n", 8);
	check_ring(image, r);
	assert_true(got.first_flags & MEMLOG_REC_TRUNCATED_HEAD);
	/* the byte that was lost last is a line end */
	ring_init(r, p, 'C', 192 + 16, 192);
	ring_put(r, "012345\n", 7);
	ring_put(r, "bcdefgh\n", 8);
	ring_put(r, "123456\n", 7);
	check_ring(image, r);
	assert_false(got.first_flags & MEMLOG_REC_TRUNCATED_HEAD);
	/* with the lock held that byte proves nothing */
	r->lock = 2;
	ring_store(r);
	check_ring(image, r);
	assert_true(got.first_flags & MEMLOG_REC_TRUNCATED_HEAD);
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

static void lost_head(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 4096);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	const struct memlog_log *log;
	struct memlog_logs *logs;

	ring_init(r, p, 'C', 4096, 192);
	ring_put(r, "st of a line\nwhole\n", 19);
	r->truncated = 1; /* as the copy of a ring that wrapped is */
	ring_store(r);
	logs = ovmf_scan(image);
	log = memlog_logs_get(logs, 0);
	assert_false(log->flags & MEMLOG_LOG_WRAPPED);
	assert_true(log->flags & MEMLOG_LOG_LOST_HEAD);
	decode(image, log, false);
	assert_int_equal(got.len, 19);
	assert_true(got.first_flags & MEMLOG_REC_TRUNCATED_HEAD);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

/* Text that was copied and not counted, in a ring that did not wrap. */
static void uncommitted(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 4096);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	struct memlog_logs *logs;

	ring_init(r, p, 'C', 4096, 192);
	ring_put(r, "counted\n", 8);
	memcpy(p + 192 + 8, "in flight\n", 10);
	r->lock = 2;
	ring_store(r);
	logs = ovmf_scan(image);
	assert_true(memlog_logs_get(logs, 0)->flags & MEMLOG_LOG_LOCKED);
	decode(image, memlog_logs_get(logs, 0), false);
	assert_int_equal(got.len, 8);
	decode(image, memlog_logs_get(logs, 0), true);
	assert_int_equal(got.len, 18);
	assert_memory_equal(got.text, "counted\nin flight\n", 18);
	assert_true(got.last_flags & MEMLOG_REC_UNCOMMITTED);
	assert_false(got.first_flags & MEMLOG_REC_UNCOMMITTED);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

/* Stop the writer between its two stores, in either order of them, at every
 * place of the ring: what was committed before must come out whole. */
static void between_stores(void **state)
{
	struct ring *r = malloc(sizeof(*r)), *after = malloc(sizeof(*after));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 8192);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	struct memlog_logs *logs;
	char line[128];
	uint64_t committed;
	int i, len;

	ring_init(r, p, 'C', 192 + 3000, 192);
	for (i = 0; i < 120; i++) {
		len = snprintf(line, sizeof(line), "%0*d\n", 20 + i % 90, i);
		memcpy(after, r, sizeof(*r));
		ring_put(after, line, (size_t)len);
		if (after->truncated) {
			/* head first */
			r->truncated = 1;
			committed = r->tail;
			r->lock = 2;
			r->head = after->head;
			ring_store(r);
			logs = ovmf_scan(image);
			decode(image, memlog_logs_get(logs, 0), false);
			assert_true(got.len && got.len < 3000);
			assert_memory_equal(
				got.text, r->all + r->n_all - got.len, got.len);
			assert_int_equal((r->head + got.len) % 3000, committed);
			decode(image, memlog_logs_get(logs, 0), true);
			assert_memory_equal(got.text + got.len - len, line,
					    (size_t)len);
			memlog_logs_destroy(logs);
		}
		memcpy(r, after, sizeof(*r));
		r->lock = 1;
		ring_store(r);
	}
	memlog_image_close(image);
	mem_free(&m);
	free(after);
	free(r);
}

/* Offsets outside the ring: the text is offered, flagged, in no known order. */
static void bad_offsets(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 4096);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	struct memlog_logs *logs;

	ring_init(r, p, 'C', 4096, 192);
	ring_put(r, "text\n", 5);
	put64(p + 0x28, UINT64_MAX);
	logs = ovmf_scan(image);
	assert_true(memlog_logs_get(logs, 0)->flags & MEMLOG_LOG_DAMAGED);
	assert_int_equal(memlog_logs_get(logs, 0)->state, MEMLOG_STATE_UNKNOWN);
	decode(image, memlog_logs_get(logs, 0), false);
	assert_int_equal(got.len, 5);
	assert_true(got.first_flags & MEMLOG_REC_GUESSED);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

/* A page in the middle is not in the image: the rest comes, and the number of
 * bytes that do not is reported. */
static void missing_page(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem whole = { .n = 0 }, m = { .n = 0 };
	uint8_t *p = mem_add(&whole, 0x3cb3000, 0x4000);
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t len = 0;
	bool lost = false;
	int i;

	ring_init(r, p, 'C', 0x4000, 192);
	for (i = 0; i < 1000; i++)
		ring_put(r, "0123456789\n", 11);
	memcpy(mem_add(&m, 0x3cb3000, 0x1000), p, 0x1000);
	memcpy(mem_add(&m, 0x3cb5000, 0x2000), p + 0x2000, 0x2000);
	image = mem_image(&m, MEMLOG_PHYS);
	logs = ovmf_scan(image);
	assert_true(memlog_logs_get(logs, 0)->flags & MEMLOG_LOG_INCOMPLETE);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, &err),
			 0);
	while (!memlog_decoder_next(d, &rec, &err)) {
		if (rec->lost) {
			assert_int_equal(rec->lost, 0x1000);
			assert_true(rec->flags & MEMLOG_REC_LOST_BEFORE);
			assert_int_equal(len, 0x1000 - 192);
			lost = true;
		}
		len += rec->text_len;
	}
	assert_true(lost);
	assert_int_equal(len, 11000 - 0x1000);
	assert_int_equal(memlog_decoder_missing(d), 0x1000);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
	mem_free(&whole);
	free(r);
}

/* Lines longer than a record come in pieces that say so. */
static void long_line(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 0x10000);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	char x[100];
	int i;

	memset(x, 'x', sizeof(x));
	ring_init(r, p, 'C', 0x10000, 192);
	for (i = 0; i < 200; i++)
		ring_put(r, x, sizeof(x));
	check_ring(image, r);
	assert_true(got.first_flags & MEMLOG_REC_CONTINUES);
	assert_true(got.last_flags & MEMLOG_REC_PARTIAL_TAIL);
	assert_int_equal(got.records, 5);
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

/* The likely places alone are enough for a guest of any size, and the search
 * reads little to get there. */
static void likely(void **state)
{
	static const uint64_t ram[] = { 64, 512, 2048, 2816, 3072, 3584 };
	struct ring *r = malloc(sizeof(*r));
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .mode = MEMLOG_SCAN_LIKELY };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(ram) / sizeof(ram[0]); i++) {
		struct mem m = { .n = 0 };
		uint8_t *p = mem_add(&m, 0, ram[i] << 20);
		struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);

		ring_init(r, p + (ram[i] << 20) - (19 << 20), 'C', 0x20000,
			  192);
		ring_put(r, "text\n", 5);
		assert_int_equal(memlog_scan(image, &opts, &logs, &stats, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_true(stats.likely_only);
		assert_true(stats.covered <= 72 << 20);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&m);
	}
	free(r);
}

/* A balloon took every other page: the top of memory is found however many pieces
 * there are, and of a small guest all is looked at. */
static void likely_pieces(void **state)
{
	static const uint64_t ram[] = { 64 << 20, 512 << 20 };
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .mode = MEMLOG_SCAN_LIKELY };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_range *pieces = calloc(1 << 16, sizeof(*pieces));
	struct ring *r = malloc(sizeof(*r));
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	uint64_t log, addr, all;
	size_t i, n;

	for (i = 0; i < sizeof(ram) / sizeof(ram[0]); i++) {
		struct mem m = { .n = 0 };
		uint8_t *p = mem_add(&m, 0, ram[i]);

		log = ram[i] - (19 << 20);
		ring_init(r, p + log, 'C', 0x2000, 192);
		ring_put(r, "text\n", 5);
		for (addr = 0, n = 0, all = 0; addr < ram[i]; addr += 0x2000) {
			pieces[n].start = addr;
			pieces[n].end = addr + (addr == log ? 0x2000 : 0x1000);
			all += pieces[n].end - pieces[n].start;
			n++;
		}
		assert_true(n > ML_LIKELY_RANGES);
		image = mem_image(&m, MEMLOG_PHYS);
		assert_int_equal(
			memlog_image_set_ranges(image, pieces, n, &err), 0);
		assert_int_equal(memlog_scan(image, &opts, &logs, &stats, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_true(ram[i] > 128 << 20 || stats.covered == all);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&m);
	}
	free(pieces);
	free(r);
}

/* What a guest's kernel knows of its firmware. */
struct kernel {
	uint64_t log, table, entries; /* 0: it has no such variable */
};

static enum memlog_status kernel_value(void *self, const char *variable,
				       const char *type, const char *member,
				       uint64_t *ret)
{
	const struct kernel *k = self;

	if (!strcmp(variable, "efi") && type && member &&
	    !strcmp(member, "ovmf_debug_log"))
		*ret = k->log;
	else if (!strcmp(variable, "efi_config_table"))
		*ret = k->table;
	else if (!strcmp(variable, "efi_nr_tables"))
		*ret = k->entries;
	else
		return MEMLOG_NO_DATA;
	return *ret ? MEMLOG_OK : MEMLOG_NO_DATA;
}

/* A log far above every likely place is found by the kernel's word; a lie
 * finds nothing. */
static void locate(void **state)
{
	static const uint8_t guid[16] = {
		0x39, 0x51, 0x30, 0x95, 0x0f, 0xb2, 0x23, 0x47,
		0x84, 0x25, 0x62, 0x7c, 0x88, 0x8f, 0xf1, 0x21,
	};
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x140000000, 0x20000);
	uint8_t *table = mem_add(&m, 0x1000, 4096);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	struct kernel k = { .log = 0x140000000 };
	struct memlog_symbols symbols = { .size = sizeof(symbols),
					  .self = &k,
					  .value = kernel_value };
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .mode = MEMLOG_SCAN_LIKELY,
					 .symbols = &symbols };
	struct memlog_logs *logs;
	struct memlog_err err;
	int i;

	ring_init(r, p, 'C', 0x20000, 192);
	ring_put(r, "text\n", 5);
	memcpy(table + 24, guid, 16);
	put64(table + 40, 0x140000000);
	for (i = 0; i < 5; i++) {
		k.log = i == 0 ? 0x140000000 : i == 1 ? 0x140001000 : 0;
		k.table = i == 2 ? 0x1000 :
			  i == 3 ? 0x1008 :
			  i == 4 ? UINT64_MAX - 10 :
				   0;
		k.entries = i == 4 ? UINT64_MAX : 3;
		assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), i == 0 || i == 2);
		memlog_logs_destroy(logs);
	}
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_model),
		cmocka_unit_test(ring_page),
		cmocka_unit_test(long_header),
		cmocka_unit_test(first_line),
		cmocka_unit_test(lost_head),
		cmocka_unit_test(uncommitted),
		cmocka_unit_test(between_stores),
		cmocka_unit_test(bad_offsets),
		cmocka_unit_test(missing_page),
		cmocka_unit_test(long_line),
		cmocka_unit_test(likely),
		cmocka_unit_test(likely_pieces),
		cmocka_unit_test(locate),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
