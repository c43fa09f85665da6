/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACRN's log of any machine: what is whole comes out, wherever its rings are and however
 * memory is read. */
#include "acrn_bench.h"

/* The same memory, read otherwise. */
static void again(struct machine *k, uint32_t flags)
{
	struct memlog_reader_ops ops = mem_ops;
	struct memlog_err err;

	memlog_logs_destroy(k->logs);
	memlog_image_close(k->image);
	ops.flags |= flags;
	if (memlog_image_wrap(&ops, &k->mem, MEMLOG_PHYS, "test", NULL,
			      &k->image, &err))
		fail_msg("%s", err.text);
	scan(k);
}

static const struct memlog_log *log_of(struct machine *k, const char *variant)
{
	const struct memlog_log *log;
	size_t i;

	for (i = 0; (log = memlog_logs_get(k->logs, i)); i++)
		if (!strcmp(log->variant, variant))
			return log;
	return NULL;
}

static void test_geometries(void **state)
{
	static const unsigned int cpus[] = { 1, 2, 3, 5, 6, 12, 16 };
	struct machine k;
	struct outcome out;
	size_t i, r, b;

	for (i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		for (r = 2; r <= 4; r += 2) {
			for (b = 1; b <= 2; b++) {
				struct acrn_opts o = basic(cpus[i],
							   (uint32_t)r << 20,
							   (unsigned int)b);
				const struct memlog_log *now, *before;

				start(&k, &o, true);
				assert_int_equal(memlog_logs_count(k.logs), b);
				now = log_of(&k, "current");
				assert_non_null(now);
				assert_int_equal(now->n_extents, cpus[i]);
				assert_int_equal(now->state,
						 MEMLOG_STATE_CURRENT);
				out = check(&k, now, (unsigned int)b - 1, true);
				assert_true(out.whole > 1000);
				assert_int_equal(out.taken_for_whole, 0);
				assert_int_equal(out.doubted, 0);
				assert_int_equal(out.pieces + out.cut > cpus[i],
						 0);
				check(&k, now, (unsigned int)b - 1, false);
				before = log_of(&k, "last boot");
				assert_int_equal(!!before, b == 2);
				if (before) {
					assert_int_equal(before->group,
							 now->group);
					out = check(&k, before, 0, true);
					assert_true(out.whole > 1000);
					check(&k, before, 0, false);
				}
				stop(&k);
			}
		}
	}
}

static void test_old_text(void **state)
{
	struct acrn_opts o = basic(6, 2u << 20, 2);
	const struct memlog_log *log;
	struct machine k;

	o.old_text = true;
	start(&k, &o, true);
	log = log_of(&k, "current");
	assert_true(check(&k, log, 1, true).whole > 1000);
	stop(&k);
}

static void test_sequence_wrap(void **state)
{
	struct acrn_opts o = basic(3, 2u << 20, 1);
	struct machine k;

	o.seq0 = UINT32_MAX - 15000;
	start(&k, &o, true);
	assert_true(check(&k, log_of(&k, "current"), 0, true).whole > 1000);
	check(&k, log_of(&k, "current"), 0, false);
	stop(&k);
}

/* Messages are in the order of their numbers, whatever the clocks of their CPUs say. */
static void test_skew(void **state)
{
	struct acrn_opts o = basic(6, 2u << 20, 1);
	struct machine k;

	o.skew = 1000;
	start(&k, &o, true);
	assert_true(check(&k, log_of(&k, "current"), 0, true).whole > 1000);
	check(&k, log_of(&k, "current"), 0, false);
	stop(&k);
}

