/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libftrace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the kernel --------------------------------------------------------- */

uint8_t *ftrace_at(struct ftrace_model *m, uint64_t phys)
{
	assert_true(phys >= FTRACE_BASE &&
		    phys - FTRACE_BASE < m->mem.piece[m->mem.n - 1].len);
	return m->ram + (phys - FTRACE_BASE);
}

uint8_t *ftrace_page(struct ftrace_model *m, uint32_t cpu, uint32_t page)
{
	return ftrace_at(m, m->ring[cpu].data + (uint64_t)page * m->size);
}

/* header: of a CPU; 56 is that of Linux 6.12 */
struct ftrace_model *ftrace_new(uint32_t cpus, uint32_t pages, uint32_t size,
				uint32_t header)
{
	struct ftrace_model *m = calloc(1, sizeof(*m));
	uint64_t next;
	uint32_t i, k;

	assert_non_null(m);
	m->ram = mem_add(&m->mem, FTRACE_BASE,
			 cpus > 17 ? 2 * FTRACE_RAM : FTRACE_RAM);
	m->n_cpus = cpus;
	m->n_pages = pages;
	m->size = size;
	m->header = header;
	m->old = header == 56;
	m->now = 1000000;
	next = m->old ? FTRACE_BASE : FTRACE_BASE + 0x2030;
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
		put64(m->ram + 8, next - FTRACE_BASE);
		put64(m->ram + 16, 0x2030);
	}
	return m;
}

void ftrace_free(struct ftrace_model *m)
{
	mem_free(&m->mem);
	free(m);
}

static uint32_t ftrace_place_after(const struct ftrace_model *m, uint32_t place)
{
	return place + 1 < m->n_pages ? place + 1 : 1;
}

/* The page becomes empty: its events are gone. */
static void ftrace_page_clear(struct ftrace_model *m, uint32_t cpu,
			      uint32_t page)
{
	uint32_t i;

	m->ring[cpu].used[page] = 0;
	for (i = 0; i < m->n; i++)
		if (m->line[i].cpu == cpu && m->line[i].page == page)
			m->line[i].lost = true;
}

static void ftrace_next(struct ftrace_model *m, uint32_t cpu)
{
	struct ftrace_ring *r = &m->ring[cpu];
	uint32_t next = r->tail ? ftrace_place_after(m, r->tail) : r->head;

	if (r->tail && next == r->head)
		r->head = ftrace_place_after(m, next);
	r->tail = next;
	ftrace_page_clear(m, cpu, r->order[next]);
}

/* A print event at a time; absolute: after a stamp of its own. */
void ftrace_write(struct ftrace_model *m, uint32_t cpu, uint64_t time,
		  bool absolute, const char *words)
{
	struct ftrace_ring *r = &m->ring[cpu];
	uint32_t len = (16 + (uint32_t)strlen(words) + 1 + 3) & -4u, page;
	bool small = len <= 112;
	uint64_t delta = time - r->last;
	uint8_t *p;

	if (r->used[r->order[r->tail]] + len + 16 > m->size - 16)
		ftrace_next(m, cpu);
	page = r->order[r->tail];
	if (!r->used[page]) {
		r->stamp[page] = time;
		delta = 0;
		absolute = false;
	}
	p = ftrace_page(m, cpu, page) + 16 + r->used[page];
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
	r->used[page] = (uint32_t)(p + len - ftrace_page(m, cpu, page) - 16);
	r->last = time;
	assert_true(m->n < FTRACE_LINES);
	m->line[m->n] = (struct ftrace_line){
		.time = time, .cpu = cpu, .page = page, .end = r->used[page]
	};
	snprintf(m->line[m->n++].text, sizeof(m->line->text), "%s", words);
}

void ftrace_say(struct ftrace_model *m, uint32_t cpu, uint64_t time)
{
	char words[32];

	snprintf(words, sizeof(words), "cpu %u event %u", cpu, m->n);
	ftrace_write(m, cpu, time, m->n % 7 == 3, words);
}

/* The reader takes the page at the head and reads all of it. */
void ftrace_swap(struct ftrace_model *m, uint32_t cpu)
{
	struct ftrace_ring *r = &m->ring[cpu];
	uint32_t old = r->order[0], got = r->order[r->head], i;

	for (i = 0; i < m->n; i++)
		if (m->line[i].cpu == cpu && m->line[i].page == old)
			m->line[i].read = true;
	r->order[0] = got;
	r->order[r->head] = old;
	if (r->tail == r->head)
		r->tail = 0;
	r->head = ftrace_place_after(m, r->head);
}

void ftrace_store(struct ftrace_model *m)
{
	uint32_t i, k;
	uint8_t *p;

	for (i = 0; i < m->n_cpus; i++) {
		struct ftrace_ring *r = &m->ring[i];
		uint64_t first = FTRACE_KERNEL + (r->data - FTRACE_BASE);

		p = ftrace_at(m, r->meta);
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
		p = ftrace_at(m, r->meta) + m->header;
		for (k = 0; k < m->n_pages; k++)
			put32(p + 4 * k, r->order[k]);
		for (k = 0; k < m->n_pages; k++) {
			put64(ftrace_page(m, i, k), r->stamp[k]);
			put64(ftrace_page(m, i, k) + 8, r->used[k]);
		}
	}
}

/* ---- what is found ------------------------------------------------------ */

struct ftrace_printed ftrace_tell(struct ftrace_model *m, bool consumed)
{
	struct memlog_image *image = mem_image(&m->mem, MEMLOG_PHYS);
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "ftrace" };
	struct memlog_decode_opts u = { .size = sizeof(u),
					.consumed = consumed };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct ftrace_printed t = { 0 };
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
char *ftrace_truth(const struct ftrace_model *m, bool consumed)
{
	uint64_t done = 0, at_cpu = 0;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint32_t i;

	for (;;) {
		const struct ftrace_line *best = NULL;

		for (i = 0; i < m->n; i++) {
			const struct ftrace_line *l = &m->line[i];

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

struct ftrace_printed ftrace_equals(struct ftrace_model *m, bool consumed)
{
	char *want = ftrace_truth(m, consumed);
	struct ftrace_printed t;

	ftrace_store(m);
	t = ftrace_tell(m, consumed);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.missing, 0);
	free(want);
	return t;
}

/* Times that are multiples of 1 us: what is printed is not rounded. */
void ftrace_run(struct ftrace_model *m, uint32_t events, uint64_t step)
{
	uint32_t i;

	for (i = 0; i < events; i++, m->now += step)
		ftrace_say(m, i * 5 % m->n_cpus, m->now * 1000);
}

const uint32_t ftrace_headers[3] = { 32, 40, 56 };
