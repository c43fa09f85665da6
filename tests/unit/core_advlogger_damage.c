/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AdvancedLogger: a log that is cut, changed or full of holes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "damage.h"
#include "format/format.h"
#include "libadvlogger.h"
#include "libmem.h"

#define BASE 0x7e000000u
#define LOG  16384u

static struct mem mem;
static struct adv_log log_;

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

/* Is all text of got in that of want, line by line? */
static void no_other_text(const char *got, const char *want)
{
	char line[8192];
	const char *bar, *end;

	for (; got && *got; got = *end ? end + 1 : end) {
		bar = strchr(got, '|');
		assert_non_null(bar);
		end = strchrnul(bar, '\n');
		assert_true((size_t)(end - bar) < sizeof(line));
		memcpy(line, bar + 1, (size_t)(end - bar) - 1);
		line[end - bar - 1] = '\0';
		if (!strstr(want, line))
			print_message("\"%s\"\n", line);
		assert_non_null(strstr(want, line));
	}
}

static void say_numbers(unsigned int n)
{
	char line[32];
	unsigned int i;

	for (i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "line %u %u\n", i, i * i);
		adv_say(&log_, 0x40, 4, line);
	}
}

/* It may end anywhere. */
static void prefixes(void **state)
{
	unsigned int v;
	uint32_t flags;
	char *want, *got;
	size_t n;

	for (v = 0; v < 7; v++) {
		adv_start(&log_, memory(), v, BASE, 4096);
		say_numbers(90);
		want = adv_expected(&log_);
		for (n = 4096; n-- > 1;) {
			if (!damage_turn())
				continue;
			mem.piece[0].len = n;
			got = adv_found(&mem, &flags);
			no_other_text(got, want);
			free(got);
		}
		mem.piece[0].len = LOG;
		free(want);
		teardown(NULL);
	}
}

