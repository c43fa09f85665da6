/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core_tables.c - the tables of --stats, byte by byte, from a trace of two CPUs
 * whose sums can be done in the head.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "libmem.h"
#include "libsink.h"
#include "format/acrn/event.h"
#include "render/tables/stats.h"

#define HZ 2000u

/* Numbers of ACRN's events. */
enum {
	EXIT = 0x10,
	ENTER = 0x11,
	SWITCH = 0x20,
	INTERRUPT = 0x10001,
	CPUID = 0x10004,
	EPT_MISCONFIGURATION = 0x10031,
};

static struct text_sink out;
static const struct memlog_extent extent = {
	.space = MEMLOG_PHYS,
	.addr = 0x2000000,
	.len = 4096,
};
static const struct memlog_log trace = {
	.size = sizeof(trace),
	.format = "acrn-trace",
	.title = "a trace",
	.extents = &extent,
	.n_extents = 1,
};

struct session {
	const struct ml_render *render;
	struct memlog_allocator alloc;
	struct ml_render_opts opts;
	struct memlog_sink sink;
	void *state;
	char begun[64];	  /* the current file of a directory */
	const char *fail; /* the file that cannot be created */
	unsigned int files;
};

static void start(struct session *s, const struct ml_render *render,
		  const char *list, uint64_t hz)
{
	text_sink_clear(&out);
	out.fail_after = 0;
	s->render = render;
	s->alloc = ml_allocator(NULL);
	s->opts.alloc = &s->alloc;
	s->opts.stats = list;
	s->opts.image = "core";
	s->opts.tsc_hz = hz;
	if (!s->sink.write)
		s->sink = out.sink;
	s->state = calloc(1, render->state_size);
	assert_non_null(s->state);
	assert_int_equal(render->begin(s->state, &s->opts, &s->sink, NULL), 0);
}

static void add(struct session *s, int cpu, uint64_t tsc, uint32_t id,
		const char *text, uint64_t value)
{
	uint8_t raw[32] = { 0 };
	struct memlog_record rec = {
		.size = sizeof(rec),
		.has_time = true,
		.time = tsc,
		.cpu = cpu,
		.raw = raw,
		.raw_len = sizeof(raw),
	};

	put64(raw, tsc);
	put32(raw + 8, id);
	raw[14] = text ? 16 : 2;
	raw[15] = (uint8_t)cpu;
	put64(raw + 16, value);
	if (text)
		memcpy(raw + 16, text, strlen(text));
	assert_int_equal(s->render->record(s->state, &rec, NULL), 0);
}

/* CPU 0: 10000 cycles, 8000 of them from its first exit on. CPU 3: one
 * interrupt, and no switch. */
static enum memlog_status one_trace(struct session *s, struct memlog_err *err)
{
	assert_int_equal(s->render->log_begin(s->state, &trace, NULL), 0);
	add(s, 0, 1000, SWITCH, "idlevm0:", 0);
	add(s, 3, 1500, EXIT, NULL, 1);
	add(s, 3, 1600, INTERRUPT, NULL, 0xf0);
	add(s, 3, 2500, ENTER, NULL, 0);
	add(s, 0, 3000, EXIT, NULL, 10);
	add(s, 0, 3100, CPUID, NULL, 1);
	add(s, 0, 3400, ENTER, NULL, 0);
	add(s, 0, 4000, EXIT, NULL, 1);
	add(s, 0, 4001, INTERRUPT, NULL, 0xf0);
	add(s, 0, 4800, ENTER, NULL, 0);
	add(s, 0, 5000, EXIT, NULL, 1);
	add(s, 0, 5001, INTERRUPT, NULL, 0x20);
	add(s, 0, 5200, ENTER, NULL, 0);
	add(s, 0, 6000, EXIT, NULL, 40);
	add(s, 0, 6080, ENTER, NULL, 0);
	/* VM 0 had it for 6000 cycles; then who it was is not certain */
	add(s, 0, 7000, SWITCH, "vm0:vm12", 0);
	add(s, 0, 8000, SWITCH, "vm2:init", 0);
	add(s, 0, 11000, EXIT, NULL, 1);
	return s->render->log_end(s->state, &trace, 0, err);
}

static void stop(struct session *s)
{
	if (s->render->close)
		s->render->close(s->state);
	free(s->state);
}

