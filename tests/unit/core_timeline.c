/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timelines of a boot, of records made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"
#include "record/timeline/timeline.h"

#define MS INT64_C(1000000)

static struct ml_timeline *timeline;

static int setup(void **state)
{
	(void)state;
	return ml_timeline_create(NULL, &timeline, NULL);
}

static int teardown(void **state)
{
	(void)state;
	ml_timeline_destroy(timeline);
	return 0;
}

static void add_log(const char *label, const char *format)
{
	const struct ml_format *fmt = ml_format_find(format);

	assert_non_null(fmt);
	assert_int_equal(ml_timeline_log(timeline, "image", label, fmt, NULL),
			 MEMLOG_OK);
}

static struct memlog_record line_of(const char *text)
{
	struct memlog_record rec = {
		.text = (const uint8_t *)text,
		.text_len = strlen(text),
		.raw_len = strlen(text),
		.cpu = -1,
	};

	return rec;
}

static void add(struct memlog_record rec)
{
	assert_int_equal(ml_timeline_add(timeline, &rec, NULL), MEMLOG_OK);
}

static void add_line(int64_t ms, const char *text)
{
	struct memlog_record rec = line_of(text);

	rec.has_time = true;
	rec.time_hz = 1000;
	rec.time = (uint64_t)ms;
	add(rec);
}

/* A progress code as a virtual machine monitor logs it. */
static void add_code(int64_t ms, const char *component, unsigned int code)
{
	struct memlog_record rec = line_of("a code");

	rec.has_time = true;
	rec.time_hz = 1000;
	rec.time = (uint64_t)ms;
	rec.component = component;
	rec.fields[0].name = "code";
	rec.fields[0].u = code;
	rec.n_fields = 1;
	add(rec);
}

static const struct ml_timeline_boot *finish(void)
{
	assert_int_equal(ml_timeline_finish(timeline, NULL), MEMLOG_OK);
	assert_non_null(ml_timeline_get(timeline, 0));
	return ml_timeline_get(timeline, 0);
}

static void assert_phase(const struct ml_timeline_boot *b, size_t i,
			 const char *name, int64_t start, int64_t end)
{
	assert_true(i < b->n_phases);
	assert_string_equal(b->phases[i].name, name);
	assert_int_equal(b->phases[i].start, start * MS);
	assert_int_equal(b->phases[i].end, end * MS);
}

/* Firmware from SEC to ExitBootServices(); BDS begins at bds. */
static void add_firmware(int64_t bds)
{
	add_line(10, "SecCoreStartupWithStack(0xFFFCC000, 0x820000)\n");
	add_line(30, "Loading PEIM 9B3ADA4F-AE56-4C24-8DEA-F03B7558AE50\n");
	add_line(200, "DxeMain: MemoryBaseAddress=0x1524000\n");
	add_line(bds, "[Bds] Entry...\n");
	add_line(900, "[Bds]Booting PXE\n");
	add_line(1500, "[Bds]Booting disk\n");
	add_line(2000, "memory log: progress 0x06\n");
}

static void firmware(void **state)
{
	const struct ml_timeline_boot *b;

	(void)state;
	add_log("ovmf phys:0x1000", "ovmf");
	add_firmware(700);
	b = finish();
	assert_true(b->has_clock);
	assert_int_equal(b->n_phases, 6);
	assert_phase(b, 0, "SEC", 0, 20);
	assert_phase(b, 1, "PEI", 20, 190);
	assert_phase(b, 2, "DXE", 190, 690);
	assert_phase(b, 3, "BDS", 690, 1490);
	assert_phase(b, 4, "boot loader", 1490, 1990);
	assert_phase(b, 5, "kernel start", 1990, 1990);
	assert_string_equal(b->phases[4].text, "[Bds]Booting disk");
	assert_int_equal(b->end, 1990 * MS);
	assert_int_equal(b->n_silences, 6);
	assert_int_equal(b->silences[0].start, 890 * MS);
	assert_int_equal(b->silences[0].end, 1490 * MS);
	assert_string_equal(b->silences[0].before, "[Bds]Booting PXE");
	assert_string_equal(b->silences[0].after, "[Bds]Booting disk");
	assert_null(ml_timeline_get(timeline, 1));
}

/* A phase begins with the progress code of the firmware, though its first line was before
 * or comes again. */
