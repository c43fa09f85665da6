/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times that coreboot recorded: a model that writes them, and damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "libmem.h"

#define PAGE	 4096u
#define TIMES	 0x3fd0000u
#define ROOT	 0x3fff000u
#define TABLE	 0x3fe0000u
#define SMALL_AT 0x3ff8c00u
#define MAX	 192u

/* SMALL: the root leads to a second one, which leads to the times. */
enum { BY_TABLE = 1, BY_ROOT = 2, SMALL = 4 };

/* A table of times, how it is found, and the rate of its clock. */
struct model {
	uint64_t base;
	int64_t stamp[MAX];
	uint32_t id[MAX], n, max, mhz, tsc_khz;
	unsigned int by;
};

static struct mem mem;

static uint8_t *put_rec(uint8_t *p, uint32_t tag, const uint32_t *words,
			uint32_t n)
{
	put32(p, tag);
	put32(p + 4, 8 + 4 * n);
	for (p += 8; n; n--, p += 4)
		put32(p, *words++);
	return p;
}

static void put_table(uint8_t *p, const struct model *m)
{
	const uint32_t at[] = { TIMES, 0 };
	const uint32_t entry[] = { TIMES, 0, 16 + 12 * m->max, 0x54494d45 };
	const uint32_t self[] = { TABLE, 0, PAGE, 0x43425442 };
	uint8_t *end = p + 24;
	uint32_t len;

	if (m->by & BY_TABLE) {
		end = put_rec(end, 0x16, at, 2);
		end = put_rec(end, 0x31, entry, 4);
	}
	end = put_rec(end, 0x31, self, 4);
	if (m->tsc_khz)
		end = put_rec(end, 0x32, &m->tsc_khz, 1);
	len = (uint32_t)(end - p) - 24;
	memcpy(p, "LBIO", 4);
	put32(p + 4, 24);
	put32(p + 12, len);
	put32(p + 16, ml_ip_sum(p + 24, len));
	put32(p + 20, 4);
	put32(p + 8, ml_ip_sum(p, 24));
}

struct entry {
	uint32_t at, size, id;
};

static void put_root_at(uint8_t *p, uint32_t at, uint32_t size,
			const struct entry *entry)
{
	unsigned int i;

	put32(p, 62);
	put32(p + 4, 3);
	put32(p + 12, 32);
	for (i = 0; i < 3; i++) {
		put32(p + 20 + 16 * i, 0x3fc76b7e);
		put32(p + 24 + 16 * i, entry[i].at - at);
		put32(p + 28 + 16 * i, entry[i].size);
		put32(p + 32 + 16 * i, entry[i].id);
	}
	put32(p + size - 8, 0xc0389481);
	put32(p + size - 4, 8 - size);
}

static void put_root(uint8_t *p, uint8_t *small, const struct model *m)
{
	struct entry entry[] = { { ROOT, PAGE, 0xff4017ff },
				 { TIMES, 16 + 12 * m->max, 0x54494d45 },
				 { TABLE, PAGE, 0x43425442 } };

	if (m->by & SMALL) {
		entry[0] = (struct entry){ SMALL_AT, 1024, 0xff4017ff };
		put_root_at(small + SMALL_AT % PAGE, SMALL_AT, 1024, entry);
		entry[0] = (struct entry){ ROOT, PAGE, 0xff4017ff };
		entry[1] = (struct entry){ SMALL_AT - SMALL_AT % PAGE, PAGE,
					   0x53a11439 };
	}
	put_root_at(p, ROOT, PAGE, entry);
}

static void make(struct model *m, unsigned int seed)
{
	uint32_t i;

	srand(seed);
	*m = (struct model){ .base = (uint64_t)rand() << seed % 20 };
	m->max = 1 + (uint32_t)rand() % MAX;
	m->n = (uint32_t)rand() % (m->max + 1);
	m->mhz = rand() % 2 ? 1 + (uint32_t)rand() % 5000 : 0;
	m->tsc_khz = rand() % 2 ? 1 + (uint32_t)rand() % 5000000 : 0;
	m->by = 1 + (unsigned int)rand() % 3;
	m->by |= m->by == BY_ROOT && rand() % 2 ? SMALL : 0;
	for (i = 0; i < m->n; i++) {
		/* now and then one that was put in later, or before the first */
		m->stamp[i] = (int64_t)i * 1000 + rand() % 3000 - 500;
		m->id[i] = (uint32_t)(rand() % (rand() % 2 ? 120 : 1300));
	}
}

