/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events of a hypervisor under Linux mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"
#include "record/clock.h"

static bool of(const char *component, const struct memlog_field *fields,
	       unsigned int n, struct ml_event *ret)
{
	struct memlog_record rec = {
		.size = sizeof(rec),
		.has_time = true,
		.component = component,
		.n_fields = n,
	};

	if (n)
		memcpy(rec.fields, fields, n * sizeof(*fields));
	return ml_format_find("hyp-trace")->say.event(&rec, ret);
}

static void assert_name(const struct ml_event *e, const char *name)
{
	assert_int_equal(e->name_len, strlen(name));
	assert_memory_equal(e->name, name, e->name_len);
}

static void test_mainline(void **state)
{
	/* the name is not terminated */
	struct memlog_field f[] = {
		{ .name = "reason", .type = MEMLOG_FIELD_UINT, .u = 5 },
		{ .name = "reason_name",
		  .type = MEMLOG_FIELD_TEXT,
		  .text = "guest_exitXX",
		  .text_len = 10 },
		{ .name = "vcpu", .type = MEMLOG_FIELD_INT, .i = 1234 },
	};
	struct ml_event e;

	(void)state;
	assert_true(of("hyp_enter", f, 3, &e));
	assert_int_equal(e.kind, ML_EVENT_LEAVE);
	assert_int_equal(e.reason, 5);
	assert_name(&e, "guest_exit");
	assert_true(e.has_task);
	assert_int_equal(e.task, 1234);
	assert_true(of("hyp_exit", f, 3, &e));
	assert_int_equal(e.kind, ML_EVENT_ENTER);
	assert_true(of("selftest", f, 0, &e));
	assert_int_equal(e.kind, ML_EVENT_OTHER);
	assert_false(e.has_task);
	/* a reason without a name has none */
	assert_true(of("hyp_enter", f, 1, &e));
	assert_int_equal(e.reason, 5);
	assert_null(e.name);
}

static void test_android(void **state)
{
	static const char *const reasons[] = { "host_hcall", "host_smc",
					       "host_mem_abort",
					       "host_ffa_call", "iommu_idmap" };
	struct ml_event e;
	size_t i;

	(void)state;
	assert_true(of("hyp_enter", NULL, 0, &e));
	assert_int_equal(e.kind, ML_EVENT_LEAVE);
	assert_name(&e, "no reason");
	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		assert_true(of(reasons[i], NULL, 0, &e));
		assert_int_equal(e.kind, ML_EVENT_REASON);
		assert_name(&e, reasons[i]);
	}
	assert_true(of("iommu_idmap_complete", NULL, 0, &e));
	assert_int_equal(e.kind, ML_EVENT_OTHER);
	assert_true(of("host_hcall,host_smc", NULL, 0, &e));
	assert_int_equal(e.kind, ML_EVENT_OTHER);
	/* an event of no known type */
	assert_true(of(NULL, NULL, 0, &e));
	assert_int_equal(e.kind, ML_EVENT_OTHER);
}

/* What says that events were lost is none. */
static void test_no_event(void **state)
{
	struct memlog_record rec = { .size = sizeof(rec) };
	struct ml_event e;

	(void)state;
	assert_false(ml_format_find("hyp-trace")->say.event(&rec, &e));
}

static void test_clock(void **state)
{
	static const struct {
		uint64_t ns;
		bool steady;
	} events[] = {
		{ 305, true },
		{ 305, true },
		{ 306, true },
		{ 5, false }, /* a guest's offset */
		{ 6, true },
		{ 3, false },
		{ 4, true },
		{ 7, false },	/* beyond the 6 that it stepped back from */
		{ 306, false }, /* back to the host's */
		{ 307, true },
		{ UINT64_MAX - 9, false },
		{ UINT64_MAX, true },
		{ 308, false }, /* not a wrap */
		/* as the ring buffer has a step back to 9, and the return */
		{ (UINT64_C(1) << 59) + 9, false },
		{ (UINT64_C(1) << 59) + 10, true },
		{ (UINT64_C(1) << 59) + 309, false },
		{ (UINT64_C(1) << 59) + 310, true },
		{ 311, false },
		{ 311 + (UINT64_C(1) << 58) - 1, true },
		{ 311 + (UINT64_C(2) << 58) - 1, false },
	};
	struct ml_clock c = { .n_marks = 0 };
	uint64_t i;

	(void)state;
	for (i = 0; i < sizeof(events) / sizeof(*events); i++)
		assert_int_equal(ml_clock_next(&c, events[i].ns),
				 events[i].steady);
	/* more steps back than are remembered: the last ones are */
	c = (struct ml_clock){ .n_marks = 0 };
	for (i = 100; i; i--)
		assert_int_equal(ml_clock_next(&c, 10 * i), i == 100);
	assert_int_equal(c.steps, 99);
	for (i = 2; i < 2 + ML_CLOCK_MARKS; i++)
		assert_false(ml_clock_next(&c, 10 * i));
	assert_true(ml_clock_next(&c, 10 * i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mainline),
		cmocka_unit_test(test_android),
		cmocka_unit_test(test_no_event),
		cmocka_unit_test(test_clock),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
