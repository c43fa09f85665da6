/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traces of remotes, as a model of the hypervisor and its reader leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "libhyp.h"

#define MS UINT64_C(1000000)

/* ---- what is found ------------------------------------------------------ */

struct told {
	char *text, *flagged; /* all of it, and what is consumed */
	uint64_t missing;
	uint32_t flags; /* of the log */
	uint32_t any;	/* of its records */
	size_t logs;
};

static struct told tell_opts(struct memlog_image *image,
			     const struct memlog_symbols *symbols,
			     bool consumed)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "hyp-trace",
				      .symbols = symbols };
	struct memlog_decode_opts u = { .size = sizeof(u),
					.consumed = consumed };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct told t = { 0 };
	size_t len, len2, i;
	FILE *f = open_memstream(&t.text, &len);
	FILE *g = open_memstream(&t.flagged, &len2);

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	t.logs = memlog_logs_count(logs);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		t.flags = log->flags;
		assert_int_equal(memlog_decoder_open(image, log, &u, &d, NULL),
				 0);
		while (!memlog_decoder_next(d, &rec, NULL)) {
			fwrite(rec->text, 1, rec->text_len, f);
			if (rec->flags & MEMLOG_REC_CONSUMED)
				fwrite(rec->text, 1, rec->text_len, g);
			t.any |= rec->flags;
		}
		t.missing += memlog_decoder_missing(d);
		memlog_decoder_close(d);
	}
	memlog_logs_destroy(logs);
	fclose(f);
	fclose(g);
	return t;
}

static struct told tell(struct hypm *m)
{
	struct memlog_image *image = mem_image(&m->mem, MEMLOG_PHYS);
	struct told t = tell_opts(image, NULL, false);

	memlog_image_close(image);
	return t;
}

static void told_free(struct told *t)
{
	free(t->text);
	free(t->flagged);
}

/* All that trace_pipe would print, in a certain order; also the events that it has
 * read of the page that it is on, flagged, if nothing says which they are. */
static void tells(struct hypm *m)
{
	char *want;
	struct told t;

	hypm_store(m);
	t = tell(m);
	want = hypm_truth(m, m->no_buffer);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.any & MEMLOG_REC_GUESSED, 0);
	assert_int_equal(t.missing, 0);
	if (!m->no_buffer)
		assert_string_equal(t.flagged, "");
	free(want);
	told_free(&t);
}

/* ---- plain cases -------------------------------------------------------- */

static void fill(struct hypm *m, uint32_t cpu, uint32_t n)
{
	struct hypm_cpu *c = &m->cpu[cpu];
	uint32_t i;

	for (i = 0; i < n; i++)
		if (i % 3)
			hypm_enter(m, cpu, c->stamp + 5000,
				   i % 4 == 3 ? 99 : (uint8_t)(i % 4),
				   (int32_t)i - 2);
		else
			hypm_selftest(m, cpu, c->stamp + 300 * MS, i);
}

static void test_cpus(void **state)
{
	static const uint32_t cpus[] = { 1, 2, 3, 17, 64 };
	struct hypm *m;
	uint32_t i, k;

	for (i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
		m = hypm_new(cpus[i], 3, 4096);
		/* every third has nothing */
		for (k = 0; k < cpus[i]; k++)
			if (k % 3 != 1)
				fill(m, k, 10 + 7 * k);
		tells(m);
		hypm_free(m);
	}
}

static void test_empty(void **state)
{
	struct hypm *m = hypm_new(2, 3, 4096);

	tells(m);
	hypm_free(m);
}

static void test_page_sizes(void **state)
{
	uint32_t size;

	for (size = 4096; size <= 65536; size *= 4) {
		struct hypm *m = hypm_new(2, 4, size);

		fill(m, 0, size / 10);
		fill(m, 1, size / 6);
		tells(m);
		hypm_free(m);
	}
}

static void test_wrapped(void **state)
{
	struct hypm *m;
	uint32_t pages, n;

	for (pages = 2; pages <= HYPM_PAGES; pages += 3)
		for (n = 100; n < 6000; n += 397) {
			m = hypm_new(1, pages, 4096);
			fill(m, 0, n);
			tells(m);
			hypm_free(m);
		}
}

/* A guest ran: the clock goes far back and forth. */
static void test_time_goes_back(void **state)
{
	struct hypm *m = hypm_new(2, 4, 4096);
	uint32_t i;

	for (i = 0; i < 3000; i++)
		hypm_enter(m, i % 2,
			   i % 7 == 3 ? UINT64_MAX - 1000 * i :
			   i % 7 == 4 ? (UINT64_C(1) << 59) + i :
					1000 * i,
			   1, 7);
	tells(m);
	hypm_swap(m, 0);
	tells(m);
	hypm_free(m);
}

/* ---- with a reader ------------------------------------------------------ */

