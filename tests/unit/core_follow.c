/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_follow.c - following a log through everything that can happen to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libguest.h"
#include "libmem.h"
#include "memlog.h"

struct watch {
	struct guest guest;
	struct memlog_follow *follow;
	struct memlog_follow_news news;
	char text[1 << 20]; /* what next() gave */
	size_t len;
	unsigned int lost_records;
	uint64_t lost;
};

static void say_lines(uint8_t *p, unsigned int from, unsigned int n)
{
	char line[32];

	for (; n; n--) {
		snprintf(line, sizeof(line), "line %08u\n", from++);
		ring_say(p, line);
	}
}

/* The firmware's own move: the early text first, then the early log goes. */
static void move(struct watch *g)
{
	uint8_t *early = g->guest.p + GUEST_EARLY,
		*to = ring_start(&g->guest, GUEST_MAIN, GUEST_HEADER);

	ring_say_n(to, (char *)early + GUEST_HEADER, get64(early + 0x30));
	memset(early, 0, GUEST_RING);
}

static struct watch *setup(void)
{
	struct watch *g = calloc(1, sizeof(*g));

	guest_start(&g->guest);
	assert_int_equal(memlog_follow_open(g->guest.image, NULL, NULL,
					    &g->follow, NULL),
			 0);
	return g;
}

static void teardown(struct watch *g)
{
	memlog_follow_close(g->follow);
	guest_stop(&g->guest);
	free(g);
}

/* One look; the text of its records is in g->text. */
static enum memlog_status look(struct watch *g)
{
	const struct memlog_record *rec;
	enum memlog_status s;

	g->news.size = sizeof(g->news);
	g->len = g->lost_records = 0;
	g->lost = 0;
	s = memlog_follow_look(g->follow, &g->news, NULL);
	while (!memlog_follow_next(g->follow, &rec, NULL)) {
		memcpy(g->text + g->len, rec->raw, rec->raw_len);
		g->len += rec->raw_len;
		if (rec->flags & MEMLOG_REC_LOST_BEFORE) {
			g->lost_records++;
			g->lost += rec->lost;
		}
	}
	g->text[g->len] = '\0';
	return s;
}

static void test_grows(void **state)
{
	struct watch *g = setup();
	uint8_t *p;

	assert_int_equal(look(g), MEMLOG_NO_DATA);
	p = ring_start(&g->guest, GUEST_MAIN, GUEST_HEADER);
	/* known to be there, and empty */
	assert_int_equal(look(g), MEMLOG_NO_DATA);
	ring_say(p, "one\n");
	usleep(2100 * 1000); /* all likely places are searched now and then */
	assert_int_equal(look(g), MEMLOG_OK);
	assert_true(g->news.started && !g->news.reset);
	assert_string_equal(g->text, "one\n");
	assert_int_equal(look(g), MEMLOG_NO_DATA);
	assert_string_equal(g->text, "");
	ring_say(p, "two\nthree\n");
	assert_int_equal(look(g), MEMLOG_OK);
	assert_false(g->news.started || g->news.overrun);
	assert_string_equal(g->text, "two\nthree\n");
	teardown(g);
}

/* What is there at first comes at once, through the wrap of the ring. */
static void test_wraps(void **state)
{
	struct watch *g = setup();
	uint8_t *p = ring_start(&g->guest, GUEST_MAIN, GUEST_HEADER);
	unsigned int i, from = 0;
	char want[32];

	say_lines(p, from, 100);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_int_equal(g->len, 1400);
	for (i = 0, from = 100; i < 20; i++, from += 1000) {
		say_lines(p, from, 1000);
		assert_int_equal(look(g), MEMLOG_OK);
		assert_false(g->news.started || g->news.overrun);
		assert_int_equal(g->len, 14000);
		snprintf(want, sizeof(want), "line %08u\n", from);
		assert_memory_equal(g->text, want, 14);
	}
	teardown(g);
}

static void test_overrun(void **state)
{
	struct watch *g = setup();
	uint8_t *p = ring_start(&g->guest, GUEST_MAIN, GUEST_HEADER);

	say_lines(p, 0, 5000);
	assert_int_equal(look(g), MEMLOG_OK);
	say_lines(p, 5000, 20000);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_true(g->news.overrun && !g->news.started);
	assert_true(g->news.lost == 0);
	assert_int_equal(g->lost_records, 1);
	assert_int_equal(g->len, GUEST_RING - GUEST_HEADER - 1);
	/* and on from there */
	ring_say(p, "more\n");
	assert_int_equal(look(g), MEMLOG_OK);
	assert_string_equal(g->text, "more\n");
	/* just once around, to the same offset: the text tells */
	say_lines(p, 0, 4000);
	assert_int_equal(look(g), MEMLOG_OK);
	ring_say_n(p, memset(g->text, 'x', GUEST_RING),
		   GUEST_RING - GUEST_HEADER - 100);
	ring_say_n(p, memset(g->text, 'y', GUEST_RING), 99 + 500);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_true(g->news.overrun);
	teardown(g);
}

