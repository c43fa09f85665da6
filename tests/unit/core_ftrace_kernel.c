/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of events and tasks out of a kernel's memory, sound and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "image/image.h"
#include "libmem.h"

#define BASE   UINT64_C(0x40000000)
#define IMAGE  UINT64_C(0xffff800080000000) /* of BASE, in the kernel's image */
#define DIRECT UINT64_C(0xffff000000000000) /* the same in its direct map */
#define RAM    (1u << 20)
#define REGION 0x80000u

/* where things are in memory */
enum {
	HEAD = 0x1000,
	SAVEDCMD = 0x1010,
	CALLS = 0x2000,
	CALL = 96,
	CLASS = 0x3000,
	FIELDS = 0x4000,
	FIELD = 56,
	STRINGS = 0x5000,
	TASKS = 0x10000,
	PIDS = 0x40000,
	SYM_NAMES = 0x50000,
	SYM_COUNT = 0x50ff8,
	SYM_TOKENS = 0x51000,
	SYM_INDEX = 0x51800,
	SYM_OFFSETS = 0x52000,
	SYM_BASE = 0x52ff0,
	MODULE = 0x60000,
	ROOT = 0x61000, /* and tables after it */
};

#define MODULE_VA UINT64_C(0xffff800012345000)

/* how the kernel's own table of symbols has addresses */
enum kind { NO_TABLE, OWN_PLACE, FROM_BASE, PERCPU };

struct model {
	struct mem mem;
	uint8_t *ram;
	uint32_t strings, fields;
	enum kind kind;
};

static uint64_t put_string(struct model *m, const char *s)
{
	uint64_t at = m->strings;

	strcpy((char *)m->ram + at, s);
	m->strings += (uint32_t)strlen(s) + 1;
	return IMAGE + at;
}

/* The field becomes the first of the list: the kernel adds them in order. */
static void put_field(struct model *m, const char *type, const char *name,
		      uint32_t off, uint32_t size, bool is_signed)
{
	uint8_t *p = m->ram + m->fields, *head = m->ram + CLASS + 40;
	uint64_t va = DIRECT + m->fields, first = ml_le64(head);

	put64(p, first);
	put64(p + 8, IMAGE + CLASS + 40);
	put64(first >= IMAGE ? head + 8 : m->ram + (first - DIRECT) + 8, va);
	put64(head, va);
	put64(p + 16, put_string(m, name));
	put64(p + 24, put_string(m, type));
	put32(p + 36, off);
	put32(p + 40, size);
	put32(p + 44, is_signed);
	m->fields += FIELD;
}

static void put_call(struct model *m, uint32_t i, uint32_t n, uint16_t type,
		     uint64_t name, const char *format)
{
	uint8_t *p = m->ram + CALLS + i * CALL;
	uint64_t next = i ? IMAGE + CALLS + (i - 1) * CALL : IMAGE + HEAD;
	uint64_t prev = i + 1 < n ? IMAGE + CALLS + (i + 1) * CALL :
				    IMAGE + HEAD;

	/* the first to be made is the last in the list */
	put64(p, next);
	put64(p + 8, prev);
	put64(p + 16, IMAGE + CLASS);
	put64(p + 24, name);
	put32(p + 48, type);
	put64(p + 64, put_string(m, format));
	put64(m->ram + HEAD + 8, IMAGE + CALLS);
	put64(m->ram + HEAD, IMAGE + CALLS + (n - 1) * CALL);
}

