/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of logs that hold other memory: each is recognized, in every format with
 * text, and no page of 1,000 rings of each is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/range.h"
#include "damage.h"
#include "format/acrn/acrn.h"
#include "format/banner.h"
#include "format/xen/console.h"
#include "libmem.h"
#include "scan/scan.h"

#include "../../firmware/sbuf/sbuf.c"
#include "../../fixtures/gen/acrn_model.c"

#define PAGE 4096u
#define AT   0x1000000u

extern const struct ml_format ml_format_cbmem, ml_format_xen_console;

static uint64_t dice;

static uint32_t pick(uint32_t n)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice >> 33) % n;
}

/* A log of one or more rings, as a scan finds it. */
struct subject {
	struct mem m;
	struct memlog_image *image;
	struct memlog_logs logs;
	struct ml_log *log;
	uint8_t *bytes; /* at AT */
	size_t len;
};

static uint8_t *subject_memory(struct subject *s, size_t len)
{
	memset(s, 0, sizeof(*s));
	s->len = len;
	s->bytes = mem_add(&s->m, AT, len);
	s->logs.alloc = ml_allocator(NULL);
	s->logs.max = 4;
	return s->bytes;
}

static void subject_log(struct subject *s, const struct ml_format *fmt)
{
	assert_int_equal(ml_logs_add(&s->logs, fmt, &s->log, NULL), 0);
}

static void subject_extent(struct subject *s, enum memlog_space space,
			   uint64_t off, uint64_t len)
{
	struct memlog_extent e = { .space = space,
				   .addr = AT + off,
				   .len = len };

	assert_int_equal(ml_log_add_extent(&s->logs, s->log, &e, NULL), 0);
}

static void subject_end(struct subject *s)
{
	ml_logs_clear(&s->logs);
	free(s->logs.logs);
	memlog_image_close(s->image);
	mem_free(&s->m);
}

/* ---- writers ------------------------------------------------------------- */

static const char *const line_ends[] = { "\n", "\r\n" };

/* n bytes of lines, each with start, and with what text may have now and then. */
static void write_lines(uint8_t *p, size_t n, const char *start,
			const char *guest)
{
	static const char *const words[] = {
		"CPU7:",	"entering", "BS:",	"0x7fb3c000",
		"PCI: 00:1f.0", "done",	    "\xc3\xa9", "\xe2\x82\xac",
		"\x1b[0m",	"\t",	    "...\b",	"\a",
	};
	const char *w = start;
	size_t i = 0, len = 0;
	bool dom0 = false;

	while (i < n) {
		for (; *w && i < n; len++)
			p[i++] = (uint8_t)*w++;
		if (i < n)
			p[i++] = pick(600) ? ' ' : (uint8_t)pick(256);
		w = words[pick(sizeof(words) / sizeof(*words))];
		if (len < 20 || pick(8))
			continue;
		for (w = line_ends[dom0]; *w && i < n; w++)
			p[i++] = (uint8_t)*w;
		dom0 = guest && !pick(4);
		w = dom0 ? guest : start;
		len = 0;
	}
}

enum kind { RANDOM, ZEROS, ONES, WIDE, POINTERS, STRINGS, KINDS };

static void put_foreign(uint8_t *p, size_t n, enum kind kind)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = kind == RANDOM		? (uint8_t)pick(256) :
		       kind == ONES		? 0xff :
		       kind == WIDE && !(i & 1) ? (uint8_t)('a' + pick(26)) :
						  0;
	/* as in the environment of a process */
	for (i = 0; kind == STRINGS && i < n; i++)
		p[i] = pick(15) ? (uint8_t)('A' + pick(26)) : 0;
	for (i = 0; kind == POINTERS && i + 8 <= n; i += 8)
		put64(p + i, pick(3) ? 0xffff888000000000 + pick(1u << 30) : 0);
}

/* ---- subjects ------------------------------------------------------------ */

static void make_cbmem(struct subject *s, enum memlog_space space, uint64_t i)
{
	uint32_t size = (2 + pick(30)) * PAGE - 8, used = pick(size);
	uint8_t *p = subject_memory(s, size + 8);
	struct ml_banners_log own = { 0, 0 };

	dice = i + 1;
	if (i % 3 == 2) {
		own.start = used;
		used = size;
	}
	put32(p, size);
	put32(p + 4, used);
	write_lines(p + 8, used, i & 1 ? "\x16" : "", NULL);
	subject_log(s, &ml_format_cbmem);
	memcpy(s->log->priv, &own, sizeof(own));
	s->log->pub.capacity = size;
	s->log->pub.used = used;
	subject_extent(s, space, 0, size + 8);
}

