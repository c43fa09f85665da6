/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistent ring buffers, as a model of the kernel's writer and reader leaves
 * them, in both layouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"
#include "libmem.h"

#define BASE   UINT64_C(0x47e67000)
#define KERNEL UINT64_C(0xffff800012340000) /* the address of BASE there */
#define RAM    (1u << 20)		    /* 2 MiB for many CPUs */

enum { PAGES = 8, CPUS = 64, LINES = 4096 };

/* ---- the kernel --------------------------------------------------------- */

struct ring {
	uint32_t order[PAGES]; /* the reader's page, then the ring */
	uint32_t head, tail;   /* places in order */
	uint32_t used[PAGES];
	uint64_t stamp[PAGES], last;
	uint64_t meta, data;
};

struct line {
	uint64_t time;
	uint32_t cpu, page;
	bool lost, read;
	char text[64];
};

struct model {
	struct mem mem;
	uint8_t *ram;
	uint32_t size, n_cpus, n_pages, header;
	bool old;
	struct ring ring[CPUS];
	struct line line[LINES];
	uint32_t n;
	uint64_t now; /* in us */
};

static uint8_t *at(struct model *m, uint64_t phys)
{
	assert_true(phys >= BASE && phys - BASE < m->mem.piece[0].len);
	return m->ram + (phys - BASE);
}

static uint8_t *page_at(struct model *m, uint32_t cpu, uint32_t page)
{
	return at(m, m->ring[cpu].data + (uint64_t)page * m->size);
}

/* header: of a CPU; 56 is that of Linux 6.12 */
static struct model *model_new(uint32_t cpus, uint32_t pages, uint32_t size,
			       uint32_t header)
{
	struct model *m = calloc(1, sizeof(*m));
	uint64_t next;
	uint32_t i, k;

	assert_non_null(m);
	m->ram = mem_add(&m->mem, BASE, cpus > 17 ? 2 * RAM : RAM);
	m->n_cpus = cpus;
	m->n_pages = pages;
	m->size = size;
	m->header = header;
	m->old = header == 56;
	m->now = 1000000;
	next = m->old ? BASE : BASE + 0x2030;
	for (i = 0; i < cpus; i++) {
		m->ring[i].meta = next;
		next += header + 4 * pages;
		next = (next + size - 1) / size * size;
		m->ring[i].data = next;
		next += (uint64_t)pages * size;
		for (k = 0; k < pages; k++)
			m->ring[i].order[k] = k;
		m->ring[i].head = m->ring[i].tail = 1;
	}
	if (!m->old) {
		put32(m->ram, 0x0badfeed);
		put32(m->ram + 4, 24 << 16 | header);
		put64(m->ram + 8, next - BASE);
		put64(m->ram + 16, 0x2030);
	}
	return m;
}

static void model_free(struct model *m)
{
	mem_free(&m->mem);
	free(m);
}

static uint32_t place_after(const struct model *m, uint32_t place)
{
	return place + 1 < m->n_pages ? place + 1 : 1;
}

/* The page becomes empty: its events are gone. */
static void page_clear(struct model *m, uint32_t cpu, uint32_t page)
{
	uint32_t i;

	m->ring[cpu].used[page] = 0;
	for (i = 0; i < m->n; i++)
		if (m->line[i].cpu == cpu && m->line[i].page == page)
			m->line[i].lost = true;
}

static void ring_next(struct model *m, uint32_t cpu)
{
	struct ring *r = &m->ring[cpu];
	uint32_t next = r->tail ? place_after(m, r->tail) : r->head;

	if (r->tail && next == r->head)
		r->head = place_after(m, next);
	r->tail = next;
	page_clear(m, cpu, r->order[next]);
}

