/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_ftrace_cost.c - ring buffers and tables that are made to cost much: what is printed is
 * right, and memory is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/ftrace/kallsyms.h"
#include "libftrace.h"

enum { EVENT = 8, EVENTS = 1 << 18, SCRATCH = 0x1000 };

/* so that large pages are aligned */
#define FILL_AT (UINT64_C(0x47e70000) - SCRATCH)

/* A persistent ring buffer with EVENTS events, as short as they can be, on so many CPUs with
 * pages of this size, whose times alternate. Returns how many there are. */
static uint32_t fill(struct mem *m, uint32_t cpus, uint32_t size)
{
	uint32_t each = EVENTS / cpus, per = (size - 16) / EVENT, i, k, n;
	uint32_t pages = each / per + 2;
	uint64_t len = (pages + 1) * (uint64_t)size;
	uint8_t *ram, *p, *page;

	ram = mem_add(m, FILL_AT, SCRATCH + cpus * len);
	put32(ram, 0x0badfeed);
	put32(ram + 4, 24 << 16 | 32);
	put64(ram + 8, SCRATCH + cpus * len);
	put64(ram + 16, SCRATCH);
	for (i = 0; i < cpus; i++) {
		p = ram + SCRATCH + i * len;
		put64(p, FTRACE_KERNEL);
		put64(p + 8, FTRACE_KERNEL + size);
		put64(p + 16, FTRACE_KERNEL + (pages - 1) * size);
		put32(p + 24, size);
		put32(p + 28, pages);
		for (k = 0; k < pages; k++)
			put32(p + 32 + 4 * k, k);
		for (k = 0; k < each; k++) {
			page = p + size * (2 + k / per);
			n = k % per;
			if (!n)
				put64(page, k * 1000ull * cpus + i);
			put64(page + 8, (n + 1) * EVENT);
			put32(page + 16 + n * EVENT,
			      (n ? 1000 * cpus : 0) << 5 | 1);
		}
	}
	return each * cpus;
}

static size_t held;

static void *held_alloc(void *self, size_t size)
{
	size_t *p = held + size > (128u << 20) ? NULL : malloc(size + 16);

	(void)self;
	if (!p)
		return NULL;
	*p = size;
	held += size;
	return p + 2;
}

static void held_release(void *self, void *ptr)
{
	(void)self;
	if (!ptr)
		return;
	held -= ((size_t *)ptr)[-2];
	free((size_t *)ptr - 2);
}

static const struct memlog_allocator held_allocator = {
	.alloc = held_alloc, .release = held_release
};

/* All events come, in the order of their times, or CPU after CPU. */
static void in_order(uint32_t cpus, uint32_t size, bool merged)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "ftrace" };
	struct memlog_decode_opts u = { .size = sizeof(u) };
	const struct memlog_record *rec;
	struct memlog_image *image;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct mem m = { .n = 0 };
	uint64_t last = 0;
	uint32_t n = 0, all = fill(&m, cpus, size);
	int32_t cpu = 0;

	assert_int_equal(memlog_image_wrap(&mem_ops, &m, MEMLOG_PHYS, "m",
					   &held_allocator, &image, NULL),
			 0);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     &u, &d, NULL),
			 0);
	for (; !memlog_decoder_next(d, &rec, NULL); n++) {
		if (!merged && rec->cpu > cpu)
			last = 0;
		assert_true(merged || rec->cpu >= cpu);
		assert_true(rec->time >= last);
		assert_true(held < (32u << 20));
		last = rec->time;
		cpu = rec->cpu;
	}
	assert_int_equal(n, all);
	assert_int_equal(!strstr(memlog_decoder_note(d), "too many CPUs"),
			 merged);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
	assert_int_equal(held, 0);
}

static void test_cpus(void **state)
{
	(void)state;
	in_order(16, 4096, true);
	in_order(4096, 4096, true);
	in_order(256, 65536, true);
	in_order(600, 65536, false);
}

/* ---- symbols ------------------------------------------------------------- */

#define IMAGE UINT64_C(0xffff800080000000)

enum {
	SYMBOLS = 1 << 18,
	COUNT = 0,
	BASE = 8,
	INDEX = 0x200,
	TOKENS = 0x400,
	NAMES = 0x1000,
	OFFSETS = 0x200000,
	TABLE = 0x400000,
	LOOK_UPS = 1 << 15,
};

/* A table whose symbols are so far apart. */
static void put_table(uint8_t *p, uint32_t step)
{
	uint8_t *to = p + NAMES;
	uint32_t i;

	put32(p + COUNT, SYMBOLS);
	put64(p + BASE, IMAGE);
	for (i = 0; i < 256; i++) {
		p[TOKENS + 2 * i] = (uint8_t)(i ? i : 'x');
		put16(p + INDEX + 2 * i, (uint16_t)(2 * i));
	}
	*to++ = 7;
	memcpy(to, "T_stext", 7);
	to += 7;
	for (i = 1; i < SYMBOLS; i++) {
		memcpy(to, "\2Ta", 3);
		to += 3;
		put32(p + OFFSETS + 4 * i, 0x1000 + i * step);
	}
	/* nothing is known after the last */
	put32(p + OFFSETS + 4 * (SYMBOLS - 1), 0x1000 + SYMBOLS * 4);
}

