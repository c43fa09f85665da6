/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What looks like ACRN's logs and is something else, and logs planted everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "libmem.h"

#include "../../firmware/sbuf/sbuf.c"

/* Magics in code, rings that are something else. */
static void test_not_logs(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats =
					      "acrn-log,acrn-trace,acrn-sbuf",
				      .mode = MEMLOG_SCAN_EXHAUSTIVE };
	struct mem mem = { .n = 0 };
	uint8_t *p = mem_add(&mem, 0x100000, 0x10000);
	struct memlog_image *image;
	struct memlog_logs *logs;
	const struct memlog_log *log;
	struct sbuf_ring ring;
	static _Alignas(64) uint8_t page[4096];

	memset(p, 0x90, 0x10000);
	put64(p + 0x1000, SBUF_MAGIC);
	put64(p + 0x1808, SBUF_MAGIC_LAST);
	sbuf_ring_init(page, sizeof(page), 8, 0, NULL, &ring);
	memcpy(p + 0x4000, page, sizeof(page));
	sbuf_ring_init(page, sizeof(page), 32, 0, NULL, &ring);
	memcpy(p + 0x6000, page, sizeof(page));
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 2);
	log = memlog_logs_get(logs, 0);
	assert_string_equal(log->variant, "asyncio");
	assert_true(log->flags & MEMLOG_LOG_NOT_A_LOG);
	log = memlog_logs_get(logs, 1);
	assert_string_equal(log->variant, "vm_event");
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

/* Headers planted by the thousand: each is held against those before it, so
 * only so many are taken, and the search goes on to its end. */
static void test_planted_traces(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-trace" };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	const size_t pages = ML_ACRN_MAX_RINGS + 100;
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	uint8_t *p = mem_add(&mem, 0x100000, pages * 4096);
	size_t i, rings = 0;

	for (i = 0; i < pages; i++, p += 4096) {
		put64(p, SBUF_MAGIC);
		put32(p + 8, 4);
		put32(p + 12, 32);
		put32(p + 20, 32);
		put32(p + 36, 4 * 32);
	}
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, &st, NULL), 0);
	for (i = 0; i < memlog_logs_count(logs); i++)
		rings += memlog_logs_get(logs, i)->n_extents;
	assert_int_equal(rings, ML_ACRN_MAX_RINGS);
	assert_int_equal(st.rejected, 100);
	assert_true(st.complete);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

static void put_ring(uint8_t *p, uint32_t slots, unsigned int cpu)
{
	put64(p, SBUF_MAGIC);
	put32(p + 8, slots);
	put32(p + 12, 80);
	put32(p + 20, 80);
	put32(p + 36, slots * 80);
	sprintf((char *)p + 64, "[1us][cpu=%u][idle%u][sev=1][seq=1]:new", cpu,
		cpu);
}

/* A region of more rings than are looked at together: none is lost, but they are several
 * logs. */
static void test_planted_rings(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-log" };
	const size_t n = ML_ACRN_MAX_RINGS + 100, bytes = 4096;
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	const struct memlog_log *log;
	uint8_t *p = mem_add(&mem, 0x100000, n * bytes);
	size_t i, most = 0;

	for (i = 0; i < n; i++, p += bytes) {
		put_ring(p, 50, (unsigned int)i);
	}
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++)
		if (log->n_extents > most)
			most = log->n_extents;
	assert_in_range(most, ML_ACRN_MAX_RINGS / 2, ML_ACRN_MAX_RINGS);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

/* Two regions: what is looked at around the large rings has the small ones in it, which
 * were found before. They are listed once. */
static void test_near(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-log" };
	const uint32_t small = 50, large = 13004;
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	uint8_t *p = mem_add(&mem, 0x10000000, 8 << 20);
	unsigned int i;

	for (i = 0; i < 3; i++)
		put_ring(p + i * 4096, small, i);
	for (i = 0; i < 2; i++)
		put_ring(p + (2 << 20) + i * 0xfe000, large, i);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 2);
	assert_int_equal(memlog_logs_get(logs, 0)->n_extents, 3);
	assert_int_equal(memlog_logs_get(logs, 1)->n_extents, 2);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

/* Rings with the text of an old version ask for a look at all of low memory.
 * However many are planted, wherever, it is gone through once. */
static void test_planted_old_logs(void **state)
{
	static const char text[] = "[1us][cpu=0][sev=1][seq=1]:old";
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-log" };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t i;

	mem_add(&m, 0, 16 << 20);
	for (i = 0; i < 50; i++) {
		uint8_t *p = mem_add(&m, 0x140000000 + i * 0x10000000, 8192);

		put64(p, 0x5aa57aa71aa13aa3);
		put32(p + 8, 100);
		put32(p + 12, 80);
		put32(p + 20, 80);
		put32(p + 36, 8000);
		memcpy(p + 64, text, sizeof(text));
	}
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, &err), MEMLOG_OK);
	assert_int_equal(memlog_logs_count(logs), 50);
	assert_true(m.bytes < 200 << 20);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

/* A message that quotes a line of another CPU, whose head stands at the start
 * of a slot: one message. */
static void test_quoted_head(void **state)
{
	static const char quote[] =
		"[7us][cpu=1][vm1:vcpu1][sev=3][seq=9]:said";
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "acrn-log" };
	const struct memlog_record *rec;
	struct mem m = { .n = 0 };
	struct memlog_decoder *d;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	uint8_t *p = mem_add(&m, 0x100000, 16384);
	char want[161];
	int i, n;

	put64(p, 0x5aa57aa71aa13aa3);
	put32(p + 8, 100);
	put32(p + 12, 80);
	put32(p + 20, 80 * 9);
	put32(p + 36, 8000);
	for (i = 0; i < 3; i++) {
		n = snprintf(want, sizeof(want),
			     "[%dus][cpu=0][idle0][sev=3]"
			     "[seq=%d]:he said",
			     100 + i, 20 + i);
		memset(want + n, '.', (size_t)(80 - n));
		strcpy(want + 80, quote);
		memcpy(p + 64 + 240 * i, want, strlen(want));
		sprintf((char *)p + 64 + 240 * i + 160,
			"[%dus][cpu=0][idle0][sev=3][seq=%d]:x", 200 + i,
			30 + i);
	}
	/* numbers grow: 20, 30, 31, 32 */
	for (i = 1; i < 3; i++)
		memset(p + 64 + 240 * i, 0, 160);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, &err), MEMLOG_OK);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, &err),
			 MEMLOG_OK);
	for (i = 0; !memlog_decoder_next(d, &rec, &err); i++) {
		assert_int_equal(rec->seq, i ? 29 + i : 20);
		if (!i) {
			memcpy(want, p + 64, 160);
			want[160] = '\0';
			assert_int_equal(rec->text_len, strlen(want));
			assert_memory_equal(rec->text, want, strlen(want));
			assert_false(rec->flags & MEMLOG_REC_PARTIAL_TAIL);
		}
	}
	assert_int_equal(i, 4);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_logs),
		cmocka_unit_test(test_planted_traces),
		cmocka_unit_test(test_planted_rings),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_planted_old_logs),
		cmocka_unit_test(test_quoted_head),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