static void put_events(struct model *m)
{
	uint8_t *p = m->ram + REGION, *e;
	uint64_t first = DIRECT + REGION + 0x1000;

	put32(p, 0x0badfeed);
	put32(p + 4, 24 << 16 | 32);
	put64(p + 8, 0x4000);
	put64(p + 16, 64);
	put64(p + 24, IMAGE);
	p += 64;
	put64(p, first);
	put64(p + 8, first + 0x1000);
	put64(p + 16, first + 0x1000);
	put32(p + 24, 4096);
	put32(p + 28, 3);
	put32(p + 36, 1);
	put32(p + 40, 2);
	e = m->ram + REGION + 0x2000;
	put64(e, 1000000000);
	e += 16;
	/* pid, a number, where a string is, an array of char */
	put32(e, 9);
	put16(e + 4, 76);
	put32(e + 8, 1234);
	put32(e + 12, (uint32_t)-7);
	put32(e + 16, 5 << 16 | 28);
	memcpy(e + 20, "swapper\0", 8);
	put32(e + 28, 0xfeed);
	memcpy(e + 32, "abcd\0\0\0\0", 8);
	e += 40;
	/* another type of the same class */
	put32(e, 1 << 5 | 8);
	put16(e + 4, 77);
	put32(e + 8, 99);
	e += 36;
	put64(m->ram + REGION + 0x2008, 76);
}

static struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));
	uint64_t tp;

	assert_non_null(m);
	m->ram = mem_add(&m->mem, BASE, RAM);
	m->strings = STRINGS;
	m->fields = FIELDS;
	put64(m->ram + CLASS, put_string(m, "irq"));
	put64(m->ram + CLASS + 40, IMAGE + CLASS + 40);
	put64(m->ram + CLASS + 48, IMAGE + CLASS + 40);
	put_field(m, "int", "irq", 8, 4, true);
	put_field(m, "__data_loc char[]", "name", 12, 4, true);
	put_field(m, "char[8]", "comm", 16, 8, true);
	put_field(m, "void *", "ptr", 24, 4, false);
	tp = m->strings;
	m->strings += 64;
	put64(m->ram + tp, put_string(m, "irq_entry"));
	put_call(m, 0, 2, 76, IMAGE + tp, "\"irq=%d\", REC->irq");
	put_call(m, 1, 2, 77, put_string(m, "irq_exit"), "\"%d\", REC->irq");
	put64(m->ram + SAVEDCMD, DIRECT + TASKS);
	put64(m->ram + TASKS + 131080, DIRECT + PIDS);
	put32(m->ram + TASKS + 131088, 2);
	strcpy((char *)m->ram + TASKS + 131096, "init");
	strcpy((char *)m->ram + TASKS + 131096 + 16, "kworker/u9:2-ev");
	put32(m->ram + PIDS, 1);
	put32(m->ram + PIDS + 4, 1234);
	put_events(m);
	return m;
}

/* A type of a module, which is mapped by page tables: page 4 KiB, 48 bits. It is that
 * of the second event. large: a table before the last maps 2 MiB. */
static void put_module(struct model *m, bool large)
{
	uint64_t call = MODULE_VA + 0x100, va = MODULE_VA;
	uint8_t *p = m->ram + MODULE + 0x100;
	uint32_t level;

	if (large) {
		/* the page has the same place in the 2 MiB */
		call = (va & ~UINT64_C(0x1fffff)) + MODULE + 0x100;
	}
	put64(p, IMAGE + CALLS + CALL);
	put64(p + 8, IMAGE + HEAD);
	put64(p + 16, IMAGE + CLASS);
	put64(p + 24, put_string(m, "module_event"));
	put32(p + 48, 78);
	put64(m->ram + HEAD, call);
	put64(m->ram + CALLS + CALL + 8, call);
	for (level = 0; level < 4; level++) {
		uint32_t table = ROOT + 0x1000 * level;
		uint32_t index = va >> (39 - 9 * level) & 511;
		uint64_t next = BASE + table + 0x1000;

		if (large && level == 2)
			put64(m->ram + table + 8 * index, BASE | 0x701);
		else
			put64(m->ram + table + 8 * index,
			      (level < 3 ? next : BASE + MODULE) | 3);
	}
	put16(m->ram + REGION + 0x2010 + 44, 78);
}

static void model_free(struct model *m)
{
	mem_free(&m->mem);
	free(m);
}

