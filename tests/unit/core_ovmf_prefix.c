/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of OVMF's log with time and level before them: what the firmware's own
 * code writes is read, with its index and without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/ovmf/index.h"
#include "libmem.h"
#include "libovmfring.h"

#include "../../firmware/MemLogPkg/Library/MemLogRingLib/Prefix.h"

#define EARLY	0x820000u
#define MAIN	0x3cb0000u
#define ROOM	16384u
#define ENTRIES 64u

static struct mem mem;
static struct memlog_image *image;
static struct ml_ring early, main_ring;
static uint8_t *early_base, *main_base;

static void mem_open(bool with_early)
{
	memset(&mem, 0, sizeof(mem));
	early_base = with_early ? mem_add(&mem, EARLY, ROOM) : NULL;
	main_base = mem_add(&mem, MAIN, ROOM);
	image = mem_image(&mem, MEMLOG_PHYS);
	if (with_early)
		ml_ring_init(early_base, ROOM, ENTRIES, NULL);
	ml_ring_attach(early_base, ROOM, &early);
}

static void mem_close(void)
{
	memlog_image_close(image);
	mem_free(&mem);
}

static void main_start(uint32_t entries)
{
	ml_ring_init(main_base, ROOM, entries, NULL);
	ml_ring_attach(main_base, ROOM, &main_ring);
	ml_ring_prefix(&main_ring);
}

static void say(struct ml_ring *ring, const char *text, uint32_t level,
		uint64_t time)
{
	struct ml_ring_message message = {
		.text = text,
		.length = (uint32_t)strlen(text),
		.level = level,
		.time = time,
		.caller = 0xdf1ccef6,
		.phase = ML_PHASE_DXE,
	};

	assert_int_equal(ml_ring_append(ring, &message), ML_RING_OK);
}

struct line {
	const char *text; /* NULL: the end */
	uint64_t time, hz;
	int level;     /* -1: none */
	size_t prefix; /* before the message; 0 and bare: no message */
	bool timed, bare, of_index; /* with phase and module */
};

static void expect(const struct line *want)
{
	struct memlog_logs *logs;
	const struct memlog_record *rec;
	struct memlog_decoder *d;

	assert_int_equal(
		memlog_scan_at(image, MEMLOG_PHYS, MAIN, NULL, &logs, NULL), 0);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	for (; want->text; want++) {
		assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
		assert_int_equal(rec->text_len, strlen(want->text));
		assert_memory_equal(rec->text, want->text, rec->text_len);
		assert_ptr_equal(rec->raw, rec->text);
		if (want->bare)
			assert_null(rec->message);
		else
			assert_ptr_equal(rec->message,
					 rec->text + want->prefix);
		assert_int_equal(rec->has_time, want->timed);
		assert_int_equal(rec->has_level, want->level >= 0);
		if (want->timed) {
			assert_int_equal(rec->time, want->time);
			assert_int_equal(rec->time_hz, want->hz);
		}
		if (want->level >= 0)
			assert_int_equal(rec->level, want->level);
		assert_int_equal(rec->component != NULL, want->of_index);
		if (rec->component)
			assert_string_equal(rec->component, "SecMain");
	}
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
}

/* With an index it tells more; without, the prefixes do. */
static void with_and_without_index(void **state)
{
	static const struct line indexed[] = {
		{ "[           ?] I first\r\n", 0, 2000000, 6, 17, true, false,
		  true },
		{ "[           ?] E two \n", 3000, 2000000, 3, 17, true, false,
		  true },
		{ "[           ?] E lines\n", 3000, 2000000, 3, 17, true, false,
		  true },
		{ "[    1.500003] W part, rest\n", 3000006, 2000000, 3, 17,
		  true, false, true },
		{ "[    1.500003] E \n", 3000006, 2000000, 3, 17, true, false,
		  true },
		{ NULL, 0, 0, 0, 0, false, false, false },
	};
	static const struct line plain[] = {
		{ "[           ?] I first\r\n", 0, 0, 6, 17, false, false,
		  false },
		{ "[           ?] E two \n", 0, 0, 3, 17, false, false, false },
		{ "[           ?] E lines\n", 0, 0, 3, 17, false, false,
		  false },
		{ "[    1.500003] W part, rest\n", 1500003, 1000000, 4, 17,
		  true, false, false },
		{ "[    1.500003] E \n", 1500003, 1000000, 3, 17, true, false,
		  false },
		{ NULL, 0, 0, 0, 0, false, false, false },
	};
	uint32_t bit;

	(void)state;
	mem_open(false);
	main_start(ENTRIES);
	say(&main_ring, "first\r\n", 0x40, 1000000);
	say(&main_ring, "two \nlines\n", 0x80000000, 1003000);
	ml_ring_hz(&main_ring, 2000000, 0);
	ml_ring_prefix(&main_ring);
	say(&main_ring, "part, ", 2, 4000006);
	say(&main_ring, "rest\n\n", 0x80000000, 4000006);
	expect(indexed);
	main_ring.ext->flags &= ~(uint32_t)ML_RING_INDEXED;
	expect(plain);
	/* nothing says that there are prefixes: they look like it */
	for (bit = 0; bit < 3; bit++) {
		memset((uint8_t *)main_ring.ext + bit * 64, 0, 64);
		memset((uint8_t *)main_ring.text - 16, 0, bit == 2 ? 16 : 0);
		expect(plain);
	}
	mem_close();
}