static void test_counted(void **state)
{
	struct watch *g = setup();
	uint8_t *p = ring_start(&g->guest, GUEST_MAIN, GUEST_EXT_HEADER);
	uint64_t room = GUEST_RING - GUEST_EXT_HEADER - 1;

	say_lines(p, 0, 100);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_int_equal(g->len, 1400);
	say_lines(p, 100, 20000);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_true(g->news.overrun);
	assert_true(g->news.lost == 20000 * 14 - room);
	assert_true(g->lost == 20000 * 14 - room);
	assert_int_equal(g->len, room);
	/* another boot that got as far and says the same */
	put32(p + GUEST_EXT + 0x20, 1);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_true(g->news.reset);
	/* counted, and not yet moved on */
	put64(p + GUEST_EXT + 0x10, get64(p + GUEST_EXT + 0x10) + 7);
	assert_int_equal(look(g), MEMLOG_NO_DATA);
	teardown(g);
}

/* From the early log to the main one without a word twice. */
static void test_moves(void **state)
{
	struct watch *g = setup();
	uint8_t *p = ring_start(&g->guest, GUEST_EARLY, GUEST_HEADER);

	ring_say(p, "SEC\n");
	assert_int_equal(look(g), MEMLOG_OK);
	assert_string_equal(g->text, "SEC\n");
	ring_say(p, "PEI\n");
	move(g);
	ring_say(g->guest.p + GUEST_MAIN, "DXE\n");
	usleep(2100 * 1000);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_false(g->news.started || g->news.reset);
	assert_string_equal(g->text, "PEI\nDXE\n");
	teardown(g);
}

/* A reset: the early log comes to life while the main one still stands. */
static void reset(bool seen_early)
{
	struct watch *g = setup();
	uint8_t *p = ring_start(&g->guest, GUEST_EARLY, GUEST_HEADER);

	say_lines(p, 0, 300);
	move(g);
	say_lines(g->guest.p + GUEST_MAIN, 300, 1000);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_int_equal(g->len, 1300 * 14);
	p = ring_start(&g->guest, GUEST_EARLY, GUEST_HEADER);
	say_lines(p, 0, 10);
	if (seen_early) {
		assert_int_equal(look(g), MEMLOG_OK);
		assert_true(g->news.reset);
		assert_int_equal(g->len, 140);
	}
	say_lines(p, 10, 10);
	move(g);
	say_lines(g->guest.p + GUEST_MAIN, 20, 10);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_int_equal(g->news.reset, !seen_early);
	assert_int_equal(g->len, seen_early ? 280 : 420);
	teardown(g);
}

static void test_reset(void **state)
{
	reset(true);
	reset(false);
}

/* A line without an end waits for it, a second at most. */
static void test_unfinished(void **state)
{
	struct watch *g = setup();
	uint8_t *p = ring_start(&g->guest, GUEST_MAIN, GUEST_HEADER);

	ring_say(p, "whole\nhal");
	assert_int_equal(look(g), MEMLOG_OK);
	assert_string_equal(g->text, "whole\n");
	ring_say(p, "f\nPress any key");
	assert_int_equal(look(g), MEMLOG_OK);
	assert_string_equal(g->text, "half\n");
	assert_int_equal(look(g), MEMLOG_NO_DATA);
	usleep(1100 * 1000);
	assert_int_equal(look(g), MEMLOG_OK);
	assert_string_equal(g->text, "Press any key");
	assert_int_equal(look(g), MEMLOG_NO_DATA);
	ring_say(p, " or none\n");
	assert_int_equal(look(g), MEMLOG_OK);
	assert_string_equal(g->text, " or none\n");
	ring_say(p, "last words");
	assert_int_equal(look(g), MEMLOG_OK);
	assert_string_equal(g->text, "");
	g->guest.ended = true;
	assert_int_equal(look(g), MEMLOG_IO);
	assert_string_equal(g->text, "last words");
	teardown(g);
}

static void test_not_live(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_follow *f;

	mem_add(&m, 0, 4096);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_follow_open(image, NULL, NULL, &f, NULL),
			 MEMLOG_INVALID);
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_not_live),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