static void make_xen(struct subject *s, enum memlog_space space, uint64_t i)
{
	uint32_t size = XEN_RING_MIN << pick(3), used = 1 + pick(size);
	uint8_t *p = subject_memory(s, size);
	struct xen_ring r = { .size = size, .used = used, .counters = true };

	dice = i + 1;
	if (i % 3 == 2) {
		r.start = used % size;
		r.used = size;
		r.wrapped = true;
	}
	write_lines(p, (size_t)r.used, "(XEN) ",
		    i % 5 ? "[    1.605895] dom0 " : NULL);
	subject_log(s, &ml_format_xen_console);
	memcpy(s->log->priv, &r, sizeof(r));
	s->log->pub.capacity = size;
	s->log->pub.used = r.used;
	subject_extent(s, space, 0, size);
}

static struct acrn_model *make_acrn(struct subject *s, enum memlog_space space,
				    uint64_t i)
{
	struct acrn_opts o = { .boots = 1 + (unsigned int)i % 3,
			       .region = 256u << 10,
			       .base = AT,
			       .lazy = i % 4 == 3 ? 50 : 0,
			       .drains = i & 1,
			       .prefixes = i & 2,
			       .old_text = i % 5 == 0,
			       .seed = i };
	struct acrn_model *m;
	unsigned int k;

	dice = i + 1;
	for (k = 0; k < o.boots; k++) {
		o.cpus[k] = 1 + (unsigned int)i % 3;
		o.messages[k] = 500 + pick(2500);
	}
	m = acrn_model_run(&o);
	assert_non_null(m);
	memcpy(subject_memory(s, o.region), m->region, o.region);
	subject_log(s, &ml_format_acrn_log);
	for (k = 0; k < o.cpus[0]; k++) {
		uint64_t off = acrn_model_ring(m, m->half, k) - AT;

		subject_extent(s, space, off,
			       64 + ml_le32(s->bytes + off + 36));
	}
	return m;
}

static void make_trace(struct subject *s, enum memlog_space space, uint64_t i)
{
	struct acrn_trace_opts o = { .cpus = 1,
				     .exits = pick(i % 8 ? 3000 : 90000),
				     .old_entries = i % 3 == 0,
				     .no_reason = i % 5 == 0,
				     .seed = i };
	struct acrn_trace_truth truth = { .entries = 0 };

	dice = i + 1;
	acrn_trace_fill(&o, 0, subject_memory(s, ACRN_TRACE_BYTES), &truth);
	subject_log(s, &ml_format_acrn_trace);
	subject_extent(s, space, 0, 64 + ml_le32(s->bytes + 36));
}

static void make(struct subject *s, const char *what, enum memlog_space space,
		 uint64_t i)
{
	dice = i;
	if (!strcmp(what, "cbmem"))
		make_cbmem(s, space, i);
	else if (!strcmp(what, "xen"))
		make_xen(s, space, i);
	else if (!strcmp(what, "trace"))
		make_trace(s, space, i);
	else
		acrn_model_free(make_acrn(s, space, i));
	s->image = mem_image(&s->m, space);
}

static void judge(struct subject *s)
{
	uint64_t budget = UINT64_MAX;

	assert_int_equal(ml_log_find_foreign(&s->logs, s->log, s->image,
					     &budget, NULL),
			 0);
}

/* ---- tests --------------------------------------------------------------- */

static void test_own(void **state)
{
	static const enum memlog_space spaces[] = {
		MEMLOG_PHYS, MEMLOG_FILE, MEMLOG_HOST, MEMLOG_MACH, MEMLOG_VIRT,
	};
	struct subject s;
	uint64_t i;

	/* a ring of the trace has 4 MiB */
	for (i = 0; i < (strcmp(*state, "trace") ? 1000 : 150); i++) {
		if (!damage_turn())
			continue;
		make(&s, *state, spaces[i % 5], i);
		judge(&s);
		if (s.log->n_foreign)
			fail_msg("%s %u: 0x%llx of 0x%zx", (char *)*state,
				 (unsigned int)i,
				 (unsigned long long)(s.log->foreign->start -
						      AT),
				 s.len);
		assert_int_equal(s.log->pub.flags & MEMLOG_LOG_CUT_OFF, 0);
		subject_end(&s);
	}
}