static void codes(void **state)
{
	const struct ml_timeline_boot *b;

	(void)state;
	add_log("ovmf phys:0x1000", "ovmf");
	add_line(0, "SecCoreStartupWithStack(0x1, 0x2)\n");
	add_line(10, "memory log: progress 0x01\n");
	add_line(100, "Loading driver at 0x1 EntryPoint=0x2 A.efi\n");
	add_line(150, "memory log: progress 0x03\n");
	add_line(200, "Loading driver at 0x1 EntryPoint=0x2 B.efi\n");
	add_line(300, "[Bds] Entry...\n");
	add_line(380, "memory log: progress 0x04\n");
	add_line(500, "last\n");
	b = finish();
	assert_int_equal(b->n_phases, 3);
	assert_phase(b, 0, "SEC", 0, 150);
	assert_phase(b, 1, "DXE", 150, 380);
	assert_phase(b, 2, "BDS", 380, 500);
	assert_string_equal(b->phases[1].text, "memory log: progress 0x03");
}

/* A mark that moves changes the phase that it ends and the one that it begins. */
static void one_mark(void **state)
{
	const struct ml_timeline_boot *b;
	int64_t was[2][ML_STAGES];
	size_t i, changed = 0, run;

	(void)state;
	for (run = 0; run < 2; run++) {
		add_log("ovmf phys:0x1000", "ovmf");
		add_firmware(700 + 100 * (int64_t)run);
		add_log("dmesg virt:0x2000", "dmesg");
		add_line(0, "Linux version 6.1\n");
		add_line(900, "Run /init as init process\n");
		b = finish();
		assert_int_equal(b->n_phases, 8);
		for (i = 0; i < b->n_phases; i++)
			was[run][i] = b->phases[i].end - b->phases[i].start;
		ml_timeline_destroy(timeline);
		setup(NULL);
	}
	for (i = 0; i < 8; i++)
		changed += was[0][i] != was[1][i];
	assert_int_equal(changed, 2);
	assert_int_equal(was[1][2] - was[0][2], 100 * MS);
	assert_int_equal(was[1][3] - was[0][3], -100 * MS);
}

/* Marks of a debug port, on another clock, and the kernel. */
static void aligned(void **state)
{
	const struct ml_timeline_boot *b;
	const struct ml_timeline_source *s;

	(void)state;
	add_log("ovmf phys:0x1000", "ovmf");
	add_firmware(700);
	add_log("dmesg virt:0x2000", "dmesg");
	add_line(0, "Linux version 6.1\n");
	add_line(600, "Run /init as init process\n");
	add_log("debugport file:0x0", "debugport");
	add_code(5000, "firmware", 5);
	add_code(5500, "firmware", 6);
	add_code(7000, "userspace", 0x60);
	b = finish();
	assert_int_equal(b->n_sources, 3);
	s = &b->sources[0];
	assert_true(s->aligned);
	assert_int_equal(s->first, 0);
	assert_int_equal(s->offset, -10 * MS);
	s = &b->sources[2];
	assert_true(s->aligned);
	assert_int_equal(s->offset, (2000 - 5500 - 10) * MS);
	assert_true(s->has_error);
	assert_int_equal(s->error, MS);
	assert_string_equal(s->method,
			    "by progress code 0x06, as in ovmf phys:0x1000");
	s = &b->sources[1];
	assert_true(s->aligned);
	assert_true(s->has_error);
	assert_int_equal(s->error, 51 * MS);
	assert_int_equal(s->offset, 2890 * MS);
	assert_string_equal(s->method,
			    "by the start of init, as in debugport file:0x0");
	assert_int_equal(b->n_phases, 9);
	assert_phase(b, 5, "kernel start", 1990, 2890);
	assert_phase(b, 6, "kernel", 2890, 3490);
	assert_phase(b, 7, "initramfs", 3490, 3490);
	assert_phase(b, 8, "user space", 3490, 3490);
	assert_int_equal(b->n_marks, 4);
	assert_int_equal(b->marks[3].code, 0x60);
}

/* The kernel starts after the firmware, no one knows how long. */
static void after_firmware(void **state)
{
	const struct ml_timeline_boot *b;

	(void)state;
	add_log("dmesg virt:0x2000", "dmesg");
	add_line(0, "Linux version 6.1\n");
	add_line(600, "Run /init as init process\n");
	add_log("ovmf phys:0x1000", "ovmf");
	add_firmware(700);
	b = finish();
	assert_int_equal(b->clock, 1);
	assert_true(b->sources[0].aligned);
	assert_false(b->sources[0].has_error);
	assert_int_equal(b->sources[0].offset, 1990 * MS);
	assert_int_equal(b->n_phases, 8);
	assert_phase(b, 5, "kernel start", 1990, 1990);
	assert_phase(b, 6, "kernel", 1990, 2590);
}

