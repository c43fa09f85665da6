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

#include "libmem.h"

/* ---- the writer's side, from its description alone ---- */

struct ring {
	uint8_t *hdr; /* in the memory of the test */
	char family;
	uint64_t header, size, head, tail, truncated, lock;
	uint8_t all[1 << 20]; /* everything that was ever written */
	size_t n_all;
};

static void store(struct ring *r)
{
	uint8_t *p = r->hdr;

	if (r->family == 'A') {
		memcpy(p, "ovmfmemdebugmagc", 16);
		p[16] = 1;
		put32(p + 17, (uint32_t)r->size);
		put32(p + 21, (uint32_t)r->head);
		put32(p + 25, (uint32_t)r->tail);
		put64(p + 29, r->lock);
		p[37] = (uint8_t)r->truncated;
		return;
	}
	memcpy(p, r->family == 'B' ? "ovmfmdgl" : "ovmfmdg1", 8);
	p += 8;
	if (r->family == 'C') {
		memcpy(p, "ovmfmdg2", 8);
		p += 8;
	}
	put64(p, r->header);
	put64(p + 8, r->size);
	put64(p + 16, r->lock);
	put64(p + 24, r->head);
	put64(p + 32, r->tail);
	put64(p + 40, r->truncated);
}

static void init(struct ring *r, uint8_t *hdr, char family, uint64_t bytes,
		 uint64_t header)
{
	memset(r, 0, sizeof(*r));
	r->hdr = hdr;
	r->family = family;
	r->header = header;
	r->size = bytes - header;
	r->lock = 1;
	store(r);
}

static void put(struct ring *r, const void *text, size_t len)
{
	uint8_t *data = r->hdr + r->header;
	const uint8_t *p = text;
	size_t i;

	if (!len || len >= r->size)
		return;
	memcpy(r->all + r->n_all, text, len);
	r->n_all += len;
	for (i = 0; i < len; i++) {
		data[r->tail] = p[i];
		r->tail = (r->tail + 1) % r->size;
		if (r->truncated || r->tail == 0) {
			r->truncated = 1;
			r->head = (r->tail + 1) % r->size;
		}
	}
	store(r);
}

/* ---- the reader's side ---- */

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

static struct memlog_logs *scan(struct memlog_image *image)
{
	struct memlog_logs *logs;
	struct memlog_err err;

	if (memlog_scan(image, NULL, &logs, NULL, &err))
		fail_msg("%s", err.text);
	return logs;
}

