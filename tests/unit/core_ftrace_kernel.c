/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of events and tasks out of a kernel's memory, sound and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "format/ftrace/view.h"
#include "image/image.h"
#include "libkernellog.h"
#include "libmem.h"

static void test_fields(void **state)
{
	struct kernel *m = kernel_new();

	(void)state;
	kernel_expect(m, &kernel_symbols, NULL, kernel_with_fields);
	kernel_free(m);
}

#define HOST UINT64_C(0x7f1234400000)

/* The memory of a machine of QEMU in its process, and smaller memory that is not the
 * guest's: physical addresses follow from what the kernel has of its own place. */
static void test_process(void **state)
{
	static const char info[] = "OSRELEASE=7.3.0\n" KERNEL_INFO
				   "SYMBOL(init_uts_ns)=ffff800080070000\n"
				   "OFFSET(uts_namespace.name)=0\n";
	struct kernel *m = kernel_new();
	struct mem process = { .n = 0 };
	char *got;
	int known;

	(void)state;
	strcpy((char *)m->ram + 0x70000, "Linux");
	strcpy((char *)m->ram + 0x70000 + 130, "7.3.0");
	strcpy((char *)m->ram + 0x71000, info);
	memcpy(mem_add(&process, HOST, KERNEL_RAM), m->ram, KERNEL_RAM);
	mem_add(&process, HOST - 0x200000, KERNEL_RAM / 2);
	mem_add(&process, HOST + 0x200000, KERNEL_RAM / 2);
	for (known = 1; known >= 0; known--) {
		got = kernel_decode_image(mem_image(&process, MEMLOG_HOST),
					  known, &kernel_symbols, NULL);
		if (known)
			assert_string_equal(got, kernel_with_fields);
		else
			assert_null(strstr(got, "irq_entry"));
		free(got);
		/* then of another kernel: nothing is known, or pretended */
		process.piece[1].bytes[0x70000 + 130] = '8';
	}
	mem_free(&process);
	kernel_free(m);
}

static void test_printer(void **state)
{
	struct kernel *m = kernel_new();

	(void)state;
	kernel_expect(
		m, &kernel_symbols, &kernel_printer,
		KERNEL_FIRST
		"irq_entry: printed\n"
		"irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" KERNEL_SECOND
		"irq_exit: irq=0 name= comm= ptr=0x0\n"
		"irq:0 name: comm: ptr:0 \n");
	assert_non_null(
		strstr(kernel_formats,
		       "name: irq_entry\nID: 76\nformat:\n"
		       "\tfield:unsigned short common_type;\toffset:0;\tsize:2;"
		       "\tsigned:0;\n"));
	assert_non_null(
		strstr(kernel_formats,
		       "\tfield:int irq;\toffset:8;\tsize:4;\tsigned:1;\n"
		       "\tfield:__data_loc char[] name;\toffset:12;\tsize:4;"
		       "\tsigned:1;\n"
		       "\tfield:char comm[8];\toffset:16;\tsize:8;\tsigned:1;\n"
		       "\tfield:void * ptr;\toffset:24;\tsize:4;\tsigned:0;\n\n"
		       "print fmt: \"irq=%d\", REC->irq\n"));
	kernel_free(m);
}

static enum memlog_status sym_member(void *self, const char *type,
				     const char *member, uint64_t *ret)
{
	if (strcmp(type, "trace_event_call") || strcmp(member, "print_fmt"))
		return MEMLOG_NO_DATA;
	*ret = *(uint64_t *)self;
	return MEMLOG_OK;
}

/* Members of structs are where the symbols say. */
static void test_moved_members(void **state)
{
	struct memlog_symbols s = kernel_symbols;
	uint64_t off = 80;
	struct kernel *m = kernel_new();

	(void)state;
	s.self = &off;
	s.member_offset = sym_member;
	memmove(m->ram + KERNEL_CALLS + 80, m->ram + KERNEL_CALLS + 64, 8);
	put64(m->ram + KERNEL_CALLS + 64, 0);
	kernel_expect(
		m, &s, &kernel_printer,
		KERNEL_FIRST
		"irq_entry: printed\n"
		"irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" KERNEL_SECOND
		"irq_exit: irq=0 name= comm= ptr=0x0\n"
		"irq:0 name: comm: ptr:0 \n");
	kernel_free(m);
}