/* Is all of the page at off text of the log, and none of it the first page? */
static bool has_text(const struct subject *s, uint64_t off)
{
	struct memlog_range part[2], r;
	const struct memlog_extent *e = s->log->extents;
	struct memlog_range here = { AT + off - e->addr,
				     AT + off + PAGE - e->addr };
	size_t n = s->log->fmt->group.text(s->log, 0, s->image, part);

	while (AT + off > e->addr && n--)
		if (ml_range_intersect(here, part[n], &r) &&
		    r.end - r.start == PAGE)
			return true;
	return false;
}

/* Any page of the first ring's text. */
static uint64_t some_page(const struct subject *s)
{
	const struct memlog_extent *e = s->log->extents;
	struct memlog_range part[2];
	size_t n = s->log->fmt->group.text(s->log, 0, s->image, part);
	uint64_t pages;

	if (!n)
		return 0;
	n = pick((uint32_t)n);
	pages = (part[n].end - part[n].start) / PAGE + 1;
	return (e->addr - AT + part[n].start) / PAGE * PAGE +
	       pick((uint32_t)pages) * PAGE;
}

/* The page at off is found, and nothing else is. */
static void expect_page(struct subject *s, const char *what, uint64_t i,
			uint64_t off)
{
	judge(s);
	if (s->log->n_foreign != 1)
		fail_msg("%s %u: 0x%llx, %zu", what, (unsigned int)i,
			 (unsigned long long)off, s->log->n_foreign);
	assert_int_equal(s->log->foreign->start, AT + off);
	assert_int_equal(s->log->foreign->end, AT + off + PAGE);
}

/* One page in text is other memory. */
static void test_one(void **state)
{
	unsigned int found = 0;
	struct subject s;
	uint64_t i, off;

	for (i = 0; i < 200; i++) {
		make(&s, *state, MEMLOG_PHYS, i);
		off = some_page(&s);
		if (has_text(&s, off)) {
			put_foreign(s.bytes + off, PAGE,
				    (enum kind)(i % KINDS));
			expect_page(&s, *state, i, off);
			found++;
		}
		subject_end(&s);
	}
	assert_true(found > 50);
}

/* All that follows the first pages is: nothing of it is the log's. */
static void test_scattered(void **state)
{
	unsigned int found = 0;
	struct subject s;
	uint64_t i, off, first, end;

	for (i = 0; i < 200; i++) {
		make(&s, *state, MEMLOG_PHYS, i);
		end = s.log->extents->addr + s.log->extents->len - AT;
		first = (s.log->extents->addr - AT) / PAGE * PAGE + PAGE;
		if (has_text(&s, first) && has_text(&s, first + PAGE) &&
		    has_text(&s, first + 2 * PAGE)) {
			for (off = first; off < end; off += PAGE)
				put_foreign(s.bytes + off,
					    ml_min(PAGE, s.len - off),
					    (enum kind)pick(KINDS));
			judge(&s);
			assert_int_equal(s.log->foreign->start, AT + first);
			assert_true(s.log->foreign->end >= AT + end);
			assert_true(s.log->pub.flags & MEMLOG_LOG_CUT_OFF);
			found++;
		}
		subject_end(&s);
	}
	assert_true(found > 20);
}

/* Text of others has lines that Xen's and ACRN's cannot have. */
static void test_text(void **state)
{
	unsigned int found = 0;
	struct subject s;
	uint64_t i, off;

	for (i = 0; i < 200; i++) {
		make(&s, *state, MEMLOG_PHYS, i);
		off = some_page(&s);
		if (off > PAGE && has_text(&s, off)) {
			write_lines(s.bytes + off, PAGE, "key: ", NULL);
			expect_page(&s, *state, i, off);
			found++;
		}
		subject_end(&s);
	}
	assert_true(found > 50);
}