static void check_ring(struct memlog_image *image, const struct ring *r)
{
	size_t keep = r->n_all < r->size - 1 ? r->n_all : r->size - 1;
	struct memlog_logs *logs = scan(image);
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
			init(r, p, families[f], headers[f] + n, headers[f]);
			check_ring(image, r);
			for (i = 0; i < 60; i++) {
				size_t len = (size_t)rand_r(&seed) % (n + 2);

				memset(line, 'a' + i % 26, sizeof(line));
				line[len ? len - 1 : 0] = '\n';
				put(r, line, len);
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

	init(r, p, 'C', 4096, 192);
	for (i = 0; i < 2000; i++) {
		int len = snprintf(line, sizeof(line), "%0*d\r\n", 1 + i % 251,
				   i);

		put(r, line, (size_t)len);
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

	init(r, p, 'C', 0x20000, 65920);
	put(r, "behind a long header\n", 21);
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
	init(r, p, 'C', 192 + 16, 192);
	put(r, "0123456\n", 8);
	put(r, "abcdefg\n", 8);
	check_ring(image, r);
	assert_true(got.first_flags & MEMLOG_REC_TRUNCATED_HEAD);
	/* the byte that was lost last is a line end */
	init(r, p, 'C', 192 + 16, 192);
	put(r, "012345\n", 7);
	put(r, "bcdefgh\n", 8);
	put(r, "123456\n", 7);
	check_ring(image, r);
	assert_false(got.first_flags & MEMLOG_REC_TRUNCATED_HEAD);
	/* with the lock held that byte proves nothing */
	r->lock = 2;
	store(r);
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

	init(r, p, 'C', 4096, 192);
	put(r, "st of a line\nwhole\n", 19);
	r->truncated = 1; /* as the copy of a ring that wrapped is */
	store(r);
	logs = scan(image);
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

	init(r, p, 'C', 4096, 192);
	put(r, "counted\n", 8);
	memcpy(p + 192 + 8, "in flight\n", 10);
	r->lock = 2;
	store(r);
	logs = scan(image);
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

	init(r, p, 'C', 192 + 3000, 192);
	for (i = 0; i < 120; i++) {
		len = snprintf(line, sizeof(line), "%0*d\n", 20 + i % 90, i);
		memcpy(after, r, sizeof(*r));
		put(after, line, (size_t)len);
		if (after->truncated) {
			/* head first */
			r->truncated = 1;
			committed = r->tail;
			r->lock = 2;
			r->head = after->head;
			store(r);
			logs = scan(image);
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
		store(r);
	}
	memlog_image_close(image);
	mem_free(&m);
	free(after);
	free(r);
}

static void expect(struct memlog_image *image, size_t index, uint64_t addr,
		   enum memlog_state state, const char *variant)
{
	struct memlog_logs *logs = scan(image);
	const struct memlog_log *log = memlog_logs_get(logs, index);

	assert_non_null(log);
	assert_int_equal(log->extents->addr, addr);
	if (log->state != state)
		fail_msg("0x%llx: state %d (%s), not %d",
			 (unsigned long long)addr, log->state, log->reason,
			 state);
	if (state != MEMLOG_STATE_UNKNOWN)
		assert_string_not_equal(log->reason, "");
	assert_string_equal(log->variant, variant);
	memlog_logs_destroy(logs);
}

static void states(void **state)
{
	struct ring *early = malloc(sizeof(*early));
	struct ring *old = malloc(sizeof(*old));
	struct mem m = { .n = 0 };
	uint8_t *pe = mem_add(&m, 0x820000, 0x10000);
	uint8_t *pm = mem_add(&m, 0x3cb3000, 0x20000);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);

	init(early, pe, 'C', 0x10000, 192);
	init(old, pm, 'C', 0x20000, 192);
	put(old, "SEC\nPEI\nDXE\n", 12);
	/* an empty early buffer says nothing */
	expect(image, 0, 0x820000, MEMLOG_STATE_UNKNOWN, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	/* a different one is live */
	put(early, "again\n", 6);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* one that begins like the boot before is live all the same */
	init(early, pe, 'C', 0x10000, 192);
	put(early, "SEC\nPEI\n", 8);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* between the copy and the clearing */
	init(early, pe, 'C', 0x10000, 192);
	put(early, "SEC\nPEI\nDXE\n", 12);
	expect(image, 0, 0x820000, MEMLOG_STATE_COPY, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	/* in the middle of the copy */
	put(early, "more\n", 5);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_COPY, "main");
	/* the main ring is so small that only the end fitted */
	init(old, pm, 'C', 192 + 9, 192);
	put(old, "PEI\n", 4);
	put(old, "DXE\n", 4);
	put(old, "more\n", 5);
	expect(image, 0, 0x820000, MEMLOG_STATE_COPY, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	memlog_image_close(image);
	mem_free(&m);
	free(early);
	free(old);
}

/* What resuming from S3 leaves behind: a firmware that started anew and wrote to
 * the early ring, beside the main log of the boot that goes on. */
/* Arm: RAM starts at 1 GiB, and an early log is small. */
static void arm_early(void **state)
{
	static const struct {
		uint64_t at;
		size_t bytes;
		bool early;
	} cases[] = {
		{ 0x40100000, 0x7000, true },  { 0x40107000, 0x7000, true },
		{ 0x40100000, 0x10000, true }, { 0x40110000, 0x7000, false },
		{ 0x400ff000, 0x7000, false }, { 0x40100000, 0x11000, false },
	};
	struct ring *early = malloc(sizeof(*early));
	struct ring *boot = malloc(sizeof(*boot));
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mem m = { .n = 0 };
		uint8_t *pe = mem_add(&m, cases[i].at, cases[i].bytes);
		uint8_t *pm = mem_add(&m, 0x47e00000, 0x20000);
		struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);

		init(early, pe, 'C', cases[i].bytes, 192);
		put(early, "SEC 2\n", 6);
		init(boot, pm, 'C', 0x20000, 192);
		put(boot, "SEC\nPEI\nDXE\n", 12);
		expect(image, 0, cases[i].at,
		       cases[i].early ? MEMLOG_STATE_CURRENT :
					MEMLOG_STATE_UNKNOWN,
		       cases[i].early ? "early" : "main");
		expect(image, 1, 0x47e00000,
		       cases[i].early ? MEMLOG_STATE_STALE :
					MEMLOG_STATE_UNKNOWN,
		       "main");
		memlog_image_close(image);
		mem_free(&m);
	}
	free(early);
	free(boot);
}

static void resume_states(void **state)
{
	struct ring *early = malloc(sizeof(*early));
	struct ring *boot = malloc(sizeof(*boot));
	struct ring *other = malloc(sizeof(*other));
	struct mem m = { .n = 0 };
	uint8_t *pe = mem_add(&m, 0x820000, 0x10000);
	uint8_t *pm = mem_add(&m, 0x3cb3000, 0x20000);
	uint8_t *po = mem_add(&m, 0x3f78000, 0x20000);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	char fill[2048];
	size_t at;

	memset(fill, '.', sizeof(fill));
	init(boot, pm, 'C', 0x20000, 192);
	put(boot, "SEC\nPEI\nDXE\n", 12);
	/* before it says so, it might be a reset */
	init(early, pe, 'C', 0x10000, 192);
	put(early, "SEC\nPEI\nEnter S3 PEI", 20);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	put(early, "M\n", 2);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	/* wherever it says so */
	for (at = 1000; at < 1030; at++) {
		init(early, pe, 'C', 0x10000, 192);
		put(early, fill, at);
		put(early, "Enter S3 PEIM\n", 14);
		put(early, fill, sizeof(fill));
		expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	}
	/* of two main logs that differ neither is known to be the boot's */
	init(other, po, 'C', 0x20000, 192);
	put(other, "SEC\nPEI\nDXE 2\n", 14);
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_UNKNOWN, "main");
	expect(image, 2, 0x3f78000, MEMLOG_STATE_UNKNOWN, "main");
	/* a main log of its own for the resume, the early one cleared */
	memset(pe, 0, 0x10000);
	init(other, po, 'C', 0x20000, 192);
	put(other, "SEC\nPEI\nEnter S3 PEIM\n", 22);
	expect(image, 0, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	expect(image, 1, 0x3f78000, MEMLOG_STATE_UNKNOWN, "main");
	/* after that a reset: that log stays where it is */
	init(early, pe, 'C', 0x10000, 192);
	put(early, "SEC\n", 4);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	expect(image, 2, 0x3f78000, MEMLOG_STATE_STALE, "main");
	memlog_image_close(image);
	mem_free(&m);
	free(early);
	free(boot);
	free(other);
}

static void expect_boot(struct memlog_image *image, uint64_t addr,
			enum memlog_state state, bool known, int boot)
{
	struct memlog_logs *logs = scan(image);
	const struct memlog_log *log;
	size_t i;

	for (i = 0; (log = memlog_logs_get(logs, i)); i++)
		if (log->extents->addr == addr)
			break;
	assert_non_null(log);
	if (log->state != state || log->has_boot != known ||
	    (known && log->boot != boot))
		fail_msg("0x%llx: state %d (%s), boot %d%s",
			 (unsigned long long)addr, log->state, log->reason,
			 log->boot, log->has_boot ? "" : ", not known");
	memlog_logs_destroy(logs);
}

static void start(struct ring *r, uint8_t *hdr, uint64_t bytes,
		  const char *text, char mark)
{
	init(r, hdr, 'C', bytes, 192);
	put(r, text, strlen(text));
	hdr[15] = (uint8_t)mark;
}

/* The two places for early and for main logs, where the firmware takes turns. */
struct places {
	struct mem m;
	struct memlog_image *image;
	struct ring *r;
	uint8_t *half[2], *place[2];
};

#define HALF_0	0x820000
#define HALF_1	0x827000
#define PLACE_0 0x3c00000
#define PLACE_1 0x3c20000

static void places_open(struct places *p)
{
	p->m = (struct mem){ 0 };
	p->half[0] = mem_add(&p->m, HALF_0, 0x7000);
	p->half[1] = mem_add(&p->m, HALF_1, 0x7000);
	p->place[0] = mem_add(&p->m, PLACE_0, 0x20000);
	p->place[1] = mem_add(&p->m, PLACE_1, 0x20000);
	p->image = mem_image(&p->m, MEMLOG_PHYS);
	p->r = malloc(sizeof(*p->r));
}

static void places_close(struct places *p)
{
	memlog_image_close(p->image);
	mem_free(&p->m);
	free(p->r);
}

#define BOOT_0 "SEC\nPEI\nDXE 0\n"
#define BOOT_1 "SEC\nPEI\nDXE 1\n"

static void kept_boots(void **state)
{
	struct places p;

	places_open(&p);
	start(p.r, p.place[0], 0x20000, BOOT_0, 'p');
	start(p.r, p.place[1], 0x20000, BOOT_1, '2');
	expect_boot(p.image, PLACE_0, MEMLOG_STATE_STALE, true, -1);
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_CURRENT, true, 0);
	/* a reset: nothing is marked until memory is discovered */
	start(p.r, p.half[0], 0x7000, "SEC\n", '2');
	expect_boot(p.image, HALF_0, MEMLOG_STATE_CURRENT, true, 0);
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_STALE, true, -1);
	expect_boot(p.image, PLACE_0, MEMLOG_STATE_STALE, true, -2);
	/* and another one before that */
	start(p.r, p.half[0], 0x7000, "SEC\n", 'p');
	start(p.r, p.half[1], 0x7000, "SEC\nPEI\n", '2');
	expect_boot(p.image, HALF_1, MEMLOG_STATE_CURRENT, true, 0);
	expect_boot(p.image, HALF_0, MEMLOG_STATE_STALE, true, -1);
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_STALE, true, -2);
	expect_boot(p.image, PLACE_0, MEMLOG_STATE_STALE, true, -3);
	/* then one that gets to its main log */
	memset(p.half[1], 0, 0x7000);
	p.place[1][15] = 'p';
	start(p.r, p.place[0], 0x20000, "SEC\nPEI\nDXE 3\n", '2');
	expect_boot(p.image, PLACE_0, MEMLOG_STATE_CURRENT, true, 0);
	expect_boot(p.image, HALF_0, MEMLOG_STATE_STALE, true, -1);
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_STALE, true, -2);
	/* two that were kept by boots that ended early: nothing is certain */
	start(p.r, p.half[1], 0x7000, "SEC\nPEI\n", 'p');
	expect_boot(p.image, HALF_0, MEMLOG_STATE_STALE, false, 0);
	expect_boot(p.image, HALF_1, MEMLOG_STATE_STALE, false, 0);
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_STALE, false, 0);
	places_close(&p);
}

