/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACRN's log against a model of who writes it: every message that is whole in
 * memory comes out once, word for word, in its place and with its boot; pieces
 * of others are never taken for whole ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

#include "../../firmware/sbuf/sbuf.c"
#include "../../fixtures/gen/acrn_model.c"

/* ---- a machine ---------------------------------------------------------- */

struct machine {
	struct acrn_model *model;
	struct mem mem;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct acrn_message **order; /* by time and number */
};

static int by_time(const void *a, const void *b)
{
	const struct acrn_message *x = *(struct acrn_message *const *)a;
	const struct acrn_message *y = *(struct acrn_message *const *)b;

	if (x->us != y->us)
		return x->us < y->us ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static void scan(struct machine *k)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-log" };

	assert_int_equal(memlog_scan(k->image, &o, &k->logs, NULL, NULL),
			 MEMLOG_OK);
}

static void start(struct machine *k, const struct acrn_opts *o, bool pointers)
{
	size_t i;

	memset(k, 0, sizeof(*k));
	k->model = acrn_model_run(o);
	assert_non_null(k->model);
	memcpy(mem_add(&k->mem, o->base, o->region), k->model->region,
	       o->region);
	if (pointers)
		memcpy(mem_add(&k->mem, k->model->percpu_base,
			       k->model->percpu_bytes),
		       k->model->percpu, k->model->percpu_bytes);
	k->image = mem_image(&k->mem, MEMLOG_PHYS);
	k->order = calloc(k->model->n, sizeof(*k->order));
	for (i = 0; i < k->model->n; i++)
		k->order[i] = &k->model->messages[i];
	qsort(k->order, k->model->n, sizeof(*k->order), by_time);
	scan(k);
}

static void stop(struct machine *k)
{
	memlog_logs_destroy(k->logs);
	memlog_image_close(k->image);
	mem_free(&k->mem);
	acrn_model_free(k->model);
	free(k->order);
}

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

/* ---- what comes out ----------------------------------------------------- */

static struct acrn_message *find(struct machine *k,
				 const struct memlog_record *r)
{
	struct acrn_message key = { .us = r->time,
				    .seq = (uint32_t)r->seq,
				    .cpu = (unsigned int)r->cpu };
	struct acrn_message *want = &key, **got;

	got = bsearch(&want, k->order, k->model->n, sizeof(*k->order), by_time);
	return got ? *got : NULL;
}

struct outcome {
	size_t whole, pieces, cut; /* records */
	size_t doubted;		   /* not as they were, and marked so */
	size_t taken_for_whole;	   /* of messages that are not */
	size_t lost;
};

/* Decode a log that was written by a boot (and older ones), and compare. */
static struct outcome check(struct machine *k, const struct memlog_log *log,
			    unsigned int boot, bool consumed)
{
	struct memlog_decode_opts o = { .size = sizeof(o),
					.consumed = consumed };
	const struct memlog_record *r;
	struct memlog_decoder *d;
	struct outcome out = { 0 };
	uint8_t *seen = calloc(k->model->n, 1);
	uint32_t last = 0;
	unsigned int last_boot = 0;
	bool any = false, same;
	size_t i;

	assert_int_equal(memlog_decoder_open(k->image, log, &o, &d, NULL), 0);
	while (!memlog_decoder_next(d, &r, NULL)) {
		struct acrn_message *m;

		if (!r->has_seq) {
			assert_true(r->flags & MEMLOG_REC_TRUNCATED_HEAD);
			out.pieces++;
			continue;
		}
		m = find(k, r);
		assert_non_null(m);
		assert_false(seen[m - k->model->messages]);
		seen[m - k->model->messages] = 1;
		if (any && m->boot == last_boot)
			assert_true((int32_t)((uint32_t)r->seq - last) > 0);
		if (any)
			assert_true(m->boot >= last_boot);
		if (any && m->boot == last_boot && consumed)
			assert_int_equal(r->lost, (uint32_t)r->seq - last - 1);
		any = true;
		last = (uint32_t)r->seq;
		last_boot = m->boot;
		out.lost += r->lost;
		assert_int_equal(!!(r->flags & MEMLOG_REC_STALE),
				 m->boot != boot ||
					 log->state == MEMLOG_STATE_STALE);
		if (r->has_boot)
			assert_int_equal(r->boot,
					 (int)m->boot + 1 -
						 (int)k->model->o.boots);
		if (!m->early)
			assert_int_equal(!!(r->flags & MEMLOG_REC_CONSUMED),
					 !m->unread);
		assert_int_equal(r->fields[0].u, m->sev);
		same = r->text_len <= m->len &&
		       !memcmp(r->text, m->text, r->text_len);
		if (r->flags & MEMLOG_REC_PARTIAL_TAIL) {
			out.cut++;
			assert_true(same);
		} else if (m->whole && same && r->text_len == m->len) {
			out.whole++;
		} else if (r->flags & MEMLOG_REC_GUESSED) {
			out.doubted++;
		} else {
			assert_false(m->whole);
			out.taken_for_whole++;
		}
	}
	assert_int_equal(memlog_decoder_missing(d), 0);
	assert_int_equal(memlog_decoder_damaged(d), 0);
	memlog_decoder_close(d);
	for (i = 0; i < k->model->n; i++) {
		const struct acrn_message *m = &k->model->messages[i];

		/* nothing whole of this half is left out */
		if (m->whole &&
		    (m->boot == boot ||
		     (consumed && m->boot < boot && (boot - m->boot) % 2 == 0 &&
		      k->model->o.cpus[m->boot] == k->model->o.cpus[boot])) &&
		    (consumed || m->unread))
			assert_true(seen[i]);
	}
	free(seen);
	return out;
}

/* ---- cases -------------------------------------------------------------- */

static struct acrn_opts basic(unsigned int cpus, uint32_t region,
			      unsigned int boots)
{
	struct acrn_opts o = {
		.boots = boots,
		.region = region,
		.base = 0x1fe00000,
		.lazy = 100,
		.seed = cpus * 31 + region / 1024 + boots,
	};
	unsigned int i;

	for (i = 0; i < boots; i++) {
		o.cpus[i] = cpus;
		o.messages[i] = region / 100;
	}
	return o;
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
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_older_boot_in_consumed_slots),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_cpu_count_changed),
		cmocka_unit_test(test_many_live),
		cmocka_unit_test(test_early_rings),
		cmocka_unit_test(test_early_rings_alone),
		cmocka_unit_test(test_missing_pages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
