/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_snapshot.c - logs that are written while they are read. The memory here
 * gets a message whenever the text of its ring has been read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"
#include "scan/scan.h"
#include "libmem.h"

#define BASE	0x3c00000u
#define ALL	8192u /* header and ring */
#define RING	(ALL - 192)
#define MISSING 0x1000u /* the second page, in one test */

struct live {
	uint8_t p[ALL];
	unsigned int writes; /* messages still to come */
	unsigned int number; /* of the next line */
	unsigned int burst;  /* lines in one message */
	bool reset, gone, hole;
	unsigned int reads;
};

static void start(struct live *l)
{
	memset(l->p, 0, ALL);
	memcpy(l->p, "ovmfmdg1ovmfmdg2", 16);
	put64(l->p + 0x10, 192);
	put64(l->p + 0x18, RING);
	put64(l->p + 0x20, 1);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void message(struct live *l, const char *text, size_t len)
{
	uint64_t head = get64(l->p + 0x28), tail = get64(l->p + 0x30), first;

	if (tail + len <= RING - 1) {
		memcpy(l->p + 192 + tail, text, len);
		if (head == tail + 1)
			head = head + len > RING - 1 ? 0 : head + len;
		tail += len;
	} else {
		first = RING - tail;
		memcpy(l->p + 192 + tail, text, first);
		memcpy(l->p + 192, text + first, len - first);
		tail = len - first;
		head = tail + 1;
		put64(l->p + 0x38, 1);
	}
	put64(l->p + 0x28, head);
	put64(l->p + 0x30, tail);
}

static void lines(struct live *l, unsigned int n)
{
	char line[32];

	for (; n; n--) {
		snprintf(line, sizeof(line), "line %06u\n", l->number++);
		message(l, line, strlen(line));
	}
}

static enum memlog_status live_read(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct live *l = self;
	uint64_t off = addr - BASE;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (addr < BASE || off >= ALL)
		return MEMLOG_NO_DATA;
	if (l->hole && off >= MISSING && off < MISSING + 4096)
		return MEMLOG_NO_DATA;
	if (len > ALL - off)
		len = ALL - off;
	if (l->hole && off < MISSING && len > MISSING - off)
		len = MISSING - off;
	memcpy(buf, l->p + off, len);
	*ret = len;
	if (len <= 1024) /* a header */
		return MEMLOG_OK;
	l->reads++;
	if (l->reset) {
		start(l);
		l->reset = false;
		l->number = 0;
		lines(l, 3);
	}
	if (l->gone)
		memset(l->p, 0, ALL);
	if (l->writes) {
		l->writes--;
		lines(l, l->burst ? l->burst : 1);
	}
	return MEMLOG_OK;
}

static enum memlog_status live_next(void *self, uint64_t addr,
				    struct memlog_range *ret,
				    struct memlog_err *err)
{
	if (addr >= BASE + ALL)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr > BASE ? addr : BASE, BASE + ALL };
	return MEMLOG_OK;
}

static const struct memlog_reader_ops live_ops = {
	.size = sizeof(live_ops),
	.flags = MEMLOG_READER_LIVE,
	.read = live_read,
	.next_range = live_next,
};

struct fixture {
	struct live l;
	struct memlog_image *image;
	struct memlog_logs *logs;
};

static struct fixture *setup(unsigned int n)
{
	struct fixture *f = calloc(1, sizeof(*f));
	unsigned int writes;

	start(&f->l);
	lines(&f->l, n);
	assert_int_equal(memlog_image_wrap(&live_ops, &f->l, MEMLOG_PHYS,
					   "live", NULL, &f->image, NULL),
			 0);
	writes = f->l.writes;
	assert_int_equal(memlog_scan_at(f->image, MEMLOG_PHYS, BASE, NULL,
					&f->logs, NULL),
			 0);
	f->l.writes = writes;
	f->l.reads = 0;
	return f;
}

static void teardown(struct fixture *f)
{
	memlog_logs_destroy(f->logs);
	memlog_image_close(f->image);
	free(f);
}

/* Every line whole but the first of a ring that lost some, and in order.
 * Returns the last number; *ret_flags: of the log. */
static unsigned int decode(struct fixture *f, uint32_t *ret_flags,
			   unsigned int *ret_first)
{
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	unsigned int number, last = 0, n = 0;

	assert_int_equal(memlog_decoder_open(f->image,
					     memlog_logs_get(f->logs, 0), NULL,
					     &d, NULL),
			 MEMLOG_OK);
	*ret_flags = memlog_decoder_log(d)->flags;
	while (!memlog_decoder_next(d, &rec, NULL)) {
		if (rec->flags & MEMLOG_REC_TRUNCATED_HEAD) {
			assert_int_equal(n, 0);
			continue;
		}
		assert_int_equal(rec->text_len, 12);
		assert_int_equal(sscanf((const char *)rec->text, "line %6u\n",
					&number),
				 1);
		if (n)
			assert_int_equal(number, last + 1);
		else
			*ret_first = number;
		assert_int_equal(!!(rec->flags & MEMLOG_REC_RACED),
				 !!(*ret_flags & MEMLOG_LOG_RACED));
		last = number;
		n++;
	}
	memlog_decoder_close(d);
	return last;
}