static const char *write_all(const struct ml_render *render, const char *list,
			     uint64_t hz)
{
	struct session s = { 0 };

	start(&s, render, list, hz);
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	return out.text;
}

/* Without a list it is of exits. */
static void test_table_exits(void **state)
{
	assert_string_equal(
		write_all(&ml_render_stats, NULL, HZ),
		"==> vm_exit, CPU 0 <==\n"
		"Total run time: 8000 cycles, 4.000 s at 0.002 MHz\n"
		"Reason                           Count   Per second             Cycles   Time %\n"
		"VMEXIT_EXTERNAL_INTERRUPT            3         0.75               1000    12.50\n"
		"VMEXIT_CPUID                         1         0.25                400     5.00\n"
		"VMEXIT_PAUSE                         1         0.25                 80     1.00\n"
		"Total                                5         1.25               1480    18.50\n"
		"1 exit has no end in the trace: counted, not timed\n"
		"\n"
		"Cycles of one exit              min        p50        p90        p99        max\n"
		"VMEXIT_EXTERNAL_INTERRUPT       200        200        800        800        800\n"
		"VMEXIT_CPUID                    400        400        400        400        400\n"
		"VMEXIT_PAUSE                     80         80         80         80         80\n"
		"\n"
		"==> vm_exit, CPU 3 <==\n"
		"Total run time: 1000 cycles, 0.500 s at 0.002 MHz\n"
		"Reason                           Count   Per second             Cycles   Time %\n"
		"VMEXIT_EXTERNAL_INTERRUPT            1         2.00               1000   100.00\n"
		"Total                                1         2.00               1000   100.00\n"
		"\n"
		"Cycles of one exit              min        p50        p90        p99        max\n"
		"VMEXIT_EXTERNAL_INTERRUPT      1000       1000       1000       1000       1000\n"
		"\n"
		"==> vm_exit, all CPUs <==\n"
		"Total run time: 9000 cycles, 4.500 s at 0.002 MHz\n"
		"Reason                           Count   Per second             Cycles   Time %\n"
		"VMEXIT_EXTERNAL_INTERRUPT            4         0.89               2000    22.22\n"
		"VMEXIT_CPUID                         1         0.22                400     4.44\n"
		"VMEXIT_PAUSE                         1         0.22                 80     0.89\n"
		"Total                                6         1.33               2480    27.56\n"
		"1 exit has no end in the trace: counted, not timed\n"
		"\n"
		"Cycles of one exit              min        p50        p90        p99        max\n"
		"VMEXIT_EXTERNAL_INTERRUPT       200        800       1000       1000       1000\n"
		"VMEXIT_CPUID                    400        400        400        400        400\n"
		"VMEXIT_PAUSE                     80         80         80         80         80\n"
		"\n");
}

/* Events have numbers of their own, which are not always the processor's. */
static void test_reasons(void **state)
{
	static const struct {
		uint32_t number;
		const char *name;
	} names[] = {
		{ 2, "VMEXIT_TRIPLE_FAULT" },
		{ 4, "VMEXIT_STARTUP_IPI" },
		{ 7, "VMEXIT_INTERRUPT_WINDOW" },
		{ 10, "VMEXIT_CPUID" },
		{ 12, "VMEXIT_HLT" },
		{ 40, "VMEXIT_PAUSE" },
		{ 44, "VMEXIT_APICV_ACCESS" },
		{ 45, "VMEXIT_APICV_VIRT_EOI" },
		{ 57, "VMEXIT_RDRAND" },
		{ 58, "VMEXIT_INVPCID" },
		{ 35, NULL },
		{ 78, NULL },
		{ ML_EVENT_UNHANDLED - 1, NULL },
	};
	const struct ml_acrn_event_type *type;
	uint32_t i, n = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].name)
			assert_string_equal(
				ml_acrn_event_reason(names[i].number),
				names[i].name);
		else
			assert_null(ml_acrn_event_reason(names[i].number));
	for (i = 0; i <= ML_EVENT_UNHANDLED; i++) {
		type = ml_acrn_event_type((uint64_t)ML_ACRN_REASON + i);
		if (!type)
			continue;
		assert_string_equal(
			ml_acrn_event_reason(ml_acrn_event_vmx(type->id)),
			type->name);
		n++;
	}
	assert_int_equal(n, 17);
}