/* Between any two events of the writer the reader may do anything. */
static void test_read_partly(void **state)
{
	uint32_t seed = 12345, round, i;
	struct hypm_cpu *c;
	struct hypm *m;

	for (round = 0; round < 60; round++) {
		m = hypm_new(2, 2 + round % 7, 4096);
		m->no_buffer = round % 2;
		for (i = 0; i < 40; i++) {
			seed = seed * 1103515245 + 12345;
			c = &m->cpu[seed >> 30 & 1];
			if (seed >> 16 & 1) {
				fill(m, (uint32_t)(c - m->cpu),
				     seed >> 20 & 127);
			} else if (hypm_swap(m, (uint32_t)(c - m->cpu))) {
				hypm_read(m, (uint32_t)(c - m->cpu),
					  c->events[c->reader] / 2);
			}
		}
		tells(m);
		hypm_free(m);
	}
}

/* ---- without a table ---------------------------------------------------- */

static void zero(struct hypm *m, uint64_t phys, size_t len)
{
	memset(m->ram + (phys - HYP_BASE), 0, len);
}

/* What leads to the events is a meta page: one of the first CPU or, if that is
 * missing, of another. */
static void test_no_table(void **state)
{
	struct hypm *m;
	char *want;
	struct told t;
	uint32_t swaps;

	for (swaps = 0; swaps < 3; swaps++) {
		m = hypm_new(3, 4, 4096);
		fill(m, 0, 700);
		fill(m, 1, 10);
		fill(m, 2, 90);
		if (swaps)
			hypm_swap(m, 0);
		if (swaps == 2)
			hypm_read(m, 0, 3);
		hypm_store(m);
		zero(m, m->table, 3 * 72);
		t = tell(m);
		want = hypm_truth(m, false);
		assert_int_equal(t.logs, 1);
		assert_string_equal(t.text, want);
		assert_int_equal(t.any & MEMLOG_REC_GUESSED, 0);
		assert_int_equal(t.flags & MEMLOG_LOG_GUESSED, 0);
		free(want);
		told_free(&t);
		hypm_free(m);
	}
}

/* The same log is found but once, whatever is seen first. */
static void test_meta_before_table(void **state)
{
	struct hypm *m = hypm_new(2, 3, 4096);
	struct told t;
	char *want;

	/* the table is not at the start of a page, so nothing else leads to it */
	hypm_move_table(m, 0x48);
	fill(m, 0, 80);
	hypm_store(m);
	t = tell(m);
	want = hypm_truth(m, false);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	free(want);
	told_free(&t);
	hypm_free(m);
}

/* Numbers that no known table explains have no names. */
static void test_unknown(void **state)
{
	struct hypm *m = hypm_new(1, 3, 4096);
	struct told t;

	hypm_selftest(m, 0, 1000, 7);
	hypm_store(m);
	zero(m, m->table, 3 * 72);
	zero(m, m->remote, 64);
	/* 7.4 may have another event of that length at that number */
	t = tell(m);
	assert_string_equal(t.text, "[000]\t    0.000001: UNKNOWN id=2 "
				    "data=0000000000000700000000000000\n");
	told_free(&t);
	m->cpu[0].page[1][16 + 8] = 9;
	t = tell(m);
	assert_string_equal(t.text, "[000]\t    0.000001: UNKNOWN id=9 "
				    "data=0000000000000700000000000000\n");
	told_free(&t);
	hypm_free(m);
}

/* A CPU whose meta page is missing is guessed, the others are not. */
static void test_no_meta(void **state)
{
	struct hypm *m;
	struct told t;
	uint32_t cpu;
	char *want;

	for (cpu = 0; cpu < 3; cpu++) {
		m = hypm_new(3, 4, 4096);
		fill(m, 0, 20);
		fill(m, 1, 20);
		fill(m, 2, 20);
		hypm_store(m);
		zero(m, m->table, 3 * 72);
		hypm_hole(m, m->cpu[cpu].meta, 4096);
		t = tell(m);
		want = hypm_truth(m, false);
		assert_int_equal(t.logs, 1);
		assert_string_equal(t.text, want);
		assert_true(t.any & MEMLOG_REC_GUESSED);
		free(want);
		told_free(&t);
		hypm_free(m);
	}
}

/* ---- symbols ------------------------------------------------------------ */

static const struct hypm *of;