/* The address of a ring tells its CPU, even if most CPUs wrote nothing. */
static void test_silent(void **state)
{
	struct acrn_opts o = basic(12, 2u << 20, 1);
	const struct memlog_log *log;
	struct machine k;
	size_t i, n, rings = 0, first = 0;
	uint64_t part;

	for (o.seed = 1; o.seed < 40; o.seed++) {
		o.messages[0] = 4;
		start(&k, &o, false);
		part = part_of(k.model, 12);
		for (n = 0; (log = memlog_logs_get(k.logs, n)); n++)
			for (i = 0; i < log->n_extents; i++, rings++) {
				const struct memlog_extent *e =
					&log->extents[i];

				assert_int_equal(e->cpu,
						 (e->addr - o.base) %
							 (o.region / 2) / part);
				first += !e->cpu;
			}
		stop(&k);
	}
	/* all are found each time, of CPU 0 one */
	assert_int_equal(first, 39);
	assert_int_equal(rings, 39 * 12);
}

/* Nobody reads: the rings fill, the last message of each is cut. */
static void test_full(void **state)
{
	struct machine k;
	struct outcome out;
	int prefixes;

	for (prefixes = 0; prefixes < 2; prefixes++) {
		struct acrn_opts o = basic(12, 2u << 20, 1);

		o.lazy = 0;
		o.prefixes = prefixes;
		start(&k, &o, true);
		out = check(&k, log_of(&k, "current"), 0, false);
		assert_true(out.whole > 5000);
		assert_true(out.lost > 0);
		assert_int_equal(out.taken_for_whole, 0);
		assert_int_equal(out.pieces, 0);
		stop(&k);
	}
}

/* A reader that makes room in the middle of messages: pieces of several lie
 * side by side. What cannot be known is taken for whole now and then; it must
 * stay rare. */
static void test_pieces(void **state)
{
	struct acrn_opts o = basic(3, 2u << 20, 2);
	struct machine k;
	struct outcome out;

	o.lazy = 6000;
	o.drains = true;
	o.seed = 99;
	start(&k, &o, true);
	out = check(&k, log_of(&k, "current"), 1, true);
	assert_true(out.whole > 1000);
	assert_true(out.pieces > 50);
	assert_true(out.cut > 50);
	assert_true(out.taken_for_whole * 5 < out.cut);
	stop(&k);
}

/* The third boot uses the first one's half and has not come around yet. */
static void test_older_boot_in_consumed_slots(void **state)
{
	struct machine k;
	struct outcome out;
	unsigned int cpus;

	for (cpus = 1; cpus <= 12; cpus += 5) {
		struct acrn_opts o = basic(cpus, 2u << 20, 3);

		o.messages[2] = 2500;
		start(&k, &o, true);
		out = check(&k, log_of(&k, "current"), 2, true);
		assert_true(out.whole > 4000);
		out = check(&k, log_of(&k, "current"), 2, false);
		assert_true(out.whole <= 2500);
		/* of a machine that runs, logs are copied and probed again */
		again(&k, MEMLOG_READER_LIVE);
		out = check(&k, log_of(&k, "current"), 2, true);
		assert_true(out.whole > 4000);
		stop(&k);
	}
}

/* Where reading is slow, rings are looked for only where one may be: all the same, they
 * are found, each of a region, of both halves. */
static void test_slow(void **state)
{
	/* in the last, rings are as far apart as they are long */
	static const struct {
		unsigned int cpus;
		uint32_t region;
	} t[] = { { 1, 2u << 20 },
		  { 3, 2u << 20 },
		  { 5, 2u << 20 },
		  { 16, 2u << 20 },
		  { 16, 2 * 16 * (64 + 80 * 1004) } };
	struct machine k;
	unsigned int c;
	size_t i, b;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (b = 1; b <= 2; b++) {
			struct acrn_opts o =
				basic(t[i].cpus, t[i].region, (unsigned int)b);
			const struct memlog_log *log;

			start(&k, &o, true);
			again(&k, MEMLOG_READER_SLOW);
			assert_int_equal(memlog_logs_count(k.logs), b);
			log = log_of(&k, "current");
			assert_non_null(log);
			assert_int_equal(log->n_extents, t[i].cpus);
			assert_true(check(&k, log, (unsigned int)b - 1, true)
					    .whole > 1000);
			log = log_of(&k, "last boot");
			assert_int_equal(!!log, b == 2);
			if (log)
				assert_int_equal(log->n_extents, t[i].cpus);
			/* any of them leads to all */
			for (c = 0; c < t[i].cpus; c++) {
				memlog_logs_destroy(k.logs);
				assert_int_equal(
					memlog_scan_at(
						k.image, MEMLOG_PHYS,
						acrn_model_ring(k.model,
								k.model->half,
								c),
						NULL, &k.logs, NULL),
					0);
				log = log_of(&k, "current");
				assert_non_null(log);
				assert_int_equal(log->n_extents, t[i].cpus);
			}
			stop(&k);
		}
}

