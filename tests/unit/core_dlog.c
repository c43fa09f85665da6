/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of Slim Bootloader: a model of its writer, and headers that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "libmem.h"
#include "libtell.h"

#define BASE  0x7a000000u
#define HOBS  0xc0000u
#define LOG   0x20038u
#define TOTAL 1024u

/* ---- what Slim Bootloader does --------------------------------------------- */

static void log_init(uint8_t *p, uint32_t total)
{
	memcpy(p, "DLOG\x10", 5);
	put32(p + 8, 16);
	put32(p + 12, total);
}

static void log_write(uint8_t *p, const char *text, size_t len)
{
	uint32_t used = ml_le32(p + 8), total = ml_le32(p + 12);

	for (; len; len--) {
		if (used == total) {
			used = 16;
			p[5] = 1;
		}
		p[used++] = (uint8_t)*text++;
	}
	put32(p + 8, used);
}

/* The HOB list, of a resource and what leads to the log. */
static void hobs(uint8_t *p, bool wide, uint64_t to)
{
	uint8_t *h = p + 56;

	put32(p, 0x00380001);
	put32(p + 8, 9);
	put64(p + 16, BASE + HOBS + 0x40000);
	put64(p + 24, BASE + HOBS);
	put64(p + 48, BASE + HOBS + 56 + 48 + 64);
	put32(h, 48 << 16 | 3);
	h += 48;
	put32(h, 64 << 16 | 4);
	memcpy(h + 8,
	       "\xda\x65\x92\x55\x82\x09\xca\x46"
	       "\x92\x48\xa4\x36\x74\x34\x07\x78",
	       16);
	h[24] = 1;
	if (wide)
		put64(h + 32, to);
	else
		put32(h + 28, (uint32_t)to);
	put32(h + 64, 8 << 16 | 0xffff);
}

/* ---- what is found -------------------------------------------------------- */

static void head(FILE *f, const struct memlog_log *log)
{
	fprintf(f, "%llx %s\n", (unsigned long long)log->extents->addr,
		memlog_state_name(log->state));
}

static char *tell(struct mem *mem, enum memlog_space space,
		  enum memlog_scan_mode mode)
{
	struct tell t = { .formats = "dlog", .mode = mode, .head = head };
	struct memlog_image *image = mem_image(mem, space);
	char *out = tell_all(image, &t);

	memlog_image_close(image);
	return out;
}

static void finds(struct mem *mem, enum memlog_space space,
		  enum memlog_scan_mode mode, const char *want)
{
	char *got = tell(mem, space, mode);

	assert_string_equal(got, want);
	free(got);
}

static struct mem mem;

static uint8_t *machine(uint64_t base, bool led, bool wide)
{
	uint8_t *p;

	mem_free(&mem);
	p = mem_add(&mem, base, 0x100000);
	if (led)
		hobs(p + HOBS, wide, BASE + LOG);
	log_init(p + LOG, TOTAL);
	return p;
}

/* Whatever was written, the newest of it is read, wherever the memory is. */
static void model(void **state)
{
	char all[4000], want[2000];
	size_t n, k, keep;
	uint8_t *p;

	for (n = 0; n < sizeof(all); n++)
		all[n] = n % 29 == 28 ? '\n' : (char)('a' + n * 7 % 26);
	for (n = 0; n <= sizeof(all); n += n < 4 ? 1 : 252)
		for (k = 0; k < 3; k++) {
			uint64_t base = k == 2 ? 0x7f0000000000 : BASE;
			enum memlog_space space = k == 2 ? MEMLOG_HOST :
							   MEMLOG_PHYS;

			p = machine(base, k, k == 1);
			log_write(p + LOG, all, n);
			keep = n < TOTAL - 16 ? n : TOTAL - 16;
			snprintf(want, sizeof(want), "%llx current\n%.*s",
				 (unsigned long long)base + LOG, (int)keep,
				 all + n - keep);
			finds(&mem, space, MEMLOG_SCAN_EXHAUSTIVE, want);
			finds(&mem, space, MEMLOG_SCAN_PAGES, k ? want : "");
		}
	mem_free(&mem);
}

#define LINE "a line of the boot loader\n"
#define MORE "the payload goes on\n"

/* Copies have what was written when they were made. */
static void copies(void **state)
{
	uint8_t *p = machine(BASE, true, true);

	log_write(p + LOG, LINE LINE, strlen(LINE LINE));
	log_init(p + 8, TOTAL);
	log_write(p + 8, LINE, strlen(LINE));
	log_init(p + 0x10008, 2 * TOTAL);
	log_write(p + 0x10008, LINE LINE MORE, strlen(LINE LINE MORE));
	finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES,
	      "7a000008 copy\n" LINE "7a010008 current\n" LINE LINE MORE
	      "7a020038 copy\n" LINE LINE);
	/* a log that wrapped has lost what the others start with */
	log_write(p + LOG, LINE, strlen(LINE));
	p[LOG + 5] = 1;
	put32(p + LOG + 12, 16 + 3 * strlen(LINE));
	finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES,
	      "7a000008 copy\n" LINE "7a010008 unknown\n" LINE LINE MORE
	      "7a020038 unknown\n" LINE LINE LINE);
	mem_free(&mem);
}

