/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a trace says in numbers, of a format that no hypervisor has: a record's
 * raw bytes are the kind of the event and three numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/stats.h"

static bool toy_event(const struct memlog_record *rec, struct ml_event *ret)
{
	*ret = (struct ml_event){ .kind = rec->raw[0] };
	ret->reason = rec->raw[1] == 255 ? ML_EVENT_UNHANDLED : rec->raw[1];
	ret->has_vector = rec->raw[2];
	ret->vector = rec->raw[2];
	ret->prev = rec->raw[1];
	ret->next = rec->raw[2];
	return rec->raw[0] != 99;
}

static const char *toy_reason(uint32_t reason)
{
	return reason == 1 ? "one" : reason == 7 ? "seven" :
	       reason == ML_EVENT_UNHANDLED ? "nobody" : NULL;
}

static const struct ml_format toy = {
	.name = "toy", .title = "no trace at all",
	.say.event = toy_event, .say.reason = toy_reason,
};

static struct memlog_allocator alloc;

static void add(struct ml_stats *s, int cpu, uint64_t time, uint8_t kind,
		uint8_t a, uint8_t b)
{
	const uint8_t raw[3] = { kind, a, b };
	struct memlog_record rec = {
		.size = sizeof(rec), .has_time = true, .time = time,
		.cpu = cpu, .raw = raw, .raw_len = 3,
	};

	assert_int_equal(ml_stats_add(s, &rec, NULL), 0);
}

static struct ml_stats *start(const struct ml_format *fmt)
{
	struct ml_stats *s;

	alloc = ml_allocator(NULL);
	assert_int_equal(ml_stats_create(&alloc, fmt, &s, NULL), 0);
	return s;
}

static void test_exits(void **state)
{
	struct ml_stats *s = start(&toy);
	const struct ml_stats_cpu *c;
	uint64_t t = 1000;
	unsigned int i;

	(void)state;
	/* a reason without an exit before it */
	add(s, 0, t, ML_EVENT_REASON, 1, 0);
	for (i = 0; i < 10; i++, t += 100) {
		add(s, 0, t, ML_EVENT_LEAVE, 1, 0);
		add(s, 0, t + 1, ML_EVENT_REASON, 1, 33);
		add(s, 0, t + 10 + i, ML_EVENT_ENTER, 0, 0);
	}
	/* of two reasons the last one counts for the time */
	add(s, 0, t, ML_EVENT_LEAVE, 1, 0);
	add(s, 0, t + 1, ML_EVENT_REASON, 1, 34);
	add(s, 0, t + 2, ML_EVENT_REASON, 255, 0);
	add(s, 0, t + 50, ML_EVENT_ENTER, 0, 0);
	/* reasons without a name, and beyond the numbers of processors */
	add(s, 0, t + 60, ML_EVENT_LEAVE, 9, 0);
	add(s, 0, t + 61, ML_EVENT_REASON, 9, 0);
	add(s, 0, t + 65, ML_EVENT_ENTER, 0, 0);
	/* none, and none in sight of the end */
	add(s, 0, t + 70, ML_EVENT_LEAVE, 1, 0);
	add(s, 0, t + 77, ML_EVENT_ENTER, 0, 0);
	add(s, 0, t + 80, ML_EVENT_LEAVE, 7, 0);
	add(s, 0, t + 81, 99, 0, 0);
	assert_int_equal(ml_stats_finish(s, NULL), 0);
	c = ml_stats_get(s, 0);
	assert_null(ml_stats_get(s, 1));
	assert_int_equal(c->n_exits, 14);
	assert_int_equal(c->unfinished, 1);
	assert_int_equal(c->exits[1].n, 11);
	assert_int_equal(c->exits[1].cycles, 145);
	assert_int_equal(ml_stats_percentile(&c->exits[1], 500), 14);
	assert_int_equal(ml_stats_percentile(&c->exits[1], 1000), 19);
	assert_int_equal(c->exits[ML_STATS_UNHANDLED].cycles, 50);
	assert_int_equal(c->exits[ML_STATS_OTHER].cycles, 5);
	assert_int_equal(c->exits[ML_STATS_NO_REASON].n, 2);
	assert_int_equal(c->exits[ML_STATS_NO_REASON].cycles, 7);
	assert_int_equal(c->n_vectors, 2);
	assert_int_equal(c->vectors[0].vector, 33);
	assert_int_equal(c->vectors[0].n, 10);
	assert_string_equal(ml_stats_reason_name(s, 1), "one");
	assert_null(ml_stats_reason_name(s, 2));
	assert_string_equal(ml_stats_reason_name(s, ML_STATS_UNHANDLED),
			    "nobody");
	assert_null(ml_stats_reason_name(s, ML_STATS_REASONS));
	ml_stats_destroy(s);
}

static void test_users(void **state)
{
	struct ml_stats *s = start(&toy);
	const struct ml_stats_cpu *c;

	(void)state;
	add(s, 3, 100, ML_EVENT_OTHER, 0, 0);
	add(s, 3, 110, ML_EVENT_SWITCH, 0, ML_EVENT_IDLE);
	add(s, 3, 150, ML_EVENT_SWITCH, ML_EVENT_IDLE, 2);
	/* it was not VM 1 that had the CPU: a switch is missing */
	add(s, 3, 175, ML_EVENT_SWITCH, 1, ML_EVENT_NOT_VM);
	add(s, 3, 180, ML_EVENT_OTHER, 0, 0);
	add(s, 1, 7, ML_EVENT_OTHER, 0, 0);
	assert_int_equal(ml_stats_finish(s, NULL), 0);
	assert_int_equal(ml_stats_get(s, 0)->cpu, 1);
	c = ml_stats_get(s, 1);
	assert_int_equal(c->cpu, 3);
	assert_int_equal(c->run, 80);
	assert_int_equal(c->switches, 3);
	assert_int_equal(c->user_cycles[0], 10);
	assert_int_equal(c->user_cycles[ML_STATS_IDLE], 40);
	assert_int_equal(c->user_cycles[2], 0);
	assert_int_equal(c->ambiguous, 25);
	assert_int_equal(c->user_cycles[ML_STATS_NOT_VM], 5);
	c = ml_stats_get(s, 2);
	assert_int_equal(c->cpu, -1);
	assert_int_equal(c->events, 6);
	assert_null(ml_stats_get(s, 3));
	ml_stats_destroy(s);
}

/* A log without events has nothing to count. */
static void test_none(void **state)
{
	static const struct ml_format text = { .name = "text" };
	struct ml_stats *s = start(&text);

	(void)state;
	add(s, 0, 1, ML_EVENT_LEAVE, 1, 0);
	assert_int_equal(ml_stats_finish(s, NULL), 0);
	assert_null(ml_stats_get(s, 0));
	assert_null(ml_stats_reason_name(s, 1));
	ml_stats_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
