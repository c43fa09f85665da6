/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of OVMF's logs is current, of which boot the others are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "libmem.h"
#include "libovmf.h"

static void expect(struct memlog_image *image, size_t index, uint64_t addr,
		   enum memlog_state state, const char *variant)
{
	struct memlog_logs *logs = ovmf_scan(image);
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

	ring_init(early, pe, 'C', 0x10000, 192);
	ring_init(old, pm, 'C', 0x20000, 192);
	ring_put(old, "SEC\nPEI\nDXE\n", 12);
	/* an empty early buffer says nothing */
	expect(image, 0, 0x820000, MEMLOG_STATE_UNKNOWN, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	/* a different one is live */
	ring_put(early, "again\n", 6);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* one that begins like the boot before is live all the same */
	ring_init(early, pe, 'C', 0x10000, 192);
	ring_put(early, "SEC\nPEI\n", 8);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* between the copy and the clearing */
	ring_init(early, pe, 'C', 0x10000, 192);
	ring_put(early, "SEC\nPEI\nDXE\n", 12);
	expect(image, 0, 0x820000, MEMLOG_STATE_COPY, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	/* in the middle of the copy */
	ring_put(early, "more\n", 5);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_COPY, "main");
	/* the main ring is so small that only the end fitted */
	ring_init(old, pm, 'C', 192 + 9, 192);
	ring_put(old, "PEI\n", 4);
	ring_put(old, "DXE\n", 4);
	ring_put(old, "more\n", 5);
	expect(image, 0, 0x820000, MEMLOG_STATE_COPY, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	memlog_image_close(image);
	mem_free(&m);
	free(early);
	free(old);
}

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

		ring_init(early, pe, 'C', cases[i].bytes, 192);
		ring_put(early, "SEC 2\n", 6);
		ring_init(boot, pm, 'C', 0x20000, 192);
		ring_put(boot, "SEC\nPEI\nDXE\n", 12);
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

/* After resuming from S3: a firmware that started anew has written to the early ring,
 * and the main log of the boot that goes on is there, too. */
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
	ring_init(boot, pm, 'C', 0x20000, 192);
	ring_put(boot, "SEC\nPEI\nDXE\n", 12);
	/* before it says so, it might be a reset */
	ring_init(early, pe, 'C', 0x10000, 192);
	ring_put(early, "SEC\nPEI\nEnter S3 PEI", 20);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	ring_put(early, "M\n", 2);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	/* wherever it says so */
	for (at = 1000; at < 1030; at++) {
		ring_init(early, pe, 'C', 0x10000, 192);
		ring_put(early, fill, at);
		ring_put(early, "Enter S3 PEIM\n", 14);
		ring_put(early, fill, sizeof(fill));
		expect(image, 1, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	}
	/* of two main logs that differ neither is known to be the boot's */
	ring_init(other, po, 'C', 0x20000, 192);
	ring_put(other, "SEC\nPEI\nDXE 2\n", 14);
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_UNKNOWN, "main");
	expect(image, 2, 0x3f78000, MEMLOG_STATE_UNKNOWN, "main");
	/* a main log of its own for the resume, the early one cleared */
	memset(pe, 0, 0x10000);
	ring_init(other, po, 'C', 0x20000, 192);
	ring_put(other, "SEC\nPEI\nEnter S3 PEIM\n", 22);
	expect(image, 0, 0x3cb3000, MEMLOG_STATE_CURRENT, "main");
	expect(image, 1, 0x3f78000, MEMLOG_STATE_UNKNOWN, "main");
	/* after that a reset: that log stays where it is */
	ring_init(early, pe, 'C', 0x10000, 192);
	ring_put(early, "SEC\n", 4);
	expect(image, 0, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 1, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	expect(image, 2, 0x3f78000, MEMLOG_STATE_STALE, "main");
	memlog_image_close(image);
	mem_free(&m);
	free(early);
	free(boot);
	free(other);
}

/* Of many main logs so many are asked whether they are of a resume, and no more. */
static void many_resumes(void **state)
{
	static const struct {
		size_t logs, resume;
		bool asked;
	} t[] = {
		{ ML_OVMF_COMPARED, ML_OVMF_COMPARED - 1, true },
		{ ML_OVMF_COMPARED + 1, ML_OVMF_COMPARED - 1, true },
		{ ML_OVMF_COMPARED + 1, ML_OVMF_COMPARED, false },
		{ ML_OVMF_COMPARED + 9, 0, true },
	};
	struct ring *r = malloc(sizeof(*r));
	const size_t bytes = 0x2000;
	struct memlog_image *image;
	struct memlog_logs *logs;
	size_t i, k;
	char text[64];
	uint8_t *p;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct mem m = { .n = 0 };

		p = mem_add(&m, 0x3000000, t[i].logs * bytes);
		for (k = 0; k < t[i].logs; k++) {
			ring_init(r, p + k * bytes, 'C', bytes, 192);
			snprintf(text, sizeof(text), "SEC %03zu\n%s", k,
				 k == t[i].resume ? "Enter S3 PEIM\n" : "");
			ring_put(r, text, strlen(text));
		}
		image = mem_image(&m, MEMLOG_PHYS);
		logs = ovmf_scan(image);
		assert_int_equal(memlog_logs_count(logs), t[i].logs);
		for (k = 0; k < t[i].logs; k++)
			assert_int_equal(
				!!strstr(memlog_logs_get(logs, k)->reason,
					 "of a resume"),
				k == t[i].resume && t[i].asked);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&m);
	}
	free(r);
}