/* Every bit of the header and of the list: no crash, and no other text. */
static void flips(void **state)
{
	uint8_t *p = machine(BASE, true, false), *part[2];
	size_t i, bit, found = 0;
	char *got;

	log_write(p + LOG, LINE, strlen(LINE));
	part[0] = p + LOG;
	part[1] = p + HOBS;
	for (i = 0; i < 2; i++)
		for (bit = 0; bit < 8 * (i ? 180 : 16); bit++) {
			part[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
			got = tell(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES);
			found += *got != '\0';
			if (i)
				assert_true(!*got || strstr(got, LINE));
			free(got);
			got = tell(&mem, MEMLOG_PHYS, MEMLOG_SCAN_EXHAUSTIVE);
			if (i)
				assert_non_null(strstr(got, LINE));
			free(got);
			part[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	assert_in_range(found, 200, 8 * 190);
	mem_free(&mem);
}

/* Lists that have no end, lead in a circle or nowhere. */
static void lists(void **state)
{
	uint8_t *p = machine(BASE, true, true);
	size_t i;

	log_write(p + LOG, LINE, strlen(LINE));
	for (i = 0; i < 3; i++) {
		/* a length of 0, 4, and more than there is */
		put16(p + HOBS + 56 + 2, (uint16_t)(i == 2 ? 0xfff8 : i * 4));
		finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES, "");
	}
	put16(p + HOBS + 56 + 2, 48);
	put64(p + HOBS + 56 + 48 + 32, BASE + HOBS);
	finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES, "");
	put64(p + HOBS + 56 + 48 + 32, UINT64_MAX - 7);
	finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES, "");
	put64(p + HOBS + 56 + 48 + 32, BASE + LOG);
	finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES, "7a020038 current\n" LINE);
	mem_free(&mem);
}

/* Memory that ends anywhere. */
static void prefix(void **state)
{
	uint8_t whole[512] = { 0 };
	size_t len;

	log_init(whole, 256);
	log_write(whole, LINE, strlen(LINE));
	for (len = 1; len < sizeof(whole); len++) {
		mem_free(&mem);
		memcpy(mem_add(&mem, BASE, len), whole, len);
		free(tell(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES));
	}
	mem_free(&mem);
	hobs(whole, true, BASE + 8);
	for (len = 1; len < 256; len++) {
		memcpy(mem_add(&mem, BASE + HOBS, len), whole, len);
		finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES, "");
		mem_free(&mem);
	}
}

/* A header whose text begins after what a window of the search has is judged by that
 * text. */
static void overlap(void **state)
{
	uint8_t *p = machine(BASE, true, true);
	uint32_t at;

	log_write(p + LOG, LINE, strlen(LINE));
	for (at = 0x8000 + 32; at <= 0x8000 + 96; at += 8) {
		log_init(p + at, TOTAL);
		log_write(p + at, "\1\2\3\4", 4);
		finds(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES,
		      "7a020038 current\n" LINE);
		memset(p + at, 0, 32);
	}
	mem_free(&mem);
}

/* A log that cannot be there, as it would end after the last address, does not hide those
 * after it. */
static void refused(void **state)
{
	const uint64_t base = 0 - UINT64_C(0x101000);
	uint8_t *p = machine(base, true, true);

	log_write(p + LOG, LINE, strlen(LINE));
	log_init(p + 0x2008, ML_DLOG_MAX);
	log_init(p + 0x10008, TOTAL);
	log_write(p + 0x10008, LINE LINE, strlen(LINE LINE));
	finds(&mem, MEMLOG_HOST, MEMLOG_SCAN_PAGES,
	      "fffffffffff0f008 current\n" LINE LINE
	      "fffffffffff1f038 copy\n" LINE);
	mem_free(&mem);
}

/* Thousands of headers are compared in bounded time. */
static void many(void **state)
{
	uint8_t *p = machine(BASE, true, true);
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "dlog",
				      .mode = MEMLOG_SCAN_EXHAUSTIVE };
	struct memlog_image *image;
	struct memlog_logs *logs;
	char text[16];
	size_t i;

	for (i = 0; i < 4000; i++) {
		log_init(p + 32 * i + 8, TOTAL);
		snprintf(text, sizeof(text), "%07zu", i);
		log_write(p + 32 * i + 8, text, strlen(text));
	}
	mem.bytes = 0;
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_true(memlog_logs_count(logs) <= ML_MAX_LOGS);
	/* comparing all pairs would take more than 100 MB */
	assert_true(mem.bytes < 64u << 20);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),   cmocka_unit_test(copies),
		cmocka_unit_test(flips),   cmocka_unit_test(lists),
		cmocka_unit_test(prefix),  cmocka_unit_test(overlap),
		cmocka_unit_test(refused), cmocka_unit_test(many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