/* Where looking costs too much, what was looked at is shown. */
static void test_budget(void **state)
{
	uint64_t budget = 3 * PAGE;
	struct subject s;

	make(&s, *state, MEMLOG_PHYS, 8);
	assert_int_equal(
		ml_log_find_foreign(&s.logs, s.log, s.image, &budget, NULL), 0);
	assert_int_equal(s.log->n_foreign, 1);
	assert_int_equal(s.log->foreign->start, AT + 4 * PAGE);
	assert_true(s.log->unjudged);
	assert_true(s.log->pub.flags & MEMLOG_LOG_CUT_OFF);
	subject_end(&s);
}

/* A user who stops gets what was looked at by then. */
static bool stop_now(void *arg)
{
	++*(unsigned int *)arg;
	return true;
}

static void test_stop(void **state)
{
	uint64_t budget = UINT64_MAX;
	unsigned int asked = 0;
	struct subject s;

	make(&s, *state, MEMLOG_PHYS, 8);
	s.image->stop = stop_now;
	s.image->stop_arg = &asked;
	assert_int_equal(
		ml_log_find_foreign(&s.logs, s.log, s.image, &budget, NULL), 0);
	assert_int_equal(asked, 1);
	assert_int_equal(budget, 0);
	assert_true(s.log->unjudged);
	assert_true(s.log->stopped);
	assert_in_range(s.log->foreign->start, AT + PAGE,
			AT + (1u << 20) + PAGE);
	subject_end(&s);
}

/* The address that is named is the first with text, and what is said of more than can
 * be looked at is that. */
static void test_named(void **state)
{
	uint64_t budget = UINT64_MAX;
	struct xen_ring *r;
	struct subject s;

	make(&s, *state, MEMLOG_PHYS, 2);
	r = (struct xen_ring *)(void *)s.log->priv;
	r->size = s.log->pub.capacity = s.len;
	r->wrapped = false;
	r->start = 2 * PAGE;
	r->used = PAGE + 100;
	put_foreign(s.bytes + PAGE, PAGE, RANDOM);
	put_foreign(s.bytes + 3 * PAGE, PAGE, RANDOM);
	judge(&s);
	assert_int_equal(s.log->n_foreign, 2);
	ml_log_note_absent(s.log, s.image, &budget);
	assert_int_equal(s.log->absent, 100);
	assert_int_equal(s.log->other, 100);
	assert_int_equal(s.log->other_at, AT + 3 * PAGE);
	assert_string_equal(s.log->pub.reason,
			    "100 of the 4196 bytes of its text are in pages "
			    "that are not its own, the first at "
			    "phys:0x1003000");
	subject_end(&s);
}

/* What was looked at in a search before is not looked at again. */
static void test_again(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-log" };
	struct memlog_logs *first, *again;
	uint64_t bytes;
	struct subject s;
	size_t i;

	make(&s, *state, MEMLOG_PHYS, 1);
	assert_int_equal(memlog_scan(s.image, &o, &first, NULL, NULL), 0);
	assert_true(memlog_logs_count(first) > 0);
	s.m.bytes = 0;
	assert_int_equal(ml_scan_again(s.image, &o, NULL, &again, NULL), 0);
	memlog_logs_destroy(again);
	bytes = s.m.bytes;
	s.m.bytes = 0;
	assert_int_equal(ml_scan_again(s.image, &o, first, &again, NULL), 0);
	for (i = 0; i < memlog_logs_count(first); i++)
		bytes -= memlog_logs_get(first, i)->capacity;
	assert_true(s.m.bytes <= bytes);
	memlog_logs_destroy(again);
	memlog_logs_destroy(first);
	subject_end(&s);
}

#define TEST(what, fn)                                        \
	{                                                     \
		what ": " #fn, fn, NULL, NULL, (void *)(what) \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("cbmem", test_own),       TEST("xen", test_own),
		TEST("acrn", test_own),	       TEST("trace", test_own),
		TEST("cbmem", test_one),       TEST("xen", test_one),
		TEST("acrn", test_one),	       TEST("trace", test_one),
		TEST("cbmem", test_scattered), TEST("xen", test_scattered),
		TEST("acrn", test_scattered),  TEST("trace", test_scattered),
		TEST("xen", test_text),	       TEST("acrn", test_text),
		TEST("trace", test_budget),    TEST("trace", test_stop),
		TEST("xen", test_named),       TEST("acrn", test_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