static void test_table_rest(void **state)
{
	assert_string_equal(
		write_all(&ml_render_stats, "cpu_usage,irq", HZ),
		"==> cpu_usage, CPU 0 <==\n"
		"Total run time: 10000 cycles, 5.000 s at 0.002 MHz\n"
		"VM                       Cycles      Seconds      CPU %\n"
		"0                          6000        3.000      60.00\n"
		"other                      3000        1.500      30.00\n"
		"1000 cycles (10.00%) cannot be attributed: switches are missing\n"
		"\n"
		"==> cpu_usage, CPU 3 <==\n"
		"Total run time: 1000 cycles, 0.500 s at 0.002 MHz\n"
		"no switch was recorded\n"
		"\n"
		"==> cpu_usage, all CPUs <==\n"
		"Total run time: 11000 cycles, 5.500 s at 0.002 MHz\n"
		"VM                       Cycles      Seconds      CPU %\n"
		"0                          6000        3.000      54.55\n"
		"other                      3000        1.500      27.27\n"
		"1000 cycles (9.09%) cannot be attributed: switches are missing\n"
		"\n"
		"==> irq, CPU 0 <==\n"
		"Total run time: 10000 cycles, 5.000 s at 0.002 MHz\n"
		"Vector            Count   Per second\n"
		"0x00000020            1         0.20\n"
		"0x000000f0            1         0.20\n"
		"\n"
		"==> irq, CPU 3 <==\n"
		"Total run time: 1000 cycles, 0.500 s at 0.002 MHz\n"
		"Vector            Count   Per second\n"
		"0x000000f0            1         2.00\n"
		"\n"
		"==> irq, all CPUs <==\n"
		"Total run time: 11000 cycles, 5.500 s at 0.002 MHz\n"
		"Vector            Count   Per second\n"
		"0x00000020            1         0.18\n"
		"0x000000f0            2         0.36\n"
		"\n");
}

/* Rates are left out where the rate of the time stamps is unknown. */
static void test_table_no_rate(void **state)
{
	assert_string_equal(
		write_all(&ml_render_stats, "irq,cpu_usage", 0),
		"==> irq, CPU 0 <==\n"
		"Total run time: 10000 cycles\n"
		"Vector            Count   Per second\n"
		"0x00000020            1            -\n"
		"0x000000f0            1            -\n"
		"\n"
		"==> irq, CPU 3 <==\n"
		"Total run time: 1000 cycles\n"
		"Vector            Count   Per second\n"
		"0x000000f0            1            -\n"
		"\n"
		"==> irq, all CPUs <==\n"
		"Total run time: 11000 cycles\n"
		"Vector            Count   Per second\n"
		"0x00000020            1            -\n"
		"0x000000f0            2            -\n"
		"\n"
		"==> cpu_usage, CPU 0 <==\n"
		"Total run time: 10000 cycles\n"
		"VM                       Cycles      Seconds      CPU %\n"
		"0                          6000            -      60.00\n"
		"other                      3000            -      30.00\n"
		"1000 cycles (10.00%) cannot be attributed: switches are missing\n"
		"\n"
		"==> cpu_usage, CPU 3 <==\n"
		"Total run time: 1000 cycles\n"
		"no switch was recorded\n"
		"\n"
		"==> cpu_usage, all CPUs <==\n"
		"Total run time: 11000 cycles\n"
		"VM                       Cycles      Seconds      CPU %\n"
		"0                          6000            -      54.55\n"
		"other                      3000            -      27.27\n"
		"1000 cycles (9.09%) cannot be attributed: switches are missing\n"
		"\n");
}

#define SLEEP UINT64_C(8999999999)

