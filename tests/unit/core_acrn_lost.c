/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots of ACRN's rings that are zeros or not in the image: what is counted is what
 * would have been printed. */
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

#define AT   0x1fe00000u
#define PAGE 4096u

/* A ring of one CPU, a part of which its reader has read. */
struct lost {
	struct acrn_model *model;
	uint8_t *ring;
	struct ml_sbuf h;
	struct mem mem;
	struct memlog_image *image;
	struct memlog_logs *logs;
};

static void lost_start(struct lost *l, uint32_t messages, unsigned int boots)
{
	struct acrn_opts o = { .boots = boots,
			       .cpus = { 1, 1, 1 },
			       .region = 256u << 10,
			       .base = AT,
			       .messages = { messages, 200, 200 },
			       .lazy = 300,
			       .seed = 5 };

	memset(l, 0, sizeof(*l));
	l->model = acrn_model_run(&o);
	assert_non_null(l->model);
	l->ring = l->model->region +
		  (acrn_model_ring(l->model, l->model->half, 0) - AT);
	assert_int_equal(ml_sbuf_parse(l->ring, ML_SBUF_HEADER, &l->h, NULL),
			 0);
}

static void lost_stop(struct lost *l)
{
	acrn_model_free(l->model);
}

/* Bytes that are missing and damaged of what is printed; the page at off, if it is
 * not 0, is not in the image. */
static void lost_count(struct lost *l, uint64_t off, bool consumed,
		       uint64_t *ret_missing, uint64_t *ret_damaged)
{
	struct memlog_decode_opts o = { .size = sizeof(o),
					.consumed = consumed };
	uint64_t at = off ? off + (uint64_t)(l->ring - l->model->region) : 0;
	uint64_t region = l->model->o.region;
	const struct memlog_record *r;
	struct memlog_decoder *d;
	size_t i;

	memcpy(mem_add(&l->mem, AT, at ? at : region), l->model->region,
	       at ? at : region);
	if (at)
		memcpy(mem_add(&l->mem, AT + at + PAGE, region - at - PAGE),
		       l->model->region + at + PAGE, region - at - PAGE);
	l->image = mem_image(&l->mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(l->image, NULL, &l->logs, NULL, NULL), 0);
	for (i = 0; memlog_logs_get(l->logs, i)->state != MEMLOG_STATE_CURRENT;
	     i++)
		;
	assert_int_equal(memlog_decoder_open(l->image,
					     memlog_logs_get(l->logs, i), &o,
					     &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &r, NULL))
		;
	*ret_missing = memlog_decoder_missing(d);
	*ret_damaged = memlog_decoder_damaged(d);
	memlog_decoder_close(d);
	memlog_logs_destroy(l->logs);
	memlog_image_close(l->image);
	mem_free(&l->mem);
	memset(&l->mem, 0, sizeof(l->mem));
}

/* A page of the ring with slots at [from, to) only. */
static uint64_t page_in(uint32_t from, uint32_t to)
{
	uint64_t page = (from + ML_SBUF_HEADER + PAGE - 1) / PAGE * PAGE;

	assert_true(page && page + PAGE <= to + ML_SBUF_HEADER);
	return page;
}

/* Where the reader has read: from the tail on in a ring that wrapped, else from its
 * start. */
static uint32_t lost_read(const struct lost *l)
{
	return l->h.head > l->h.tail ? l->h.tail : 0;
}

/* Zeros in slots that were written are damage, in what was read before if that is
 * printed. */
static void test_zeros(void **state)
{
	static const uint32_t messages[] = { 900, 4000 };
	uint64_t missing, damaged;
	unsigned int i, consumed;
	struct lost l;

	for (i = 0; i < 2; i++)
		for (consumed = 0; consumed < 2; consumed++) {
			lost_start(&l, messages[i], 1);
			lost_count(&l, 0, consumed, &missing, &damaged);
			assert_int_equal(missing, 0);
			assert_int_equal(damaged, 0);
			memset(l.ring + ML_SBUF_HEADER + lost_read(&l) +
				       10 * ML_SBUF_LOG_SLOT,
			       0, 3 * ML_SBUF_LOG_SLOT);
			lost_count(&l, 0, consumed, &missing, &damaged);
			assert_int_equal(missing, 0);
			assert_int_equal(damaged,
					 consumed ? 3 * ML_SBUF_LOG_SLOT : 0);
			memset(l.ring + ML_SBUF_HEADER + l.h.head, 0,
			       ML_SBUF_LOG_SLOT);
			lost_count(&l, 0, consumed, &missing, &damaged);
			assert_int_equal(damaged,
					 (consumed ? 4 : 1) * ML_SBUF_LOG_SLOT);
			lost_stop(&l);
		}
}

