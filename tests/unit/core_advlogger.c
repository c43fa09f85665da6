/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AdvancedLogger: one log, whatever its version, its order and its damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libadvlogger.h"
#include "libmem.h"

#define BASE 0x7e000000u
#define LOG  16384u

static struct mem mem;
static struct adv_log log_;
static struct memlog_image *image;

static uint8_t *memory(void)
{
	return mem_add(&mem, BASE, LOG);
}

static int setup(void **state)
{
	memset(&mem, 0, sizeof(mem));
	return 0;
}

static int teardown(void **state)
{
	adv_free(&log_);
	mem_free(&mem);
	return 0;
}

/* The only log; NULL: there is none. */
static const struct memlog_log *only(struct memlog_logs **ret,
				     enum memlog_scan_mode mode)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .mode = mode };

	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, ret, NULL, NULL), 0);
	assert_in_range(memlog_logs_count(*ret), 0, 1);
	return memlog_logs_get(*ret, 0);
}

static void done(struct memlog_logs *logs)
{
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

static void same_lines(const char *what, bool wrapped)
{
	char *want = adv_expected(&log_), *got;
	uint32_t flags = 0;

	got = adv_found(&mem, &flags);
	assert_non_null(got);
	if (strcmp(got, want) != 0)
		print_message("%s\n", what);
	assert_string_equal(got, want);
	assert_int_equal(!!(flags & MEMLOG_LOG_WRAPPED), wrapped);
	free(want);
	free(got);
}

/* ---- versions ------------------------------------------------------------ */

static void say_some(void)
{
	adv_say(&log_, 0x40, 1, "first\r\n");
	adv_say(&log_, 0x40, 2, "half of a line, ");
	adv_say(&log_, 0x80000000, 4, "and the other\ntwo\n");
	adv_say_n(&log_, 0x400000, 9, "a NUL\0, \x1b[31mred\n", 18, false);
	adv_say(&log_, 2, 5, "");
	adv_say(&log_, 2, 99, "no end");
}

static void versions(void **state)
{
	static const char *const variants[] = { "main, V0", "main, V1",
						"main, V2", "main, V3",
						"main, V4", "main, V5",
						"early, V6" };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	unsigned int v;

	for (v = 0; v < 7; v++) {
		adv_start(&log_, memory(), v, BASE, LOG);
		log_.permanent = v != 6;
		say_some();
		/* the phase has no name */
		log_.said[5].phase = 0;
		same_lines(variants[v], false);
		log = only(&logs, MEMLOG_SCAN_EXHAUSTIVE);
		assert_non_null(log);
		assert_string_equal(log->variant, variants[v]);
		assert_true(log->extents->addr == BASE);
		assert_true(log->extents->len == LOG);
		assert_true(log->used == log_.cursor - log_.header);
		assert_int_equal(log->state, MEMLOG_STATE_CURRENT);
		done(logs);
		teardown(NULL);
	}
}

/* The rate, and the date. */
static void times(void **state)
{
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_decoder *d;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		adv_start(&log_, memory(), 5, BASE, LOG);
		log_.hz = i ? 1000000 : 0;
		log_.ticks = i == 2 ? 50 : 0;
		adv_say(&log_, 0x40, 4, "one\n");
		log = only(&logs, MEMLOG_SCAN_PAGES);
		assert_int_equal(
			memlog_decoder_open(image, log, NULL, &d, NULL), 0);
		assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
		assert_true(rec->has_time && rec->time == 100);
		assert_true(rec->time_hz == (i ? 1000000 : 0));
		assert_int_equal(rec->n_fields, i == 2);
		if (i == 2) {
			assert_string_equal(rec->fields[0].name, "utc_us");
			assert_true(rec->fields[0].u == 1795828830000050);
		}
		memlog_decoder_close(d);
		done(logs);
		teardown(NULL);
	}
}

/* Both kinds of messages in one log, and a header of them that is longer. */
static void mixed(void **state)
{
	uint64_t at;
	uint8_t *p;

	adv_start(&log_, p = memory(), 5, BASE, LOG);
	adv_say(&log_, 0x40, 2, "of a newer one\n");
	log_.old_kind = true;
	adv_say(&log_, 0x40, 2, "of an older one\n");
	log_.old_kind = false;
	at = log_.cursor;
	adv_say(&log_, 0x40, 2, "12345678longer\n");
	put16(p + at + 20, 7);
	put16(p + at + 22, 32);
	memcpy(log_.said[2].text, "longer\n", 7);
	log_.said[2].len = 7;
	same_lines("mixed", false);
}

/* Without messages there is a log only if its size makes whole pages. */
static void empty(void **state)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;
	unsigned int v;

	for (v = 1; v < 7; v++) {
		adv_start(&log_, memory(), v, BASE, LOG);
		log = only(&logs, MEMLOG_SCAN_PAGES);
		assert_non_null(log);
		assert_true(log->flags & MEMLOG_LOG_EMPTY);
		done(logs);
		log_.size -= 64;
		adv_store(&log_);
		assert_null(only(&logs, MEMLOG_SCAN_PAGES));
		done(logs);
		adv_say(&log_, 0x40, 1, "one\n");
		assert_non_null(only(&logs, MEMLOG_SCAN_PAGES));
		done(logs);
		teardown(NULL);
	}
}

/* A buffer that no page starts with is found by a closer look. */
static void inside(void **state)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;

	adv_start(&log_, memory() + 0x508, 5, BASE + 0x508, 2048);
	adv_say(&log_, 0x40, 1, "one\n");
	assert_null(only(&logs, MEMLOG_SCAN_PAGES));
	done(logs);
	log = only(&logs, MEMLOG_SCAN_EXHAUSTIVE);
	assert_true(log && log->extents->addr == BASE + 0x508);
	done(logs);
}

