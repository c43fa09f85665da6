/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_xen_lost.c - the console ring with a page that is something else, and copies of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/xen/console.h"
#include "libxen.h"

#define PAGE 4096u

enum lost { LOST_RANDOM, LOST_ZEROS, LOST_ONES, LOST_LINES, LOSTS };

static void put_lost(uint8_t *p, enum lost what)
{
	static const char line[] = "key: value of a file of another's\n";
	size_t i;

	for (i = 0; i < PAGE; i++)
		p[i] = what == LOST_RANDOM ?
			       (uint8_t)rand() :
		       what == LOST_ZEROS ?
			       0 :
		       what == LOST_ONES ?
			       0xff :
			       (uint8_t)line[i % (sizeof(line) - 1)];
}

/* What is printed was written, in this order, but for the lines that the lost page
 * cut. */
static void expect_rest(struct memlog_image *image,
			const struct memlog_log *log, const char *written)
{
	char *text = xen_text(image, log, NULL), *line = text, *lf;
	size_t odd = 0, len = 0;
	const char *found;

	for (; (lf = strchr(line, '\n')); line = lf + 1) {
		*lf = '\0';
		found = strstr(written, line);
		odd += !found;
		len += (size_t)(lf - line) + 1;
		if (found)
			written = found;
	}
	assert_true(odd <= 2);
	assert_in_range(len, log->used - PAGE - 200, log->used - PAGE);
	free(text);
}

/* A ring, and the same one in memory with a page that is something else. */
struct damaged {
	struct conring r;
	struct mem mem;
	struct memlog_image *image;
	struct memlog_logs *logs;
	const struct memlog_log *log;
	char *written;
};

static void damage_init(struct damaged *d, uint32_t size, unsigned int lines,
			bool times)
{
	uint32_t n, i;

	memset(d, 0, sizeof(*d));
	d->r = (struct conring){ .buf = calloc(1, size),
				 .size = size,
				 .times = times,
				 .guests = times };
	conring_put(&d->r, "(XEN) Xen version 4.17.7\n");
	conring_lines(&d->r, lines);
	n = d->r.p < size ? d->r.p : size;
	d->written = calloc(1, n + 1);
	for (i = 0; i < n; i++)
		d->written[i] = (char)d->r.buf[(d->r.p - n + i) % size];
}

static void damage_scan(struct damaged *d, uint32_t page, enum lost what,
			bool whole)
{
	uint8_t *m = mem_add(&d->mem, 0, MIB);

	memset(m + 7 * PAGE, 'x', PAGE);
	memcpy(m + d->r.size, d->r.buf, d->r.size);
	put_lost(m + d->r.size + page * PAGE, what);
	if (whole)
		memcpy(m + MIB / 2, d->r.buf, d->r.size);
	d->image = mem_image(&d->mem, MEMLOG_PHYS);
	d->logs = xen_scan(d->image, "xen-console");
	if (memlog_logs_count(d->logs) != (whole ? 2u : 1u))
		fail_msg("0x%x of 0x%x, page %u, %d: %zu logs", d->r.p,
			 d->r.size, page, (int)what,
			 memlog_logs_count(d->logs));
	d->log = memlog_logs_get(d->logs, 0);
	assert_int_equal(d->log->extents[0].addr, d->r.size);
	assert_int_equal(d->log->capacity, d->r.size);
}

static void damage_fini(struct damaged *d)
{
	memlog_logs_destroy(d->logs);
	memlog_image_close(d->image);
	mem_free(&d->mem);
	free(d->r.buf);
	free(d->written);
}

static uint64_t absent_of(const struct memlog_log *log)
{
	return ((const struct ml_log *)(const void *)log)->absent;
}

/* A ring that was full is found whatever page of it is lost, also the one where the
 * newest text meets the oldest. */
static void test_lost_wrapped(void **state)
{
	struct damaged d;
	uint32_t size, page;
	int times, what;

	for (size = XEN_RING_MIN; size <= 2 * XEN_RING_MIN; size *= 2)
		for (times = 0; times < 2; times++)
			for (page = 0; page < size / PAGE; page++)
				for (what = 0; what < LOSTS; what++) {
					srand(6);
					damage_init(&d, size, 1500, times);
					damage_scan(&d, page, (enum lost)what,
						    false);
					assert_int_equal(absent_of(d.log),
							 PAGE);
					assert_true(d.log->flags &
						    MEMLOG_LOG_INCOMPLETE);
					expect_rest(d.image, d.log, d.written);
					damage_fini(&d);
				}
}