/* Whatever is wrong with the kernel's data, the events are printed. */
static void test_hostile_kernel(void **state)
{
	static const struct {
		uint32_t off;
		uint64_t v;
	} bad[] = {
		{ KERNEL_HEAD, 0 },
		{ KERNEL_HEAD + 8, 0 },
		{ KERNEL_HEAD + 8, KERNEL_IMAGE + KERNEL_HEAD },
		{ KERNEL_HEAD + 8, UINT64_MAX },
		{ KERNEL_CALLS, KERNEL_IMAGE + KERNEL_CALLS },
		{ KERNEL_CALLS + 8, KERNEL_IMAGE + KERNEL_CALLS },
		{ KERNEL_CALLS + 16, 0 },
		{ KERNEL_CALLS + 16, UINT64_MAX - 3 },
		{ KERNEL_CALLS + 24, 1 },
		{ KERNEL_CLASS + 40, 7 },
		{ KERNEL_CLASS + 48, KERNEL_DIRECT + KERNEL_RAM - 8 },
		{ KERNEL_FIELDS, 0 },
		{ KERNEL_FIELDS + 8, KERNEL_DIRECT + KERNEL_FIELDS },
		{ KERNEL_FIELDS + 16, UINT64_MAX },
		{ KERNEL_FIELDS + 32, UINT64_MAX },
		{ KERNEL_FIELDS + 40, UINT64_MAX },
		{ KERNEL_SAVEDCMD, UINT64_MAX - 131080 },
		{ KERNEL_TASKS + 131088, UINT32_MAX },
		{ KERNEL_TASKS + 131080, UINT64_MAX - 2 },
		{ KERNEL_TASKS + 131096 + 16, UINT64_MAX },
	};
	struct kernel *m;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = kernel_new();
		put64(m->ram + bad[i].off, bad[i].v);
		got = kernel_decode(m, &kernel_symbols,
				    i % 2 ? &kernel_printer : NULL);
		assert_non_null(strstr(got, "-1234    [000] "));
		assert_non_null(strstr(got, "-99      [000] "));
		free(got);
		kernel_free(m);
	}
}

/* A name with a line feed or a tab is none: it would make a line of its own. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = { "irq_entry", "comm", "irq" };
	struct kernel *m;
	uint8_t *p;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(names) / sizeof(*names); i++) {
		m = kernel_new();
		p = memmem(m->ram + KERNEL_STRINGS, 4096, names[i / 2],
			   strlen(names[i / 2]) + 1);
		assert_non_null(p);
		p[1] = i % 2 ? '\n' : '\t';
		got = kernel_decode(m, &kernel_symbols, NULL);
		assert_null(strchr(got, '\t'));
		assert_null(strstr(got, "\nq"));
		assert_null(strstr(got, "\nm"));
		assert_non_null(strstr(got, "-1234    [000] "));
		free(got);
		kernel_free(m);
	}
}

/* A record says how many of its fields there was no room for. */
static void test_many_fields(void **state)
{
	struct memlog_record rec = { .n_fields = 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < MEMLOG_RECORD_FIELDS; i++)
		ml_record_field(&rec, "f", MEMLOG_FIELD_UINT, i);
	assert_int_equal(rec.n_fields, MEMLOG_RECORD_FIELDS);
	assert_int_equal(rec.fields[i - 1].u, i - 1);
	for (; i < MEMLOG_RECORD_FIELDS + 3; i++)
		ml_record_field_text(&rec, "f", "x", 1);
	assert_int_equal(rec.n_fields, MEMLOG_RECORD_FIELDS);
	assert_int_equal(rec.fields[MEMLOG_RECORD_FIELDS - 2].u,
			 MEMLOG_RECORD_FIELDS - 2);
	assert_string_equal(rec.fields[MEMLOG_RECORD_FIELDS - 1].name,
			    "fields_left_out");
	assert_int_equal(rec.fields[MEMLOG_RECORD_FIELDS - 1].type,
			 MEMLOG_FIELD_UINT);
	assert_int_equal(rec.fields[MEMLOG_RECORD_FIELDS - 1].u, 4);
}

/* Of an event whose fields are not all known all bytes are printed. */
static void test_fields_missing(void **state)
{
	static const struct {
		uint32_t off;
		uint64_t v;
	} bad[] = {
		{ KERNEL_CALLS + 16, 0 },
		{ KERNEL_FIELDS + 8, 0 },
		{ KERNEL_FIELDS + KERNEL_FIELD + 16, 0 },
		{ KERNEL_FIELDS + 2 * KERNEL_FIELD + 32, UINT64_MAX },
	};
	struct kernel *m;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = kernel_new();
		put64(m->ram + bad[i].off, bad[i].v);
		got = kernel_decode(m, &kernel_symbols,
				    i % 2 ? &kernel_printer : NULL);
		assert_non_null(
			strstr(got, KERNEL_FIRST "irq_entry: f9ffffff"));
		free(got);
		kernel_free(m);
	}
}

/* As many names of tasks as saved_cmdlines_size allows: the kernel rounds them up. */
static void test_many_tasks(void **state)
{
	struct kernel *m = kernel_new();

	(void)state;
	put32(m->ram + KERNEL_TASKS + 131088, 57342);
	kernel_expect(m, &kernel_symbols, NULL, kernel_with_fields);
	kernel_free(m);
}

