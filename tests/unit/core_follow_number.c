/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_follow_number.c - following a log by the numbers of its records, where a format has
 * them and no position: ACRN's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

#include "../../firmware/sbuf/sbuf.c"

#define AT   0x1fe00000u
#define SIZE 0x10000u
#define SLOT 80u

struct watch {
	struct mem mem;
	_Alignas(64) uint8_t page[SIZE];
	uint8_t *p; /* where the guest has it */
	struct sbuf_ring ring;
	struct memlog_image *image;
	struct memlog_follow *follow;
	struct memlog_follow_news news;
	char text[8192]; /* what next() gave */
};

static void boot(struct watch *w, uint32_t slot)
{
	assert_int_equal(sbuf_ring_init(w->page, SIZE, slot, 0, NULL, &w->ring),
			 0);
	memcpy(w->p, w->page, SIZE);
}

/* The hypervisor logs the messages from one number to another. */
static void say(struct watch *w, unsigned int from, unsigned int to)
{
	char slot[SLOT];

	for (; from <= to; from++) {
		memset(slot, 0, sizeof(slot));
		snprintf(slot, sizeof(slot),
			 "[%uus][cpu=0][vm0:vcpu0][sev=3][seq=%u]:m%u",
			 1000 + 10 * from, from, from);
		assert_int_equal(sbuf_ring_put(&w->ring, slot, sizeof(slot)),
				 0);
	}
	memcpy(w->p, w->page, SIZE);
}

/* Its reader takes n slots. */
static void take(struct watch *w, unsigned int n)
{
	char slot[SLOT];

	while (n--)
		assert_int_equal(sbuf_ring_get(&w->ring, slot, sizeof(slot)),
				 0);
	memcpy(w->p, w->page, SIZE);
}

static struct watch *watch_start(const char *format)
{
	struct memlog_scan_opts scan = { .size = sizeof(scan),
					 .formats = format };
	struct memlog_reader_ops ops = mem_ops;
	struct watch *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);

	assert_non_null(w);
	memset(w, 0, sizeof(*w));
	w->p = mem_add(&w->mem, AT, SIZE);
	ops.flags |= MEMLOG_READER_LIVE;
	assert_int_equal(memlog_image_wrap(&ops, &w->mem, MEMLOG_PHYS, "live",
					   NULL, &w->image, NULL),
			 0);
	assert_int_equal(
		memlog_follow_open(w->image, &scan, NULL, &w->follow, NULL), 0);
	return w;
}

static void watch_stop(struct watch *w)
{
	memlog_follow_close(w->follow);
	memlog_image_close(w->image);
	mem_free(&w->mem);
	free(w);
}

/* One look; the messages of its records are in w->text, each with a space. */
static enum memlog_status look(struct watch *w, struct memlog_err *err)
{
	const struct memlog_record *rec;
	enum memlog_status s;
	size_t len = 0;

	w->news.size = sizeof(w->news);
	s = memlog_follow_look(w->follow, &w->news, err);
	while (!memlog_follow_next(w->follow, &rec, NULL))
		len += (size_t)snprintf(w->text + len, sizeof(w->text) - len,
					"%.*s ", (int)rec->message_len,
					rec->message);
	w->text[len] = '\0';
	return s;
}

static void expect(struct watch *w, enum memlog_status s, const char *text,
		   bool started, bool reset)
{
	assert_int_equal(look(w, NULL), s);
	assert_string_equal(w->text, text);
	assert_int_equal(w->news.started, started);
	assert_int_equal(w->news.reset, reset);
	assert_false(w->news.overrun);
}

/* It grows, stands still and begins anew. */
static void test_numbers(void **state)
{
	struct watch *w = watch_start("acrn-log");

	(void)state;
	expect(w, MEMLOG_NO_DATA, "", false, false);
	boot(w, SLOT);
	say(w, 5, 7);
	expect(w, MEMLOG_OK, "m5 m6 m7 ", true, false);
	expect(w, MEMLOG_NO_DATA, "", false, false);
	say(w, 8, 8);
	expect(w, MEMLOG_OK, "m8 ", false, false);
	/* what was read by another is not new, and no number comes twice */
	take(w, 2);
	expect(w, MEMLOG_NO_DATA, "", false, false);
	say(w, 9, 11);
	take(w, 3);
	expect(w, MEMLOG_OK, "m10 m11 ", false, false);
	say(w, 14, 15); /* the level kept some out of memory */
	expect(w, MEMLOG_OK, "m14 m15 ", false, false);
	boot(w, SLOT);
	say(w, 1, 3);
	expect(w, MEMLOG_OK, "m1 m2 m3 ", true, true);
	say(w, 4, 4);
	expect(w, MEMLOG_OK, "m4 ", false, false);
	expect(w, MEMLOG_NO_DATA, "", false, false);
	watch_stop(w);
}

/* A log whose records have neither numbers nor a position cannot be followed. */
static void test_no_numbers(void **state)
{
	struct watch *w = watch_start("acrn-trace");
	const uint64_t entry[4] = { 9000000000u, 0x11 | 2ull << 48, 1, 2 };
	struct memlog_err err;

	(void)state;
	boot(w, sizeof(entry));
	assert_int_equal(sbuf_ring_put(&w->ring, entry, sizeof(entry)), 0);
	memcpy(w->p, w->page, SIZE);
	assert_int_equal(look(w, &err), MEMLOG_UNSUPPORTED);
	assert_non_null(strstr(err.text, "acrn-trace cannot be followed"));
	assert_string_equal(w->text, "");
	watch_stop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_no_numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