/* One that never was starts with the first lines of a boot. After the end of its text a
 * lost page is not missing. */
static void test_lost_begun(void **state)
{
	struct damaged d;
	uint32_t page;
	int what;

	for (page = 1; page < 4; page++)
		for (what = 0; what < LOSTS; what++) {
			srand(7);
			damage_init(&d, XEN_RING_MIN, 220, true);
			assert_int_equal(d.r.p / PAGE, 2);
			damage_scan(&d, page, (enum lost)what, false);
			assert_int_equal(absent_of(d.log), page < 3 ? PAGE : 0);
			assert_int_equal(!!(d.log->flags &
					    MEMLOG_LOG_INCOMPLETE),
					 page < 3);
			if (page == 1)
				expect_rest(d.image, d.log, d.written);
			if (page == 3)
				xen_expect(d.image, d.log, d.r.buf, d.r.size,
					   d.r.p);
			damage_fini(&d);
		}
}

/* Beside a whole ring it is a copy; and so are other pieces of it without one. */
static void test_lost_copies(void **state)
{
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct mem mem = { 0 };
	struct damaged d;
	uint8_t *m;
	int i;

	for (i = 0; i < 2; i++) {
		srand(8);
		damage_init(&d, XEN_RING_MIN, i ? 220 : 1500, true);
		damage_scan(&d, 1, LOST_RANDOM, true);
		assert_int_equal(d.log->state, MEMLOG_STATE_COPY);
		assert_int_equal(memlog_logs_get(d.logs, 1)->state,
				 MEMLOG_STATE_CURRENT);
		m = mem_add(&mem, 0, MIB);
		/* a page of a pipe; the memory of a program */
		if (i)
			memcpy(m + 4 * PAGE, d.written, PAGE);
		else
			memcpy(m + 8 * PAGE + 16, d.written, 4 * PAGE);
		image = mem_image(&mem, MEMLOG_PHYS);
		logs = xen_scan(image, "xen-console");
		assert_int_equal(memlog_logs_count(logs), 0);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
		damage_fini(&d);
	}
}

/* A short ring without damage and a longer one that lost a page: one is a copy of the
 * other, not each of the other. */
static void test_lost_longer(void **state)
{
	struct damaged d;
	uint8_t *m;

	srand(9);
	damage_init(&d, XEN_RING_MIN, 220, true);
	m = mem_add(&d.mem, 0, MIB);
	memcpy(m + d.r.size, d.r.buf, d.r.size);
	put_lost(m + d.r.size + PAGE, LOST_RANDOM);
	memcpy(m + MIB / 2, d.r.buf, 3000);
	d.image = mem_image(&d.mem, MEMLOG_PHYS);
	d.logs = xen_scan(d.image, "xen-console");
	assert_int_equal(memlog_logs_count(d.logs), 2);
	assert_int_equal(memlog_logs_get(d.logs, 0)->state, MEMLOG_STATE_COPY);
	d.log = memlog_logs_get(d.logs, 1);
	assert_int_equal(d.log->state, MEMLOG_STATE_CURRENT);
	xen_expect(d.image, d.log, d.r.buf, d.r.size, 3000);
	damage_fini(&d);
}

static int stop_once(void *arg, uint64_t done, uint64_t all)
{
	(void)done;
	(void)all;
	return !--*(int *)arg;
}

/* Whoever asks whether to stop, the search ends with that: what was left undone is
 * never taken for a place without a log. */
static void test_stop(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xen-console",
				      .progress = stop_once };
	struct memlog_logs *logs;
	enum memlog_status s;
	struct damaged d;
	int at, n, left;

	srand(9);
	damage_init(&d, XEN_RING_MIN, 1500, false);
	damage_scan(&d, 1, LOST_RANDOM, false);
	o.progress_arg = &left;
	for (at = 0; at < 2; at++)
		for (n = 1, left = 0; left < 1; n++) {
			left = n;
			s = at ? memlog_scan_at(d.image, MEMLOG_PHYS, d.r.size,
						&o, &logs, NULL) :
				 memlog_scan(d.image, &o, &logs, NULL, NULL);
			assert_int_equal(s, left < 1 ? MEMLOG_STOP : MEMLOG_OK);
			memlog_logs_destroy(logs);
			assert_true(n < 1000);
		}
	damage_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_wrapped),
		cmocka_unit_test(test_lost_begun),
		cmocka_unit_test(test_lost_copies),
		cmocka_unit_test(test_lost_longer),
		cmocka_unit_test(test_stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
