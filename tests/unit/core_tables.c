/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of --stats, as text and JSON, byte by byte. */
#include "format/acrn/event.h"
#include "tables_bench.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_exits),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_table_rest),
		cmocka_unit_test(test_table_no_rate),
		cmocka_unit_test(test_table_wide),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_full),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