/* ---- order --------------------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % below;
}

static const uint32_t bits[] = { 0x40, 2,	 0x80000000, 0x400000,
				 1,    0x400042, 0x80,	     0x80000002 };

static void say_random(bool may_tear)
{
	static char text[6000];
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEF\n\r \n-\n\0\x1b\xc3\xa9";
	size_t len = rnd(20) ? rnd(90) : rnd(sizeof(text)), i;

	for (i = 0; i < len; i++)
		text[i] = len < 200 ? chars[rnd(sizeof(chars))] :
			  rnd(100)  ? chars[rnd(3)] :
				      '\n';
	adv_say_n(&log_, bits[rnd(8)], log_.runtime ? 5 + rnd(6) : rnd(5), text,
		  len, may_tear && !rnd(12));
}

/* What is written at random is read as it was written. */
static void model(void **state)
{
	unsigned int round, version, n;
	char what[32];

	for (round = 0; round < 2000; round++) {
		seed = round;
		version = rnd(7);
		adv_start(&log_, memory(), version, BASE, 4096 * (1 + rnd(4)));
		log_.wraps = version >= 4 && rnd(2);
		snprintf(what, sizeof(what), "round %u", round);
		for (n = 1 + rnd(400); n; n--) {
			if (version >= 4 && !rnd(3))
				log_.old_kind = rnd(2);
			log_.runtime |= version >= 4 && !rnd(100);
			/* of version 0 the first message is the proof */
			say_random(log_.n);
		}
		same_lines(what, adv_has_older(&log_));
		teardown(NULL);
	}
}

/* A line is cut where a record ends, and nothing of it is lost. */
static void long_lines(void **state)
{
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_decoder *d;
	char text[9000], got[9000];
	size_t n = 0, i, records = 0;

	for (i = 0; i < sizeof(text); i++)
		text[i] = "\xa9\xc3"[i % 2];
	text[0] = 'x';
	text[8999] = '\n';
	adv_start(&log_, memory(), 5, BASE, LOG);
	adv_say_n(&log_, 0x40, 4, text, 4095, false);
	adv_say_n(&log_, 2, 4, text + 4095, 4905, false);
	log = only(&logs, MEMLOG_SCAN_PAGES);
	assert_int_equal(memlog_decoder_open(image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		assert_true(n + rec->raw_len <= sizeof(got));
		assert_int_equal(rec->level, 4);
		assert_int_not_equal(rec->raw[0], 0xa9);
		assert_int_equal(!!(rec->flags & MEMLOG_REC_CONTINUES),
				 records++ < 2);
		memcpy(got + n, rec->raw, rec->raw_len);
		n += rec->raw_len;
	}
	assert_int_equal(records, 3);
	assert_int_equal(n, sizeof(text));
	assert_memory_equal(got, text, n);
	memlog_decoder_close(d);
	done(logs);
}

/* What was not finished is counted. */
static void torn(void **state)
{
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_decoder *d;
	unsigned int n = 0;

	adv_start(&log_, memory(), 5, BASE, LOG);
	adv_say(&log_, 0x40, 4, "half of a line");
	adv_say_n(&log_, 0x40, 4, "not finished\n", 13, true);
	adv_say(&log_, 0x40, 4, ", the rest\n");
	adv_say_n(&log_, 0x40, 4, "nor this one\n", 13, true);
	log = only(&logs, MEMLOG_SCAN_PAGES);
	assert_int_equal(memlog_decoder_open(image, log, NULL, &d, NULL), 0);
	for (; !memlog_decoder_next(d, &rec, NULL); n++) {
		assert_int_equal(rec->flags, n ? MEMLOG_REC_LOST_BEFORE :
						 MEMLOG_REC_PARTIAL_TAIL);
		assert_true(rec->lost == (n ? 40 : 0));
	}
	assert_int_equal(n, 2);
	assert_true(memlog_decoder_damaged(d) == 80);
	memlog_decoder_close(d);
	done(logs);
}

/* Messages of an earlier boot after the cursor are not older ones of this boot. */
static void left_over(void **state)
{
	char *got, line[32];
	unsigned int i, phase;
	uint32_t flags = 0;
	uint8_t *p = memory();

	for (phase = 1; phase <= 5; phase++) {
		memset(p, 0, LOG);
		adv_start(&log_, p, 5, BASE, LOG);
		for (i = 0; i < 1000; i++) {
			snprintf(line, sizeof(line), "old %u\n", i);
			adv_say(&log_, 0x40, 5, line);
		}
		adv_free(&log_);
		i = (unsigned int)log_.stamp;
		adv_start(&log_, p, 5, BASE, LOG);
		log_.runtime = true;
		/* the counter starts over, or goes on */
		log_.stamp = phase == 5 ? 1 : i + 1000;
		adv_say(&log_, 0x40, phase, "new\n");
		got = adv_found(&mem, &flags);
		assert_non_null(strstr(got, "|new\n"));
		assert_null(strstr(got, "old"));
		assert_false(flags & MEMLOG_LOG_WRAPPED);
		free(got);
		adv_free(&log_);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(versions, setup, teardown),
		cmocka_unit_test_setup_teardown(times, setup, teardown),
		cmocka_unit_test_setup_teardown(mixed, setup, teardown),
		cmocka_unit_test_setup_teardown(empty, setup, teardown),
		cmocka_unit_test_setup_teardown(inside, setup, teardown),
		cmocka_unit_test_setup_teardown(model, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(torn, setup, teardown),
		cmocka_unit_test_setup_teardown(left_over, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