/* Every bit of the header and of two messages. */
static void flips(void **state)
{
	unsigned int v, bit;
	uint32_t flags;
	char *want, *got;
	uint8_t *p;

	for (v = 0; v < 7; v++) {
		adv_start(&log_, p = memory(), v, BASE, 4096);
		log_.ticks = 50;
		log_.runtime = v >= 4;
		say_numbers(60);
		want = adv_expected(&log_);
		for (bit = 0; bit < 8 * log_.header; bit++) {
			if (!damage_turn())
				continue;
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			got = adv_found(&mem, &flags);
			no_other_text(got, want);
			free(got);
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (bit = 8 * (unsigned int)log_.said[!v].at;
		     bit < 8 * log_.said[2].end; bit++) {
			if (!damage_turn())
				continue;
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			got = adv_found(&mem, &flags);
			/* the others are all there */
			assert_non_null(strstr(got, "|line 4 16\n"));
			assert_non_null(strstr(got, "|line 59 3481\n"));
			free(got);
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		free(want);
		teardown(NULL);
	}
}

/* Headers that no writer makes, and text that only begins like one. */
static void refused(void **state)
{
	static const struct {
		unsigned int version, off;
		uint32_t value;
	} bad[] = {
		{ 3, 0, 0x474f4c42 }, { 3, 4, 0x10003 },
		{ 3, 4, 7 },	      { 3, 8, 0x7e000051 },
		{ 3, 12, 1 },	      { 3, 16, 0x7e000048 },
		{ 3, 20, 1 },	      { 3, 28, 0x4000000 },
		{ 3, 28, 8 },	      { 5, 8, 1 },
		{ 5, 12, 88 },	      { 5, 16, 1 },
		{ 5, 20, 72 },	      { 5, 20, 0x10000 },
		{ 5, 28, 0 },	      { 6, 12, 80 },
		{ 0, 4, 0x1000 },     { 0, 32, 0 },
	};
	uint32_t flags;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t *p = memory();
		char *got;

		adv_start(&log_, p, bad[i].version, BASE, 4096);
		say_numbers(10);
		got = adv_found(&mem, &flags);
		assert_non_null(got);
		free(got);
		put32(p + bad[i].off, bad[i].value);
		got = adv_found(&mem, &flags);
		if (got)
			print_message("%zu: %s\n", i, got);
		assert_null(got);
		teardown(NULL);
	}
	memcpy(memory(), "ALOG: the log of an application begins here", 43);
	assert_null(adv_found(&mem, &flags));
}

/* A page in the middle is missing, and reported. */
static void hole(void **state)
{
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_decoder *d;
	uint64_t lost = 0;
	char *want, *got;
	uint32_t flags;
	uint8_t *p;

	adv_start(&log_, p = mem_add(&mem, BASE, LOG), 5, BASE, LOG);
	say_numbers(300);
	want = adv_expected(&log_);
	mem.piece[0].len = 4096;
	memcpy(mem_add(&mem, BASE + 8192, 4096), p + 8192, 4096);
	memcpy(mem_add(&mem, BASE + 12288, 4096), p + 12288, 4096);
	got = adv_found(&mem, &flags);
	no_other_text(got, want);
	assert_non_null(strstr(got, "|line 299 89401\n"));
	free(got);
	free(want);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	log = memlog_logs_get(logs, 0);
	assert_true(log->flags & MEMLOG_LOG_INCOMPLETE);
	assert_int_equal(memlog_decoder_open(image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL))
		lost += rec->lost;
	assert_true(memlog_decoder_missing(d) == 4096);
	assert_true(lost >= 4096 && lost < 4096 + 256);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* ---- other memory -------------------------------------------------------- */

enum kind { ZEROS, RANDOM, STRINGS, LINES, OTHER_LOG, KINDS };

static void put_foreign(uint8_t *p, enum kind kind)
{
	struct adv_log *other;
	size_t i;

	memset(p, 0, 4096);
	for (i = 0; i < 4096 && kind == RANDOM; i++)
		p[i] = (uint8_t)(i * i * 31 + i / 7);
	for (i = 0; i < 4096 && kind != RANDOM && kind != ZEROS; i++)
		p[i] = i % 40 != 39 ? 'x' : kind == STRINGS ? '\0' : '\n';
	if (kind != OTHER_LOG)
		return;
	other = calloc(1, sizeof(*other));
	adv_start(other, p, 5, 0, 4096);
	while (other->cursor < 4000)
		adv_say(other, 0x40, 4, "of another guest\n");
	memmove(p, p + 80, 4096 - 80);
	adv_free(other);
	free(other);
}

/* Scan; the pages from *ret_from to *ret_end are not the log's. */
static void foreign(bool by_kernel, uint64_t *ret_from, uint64_t *ret_end)
{
	struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
	struct memlog_logs *logs;
	const struct ml_log *log;

	*ret_from = *ret_end = 0;
	image->by_kernel = by_kernel;
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = (const struct ml_log *)memlog_logs_get(logs, 0);
	assert_in_range(log->n_foreign, 0, 1);
	if (log->n_foreign) {
		*ret_from = log->foreign->start - BASE;
		*ret_end = log->foreign->end - BASE;
	}
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* Each page of other memory is recognized. In a dump that a kernel wrote of its own
 * machine the log ends there, also before a page of another such log. */
static void pages(void **state)
{
	uint64_t from, end;
	uint8_t keep[4096], *p = mem_add(&mem, BASE, 8 * 4096);
	unsigned int page, kind;

	adv_start(&log_, p, 5, BASE, 8 * 4096);
	say_numbers(450);
	/* a page with text only */
	adv_say_n(&log_, 0x40, 4, (char *)memset(keep, 'a', 4096), 4096, false);
	adv_say_n(&log_, 0x40, 4, (char *)keep, 4096, false);
	say_numbers(100);
	assert_true(log_.cursor > 7 * 4096);
	foreign(false, &from, &end);
	assert_true(!end);
	foreign(true, &from, &end);
	assert_true(!end);
	for (page = 1; page < 7; page++)
		for (kind = 0; kind < KINDS; kind++) {
			/* text within a message cannot be told from other */
			if (kind == LINES && page >= 4 && page <= 6)
				continue;
			memcpy(keep, p + 4096 * page, 4096);
			put_foreign(p + 4096 * page, (enum kind)kind);
			foreign(true, &from, &end);
			assert_true(from == 4096 * page && end == 8 * 4096);
			foreign(false, &from, &end);
			/* text may be the end of a message */
			if (kind < STRINGS)
				assert_true(from == 4096 * page &&
					    end == 4096 * (page + 1));
			memcpy(p + 4096 * page, keep, 4096);
		}
}

/* A wrong length hides no page: where text should be and messages are, the next message is
 * searched for from the start of the page. */
static void long_length(void **state)
{
	uint64_t from, end;
	uint8_t *p = mem_add(&mem, BASE, 8 * 4096);
	size_t i = 0;

	adv_start(&log_, p, 5, BASE, 8 * 4096);
	say_numbers(750);
	assert_true(log_.cursor > 7 * 4096);
	while (log_.said[i].at < 4096)
		i++;
	put16(p + log_.said[i].at + 20, 3 * 4096);
	foreign(false, &from, &end);
	assert_true(!end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(prefixes, setup, teardown),
		cmocka_unit_test_setup_teardown(flips, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(hole, setup, teardown),
		cmocka_unit_test_setup_teardown(pages, setup, teardown),
		cmocka_unit_test_setup_teardown(long_length, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
