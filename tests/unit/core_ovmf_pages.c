/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs of OVMF whose pages do not follow each other in the image: nothing that
 * is not the log's own is ever shown, and no log that is whole loses a byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"
#include "libmem.h"

#define AT	  0x1000000u
#define HEADER	  192u
#define PAGES_MAX 64u

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* What firmware prints, with what it may print now and then: other alphabets,
 * colours, a NUL, bytes that are no text. */
static size_t longest = 180;

static void write_lines(uint8_t *p, size_t n, const char *end)
{
	static const char *const words[] = {
		"Loading",	"PEIM",
		"at",		"0x0007EAD",
		"EntryPoint=",	"PROGRESS",
		"CODE:",	"V03040003",
		"I0",		"InstallProtocolInterface:",
		"- - -",	"\xd0\xb6\xd1\x83",
		"\xe2\x82\xac", "\x1b[1;31m",
		"\t",
	};
	size_t i = 0, k, len = 0;
	const char *w;

	while (i < n) {
		w = words[rnd(sizeof(words) / sizeof(words[0]))];
		if ((len > 20 && !rnd((uint32_t)longest / 15)) ||
		    len > longest) {
			w = end;
			len = 0;
		}
		for (k = 0; w[k] && i < n; k++, len++)
			p[i++] = (uint8_t)w[k];
		if (i < n && w != end)
			p[i++] = rnd(700) ? ' ' : (uint8_t)rnd(256);
		/* what a driver took for a string */
		for (k = rnd(2000) ? 0 : 1 + rnd(30); k && i < n; k--)
			p[i++] = (uint8_t)rnd(256);
	}
}

struct ring {
	struct mem m;
	struct memlog_image *image;
	uint8_t *bytes; /* header and ring */
	size_t len, size;
	uint64_t head, tail;
	uint8_t text[PAGES_MAX * 4096];
	size_t text_len;
};

static struct ring r;

/* A ring of pages that holds used bytes of text; all of it when it wrapped. */
static void make_ring(size_t pages, size_t used, bool wrapped, const char *end)
{
	uint8_t *p, *ring;

	memset(&r, 0, sizeof(r));
	r.len = pages * 4096;
	r.size = r.len - HEADER;
	p = r.bytes = mem_add(&r.m, AT, r.len);
	ring = p + HEADER;
	r.tail = used % r.size;
	r.head = wrapped ? (r.tail + 1) % r.size : 0;
	r.text_len = wrapped ? r.size - 1 : r.tail;
	write_lines(ring, wrapped ? r.size : r.tail, end);
	memcpy(r.text, ring + r.head,
	       wrapped && r.head ? r.size - r.head : r.text_len);
	if (wrapped && r.head)
		memcpy(r.text + (r.size - r.head), ring, r.tail);
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, HEADER);
	put64(p + 0x18, r.size);
	put64(p + 0x20, 1);
	put64(p + 0x28, r.head);
	put64(p + 0x30, r.tail);
	put64(p + 0x38, wrapped);
}

static void open_ring(enum memlog_space space, bool by_kernel)
{
	assert_int_equal(memlog_image_wrap(&mem_ops, &r.m, space, "m", NULL,
					   &r.image, NULL),
			 0);
	r.image->by_kernel = by_kernel;
}

static void close_ring(void)
{
	memlog_image_close(r.image);
	mem_free(&r.m);
}