/* An hour at 3 GHz, on a CPU that sleeps for seconds. */
static void test_table_wide(void **state)
{
	const uint64_t hour = UINT64_C(3600) * 3000000000;
	struct session s = { 0 };
	uint64_t t = 1;
	const char *p, *end;
	int i;

	start(&s, &ml_render_stats, "vm_exit,irq,cpu_usage", 3000000000u);
	assert_int_equal(s.render->log_begin(s.state, &trace, NULL), 0);
	add(&s, 15, t, SWITCH, "idlevm0:", 0);
	for (i = 0; i < 400; i++, t += hour / 400) {
		add(&s, 15, t, EXIT, NULL, 12);
		add(&s, 15, t + SLEEP, ENTER, NULL, 0);
		if (i % 3)
			add(&s, 15, t + SLEEP, SWITCH, "vm3:idle", 0);
		add(&s, 15, t + SLEEP, EXIT, NULL, 0x31);
		add(&s, 15, t + SLEEP, EPT_MISCONFIGURATION, NULL, 0);
		add(&s, 15, t + SLEEP + (i ? SLEEP : 9999999), ENTER, NULL, 0);
		add(&s, 15, t + 2 * SLEEP, EXIT, NULL, 1);
	}
	assert_int_equal(s.render->log_end(s.state, &trace, 0, NULL), 0);
	stop(&s);
	assert_non_null(strstr(out.text, " cycles (99."));
	assert_non_null(strstr(out.text, "400 exits have no end"));
	assert_non_null(strstr(
		out.text, "\nVMEXIT_HLT               8999999999 "
			  "8999999999 8999999999 8999999999 8999999999\n"
			  "VMEXIT_EPT_MISCONFIGURATION 9999999 "
			  "8999999999 8999999999 8999999999 8999999999\n"));
	for (p = out.text; *p; p = end + 1) {
		end = strchr(p, '\n');
		assert_in_range(end - p, 0, 80);
	}
}

#define CSV_HEAD "image,format,space,addr,cpu,run_cycles,tsc_hz,"
#define CSV_LOG	 "core,acrn-trace,phys,0x2000000,"

static void test_csv(void **state)
{
	assert_string_equal(
		write_all(&ml_render_csv, NULL, HZ),
		CSV_HEAD "reason,count,per_sec,cycles,percent,"
			 "min,p50,p90,p99,max\n" CSV_LOG
			 "0,8000,2000,VMEXIT_EXTERNAL_INTERRUPT,"
			 "3,0.75,1000,12.50,200,200,800,800,800\n" CSV_LOG
			 "0,8000,2000,VMEXIT_CPUID,"
			 "1,0.25,400,5.00,400,400,400,400,400\n" CSV_LOG
			 "0,8000,2000,VMEXIT_PAUSE,"
			 "1,0.25,80,1.00,80,80,80,80,80\n" CSV_LOG
			 "3,1000,2000,VMEXIT_EXTERNAL_INTERRUPT,"
			 "1,2.00,1000,100.00,1000,1000,1000,1000,1000\n" CSV_LOG
			 "all,9000,2000,VMEXIT_EXTERNAL_INTERRUPT,"
			 "4,0.89,2000,22.22,200,800,1000,1000,1000\n" CSV_LOG
			 "all,9000,2000,VMEXIT_CPUID,"
			 "1,0.22,400,4.44,400,400,400,400,400\n" CSV_LOG
			 "all,9000,2000,VMEXIT_PAUSE,"
			 "1,0.22,80,0.89,80,80,80,80,80\n");
	assert_string_equal(write_all(&ml_render_csv, "irq", HZ), CSV_HEAD
			    "vector,count,per_sec\n" CSV_LOG
			    "0,10000,2000,0x00000020,1,0.20\n" CSV_LOG
			    "0,10000,2000,0x000000f0,1,0.20\n" CSV_LOG
			    "3,1000,2000,0x000000f0,1,2.00\n" CSV_LOG
			    "all,11000,2000,0x00000020,1,0.18\n" CSV_LOG
			    "all,11000,2000,0x000000f0,2,0.36\n");
	assert_string_equal(write_all(&ml_render_csv, "cpu_usage", HZ), CSV_HEAD
			    "vm,cycles,seconds,percent\n" CSV_LOG
			    "0,10000,2000,0,6000,3.000,60.00\n" CSV_LOG
			    "0,10000,2000,other,3000,1.500,30.00\n" CSV_LOG
			    "all,11000,2000,0,6000,3.000,54.55\n" CSV_LOG
			    "all,11000,2000,other,3000,1.500,27.27\n");
}

/* What needs the rate of the time stamps is empty without it. */
static void test_csv_no_rate(void **state)
{
	assert_non_null(strstr(write_all(&ml_render_csv, "vm_exit", 0),
			       "\n" CSV_LOG "0,8000,,VMEXIT_CPUID,"
			       "1,,400,5.00,400,400,400,400,400\n"));
	assert_non_null(strstr(write_all(&ml_render_csv, "irq", 0),
			       "\n" CSV_LOG "3,1000,,0x000000f0,1,\n"));
	assert_non_null(strstr(write_all(&ml_render_csv, "cpu_usage", 0),
			       "\n" CSV_LOG "0,10000,,0,6000,,60.00\n"));
}

