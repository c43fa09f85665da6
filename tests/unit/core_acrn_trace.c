/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACRN's rings, those of its trace above all: whose they are, read in pieces, and with a
 * header that changed after they were found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/acrn/sbuf.h"
#include "libmem.h"

#include "../../firmware/sbuf/sbuf.c"
#include "../../fixtures/gen/acrn_model.c"

#define CPUS  3u
#define AT    0x40000000u
#define APART (2u * ACRN_TRACE_BYTES)
#define ENTRY ML_SBUF_TRACE_SLOT
#define SLOT  ML_SBUF_LOG_SLOT

/* The rings of some CPUs, not in their order, and pointers to them in another order. */
struct traces {
	struct mem mem;
	uint8_t *ring[CPUS];
	uint64_t at[CPUS];
	struct acrn_trace_truth truth[CPUS];
	struct memlog_image *image;
	struct memlog_logs *logs;
};

static struct memlog_logs *find(struct memlog_image *image, const char *format)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = format };
	struct memlog_logs *logs;

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	return logs;
}

static void traces_start(struct traces *t, bool old,
			 const unsigned int pointer[CPUS])
{
	static const unsigned int place[CPUS] = { 1, 2, 0 };
	struct acrn_trace_opts o = {
		.cpus = CPUS, .exits = 700, .seed = 3, .old_entries = old
	};
	uint8_t *low;
	unsigned int i;

	memset(t, 0, sizeof(*t));
	low = mem_add(&t->mem, 0x20000000, CPUS * 4096);
	for (i = 0; i < CPUS; i++) {
		t->at[i] = AT + place[i] * APART;
		t->ring[i] = mem_add(&t->mem, t->at[i], ACRN_TRACE_BYTES);
		acrn_trace_fill(&o, i, t->ring[i], &t->truth[i]);
	}
	for (i = 0; i < CPUS; i++)
		put64(low + 4096 * i + 8, t->at[pointer[i]]);
	t->image = mem_image(&t->mem, MEMLOG_PHYS);
	t->logs = find(t->image, "acrn-trace");
}

static void traces_stop(struct traces *t)
{
	memlog_logs_destroy(t->logs);
	memlog_image_close(t->image);
	mem_free(&t->mem);
}

/* Entries name their CPU, whatever the order of the pointers; old ones do not, and then
 * that is what there is. */
static void test_named(void **state)
{
	static const unsigned int reversed[CPUS] = { 2, 1, 0 };
	static const unsigned int forward[CPUS] = { 0, 1, 2 };
	const struct memlog_log *log;
	struct traces t;
	unsigned int i, k, old, back;

	(void)state;
	for (old = 0; old < 2; old++)
		for (back = 0; back < 2; back++) {
			traces_start(&t, old, back ? reversed : forward);
			log = memlog_logs_get(t.logs, 0);
			assert_int_equal(log->n_extents, CPUS);
			for (i = 0; i < CPUS; i++) {
				assert_int_equal(log->extents[i].cpu, i);
				k = old && back ? CPUS - 1 - i : i;
				assert_int_equal(log->extents[i].addr, t.at[k]);
			}
			traces_stop(&t);
		}
}

/* Memory that is read in pieces: never across a multiple of this. */
static uint64_t piece;

static enum memlog_status piece_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	uint64_t left = piece - addr % piece;

	return mem_ops.read(self, addr, buf, len < left ? len : (size_t)left,
			    ret, err);
}

/* All records of a log, one after another, and how many. The caller frees them. */
static uint8_t *all_records(struct memlog_image *image,
			    const struct memlog_log *log, size_t *ret_len,
			    size_t *ret_n)
{
	struct memlog_decode_opts o = { .size = sizeof(o), .consumed = true };
	const struct memlog_record *r;
	struct memlog_decoder *d;
	uint8_t *all = NULL;

	*ret_len = *ret_n = 0;
	assert_int_equal(memlog_decoder_open(image, log, &o, &d, NULL), 0);
	while (!memlog_decoder_next(d, &r, NULL)) {
		all = realloc(all, *ret_len + r->raw_len);
		assert_non_null(all);
		memcpy(all + *ret_len, r->raw, r->raw_len);
		*ret_len += r->raw_len;
		++*ret_n;
	}
	assert_int_equal(memlog_decoder_missing(d), 0);
	memlog_decoder_close(d);
	return all;
}