/* A token for each character; a variable per CPU is first where those are absolute. */
static void put_table(struct model *m, enum kind kind)
{
	static const struct {
		const char *name;
		uint64_t addr;
	} sym[] = {
		{ "Apercpu", 0x10 },
		{ "T_text", IMAGE },
		{ "T_stext", IMAGE },
		{ "Dftrace_events", IMAGE + HEAD },
		{ "dsavedcmd", IMAGE + SAVEDCMD },
		{ "B_end", IMAGE + RAM },
	};
	uint8_t *p = m->ram + SYM_NAMES;
	uint32_t i, n = 0, from = kind == PERCPU ? 0 : 1;
	uint64_t off;

	m->kind = kind;
	for (i = 0; i < 256; i++) {
		m->ram[SYM_TOKENS + 2 * i] = (uint8_t)(i ? i : 'x');
		put16(m->ram + SYM_INDEX + 2 * i, (uint16_t)(2 * i));
	}
	for (i = from; i < sizeof(sym) / sizeof(*sym); i++, n++) {
		*p++ = (uint8_t)strlen(sym[i].name);
		memcpy(p, sym[i].name, strlen(sym[i].name));
		p += strlen(sym[i].name);
		if (kind == OWN_PLACE)
			off = sym[i].addr - (IMAGE + SYM_OFFSETS + 4 * n);
		else if (kind == FROM_BASE)
			off = sym[i].addr - IMAGE;
		else
			off = i ? IMAGE - 1 - sym[i].addr : sym[i].addr;
		put32(m->ram + SYM_OFFSETS + 4 * n, (uint32_t)off);
	}
	put32(m->ram + SYM_COUNT, n);
	put64(m->ram + SYM_BASE, IMAGE);
}

/* ---- symbols ------------------------------------------------------------ */

static enum memlog_status sym_addr(void *self, const char *name, uint64_t *ret)
{
	(void)self;
	if (!strcmp(name, "ftrace_events"))
		*ret = IMAGE + HEAD;
	else if (!strcmp(name, "savedcmd"))
		*ret = IMAGE + SAVEDCMD;
	else if (!strcmp(name, "_stext") || !strcmp(name, "_text"))
		*ret = IMAGE;
	else
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static enum memlog_status sym_member(void *self, const char *type,
				     const char *member, uint64_t *ret)
{
	if (strcmp(type, "trace_event_call") || strcmp(member, "print_fmt"))
		return MEMLOG_NO_DATA;
	*ret = *(uint64_t *)self;
	return MEMLOG_OK;
}

static const struct memlog_symbols syms = { .size = sizeof(syms),
					    .addr = sym_addr };

/* ---- a printer ---------------------------------------------------------- */

static char seen[4096];

static void *print_create(const struct memlog_allocator *allocator,
			  memlog_name_fn *name, void *arg)
{
	(void)allocator;
	(void)name;
	(void)arg;
	seen[0] = 0;
	return seen;
}

static void print_destroy(void *state)
{
	assert_ptr_equal(state, seen);
}

static enum memlog_status print_add(void *state, const char *system,
				    const char *format)
{
	(void)state;
	strcat(seen, format);
	return strcmp(system, "irq") || strstr(format, "irq_exit") ?
		       MEMLOG_UNSUPPORTED :
		       MEMLOG_OK;
}

static enum memlog_status print_print(void *state, uint16_t type,
				      const void *payload, size_t len,
				      const char **ret, size_t *ret_len)
{
	(void)state;
	assert_int_equal(type, 76);
	assert_int_equal(len, 36);
	assert_int_equal(ml_le16(payload), 76);
	*ret = "printed";
	*ret_len = 7;
	return MEMLOG_OK;
}

static const struct memlog_event_printer printer = {
	.size = sizeof(printer),
	.create = print_create,
	.destroy = print_destroy,
	.add = print_add,
	.print = print_print,
};

/* ---- what is found ------------------------------------------------------ */

#define INFO                                          \
	"SYMBOL(_stext)=ffff800080000000\n"           \
	"NUMBER(kimage_voffset)=0xffff800040000000\n" \
	"NUMBER(VA_BITS)=48\n"                        \
	"NUMBER(PHYS_OFFSET)=0x40000000\n"            \
	"PAGESIZE=4096\n"                             \
	"SYMBOL(swapper_pg_dir)=ffff800080061000\n"
#define TABLE                                             \
	"SYMBOL(kallsyms_names)=ffff800080050000\n"       \
	"SYMBOL(kallsyms_num_syms)=ffff800080050ff8\n"    \
	"SYMBOL(kallsyms_token_table)=ffff800080051000\n" \
	"SYMBOL(kallsyms_token_index)=ffff800080051800\n" \
	"SYMBOL(kallsyms_offsets)=ffff800080052000\n"
#define TABLE_BASE "SYMBOL(kallsyms_relative_base)=ffff800080052ff0\n"

/* What is found in the image, which is closed. phys: the log is there. */
static char *tell_image(struct memlog_image *image, bool phys,
			const struct memlog_symbols *symbols,
			const struct memlog_event_printer *print)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "ftrace",
				      .symbols = symbols };
	struct memlog_decode_opts u = { .size = sizeof(u),
					.symbols = symbols,
					.printer = print };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	char *ret;
	size_t len, i;
	FILE *f = open_memstream(&ret, &len);

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_logs_get(logs, 0)->extents[0].space,
			 phys ? MEMLOG_PHYS : MEMLOG_HOST);
	if (phys)
		assert_int_equal(memlog_logs_get(logs, 0)->extents[0].addr,
				 BASE + REGION);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     &u, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		fwrite(rec->text, 1, rec->text_len, f);
		for (i = 4; i < rec->n_fields; i++) {
			const struct memlog_field *fl = &rec->fields[i];

			if (fl->type == MEMLOG_FIELD_TEXT)
				fprintf(f, "%s:%.*s ", fl->name,
					(int)fl->text_len, fl->text);
			else
				fprintf(f, "%s:%lld ", fl->name,
					(long long)fl->i);
		}
		fputc('\n', f);
	}
	assert_int_equal(memlog_decoder_missing(d), 0);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	fclose(f);
	return ret;
}