/* v0.3: early rings at odd addresses, copied over the new ring's header; a CPU
 * that says nothing afterwards has its messages only there. */
static void test_early_rings(void **state)
{
	const struct memlog_log *log;
	struct machine k;
	struct outcome out;
	size_t i, early = 0;
	unsigned int cpus;

	for (cpus = 1; cpus <= 4; cpus++) {
		struct acrn_opts o = basic(cpus, 2u << 20, 2);

		o.old_text = o.early = true;
		o.quiet = cpus > 1 ? 2 : 0;
		o.messages[1] = 1000;
		start(&k, &o, true);
		log = log_of(&k, "current");
		assert_non_null(log);
		for (i = early = 0; i < log->n_extents; i++)
			early += log->extents[i].role == 1;
		assert_int_equal(early, cpus);
		assert_int_equal(log->n_extents, 2 * cpus);
		out = check(&k, log, 1, true);
		assert_true(out.whole > 500);
		stop(&k);
	}
}

/* The hypervisor died before anybody gave it rings: an exhaustive search finds
 * its own, at odd addresses. */
static void test_early_rings_alone(void **state)
{
	struct acrn_opts a = basic(3, 2u << 20, 1);
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-log",
				      .mode = MEMLOG_SCAN_EXHAUSTIVE };
	struct mem mem = { .n = 0 };
	struct memlog_decoder *d;
	const struct memlog_record *r;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct acrn_model *m;
	uint64_t seq = 0;
	size_t n = 0;

	a.old_text = a.early = true;
	a.messages[0] = 0;
	m = acrn_model_run(&a);
	memcpy(mem_add(&mem, m->percpu_base, m->percpu_bytes), m->percpu,
	       m->percpu_bytes);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_logs_get(logs, 0)->n_extents, 3);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &r, NULL)) {
		assert_int_equal(r->seq, ++seq);
		n++;
	}
	assert_int_equal(n, m->n);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
	acrn_model_free(m);
}

/* A page that is not in the image: the rest comes out, and what is missing is
 * counted. */
static void test_missing_pages(void **state)
{
	struct memlog_decode_opts o = { .size = sizeof(o), .consumed = true };
	struct acrn_opts a = basic(2, 2u << 20, 1);
	struct acrn_model *m = acrn_model_run(&a);
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_decoder *d;
	const struct memlog_record *r;
	size_t n = 0, cut = 0;

	memcpy(mem_add(&mem, a.base, 0x3000), m->region, 0x3000);
	memcpy(mem_add(&mem, a.base + 0x5000, a.region - 0x5000),
	       m->region + 0x5000, a.region - 0x5000);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     &o, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &r, NULL)) {
		n += r->has_seq;
		cut += !!(r->flags & MEMLOG_REC_PARTIAL_TAIL);
	}
	assert_true(n > 4000);
	assert_true(cut <= 2);
	assert_int_equal(memlog_decoder_missing(d), 0x2000);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
	acrn_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_geometries),
		cmocka_unit_test(test_old_text),
		cmocka_unit_test(test_sequence_wrap),
		cmocka_unit_test(test_skew),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_older_boot_in_consumed_slots),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_early_rings),
		cmocka_unit_test(test_early_rings_alone),
		cmocka_unit_test(test_missing_pages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