#define RESUME "SEC\nPEI\nEnter S3 PEIM\n"

/* A resume that is over, and what becomes of its log. */
static void kept_resumes(void **state)
{
	struct memlog_logs *logs;
	struct places p;

	places_open(&p);
	start(p.r, p.place[0], 0x20000, BOOT_0, 'p');
	start(p.r, p.place[1], 0x20000, BOOT_1, '2');
	start(p.r, p.half[0], 0x7000, RESUME, 's');
	expect(p.image, 0, HALF_0, MEMLOG_STATE_CURRENT, "resume");
	expect(p.image, 1, PLACE_0, MEMLOG_STATE_STALE, "previous");
	expect(p.image, 2, PLACE_1, MEMLOG_STATE_CURRENT, "main");
	expect_boot(p.image, HALF_0, MEMLOG_STATE_CURRENT, true, 0);
	/* a second one has begun */
	start(p.r, p.half[1], 0x7000, RESUME, '2');
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_CURRENT, true, 0);
	expect_boot(p.image, HALF_0, MEMLOG_STATE_CURRENT, true, 0);
	expect_boot(p.image, HALF_1, MEMLOG_STATE_CURRENT, true, 0);
	/* or it is a reset: the resume is of the boot before */
	start(p.r, p.half[1], 0x7000, "SEC\n", '2');
	expect_boot(p.image, HALF_1, MEMLOG_STATE_CURRENT, true, 0);
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_STALE, true, -1);
	expect_boot(p.image, HALF_0, MEMLOG_STATE_STALE, true, -1);
	expect_boot(p.image, PLACE_0, MEMLOG_STATE_STALE, true, -2);
	/* memory is discovered */
	memset(p.half[1], 0, 0x7000);
	p.half[0][15] = 'p';
	p.place[1][15] = 'p';
	start(p.r, p.place[0], 0x20000, "SEC\nPEI\nDXE 2\n", '2');
	expect_boot(p.image, PLACE_0, MEMLOG_STATE_CURRENT, true, 0);
	expect_boot(p.image, PLACE_1, MEMLOG_STATE_STALE, true, -1);
	expect_boot(p.image, HALF_0, MEMLOG_STATE_STALE, true, -1);
	/* nothing is left of the boot that it was in */
	memset(p.place[1], 0, 0x20000);
	expect_boot(p.image, HALF_0, MEMLOG_STATE_STALE, false, 0);
	logs = scan(p.image);
	assert_int_equal(memlog_logs_count(logs), 2);
	memlog_logs_destroy(logs);
	places_close(&p);
}