static char *tell(struct model *m, const struct memlog_symbols *symbols,
		  const struct memlog_event_printer *print)
{
	static const char *const text[] = { INFO, INFO TABLE,
					    INFO TABLE TABLE_BASE,
					    INFO TABLE TABLE_BASE };
	struct memlog_image *image = mem_image(&m->mem, MEMLOG_PHYS);

	ml_image_add_note(image, "VMCOREINFO", 0, "", text[m->kind],
			  text[m->kind], strlen(text[m->kind]));
	return tell_image(image, true, symbols, print);
}

#define FIRST  " kworker/u9:2-ev-1234    [000] .....     1.000000: "
#define SECOND "           <...>-99      [000] .....     1.000000: "

static void expect(struct model *m, const struct memlog_symbols *symbols,
		   const struct memlog_event_printer *print, const char *want)
{
	char *got = tell(m, symbols, print);

	assert_string_equal(got, want);
	free(got);
}

static const char with_fields[] = FIRST
	"irq_entry: irq=-7 name=abcd comm=swapper ptr=0xfeed\n"
	"irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" SECOND
	"irq_exit: irq=0 name= comm= ptr=0x0\n"
	"irq:0 name: comm: ptr:0 \n";

static void test_fields(void **state)
{
	struct model *m = model_new();

	(void)state;
	expect(m, &syms, NULL, with_fields);
	model_free(m);
}

#define HOST UINT64_C(0x7f1234400000)

/* The memory of a machine of QEMU in its process, and smaller memory that is not the
 * guest's: physical addresses follow from what the kernel has of its own place. */
static void test_process(void **state)
{
	static const char info[] = "OSRELEASE=7.3.0\n" INFO
				   "SYMBOL(init_uts_ns)=ffff800080070000\n"
				   "OFFSET(uts_namespace.name)=0\n";
	struct model *m = model_new();
	struct mem process = { .n = 0 };
	char *got;
	int known;

	(void)state;
	strcpy((char *)m->ram + 0x70000, "Linux");
	strcpy((char *)m->ram + 0x70000 + 130, "7.3.0");
	strcpy((char *)m->ram + 0x71000, info);
	memcpy(mem_add(&process, HOST, RAM), m->ram, RAM);
	mem_add(&process, HOST - 0x200000, RAM / 2);
	mem_add(&process, HOST + 0x200000, RAM / 2);
	for (known = 1; known >= 0; known--) {
		got = tell_image(mem_image(&process, MEMLOG_HOST), known, &syms,
				 NULL);
		if (known)
			assert_string_equal(got, with_fields);
		else
			assert_null(strstr(got, "irq_entry"));
		free(got);
		/* then of another kernel: nothing is known, or pretended */
		process.piece[1].bytes[0x70000 + 130] = '8';
	}
	mem_free(&process);
	model_free(m);
}