/* In pieces it is the same as in one. */
static void test_pieces(void **state)
{
	static const uint64_t pieces[] = { 4096, 1000, 100, 48 };
	struct acrn_trace_opts o = { .cpus = 1, .exits = 700, .seed = 1 };
	struct memlog_reader_ops ops = mem_ops;
	struct acrn_trace_truth truth;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct mem mem = { 0 };
	uint8_t *p = mem_add(&mem, AT, ACRN_TRACE_BYTES), *all;
	size_t i, len, n;

	(void)state;
	acrn_trace_fill(&o, 0, p, &truth);
	ops.read = piece_read;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		piece = pieces[i];
		assert_int_equal(memlog_image_wrap(&ops, &mem, MEMLOG_PHYS,
						   "pieces", NULL, &image,
						   NULL),
				 0);
		logs = find(image, "acrn-trace");
		all = all_records(image, memlog_logs_get(logs, 0), &len, &n);
		assert_int_equal(n, truth.entries);
		assert_int_equal(len, truth.entries * ENTRY);
		assert_memory_equal(all, p + ML_SBUF_HEADER, len);
		free(all);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
	}
	mem_free(&mem);
}

static void set_slots(uint8_t *head, uint32_t n, uint32_t bytes)
{
	put32(head + 8, n);
	put32(head + 36, n * bytes);
}

/* The header says more slots once the ring was found: what was not in it then is not
 * missing now, and is not read. */
static void test_header_grows(void **state)
{
	struct acrn_opts o = { .boots = 1,
			       .cpus = { 1 },
			       .region = 256u << 10,
			       .base = AT,
			       .messages = { 500 },
			       .seed = 5 };
	struct acrn_trace_opts to = { .cpus = 1, .exits = 700, .seed = 1 };
	struct acrn_model *m = acrn_model_run(&o);
	struct acrn_trace_truth truth;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct mem mem = { 0 };
	uint8_t *p, *head, *all[2];
	uint32_t slots, more;
	size_t len[2], n[2];

	(void)state;
	for (more = 1; more < 100; more *= 3) {
		p = mem_add(&mem, AT, 512u << 10);
		memcpy(p, m->region, o.region);
		head = p + (acrn_model_ring(m, m->half, 0) - AT);
		memcpy(&slots, head + 8, 4);
		image = mem_image(&mem, MEMLOG_PHYS);
		logs = find(image, "acrn-log");
		all[0] = all_records(image, memlog_logs_get(logs, 0), &len[0],
				     &n[0]);
		assert_true(n[0] > 400);
		set_slots(head, slots + more, SLOT);
		all[1] = all_records(image, memlog_logs_get(logs, 0), &len[1],
				     &n[1]);
		assert_int_equal(n[0], n[1]);
		assert_memory_equal(all[0], all[1], len[0]);
		free(all[0]);
		free(all[1]);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);

		p = mem_add(&mem, AT, ACRN_TRACE_BYTES);
		acrn_trace_fill(&to, 0, p, &truth);
		slots = 4000;
		assert_in_range(truth.entries, 1000, slots - 1);
		set_slots(p, slots, ENTRY);
		image = mem_image(&mem, MEMLOG_PHYS);
		logs = find(image, "acrn-trace");
		set_slots(p, slots + more, ENTRY);
		all[0] = all_records(image, memlog_logs_get(logs, 0), &len[0],
				     &n[0]);
		assert_int_equal(n[0], truth.entries);
		assert_memory_equal(all[0], p + ML_SBUF_HEADER, len[0]);
		free(all[0]);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
	acrn_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_header_grows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