/* Messages come for a while, then it stands still: all of them are there. */
static void test_settles(void **state)
{
	struct fixture *f = setup(10);
	unsigned int first;
	uint32_t flags;

	f->l.writes = 3;
	assert_int_equal(decode(f, &flags, &first), 12);
	assert_int_equal(first, 0);
	assert_int_equal(f->l.reads, 4);
	assert_false(flags & MEMLOG_LOG_RACED);
	teardown(f);
}

/* It only grows: the text that was there is sound, however long it goes on. */
static void test_grows(void **state)
{
	struct fixture *f = setup(10);
	unsigned int first;
	uint32_t flags;

	f->l.writes = 1000;
	assert_in_range(decode(f, &flags, &first), 9, 30);
	assert_int_equal(first, 0);
	assert_false(flags & MEMLOG_LOG_RACED);
	teardown(f);
}

/* Each message overwrites the oldest text. */
static void test_overwrites(void **state)
{
	struct fixture *f = setup(5000);
	unsigned int first, last;
	uint32_t flags;

	f->l.writes = 1000;
	f->l.burst = 7;
	last = decode(f, &flags, &first);
	assert_in_range(last, 4999, 5100);
	assert_true(flags & MEMLOG_LOG_RACED);
	/* a ring of lines, less the ones overwritten and a piece */
	assert_in_range(last - first, RING / 12 - 10, RING / 12);
	teardown(f);
}

/* It wraps for the first time just then. */
static void test_wraps(void **state)
{
	struct fixture *f = setup(RING / 12 - 10);
	unsigned int first;
	uint32_t flags;

	f->l.writes = 1000;
	f->l.burst = 20;
	decode(f, &flags, &first);
	assert_true(flags & MEMLOG_LOG_RACED);
	teardown(f);
}

/* Overwritten whole each time: old and new cannot be separated, and it says so. */
static void test_laps(void **state)
{
	const struct memlog_record *rec;
	struct fixture *f = setup(5000);
	struct memlog_decoder *d;

	f->l.writes = 1000;
	f->l.burst = RING / 12 - 1;
	assert_int_equal(memlog_decoder_open(f->image,
					     memlog_logs_get(f->logs, 0), NULL,
					     &d, NULL),
			 MEMLOG_OK);
	assert_true(memlog_decoder_log(d)->flags & MEMLOG_LOG_RACED);
	while (!memlog_decoder_next(d, &rec, NULL))
		assert_true(rec->flags & MEMLOG_REC_RACED);
	memlog_decoder_close(d);
	teardown(f);
}

/* A guest that starts anew: the text is the new one. */
static void test_reset(void **state)
{
	struct fixture *f = setup(300);
	unsigned int first;
	uint32_t flags;

	f->l.reset = true;
	assert_int_equal(decode(f, &flags, &first), 2);
	assert_int_equal(first, 0);
	assert_false(flags & MEMLOG_LOG_RACED);
	teardown(f);
}

static void test_gone(void **state)
{
	struct fixture *f = setup(300);
	struct memlog_decoder *d;
	struct memlog_err err;

	f->l.gone = true;
	assert_int_equal(memlog_decoder_open(f->image,
					     memlog_logs_get(f->logs, 0), NULL,
					     &d, &err),
			 MEMLOG_NO_DATA);
	assert_non_null(strstr(err.text, "not there any more"));
	teardown(f);
}

/* What is missing is missing from the copy as well. */
static void test_hole(void **state)
{
	const struct memlog_record *rec;
	struct fixture *f = setup(500);
	struct memlog_decoder *d;
	unsigned int n = 0;

	f->l.hole = true;
	assert_int_equal(memlog_decoder_open(f->image,
					     memlog_logs_get(f->logs, 0), NULL,
					     &d, NULL),
			 MEMLOG_OK);
	while (!memlog_decoder_next(d, &rec, NULL))
		n++;
	assert_in_range(n, (4096 - 192) / 12, (4096 - 192) / 12 + 1);
	assert_int_equal(memlog_decoder_missing(d), 500 * 12 - (4096 - 192));
	memlog_decoder_close(d);
	teardown(f);
}

/* The list was made long ago: what came since is there. */
static void test_newer(void **state)
{
	struct fixture *f = setup(5);
	unsigned int first;
	uint32_t flags;

	lines(&f->l, 100);
	assert_int_equal(decode(f, &flags, &first), 104);
	teardown(f);
}

static size_t left;

static void *scarce(void *self, size_t size)
{
	return left && left-- ? malloc(size) : NULL;
}

static void give(void *self, void *ptr)
{
	free(ptr);
}

static void test_no_memory(void **state)
{
	static const struct memlog_allocator a = { scarce, give, NULL };
	struct live l = { .number = 0 };
	struct memlog_decoder *d;
	struct memlog_image *image;
	struct memlog_logs *logs;
	enum memlog_status s = MEMLOG_NO_MEMORY;
	size_t n;

	start(&l);
	lines(&l, 100);
	left = 1000;
	assert_int_equal(memlog_image_wrap(&live_ops, &l, MEMLOG_PHYS, "live",
					   &a, &image, NULL),
			 0);
	assert_int_equal(
		memlog_scan_at(image, MEMLOG_PHYS, BASE, NULL, &logs, NULL), 0);
	for (n = 0; s; n++) {
		assert_int_equal(s, MEMLOG_NO_MEMORY);
		assert_in_range(n, 0, 50);
		left = n;
		s = memlog_decoder_open(image, memlog_logs_get(logs, 0), NULL,
					&d, NULL);
	}
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settles),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_overwrites),
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_laps),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