static void expect_boot(struct memlog_image *image, uint64_t addr,
			enum memlog_state state, bool known, int boot)
{
	struct memlog_logs *logs = ovmf_scan(image);
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
	ring_init(r, hdr, 'C', bytes, 192);
	ring_put(r, text, strlen(text));
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
	logs = ovmf_scan(p.image);
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

	ring_init(r, pm, 'C', 0x20000, 192);
	ring_put(r, "SEC\nPEI\nDXE\n", 12);
	/* empty ones are none */
	ring_init(r, a, 'C', 0x1000, 192);
	ring_init(r, c, 'C', 0x10000, 192);
	ring_init(r, b, 'C', 0x10000, 192);
	ring_put(r, "SEC 1\n", 6);
	expect(image, 1, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 3, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* the same text twice is one log */
	ring_init(r, c, 'C', 0x10000, 192);
	ring_put(r, "SEC 1\n", 6);
	expect(image, 1, 0x820000, MEMLOG_STATE_CURRENT, "early");
	expect(image, 2, 0x8f0000, MEMLOG_STATE_COPY, "early");
	expect(image, 3, 0x3cb3000, MEMLOG_STATE_STALE, "main");
	/* a longer one that begins alike is another machine, or another boot */
	ring_put(r, "PEI\n", 4);
	ring_init(r, a, 'C', 0x1000, 192);
	ring_put(r, "SEC 0\n", 6);
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

	ring_init(r, p, 'C', 0x20000, 192);
	ring_put(r, "text\n", 5);
	memcpy(p + 8, "ovmfmdg9", 8);
	expect(image, 0, 0x3cb3000, MEMLOG_STATE_UNKNOWN, "unknown variant");
	memcpy(p + 8, "ovmfmdgp", 8);
	expect(image, 0, 0x3cb3000, MEMLOG_STATE_STALE, "previous");
	/* half a magic before code is nothing */
	memset(p + 8, 0x90, 200);
	logs = ovmf_scan(image);
	assert_int_equal(memlog_logs_count(logs), 0);
	memlog_logs_destroy(logs);
	/* the magics alone: caught in the middle of the set-up */
	memset(p, 0, 0x20000);
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	logs = ovmf_scan(image);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_true(memlog_logs_get(logs, 0)->flags & MEMLOG_LOG_EMPTY);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(arm_early),
		cmocka_unit_test(resume_states),
		cmocka_unit_test(many_resumes),
		cmocka_unit_test(kept_boots),
		cmocka_unit_test(kept_resumes),
		cmocka_unit_test(several_earlies),
		cmocka_unit_test(odd_magics),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
