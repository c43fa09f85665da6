/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of OVMF's log: what the firmware's own code writes is read, at any
 * moment, and whatever is done to its bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/ovmf/index.h"
#include "libmem.h"

static void step(void);
static void copy_bytes(void *to, const void *from, size_t len);

#define MEMLOG_HOST
#define ml_step()		  step()
#define ml_copy(to, from, length) copy_bytes((to), (from), (length))
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogRing.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogMarks.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogPrefix.c"

#define ADDR	    0x3cb0000u
#define ROOM	    16384u
#define MESSAGES    4096
#define START_CLOCK 1000000u

struct message {
	uint64_t from, to, clock;
	uint32_t level, module;
	uint8_t phase;
};

/* A log, and what was written to it. */
struct bench {
	struct mem mem;
	struct memlog_image *image;
	uint8_t *base;
	struct ml_ring ring;
	uint32_t entries, bytes;
	struct message messages[MESSAGES];
	size_t n;
	char text[1 << 18];
	uint64_t total;
	char next[512]; /* what is being written */
	size_t next_len;
	uint64_t clock; /* added to that of the next message */
	bool watch;
	unsigned long looks;
};

static struct bench bench;

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

static struct memlog_logs *find(struct memlog_image *image)
{
	struct memlog_logs *logs;
	struct memlog_err err;

	if (memlog_scan_at(image, MEMLOG_PHYS, ADDR, NULL, &logs, &err))
		fail_msg("%s", err.text);
	assert_int_equal(memlog_logs_count(logs), 1);
	return logs;
}

/* All records, against the messages; late: one may be being overwritten, so the
 * oldest entry need not be there. */
static void check_log(bool late)
{
	struct memlog_logs *logs = find(bench.image);
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

/* ---- the writer ---------------------------------------------------------- */

static void step(void)
{
	if (!bench.watch)
		return;
	bench.watch = false;
	check_log(true);
	bench.watch = true;
}

static void copy_bytes(void *to, const void *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (i % 7 == 0)
			step();
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	}
}

static void bench_open(uint32_t entries, uint32_t text)
{
	memset(&bench, 0, sizeof(bench));
	bench.base = mem_add(&bench.mem, ADDR, ROOM);
	bench.image = mem_image(&bench.mem, MEMLOG_PHYS);
	bench.entries = entries;
	bench.bytes = ML_RING_HEADER_WITH(entries) + text;
	assert_int_equal(ml_ring_init(bench.base, bench.bytes, entries, "v"),
			 ML_RING_OK);
	assert_int_equal(ml_ring_attach(bench.base, bench.bytes, &bench.ring),
			 ML_RING_OK);
}

static void bench_close(void)
{
	memlog_image_close(bench.image);
	mem_free(&bench.mem);
}

static uint8_t *ext(void)
{
	return bench.base + ML_RING_HEADER_WITH(bench.entries) - 0x100;
}

static void say(const char *text, size_t len, bool watch)
{
	static const uint32_t levels[] = { 0x80000000, 2, 0x40, 0x400000, 4 };
	static const uint8_t phases[] = { 1, 2, 4, 5, 9 };
	struct message m = {
		.from = bench.total,
		.to = bench.total + len,
		.clock = START_CLOCK + bench.clock + bench.n * 7,
		.level = levels[rand() % 5],
		.module = 0xabcd0000 + (uint32_t)(rand() % 9),
		.phase = phases[rand() % 5],
	};
	struct ml_ring_message message = {
		.text = text,
		.length = (uint32_t)len,
		.level = m.level,
		.time = m.clock,
		.caller = m.module,
		.phase = m.phase,
	};

	assert_true(bench.n < MESSAGES);
	memcpy(bench.text + bench.total, text, len);
	bench.messages[bench.n++] = m;
	bench.next_len = len;
	/* the entry counts once its text does */
	bench.watch = watch;
	assert_int_equal(ml_ring_append(&bench.ring, &message), ML_RING_OK);
	bench.watch = false;
	bench.total += len;
	bench.next_len = 0;
}

static void say_some(size_t n, size_t most, bool watch)
{
	char text[256];
	size_t i, k, len;

	for (i = 0; i < n; i++) {
		len = 1 + (size_t)rand() % most;
		for (k = 0; k < len; k++)
			text[k] = (char)('a' + rand() % 26);
		if (len > 2 && rand() % 3) {
			text[len - 2] = '\r';
			text[len - 1] = '\n';
		} else if (len > 9 && rand() % 2) {
			text[len / 2] = '\n';
		}
		say(text, len, watch);
	}
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
				say_some(1, sizes[k] < 100 ? 20 : 90, false);
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
	say_some(60, 60, true);
	assert_true(bench.looks > 500);
	bench_close();
	bench_open(64, 200);
	say_some(60, 60, true);
	assert_true(bench.looks > 500);
	bench_close();
}