/* A log that has none, as it says: what looks like one is text. */
static void without_prefixes(void **state)
{
	static const struct line lines[] = {
		{ "[    1.500003] W text\n", 0, 0, 6, 0, true, true, true },
		{ NULL, 0, 0, 0, 0, false, false, false },
	};

	(void)state;
	mem_open(false);
	main_start(ENTRIES);
	main_ring.ext->flags &= ~(uint32_t)ML_RING_PREFIXED;
	main_ring.prefixed = 0;
	say(&main_ring, "[    1.500003] W text\n", 0x40, 1000000);
	expect(lines);
	mem_close();
}

/* In a prefixed log each record has a message, also without a prefix. */
static void text_between(void **state)
{
	static const struct line lines[] = {
		{ "[           ?] I one\n", 0, 0, 6, 17, true, false, true },
		{ "copied\n", 0, 0, -1, 0, false, false, false },
		{ "[           ?] I two\n", 5, 0, 6, 17, true, false, true },
		{ NULL, 0, 0, 0, 0, false, false, false },
	};

	(void)state;
	mem_open(false);
	main_start(ENTRIES);
	say(&main_ring, "one\n", 0x40, 1000000);
	assert_int_equal(ml_ring_copy_text(&main_ring, (const u8 *)"copied\n",
					   7),
			 ML_RING_OK);
	say(&main_ring, "two\n", 0x40, 1000005);
	expect(lines);
	mem_close();
}

/* A line longer than a record: the rest of it has no prefix, whatever it is. */
static void long_line(void **state)
{
	static char text[9000];
	struct memlog_logs *logs;
	const struct memlog_record *rec;
	struct memlog_decoder *d;

	(void)state;
	mem_open(false);
	main_start(ENTRIES);
	memset(text, 'x', sizeof(text));
	memcpy(text + 4096 - 17, "[    1.500003] W ", 17);
	strcpy(text + sizeof(text) - 2, "\n");
	say(&main_ring, text, 0x40, 1000000);
	assert_int_equal(
		memlog_scan_at(image, MEMLOG_PHYS, MAIN, NULL, &logs, NULL), 0);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_int_equal(rec->text_len, 4096);
	assert_int_equal(rec->message_len, 4096 - 17);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_memory_equal(rec->text, "[    1.500003] W ", 17);
	assert_ptr_equal(rec->message, rec->text);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	mem_close();
}

static void words(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
		int level, timed;
	} good[] = {
		{ "[    0.000000] E ", 0, 3, 1 },
		{ "[99999.999999] W text", 99999999999, 4, 1 },
		{ "[   12.345678] I ", 12345678, 6, 1 },
		{ "[00012.345678] V ", 12345678, 7, 1 },
		{ "[           ?] V  ", 0, 7, 0 },
	};
	static const char *const bad[] = {
		"[    0.000000] E",
		"[    0.000000] X ",
		"[    0.000000]E  ",
		"[     .000000] E ",
		"[    0 000000] E ",
		"[  0 0.000000] E ",
		"[    0.00000?] E ",
		"(    0.000000] E ",
		"[    0.000000] Ex",
		"[          ? ] E ",
		"[    0.00 000] E ",
		"[  -12.345678] I ",
		"[123456.45678] I ",
		"",
		"[",
	};
	struct ovmf_prefix prefix;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		n = ml_ovmf_prefix((const uint8_t *)good[i].text,
				   strlen(good[i].text), &prefix);
		assert_int_equal(n, 17);
		assert_int_equal(prefix.level, good[i].level);
		assert_int_equal(prefix.has_time, good[i].timed);
		if (prefix.has_time)
			assert_int_equal(prefix.us, good[i].us);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ml_ovmf_prefix((const uint8_t *)bad[i], strlen(bad[i]),
				   &prefix))
			fail_msg("%s", bad[i]);
}