static struct memlog_image *image_of(const struct model *m)
{
	uint8_t *p, *small;
	uint32_t i;

	memset(&mem, 0, sizeof(mem));
	p = mem_add(&mem, TIMES, PAGE);
	put64(p, m->base);
	put16(p + 8, (uint16_t)m->max);
	put16(p + 10, (uint16_t)m->mhz);
	put32(p + 12, m->n);
	for (i = 0; i < m->n; i++) {
		put32(p + 16 + 12 * i, m->id[i]);
		put64(p + 20 + 12 * i, (uint64_t)m->stamp[i]);
	}
	put_table(mem_add(&mem, TABLE, PAGE), m);
	small = mem_add(&mem, SMALL_AT - SMALL_AT % PAGE, PAGE);
	p = mem_add(&mem, ROOT, PAGE);
	if (m->by & BY_ROOT)
		put_root(p, small, m);
	return mem_image(&mem, MEMLOG_PHYS);
}

static struct memlog_logs *scan(struct memlog_image *image)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "cbmem-times" };
	struct memlog_logs *logs;

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	return logs;
}

/* The number of entries that are in the log, in the order of their times. */
static uint32_t check(struct memlog_image *image, const struct memlog_log *log,
		      const struct model *m)
{
	uint64_t hz = m->mhz ? m->mhz * UINT64_C(1000000) :
			       m->tsc_khz * UINT64_C(1000);
	/* the user's rate is for a log without one */
	struct memlog_decode_opts o = { .size = sizeof(o), .tsc_hz = 1234 };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	uint64_t last = 0;
	uint32_t n = 0, i;

	assert_int_equal(memlog_decoder_open(image, log, &o, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		assert_int_equal(rec->time_hz, hz ? hz : o.tsc_hz);
		assert_true(!n || (int64_t)(rec->time - last) >= 0);
		for (i = 0; i < m->n; i++)
			if (m->base + (uint64_t)m->stamp[i] == rec->time &&
			    m->id[i] == rec->fields[0].u)
				break;
		assert_int_not_equal(i, m->n);
		last = rec->time;
		n++;
	}
	memlog_decoder_close(d);
	return n;
}

static void test_model(void **state)
{
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct model m;
	unsigned int i;

	(void)state;
	for (i = 0; i < 500; i++) {
		make(&m, i);
		/* what starts below 0 does not belong to this counter */
		m.base += 1000;
		image = image_of(&m);
		logs = scan(image);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(log->extents->addr, TIMES);
		assert_int_equal(log->used, 12 * m.n);
		assert_int_equal(log->state, MEMLOG_STATE_CURRENT);
		assert_int_equal(check(image, log, &m), m.n);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
}

/* Each bit of the header, and of what leads to it, and each length. */
static void test_damage(void **state)
{
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct model m;
	unsigned int k, piece;
	size_t i;

	(void)state;
	make(&m, 3);
	m.by = BY_TABLE | BY_ROOT;
	for (piece = 0; piece < 4; piece++)
		for (k = 0; k < 8 * 160; k++) {
			image = image_of(&m);
			mem.piece[piece].bytes[k / 8] ^= (uint8_t)(1u << k % 8);
			logs = scan(image);
			for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
				const struct memlog_record *rec;
				struct memlog_decoder *d;
				size_t n = 0;

				assert_true(log->used <= log->capacity);
				assert_int_equal(memlog_decoder_open(image, log,
								     NULL, &d,
								     NULL),
						 0);
				while (!memlog_decoder_next(d, &rec, NULL))
					n++;
				assert_true(n <= log->used / 12);
				memlog_decoder_close(d);
			}
			memlog_logs_destroy(logs);
			memlog_image_close(image);
			mem_free(&mem);
		}
	for (k = 1; k < 16 + 12 * m.n; k++) {
		image = image_of(&m);
		mem.piece[0].len = k;
		logs = scan(image);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(!!log, k >= 24);
		if (log) {
			assert_int_equal(check(image, log, &m), (k - 16) / 12);
			assert_true(log->flags & MEMLOG_LOG_INCOMPLETE);
		}
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