/* One header line for all traces of all images. An exit that does not end has
 * no length; a log without an extent no address. */
static void test_csv_rows(void **state)
{
	const struct memlog_log nowhere = { .size = sizeof(nowhere),
					    .format = "acrn-trace" };
	struct session s = { 0 };

	start(&s, &ml_render_csv, NULL, 0);
	/* no event, so no row, and no header yet */
	assert_int_equal(s.render->log_begin(s.state, &trace, NULL), 0);
	assert_int_equal(s.render->log_end(s.state, &trace, 0, NULL), 0);
	assert_string_equal(out.text, "");
	assert_int_equal(s.render->log_begin(s.state, &trace, NULL), 0);
	add(&s, 1, 100, EXIT, NULL, 12);
	assert_int_equal(s.render->log_end(s.state, &trace, 0, NULL), 0);
	assert_int_equal(s.render->log_begin(s.state, &nowhere, NULL), 0);
	add(&s, 1, 100, EXIT, NULL, 12);
	add(&s, 1, 102, ENTER, NULL, 0);
	assert_int_equal(s.render->log_end(s.state, &nowhere, 0, NULL), 0);
	stop(&s);
	assert_string_equal(
		out.text, CSV_HEAD
		"reason,count,per_sec,cycles,percent,"
		"min,p50,p90,p99,max\n" CSV_LOG
		"1,0,,VMEXIT_HLT,1,,0,0.00,,,,,\n"
		"core,acrn-trace,,,1,2,,VMEXIT_HLT,1,,2,100.00,2,2,2,2,2\n");
	s.opts.continued = true;
	start(&s, &ml_render_csv, "irq", HZ);
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	assert_memory_equal(out.text, CSV_LOG "0,10000",
			    strlen(CSV_LOG "0,10000"));
}

/* Names of images are quoted where they have to be, and never break a line. */
static void test_csv_names(void **state)
{
	static const struct {
		const char *image, *field;
	} names[] = {
		{ "a b", "a b" },
		{ "a,b", "\"a,b\"" },
		{ "\"", "\"\"\"\"" },
		{ "x\"y,\"", "\"x\"\"y,\"\"\"" },
		{ "1\r\n2", "\"1\\x0d\\x0a2\"" },
		{ "\033[2J\xff\xc3\xbc", "\\x1b[2J\\xff\xc3\xbc" },
		{ "\xc3\"\xbc", "\"\\xc3\"\"\\xbc\"" },
		{ "", "" },
	};
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct session s = { 0 };
		const char *p;

		s.opts.continued = true;
		start(&s, &ml_render_csv, "irq", HZ);
		s.opts.image = names[i].image;
		assert_int_equal(one_trace(&s, NULL), 0);
		stop(&s);
		len = strlen(names[i].field);
		for (p = out.text; *p; p = strchr(p, '\n') + 1) {
			assert_memory_equal(p, names[i].field, len);
			assert_memory_equal(p + len, ",acrn-trace,phys,", 17);
		}
	}
}

#define HEAD                                                                \
	"{\"type\":\"stats\",\"image\":\"core\",\"format\":\"acrn-trace\"," \
	"\"space\":\"phys\",\"addr\":\"0x2000000\","