static size_t text_of(struct memlog_image *image, uint8_t *ret, size_t *timed)
{
	struct memlog_logs *logs = find(image);
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	size_t len = 0;

	*timed = 0;
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		memcpy(ret + len, rec->text, rec->text_len);
		len += rec->text_len;
		*timed += rec->has_time;
	}
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	return len;
}

/* Whatever the index says, the text is the same. */
static void any_bit(void **state)
{
	static uint8_t want[ROOM], got[ROOM];
	size_t n, timed, all, bit, from, end, fewer = 0;

	(void)state;
	srand(5);
	bench_open(16, 400);
	say_some(40, 50, false);
	n = text_of(bench.image, want, &all);
	assert_true(all > 3);
	end = ML_RING_HEADER_WITH(bench.entries);
	for (from = 192; from < end; from++)
		for (bit = 0; bit < 8; bit++) {
			bench.base[from] ^= (uint8_t)(1 << bit);
			assert_int_equal(text_of(bench.image, got, &timed), n);
			assert_memory_equal(got, want, n);
			assert_true(timed <= all);
			fewer += timed < all;
			bench.base[from] ^= (uint8_t)(1 << bit);
		}
	assert_true(fewer > 1000);
	bench_close();
}

static const char *warning(void)
{
	return memlog_image_warning(bench.image, 0);
}

/* An index that cannot be is ignored, with a warning; no crash, no time. */
static void hostile_geometry(void **state)
{
	static const struct {
		uint32_t at;
		uint64_t value;
		const char *says;
	} bad[] = {
		{ 0x00, 0xbf00000000 | 0xbf, "is damaged" },
		{ 0x10, 5, "is damaged" },
		{ 0x10, 0, "is damaged" },
		{ 0x30, 0x2000000100, "damaged or missing" },
		{ 0x30, 0x20ffffffc0, "is damaged" },
		{ 0x30, 0x1000000200, "is damaged" },
		{ 0x38, 0, "is damaged" },
		{ 0x38, 3, "is damaged" },
		{ 0x38, 0x80000000, "is damaged" },
		{ 0x38, 32, "is damaged" },
		{ 0x40, UINT64_MAX, "damaged or missing" },
		{ 0xf0, 0xffffffffffffffc0, "is damaged" },
		{ 0xf0, 64, "is damaged" },
		{ 0xf0, 0x201, "is damaged" },
		{ 0xf0, 0x440, "is damaged" },
	};
	static uint8_t want[ROOM], got[ROOM];
	size_t i, n, timed;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		srand(6);
		bench_open(16, 400);
		say_some(40, 50, false);
		n = text_of(bench.image, want, &timed);
		assert_true(timed);
		assert_null(warning());
		put64(ext() + bad[i].at, bad[i].value);
		assert_int_equal(text_of(bench.image, got, &timed), n);
		assert_memory_equal(got, want, n);
		if (timed || !warning() || !strstr(warning(), bad[i].says))
			fail_msg("0x%x: %s", bad[i].at, warning());
		bench_close();
	}
}

/* The pages of the log, in a larger one, are looked at: what cannot be in an index
 * is other memory. */
static void scattered(void **state)
{
	static uint8_t page[4096], got[ROOM];
	size_t i, timed, n;

	(void)state;
	srand(9);
	bench_open(256, 4096);
	for (i = 0; i < 200; i++)
		say("one message, one line\r\n", 23, false);
	n = text_of(bench.image, got, &timed);
	assert_int_equal(n, 4095);
	/* a few entries, and even the locator, may be damaged */
	for (i = 0; i < 5; i++)
		bench.base[0x1000 + i * 64]++;
	assert_int_equal(text_of(bench.image, got, &timed), n);
	memcpy(page, ext(), 0x100);
	memset(ext(), 0, 0x100);
	assert_int_equal(text_of(bench.image, got, &timed), n);
	assert_int_equal(timed, 0);
	memcpy(ext(), page, 0x100);
	/* another page in its place: text, numbers, zeros */
	memcpy(page, bench.base + 0x1000, sizeof(page));
	for (i = 0; i < 3; i++) {
		memset(bench.base + 0x1000, i == 0 ? 'x' : 0, sizeof(page));
		for (timed = 0; i == 1 && timed < sizeof(page); timed++)
			bench.base[0x1000 + timed] = (uint8_t)rand();
		assert_int_equal(text_of(bench.image, got, &timed), 0);
	}
	memcpy(bench.base + 0x1000, page, sizeof(page));
	assert_int_equal(text_of(bench.image, got, &timed), n);
	bench_close();
}