static enum memlog_status sym_addr(void *self, const char *name, uint64_t *ret)
{
	if (!strcmp(name, "_stext"))
		*ret = UINT64_C(0xffff800080000000);
	else if (!strcmp(name, "__hyp_events_start"))
		*ret = UINT64_C(0xffff800080000000) + of->table - HYP_BASE;
	else
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static enum memlog_status sym_member(void *self, const char *type,
				     const char *member, uint64_t *ret)
{
	*ret = !strcmp(member, "buffers")     ? 56 :
	       !strcmp(member, "reader_page") ? 104 :
						24;
	return MEMLOG_OK;
}

static const struct memlog_symbols symbols = {
	.size = sizeof(symbols),
	.addr = sym_addr,
	.member_offset = sym_member,
};

/* The kernel's own structs say what was read; it is left out, or asked for. */
static void test_symbols(void **state)
{
	struct hypm *m = hypm_new(2, 4, 4096);
	struct memlog_image *image;
	char text[200], *want;
	struct told t;
	int all;

	fill(m, 0, 900);
	hypm_swap(m, 0);
	hypm_read(m, 0, 5);
	fill(m, 1, 50);
	hypm_store(m);
	of = m;
	snprintf(text, sizeof(text),
		 "OSRELEASE=7.3.4\nSYMBOL(_stext)=%llx\n"
		 "NUMBER(kimage_voffset)=0x%llx\n",
		 (unsigned long long)HYP_IMAGE,
		 (unsigned long long)(HYP_IMAGE - HYP_BASE));
	for (all = 0; all < 2; all++) {
		image = mem_image(&m->mem, MEMLOG_PHYS);
		ml_image_add_note(image, "VMCOREINFO", 0, "", text, text,
				  strlen(text));
		t = tell_opts(image, &symbols, all);
		want = hypm_truth(m, all);
		if (!all)
			assert_string_equal(t.text, want);
		else
			assert_non_null(strstr(want, t.flagged));
		assert_int_equal(!!(t.any & MEMLOG_REC_CONSUMED), all);
		assert_int_equal(t.logs, 1);
		free(want);
		told_free(&t);
		memlog_image_close(image);
	}
	hypm_free(m);
}

/* ---- without nodes ------------------------------------------------------ */

/* As in a kdump of protected mode. */
static void test_no_nodes(void **state)
{
	struct hypm *m;
	char *want;
	struct told t;
	uint32_t n;

	for (n = 10; n < 3000; n += 293) {
		m = hypm_new(1, 5, 4096);
		m->no_nodes = true;
		fill(m, 0, n);
		hypm_store(m);
		t = tell(m);
		want = hypm_truth(m, true);
		assert_string_equal(t.text, want);
		assert_true(t.any & MEMLOG_REC_GUESSED);
		free(want);
		told_free(&t);
		hypm_free(m);
	}
}

/* ---- hostile images ----------------------------------------------------- */

/* Any of these words, anywhere in what leads to the events. */
static void test_hostile(void **state)
{
	static const uint64_t words[] = {
		0,
		1,
		2,
		0xff,
		0x7fffffff,
		0xffffffff,
		1u << 27,
		UINT64_MAX,
		HYP_DIRECT,
		HYP_IMAGE,
		HYP_DIRECT + 0xfff,
		UINT64_MAX - 4095,
	};
	struct hypm *m = hypm_new(2, 4, 4096);
	uint64_t where[12];
	uint32_t i, k, n = 0;
	uint8_t *p, old[8];
	struct told t;

	fill(m, 0, 900);
	hypm_swap(m, 0);
	fill(m, 1, 90);
	hypm_store(m);
	where[n++] = m->table;
	where[n++] = m->remote;
	where[n++] = m->desc - 16;
	where[n++] = m->cpu[0].meta;
	where[n++] = m->cpu[0].nodes;
	where[n++] = m->cpu[0].nodes + 48;
	where[n++] = m->cpu[0].rb;
	where[n++] = m->cpu[0].addr[1];
	where[n++] = m->cpu[1].addr[1];
	where[n++] = m->table + 216 + 128; /* fields of the first event */
	where[n++] = m->buffer;
	for (i = 0; i < n * 12; i++)
		for (k = 0; k < sizeof(words) / sizeof(*words); k++) {
			p = m->ram + (where[i / 12] - HYP_BASE) + i % 12 * 8;
			memcpy(old, p, 8);
			put64(p, words[k]);
			t = tell(m);
			told_free(&t);
			memcpy(p, old, 8);
		}
	hypm_free(m);
}

/* Links in a circle that does not have the tail. */
static void test_circle(void **state)
{
	struct hypm *m = hypm_new(1, 6, 4096);
	uint64_t va = HYP_SHIFT + m->cpu[0].nodes - HYP_BASE;
	struct told t;

	fill(m, 0, 700);
	hypm_store(m);
	put64(m->ram + (m->cpu[0].nodes - HYP_BASE) + 40 * 2, va + 40);
	t = tell(m);
	assert_true(t.any & MEMLOG_REC_GUESSED);
	assert_non_null(strstr(t.text, "selftest id=0\n"));
	told_free(&t);
	hypm_free(m);
}

/* An event that is longer than what is left: the rest is counted as missing. */
static void test_long_event(void **state)
{
	struct hypm *m = hypm_new(1, 3, 4096);
	struct told t;

	fill(m, 0, 10);
	hypm_store(m);
	put32(m->cpu[0].page[1] + 16 + 4, 5000);
	t = tell(m);
	assert_string_equal(t.text, "");
	assert_int_equal(t.missing, m->cpu[0].write[1]);
	told_free(&t);
	hypm_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_page_sizes),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_time_goes_back),
		cmocka_unit_test(test_read_partly),
		cmocka_unit_test(test_no_table),
		cmocka_unit_test(test_meta_before_table),
		cmocka_unit_test(test_no_meta),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_no_nodes),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_long_event),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
