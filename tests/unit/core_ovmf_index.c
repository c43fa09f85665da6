/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of OVMF's log: what the firmware's own code writes is read, at any
 * moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libovmfbench.h"

/* ---- the expected -------------------------------------------------------- */

static uint32_t level_of(uint32_t bits)
{
	return bits & 0x80000000 ? 3 : bits & 2 ? 4 : bits & 0x445 ? 6 : 7;
}

static const char *phase_of(uint8_t phase)
{
	return phase == 1 ? "SEC" :
	       phase == 2 ? "PEI" :
	       phase == 4 ? "DXE" :
	       phase == 5 ? "RT" :
			    "SMM";
}

/* Is the record at text [from, to) as the messages from first on say? */
static bool record_is(const struct memlog_record *rec, uint64_t from,
		      uint64_t to, size_t first, uint64_t oldest, uint64_t end)
{
	const struct message *m = NULL;
	uint32_t level = 7;
	char module[9];
	size_t i;

	for (i = first; i < bench.n; i++) {
		const struct message *at = &bench.messages[i];

		if (at->from >= to || at->to <= from || at->from < oldest ||
		    at->to > end)
			continue;
		m = m ? m : at;
		level = level_of(at->level) < level ? level_of(at->level) :
						      level;
	}
	if (!m)
		return !rec->has_time && !rec->has_level && !rec->phase &&
		       !rec->component;
	snprintf(module, sizeof(module), "%08x", m->module);
	return rec->has_time && rec->time == m->clock - START_CLOCK &&
	       rec->has_level && rec->level == level &&
	       !strcmp(rec->phase, phase_of(m->phase)) &&
	       !strcmp(rec->component, module);
}

/* ---- the reader ---------------------------------------------------------- */

/* All records, against the messages; late: one may be being overwritten, so the
 * oldest entry need not be there. */
static void check_log(bool late)
{
	struct memlog_logs *logs = bench_find(bench.image);
	const struct memlog_log *log = memlog_logs_get(logs, 0);
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	uint64_t from, oldest, end = bench.total;
	size_t n = bench.n - (bench.next_len > 0);
	size_t first = n > bench.entries ? n - bench.entries : 0;
	static char text[1 << 18];
	size_t len = 0;

	assert_int_equal(memlog_decoder_open(bench.image, log, NULL, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		memcpy(text + len, rec->text, rec->text_len);
		len += rec->text_len;
	}
	memlog_decoder_close(d);
	assert_true(len <= bench.total + bench.next_len);
	if (len > end || memcmp(text, bench.text + end - len, len)) {
		assert_true(late);
		end += bench.next_len;
		assert_memory_equal(text, bench.text + end - len, len);
	}
	from = oldest = end - len;
	assert_int_equal(memlog_decoder_open(bench.image, log, NULL, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		uint64_t to = from + rec->text_len;

		if (!record_is(rec, from, to, first, oldest, end) &&
		    !(late &&
		      (record_is(rec, from, to, first + 1, oldest, end))))
			fail_msg("record at %llu of %llu is wrong: %.*s",
				 (unsigned long long)from,
				 (unsigned long long)end, (int)rec->text_len,
				 (const char *)rec->text);
		from = to;
	}
	assert_int_equal(memlog_decoder_missing(d), 0);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	bench.looks++;
}

/* Before each store: is the log right? */
static void look(void)
{
	if (!bench.watch)
		return;
	bench.watch = false;
	check_log(true);
	bench.watch = true;
}

static void written_and_read(void **state)
{
	static const uint32_t entries[] = { 2, 8, 64 };
	static const uint32_t sizes[] = { 64, 500, 5000 };
	size_t i, k, n;

	(void)state;
	srand(3);
	for (i = 0; i < 3; i++)
		for (k = 0; k < 3; k++) {
			bench_open(entries[i], sizes[k]);
			for (n = 0; n < 150; n++) {
				bench_say_some(1, sizes[k] < 100 ? 20 : 90,
					       false);
				check_log(false);
			}
			bench_close();
		}
}

/* Before any byte and any store the log is right. */
static void caught_at_any_moment(void **state)
{
	(void)state;
	srand(4);
	bench_open(8, 300);
	bench_say_some(60, 60, true);
	assert_true(bench.looks > 500);
	bench_close();
	bench_open(64, 200);
	bench_say_some(60, 60, true);
	assert_true(bench.looks > 500);
	bench_close();
}

static void dropped(void **state)
{
	static uint8_t got[ROOM];
	size_t timed;

	(void)state;
	bench_open(16, 100);
	bench_say("one\r\n", 5, false);
	bench_text(bench.image, got, &timed);
	assert_null(bench_warning());
	assert_int_equal(
		ml_ring_append(&bench.ring,
			       &(struct ml_ring_message){ .text = bench.text,
							  .length = 100 }),
		ML_RING_TOO_LONG);
	bench_text(bench.image, got, &timed);
	assert_string_equal(bench_warning(),
			    "the firmware dropped 1 message of the "
			    "log at phys:0x3cb0000, 100 bytes");
	bench_close();
}

/* Each record has the date, once that is known. */
static void dated(void **state)
{
	struct memlog_logs *logs;
	const struct memlog_record *rec;
	struct memlog_decoder *d;

	(void)state;
	bench_open(16, 4000);
	bench_say("first\r\n", 7, false);
	bench_say("second\r\n", 8, false);
	ml_ring_hz(&bench.ring, 1000, 0);
	ml_ring_wall_clock(&bench.ring,
			   "\xea\x07\x0b\x1c\x0a\0\x03\0\0\0\0\0\xff\x07\0",
			   START_CLOCK + 2000);
	logs = bench_find(bench.image);
	assert_int_equal(memlog_decoder_open(bench.image,
					     memlog_logs_get(logs, 0), NULL, &d,
					     NULL),
			 0);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_int_equal(rec->time_hz, 1000);
	assert_int_equal(rec->n_fields, 1);
	assert_string_equal(rec->fields[0].name, "utc_us");
	assert_int_equal(rec->fields[0].u, 1795860001000000);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_int_equal(rec->fields[0].u, 1795860001007000);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	bench_close();
}

/* The counter starts again when the machine wakes up. */
static void after_a_resume(void **state)
{
	static uint8_t got[ROOM];
	size_t timed;

	(void)state;
	bench_open(16, 4000);
	bench_say("boot\r\n", 6, false);
	bench.clock = 1ull << 40;
	bench_say("boot\r\n", 6, false);
	bench.ring.ext->resumes = 1;
	bench_say("noted\r\n", 7, false);
	bench.ring.ext->resumes = 0;
	bench.clock = 0;
	bench_say("not noted\r\n", 11, false);
	bench_text(bench.image, got, &timed);
	assert_int_equal(timed, 2);
	bench_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(caught_at_any_moment),
		cmocka_unit_test(dropped),
		cmocka_unit_test(dated),
		cmocka_unit_test(after_a_resume),
	};

	ring_step = look;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