/* All text that comes out, the flags of the log, and how far it is its own. */
static size_t read_text(uint8_t *ret, uint32_t *ret_flags, uint64_t *ret_len)
{
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	const struct memlog_log *log;
	const struct ml_log *ml;
	size_t n = 0;

	assert_int_equal(memlog_scan(r.image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	*ret_flags = log->flags;
	ml = (const struct ml_log *)log;
	assert_int_equal(log->extents[0].len, r.len);
	*ret_len = ml->n_foreign ? ml->foreign->start - AT : r.len;
	assert_int_equal(memlog_decoder_open(r.image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		assert_true(n + rec->raw_len <= sizeof(r.text));
		memcpy(ret + n, rec->raw, rec->raw_len);
		n += rec->raw_len;
	}
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	return n;
}

static void expect_whole(enum memlog_space space, bool by_kernel)
{
	static uint8_t got[sizeof(r.text)];
	uint32_t flags;
	uint64_t len;

	open_ring(space, by_kernel);
	assert_int_equal(read_text(got, &flags, &len), r.text_len);
	assert_memory_equal(got, r.text, r.text_len);
	assert_int_equal(len, r.len);
	assert_int_equal(flags & MEMLOG_LOG_CUT_OFF, 0);
	close_ring();
}

/* Of all spaces, and by whoever the image was written. */
static void test_whole(void **state)
{
	static const enum memlog_space spaces[] = {
		MEMLOG_PHYS, MEMLOG_FILE, MEMLOG_PHYS, MEMLOG_HOST,
		MEMLOG_MACH, MEMLOG_PHYS, MEMLOG_VIRT,
	};
	size_t i, pages, size;

	(void)state;
	for (i = 0; i < 1000; i++) {
		seed = i;
		longest = i % 11 == 10 ? 3000 : i % 11 == 9 ? 600 : 180;
		pages = 1 + rnd(i % 4 ? 8 : PAGES_MAX);
		size = pages * 4096 - HEADER;
		make_ring(pages,
			  i % 7 ? rnd((uint32_t)size) :
				  (size_t)rnd((uint32_t)pages) * 4096 +
					  rnd(600),
			  i % 3 == 2, i % 8 < 6 ? "\r\n" : "\n");
		expect_whole(spaces[i % 7], i & 1);
	}
	longest = 180;
}

/* Lines that end otherwise, or never, are a log's own all the same, where it is
 * in one piece or a guest's. */
static void test_other_lines(void **state)
{
	(void)state;
	make_ring(16, 50000, false, "\n");
	expect_whole(MEMLOG_PHYS, false);
	make_ring(16, 50000, true, "\r");
	expect_whole(MEMLOG_PHYS, false);
	make_ring(16, 50000, false, "\n");
	expect_whole(MEMLOG_HOST, true);
}

/* A message that was in flight is after the tail, and is nobody else's. */
static void test_in_flight(void **state)
{
	(void)state;
	make_ring(4, 4096 - HEADER - 100, false, "\r\n");
	memset(r.bytes + HEADER + r.tail, 'x', 511);
	expect_whole(MEMLOG_PHYS, true);
}

/* A running guest writes on after its header was read. */
static void test_growing(void **state)
{
	static uint8_t got[sizeof(r.text)];
	struct memlog_reader_ops live = mem_ops;
	uint64_t len, more;
	uint32_t flags;
	int round;

	(void)state;
	live.flags |= MEMLOG_READER_LIVE;
	for (round = 0; round < 300; round++) {
		make_ring(16, 1 + rnd(40000), false, "\r\n");
		more = 1 + rnd(20000);
		write_lines(r.bytes + HEADER + r.tail, more, "\r\n");
		assert_int_equal(memlog_image_wrap(&live, &r.m, MEMLOG_PHYS,
						   "m", NULL, &r.image, NULL),
				 0);
		assert_int_equal(read_text(got, &flags, &len), r.text_len);
		assert_memory_equal(got, r.text, r.text_len);
		assert_int_equal(len, r.len);
		assert_int_equal(flags & MEMLOG_LOG_CUT_OFF, 0);
		close_ring();
	}
}

enum kind { BINARY, LF_TEXT, NO_LINES, ZEROS, CRLF_TEXT };

static void put_foreign(uint8_t *p, enum kind kind)
{
	size_t i;

	for (i = 0; i < 4096; i++)
		p[i] = kind == BINARY	? (uint8_t)rnd(256) :
		       kind == NO_LINES ? (uint8_t)('0' + rnd(64)) :
					  0;
	if (kind == LF_TEXT)
		write_lines(p, 4096, "\n");
	if (kind == CRLF_TEXT)
		write_lines(p, 4096, "\r\n");
}

/* Only what is in the first want bytes comes out. */
static void expect_cut(enum memlog_space space, bool by_kernel, uint64_t want)
{
	static uint8_t got[sizeof(r.text)], own[sizeof(r.text)];
	uint32_t flags;
	uint64_t len;
	size_t n = 0, i;

	for (i = 0; i < r.text_len; i++)
		if (HEADER + (r.head + i) % r.size < want)
			own[n++] = r.text[i];
	open_ring(space, by_kernel);
	assert_int_equal(read_text(got, &flags, &len), n);
	assert_memory_equal(got, own, n);
	assert_int_equal(len, want);
	assert_true(flags & MEMLOG_LOG_CUT_OFF);
	close_ring();
}

static void test_foreign(void **state)
{
	size_t i, k, first;

	(void)state;
	for (i = 0; i < 400; i++) {
		seed = i;
		first = 1 + rnd(10);
		make_ring(32, 12 * 4096 + rnd(4096), i % 3 == 2, "\r\n");
		for (k = first; k < 32; k++)
			put_foreign(r.bytes + k * 4096,
				    (enum kind)(i % CRLF_TEXT));
		if (i & 1)
			expect_cut(MEMLOG_PHYS, true, 4096);
		else if (i % 4)
			expect_cut(MEMLOG_PHYS, false, first * 4096);
		else
			expect_cut(MEMLOG_HOST, i % 8 != 0, first * 4096);
	}
}

/* One foreign page ends the log, whatever follows: it may be another guest's. */
static void test_after(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < 200; i++) {
		seed = i;
		k = 1 + rnd(10);
		make_ring(32, 12 * 4096 + rnd(4096), i % 3 == 2, "\r\n");
		put_foreign(r.bytes + k * 4096, (enum kind)(i % CRLF_TEXT));
		expect_cut(MEMLOG_PHYS, i & 1, i & 1 ? 4096 : k * 4096);
	}
}

/* A page or two of a host that look like the log's do not help it: where each
 * has to be proven, all have to be, also those that have no text yet. */
static void test_look_alike(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < 50; i++) {
		seed = i;
		make_ring(32, 2 * 4096 + rnd(8 * 4096), false, "\r\n");
		for (k = 1; k < 32; k++)
			put_foreign(r.bytes + k * 4096, CRLF_TEXT);
		expect_cut(MEMLOG_PHYS, true, 4096);
	}
}

/* What is in the buffer and no text is not taken along either. */
static void test_unused(void **state)
{
	static uint8_t got[sizeof(r.text)];
	uint32_t flags;
	uint64_t len;
	size_t k;

	(void)state;
	make_ring(32, 3 * 4096, false, "\r\n");
	for (k = 6; k < 32; k++)
		put_foreign(r.bytes + k * 4096, LF_TEXT);
	open_ring(MEMLOG_PHYS, false);
	assert_int_equal(read_text(got, &flags, &len), r.text_len);
	assert_int_equal(len, 6 * 4096);
	assert_int_equal(flags & MEMLOG_LOG_CUT_OFF, 0);
	close_ring();
}

/* Put others pages between those of the ring, none of its text, or leave a hole there.
 * Each is before the page in which text ends. */
static void scatter(size_t others, bool hole)
{
	size_t pages = r.len / 4096, last = (HEADER + r.tail - 1) / 4096;
	size_t before[PAGES_MAX] = { 0 }, at = 0, i, end, k;
	struct mem m = { 0 };
	uint8_t *p = NULL;

	for (i = 0; i < others; i++)
		before[1 + rnd((uint32_t)last)]++;
	if (!hole)
		p = mem_add(&m, AT, r.len + others * 4096);
	for (i = 0; i < pages; i = end) {
		for (k = 0; k < before[i]; k++, at++)
			if (!hole)
				put_foreign(p + at * 4096,
					    (enum kind)rnd(CRLF_TEXT));
		for (end = i + 1; end < pages && !before[end];)
			end++;
		if (hole)
			p = mem_add(&m, AT + at * 4096, (end - i) * 4096);
		memcpy(hole ? p : p + at * 4096, r.bytes + i * 4096,
		       (end - i) * 4096);
		at += end - i;
	}
	mem_free(&r.m);
	r.m = m;
}

/* All text of the ring, which has so many other pages between its own. */
static void expect_pieces(size_t others)
{
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	size_t n = 0;

	open_ring(MEMLOG_FILE, false);
	assert_int_equal(memlog_scan(r.image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_true(log->n_extents > 1 && log->n_extents <= others + 1);
	assert_int_equal(log->flags, MEMLOG_LOG_GUESSED);
	assert_int_equal(((const struct ml_log *)log)->between, others * 4096);
	assert_int_equal(memlog_decoder_open(r.image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		assert_true(n + rec->raw_len <= r.text_len);
		assert_memory_equal(r.text + n, rec->raw, rec->raw_len);
		n += rec->raw_len;
	}
	assert_int_equal(n, r.text_len);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	close_ring();
}

/* Where a file has lost the addresses of its pages, others lie between a log's; or
 * have been left out of it since. */
static void test_pieces(void **state)
{
	size_t i, others;

	(void)state;
	for (i = 0; i < 400; i++) {
		seed = i;
		others = 1 + rnd(8);
		make_ring(32, 4096 + rnd(26 * 4096), false, "\r\n");
		scatter(others, i & 1);
		expect_pieces(others);
	}
}

/* A page that was overwritten, and not moved, is no piece between: what follows it
 * would not end where text ends. Nor is anything else where addresses are known. */
static void test_no_pieces(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < 200; i++) {
		seed = i;
		k = 1 + rnd(10);
		make_ring(32, 12 * 4096 + rnd(4096), i % 3 == 2, "\r\n");
		put_foreign(r.bytes + k * 4096, (enum kind)(i % CRLF_TEXT));
		expect_cut(MEMLOG_FILE, false, k * 4096);
	}
}

/* A page that was overwritten, and an older copy of the log after it, which ends at the
 * same place: pages of the copy are no pieces. */
static void test_copy_after(void **state)
{
	static uint8_t got[sizeof(r.text)], own[sizeof(r.text)], log[32 * 4096];
	uint32_t flags;
	uint64_t len;
	size_t i, k, n;
	uint8_t *p;

	(void)state;
	for (i = 0; i < 100; i++) {
		seed = i;
		k = 1 + rnd(8);
		make_ring(16, 9 * 4096 + 10 + rnd(3000), false, "\r\n");
		n = k * 4096 - HEADER;
		memcpy(own, r.text, n);
		memcpy(log, r.bytes, r.len);
		mem_free(&r.m);
		r.m = (struct mem){ 0 };
		p = mem_add(&r.m, AT, 2 * r.len);
		memcpy(p, log, r.len);
		memcpy(p + r.len, log, r.len);
		write_lines(p + r.len + HEADER, r.text_len, "\r\n");
		memset(p + r.len, 0, 16); /* its header is gone */
		put_foreign(p + k * 4096, (enum kind)(i % CRLF_TEXT));
		open_ring(MEMLOG_FILE, false);
		assert_int_equal(read_text(got, &flags, &len), n);
		assert_memory_equal(got, own, n);
		assert_int_equal(len, k * 4096);
		assert_true(flags & MEMLOG_LOG_CUT_OFF);
		close_ring();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_other_lines),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_look_alike),
		cmocka_unit_test(test_unused),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_no_pieces),
		cmocka_unit_test(test_copy_after),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