/* Functions, callers of them, and what is neither. */
static void test_functions(void **state)
{
	struct kernel *m = kernel_new();
	uint8_t *e = m->ram + KERNEL_REGION + 0x2014;
	char *got;

	(void)state;
	put16(e, 4);
	put32(e + 8, 2);
	put64(e + 16, 0x7fffffff);
	put64(e + 24, 0xffffffffc0601010);
	got = kernel_decode(m, &kernel_symbols, NULL);
	assert_non_null(strstr(got, KERNEL_FIRST "<stack trace>\n"
						 " => [FTRACE TRAMPOLINE]\n"
						 " => 0xffffffffc0601010\n"));
	free(got);
	put16(e, 1);
	put64(e + 8, 0xffffffffc0601010);
	put64(e + 16, 0xffffffffc0602020);
	got = kernel_decode(m, &kernel_symbols, NULL);
	assert_non_null(strstr(got, KERNEL_FIRST "0xffffffffc0601010 "
						 "<-0xffffffffc0602020\n"));
	free(got);
	put64(e + 16, 0);
	got = kernel_decode(m, &kernel_symbols, NULL);
	assert_non_null(strstr(got, KERNEL_FIRST "0xffffffffc0601010\n"));
	free(got);
	kernel_free(m);
}

/* A name that is not ASCII is not an address. */
static void test_task_name(void **state)
{
	struct kernel *m = kernel_new();

	(void)state;
	strcpy((char *)m->ram + KERNEL_TASKS + 131096, "k\xc3\xb6rner\xc3\xa9");
	kernel_expect(m, &kernel_symbols, NULL, kernel_with_fields);
	kernel_free(m);
}

/* What says where the text is leads out of the event. */
static void test_hostile_event(void **state)
{
	static const uint32_t bad[] = { UINT32_MAX, 9 << 16 | 28, 1 << 16 | 36,
					0xffff << 16 };
	struct kernel *m;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = kernel_new();
		put32(m->ram + KERNEL_REGION + 0x2010 + 16, bad[i]);
		got = kernel_decode(m, &kernel_symbols, NULL);
		assert_non_null(strstr(got, "irq_entry: irq=-7 comm=swapper"));
		assert_null(strstr(got, "abcd"));
		free(got);
		kernel_free(m);
	}
}

static void test_module(void **state)
{
	static const char want[] = KERNEL_FIRST
		"irq_entry: irq=-7 name=abcd comm=swapper ptr=0xfeed\n"
		"irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" KERNEL_SECOND
		"module_event: irq=0 name= comm= ptr=0x0\n"
		"irq:0 name: comm: ptr:0 \n";
	struct kernel *m = kernel_new();

	(void)state;
	kernel_put_module(m, false);
	kernel_expect(m, &kernel_symbols, NULL, want);
	kernel_free(m);
	m = kernel_new();
	kernel_put_module(m, true);
	kernel_expect(m, &kernel_symbols, NULL, want);
	kernel_free(m);
}

/* Of functions of a module only its name is known. */
static void test_module_names(void **state)
{
	static const struct {
		uint64_t n, ip;
		const char *want;
	} tests[] = {
		{ 2, 0xffffffffc0601010, ": 0xffffffffc0601010 [loop]: hi\n" },
		{ 2, 0xffffffffc0600fff, ": 0xffffffffc0600fff [fw]: hi\n" },
		{ 2, 0xffffffffc05fffff, ": 0xffffffffc05fffff: hi\n" },
		{ 1, 0xffffffffc0601010, ": 0xffffffffc0601010 [loop]: hi\n" },
		{ 3, 0xffffffffc0601010, ": 0xffffffffc0601010 [loop]: hi\n" },
		{ 1ull << 60, 0xffffffffc0601010,
		  ": 0xffffffffc0601010: hi\n" },
		{ UINT64_MAX, 0xffffffffc0601010,
		  ": 0xffffffffc0601010: hi\n" },
		{ 2, 0xffffffffffffffff, ": 0xffffffffffffffff: hi\n" },
	};
	struct kernel *m;
	uint8_t *p;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		m = kernel_new();
		/* more room before the CPU: it moves by a page */
		p = m->ram + KERNEL_REGION;
		memmove(p + 0x800, p + 64, 44);
		memset(p + 64, 0, 44);
		put64(p + 16, 0x800);
		put64(p + 32, tests[i].n);
		put64(p + 40, 0xffffffffc0601000);
		strcpy((char *)p + 48, "loop");
		put64(p + 104, 0xffffffffc0600000);
		strcpy((char *)p + 112, "fw");
		put64(p + 168, 1);
		strcpy((char *)p + 176, "\x1b[2J");
		p = m->ram + KERNEL_REGION + 0x2014;
		put16(p, 5);
		put64(p + 8, tests[i].ip);
		strcpy((char *)p + 16, "hi");
		got = kernel_decode(m, NULL, NULL);
		if (!strstr(got, tests[i].want))
			fail_msg("%zu: %s", i, got);
		free(got);
		kernel_free(m);
	}
}