/* A print event at a time; absolute: after a stamp of its own. */
static void ring_write(struct model *m, uint32_t cpu, uint64_t time,
		       bool absolute, const char *words)
{
	struct ring *r = &m->ring[cpu];
	uint32_t len = (16 + (uint32_t)strlen(words) + 1 + 3) & -4u, page;
	bool small = len <= 112;
	uint64_t delta = time - r->last;
	uint8_t *p;

	if (r->used[r->order[r->tail]] + len + 16 > m->size - 16)
		ring_next(m, cpu);
	page = r->order[r->tail];
	if (!r->used[page]) {
		r->stamp[page] = time;
		delta = 0;
		absolute = false;
	}
	p = page_at(m, cpu, page) + 16 + r->used[page];
	if (absolute || delta >> 27) {
		if (absolute)
			delta = time & ((UINT64_C(1) << 59) - 1);
		put32(p, (uint32_t)(delta << 5) | (absolute ? 31 : 30));
		put32(p + 4, (uint32_t)(delta >> 27));
		p += 8;
		delta = 0;
	}
	put32(p, (uint32_t)delta << 5 | (small ? len / 4 : 0));
	p += 4;
	if (!small) {
		put32(p, len + 4);
		p += 4;
	}
	memset(p, 0, len);
	put16(p, 5);
	p[2] = 1;
	p[3] = 0x21;
	put32(p + 4, 1234);
	put64(p + 8, 0xffff800080001000);
	strcpy((char *)p + 16, words);
	r->used[page] = (uint32_t)(p + len - page_at(m, cpu, page) - 16);
	r->last = time;
	assert_true(m->n < LINES);
	m->line[m->n] = (struct line){ .time = time, .cpu = cpu, .page = page };
	snprintf(m->line[m->n++].text, sizeof(m->line->text), "%s", words);
}

static void ring_say(struct model *m, uint32_t cpu, uint64_t time)
{
	char words[32];

	snprintf(words, sizeof(words), "cpu %u event %u", cpu, m->n);
	ring_write(m, cpu, time, m->n % 7 == 3, words);
}

/* The reader takes the page at the head and reads all of it. */
static void ring_swap(struct model *m, uint32_t cpu)
{
	struct ring *r = &m->ring[cpu];
	uint32_t old = r->order[0], got = r->order[r->head], i;

	for (i = 0; i < m->n; i++)
		if (m->line[i].cpu == cpu && m->line[i].page == old)
			m->line[i].read = true;
	r->order[0] = got;
	r->order[r->head] = old;
	if (r->tail == r->head)
		r->tail = 0;
	r->head = place_after(m, r->head);
}

static void model_store(struct model *m)
{
	uint32_t i, k;
	uint8_t *p;

	for (i = 0; i < m->n_cpus; i++) {
		struct ring *r = &m->ring[i];
		uint64_t first = KERNEL + (r->data - BASE);

		p = at(m, r->meta);
		if (m->old) {
			put32(p, 0x0badfeed);
			put32(p + 4, 56);
			put64(p + 8, 0xffff800080000000);
			p += 24;
		}
		put64(p, first);
		put64(p + 8, first + r->order[r->head] * m->size);
		put64(p + 16, first + r->order[r->tail] * m->size);
		put32(p + 24, m->size);
		put32(p + 28, m->n_pages);
		p = at(m, r->meta) + m->header;
		for (k = 0; k < m->n_pages; k++)
			put32(p + 4 * k, r->order[k]);
		for (k = 0; k < m->n_pages; k++) {
			put64(page_at(m, i, k), r->stamp[k]);
			put64(page_at(m, i, k) + 8, r->used[k]);
		}
	}
}

/* ---- what is found ------------------------------------------------------ */

struct printed {
	char *text;
	uint32_t flags, any;
	uint64_t missing, damaged, absent;
	char reason[160];
	char note[ML_SOURCE_NOTE];
	size_t logs, records;
};

static struct printed tell_opts(struct model *m, bool consumed)
{
	struct memlog_image *image = mem_image(&m->mem, MEMLOG_PHYS);
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "ftrace" };
	struct memlog_decode_opts u = { .size = sizeof(u),
					.consumed = consumed };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct printed t = { 0 };
	FILE *f;
	size_t len, i;

	f = open_memstream(&t.text, &len);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	t.logs = memlog_logs_count(logs);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		t.flags = log->flags;
		t.absent += ((const struct ml_log *)log)->absent;
		snprintf(t.reason, sizeof(t.reason), "%s", log->reason);
		assert_int_equal(memlog_decoder_open(image, log, &u, &d, NULL),
				 0);
		while (!memlog_decoder_next(d, &rec, NULL)) {
			fwrite(rec->text, 1, rec->text_len, f);
			t.any |= rec->flags;
			t.records++;
		}
		t.missing += memlog_decoder_missing(d);
		t.damaged += memlog_decoder_damaged(d);
		strcpy(t.note, memlog_decoder_note(d));
		memlog_decoder_close(d);
	}
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	fclose(f);
	return t;
}

