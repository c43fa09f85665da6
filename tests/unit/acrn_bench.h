/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acrn_bench.h - ACRN's log against a model of who writes it, compiled into its tests:
 * every message that is whole in memory comes out once, word for word, in its place and
 * with its boot; pieces of others are never taken for whole ones.
 */
#ifndef ACRN_BENCH_H
#define ACRN_BENCH_H

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

#endif