static void test_json(void **state)
{
	assert_string_equal(
		write_all(&ml_render_stats_json, "vm_exit,irq,cpu_usage", HZ),
		HEAD
		"\"stats\":\"vm_exit\",\"cpu\":0,\"run_cycles\":\"8000\","
		"\"tsc_hz\":\"2000\",\"exits\":\"5\",\"cycles\":\"1480\","
		"\"unfinished\":\"1\","
		"\"reasons\":[{\"reason\":\"VMEXIT_EXTERNAL_INTERRUPT\","
		"\"count\":\"3\",\"cycles\":\"1000\",\"min\":\"200\",\"p50\":\"200\","
		"\"p90\":\"800\",\"p99\":\"800\",\"max\":\"800\"},"
		"{\"reason\":\"VMEXIT_CPUID\",\"count\":\"1\",\"cycles\":\"400\","
		"\"min\":\"400\",\"p50\":\"400\",\"p90\":\"400\",\"p99\":\"400\","
		"\"max\":\"400\"},{\"reason\":\"VMEXIT_PAUSE\",\"count\":\"1\","
		"\"cycles\":\"80\",\"min\":\"80\",\"p50\":\"80\",\"p90\":\"80\",\"p99\":\"80\","
		"\"max\":\"80\"}]}\n" HEAD
		"\"stats\":\"vm_exit\",\"cpu\":3,\"run_cycles\":\"1000\","
		"\"tsc_hz\":\"2000\",\"exits\":\"1\",\"cycles\":\"1000\","
		"\"unfinished\":\"0\","
		"\"reasons\":[{\"reason\":\"VMEXIT_EXTERNAL_INTERRUPT\","
		"\"count\":\"1\",\"cycles\":\"1000\",\"min\":\"1000\",\"p50\":\"1000\","
		"\"p90\":\"1000\",\"p99\":\"1000\",\"max\":\"1000\"}]}\n" HEAD
		"\"stats\":\"vm_exit\",\"cpu\":null,\"run_cycles\":\"9000\","
		"\"tsc_hz\":\"2000\",\"exits\":\"6\",\"cycles\":\"2480\","
		"\"unfinished\":\"1\","
		"\"reasons\":[{\"reason\":\"VMEXIT_EXTERNAL_INTERRUPT\","
		"\"count\":\"4\",\"cycles\":\"2000\",\"min\":\"200\",\"p50\":\"800\","
		"\"p90\":\"1000\",\"p99\":\"1000\",\"max\":\"1000\"},"
		"{\"reason\":\"VMEXIT_CPUID\",\"count\":\"1\",\"cycles\":\"400\","
		"\"min\":\"400\",\"p50\":\"400\",\"p90\":\"400\",\"p99\":\"400\","
		"\"max\":\"400\"},{\"reason\":\"VMEXIT_PAUSE\",\"count\":\"1\","
		"\"cycles\":\"80\",\"min\":\"80\",\"p50\":\"80\",\"p90\":\"80\",\"p99\":\"80\","
		"\"max\":\"80\"}]}\n" HEAD
		"\"stats\":\"irq\",\"cpu\":0,\"run_cycles\":\"10000\",\"tsc_hz\":\"2000\","
		"\"vectors\":[{\"vector\":\"0x20\",\"count\":\"1\"},{\"vector\":\"0xf0\","
		"\"count\":\"1\"}]}\n" HEAD
		"\"stats\":\"irq\",\"cpu\":3,\"run_cycles\":\"1000\",\"tsc_hz\":\"2000\","
		"\"vectors\":[{\"vector\":\"0xf0\",\"count\":\"1\"}]}\n" HEAD
		"\"stats\":\"irq\",\"cpu\":null,\"run_cycles\":\"11000\","
		"\"tsc_hz\":\"2000\",\"vectors\":[{\"vector\":\"0x20\",\"count\":\"1\"},"
		"{\"vector\":\"0xf0\",\"count\":\"2\"}]}\n" HEAD
		"\"stats\":\"cpu_usage\",\"cpu\":0,\"run_cycles\":\"10000\","
		"\"tsc_hz\":\"2000\",\"switches\":\"3\",\"ambiguous\":\"1000\","
		"\"vms\":[{\"vm\":\"0\",\"cycles\":\"6000\"},{\"vm\":\"other\","
		"\"cycles\":\"3000\"}]}\n" HEAD
		"\"stats\":\"cpu_usage\",\"cpu\":3,\"run_cycles\":\"1000\","
		"\"tsc_hz\":\"2000\",\"switches\":\"0\",\"ambiguous\":\"0\",\"vms\":[]}\n" HEAD
		"\"stats\":\"cpu_usage\",\"cpu\":null,\"run_cycles\":\"11000\","
		"\"tsc_hz\":\"2000\",\"switches\":\"3\",\"ambiguous\":\"1000\","
		"\"vms\":[{\"vm\":\"0\",\"cycles\":\"6000\"},{\"vm\":\"other\","
		"\"cycles\":\"3000\"}]}\n");
}

/* ---- a directory --------------------------------------------------------- */

static enum memlog_status file_begin(void *self, const char *name,
				     struct memlog_err *err)
{
	struct session *s = self;