/* Nothing in common: it stays apart. */
static void apart(void **state)
{
	const struct ml_timeline_boot *b;

	(void)state;
	add_log("dmesg virt:0x2000", "dmesg");
	add_line(0, "Linux version 6.1\n");
	add_line(600, "Run /init as init process\n");
	add_log("debugport file:0x0", "debugport");
	add_code(5000, "firmware", 0x10);
	b = finish();
	assert_true(b->sources[0].aligned);
	assert_false(b->sources[1].aligned);
	assert_string_equal(b->sources[1].method,
			    "no mark in common with the others");
	assert_int_equal(b->sources[1].first, 5000 * MS);
	assert_int_equal(b->n_phases, 2);
	assert_int_equal(b->end, 600 * MS);
}

/* Both have times of the kernel: neither comes after the other. */
static void both_of_kernel(void **state)
{
	const struct ml_timeline_boot *b;

	(void)state;
	add_log("dmesg virt:0x2000", "dmesg");
	add_line(0, "Linux version 6.1\n");
	add_line(600, "Run /init as init process\n");
	add_log("debugport file:0x0", "debugport");
	add_code(5000, "firmware", 0x10);
	add_code(5200, "kernel", 0x41);
	b = finish();
	assert_int_equal(b->n_sources, 2);
	assert_true(b->sources[0].aligned);
	assert_false(b->sources[1].aligned);
	assert_string_equal(b->sources[1].method,
			    "no mark in common with the others");
}

static void no_clock(void **state)
{
	const struct ml_timeline_boot *b;

	(void)state;
	add_log("ovmf phys:0x1000", "ovmf");
	add(line_of("first\n"));
	add(line_of("SecCoreStartupWithStack(0xFFFCC000, 0x820000)\n"));
	add(line_of("DxeMain: MemoryBaseAddress=0x1524000\n"));
	b = finish();
	assert_false(b->has_clock);
	assert_false(b->sources[0].aligned);
	assert_string_equal(b->sources[0].method, "no times");
	assert_int_equal(b->n_phases, 2);
	assert_string_equal(b->phases[0].name, "SEC");
	assert_int_equal(b->phases[0].records, 2);
	assert_int_equal(b->phases[0].bytes, 6 + 46);
	assert_int_equal(b->phases[1].records, 1);
	assert_int_equal(b->n_silences, 0);
}

/* What one log is silent about another one may talk about. */
static void silences(void **state)
{
	const struct ml_timeline_boot *b;

	(void)state;
	add_log("ovmf phys:0x1000", "ovmf");
	add_line(0, "memory log: progress 0x01\n");
	add_line(1000, "one\n");
	add_line(1100, "two\n");
	add_line(4000, "memory log: progress 0x05\n");
	add_log("debugport file:0x0", "debugport");
	add_code(0, "firmware", 1);
	add_code(3000, "firmware", 2);
	add_code(4000, "firmware", 5);
	b = finish();
	assert_int_equal(b->n_silences, 4);
	assert_int_equal(b->silences[0].start, 1100 * MS);
	assert_int_equal(b->silences[0].end, 3000 * MS);
	assert_string_equal(b->silences[0].before, "two");
	assert_string_equal(b->silences[0].after, "a code");
	assert_int_equal(b->silences[3].start, 1000 * MS);
}

static void boots(void **state)
{
	struct memlog_record rec = line_of("Linux version 6.1\n");
	int32_t i;

	(void)state;
	add_log("dmesg virt:0x2000", "dmesg");
	rec.has_boot = rec.has_time = true;
	rec.time_hz = 1;
	for (i = -2; i <= 0; i++) {
		rec.boot = i;
		rec.time = 0;
		add(rec);
		rec.time = (uint64_t)(3 + i);
		add(rec);
	}
	finish();
	for (i = 0; i < 3; i++) {
		assert_int_equal(ml_timeline_get(timeline, (size_t)i)->boot,
				 i - 2);
		assert_int_equal(ml_timeline_get(timeline, (size_t)i)->end,
				 (1 + i) * 1000 * MS);
	}
	assert_null(ml_timeline_get(timeline, 3));
}

static void add_of(const char *vm, int32_t boot, uint64_t ms)
{
	struct memlog_record rec =
		line_of("SecCoreStartupWithStack(0xFFFCC000, 0x820000)\n");

	rec.has_boot = rec.has_time = true;
	rec.boot = boot;
	rec.time = ms;
	rec.time_hz = 1000;
	if (vm) {
		rec.n_fields = 1;
		rec.fields[0] =
			(struct memlog_field){ .name = "vm",
					       .type = MEMLOG_FIELD_TEXT,
					       .text = vm,
					       .text_len = strlen(vm) };
	}
	add(rec);
}

static void assert_boot(size_t i, const char *vm, int32_t boot, int64_t end)
{
	const struct ml_timeline_boot *b = ml_timeline_get(timeline, i);

	assert_non_null(b);
	assert_string_equal(b->vm, vm);
	assert_int_equal(b->boot, boot);
	assert_int_equal(b->end, end * MS);
}