/* Several early logs, as in a file with more than one machine in it: none of
 * them is preferred for where it stands. */
static void several_earlies(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *a = mem_add(&m, 0x80f000, 0x1000);
	uint8_t *b = mem_add(&m, 0x820000, 0x10000);
	uint8_t *c = mem_add(&m, 0x8f0000, 0x10000);
	uint8_t *pm = mem_add(&m, 0x3cb3000, 0x20000);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);

	init(r, pm, 'C', 0x20000, 192);
	put(r, "SEC\nPEI\nDXE\n", 12);
	/* empty ones are none */
	init(r, a, 'C', 0x1000, 192);
	init(r, c, 'C', 0x10000, 192);
	init(r, b, 'C', 0x10000, 192);
	put(r, "SEC 1\n", 6);
	expect(image, 1, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 3, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* the same text twice is one log */
	init(r, c, 'C', 0x10000, 192);
	put(r, "SEC 1\n", 6);
	expect(image, 1, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 2, 0x8f0000, MEMLOG_STATE_COPY, "early");
	expect(image, 3, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* a longer one that begins alike is another machine, or another boot */
	put(r, "PEI\n", 4);
	init(r, a, 'C', 0x1000, 192);
	put(r, "SEC 0\n", 6);
	expect(image, 0, 0x80f000, MEMLOG_STATE_UNKNOWN, "early");
	expect(image, 1, 0x820000, MEMLOG_STATE_UNKNOWN, "early");
	expect(image, 2, 0x8f0000, MEMLOG_STATE_UNKNOWN, "early");
	expect(image, 3, 0x3cb3000, MEMLOG_STATE_UNKNOWN, "main");
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

static void odd_magics(void **state)
{
	struct ring *r = malloc(sizeof(*r));
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x3cb3000, 0x20000);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	struct memlog_logs *logs;

	init(r, p, 'C', 0x20000, 192);
	put(r, "text\n", 5);
	memcpy(p + 8, "ovmfmdg9", 8);
	expect(image, 0, 0x3cb3000, MEMLOG_STATE_UNKNOWN, "unknown variant");
	memcpy(p + 8, "ovmfmdgp", 8);
	expect(image, 0, 0x3cb3000, MEMLOG_STATE_STALE, "previous");
	/* half a magic with code behind it is nothing */
	memset(p + 8, 0x90, 200);
	logs = scan(image);
	assert_int_equal(memlog_logs_count(logs), 0);
	memlog_logs_destroy(logs);
	/* the magics alone: caught in the middle of the set-up */
	memset(p, 0, 0x20000);
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	logs = scan(image);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_true(memlog_logs_get(logs, 0)->flags & MEMLOG_LOG_EMPTY);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
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

	init(r, p, 'C', 4096, 192);
	put(r, "text\n", 5);
	put64(p + 0x28, UINT64_MAX);
	logs = scan(image);
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

	init(r, p, 'C', 0x4000, 192);
	for (i = 0; i < 1000; i++)
		put(r, "0123456789\n", 11);
	memcpy(mem_add(&m, 0x3cb3000, 0x1000), p, 0x1000);
	memcpy(mem_add(&m, 0x3cb5000, 0x2000), p + 0x2000, 0x2000);
	image = mem_image(&m, MEMLOG_PHYS);
	logs = scan(image);
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
	init(r, p, 'C', 0x10000, 192);
	for (i = 0; i < 200; i++)
		put(r, x, sizeof(x));
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

		init(r, p + (ram[i] << 20) - (19 << 20), 'C', 0x20000, 192);
		put(r, "text\n", 5);
		assert_int_equal(memlog_scan(image, &opts, &logs, &stats, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_true(stats.likely_only);
		assert_true(stats.covered <= 64 << 20);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&m);
	}
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

	init(r, p, 'C', 0x20000, 192);
	put(r, "text\n", 5);
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
		cmocka_unit_test(states),
		cmocka_unit_test(arm_early),
		cmocka_unit_test(resume_states),
		cmocka_unit_test(kept_boots),
		cmocka_unit_test(kept_resumes),
		cmocka_unit_test(several_earlies),
		cmocka_unit_test(odd_magics),
		cmocka_unit_test(bad_offsets),
		cmocka_unit_test(missing_page),
		cmocka_unit_test(long_line),
		cmocka_unit_test(likely),
		cmocka_unit_test(locate),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