/* ---- from the early log to the main one ---------------------------------- */

static bool watching;
static unsigned int looks, filled;
static bool main_current;

/* At any moment of the copy, one of the two is current and has all of the text,
 * and the other one is a copy. */
static void look(void)
{
	struct memlog_logs *logs;
	size_t i, current = 0;

	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	for (i = 0; i < memlog_logs_count(logs); i++) {
		const struct memlog_log *log = memlog_logs_get(logs, i);

		if (log->flags & MEMLOG_LOG_EMPTY)
			continue;
		current += log->state == MEMLOG_STATE_CURRENT;
		if (log->state == MEMLOG_STATE_CURRENT)
			main_current = log->extents[0].addr == MAIN;
		if (log->state == MEMLOG_STATE_COPY &&
		    strstr(log->reason, "being filled"))
			filled++;
		if (log->state != MEMLOG_STATE_CURRENT &&
		    log->state != MEMLOG_STATE_COPY)
			fail_msg("%s", log->reason);
	}
	assert_int_equal(current, 1);
	memlog_logs_destroy(logs);
	looks++;
}

static void look_again(void)
{
	if (!watching)
		return;
	watching = false;
	look();
	watching = true;
}

static void copied(void **state)
{
	static const char texts[][24] = { "SecCore\n", "Loading ", "PEIM\n\n",
					  "a\nb\n" };
	size_t i;

	(void)state;
	mem_open(true);
	for (i = 0; i < 40; i++)
		say(&early, texts[i % 4], 0x40, 1000 + i);
	main_start(ENTRIES);
	looks = filled = 0;
	watching = true;
	assert_int_equal(ml_ring_copy(&main_ring, &early), ML_RING_OK);
	watching = false;
	assert_true(looks > 200 && filled > 150);
	look();
	assert_true(main_current);
	mem_close();
}

/* The state of a main log of 160 lines beside an early one of 320, all of them alike. */
static enum memlog_state state_of_main(bool missing)
{
	static const char text[] = "all lines of this log are alike\n";
	const size_t page = 4096;
	static uint8_t whole[ROOM];
	enum memlog_state ret = MEMLOG_STATE_UNKNOWN;
	struct memlog_logs *logs;
	size_t i;

	mem_open(false);
	ml_ring_init(whole, ROOM, ENTRIES, NULL);
	ml_ring_attach(whole, ROOM, &early);
	for (i = 0; i < 320; i++)
		say(&early, text, 0x40, 1000);
	main_start(ENTRIES);
	for (i = 0; i < 160; i++)
		say(&main_ring, text, 0x40, 1000);
	if (missing) {
		memcpy(mem_add(&mem, EARLY, page), whole, page);
		memcpy(mem_add(&mem, EARLY + 2 * page, ROOM - 2 * page),
		       whole + 2 * page, ROOM - 2 * page);
	} else {
		memcpy(mem_add(&mem, EARLY, ROOM), whole, ROOM);
	}
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 2);
	for (i = 0; i < 2; i++) {
		const struct memlog_log *log = memlog_logs_get(logs, i);

		if (log->extents[0].addr == MAIN)
			ret = log->state;
		else
			assert_int_equal(log->state, MEMLOG_STATE_CURRENT);
	}
	memlog_logs_destroy(logs);
	mem_close();
	return ret;
}

/* The main log is no copy of what cannot be read, whatever was read before it. */
static void early_page_missing(void **state)
{
	(void)state;
	assert_int_equal(state_of_main(false), MEMLOG_STATE_COPY);
	assert_int_equal(state_of_main(true), MEMLOG_STATE_STALE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_and_without_index),
		cmocka_unit_test(without_prefixes),
		cmocka_unit_test(text_between),
		cmocka_unit_test(long_line),
		cmocka_unit_test(words),
		cmocka_unit_test(copied),
		cmocka_unit_test(early_page_missing),
	};

	ring_step = look_again;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