static void test_printer(void **state)
{
	struct model *m = model_new();

	(void)state;
	expect(m, &syms, &printer,
	       FIRST
	       "irq_entry: printed\n"
	       "irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" SECOND
	       "irq_exit: irq=0 name= comm= ptr=0x0\n"
	       "irq:0 name: comm: ptr:0 \n");
	assert_non_null(strstr(
		seen, "name: irq_entry\nID: 76\nformat:\n"
		      "\tfield:unsigned short common_type;\toffset:0;\tsize:2;"
		      "\tsigned:0;\n"));
	assert_non_null(strstr(
		seen, "\tfield:int irq;\toffset:8;\tsize:4;\tsigned:1;\n"
		      "\tfield:__data_loc char[] name;\toffset:12;\tsize:4;"
		      "\tsigned:1;\n"
		      "\tfield:char comm[8];\toffset:16;\tsize:8;\tsigned:1;\n"
		      "\tfield:void * ptr;\toffset:24;\tsize:4;\tsigned:0;\n\n"
		      "print fmt: \"irq=%d\", REC->irq\n"));
	model_free(m);
}

/* Members of structs are where the symbols say. */
static void test_moved_members(void **state)
{
	struct memlog_symbols s = syms;
	uint64_t off = 80;
	struct model *m = model_new();

	(void)state;
	s.self = &off;
	s.member_offset = sym_member;
	memmove(m->ram + CALLS + 80, m->ram + CALLS + 64, 8);
	put64(m->ram + CALLS + 64, 0);
	expect(m, &s, &printer,
	       FIRST
	       "irq_entry: printed\n"
	       "irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" SECOND
	       "irq_exit: irq=0 name= comm= ptr=0x0\n"
	       "irq:0 name: comm: ptr:0 \n");
	model_free(m);
}

/* Whatever is wrong with the kernel's data, the events are printed. */
static void test_hostile_kernel(void **state)
{
	static const struct {
		uint32_t off;
		uint64_t v;
	} bad[] = {
		{ HEAD, 0 },
		{ HEAD + 8, 0 },
		{ HEAD + 8, IMAGE + HEAD },
		{ HEAD + 8, UINT64_MAX },
		{ CALLS, IMAGE + CALLS },
		{ CALLS + 8, IMAGE + CALLS },
		{ CALLS + 16, 0 },
		{ CALLS + 16, UINT64_MAX - 3 },
		{ CALLS + 24, 1 },
		{ CLASS + 40, 7 },
		{ CLASS + 48, DIRECT + RAM - 8 },
		{ FIELDS, 0 },
		{ FIELDS + 8, DIRECT + FIELDS },
		{ FIELDS + 16, UINT64_MAX },
		{ FIELDS + 32, UINT64_MAX },
		{ FIELDS + 40, UINT64_MAX },
		{ SAVEDCMD, UINT64_MAX - 131080 },
		{ TASKS + 131088, UINT32_MAX },
		{ TASKS + 131080, UINT64_MAX - 2 },
		{ TASKS + 131096 + 16, UINT64_MAX },
	};
	struct model *m;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = model_new();
		put64(m->ram + bad[i].off, bad[i].v);
		got = tell(m, &syms, i % 2 ? &printer : NULL);
		assert_non_null(strstr(got, "-1234    [000] "));
		assert_non_null(strstr(got, "-99      [000] "));
		free(got);
		model_free(m);
	}
}