/* What the kernel's file trace has, by time; of two at once, the lower CPU. */
static char *model_truth(const struct model *m, bool consumed)
{
	uint64_t done = 0, at_cpu = 0;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint32_t i;

	for (;;) {
		const struct line *best = NULL;

		for (i = 0; i < m->n; i++) {
			const struct line *l = &m->line[i];

			if (l->lost || (l->read && !consumed) ||
			    l->time < done ||
			    (l->time == done && l->cpu < at_cpu))
				continue;
			if (!best || l->time < best->time ||
			    (l->time == best->time && l->cpu < best->cpu))
				best = l;
		}
		if (!best)
			break;
		fprintf(f,
			"           <...>-1234    [%03u] d..12 %5llu.%06llu: "
			"0xffff800080001000: %s\n",
			best->cpu,
			(unsigned long long)(best->time / 1000000000),
			(unsigned long long)(best->time % 1000000000 / 1000),
			best->text);
		done = best->time;
		at_cpu = best->cpu + 1;
	}
	fclose(f);
	return text;
}

static struct printed printed_equals(struct model *m, bool consumed)
{
	char *want = model_truth(m, consumed);
	struct printed t;

	model_store(m);
	t = tell_opts(m, consumed);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.missing, 0);
	free(want);
	return t;
}

/* Times that are multiples of 1 us: what is printed is not rounded. */
static void model_run(struct model *m, uint32_t events, uint64_t step)
{
	uint32_t i;

	for (i = 0; i < events; i++, m->now += step)
		ring_say(m, i * 5 % m->n_cpus, m->now * 1000);
}

static const uint32_t headers[] = { 32, 40, 56 };

#define EACH_LAYOUT(i) for (i = 0; i < 3; i++)

/* ---- tests -------------------------------------------------------------- */

static void test_both_layouts(void **state)
{
	struct model *m;
	struct printed t;
	size_t i;

	(void)state;
	EACH_LAYOUT(i)
	{
		m = model_new(3, 6, 4096, headers[i]);
		model_run(m, 200, 100);
		t = printed_equals(m, false);
		assert_false(t.flags & MEMLOG_LOG_WRAPPED);
		assert_false(t.flags & MEMLOG_LOG_EMPTY);
		assert_false(t.any & MEMLOG_REC_CONSUMED);
		free(t.text);
		model_free(m);
	}
}

static void test_long_pauses_and_pages(void **state)
{
	uint32_t size;

	(void)state;
	for (size = 4096; size <= 65536; size *= 4) {
		struct model *m = model_new(2, 4, size, 32);
		struct printed t;

		/* more than 27 bits of ns */
		model_run(m, size / 55, 400000);
		t = printed_equals(m, false);
		free(t.text);
		model_free(m);
	}
}

static void test_cpus(void **state)
{
	static const uint32_t cpus[] = { 1, 2, 17, 64 };
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cpus) / sizeof(*cpus); i++)
		EACH_LAYOUT(k)
		{
			struct model *m =
				model_new(cpus[i], 4, 4096, headers[k]);
			struct printed t;

			model_run(m, 1000, 10);
			t = printed_equals(m, false);
			assert_true(t.records > 100);
			free(t.text);
			model_free(m);
		}
}

static void test_wrapped(void **state)
{
	struct model *m;
	struct printed t;
	size_t i;

	(void)state;
	EACH_LAYOUT(i)
	{
		m = model_new(2, 5, 4096, headers[i]);
		model_run(m, 2000, 10);
		t = printed_equals(m, false);
		assert_true(t.flags & MEMLOG_LOG_WRAPPED);
		assert_true(t.records < 2000);
		free(t.text);
		model_free(m);
	}
}

static void test_reader(void **state)
{
	struct model *m = model_new(1, 6, 4096, 32);
	struct printed t;

	(void)state;
	model_run(m, 400, 10);
	ring_swap(m, 0);
	t = printed_equals(m, false);
	assert_true(t.any & MEMLOG_REC_CONSUMED);
	free(t.text);
	ring_swap(m, 0);
	t = printed_equals(m, false);
	free(t.text);
	t = printed_equals(m, true);
	free(t.text);
	/* the writer comes round to the pages that were read */
	model_run(m, 300, 10);
	t = printed_equals(m, true);
	free(t.text);
	t = printed_equals(m, false);
	free(t.text);
	model_free(m);
}