/* Each machine has boots of its own; what names none is the last. */
static void machines(void **state)
{
	static const char longest[] = "a-name-of-a-machine-of-31-bytes";

	(void)state;
	add_log("debugport phys:0x0", "debugport");
	add_of(NULL, 0, 5);
	add_of("b", -1, 100);
	add_of(longest, 0, 200);
	add_of("b", -1, 300);
	add_of("b", 0, 400);
	add_of(longest, 0, 900);
	add_of("b", 0, 950);
	finish();
	assert_boot(0, "b", -1, 200);
	assert_boot(1, "b", 0, 550);
	assert_boot(2, longest, 0, 700);
	assert_boot(3, "", 0, 0);
	assert_null(ml_timeline_get(timeline, 4));
	assert_string_equal(ml_timeline_get(timeline, 0)->sources[0].label,
			    "debugport phys:0x0 b");
}

/* One name says no more than none; it counts in all logs. */
static void one_machine(void **state)
{
	(void)state;
	add_log("debugport phys:0x0", "debugport");
	add_of("b", 0, 100);
	add_of(NULL, 0, 300);
	add_log("debugport phys:0x0", "debugport");
	add_of("b", 0, 500);
	finish();
	assert_string_equal(ml_timeline_get(timeline, 0)->vm, "");
	assert_int_equal(ml_timeline_get(timeline, 0)->n_sources, 3);
	assert_null(ml_timeline_get(timeline, 1));
}

/* Each boot counts what was left out of it. */
static void left(void **state)
{
	struct memlog_record rec = line_of("a code");
	size_t i;

	(void)state;
	add_log("debugport phys:0x0", "debugport");
	rec.has_boot = rec.has_time = true;
	rec.time_hz = 1;
	rec.component = "firmware";
	rec.fields[0].name = "code";
	rec.n_fields = 1;
	for (i = 0; i < ML_TIMELINE_MARKS + 7; i++) {
		rec.boot = i < ML_TIMELINE_MARKS + 5 ? -1 : 0;
		rec.time = i;
		add(rec);
	}
	finish();
	assert_int_equal(ml_timeline_get(timeline, 0)->marks_left, 5);
	assert_int_equal(ml_timeline_get(timeline, 0)->n_marks,
			 ML_TIMELINE_MARKS);
	assert_int_equal(ml_timeline_get(timeline, 1)->marks_left, 2);
}

static void nothing(void **state)
{
	(void)state;
	assert_int_equal(ml_timeline_finish(timeline, NULL), MEMLOG_OK);
	assert_null(ml_timeline_get(timeline, 0));
}

/* Times that go back, that are absurd, that have no rate; more logs, marks and drivers
 * than are kept. */
static void hostile(void **state)
{
	static const uint64_t times[] = { 0,	      UINT64_MAX, 1,
					  UINT64_MAX, 1u << 31,	  7 };
	const struct ml_timeline_boot *b;
	struct memlog_record rec = line_of("memory log: progress 0x05\n");
	size_t i, k;

	(void)state;
	rec.has_time = true;
	for (i = 0; i < ML_TIMELINE_SOURCES + 3; i++) {
		add_log("ovmf phys:0x1000", "ovmf");
		for (k = 0; k < sizeof(times) / sizeof(*times); k++) {
			rec.time = times[k];
			rec.time_hz = i % 3 ? 1 + i : UINT64_MAX * (i & 1);
			add(rec);
		}
	}
	add_log("ovmf phys:0x1000", "ovmf");
	b = finish();
	assert_int_equal(b->n_sources, ML_TIMELINE_SOURCES);
	assert_true(ml_timeline_left(timeline));
	assert_true(b->n_marks <= ML_TIMELINE_MARKS);
	for (i = 0; i < b->n_phases; i++)
		assert_true(b->phases[i].start <= b->phases[i].end);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(firmware, setup, teardown),
		cmocka_unit_test_setup_teardown(codes, setup, teardown),
		cmocka_unit_test_setup_teardown(one_mark, setup, teardown),
		cmocka_unit_test_setup_teardown(aligned, setup, teardown),
		cmocka_unit_test_setup_teardown(after_firmware, setup,
						teardown),
		cmocka_unit_test_setup_teardown(apart, setup, teardown),
		cmocka_unit_test_setup_teardown(both_of_kernel, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(silences, setup, teardown),
		cmocka_unit_test_setup_teardown(boots, setup, teardown),
		cmocka_unit_test_setup_teardown(machines, setup, teardown),
		cmocka_unit_test_setup_teardown(one_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(left, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile, setup, teardown),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