/* Its pages are not in the image, or the log ends in it. */
static void cut_short(void **state)
{
	struct mem whole;
	struct memlog_logs *logs;
	uint8_t *bytes;
	size_t cut, timed;
	static uint8_t got[ROOM];

	(void)state;
	srand(7);
	bench_open(128, 4096);
	say_some(100, 90, false);
	for (cut = 1; cut <= bench.bytes; cut += cut < 5200 ? 13 : 1) {
		struct memlog_image *image;

		memset(&whole, 0, sizeof(whole));
		bytes = mem_add(&whole, ADDR, cut);
		memcpy(bytes, bench.base, cut);
		image = mem_image(&whole, MEMLOG_PHYS);
		if (!memlog_scan_at(image, MEMLOG_PHYS, ADDR, NULL, &logs,
				    NULL)) {
			memlog_logs_destroy(logs);
			text_of(image, got, &timed);
		}
		memlog_image_close(image);
		mem_free(&whole);
	}
	bench_close();
}

/* A page of it is missing: the lines of its 128 entries have no time, all others do. */
static void page_missing(void **state)
{
	static uint8_t want[ROOM], got[ROOM];
	struct mem part = { .n = 0 };
	struct memlog_image *image;
	size_t all, timed, n, i;
	char line[32];

	(void)state;
	bench_open(256, 4096);
	for (i = 0; i < 250; i++) {
		snprintf(line, sizeof(line), "message %03zu\r\n", i);
		say(line, strlen(line), false);
	}
	n = text_of(bench.image, want, &all);
	assert_int_equal(all, 250);
	/* the entries begin at 0x200 and have 32 bytes each */
	memcpy(mem_add(&part, ADDR, 0x1000), bench.base, 0x1000);
	memcpy(mem_add(&part, ADDR + 0x2000, ROOM - 0x2000),
	       bench.base + 0x2000, ROOM - 0x2000);
	image = mem_image(&part, MEMLOG_PHYS);
	assert_int_equal(text_of(image, got, &timed), n);
	assert_memory_equal(got, want, n);
	assert_int_equal(timed, 250 - 0x1000 / 32);
	assert_non_null(strstr(memlog_image_warning(image, 0), "128 entries"));
	memlog_image_close(image);
	mem_free(&part);
	bench_close();
}

/* An entry that is damaged costs the time of its own lines only. */
static void damaged_entries(void **state)
{
	static uint8_t got[ROOM];
	size_t timed, all, i;

	(void)state;
	bench_open(16, 4000);
	for (i = 0; i < 10; i++)
		say("one message, one line\r\n", 23, false);
	text_of(bench.image, got, &all);
	assert_int_equal(all, 10);
	bench.base[0x200 + 3 * 32]++;
	text_of(bench.image, got, &timed);
	assert_int_equal(timed, 9);
	assert_null(warning());
	bench.base[0x200 + 7 * 32 + 31]++;
	text_of(bench.image, got, &timed);
	assert_int_equal(timed, 8);
	assert_non_null(strstr(warning(), "2 entries"));
	bench_close();
}

static void dropped(void **state)
{
	static uint8_t got[ROOM];
	size_t timed;

	(void)state;
	bench_open(16, 100);
	say("one\r\n", 5, false);
	text_of(bench.image, got, &timed);
	assert_null(warning());
	assert_int_equal(
		ml_ring_append(&bench.ring,
			       &(struct ml_ring_message){ .text = bench.text,
							  .length = 100 }),
		ML_RING_TOO_LONG);
	text_of(bench.image, got, &timed);
	assert_string_equal(warning(), "the firmware dropped 1 message of the "
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
	say("first\r\n", 7, false);
	say("second\r\n", 8, false);
	ml_ring_hz(&bench.ring, 1000, 0);
	ml_ring_wall_clock(&bench.ring,
			   "\xea\x07\x0b\x1c\x0a\0\x03\0\0\0\0\0\xff\x07\0",
			   START_CLOCK + 2000);
	logs = find(bench.image);
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
	say("boot\r\n", 6, false);
	bench.clock = 1ull << 40;
	say("boot\r\n", 6, false);
	bench.ring.ext->resumes = 1;
	say("noted\r\n", 7, false);
	bench.ring.ext->resumes = 0;
	bench.clock = 0;
	say("not noted\r\n", 11, false);
	text_of(bench.image, got, &timed);
	assert_int_equal(timed, 2);
	bench_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(caught_at_any_moment),
		cmocka_unit_test(any_bit),
		cmocka_unit_test(hostile_geometry),
		cmocka_unit_test(scattered),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(page_missing),
		cmocka_unit_test(damaged_entries),
		cmocka_unit_test(dropped),
		cmocka_unit_test(dated),
		cmocka_unit_test(after_a_resume),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