/* The writer goes on on the page that the reader has taken. */
static void test_writer_on_readers_page(void **state)
{
	struct model *m = model_new(1, 4, 4096, 56);
	struct printed t;

	(void)state;
	model_run(m, 10, 10);
	ring_swap(m, 0);
	model_run(m, 1, 10);
	t = printed_equals(m, false);
	assert_int_equal(t.records, 11);
	free(t.text);
	model_free(m);
}

static void test_long_event(void **state)
{
	struct model *m = model_new(1, 4, 4096, 32);
	struct printed t;
	char words[64];

	(void)state;
	memset(words, 'x', sizeof(words));
	words[63] = 0;
	ring_write(m, 0, 1000000000, false, words);
	/* more than 112 bytes have their length in the next word */
	model_store(m);
	put32(page_at(m, 0, 1) + 16, 0);
	put32(page_at(m, 0, 1) + 20, 200);
	put16(page_at(m, 0, 1) + 24, 77);
	put64(page_at(m, 0, 1) + 8, 204);
	t = tell_opts(m, false);
	assert_int_equal(t.records, 1);
	assert_non_null(strstr(t.text, ": 77: "));
	assert_int_equal(strlen(strstr(t.text, ": 77: ") + 6), 2 * 188 + 1);
	free(t.text);
	model_free(m);
}

static void test_lost(void **state)
{
	struct model *m = model_new(1, 4, 4096, 32);
	struct printed t;

	(void)state;
	model_run(m, 2, 10);
	model_store(m);
	put64(page_at(m, 0, 1) + 8, m->ring[0].used[1] | 3u << 30);
	put64(page_at(m, 0, 1) + 16 + m->ring[0].used[1], 9);
	t = tell_opts(m, false);
	assert_memory_equal(t.text, "CPU:0 [LOST 9 EVENTS]\n", 22);
	assert_true(t.any & MEMLOG_REC_LOST_BEFORE);
	assert_int_equal(t.records, 3);
	free(t.text);
	model_free(m);
}

static void test_damaged_order(void **state)
{
	struct model *m = model_new(2, 6, 4096, 32);
	char *want;
	struct printed t;

	(void)state;
	model_run(m, 300, 10);
	want = model_truth(m, false);
	model_store(m);
	put32(at(m, m->ring[1].meta) + 32 + 8, 1); /* twice */
	t = tell_opts(m, false);
	assert_string_equal(t.text, want);
	assert_true(t.any & MEMLOG_REC_GUESSED);
	assert_non_null(strstr(t.note, " is guessed"));
	free(t.text);
	put32(at(m, m->ring[1].meta) + 32 + 8, 1u << 31);
	t = tell_opts(m, false);
	assert_string_equal(t.text, want);
	free(t.text);
	free(want);
	model_free(m);
}

/* The list of a CPU is not in the image: if its pages are, they are in the order of
 * their times, and if not, that is how much is missing. */
static void test_missing_list(void **state)
{
	struct model *m = model_new(2, 6, 4096, 32);
	struct mem_piece *p = &m->mem.piece[0];
	uint64_t cut, data;
	char *want, *reason;
	struct printed t;

	(void)state;
	model_run(m, 300, 10);
	want = model_truth(m, false);
	model_store(m);
	cut = m->ring[1].meta + 32 + 4 - BASE;
	data = m->ring[1].data - BASE;
	memcpy(mem_add(&m->mem, BASE + data, RAM - data), p->bytes + data,
	       RAM - data);
	p->len = cut;
	t = tell_opts(m, false);
	assert_string_equal(t.text, want);
	assert_non_null(strstr(t.note, "CPU 1 is guessed"));
	assert_int_equal(t.missing, 0);
	assert_false(t.flags & MEMLOG_LOG_INCOMPLETE);
	free(t.text);
	m->mem.piece[1].addr += UINT64_C(1) << 30;
	t = tell_opts(m, false);
	assert_int_equal(t.records, 150);
	assert_int_equal(t.missing, 6 * 4080);
	assert_int_equal(t.absent, 6 * 4080);
	assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
	reason = strstr(t.reason, "24480 of the ");
	assert_ptr_equal(reason, t.reason);
	free(t.text);
	free(want);
	model_free(m);
}

