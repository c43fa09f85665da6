/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a trace says in numbers, of a format that no hypervisor has: a record's
 * raw bytes are the kind of the event and two numbers, the second of one byte or
 * of four.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "libmem.h"
#include "record/stats.h"

static bool toy_event(const struct memlog_record *rec, struct ml_event *ret)
{
	*ret = (struct ml_event){ .kind = rec->raw[0] };
	ret->reason = rec->raw[1] == 255 ? ML_EVENT_UNHANDLED : rec->raw[1];
	ret->has_vector = rec->raw[2];
	ret->vector = rec->raw_len == 6 ? ml_le32(rec->raw + 2) : rec->raw[2];
	ret->prev = rec->raw[1];
	ret->next = rec->raw[2];
	return rec->raw[0] != 99;
}

static const char *toy_reason(uint32_t reason)
{
	return reason == 1		    ? "one" :
	       reason == 7		    ? "seven" :
	       reason == ML_EVENT_UNHANDLED ? "nobody" :
					      NULL;
}

static const struct ml_format toy = {
	.name = "toy",
	.title = "no trace at all",
	.say.event = toy_event,
	.say.reason = toy_reason,
};

static struct memlog_allocator alloc;

static void add(struct ml_stats *s, int cpu, uint64_t time, uint8_t kind,
		uint8_t a, uint8_t b)
{
	const uint8_t raw[3] = { kind, a, b };
	struct memlog_record rec = {
		.size = sizeof(rec),
		.has_time = true,
		.time = time,
		.cpu = cpu,
		.raw = raw,
		.raw_len = 3,
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
	char name[32];
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
	add(s, 0, t + 66, ML_EVENT_LEAVE, 200, 0);
	add(s, 0, t + 68, ML_EVENT_ENTER, 0, 0);
	/* in the exit only: with its end, cut off by another, at the end */
	add(s, 0, t + 70, ML_EVENT_LEAVE, 7, 0);
	add(s, 0, t + 77, ML_EVENT_ENTER, 0, 0);
	add(s, 0, t + 78, ML_EVENT_LEAVE, 40, 0);
	add(s, 0, t + 80, ML_EVENT_LEAVE, 7, 0);
	add(s, 0, t + 81, 99, 0, 0);
	assert_int_equal(ml_stats_finish(s, NULL), 0);
	c = ml_stats_get(s, 0);
	assert_null(ml_stats_get(s, 1));
	assert_int_equal(c->n_exits, 16);
	assert_int_equal(c->unfinished, 2);
	assert_int_equal(c->exits[1].n, 11);
	assert_int_equal(c->exits[1].cycles, 145);
	assert_int_equal(ml_stats_percentile(&c->exits[1], 500), 14);
	assert_int_equal(ml_stats_percentile(&c->exits[1], 1000), 19);
	assert_int_equal(c->exits[ML_STATS_UNHANDLED].cycles, 50);
	assert_int_equal(c->exits[9].n, 1);
	assert_int_equal(c->exits[9].cycles, 5);
	assert_int_equal(c->exits[ML_STATS_OTHER].n, 1);
	assert_int_equal(c->exits[ML_STATS_OTHER].cycles, 2);
	assert_int_equal(c->exits[7].n, 2);
	assert_int_equal(c->exits[7].cycles, 7);
	assert_int_equal(c->exits[40].n, 1);
	assert_int_equal(c->exits[40].cycles, 0);
	assert_int_equal(c->n_vectors, 2);
	assert_int_equal(c->vectors[0].vector, 33);
	assert_int_equal(c->vectors[0].n, 10);
	assert_string_equal(ml_stats_reason_name(s, 1, name), "one");
	assert_string_equal(ml_stats_reason_name(s, 40, name), "VM_EXIT 40");
	assert_string_equal(ml_stats_reason_name(s, ML_STATS_UNHANDLED, name),
			    "nobody");
	assert_string_equal(ml_stats_reason_name(s, ML_STATS_OTHER, name),
			    "(other reasons)");
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

/* A counter that goes back does not count as one that wrapped. */
static void test_back(void **state)
{
	struct ml_stats *s = start(&toy);
	const struct ml_stats_cpu *c;

	(void)state;
	add(s, 0, 1000, ML_EVENT_LEAVE, 1, 0);
	add(s, 0, 900, ML_EVENT_ENTER, 0, 0);
	add(s, 0, 2000, ML_EVENT_LEAVE, 1, 0);
	add(s, 0, 2030, ML_EVENT_ENTER, 0, 0);
	/* with the wrap, the longest that there may be, and one cycle more */
	add(s, 0, UINT64_MAX - 9, ML_EVENT_LEAVE, 1, 0);
	add(s, 0, 10, ML_EVENT_ENTER, 0, 0);
	add(s, 0, 20, ML_EVENT_LEAVE, 7, 0);
	add(s, 0, 20ull + INT64_MAX, ML_EVENT_ENTER, 0, 0);
	add(s, 0, 40, ML_EVENT_LEAVE, 9, 0);
	add(s, 0, 41ull + INT64_MAX, ML_EVENT_ENTER, 0, 0);
	assert_int_equal(ml_stats_finish(s, NULL), 0);
	c = ml_stats_get(s, 0);
	assert_int_equal(c->exits[1].n, 3);
	assert_int_equal(c->exits[1].cycles, 0 + 30 + 20);
	assert_true(c->exits[7].cycles == INT64_MAX);
	assert_int_equal(c->exits[9].n, 1);
	assert_int_equal(c->exits[9].cycles, 0);
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
	ml_stats_destroy(s);
}

/* ---- against a model --------------------------------------------------------- */

/* Any stream of events, against sums over the whole of it. */

#define MODEL_CPUS   3
#define MODEL_EVENTS 400

struct model_event {
	uint64_t time;
	int cpu;
	uint8_t kind, a, b;
};

static struct model_event model[MODEL_EVENTS];
static size_t n_model;

static unsigned int model_random(unsigned int n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned int)(x >> 33) % n;
}

/* The counters of a long uptime wrap now and then. */
static void model_make(void)
{
	static const uint8_t reasons[] = { 1, 7, 9, 200, 255 };
	uint64_t t = model_random(2) ? UINT64_MAX - 20000 : 12345;
	size_t i;

	n_model = model_random(MODEL_EVENTS + 1);
	for (i = 0; i < n_model; i++) {
		struct model_event *e = &model[i];

		e->time = t += model_random(100);
		e->cpu = (int)model_random(MODEL_CPUS) * 5;
		e->kind = (uint8_t)model_random(ML_EVENT_SWITCH + 1);
		e->a = e->kind == ML_EVENT_REASON || e->kind == ML_EVENT_LEAVE ?
			       reasons[model_random(5)] :
			       (uint8_t)model_random(18);
		e->b = (uint8_t)model_random(18);
	}
}

static uint32_t model_reason(uint8_t a)
{
	return a == 255 ? ML_STATS_UNHANDLED : a == 200 ? ML_STATS_OTHER : a;
}

/* The next event of this CPU from at on, SIZE_MAX for none. */
static size_t model_next(size_t at, int cpu)
{
	for (; at < n_model; at++)
		if (model[at].cpu == cpu)
			return at;
	return SIZE_MAX;
}

struct sums {
	uint64_t n[ML_STATS_REASONS], cycles[ML_STATS_REASONS];
	uint64_t samples[ML_STATS_REASONS][MODEL_EVENTS];
	size_t n_samples[ML_STATS_REASONS];
	uint64_t n_exits, unfinished, events, run, exit_run;
	uint64_t vectors[256];
	uint64_t user[ML_STATS_USERS], ambiguous, switches;
};

/* The exit that begins at event i: up to the next entry or exit. */
static void model_exit(struct sums *m, size_t i)
{
	uint32_t reason = model_reason(model[i].a);
	bool told = false;
	uint64_t len;
	size_t k;

	for (k = i; (k = model_next(k + 1, model[i].cpu)) != SIZE_MAX;) {
		if (model[k].kind == ML_EVENT_REASON) {
			reason = model_reason(model[k].a);
			told = true;
		}
		if (model[k].kind == ML_EVENT_ENTER ||
		    model[k].kind == ML_EVENT_LEAVE)
			break;
	}
	m->n_exits++;
	m->n[reason] += !told;
	if (k == SIZE_MAX || model[k].kind == ML_EVENT_LEAVE) {
		m->unfinished++;
		return;
	}
	len = model[k].time - model[i].time;
	m->cycles[reason] += len;
	m->samples[reason][m->n_samples[reason]++] = len;
}

/* From the switch before, or the first event, to the one at i; i may be the end
 * of the trace. */
static void model_switch(struct sums *m, size_t from, bool from_switch,
			 size_t to, bool to_switch)
{
	uint64_t len = model[to].time - model[from].time;

	if (from_switch && to_switch && model[from].b != model[to].a)
		m->ambiguous += len;
	else
		m->user[to_switch ? model[to].a : model[from].b] += len;
}

static bool model_sum(int cpu, struct sums *m)
{
	size_t first = model_next(0, cpu), last = first, i, exit = SIZE_MAX;
	size_t from = first;
	bool from_switch = false;

	for (i = first; i != SIZE_MAX; i = model_next(i + 1, cpu)) {
		const struct model_event *e = &model[i];

		last = i;
		m->events++;
		if (e->kind == ML_EVENT_LEAVE) {
			exit = exit == SIZE_MAX ? i : exit;
			model_exit(m, i);
		}
		if (e->kind == ML_EVENT_REASON && exit != SIZE_MAX)
			m->n[model_reason(e->a)]++;
		if (e->kind == ML_EVENT_REASON && e->b)
			m->vectors[e->b]++;
		if (e->kind != ML_EVENT_SWITCH)
			continue;
		m->switches++;
		model_switch(m, from, from_switch, i, true);
		from = i;
		from_switch = true;
	}
	if (first == SIZE_MAX)
		return false;
	if (from_switch)
		model_switch(m, from, true, last, false);
	m->run += model[last].time - model[first].time;
	if (exit != SIZE_MAX)
		m->exit_run += model[last].time - model[exit].time;
	return true;
}

/* The shortest length that p of 1,000 do not exceed, by counting. */
static uint64_t model_percentile(const uint64_t *v, size_t n, unsigned int p)
{
	uint64_t best = UINT64_MAX;
	size_t i, k, at_most;

	for (i = 0; i < n; i++) {
		for (k = at_most = 0; k < n; k++)
			at_most += v[k] <= v[i];
		if (at_most * 1000 >= n * p && v[i] < best)
			best = v[i];
	}
	return n ? best : 0;
}

static void model_compare(const struct ml_stats_cpu *c, const struct sums *m)
{
	static const unsigned int per_mille[] = { 1, 500, 900, 990, 999, 1000 };
	uint64_t vectors = 0;
	size_t i, k;

	assert_true(c->events == m->events);
	assert_true(c->run == m->run);
	assert_true(c->exit_run == m->exit_run);
	assert_true(c->n_exits == m->n_exits);
	assert_true(c->unfinished == m->unfinished);
	assert_true(c->switches == m->switches);
	assert_true(c->ambiguous == m->ambiguous);
	assert_memory_equal(c->user_cycles, m->user, sizeof(m->user));
	for (i = 0; i < ML_STATS_REASONS; i++) {
		assert_true(c->exits[i].n == m->n[i]);
		assert_true(c->exits[i].cycles == m->cycles[i]);
		assert_true(c->exits[i].n_samples == m->n_samples[i]);
		for (k = 0; k < sizeof(per_mille) / sizeof(*per_mille); k++)
			assert_true(ml_stats_percentile(&c->exits[i],
							per_mille[k]) ==
				    model_percentile(m->samples[i],
						     m->n_samples[i],
						     per_mille[k]));
	}
	for (i = 0; i < c->n_vectors; i++) {
		assert_true(c->vectors[i].n ==
			    m->vectors[c->vectors[i].vector]);
		assert_true(!i ||
			    c->vectors[i - 1].vector < c->vectors[i].vector);
	}
	for (i = 0; i < 256; i++)
		vectors += m->vectors[i] != 0;
	assert_true(c->n_vectors == vectors);
}

static void test_model(void **state)
{
	static struct sums one, all;
	struct ml_stats *s;
	unsigned int round;
	size_t i, cpus;
	int cpu;

	(void)state;
	for (round = 0; round < 300; round++) {
		s = start(&toy);
		model_make();
		for (i = 0; i < n_model; i++)
			add(s, model[i].cpu, model[i].time, model[i].kind,
			    model[i].a, model[i].b);
		assert_int_equal(ml_stats_finish(s, NULL), 0);
		memset(&all, 0, sizeof(all));
		for (cpu = cpus = 0; cpu < MODEL_CPUS; cpu++) {
			memset(&one, 0, sizeof(one));
			if (!model_sum(cpu * 5, &one))
				continue;
			model_sum(cpu * 5, &all);
			assert_int_equal(ml_stats_get(s, cpus)->cpu, cpu * 5);
			model_compare(ml_stats_get(s, cpus++), &one);
		}
		if (cpus > 1)
			model_compare(ml_stats_get(s, cpus), &all);
		assert_null(ml_stats_get(s, cpus + (cpus > 1)));
		ml_stats_destroy(s);
	}
}

/* A trace may have any number of vectors: those beyond the limit are left out,
 * and those known are still counted. */
static void test_vectors(void **state)
{
	struct ml_stats *s = start(&toy);
	const struct ml_stats_cpu *c;
	struct memlog_record rec = { .size = sizeof(rec), .has_time = true };
	unsigned int i;
	uint8_t raw[6] = { ML_EVENT_REASON, 1, 0, 0, 0, 0 };

	(void)state;
	rec.raw = raw;
	rec.raw_len = sizeof(raw);
	for (i = 1; i <= ML_STATS_MAX_VECTORS + 100; i++) {
		put32(raw + 2, i << 8 | 1);
		assert_int_equal(ml_stats_add(s, &rec, NULL), 0);
	}
	put32(raw + 2, 1 << 8 | 1);
	assert_int_equal(ml_stats_add(s, &rec, NULL), 0);
	assert_int_equal(ml_stats_finish(s, NULL), 0);
	c = ml_stats_get(s, 0);
	assert_int_equal(c->n_vectors, ML_STATS_MAX_VECTORS);
	assert_int_equal(c->vectors[0].n, 2);
	assert_int_equal(c->vectors[ML_STATS_MAX_VECTORS - 1].n, 1);
	ml_stats_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exits), cmocka_unit_test(test_users),
		cmocka_unit_test(test_back),  cmocka_unit_test(test_none),
		cmocka_unit_test(test_model), cmocka_unit_test(test_vectors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
