/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of ACRN's logs is the last boot's, where rings of others are left. */
#include "acrn_bench.h"

/* Are some rings of the log inside of those of the last boot? */
static bool overwritten(const struct machine *k, const struct memlog_log *log)
{
	const struct acrn_model *m = k->model;
	unsigned int cpus = m->o.cpus[m->o.boots - 1];
	uint64_t first = acrn_model_ring(m, m->half, 0);
	uint64_t part = part_of(m, cpus);
	size_t i;

	for (i = 0; i < log->n_extents; i++)
		if (log->extents[i].addr > first &&
		    log->extents[i].addr < first + cpus * part &&
		    (log->extents[i].addr - first) % part)
			return true;
	return false;
}

/* Rings that newer ones have overwritten are left over, and their log says so; no other
 * log is said to be. Returns how many there are. */
static size_t left_over(const struct machine *k)
{
	const struct memlog_log *log;
	size_t i, n = 0;
	bool inside;

	for (i = 0; (log = memlog_logs_get(k->logs, i)); i++) {
		inside = overwritten(k, log);
		assert_int_equal(
			!!strstr(log->reason,
				 "newer rings have overwritten some of it"),
			inside);
		if (!inside)
			continue;
		n++;
		assert_int_equal(log->state, MEMLOG_STATE_STALE);
		assert_string_equal(log->variant, "left over");
	}
	return n;
}

/* Another number of CPUs: the half that was in use keeps rings without a mark,
 * and headers of the old ones lie in the slots of the new. */
static void test_cpu_count_changed(void **state)
{
	static const unsigned int was[] = { 4, 3, 16, 2 };
	static const unsigned int is[] = { 3, 4, 6, 12 };
	const struct memlog_log *log;
	struct machine k;
	size_t i, n, current, over = 0;

	for (i = 0; i < sizeof(was) / sizeof(was[0]); i++) {
		struct acrn_opts o = basic(was[i], 2u << 20, 3);

		/* the second boot leaves a live half */
		o.cpus[2] = is[i];
		o.lazy = 500;
		o.messages[2] = 1500;
		start(&k, &o, true);
		for (n = current = 0; (log = memlog_logs_get(k.logs, n)); n++) {
			if (log->state != MEMLOG_STATE_CURRENT)
				continue;
			current++;
			assert_int_equal(log->n_extents, is[i]);
			assert_int_equal(log->extents[0].addr, o.base);
			assert_true(check(&k, log, 2, false).whole > 20);
		}
		assert_int_equal(current, 1);
		over += left_over(&k);
		stop(&k);

		/* nobody to ask: no guess, both are printed */
		start(&k, &o, false);
		for (n = current = 0; (log = memlog_logs_get(k.logs, n)); n++) {
			assert_int_not_equal(log->state, MEMLOG_STATE_CURRENT);
			current += log->state == MEMLOG_STATE_UNKNOWN;
		}
		assert_int_equal(current, 2);
		over += left_over(&k);
		stop(&k);
	}
	assert_true(over > 0);
}

/* Memory with any number of regions that have live rings: only pointers tell which are
 * the last boot's. */
static void test_many_live(void **state)
{
	static const struct {
		size_t regions, named; /* none: SIZE_MAX */
	} t[] = {
		{ 2, 0 },   { 2, 1 },	{ 15, 14 }, { 16, 15 },	      { 16, 3 },
		{ 17, 16 }, { 17, 15 }, { 40, 39 }, { 40, SIZE_MAX },
	};
	const uint64_t apart = 16u << 20;
	struct acrn_opts o = basic(2, 64u << 10, 1);
	struct memlog_scan_opts scan_opts = { .size = sizeof(scan_opts),
					      .formats = "acrn-log" };
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct acrn_model *m = acrn_model_run(&o);
	size_t i, k, n;
	uint8_t *p;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct mem mem = { .n = 0 };

		p = mem_add(&mem, 0x100000, 4096);
		for (k = 0; k < 2 && t[i].named != SIZE_MAX; k++)
			put64(p + 512 + 1024 * k,
			      acrn_model_ring(m, m->half, (unsigned int)k) +
				      t[i].named * apart);
		for (k = 0; k < t[i].regions; k++)
			memcpy(mem_add(&mem, o.base + k * apart, o.region),
			       m->region, o.region);
		image = mem_image(&mem, MEMLOG_PHYS);
		assert_int_equal(memlog_scan(image, &scan_opts, &logs, NULL,
					     NULL),
				 MEMLOG_OK);
		for (k = n = 0; (log = memlog_logs_get(logs, k)); k++) {
			n++;
			assert_int_equal(
				log->state,
				t[i].named == SIZE_MAX ? MEMLOG_STATE_UNKNOWN :
				log->extents[0].addr ==
						o.base + t[i].named * apart ?
							 MEMLOG_STATE_CURRENT :
							 MEMLOG_STATE_STALE);
		}
		assert_int_equal(n, t[i].regions);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
	acrn_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu_count_changed),
		cmocka_unit_test(test_many_live),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