/* A page that is missing counts as the events that it has room for. */
static void test_missing_page(void **state)
{
	struct model *m = model_new(2, 6, 4096, 32);
	struct printed t;

	(void)state;
	model_run(m, 300, 10);
	model_store(m);
	m->mem.piece[0].len = m->ring[1].data + 4096 - BASE;
	t = tell_opts(m, false);
	assert_true(t.missing);
	assert_int_equal(t.missing, t.absent);
	assert_int_equal(t.missing % 4080, 0);
	free(t.text);
	model_free(m);
}

static void test_damaged_cpu(void **state)
{
	struct model *m = model_new(3, 4, 4096, 32);
	struct printed t;

	(void)state;
	model_run(m, 30, 10);
	model_store(m);
	put32(at(m, m->ring[1].meta) + 24, 4095);
	t = tell_opts(m, false);
	assert_int_equal(t.records, 20);
	assert_true(t.flags & MEMLOG_LOG_DAMAGED);
	assert_null(strstr(t.text, "[001]"));
	assert_non_null(strstr(t.text, "[002]"));
	free(t.text);
	model_free(m);
}

/* What is not a header is not a log; what does not fit ends the search. */
static void test_not_a_log(void **state)
{
	static const struct {
		uint32_t off;
		uint64_t v;
	} bad[] = {
		{ 8, 0 },
		{ 8, UINT64_MAX },
		{ 16, UINT64_MAX },
		{ 16, 8 },
		{ 0x2030, 0 },
		{ 0x2030, UINT64_MAX },
		{ 0x2030 + 8, 1 },
		{ 0x2030 + 16, 0 },
		{ 0x2030 + 24, UINT64_MAX },
		{ 0x2030 + 24, 0 },
	};
	struct model *m;
	struct printed t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = model_new(2, 4, 4096, 32);
		model_run(m, 30, 10);
		model_store(m);
		put64(m->ram + bad[i].off, bad[i].v);
		t = tell_opts(m, false);
		assert_int_equal(t.logs, 0);
		free(t.text);
		model_free(m);
	}
}

/* A length that leads out of the page ends the page, and is counted. */
static void test_bad_length(void **state)
{
	struct model *m = model_new(1, 4, 4096, 32);
	struct printed t;

	(void)state;
	model_run(m, 3, 10);
	model_store(m);
	put32(page_at(m, 0, 1) + 16, 0);
	put32(page_at(m, 0, 1) + 20, UINT32_MAX);
	t = tell_opts(m, false);
	assert_int_equal(t.records, 0);
	assert_int_equal(t.missing, 0);
	assert_int_equal(t.damaged, m->ring[0].used[1]);
	free(t.text);
	put64(page_at(m, 0, 1) + 8, UINT64_MAX >> 5);
	t = tell_opts(m, false);
	assert_int_equal(t.records, 0);
	free(t.text);
	model_free(m);
}

/* Headers that promise more pages than there can be cost nothing. */
static void test_many_pages(void **state)
{
	struct model *m = model_new(2, 4, 4096, 32);
	struct printed t;

	(void)state;
	model_run(m, 30, 10);
	model_store(m);
	put64(m->ram + 8, UINT64_MAX >> 2);
	put32(at(m, m->ring[1].meta) + 28, 1u << 18);
	m->mem.reads = 0;
	t = tell_opts(m, false);
	assert_int_equal(t.records, 15);
	assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
	assert_true(m->mem.reads < 2000);
	free(t.text);
	model_free(m);
}

static void test_never_used(void **state)
{
	struct model *m = model_new(2, 4, 4096, 32);
	struct printed t;

	(void)state;
	model_store(m);
	put64(at(m, m->ring[1].meta) + 8, 0);
	put64(at(m, m->ring[1].meta) + 16, 0);
	t = tell_opts(m, false);
	assert_int_equal(t.logs, 1);
	assert_true(t.flags & MEMLOG_LOG_EMPTY);
	assert_int_equal(t.records, 0);
	free(t.text);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_layouts),
		cmocka_unit_test(test_long_pauses_and_pages),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_writer_on_readers_page),
		cmocka_unit_test(test_long_event),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_damaged_order),
		cmocka_unit_test(test_missing_list),
		cmocka_unit_test(test_missing_page),
		cmocka_unit_test(test_damaged_cpu),
		cmocka_unit_test(test_not_a_log),
		cmocka_unit_test(test_bad_length),
		cmocka_unit_test(test_many_pages),
		cmocka_unit_test(test_never_used),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