/* The first symbol at an address. */
static void look_up(uint32_t step)
{
	const struct ftrace_kallsyms at = { .names = IMAGE + NAMES,
					    .count = IMAGE + COUNT,
					    .tokens = IMAGE + TOKENS,
					    .index = IMAGE + INDEX,
					    .offsets = IMAGE + OFFSETS,
					    .base = IMAGE + BASE,
					    .stext = IMAGE };
	const struct ftrace_kernel_info info = { .image = IMAGE - FTRACE_BASE,
						 .anchor = IMAGE,
						 .image_end = IMAGE + TABLE };
	struct mem m = { .n = 0 };
	struct memlog_symbols *s;
	struct ftrace_kernel k = { .info = &info };
	uint64_t off;
	const char *name;
	uint32_t i;

	put_table(mem_add(&m, FTRACE_BASE, TABLE), step);
	k.image = mem_image(&m, MEMLOG_PHYS);
	k.alloc = k.image->alloc;
	s = ml_ftrace_kallsyms_open(&k, &at);
	assert_non_null(s);
	for (i = 0; i < LOOK_UPS; i++)
		assert_int_equal(s->name(s->self, IMAGE + 0x1008, &name, &off),
				 0);
	assert_string_equal(name, "a");
	assert_int_equal(off, step ? 0 : 8);
	ml_ftrace_kallsyms_close(s);
	ml_ftrace_kernel_close(&k);
	memlog_image_close(k.image);
	mem_free(&m);
}

/* Each at an address of its own, and all at one. */
static void test_symbols(void **state)
{
	(void)state;
	look_up(4);
	look_up(0);
}

/* ---- types of events ------------------------------------------------------ */

enum {
	TYPES = 16384,
	HEAD = 0x100,
	CLASS = 0x200,
	STRINGS = 0x300,
	FIELDS = 0x1000,
	FIELD = 64,
	N_FIELDS = 120,
	FORMAT = 0x8000,
	FORMAT_LEN = 32000,
	CALLS = 0x10000,
	CALL = 96,
};

static void put_list(uint8_t *p, uint32_t head, uint32_t first, uint32_t size,
		     uint32_t n)
{
	uint32_t i, prev = head, this;

	for (i = 0; i <= n; i++, prev = this) {
		this = i < n ? first + i * size : head;
		put64(p + prev, IMAGE + this);
		put64(p + this + 8, IMAGE + prev);
	}
}

static void put_types(uint8_t *p)
{
	uint32_t i;

	strcpy((char *)p + STRINGS, "name");
	memset(p + FORMAT, '1', FORMAT_LEN);
	put_list(p, HEAD, CALLS, CALL, TYPES);
	for (i = 0; i < TYPES; i++) {
		put64(p + CALLS + i * CALL + 16, IMAGE + CLASS);
		put64(p + CALLS + i * CALL + 24, IMAGE + STRINGS);
		put32(p + CALLS + i * CALL + 48, i + 1);
		put64(p + CALLS + i * CALL + 64, IMAGE + FORMAT);
	}
	put64(p + CLASS, IMAGE + STRINGS);
	put_list(p, CLASS + 48, FIELDS, FIELD, N_FIELDS);
	for (i = 0; i < N_FIELDS; i++) {
		put64(p + FIELDS + i * FIELD + 16, IMAGE + STRINGS);
		put64(p + FIELDS + i * FIELD + 24, IMAGE + STRINGS);
	}
}

/* As many types as there can be, which share what describes them. */
static void test_types(void **state)
{
	struct ftrace_kernel_info info = { .image = IMAGE - FTRACE_BASE,
					   .anchor = IMAGE,
					   .image_end = IMAGE + TABLE,
					   .events = IMAGE + HEAD };
	struct ftrace_types types = { .n = 0 };
	struct ftrace_kernel k = { .info = &info, .alloc = held_allocator };
	struct mem m = { .n = 0 };
	uint32_t i;

	(void)state;
	ml_ftrace_members(NULL, info.off);
	put_types(mem_add(&m, FTRACE_BASE, TABLE));
	k.image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(ml_ftrace_types_init(&types, &k, NULL), 0);
	assert_int_equal(types.n, TYPES);
	for (i = 1; i <= TYPES; i++)
		assert_non_null(ml_ftrace_types_find(&types, &k, (uint16_t)i));
	assert_false(k.starved);
	assert_true(held < (32u << 20));
	/* the first ones are complete, the others have a name */
	assert_true(types.type[0].whole);
	assert_int_equal(types.type[0].n_fields, N_FIELDS);
	assert_int_equal(strlen(strstr(types.type[0].format, "fmt: ")),
			 5 + FORMAT_LEN + 1);
	assert_false(types.type[TYPES - 1].whole);
	assert_string_equal(types.type[TYPES - 1].name, "name");
	ml_ftrace_types_fini(&types, &held_allocator);
	ml_ftrace_kernel_close(&k);
	memlog_image_close(k.image);
	mem_free(&m);
	assert_int_equal(held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_types),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