/* Tables that lead nowhere, and to themselves. */
static void test_hostile_tables(void **state)
{
	static const uint64_t bad[] = { 0,
					1,
					3,
					UINT64_MAX,
					(KERNEL_BASE + KERNEL_ROOT) | 3,
					KERNEL_BASE + KERNEL_RAM + 3 };
	struct kernel *m;
	uint32_t at;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		for (at = KERNEL_ROOT; at < KERNEL_ROOT + 0x4000;
		     at += 0x1000) {
			uint32_t k;

			m = kernel_new();
			kernel_put_module(m, false);
			for (k = 0; k < 512; k++)
				put64(m->ram + at + 8 * k, bad[i]);
			got = kernel_decode(m, &kernel_symbols, NULL);
			assert_non_null(strstr(got, "irq_entry: irq=-7"));
			assert_non_null(strstr(got, "-99      [000] "));
			free(got);
			kernel_free(m);
		}
}

static void test_own_symbols(void **state)
{
	struct kernel *m;
	enum kernel_kind kind;

	(void)state;
	for (kind = KERNEL_OWN_PLACE; kind <= KERNEL_PERCPU; kind++) {
		m = kernel_new();
		kernel_put_table(m, kind);
		kernel_expect(m, NULL, NULL, kernel_with_fields);
		kernel_free(m);
	}
}

/* A table that is damaged is not used; nothing else changes. */
static void test_hostile_symbols(void **state)
{
	static const struct {
		uint32_t off;
		uint32_t v;
	} bad[] = {
		{ KERNEL_SYM_COUNT, 0 },
		{ KERNEL_SYM_COUNT, UINT32_MAX },
		{ KERNEL_SYM_COUNT, 1 << 19 },
		{ KERNEL_SYM_COUNT, 4 },
		{ KERNEL_SYM_NAMES, 0 },
		{ KERNEL_SYM_NAMES, UINT32_MAX },
		{ KERNEL_SYM_NAMES, 1 },
		{ KERNEL_SYM_INDEX + 2 * 'f', 0xffff },
		{ KERNEL_SYM_INDEX + 2 * 255, 0x800 },
		{ KERNEL_SYM_OFFSETS, UINT32_MAX },
		{ KERNEL_SYM_OFFSETS + 8, 0x80000000 },
		{ KERNEL_SYM_BASE, 0 },
		{ KERNEL_SYM_BASE + 4, UINT32_MAX },
	};
	struct kernel *m;
	enum kernel_kind kind;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		for (kind = KERNEL_OWN_PLACE; kind <= KERNEL_PERCPU; kind++) {
			m = kernel_new();
			kernel_put_table(m, kind);
			put32(m->ram + bad[i].off, bad[i].v);
			got = kernel_decode(m, NULL, NULL);
			assert_non_null(strstr(got, "-1234    [000] "));
			assert_non_null(strstr(got, "-99      [000] "));
			free(got);
			kernel_free(m);
		}
}

/* A log that another boot wrote, with its kernel elsewhere, says where that was. */
static void test_other_boot(void **state)
{
	struct kernel *m = kernel_new();
	struct memlog_image *image = mem_image(&m->mem, MEMLOG_PHYS);
	struct ftrace_kernel k = { .image = image };
	struct ftrace_kernel_info info = { 0 };
	struct ftrace f = { .text = KERNEL_IMAGE + 0x1000000 };

	(void)state;
	ml_image_add_note(image, "VMCOREINFO", 0, "", KERNEL_INFO, KERNEL_INFO,
			  strlen(KERNEL_INFO));
	assert_true(ml_ftrace_place(&k, &kernel_symbols, &f, &info));
	assert_int_equal(info.slide, 0);
	assert_int_equal(info.then, 0x1000000);
	assert_int_equal(info.tasks, 0);
	f.text = 0;
	assert_true(ml_ftrace_place(&k, &kernel_symbols, &f, &info));
	assert_int_equal(info.then, 0);
	assert_int_not_equal(info.tasks, 0);
	memlog_image_close(image);
	kernel_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_printer),
		cmocka_unit_test(test_moved_members),
		cmocka_unit_test(test_hostile_kernel),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_fields_missing),
		cmocka_unit_test(test_many_tasks),
		cmocka_unit_test(test_other_boot),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_task_name),
		cmocka_unit_test(test_hostile_event),
		cmocka_unit_test(test_module),
		cmocka_unit_test(test_module_names),
		cmocka_unit_test(test_hostile_tables),
		cmocka_unit_test(test_own_symbols),
		cmocka_unit_test(test_hostile_symbols),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