	assert_string_equal(s->begun, "");
	if (s->fail && !strcmp(name, s->fail)) {
		if (err)
			snprintf(err->text, sizeof(err->text), "no %s", name);
		return MEMLOG_IO;
	}
	snprintf(s->begun, sizeof(s->begun), "%s", name);
	s->files++;
	return out.sink.write(&out, name, strlen(name), err) ?:
		       out.sink.write(&out, "\n", 1, err);
}

static enum memlog_status file_write(void *self, const void *buf, size_t len,
				     struct memlog_err *err)
{
	struct session *s = self;

	assert_string_not_equal(s->begun, "");
	return out.sink.write(&out, buf, len, err);
}

static enum memlog_status file_end(void *self, struct memlog_err *err)
{
	struct session *s = self;

	assert_string_not_equal(s->begun, "");
	s->begun[0] = '\0';
	return MEMLOG_OK;
}

static void start_files(struct session *s, const char *list)
{
	s->sink = (struct memlog_sink){
		.size = sizeof(s->sink),
		.self = s,
		.begin = file_begin,
		.write = file_write,
		.end = file_end,
	};
	start(s, &ml_render_csv, list, HZ);
}

/* A file for each analysis, each once, with a header line of its own. */
static void test_directory(void **state)
{
	struct session s = { 0 };

	start_files(&s, "irq,cpu_usage,irq");
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	assert_string_equal(s.begun, "");
	assert_int_equal(s.files, 2);
	assert_memory_equal(out.text,
			    "acrn-trace-phys-0x2000000-irq.csv\n" CSV_HEAD
			    "vector,count,per_sec\n" CSV_LOG "0,",
			    34 + strlen(CSV_HEAD) + 21 + strlen(CSV_LOG) + 2);
	assert_non_null(strstr(
		out.text, "\n" CSV_LOG "all,11000,2000,0x000000f0,2,0.36\n"
			  "acrn-trace-phys-0x2000000-cpu_usage.csv\n" CSV_HEAD
			  "vm,cycles,seconds,percent\n"));
	/* of several images, whichever comes first */
	s.opts.many = s.opts.continued = true;
	start_files(&s, "irq");
	s.opts.image = "/dumps/.a b,c";
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	assert_int_equal(s.files, 3);
	assert_memory_equal(
		out.text, "_a_b_c-acrn-trace-phys-0x2000000-irq.csv\n" CSV_HEAD,
		41 + strlen(CSV_HEAD));
}

/* Whichever file cannot be created, that is the error, and no other follows. */
static void test_no_file(void **state)
{
	static const struct {
		const char *name;
		unsigned int before;
	} files[] = {
		{ "acrn-trace-phys-0x2000000-vm_exit.csv", 0 },
		{ "acrn-trace-phys-0x2000000-irq.csv", 1 },
		{ "acrn-trace-phys-0x2000000-cpu_usage.csv", 2 },
	};
	struct memlog_err err;
	char want[64];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct session s = { .fail = files[i].name };

		start_files(&s, "vm_exit,irq,cpu_usage");
		assert_int_equal(one_trace(&s, &err), MEMLOG_IO);
		snprintf(want, sizeof(want), "no %s", files[i].name);
		assert_string_equal(err.text, want);
		assert_int_equal(s.files, files[i].before);
		stop(&s);
	}
}

/* A disk that is full, at any byte of the output. */
static void full(const struct ml_render *render, const char *list)
{
	struct memlog_err err;
	size_t at, len;

	write_all(render, list, HZ);
	len = out.len;
	for (at = 1; at < len; at += 97) {
		struct session s = { 0 };

		start(&s, render, list, HZ);
		out.fail_after = at;
		assert_int_equal(one_trace(&s, &err), MEMLOG_IO);
		assert_string_equal(err.text, "full");
		stop(&s);
		out.fail_after = 0;
	}
}

static void test_full(void **state)
{
	full(&ml_render_stats, "vm_exit,irq,cpu_usage");
	full(&ml_render_csv, "vm_exit");
	full(&ml_render_stats_json, "vm_exit,irq,cpu_usage");
}

static int setup(void **state)
{
	text_sink_init(&out);
	return 0;
}

static int teardown(void **state)
{
	text_sink_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_exits),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_table_rest),
		cmocka_unit_test(test_table_no_rate),
		cmocka_unit_test(test_table_wide),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_no_rate),
		cmocka_unit_test(test_csv_rows),
		cmocka_unit_test(test_csv_names),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_full),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