/* What says where the text is leads out of the event. */
static void test_hostile_event(void **state)
{
	static const uint32_t bad[] = { UINT32_MAX, 9 << 16 | 28, 1 << 16 | 36,
					0xffff << 16 };
	struct model *m;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = model_new();
		put32(m->ram + REGION + 0x2010 + 16, bad[i]);
		got = tell(m, &syms, NULL);
		assert_non_null(strstr(got, "irq_entry: irq=-7 comm=swapper"));
		assert_null(strstr(got, "abcd"));
		free(got);
		model_free(m);
	}
}

static void test_module(void **state)
{
	static const char want[] = FIRST
		"irq_entry: irq=-7 name=abcd comm=swapper ptr=0xfeed\n"
		"irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" SECOND
		"module_event: irq=0 name= comm= ptr=0x0\n"
		"irq:0 name: comm: ptr:0 \n";
	struct model *m = model_new();

	(void)state;
	put_module(m, false);
	expect(m, &syms, NULL, want);
	model_free(m);
	m = model_new();
	put_module(m, true);
	expect(m, &syms, NULL, want);
	model_free(m);
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
	struct model *m;
	uint8_t *p;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		m = model_new();
		/* more room before the CPU: it moves by a page */
		p = m->ram + REGION;
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
		p = m->ram + REGION + 0x2014;
		put16(p, 5);
		put64(p + 8, tests[i].ip);
		strcpy((char *)p + 16, "hi");
		got = tell(m, NULL, NULL);
		if (!strstr(got, tests[i].want))
			fail_msg("%zu: %s", i, got);
		free(got);
		model_free(m);
	}
}

/* Tables that lead nowhere, and to themselves. */
static void test_hostile_tables(void **state)
{
	static const uint64_t bad[] = {
		0, 1, 3, UINT64_MAX, (BASE + ROOT) | 3, BASE + RAM + 3
	};
	struct model *m;
	uint32_t at;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		for (at = ROOT; at < ROOT + 0x4000; at += 0x1000) {
			uint32_t k;

			m = model_new();
			put_module(m, false);
			for (k = 0; k < 512; k++)
				put64(m->ram + at + 8 * k, bad[i]);
			got = tell(m, &syms, NULL);
			assert_non_null(strstr(got, "irq_entry: irq=-7"));
			assert_non_null(strstr(got, "-99      [000] "));
			free(got);
			model_free(m);
		}
}

static void test_own_symbols(void **state)
{
	struct model *m;
	enum kind kind;

	(void)state;
	for (kind = OWN_PLACE; kind <= PERCPU; kind++) {
		m = model_new();
		put_table(m, kind);
		expect(m, NULL, NULL, with_fields);
		model_free(m);
	}
}

/* A table that is damaged is not used; nothing else changes. */
static void test_hostile_symbols(void **state)
{
	static const struct {
		uint32_t off;
		uint32_t v;
	} bad[] = {
		{ SYM_COUNT, 0 },
		{ SYM_COUNT, UINT32_MAX },
		{ SYM_COUNT, 1 << 19 },
		{ SYM_COUNT, 4 },
		{ SYM_NAMES, 0 },
		{ SYM_NAMES, UINT32_MAX },
		{ SYM_NAMES, 1 },
		{ SYM_INDEX + 2 * 'f', 0xffff },
		{ SYM_INDEX + 2 * 255, 0x800 },
		{ SYM_OFFSETS, UINT32_MAX },
		{ SYM_OFFSETS + 8, 0x80000000 },
		{ SYM_BASE, 0 },
		{ SYM_BASE + 4, UINT32_MAX },
	};
	struct model *m;
	enum kind kind;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		for (kind = OWN_PLACE; kind <= PERCPU; kind++) {
			m = model_new();
			put_table(m, kind);
			put32(m->ram + bad[i].off, bad[i].v);
			got = tell(m, NULL, NULL);
			assert_non_null(strstr(got, "-1234    [000] "));
			assert_non_null(strstr(got, "-99      [000] "));
			free(got);
			model_free(m);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_printer),
		cmocka_unit_test(test_moved_members),
		cmocka_unit_test(test_hostile_kernel),
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