/* In what is left of an older boot they are, if one of its messages follows. */
static void test_zeros_of_older(void **state)
{
	uint64_t missing, damaged;
	struct lost l;

	/* the third boot writes over the first one's */
	lost_start(&l, 900, 3);
	assert_true(l.h.head <= l.h.tail);
	lost_count(&l, 0, true, &missing, &damaged);
	assert_int_equal(damaged, 0);
	memset(l.ring + ML_SBUF_HEADER + l.h.tail + 20 * ML_SBUF_LOG_SLOT, 0,
	       5 * ML_SBUF_LOG_SLOT);
	lost_count(&l, 0, true, &missing, &damaged);
	assert_int_equal(damaged, 5 * ML_SBUF_LOG_SLOT);
	lost_count(&l, 0, false, &missing, &damaged);
	assert_int_equal(damaged, 0);
	lost_stop(&l);
}

/* A page that is not there is missing if it has something to be printed, with as many
 * bytes as that are, and not with those of the slots that go on in it. */
static void test_holes(void **state)
{
	uint64_t missing, damaged, read, unread;
	struct lost l;

	lost_start(&l, 4000, 1);
	read = page_in(lost_read(&l) + ML_SBUF_LOG_SLOT, l.h.head);
	unread = page_in(l.h.head, l.h.head > l.h.tail ? l.h.size : l.h.tail);
	lost_count(&l, read, false, &missing, &damaged);
	assert_int_equal(missing, 0);
	lost_count(&l, read, true, &missing, &damaged);
	assert_int_equal(missing, PAGE);
	lost_count(&l, unread, false, &missing, &damaged);
	assert_int_equal(missing, PAGE);
	assert_int_equal(damaged, 0);
	lost_stop(&l);
}

/* The same in a trace. After its last entry there are only slots that were never
 * written. */
static void test_trace(void **state)
{
	struct acrn_trace_opts o = { .cpus = 1, .exits = 300, .seed = 1 };
	struct memlog_scan_opts scan = { .size = sizeof(scan),
					 .formats = "acrn-trace" };
	struct memlog_decode_opts decode = { .size = sizeof(decode) };
	struct acrn_trace_truth truth = { .entries = 0 };
	struct memlog_image *image;
	const struct memlog_record *r;
	struct memlog_logs *logs;
	struct memlog_decoder *d;
	struct mem mem = { 0 };
	uint8_t *p = mem_add(&mem, AT, ACRN_TRACE_BYTES);
	int i;

	acrn_trace_fill(&o, 0, p, &truth);
	for (i = 0; i < 4; i++) {
		decode.consumed = i & 1;
		if (i == 2)
			memset(p + ML_SBUF_HEADER + 9 * ML_SBUF_TRACE_SLOT, 0,
			       2 * ML_SBUF_TRACE_SLOT);
		image = mem_image(&mem, MEMLOG_PHYS);
		assert_int_equal(memlog_scan(image, &scan, &logs, NULL, NULL),
				 0);
		assert_int_equal(memlog_decoder_open(image,
						     memlog_logs_get(logs, 0),
						     &decode, &d, NULL),
				 0);
		while (!memlog_decoder_next(d, &r, NULL))
			;
		assert_int_equal(memlog_decoder_missing(d), 0);
		assert_int_equal(memlog_decoder_damaged(d),
				 i < 2 ? 0 : 2 * ML_SBUF_TRACE_SLOT);
		memlog_decoder_close(d);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
	}
	mem_free(&mem);
}

/* Memory that is not there is asked for once, and not for each slot in it. */
static void test_trace_hole(void **state)
{
	enum { HAVE = 3 * PAGE };
	struct acrn_trace_opts o = { .cpus = 1, .exits = 100000, .seed = 1 };
	struct memlog_decode_opts decode = { .size = sizeof(decode),
					     .consumed = true };
	struct acrn_trace_truth truth = { .entries = 0 };
	uint8_t *ring = calloc(1, ACRN_TRACE_BYTES);
	struct memlog_image *image;
	const struct memlog_record *r;
	struct memlog_logs *logs;
	struct memlog_decoder *d;
	struct mem mem = { 0 };
	uint64_t n = 0;

	assert_non_null(ring);
	acrn_trace_fill(&o, 0, ring, &truth);
	memcpy(mem_add(&mem, AT, HAVE), ring, HAVE);
	mem_add(&mem, AT + ACRN_TRACE_BYTES, PAGE);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(
		memlog_scan_at(image, MEMLOG_PHYS, AT, NULL, &logs, NULL), 0);
	mem.reads = 0;
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     &decode, &d, NULL),
			 0);
	for (; !memlog_decoder_next(d, &r, NULL); n++)
		;
	assert_int_equal(n, (HAVE - ML_SBUF_HEADER) / ML_SBUF_TRACE_SLOT);
	assert_int_equal(memlog_decoder_missing(d), ACRN_TRACE_BYTES - HAVE);
	assert_in_range(mem.reads, 1, 100);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
	free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_zeros_of_older),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_trace_hole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
